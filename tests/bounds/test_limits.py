"""bounds.limits: agreement with loops, order, symmetry and simulated coverage.

Coverage tests draw many samples from a law with a known mean and count misses. They
fail when the count is one that happens with probability at most 1e-6 if the misses were
exactly as frequent as delta allows.
"""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import (
    METHODS,
    empirical_bernstein,
    hoeffding,
    kl_chernoff,
    lower_limit,
    split_limit,
    two_sided,
    upper_limit,
)
from tests import oracles

LOW, HIGH = -1.0, 4.0


def sample(seed, n=30):
    rng = np.random.default_rng(seed)
    return LOW + (HIGH - LOW) * rng.beta(0.7, 2.0, size=n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("delta", "n_students"), [(0.05, 1), (0.3, 1), (0.01, 7)])
def test_hoeffding_and_bernstein_match_loops(seed, delta, n_students):
    values = sample(seed)
    arguments = {"low": LOW, "high": HIGH, "delta": delta, "n_students": n_students}
    assert_allclose(
        hoeffding(values, **arguments),
        oracles.hoeffding_limit(values.tolist(), LOW, HIGH, delta, n_students),
        rtol=1e-13,
    )
    long = sample(seed, n=400)
    assert_allclose(
        empirical_bernstein(long, **arguments),
        oracles.empirical_bernstein_limit(long.tolist(), LOW, HIGH, delta, n_students),
        rtol=1e-13,
    )


@pytest.mark.parametrize("seed", range(5))
def test_kl_chernoff_matches_a_grid(seed):
    values, points = sample(seed), 20_000
    found = kl_chernoff(values, low=LOW, high=HIGH, delta=0.02, n_students=3)
    grid = oracles.kl_limit(values.tolist(), LOW, HIGH, 0.02, 3, points)
    assert grid <= found <= grid + (HIGH - LOW) / points + 1e-12


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [1, 2, 20, 300])
def test_kl_is_never_above_hoeffding(seed, n):
    arguments = {"low": LOW, "high": HIGH, "delta": 0.05}
    values = sample(seed, n)
    assert kl_chernoff(values, **arguments) <= hoeffding(values, **arguments) + 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_every_limit_shrinks_with_n_and_grows_with_students(method):
    values = sample(3, 50)
    arguments = {"low": LOW, "high": HIGH, "delta": 0.05, "method": method}
    limits = [upper_limit(np.tile(values, r), **arguments) for r in (1, 4, 16, 64)]
    assert np.all(np.diff(limits) < 1e-12)
    students = [upper_limit(values, n_students=count, **arguments) for count in (1, 50)]
    assert students[0] <= students[1]
    assert values.mean() <= limits[-1] < limits[0]


