"""bounds.betting: agreement with products over a grid, and the n that it asks for."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.betting import (
    BINS,
    HISTOGRAM_FROM,
    betting,
    log_capital,
    queries_needed,
    stake_grid,
)
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import kl_chernoff
from tests import oracles


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [3, 25, 120])
def test_betting_matches_a_grid(seed, n):
    rng, points = np.random.default_rng(seed), 4000
    values = 2 + 3 * rng.beta(1.0, 3.0, size=n)
    found = betting(values, low=2, high=5, delta=0.05, n_students=2)
    grid = oracles.betting_limit(values.tolist(), 2, 5, 0.05, 2, points)
    assert grid - 1e-9 <= found <= grid + 3 / points + 1e-9


def test_log_capital_matches_products():
    values, mean = [0.1, 0.4, 0.0, 0.9], 0.6
    found = log_capital(np.array(values), np.ones(4), stake_grid(4, 0.05), mean)
    expected = oracles.betting_capital(values, 0, 1, 0.05, mean)
    assert_allclose(found, math.log(expected), rtol=1e-12)


def test_log_capital_is_monotone_in_the_mean():
    values = np.random.default_rng(1).random(50)
    stakes = stake_grid(50, 0.05)
    capitals = [
        log_capital(values, np.ones(50), stakes, mean)
        for mean in np.linspace(0.01, 0.99, 99)
    ]
    assert np.all(np.diff(capitals) > 0)


def test_log_capital_is_fair_at_the_true_mean():
    """The expectation of the capital of one query is 1 for a law on two points."""
    mean, stakes = 0.3, stake_grid(100, 0.05)
    capitals = [
        math.exp(log_capital(np.array([end]), np.ones(1), stakes, mean))
        for end in (0.0, 1.0)
    ]
    assert_allclose((1 - mean) * capitals[0] + mean * capitals[1], 1, rtol=1e-13)


@pytest.mark.parametrize("n", [1, 10, 43, 1000, 500_000])
def test_stake_grid_matches_a_loop(n):
    assert_allclose(stake_grid(n, 0.05), oracles.betting_stakes(n, 0.05), rtol=1e-12)
    assert np.all((stake_grid(n, 0.05) > 0) & (stake_grid(n, 0.05) < 1))


def test_histogram_rounds_up_and_costs_little():
    rng = np.random.default_rng(2)
    values = rng.beta(2, 8, size=HISTOGRAM_FROM)
    binned = betting(values, low=0, high=1, delta=0.05)
    exact = betting(values[:-1], low=0, high=1, delta=0.05)
    slack = exact - values[:-1].mean()
    assert values.mean() < binned < values.mean() + 1.05 * slack


def test_histogram_rounds_up():
    """Values between two bins: the exact capital has reached 1 / delta at the limit."""
    n, value = HISTOGRAM_FROM, 30_000.5 / BINS
    limit = betting(np.full(n, value), low=0, high=1, delta=0.05)
    point, count = np.array([value]), np.array([float(n)])
    assert log_capital(point, count, stake_grid(n, 0.05), limit) > math.log(20)
    lower = limit - 2 / BINS
    assert log_capital(point, count, stake_grid(n, 0.05), lower) < math.log(20)


def exact_limit(values, delta=0.05):
    """The limit of the values as they are, however many."""
    stakes, ones = stake_grid(values.size, delta), np.ones(values.size)
    low, high = values.mean(), 1 - 2.0**-40
    for _ in range(60):
        middle = (low + high) / 2
        reached = log_capital(values, ones, stakes, middle) >= math.log(1 / delta)
        low, high = (low, middle) if reached else (middle, high)
    return high


@pytest.mark.parametrize("law", ["coins", "near one", "spread", "equal", "rare"])
def test_histogram_costs_at_most_one_bin(law):
    """Coins, where large stakes lose most of what they bet, are the hardest."""
    rng, n = np.random.default_rng(9), HISTOGRAM_FROM
    values = {
        "coins": np.where(rng.random(n) < 0.5, 1 - 0.9 / BINS, 0.1 / BINS),
        "near one": 1 - rng.random(n) / BINS,
        "spread": rng.random(n),
        "equal": np.full(n, 0.1 / BINS),
        "rare": np.where(rng.random(n) < 3 / n, 1.0, 0.1 / BINS),
    }[law]
    exact = exact_limit(values)
    binned = betting(values, low=0, high=1, delta=0.05)
    assert exact - 1e-11 <= binned <= exact + 1 / BINS + 1e-11


def cpu_seconds(action):
    start = time.process_time()
    action()
    return time.process_time() - start


def test_betting_on_200000_values_is_quick():
    """As a ratio, since other programs slow both down; the sort takes 14 ms alone.

    So 0.3 s would be 21 sorts; betting takes about one, as it starts no threads.
    """
    values = np.random.default_rng(3).random(200_000)
    betting(values[:5], low=0, high=1, delta=0.05)  # loads the root finder
    taken = min(
        cpu_seconds(lambda: betting(values, low=0, high=1, delta=0.05))
        for _ in range(5)
    )
    unit = min(cpu_seconds(lambda: np.sort(values, kind="mergesort")) for _ in range(5))
    assert taken < 21 * unit


@pytest.mark.parametrize("below_one", [2.0**-39, 2.0**-40, 2.0**-41, 1e-12, 3e-12])
@pytest.mark.parametrize("n", [1, 43, 1000])
def test_values_just_below_the_top_raise_no_warning(below_one, n):
    """The root finder used to step beyond the interval; warnings are errors here."""
    values = np.full(n, 1 - below_one)
    assert values[0] <= betting(values, low=0, high=1, delta=0.05) <= 1
    assert values[0] <= betting(values, low=0, high=1, delta=1e-250) <= 1


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=30),
    st.floats(1e-300, 0.9),
    st.sampled_from([None, [0.5], [1 - 1e-16], [1e-300], [0.98, 1 - 1e-12]]),
)
def test_betting_is_a_number_in_the_interval_for_any_sample(values, delta, stakes):
    limit = betting(values, low=0, high=1, delta=delta, stakes=stakes)
    assert np.mean(values) - 1e-9 <= limit <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.floats(0.001, 0.5))
def test_kl_is_never_above_betting_on_coins(coins, delta):
    values, options = np.array(coins, dtype=float), {"low": 0, "high": 1}
    kl = kl_chernoff(values, delta=delta, **options)
    assert kl <= betting(values, delta=delta, **options) + 1e-9


def test_betting_never_leaves_the_interval():
    assert betting([1.0] * 5, low=0, high=1, delta=0.05) == 1
    assert 0.999999 < betting([0.2], low=0, high=1, delta=1e-9) <= 1
    low = betting([0.0] * 5000, low=0, high=1, delta=0.05)
    assert 0 < low < 0.005


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threshold", [0.35, 0.5])
def test_queries_needed_matches_repeating_the_sample(seed, threshold):
    rng = np.random.default_rng(seed)
    values = rng.beta(2, 6, size=7)
    n = queries_needed(values, low=0, high=1, threshold=threshold, delta=0.05)
    limits = {
        count: betting(np.tile(values, count), low=0, high=1, delta=0.05)
        for count in (math.ceil(n / 7), math.floor((n - 1) / 7))
        if count > 0
    }
    assert limits[math.ceil(n / 7)] <= threshold + 1e-9
    below = math.floor((n - 1) / 7)
    if below > 0:
        assert limits[below] >= threshold - 1e-9


def test_queries_needed_of_equal_values_is_the_first_n_below():
    for value, threshold in ((0.3, 0.5), (0.0, 0.1), (0.45, 0.5)):
        n = queries_needed([value] * 3, low=0, high=1, threshold=threshold, delta=0.05)
        assert betting([value] * n, low=0, high=1, delta=0.05) <= threshold
        assert betting([value] * (n - 1), low=0, high=1, delta=0.05) >= threshold


def test_queries_needed_is_none_when_the_mean_is_too_high():
    arguments = {"low": 0, "high": 1, "delta": 0.05}
    assert queries_needed([0.6, 0.4], threshold=0.5, **arguments) is None
    assert queries_needed([0.6, 0.4], threshold=0.4, **arguments) is None


def test_queries_needed_is_one_when_no_value_can_exceed():
    assert queries_needed([0.5], low=0, high=1, threshold=1.0, delta=0.05) == 1


def test_betting_rejects_what_no_limit_can_use():
    with pytest.raises(DomainError, match="n_students"):
        betting([0.5], low=0, high=1, delta=0.05, n_students=0)
    with pytest.raises(DomainError, match="position 0"):
        betting([1.5], low=0, high=1, delta=0.05)


@pytest.mark.parametrize("n", range(20, 130, 7))
def test_queries_needed_agrees_with_the_limit_of_this_sample(n):
    """The grid of stakes changes with n, so the limit is not monotone in it."""
    values = [0.45] * n
    bounded = {"low": 0.0, "high": 1.0, "delta": 0.05}
    upper = betting(values, **bounded)
    for threshold in (upper * (1 - 1e-6), upper * (1 + 1e-6)):
        needed = queries_needed(values, threshold=threshold, **bounded)
        assert (needed <= n) == (upper < threshold)


def test_other_stakes_solve_for_their_own_capital():
    values = np.random.default_rng(5).beta(1, 5, 30)
    limit = betting(values, low=0, high=1, delta=0.1, n_students=2, stakes=[0.9, 0.2])
    capitals = [np.prod(1 + u * (limit - values) / (1 - limit)) for u in (0.9, 0.2)]
    assert_allclose(np.mean(capitals), 20, rtol=1e-6)
    default = betting(values, low=0, high=1, delta=0.1)
    again = betting(values, low=0, high=1, delta=0.1, stakes=stake_grid(30, 0.1))
    assert default == again


@pytest.mark.parametrize("stakes", [[], [0.0], [0.5, 1.0], [-0.1], [[0.5]], [math.nan]])
def test_stakes_outside_of_the_unit_interval_are_refused(stakes):
    with pytest.raises(DomainError, match="strictly between 0 and 1"):
        betting([0.5], low=0, high=1, delta=0.1, stakes=stakes)
