"""bounds.shares: agreement with scipy.stats, exact misses, and what zeros do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import beta, binom, binomtest

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemma5 import order_statistic_rank
from rankbound.bounds.shares import (
    LN2,
    certify_share,
    direction,
    queries_for_tolerance,
    rising_share,
    share_limit,
    tolerance_limit,
    tolerance_rank,
)
from tests import oracles


@pytest.mark.parametrize("n", [1, 7, 43, 1080])
@pytest.mark.parametrize(("delta", "students"), [(0.05, 1), (0.05, 3), (1e-6, 12)])
def test_share_limit_matches_scipy(n, delta, students):
    for count in sorted({0, 1, n // 2, n - 1, n}):
        found = share_limit(count, n, delta=delta, n_students=students)
        test = binomtest(count, n, alternative="greater")
        level = 1 - delta / students
        expected = test.proportion_ci(level, method="exact").low
        assert_allclose(found, expected, rtol=1e-6, atol=1e-12)  # a root finder's
        if count:
            plain = beta.ppf(delta / students, count, n - count + 1)
            assert_allclose(found, plain, rtol=1e-9)
            tail = oracles.binomial_tail(n, found, count)
            assert_allclose(tail, delta / students, rtol=1e-7)


@pytest.mark.parametrize("n", [1, 5, 20, 54])
@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_share_limit_misses_at_most_delta_by_enumeration(n, delta):
    limits = np.array([share_limit(c, n, delta=delta) for c in range(n + 1)])
    assert np.all(np.diff(limits) > 0)
    worst = 0.0
    for share in np.concatenate([limits[1:] * (1 - 1e-9), np.linspace(0, 1, 301)]):
        missed = binom.pmf(np.flatnonzero(limits > share), n, share).sum()
        worst = max(worst, missed)
    assert 0.99 * delta < worst <= delta * (1 + 1e-9)  # attained just below a limit


@pytest.mark.parametrize(
    ("below", "students", "at_least"),
    [
        *((35, 1, 0.69), (29, 1, 0.54), (30, 1, 0.56)),
        *((35, 3, 0.65), (29, 3, 0.50), (30, 3, 0.53)),
    ],
)
def test_shares_of_a_small_collection(below, students, at_least):
    """The systems of a held-out TREC collection of 43 queries, to two digits."""
    risks = [0.3] * below + [1.2] * (43 - below)
    found = certify_share(risks, delta=0.05, n_students=students)
    assert (found.below, found.of) == (below, 43)
    assert abs(found.at_least - at_least) < 0.006
    assert found.most is (found.at_least > 0.5)


def test_a_share_of_a_large_collection():
    found = certify_share([0.3] * 1026 + [1.2] * 54, delta=0.05)
    assert 0.935 < found.at_least < 0.945


def test_guessing_does_not_beat_guessing():
    """The mean of copies of ln 2 may be below ln 2 by rounding."""
    guess = float(np.mean([LN2] * 28))
    assert guess < LN2
    found = certify_share([guess] * 100, delta=0.05)
    assert (found.below, found.at_least) == (0, 0.0)
    assert certify_share([LN2 - 1e-9] * 100, delta=0.05).below == 100


def test_another_threshold_is_named_and_lower_limits_are_rounded_down():
    found = certify_share([0.1, 0.3, 0.9], delta=0.05, threshold=0.5)
    assert found.sentence().endswith("the risk is at most 0.5 nats (2 of 3)")
    for below in range(1, 60):
        found = certify_share([0.1] * below + [1.0] * 7, delta=0.05)
        shown = float(found.sentence().split("least ")[1].split(" %")[0])
        assert shown <= 100 * found.at_least < shown + 0.1 + 1e-9


def test_shares_need_no_range():
    assert certify_share([1e300, -1e300, 0.0], delta=0.05).below == 2


@given(
    st.integers(1, 300),
    st.floats(0.05, 0.99),
    st.floats(0.001, 0.5),
    st.integers(1, 20),
)
def test_tolerance_rank_is_the_least_that_covers(n, level, delta, students):
    least = queries_for_tolerance(level=level, delta=delta, n_students=students)
    assert level**least <= delta / students * (1 + 1e-9)
    assert least == 1 or level ** (least - 1) > delta / students * (1 - 1e-9)
    options = {"level": level, "delta": delta, "n_students": students}
    if n < least:
        with pytest.raises(DomainError, match=f"at least {least:,} quer"):
            tolerance_rank(n, **options)
        return
    rank = tolerance_rank(n, **options)
    assert rank == order_statistic_rank(n, level=level, delta=delta / students)
    assert binom.cdf(rank - 1, n, level) >= (1 - delta / students) * (1 - 1e-12)


def test_tolerance_limits_start_where_they_should():
    for students, least in ((1, 29), (3, 39), (12, 53)):
        options = {"delta": 0.05, "n_students": students}
        assert tolerance_limit(range(least - 1), **options).value is None
        found = tolerance_limit(range(least), **options)
        assert (found.value, found.n_needed) == (least - 1, least)


def test_tolerance_limit_covers_by_enumeration():
    """All samples of a law with atoms: the share at or below the limit is enough."""
    values, chances = np.array([0.1, 0.5, 0.9]), np.array([0.5, 0.3, 0.2])
    n, level, delta = 12, 0.7, 0.2
    rank = tolerance_rank(n, level=level, delta=delta)
    # the limit is too low if at least `rank` values are below the quantile, 0.5
    below = binom.sf(rank - 1, n, chances[values < 0.5].sum())
    assert below <= delta


def test_direction_counts_no_change_against_both_sides():
    values = [0.2] * 30 + [1e-12] * 10 + [-0.2] * 20
    found = direction(values, delta=0.05)
    assert (found.rises, found.falls, found.of) == (30, 20, 60)
    rises = binomtest(30, 60).proportion_ci(0.95, method="exact")
    falls = binomtest(20, 60).proportion_ci(0.95, method="exact")
    assert_allclose(found.share_rising, (rises.low, 1 - falls.low), rtol=1e-9)
    assert_allclose(found.share_falling, (falls.low, 1 - rises.low), rtol=1e-9)
    # with zeros counted as rises the upper end is Clopper and Pearson's
    upper = binomtest(40, 60).proportion_ci(0.95, method="exact").high
    assert_allclose(found.share_rising[1], upper, rtol=1e-9)
    assert found.certain == ""
    wider = direction(values, delta=0.05, n_comparisons=6)
    assert wider.share_rising[0] < found.share_rising[0]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=80))
def test_direction_is_antisymmetric_and_contains_the_sample(values):
    found, turned = (direction(s * np.array(values), delta=0.1) for s in (1, -1))
    assert found.share_rising == turned.share_falling
    assert found.share_rising[0] <= found.rises / found.of <= found.share_rising[1]
    assert found.share_falling[0] <= found.falls / found.of <= found.share_falling[1]
    opposite = {"rises": "falls", "falls": "rises", "": ""}
    assert turned.certain == opposite[found.certain]


@pytest.mark.parametrize(
    ("rises", "falls"), [(35, 8), (8, 35), (5, 0), (3, 3), (29, 14)]
)
@pytest.mark.parametrize("still", [0, 17])
def test_the_direction_of_queries_that_change_is_the_sign_test(rises, falls, still):
    values = [0.2] * rises + [1e-12] * still + [-0.2] * falls
    for delta, several in ((0.05, 1), (0.05, 9), (0.4, 1)):
        found = direction(values, delta=delta, n_comparisons=several)
        theirs = binomtest(rises, rises + falls)
        ends = theirs.proportion_ci(1 - delta / several, method="exact")
        assert_allclose(found.of_changed, (ends.low, ends.high), rtol=1e-9, atol=1e-12)
        assert_allclose(found.p, theirs.pvalue, rtol=1e-9)
        word = "higher" if rises > falls else "lower"
        assert found.mostly == (word if theirs.pvalue <= delta / several else "")
        assert bool(found.mostly) == (word in found.mostly_sentence().split()[0])


def test_nothing_changes_and_nothing_is_said():
    found = direction([0.0] * 30, delta=0.05)
    assert (found.of_changed, found.mostly, found.p) == ((0.0, 1.0), "", 1.0)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_most_of_all_queries_are_most_of_those_that_change(rises, falls, still):
    values = [1.0] * rises + [-1.0] * falls + [0.0] * still + [2.0]
    found = direction(values, delta=0.1)
    known = {"rises": "higher", "falls": "lower"}
    assert not found.certain or found.mostly == known[found.certain]


def test_directions_of_changes_miss_at_most_delta_by_enumeration():
    """Every sample of 14 queries; a miss is a share outside, or a wrong direction."""
    n, delta = 14, 0.2
    for up, down in ((0.5, 0.5), (0.3, 0.3), (0.5, 0.2), (0.05, 0.05), (0.1, 0.6)):
        missed = turned = 0.0
        for r in range(n + 1):
            for f in range(n + 1 - r):
                chance = math.comb(n, r) * math.comb(n - r, f) * up**r * down**f
                chance *= max(0.0, 1 - up - down) ** (n - r - f)
                found = direction(
                    [1.0] * r + [-1.0] * f + [0.0] * (n - r - f), delta=0.2
                )
                least, most = found.of_changed
                missed += chance * (not least <= up / (up + down) <= most)
                right = {"": True, "higher": up > down, "lower": down > up}
                turned += chance * (not right[found.mostly])
        assert missed <= delta
        assert turned <= delta


def test_all_of_76_queries():
    assert_allclose(rising_share([1.0] * 76, delta=0.05), 0.025 ** (1 / 76), rtol=1e-12)
    assert direction([-1.0] * 76, delta=0.05).certain == "falls"


def test_both_directions_miss_at_most_delta_by_enumeration():
    n, delta = 14, 0.2
    least = [share_limit(c, n, delta=delta / 2) for c in range(n + 1)]
    for up, down in ((0.5, 0.5), (0.5, 0.2), (0.9, 0.1), (0.05, 0.6)):
        missed = 0.0
        for r in range(n + 1):
            for f in range(n + 1 - r):
                chance = math.comb(n, r) * math.comb(n - r, f) * up**r * down**f
                chance *= max(0.0, 1 - up - down) ** (n - r - f)
                missed += chance * (least[r] > up or least[f] > down)
        assert missed <= delta


@pytest.mark.parametrize(
    "call",
    [
        lambda: share_limit(4, 3, delta=0.05),
        lambda: share_limit(-1, 3, delta=0.05),
        lambda: share_limit(0, 0, delta=0.05),
        lambda: share_limit(1, 3, delta=0.05, n_students=0),
        lambda: share_limit(1, 3, delta=0.0),
        lambda: certify_share([], delta=0.05),
        lambda: certify_share([math.nan], delta=0.05),
        lambda: certify_share([0.1], delta=0.05, threshold=math.inf),
        lambda: tolerance_limit([0.1], delta=0.05, level=1.0),
        lambda: direction([0.1], delta=0.05, tolerance=-1.0),
        lambda: direction([[0.1]], delta=0.05),
    ],
)
def test_shares_reject_what_they_cannot_count(call):
    with pytest.raises(DomainError):
        call()
