"""bounds.shift: no bias over every draw, and coverage of the shifted limit."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import upper_limit
from rankbound.bounds.shift import importance_weighted, shifted_limit, total_variation
from tests import oracles


def losses_of(teacher, student):
    k = len(teacher)
    rows = [[0.0] * k for _ in range(k)]
    for i, j in itertools.permutations(range(k), 2):
        p = oracles.sigmoid(teacher[i] - teacher[j])
        rows[i][j] = oracles.pair_loss(p, student[i] - student[j])
    return np.maximum(rows, np.transpose(rows))  # equal up to rounding


def test_weighted_risk_matches_the_loop():
    rng = np.random.default_rng(1)
    for k in (2, 3, 6):
        losses = losses_of(rng.normal(size=k).tolist(), rng.normal(size=k).tolist())
        ratios = rng.exponential(size=k)
        expected = oracles.importance_weighted(losses.tolist(), ratios.tolist())
        assert_allclose(importance_weighted(losses, ratios), expected, rtol=1e-13)


def test_weighted_risk_has_the_target_risk_as_its_expectation():
    """Every group of three draws from four documents, with its probability."""
    rng = np.random.default_rng(2)
    for _ in range(3):
        mu, nu = rng.dirichlet(np.ones(4), 2)
        teacher, student = rng.normal(0, 2, (2, 4))
        total = plain = 0.0
        for drawn in itertools.product(range(4), repeat=3):
            index = list(drawn)
            losses = losses_of(teacher[index].tolist(), student[index].tolist())
            chance = nu[index].prod()
            total += chance * importance_weighted(losses, mu[index] / nu[index])
            plain += chance * importance_weighted(losses, np.ones(3))
        target = oracles.risk_of_law(mu.tolist(), teacher.tolist(), student.tolist())
        sampled = oracles.risk_of_law(nu.tolist(), teacher.tolist(), student.tolist())
        assert_allclose(total, target, rtol=1e-12)
        assert_allclose(plain, sampled, rtol=1e-12)
        assert abs(target - sampled) > 1e-3


@pytest.mark.parametrize(
    ("losses", "ratios", "message"),
    [
        (np.zeros((1, 1)), [1.0], "at least two documents"),
        (np.zeros((2, 3)), [1.0, 1.0], "at least two documents"),
        ([[0.0, 1.0], [0.5, 0.0]], [1.0, 1.0], "does not depend on its orientation"),
        (np.zeros((2, 2)), [1.0, -0.1], "`ratios` must be finite"),
        (np.zeros((2, 2)), [1.0, math.inf], "documents that the sampler never draws"),
        ([[0.0, -1.0], [-1.0, 0.0]], [1.0, 1.0], "`losses` must be finite"),
    ],
)
def test_weighted_risk_rejects_wrong_input(losses, ratios, message):
    with pytest.raises(DomainError, match=message):
        importance_weighted(losses, ratios)


def test_shifted_limit_is_the_limit_of_the_sum():
    rng = np.random.default_rng(3)
    risks, distances = rng.random(40), rng.random(40) * 0.2
    sums = [r + 2.5 * (1 - (1 - t) ** 2) for r, t in zip(risks, distances, strict=True)]
    found = shifted_limit(risks, distances, low=0, high=1, pair_width=2.5, delta=0.1)
    expected = upper_limit(sums, low=0, high=3.5, delta=0.1)
    assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.statistical
def test_shifted_limit_covers_the_target_risk():
    """Queries of two kinds, the rare one far from its target.

    Putting the mean of the sampled distances into the bound of the shift instead would
    miss the rare kind. False-alarm rate at most 1e-6.
    """
    rng, runs, n, delta = np.random.default_rng(4), 400, 20, 0.2
    laws = [([0.5, 0.5], [0.5, 0.5]), ([1.0, 0.0], [0.0, 1.0])]
    distances = np.array([total_variation(*pair) for pair in laws])
    assert distances.tolist() == [0.0, 1.0]
    # risk 0 under the sampling law; under the target the rare kind costs the width 1
    rare = 0.03
    misses = plugged = 0
    for _ in range(runs):
        kinds = (rng.random(n) < rare).astype(int)
        options = {"low": 0, "high": 1, "delta": delta}
        found = shifted_limit(np.zeros(n), distances[kinds], pair_width=1, **options)
        misses += found < rare
        plugged += distances[kinds].mean() < rare
    allowed = oracles.most_failures(runs, delta, 1e-6)
    assert misses <= allowed
    assert plugged > allowed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"distances": [1.1]}, r"one number in \[0, 1\] for each of 1 query"),
        ({"distances": [math.nan]}, "one number in"),
        ({"distances": [0.1, 0.1]}, "one number in"),
        ({"risks": [2.0]}, "outside"),
        ({"pair_width": math.inf}, "`pair_width` must be finite"),
        ({"delta": 1.0}, "delta"),
    ],
)
def test_shifted_limit_rejects_wrong_input(change, message):
    call = {
        "risks": [0.5],
        "distances": [0.1],
        "low": 0,
        "high": 1,
        "pair_width": 1.0,
        "delta": 0.1,
    } | change
    risks, distances = call.pop("risks"), call.pop("distances")
    with pytest.raises(DomainError, match=message):
        shifted_limit(risks, distances, **call)
