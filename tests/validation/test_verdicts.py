"""Four verdicts from an interval and a margin; queries that a margin takes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.catalogue import DIFFERENCES
from rankbound.validation.paired import (
    paired_t,
    queries_by_t,
    queries_for_margin,
    smallest_margin,
    verdict,
)


@pytest.mark.parametrize(
    ("lower", "upper", "margin", "expected"),
    [
        (0.01, 0.03, 0.02, "different"),
        (-0.03, -0.01, 0.02, "different"),
        (0.03, 0.05, 0.02, "different"),
        (0.001, 0.019, 0.02, "negligible"),
        (-0.02, -0.001, 0.02, "negligible"),
        (-0.019, 0.02, 0.02, "equivalent"),
        (0.0, 0.01, 0.02, "equivalent"),
        (-0.01, 0.0, 0.02, "equivalent"),
        (-0.021, 0.01, 0.02, "inconclusive"),
        (-0.01, 0.021, 0.02, "inconclusive"),
        (-1.0, 1.0, None, "inconclusive"),
        (1e-9, 1e-8, None, "different"),
    ],
)
def test_by_hand(lower, upper, margin, expected):
    assert verdict(lower, upper, margin=margin) == expected


def test_all_four_are_reached_and_no_other():
    ends = np.linspace(-0.05, 0.05, 21)
    seen = {
        verdict(a, b, margin=0.02) for a, b in itertools.product(ends, ends) if a <= b
    }
    # The others need no interval
    assert seen == set(DIFFERENCES) - {"mostly higher", "mostly lower"}


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(1e-6, 2))
def test_the_smallest_margin_is_the_smallest(first, second, margin):
    lower, upper = sorted((first, second))
    accepted = verdict(lower, upper, margin=margin) in ("equivalent", "negligible")
    assert accepted == (margin >= smallest_margin(lower, upper))


@pytest.mark.parametrize("margin", [0.0, -1.0, np.inf, np.nan])
def test_a_margin_is_positive(margin):
    with pytest.raises(DomainError, match="`margin` must be a positive number"):
        verdict(0.0, 1.0, margin=margin)


def test_ends_in_the_wrong_order_are_refused():
    with pytest.raises(DomainError, match="lower <= upper"):
        verdict(1.0, 0.0, margin=1.0)


def repeated(values, n):
    return np.resize(values, n)


@pytest.mark.parametrize("mean", [0.0, 0.15])
def test_betting_queries_reach_the_margin_and_not_much_earlier(mean):
    values = mean + np.array([-0.1, 0.1])  # any even n repeats this sample exactly
    settings = {"low": -1.0, "high": 1.0, "delta": 0.05}
    needed = queries_for_margin(
        repeated(values, 100), margin=0.02, delta=0.05, bounds=(-1.0, 1.0)
    )
    enough = needed + needed % 2
    for n, inside in ((enough, True), (enough - 20, False)):
        lower, upper = two_sided(repeated(values, n), **settings)
        assert (max(mean - lower, upper - mean) <= 0.02) == inside


def test_t_queries_by_loop():
    values = np.random.default_rng(2).normal(0.5, 0.1, 30)
    needed = queries_by_t(values, margin=0.02, delta=0.01)
    from scipy.stats import t

    widths = [
        t.ppf(1 - 0.005, n - 1) * values.std(ddof=1) / n**0.5 for n in range(2, 400)
    ]
    assert needed == 2 + next(i for i, w in enumerate(widths) if w <= 0.02)
    assert paired_t(values, delta=0.01).upper - values.mean() > 0.02


def test_no_spread_needs_two_queries_and_one_query_has_none():
    same = np.full(9, 0.3)
    assert queries_by_t(same, margin=0.1, delta=0.05) == 2
    assert queries_by_t(same[:1], margin=0.1, delta=0.05) is None


def test_without_a_range_no_number_of_queries_shows_a_margin():
    values = np.random.default_rng(2).normal(0.0, 0.1, 30)
    for some in (values, np.full(9, 0.3), values[:1]):
        found = queries_for_margin(some, margin=5.0, delta=0.05, bounds=None)
        assert found is None


def test_a_margin_as_wide_as_the_range_needs_one_query():
    found = queries_for_margin(np.zeros(3), margin=1.0, delta=0.05, bounds=(-1.0, 1.0))
    assert found == 1
