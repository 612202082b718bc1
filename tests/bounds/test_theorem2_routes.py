"""bounds.theorem2: worst share, transport, weights, and the entropy."""

import math

import numpy as np
from numpy.testing import assert_allclose

from rankbound.bounds.registry import statement
from rankbound.bounds.shift import (
    cvar,
    density_ratio,
    line_transport,
    total_variation,
    transport_shift,
)
from rankbound.bounds.special import c_phi
from tests import oracles


def value(key, *arguments):
    return statement(key).numpy()(*arguments)


def world(rng, size=5):
    mu, nu = rng.dirichlet(np.full(size, rng.choice([0.3, 3.0])), 2)
    if rng.random() < 0.3:  # laws without a document in common
        mu[:2], nu[2:] = 0, 0
        mu, nu = mu / mu.sum(), nu / nu.sum()
    elif rng.random() < 0.5:
        mu = 0.1 * mu + 0.9 * nu
    teacher = rng.normal(0, rng.choice([0.5, 3.0, 20.0]), size)
    student = rng.choice([0.3, 3.0, 10.0]) * rng.random(size)
    return mu, nu, teacher, student


def risk(law, teacher, student):
    return oracles.risk_of_law(law.tolist(), teacher.tolist(), student.tolist())


def pair_losses(teacher, student):
    return [
        oracles.pair_loss(oracles.sigmoid(a - b), x - y)
        for a, x in zip(teacher, student, strict=True)
        for b, y in zip(teacher, student, strict=True)
    ]


def test_worst_share_bounds_the_target_risk_and_is_below_both_simple_bounds():
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(300):
        mu, nu, teacher, student = world(rng)
        kappa = density_ratio(mu, nu).kappa
        if math.isinf(kappa):
            continue
        losses = pair_losses(teacher, student)
        worst = cvar(losses, oracles.product_law(nu), ratio=kappa**2)
        target, sampled = risk(mu, teacher, student), risk(nu, teacher, student)
        assert target <= worst + 1e-12
        assert worst <= value("theorem-2c-ratio", kappa, sampled) + 1e-12
        shift = value("theorem-2b", np.ptp(student), kappa)
        assert worst <= sampled + shift + 1e-9
        shares.append(target / worst)
    # looseness on record
    assert max(shares) > 0.99
    assert np.median(shares) > 0.4


def test_worst_share_is_attained_by_a_law_of_pairs():
    losses, law, ratio = np.array([0.1, 0.7, 2.0, 0.3]), np.full(4, 0.25), 2.5
    at_the_cap = ratio * law * np.array([0, 0.6, 1, 0])
    assert_allclose(at_the_cap.sum(), 1.0)
    assert_allclose(cvar(losses, law, ratio=ratio), at_the_cap @ losses, rtol=1e-14)


def test_transport_bounds_the_shift_also_without_common_documents():
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(500):
        mu, nu, teacher, student = world(rng)
        B, A = np.ptp(student), np.ptp(teacher)
        change = abs(risk(mu, teacher, student) - risk(nu, teacher, student))
        shift = transport_shift(
            student,
            teacher,
            mu,
            nu,
            loss_slope=value("lemma-3-lipschitz", A, B),
            score_range=B,
        )
        assert change <= shift + 1e-12
        shares.append(change / shift)
    # looseness on record
    assert 0.2 < max(shares) < 0.9


def test_transport_is_small_where_the_density_ratio_is_infinite():
    mu, nu = [0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]
    student, teacher = [0.0, 5.0, 0.01, 5.01], [0.0, 3.0, 0.01, 3.01]
    shift = transport_shift(student, teacher, mu, nu, loss_slope=1.0, score_range=5.01)
    assert shift < 0.05
    assert math.isinf(density_ratio(mu, nu).kappa)
    assert value("theorem-2b", 5.01, math.inf) == 5.01


def test_lipschitz_form_is_the_score_form_at_full_slopes():
    """Documents on a line, both scores with their largest slopes."""
    rng = np.random.default_rng(3)
    L, L_g, tau, slope = 3.0, 5.0, 2.0, 0.9
    for _ in range(20):
        mu, nu = rng.dirichlet(np.ones(6), 2)
        places = rng.random(6)
        Delta = np.ptp(places)
        distance = line_transport(places, mu, nu)
        found = value("theorem-2d-lipschitz", L, slope, Delta, L_g, tau, distance)
        scores = transport_shift(
            L * places,
            L_g / tau * places,
            mu,
            nu,
            loss_slope=slope,
            score_range=L * Delta,
        )
        assert_allclose(found, scores, rtol=1e-10)


def test_entropy_shift_holds_both_ways():
    rng = np.random.default_rng(4)
    by_variation, by_transport = [], []
    for _ in range(500):
        mu, nu, teacher, _ = world(rng)
        L_g, tau = 2.0, 0.7
        entropies = [oracles.entropy_of_law(law, teacher.tolist()) for law in (mu, nu)]
        change = abs(entropies[0] - entropies[1])
        first = value("theorem-2f", total_variation(mu, nu))
        # documents on a line, at which the teacher has its full slope
        distance = line_transport(teacher * tau / L_g, mu, nu)
        second = value("theorem-2f-transport", L_g, tau, distance)
        assert change <= min(first, second) + 1e-12
        by_variation.append(change / first)
        by_transport.append(change / second)
    # looseness on record; and the entropy of the sampler is not that of the target
    assert 0.4 < max(by_variation) < 1
    assert 0.4 < max(by_transport) < 1


def test_constant_of_the_entropy_shift():
    assert_allclose(float(c_phi), 0.223871602347, atol=1e-12)
    found = value("theorem-2f-transport", 1.0, 1.0, 1.0)
    assert_allclose(found, 0.447743204694, atol=2e-12)
    a = np.linspace(0, 20, 20_001)
    slopes = a / (4 * np.cosh(a / 2) ** 2)
    assert_allclose(slopes.max(), float(c_phi), atol=1e-8)
