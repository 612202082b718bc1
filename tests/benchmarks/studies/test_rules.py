"""The rules against SciPy and statsmodels, one data set at a time."""

import math

import numpy as np
from scipy.stats import ttest_ind, ttest_rel
from statsmodels.stats.weightstats import ttost_ind

from benchmarks.studies.comparison import as_published, by_betting, by_t, paired_sets
from rankbound.bounds.limits import two_sided
from rankbound.reference.equivalence import reference_tost
from rankbound.validation.paired import verdict


def sets(mean=0.02, n=43):
    rng = np.random.default_rng(7)
    return paired_sets("skewed", mean=mean, n=n, sets=60, rng=rng)


def test_betting_is_the_interval_of_the_command():
    values, reference = sets(n=400)
    found = by_betting(values, reference, margin=0.03, delta=0.05)
    limits = {"low": -math.log(2), "high": math.log(2), "delta": 0.05}
    for row, one in zip(values - reference, found, strict=True):
        assert one == verdict(*two_sided(row, **limits), margin=0.03)
    assert len(set(found)) > 1


def test_t_is_scipys_paired_interval():
    values, reference = sets()
    found = by_t(values, reference, margin=0.03, delta=0.1)
    for first, second, one in zip(values, reference, found, strict=True):
        ends = ttest_rel(first, second).confidence_interval(0.9)
        assert one == verdict(ends.low, ends.high, margin=0.03)
    assert len(set(found)) > 2


def test_the_published_rule_is_two_failed_tests_at_a_share_of_the_difference():
    values, reference = sets()
    found = as_published(values, reference)
    for first, second, one in zip(values, reference, found, strict=True):
        margin = 0.001 * abs(first.mean() - second.mean())
        p, lower, upper = ttost_ind(first, second, -margin, margin)
        failed = lower[1] > 0.1 and upper[1] > 0.1
        assert one == ("equivalent" if failed else "different")
        assert p > 0.5 - 1e-12  # so that equivalence could never be shown
    assert set(found) == {"equivalent", "different"}


def test_the_published_rule_is_a_two_sided_test_at_a_fifth():
    values, reference = sets(mean=0.03)
    found = as_published(values, reference)
    p = ttest_ind(values, reference, axis=1).pvalue
    clear = np.abs(p - 0.2) > 0.001
    assert clear.sum() > 50
    assert ((p > 0.2) == (found == "equivalent"))[clear].all()


def test_the_published_rule_is_that_of_the_compatibility_mode():
    values, reference = sets()
    for first, second, one in zip(
        values, reference, as_published(values, reference), strict=True
    ):
        made = reference_tost(first, second)
        assert (one == "equivalent") == made.marked_equivalent
