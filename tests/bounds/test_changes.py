"""bounds.changes: limits of a mean change, and Theorem 5 with them, against loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.changes import break_even, paired_limits
from rankbound.bounds.errors import DomainError
from rankbound.bounds.pilot import choose_stake
from rankbound.bounds.theorem5 import Design, finite_complexity
from tests import oracles

POINTS = 4000


def changes(seed, n=40):
    return np.clip(np.random.default_rng(seed).normal(-0.1, 0.2, n), -0.9, 1.1)


@pytest.mark.parametrize("seed", range(3))
def test_both_limits_by_a_scan_of_all_means(seed):
    values, low, high = changes(seed), -0.9, 1.1
    found = paired_limits(values, low=low, high=high, delta=0.1)
    upper = oracles.betting_limit(values, low, high, 0.05, 1, POINTS)
    turned = oracles.betting_limit(low + high - values, low, high, 0.05, 1, POINTS)
    step = (high - low) / POINTS
    assert upper <= found.upper <= upper + step
    assert low + high - turned - step <= found.lower <= low + high - turned
    assert found.lower <= values.mean() <= found.upper


@pytest.mark.parametrize(("n_pilot", "used"), [(0, 0), (9, 0), (10, 10), (25, 25)])
def test_a_pilot_of_ten_chooses_one_stake_for_each_side(n_pilot, used):
    values, low, high = changes(5), -0.9, 1.1
    pilot = changes(6, n_pilot)
    found = paired_limits(values, low=low, high=high, delta=0.1, pilot=pilot)
    assert found.n_pilot == used
    if not used:
        assert found == paired_limits(values, low=low, high=high, delta=0.1)
        return
    for limit, sample, aside in (
        (found.upper, values, pilot),
        (low + high - found.lower, low + high - values, low + high - pilot),
    ):
        asked = {"low": low, "high": high, "m": 40, "delta": 0.05}
        stake = choose_stake(aside, **asked).stake
        level = (limit - low) / (high - low)
        unit = (sample - low) / (high - low)
        capital = math.prod(1 + stake * (level - x) / (1 - level) for x in unit)
        assert_allclose(capital, 20, rtol=1e-6)


def test_a_term_that_cannot_change_has_no_interval():
    assert paired_limits([0.0] * 4, low=0.0, high=0.0, delta=0.05) == (0, 0, 0)
    for values in ([0.0, 0.1], []):
        with pytest.raises(DomainError, match="cannot change"):
            paired_limits(values, low=0.0, high=0.0, delta=0.05)


@pytest.mark.parametrize(
    ("values", "delta"), [([2.0], 0.05), ([-1.0], 0.05), ([], 0.05), ([0.0], 1.0)]
)
def test_what_is_no_sample_is_refused(values, delta):
    with pytest.raises(DomainError):
        paired_limits(values, low=-0.9, high=1.1, delta=delta)


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=30))
def test_exchanging_before_and_after_turns_the_limits(values):
    one = paired_limits(values, low=-0.6, high=0.8, delta=0.05)
    other = paired_limits([-x for x in values], low=-0.8, high=0.6, delta=0.05)
    assert_allclose((other.lower, other.upper), (-one.upper, -one.lower), atol=1e-9)


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=30), st.floats(0, 1))
def test_a_wider_range_never_helps(values, more):
    """For a given grid: it depends on n and delta alone."""
    one = paired_limits(values, low=-0.6, high=0.8, delta=0.05)
    wide = paired_limits(values, low=-0.6 - more, high=0.8 + more, delta=0.05)
    assert wide.upper >= one.upper - 1e-9
    assert wide.lower <= one.lower + 1e-9


@pytest.mark.statistical
@pytest.mark.parametrize("pilot", [0, 12])
def test_limits_miss_no_more_often_than_promised(pilot):
    """300 samples; a false alarm in at most 1 of 1,000 runs."""
    rng = np.random.default_rng(15)
    worst = oracles.most_failures(300, 0.2, 0.001)
    for chance in (0.5, 0.1):
        failures = 0
        for _ in range(300):
            drawn = np.where(rng.random(pilot + 30) < chance, 0.7, -0.3)
            found = paired_limits(
                drawn[pilot:], low=-0.3, high=0.7, delta=0.2, pilot=drawn[:pilot]
            )
            mean = chance - 0.3
            failures += not found.lower <= mean <= found.upper
        assert failures <= worst


DESIGNS = st.tuples(st.floats(0, 0.6), st.floats(0, 1), st.floats(0.05, 6))


def bound_by_hand(terms, n, complexity):
    entropy, divergence, width = terms
    return entropy + divergence + width * complexity / math.sqrt(n)


@given(DESIGNS, DESIGNS, st.floats(0, 0.3), st.integers(5, 5000))
def test_break_even_is_what_comparing_all_sizes_finds(first, second, slack, n):
    complexity = finite_complexity(0.05, 2)
    mean = second[0] + second[1] - first[0] - first[1]
    found = break_even(
        *(Design(entropy=h, divergence=d, locality=w) for h, d, w in (first, second)),
        limits=(mean - slack, mean + slack),
        n_queries=n,
        complexity=complexity,
    )
    before = bound_by_hand(first, n, complexity)
    after = bound_by_hand(second, n, complexity)
    assert_allclose((found.before, found.after), (before, after), rtol=1e-12)
    assert_allclose(found.lower, after - slack - before, atol=1e-9)
    assert_allclose(found.upper, after + slack - before, atol=1e-9)
    assert found.vacuous == (min(before, after) >= math.log(2))
    assert (found.verdict == "no evidence") == found.vacuous
    for needed, worst in ((found.n_certain, slack), (found.n_at_means, 0.0)):
        limit = second[0] + second[1] + worst
        if needed is None:
            assert limit + second[2] * complexity / 1e9 >= before - 1e-6
            continue
        if needed > 1e12:
            continue  # rounding decides there
        for size, lower in ((needed + 1, True), (needed - 1, False)):
            if size >= 1:
                bound = limit + second[2] * complexity / math.sqrt(size)
                assert (bound < before) == lower or abs(bound - before) < 1e-9
    if found.width_certain is not None:
        edge = found.width_certain * complexity / math.sqrt(n)
        assert_allclose(second[0] + second[1] + slack + edge, before, atol=1e-9)


def verdict(limits, before=0.1, wide=1.0):
    return break_even(
        Design(entropy=0.3, divergence=before, locality=1.0),
        Design(entropy=0.3, divergence=0.1, locality=wide),
        limits=limits,
        n_queries=400,
        complexity=1.2,
    ).verdict


def test_verdicts_by_hand():
    assert verdict((-0.2, -0.1)) == "lower"
    assert verdict((0.1, 0.2)) == "higher"
    assert verdict((-0.1, 0.1)) == "inconclusive"
    assert verdict((0.0, 0.0)) == "inconclusive"  # equal designs
    assert verdict((-0.01, 0.0)) == "inconclusive"
    assert verdict((-0.01, -0.005), wide=2.0) == "higher"  # the width takes 0.06
    with pytest.raises(DomainError, match="lower <= upper"):
        verdict((0.2, 0.1))


def test_two_vacuous_bounds_are_no_evidence_whatever_their_order():
    known = {"limits": (-0.5, -0.4), "n_queries": 100, "complexity": 1.2}
    designs = [Design(entropy=0.6, divergence=d, locality=1.0) for d in (0.5, 0.1)]
    found = break_even(*designs, **known)
    assert (found.verdict, found.vacuous) == ("no evidence", True)
    assert found.n_certain is not None
