"""bounds.shift: the exact worst law, the limit's coverage, and the bias."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from rankbound.bounds.errors import DomainError
from rankbound.bounds.shift import cvar, cvar_limit
from tests import oracles


def test_cvar_is_the_largest_risk_of_a_capped_law():
    rng = np.random.default_rng(1)
    for _ in range(40):
        size = int(rng.integers(1, 9))
        losses = np.round(rng.exponential(size=size), int(rng.integers(0, 3)))
        law, ratio = rng.dirichlet(np.full(size, 0.7)), 1 + rng.exponential()
        found = cvar(losses, law, ratio=ratio)
        expected = oracles.worst_share(losses.tolist(), law.tolist(), ratio)
        assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
        worst = linprog(
            -losses,
            A_eq=np.ones((1, size)),
            b_eq=[1.0],
            bounds=[(0, ratio * p) for p in law],
        )
        assert_allclose(found, -worst.fun, atol=1e-8)


def test_cvar_between_mean_and_maximum():
    losses, law = np.array([3.0, 0.5, 1.0]), np.array([0.2, 0.5, 0.3])
    assert_allclose(cvar(losses, law, ratio=1.0), losses @ law, rtol=1e-14)
    assert_allclose(cvar(losses, law, ratio=5.0), 3.0, rtol=1e-14)
    assert_allclose(cvar(losses, law, ratio=1e300), 3.0, rtol=1e-14)
    assert cvar([2.0, 2.0], [0.5, 0.5], ratio=1.7) == 2.0


def test_worst_share_of_a_sampled_group_is_biased_down():
    """Trap: the plug-in would be no bound."""
    rng = np.random.default_rng(2)
    losses, law = np.array([0.0, 1.0, 2.0, 5.0]), np.full(4, 0.25)
    exact = cvar(losses, law, ratio=3.0)
    draws = rng.choice(losses, (4000, 6))
    plugged = [cvar(row, np.full(6, 1 / 6), ratio=3.0) for row in draws]
    assert np.mean(plugged) < exact - 0.3


def test_limit_approaches_the_worst_share():
    """With many queries and the right level on the grid little is lost."""
    rng = np.random.default_rng(3)
    losses = rng.choice([0.1, 0.2, 3.0], (100_000, 2), p=[0.5, 0.3, 0.2])
    found = cvar_limit(
        losses,
        np.full(len(losses), 1.5),
        largest_kappa=1.5,
        levels=[0.0, 0.2, 1.0],
        high=4.0,
        delta=0.05,
    )
    exact = cvar([0.1, 0.2, 3.0], [0.5, 0.3, 0.2], ratio=2.25)
    assert exact < found < exact + 0.05
    assert found < 2.25 * losses.mean()


@pytest.mark.statistical
def test_limit_covers_the_worst_target_law():
    """False-alarm rate at most 1e-6; the mean over queries has mixed ratios."""
    rng, runs, n, delta = np.random.default_rng(4), 300, 15, 0.3
    values, law = np.array([0.0, 0.4, 1.0]), np.array([0.6, 0.3, 0.1])
    truth = np.mean([cvar(values, law, ratio=kappa**2) for kappa in (1.0, 1.6)])
    misses = 0
    for _ in range(runs):
        kappas = rng.choice([1.0, 1.6], n)
        losses = rng.choice(values, (n, 3), p=law)
        found = cvar_limit(
            losses,
            kappas,
            largest_kappa=1.6,
            levels=[0.0, 0.2, 0.4],
            high=1.0,
            delta=delta,
        )
        misses += found < truth
    assert misses <= oracles.most_failures(runs, delta, 1e-6)


def test_the_range_is_not_read_off_the_sample():
    losses, kappas = [[0.1, 0.3]] * 50, [1.0] * 50
    limits = [
        cvar_limit(
            losses, kappas, largest_kappa=kappa, levels=[0.0], high=5.0, delta=0.05
        )
        for kappa in (1.0, 1.5)
    ]
    assert limits[0] < limits[1] - 0.05


def test_every_level_of_the_grid_is_paid_for():
    losses, kappas = [[0.1, 0.3]] * 500, [1.2] * 500
    options = {"largest_kappa": 1.2, "high": 5.0, "delta": 0.05}
    one = cvar_limit(losses, kappas, levels=[0.1], **options)
    many = cvar_limit(losses, kappas, levels=[0.1] * 100, **options)
    assert one < many < 5.0
    assert cvar_limit(losses, kappas, levels=[5.0], **options) == 5.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": [0.1, 0.2]}, "one row per query"),
        ({"losses": [[0.1, 9.0]]}, "outside"),
        ({"losses": [[-0.1, 0.2]]}, "outside"),
        ({"kappas": [0.9]}, r"one ratio in \[1, 2.0\]"),
        ({"kappas": [2.1]}, "must bound it for every query"),
        ({"kappas": [1.0, 1.0]}, "each of 1 query"),
        ({"kappas": [math.nan]}, "one ratio in"),
        ({"largest_kappa": math.inf}, "finite and at least 1, got inf.*target law"),
        ({"levels": []}, "at least one number"),
        ({"levels": [6.0]}, "`levels` must lie in"),
        ({"delta": 0.0}, "delta"),
    ],
)
def test_limit_rejects_wrong_input(change, message):
    call = {
        "losses": [[0.1, 0.2]],
        "kappas": [1.0],
        "largest_kappa": 2.0,
        "levels": [0.0],
        "high": 5.0,
        "delta": 0.1,
    } | change
    losses, kappas = call.pop("losses"), call.pop("kappas")
    with pytest.raises(DomainError, match=message):
        cvar_limit(losses, kappas, **call)


@pytest.mark.parametrize("ratio", [0.99, math.inf, math.nan])
def test_cvar_rejects_a_ratio_that_is_none(ratio):
    with pytest.raises(DomainError, match="finite and at least 1"):
        cvar([1.0], [1.0], ratio=ratio)


def test_cvar_rejects_losses_without_a_law():
    with pytest.raises(DomainError, match="one finite loss for each of 2 pairs"):
        cvar([1.0], [0.5, 0.5], ratio=1.0)
    with pytest.raises(DomainError, match="`law` must sum to 1"):
        cvar([1.0, 2.0], [1.0, 1.0], ratio=1.0)
