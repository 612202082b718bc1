"""Paired comparisons against SciPy, statsmodels and loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import binom, binomtest, ttest_rel
from statsmodels.stats.weightstats import ttost_paired

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.bounds.pilot import choose_stake
from rankbound.validation.paired import compare_paired, equivalence_p_value, paired_t
from tests import oracles

LN2 = math.log(2)


def sample(n, seed=0, shift=0.05):
    rng = np.random.default_rng(seed)
    first = rng.uniform(0, LN2, n)
    return first, np.clip(first - shift + rng.normal(0, 0.1, n), 0, LN2)


def compared(first, second, **settings):
    settings = {"bounds": (-LN2, LN2), "delta": 0.05, "resamples": 0, **settings}
    return compare_paired(first, second, rng=np.random.default_rng(0), **settings)


@pytest.mark.parametrize("n", [2, 5, 43, 250])
@pytest.mark.parametrize("delta", [0.05, 0.002])
def test_t_is_scipys_paired_test(n, delta):
    first, second = sample(n)
    made = compared(first, second, delta=delta)
    theirs = ttest_rel(first, second)
    ends = theirs.confidence_interval(1 - delta)
    found = made.paired_t
    assert_allclose(
        [found.statistic, found.p, found.lower, found.upper],
        [theirs.statistic, theirs.pvalue, ends.low, ends.high],
        rtol=1e-10,
    )


@pytest.mark.parametrize("n", [3, 43, 1350])
@pytest.mark.parametrize("margin", [0.01, 0.02, 0.2])
@pytest.mark.parametrize("shift", [0.0, 0.05])
def test_equivalence_agrees_with_statsmodels(n, margin, shift):
    first, second = sample(n, seed=n, shift=shift)
    theirs = ttost_paired(first, second, -margin, margin)[0]
    ours = equivalence_p_value(first - second, margin=margin)
    assert_allclose(ours, theirs, rtol=0, atol=1e-10)


@given(st.integers(0, 200), st.floats(0.005, 0.3))
def test_equivalence_is_the_shorter_interval_within_the_margin(seed, margin):
    first, second = sample(30, seed=seed)
    p = equivalence_p_value(first - second, margin=margin)
    ends = paired_t(first - second, delta=0.1)
    if abs(p - 0.05) > 1e-9:
        assert (p <= 0.05) == (-margin <= ends.lower and ends.upper <= margin)


def test_a_loop_gets_the_same_record():
    first, second = sample(43)
    made = compared(first, second)
    d = [a - b for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    mean = sum(d) / 43
    spread = math.sqrt(sum((x - mean) ** 2 for x in d) / 42)
    limit = oracles.betting_limit(d, -LN2, LN2, 0.025, 1, 4000)
    assert made.n == 43
    assert made.method == "betting"
    assert math.isclose(made.difference, mean, rel_tol=1e-12)
    assert math.isclose(made.mean - made.reference_mean, mean, rel_tol=1e-10)
    assert math.isclose(made.effect_size, mean / spread, rel_tol=1e-10)
    assert abs(made.upper - limit) <= 2 * LN2 / 4000 + 1e-9
    assert (made.p <= 0.05) == (not made.lower <= 0 <= made.upper)


def test_the_range_decides_the_method():
    first, second = sample(43)
    unknown = compared(first, second, bounds=None)
    assert (unknown.method, unknown.rule) == ("paired_t", "direction")
    ends = (unknown.paired_t.lower, unknown.paired_t.upper)
    assert (unknown.lower, unknown.upper) == ends
    rises, falls = int((first > second).sum()), int((first < second).sum())
    assert_allclose(unknown.p, binomtest(rises, rises + falls).pvalue, rtol=1e-12)
    made = compared(first, second, bounds=(-1.0, 3.0))
    ends = two_sided(first - second, low=-1.0, high=3.0, delta=0.05)
    assert (made.lower, made.upper) == ends
    assert (made.method, made.rule) == ("betting", "betting")


def test_pilot_queries_choose_one_stake_for_each_end():
    first, second = sample(43)
    pilot = np.linspace(-0.02, 0.06, 12)
    made = compared(first, second, pilot=pilot)
    of = {"low": -LN2, "high": LN2, "m": 43, "delta": 0.025}
    up, down = (choose_stake(side * pilot, **of).stake for side in (1, -1))
    assert made.stakes == (down, up)
    assert made.n_pilot == 12
    d = first - second
    of = {"low": -LN2, "high": LN2, "delta": 0.025}
    assert_allclose(made.upper, betting(d, stakes=[up], **of), rtol=1e-9)
    assert_allclose(made.lower, -betting(-d, stakes=[down], **of), rtol=1e-9)
    assert (made.p <= 0.05) == (not made.lower <= 0 <= made.upper)
    # Values of the pilot are no part of the sample, and may lie out of the range
    assert made.n == 43
    assert compared(first, second, pilot=pilot + 9).difference == made.difference
    assert compared(first, second, pilot=None).stakes is None
    assert compared(first, second, pilot=pilot, bounds=None).stakes is None


@pytest.mark.statistical
def test_intervals_with_stakes_from_a_pilot_cover():
    """400 samples with 11 of 54 queries as pilot: false alarm 1e-3."""
    rng, missed = np.random.default_rng(8), 0
    for _ in range(400):
        drawn = np.where(rng.random(54) < 0.1, 0.18, -0.02)  # mean 0
        made = compared(drawn[11:], np.zeros(43), pilot=drawn[:11], delta=0.1)
        missed += not made.lower <= 0 <= made.upper
    assert missed <= binom.ppf(1 - 1e-3, 400, 0.1)


@given(st.integers(0, 100))
def test_swapping_the_sides_mirrors_everything(seed):
    first, second = sample(20, seed=seed)
    one, two = compared(first, second), compared(second, first)
    assert_allclose([one.lower, one.upper], [-two.upper, -two.lower], atol=1e-9)
    assert_allclose(one.p, two.p, rtol=1e-9)
    assert_allclose(one.effect_size, -two.effect_size, rtol=1e-9)


def test_equal_sides_do_not_differ_and_rounding_is_no_difference():
    first = np.random.default_rng(0).uniform(0, LN2, 50)
    for second in (first, first + 1e-16):
        made = compared(first, second)
        assert made.difference == 0
        assert made.effect_size is None
        assert made.lower < 0 < made.upper
        assert made.p == 1
        assert made.paired_t.p == 1
        assert made.paired_t.statistic is None


def test_a_constant_shift_is_certain_for_t_and_bounded_for_betting():
    first = np.random.default_rng(0).uniform(0.3, 0.4, 50)
    made = compared(first, first - 0.25)
    assert made.paired_t.p == 0
    assert_allclose([made.paired_t.lower, made.paired_t.upper], 0.25)
    assert 0 < made.lower < 0.25 < made.upper
    assert equivalence_p_value(made.differences, margin=0.1) is None


@pytest.mark.parametrize(
    ("first", "second", "settings", "message"),
    [
        ([0.1], [0.1, 0.2], {}, "two flat arrays"),
        ([], [], {}, "two flat arrays"),
        ([np.nan, 0.1], [0.1, 0.2], {}, "not finite"),
        ([0.6], [0.1], {"bounds": (-0.2, 0.2)}, "outside"),
        ([0.6], [0.1], {"bounds": None}, "at least 2 queries"),
        ([0.6], [0.1], {"delta": 0.0}, "`delta`"),
    ],
)
def test_refusals(first, second, settings, message):
    with pytest.raises(DomainError, match=message):
        compared(np.array(first), np.array(second), **settings)


def test_a_margin_is_positive():
    with pytest.raises(DomainError, match="`margin`"):
        equivalence_p_value(np.array([0.0, 1.0]), margin=0.0)
