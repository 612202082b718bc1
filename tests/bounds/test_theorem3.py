"""bounds.theorem3: the bounds on random laws, attained where tight, or refuted."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.registry import statement
from rankbound.bounds.theorem3 import (
    STATEMENTS,
    bayes_error,
    calibration_gap,
    calibration_shift,
    calibration_term,
    discordant_divergence,
    misranking,
    misranking_ceiling,
    misranking_floor,
    psi_inverse,
)
from tests import oracles

LN2 = math.log(2)


def random_law(rng):
    """A law of pairs: preferences, margins, weights; some ties, certain or even."""
    size = int(rng.integers(1, 9))
    sharp = math.exp(rng.uniform(-3, 3))
    p = 1 / (1 + np.exp(-sharp * rng.normal(size=size)))
    p[rng.random(size) < 0.15] = rng.choice([0.0, 0.5, 1.0])
    m = math.exp(rng.uniform(-4, 2)) * rng.normal(size=size)
    if rng.random() < 0.5:  # a student close to the teacher
        m = np.log(np.clip(p, 1e-3, 0.999) / np.clip(1 - p, 1e-3, 0.999)) + 0.3 * m
    m[rng.random(size) < 0.15] = 0.0
    return p, m, rng.dirichlet(np.ones(size))


def terms(p, m, weights):
    risk = sum(
        w * oracles.pair_loss(x, y) for w, x, y in zip(weights, p, m, strict=True)
    )
    entropy = sum(w * oracles.entropy_of(x) for w, x in zip(weights, p, strict=True))
    return risk, entropy, max(risk - entropy, 0.0)


def test_ceilings_and_floors_on_random_laws():
    rng = np.random.default_rng(60)
    root = statement("theorem-3b-root").numpy()
    bits = statement("theorem-3c").numpy()
    closest = {"exact": 1.0, "root": 1.0, "bits": 1.0, "floor": 1.0}
    better = set()
    for _ in range(400):
        p, m, weights = random_law(rng)
        risk, entropy, divergence = terms(p, m, weights)
        entropy = min(entropy, LN2)
        wrong = oracles.misranking(p, m, weights)
        part = discordant_divergence(p, m, weights=weights)
        assert part <= divergence + 1e-12
        ceiling = misranking_ceiling(entropy, divergence, discordant=part)
        bounds = {
            "exact": ceiling,
            "root": root(entropy, divergence),
            "bits": bits(risk),
        }
        for name, value in bounds.items():
            assert wrong <= value + 1e-9, name
            closest[name] = min(closest[name], value - wrong)
        assert ceiling <= misranking_ceiling(entropy, divergence) + 1e-12
        assert misranking_ceiling(entropy, divergence) <= bounds["root"] + 1e-12
        better.add(bounds["root"] < bounds["bits"])
        assert misranking_floor(entropy) - 1e-12 <= bayes_error(p, weights=weights)
        assert bayes_error(p, weights=weights) <= wrong + 1e-12
        closest["floor"] = min(closest["floor"], wrong - misranking_floor(entropy))
    assert better == {True, False}  # neither form is the better one everywhere
    # looseness on record: a search comes this close
    assert closest["exact"] < 1e-6
    assert closest["root"] < 0.05
    assert closest["bits"] < 0.05
    assert closest["floor"] < 1e-6


def test_one_divergent_pair_attains_the_local_part():
    """Even pairs and pairs of one certainty, all turned around by a hair: a mixture."""
    for theta in (0.1, 0.6, 0.99):
        p, m = np.array([(1 + theta) / 2]), np.array([-1e-12])
        part = discordant_divergence(p, m)
        inside = float(misranking(p, m)) - bayes_error(p)
        assert_allclose(inside, float(psi_inverse(part)), rtol=1e-9)


def test_floors_are_attained_by_the_order_of_the_teacher():
    for preference in (0.0, 0.2, 0.5, 0.97):
        p = np.array([preference, 1 - preference])
        m = np.sign(p - 0.5)
        floor = misranking_floor(oracles.entropy_of(preference))
        assert_allclose(misranking(p, m), bayes_error(p), rtol=1e-12)
        assert_allclose(misranking(p, m), floor, atol=1e-8)


def test_risk_in_bits_is_approached():
    p, m = np.array([1.0]), np.array([-1e-9])
    assert_allclose(misranking(p, m), oracles.pair_loss(1.0, -1e-9) / LN2, rtol=1e-8)


def true_error(m, eta, weights):
    return oracles.misranking(eta, m, weights)


def test_miscalibration_terms_on_random_laws():
    rng = np.random.default_rng(61)
    strict = 0
    for _ in range(400):
        p, m, weights = random_law(rng)
        p = np.round(p, 1)
        eta = rng.random(p.size) if rng.random() < 0.5 else np.clip(p + 0.05, 0, 1)
        gap = calibration_gap(p, eta, weights=weights)
        term = calibration_term(p, m, eta, weights=weights)
        shift = calibration_shift(p, m, eta, weights=weights)
        excess = true_error(m, eta, weights) - oracles.misranking(p, m, weights)
        assert_allclose(excess, shift, atol=1e-12)
        assert abs(shift) <= term + 1e-12
        assert term <= gap + 1e-12
        strict += term < gap - 1e-6
        width = float(np.abs(m).max()) if m.size else 0.0
        change = sum(
            w * (oracles.pair_loss(e, y) - oracles.pair_loss(x, y))
            for w, e, x, y in zip(weights, eta, p, m, strict=True)
        )
        bound = statement("theorem-3e-risk").numpy()(width, gap)
        assert abs(change) <= bound + 1e-12
        # attained by margins of the full size on the overrated side
        side = width * np.where(p >= eta, 1.0, -1.0)
        change = float(weights @ ((p - eta) * side))
        assert_allclose(change, bound, atol=1e-12)
    assert strict > 30


def test_miscalibration_is_attained():
    p, m = np.array([0.7, 0.7]), np.array([1.0, -1.0])
    eta = np.array([0.4, 0.9])
    excess = true_error(m, eta, [0.5, 0.5]) - misranking(p, m)
    assert_allclose(excess, calibration_term(p, m, eta))


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_marginal_calibration_is_not_enough(side):
    """Even preferences, a certain truth, pairs turned by a coin: calibrated by value.

    A student a hair on the wrong side is always wrong though every ceiling says 1/2;
    one a hair on the right side never, though the floor says 1/2.
    """
    p, eta = np.array([0.5, 0.5]), np.array([0.0, 1.0])
    assert np.mean(eta) == p[0]
    m = side * 1e-6 * np.array([-1.0, 1.0])
    risk, entropy, divergence = terms(p, m, [0.5, 0.5])
    wrong = true_error(m, eta, [0.5, 0.5])
    ceiling = misranking_ceiling(min(entropy, LN2), divergence)
    floor = misranking_floor(min(entropy, LN2))
    if side < 0:
        assert wrong == 1.0
        assert ceiling < 0.501
    else:
        assert wrong == 0.0
        assert floor > 0.499
    # the term of (e) repairs it
    assert wrong <= misranking(p, m) + calibration_term(p, m, eta)
    assert_allclose(wrong, misranking(p, m) + calibration_shift(p, m, eta))
    assert risk < LN2 + 1e-6


def test_assumptions_are_named():
    for entry in STATEMENTS:
        wanted = {"theorem-3a": "A4ii", "theorem-3b": "A4ii", "theorem-3b-root": "A4ii"}
        wanted |= {"theorem-3c": "A4ii", "theorem-3d": "A4i"}
        wanted |= {"theorem-3d-entropy": "A4i", "theorem-3e-risk": "A1'"}
        assert entry.assumptions == (
            (wanted[entry.key],) if entry.key in wanted else ()
        )
