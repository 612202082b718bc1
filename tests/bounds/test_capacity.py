"""bounds.theorem4: no student is below the floor; the inverse for entropies."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from rankbound.bounds.errors import DomainError
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem4 import (
    capacity_floor,
    mean_distance_needed,
    mean_margin_needed,
)
from tests import oracles


def group(rng, k):
    """Teacher margins and distances of all pairs of k documents on a plane."""
    spots, scores = rng.normal(size=(k, 2)), 2 * rng.normal(size=k)
    pairs = [(i, j) for i in range(k) for j in range(i)]
    distances = [math.dist(spots[i], spots[j]) for i, j in pairs]
    return pairs, [scores[i] - scores[j] for i, j in pairs], distances


def test_no_student_goes_below_the_floor():
    """The best of many Lipschitz students, found by search, stays above."""
    rng = np.random.default_rng(14)
    ratios = []
    for _ in range(30):
        k, lipschitz = int(rng.integers(2, 6)), math.exp(rng.uniform(-2, 1))
        pairs, margins, distances = group(rng, k)
        floor = capacity_floor(margins, distances, lipschitz=lipschitz)
        slow = oracles.capacity_floor(margins, distances, lipschitz)
        assert_allclose(floor, slow, rtol=1e-12)
        limits = lipschitz * np.array(distances)

        def risk(scores, pairs=pairs, margins=margins, limits=limits):
            m = np.array([scores[i] - scores[j] for i, j in pairs])
            stretch = max(1.0, float((np.abs(m) / limits).max()))  # scale into A1
            losses = [
                oracles.pair_loss(oracles.sigmoid(a), x)
                for a, x in zip(margins, m / stretch, strict=True)
            ]
            return sum(losses) / len(losses)

        best = math.inf
        for start in rng.normal(size=(3, k)):
            options = {"maxiter": 150}
            found = minimize(risk, start, method="Nelder-Mead", options=options)
            best = min(best, found.fun)
        assert best >= floor - 1e-12
        ratios.append(best / floor)
        if k == 2:  # one pair: attained
            clipped = float(np.clip(margins[0], -limits[0], limits[0]))
            assert_allclose(risk([0.0, clipped]), floor, rtol=1e-12)
    # looseness on record
    assert 1.0 < float(np.median(ratios)) < 1.3


def test_floor_falls_with_distance_to_the_entropy_and_starts_at_ln_2():
    margins = np.array([0.3, -2.0, 7.0, 40.0])
    floors = [
        capacity_floor(margins, x, lipschitz=2.0) for x in np.linspace(0, 30, 200)
    ]
    assert np.all(np.diff(floors) <= 1e-15)
    assert_allclose(floors[0], math.log(2))
    entropy = np.mean([oracles.entropy_of(oracles.sigmoid(-abs(a))) for a in margins])
    assert_allclose(floors[-1], entropy, rtol=1e-9)


def test_a_certain_teacher_costs_the_softplus():
    floor = capacity_floor([math.inf, -math.inf], [1.0, 2.0], lipschitz=3.0)
    assert_allclose(floor, (oracles.softplus(-3.0) + oracles.softplus(-6.0)) / 2)


@pytest.mark.parametrize("margin", [0.0, 1.0, 2.5, 2.6, 6.0, 30.0])
def test_needed_margin_inverts_the_entropy_floor(margin):
    floor = statement("theorem-4a").numpy()(margin)
    assert_allclose(mean_margin_needed(floor), margin, rtol=1e-9, atol=1e-12)
    assert_allclose(
        mean_distance_needed(floor, teacher_lipschitz=4.0, temperature=0.5),
        margin / 8,
        rtol=1e-9,
        atol=1e-12,
    )


def test_no_teacher_of_this_entropy_needs_less():
    rng = np.random.default_rng(15)
    for _ in range(200):
        k = int(rng.integers(2, 7))
        scores = math.exp(rng.uniform(-2, 2)) * rng.normal(size=k)
        margins = [abs(scores[i] - scores[j]) for i in range(k) for j in range(i)]
        entropy = sum(oracles.entropy_of(oracles.sigmoid(-a)) for a in margins)
        needed = mean_margin_needed(min(entropy / len(margins), math.log(2)))
        assert sum(margins) / len(margins) >= needed - 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: capacity_floor([1.0], [-1.0], lipschitz=1.0), "`d` must lie in"),
        (lambda: capacity_floor([1.0], [1.0], lipschitz=-1.0), "`lipschitz` must lie"),
        (lambda: capacity_floor([math.nan], [1.0], lipschitz=1.0), "`a` must lie in"),
        (lambda: mean_margin_needed(0.8), "`entropy` must lie in"),
        (
            lambda: mean_distance_needed(0.1, teacher_lipschitz=0.0, temperature=1.0),
            "`teacher_lipschitz` must be positive",
        ),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DomainError, match=message):
        call()