@pytest.mark.parametrize("method", METHODS)
def test_every_limit_ignores_order_and_follows_the_unit(method):
    values, rng = sample(4, 60), np.random.default_rng(0)
    limit = upper_limit(values, low=LOW, high=HIGH, delta=0.05, method=method)
    shuffled = upper_limit(
        rng.permutation(values), low=LOW, high=HIGH, delta=0.05, method=method
    )
    assert_allclose(shuffled, limit, rtol=1e-10)
    scaled = upper_limit(
        3 * values + 2, low=3 * LOW + 2, high=3 * HIGH + 2, delta=0.05, method=method
    )
    assert_allclose(scaled, 3 * limit + 2, rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_lower_limit_mirrors_the_upper_limit(method):
    values = sample(5, 80)
    lower = lower_limit(values, low=LOW, high=HIGH, delta=0.05, method=method)
    mirrored = upper_limit(
        LOW + HIGH - values, low=LOW, high=HIGH, delta=0.05, method=method
    )
    assert_allclose(lower, LOW + HIGH - mirrored, rtol=1e-12, atol=1e-12)
    assert LOW <= lower <= values.mean()


def test_two_sided_spends_half_of_delta_on_each_side():
    values = sample(6, 100)
    lower, upper = two_sided(values, low=LOW, high=HIGH, delta=0.1, method="kl")
    one_sided = {"low": LOW, "high": HIGH, "delta": 0.05, "method": "kl"}
    assert lower == lower_limit(values, **one_sided)
    assert upper == upper_limit(values, **one_sided)


def test_split_limit_is_the_sum_of_two_limits_at_half_delta():
    rng = np.random.default_rng(7)
    entropy, divergence = rng.uniform(0, 0.6, 300), rng.uniform(0, 1, 40)
    found = split_limit(entropy, divergence, high=5.66, delta=0.05, method="hoeffding")
    first = oracles.hoeffding_limit(entropy.tolist(), 0, math.log(2), 0.025, 1)
    second = oracles.hoeffding_limit(divergence.tolist(), 0, 5.66, 0.025, 1)
    assert_allclose(found, first + second, rtol=1e-13)


def test_single_query_says_nothing_by_bernstein():
    assert empirical_bernstein([0.2], low=0, high=1, delta=0.05) == 1


def test_unknown_method_is_rejected_with_the_known_ones():
    with pytest.raises(DomainError, match="hoeffding, kl, empirical_bernstein, bett"):
        upper_limit([0.5], low=0, high=1, delta=0.05, method="student-t")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("change", [{"delta": 1.0}, {"n_students": 0}])
def test_every_limit_rejects_delta_and_counts(method, change):
    arguments = {"low": 0, "high": 1, "delta": 0.05, "method": method} | change
    with pytest.raises(DomainError):
        upper_limit([0.5, 0.4], **arguments)


def bernoulli(rng, n):
    return (rng.random(n) < 0.1).astype(float), 0.1


def rare(rng, n):
    return (rng.random(n) < 1 / n).astype(float), 1 / n


def common(rng, n):
    return (rng.random(n) < 1 - 1 / n).astype(float), 1 - 1 / n


def spread(rng, n):
    return rng.beta(0.5, 1.5, size=n), 0.25


def constant(_rng, n):
    return np.full(n, 0.3), 0.3


@pytest.mark.statistical
@pytest.mark.parametrize("law", [bernoulli, rare, common, spread, constant])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("side", ["upper", "lower"])
def test_limits_cover(method, law, side):
    """False-alarm rate at most 1e-6."""
    rng, runs, delta = np.random.default_rng(20), 400, 0.1
    allowed = oracles.most_failures(runs, delta, 1e-6)
    limit = upper_limit if side == "upper" else lower_limit
    misses = 0
    for _ in range(runs):
        values, mean = law(rng, 40)
        found = limit(values, low=0, high=1, delta=delta, method=method)
        misses += found < mean - 1e-9 if side == "upper" else found > mean + 1e-9
    assert misses <= allowed


@pytest.mark.statistical
def test_coverage_test_can_fail():
    """The plain mean plus one standard error misses far more often than 10 %."""
    rng, runs = np.random.default_rng(21), 400
    misses = 0
    for _ in range(runs):
        values, mean = rare(rng, 40)
        misses += values.mean() + values.std() / math.sqrt(40) < mean
    assert misses > oracles.most_failures(runs, 0.1, 1e-6)


@pytest.mark.statistical
@pytest.mark.parametrize(("method", "looseness"), [("kl", 1.52), ("betting", 1.8)])
def test_limits_are_not_needlessly_wide(method, looseness):
    """For a fair coin, the mean width over that of the normal limit: on record.

    sqrt(2 ln 20) / 1.645 = 1.49 is the price of Chernoff's inequality; betting pays
    for its mixture of stakes as well. The standard error of the ratio is 0.001.
    """
    rng, n, runs = np.random.default_rng(22), 400, 50
    widths = []
    for _ in range(runs):
        values = (rng.random(n) < 0.5).astype(float)
        limit = upper_limit(values, low=0, high=1, delta=0.05, method=method)
        widths.append(limit - values.mean())
    normal = 1.6449 * 0.5 / math.sqrt(n)
    assert looseness - 0.1 < np.mean(widths) / normal < looseness
