"""bounds.theorem3: against loops, exact values, inverses to all digits."""

import math

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from rankbound.bounds import theorem3 as module
from rankbound.bounds.errors import DomainError
from rankbound.bounds.theorem3 import (
    bayes_error,
    discordant_divergence,
    entropy_margin,
    h_inverse,
    misranking,
    misranking_ceiling,
    misranking_floor,
    psi,
    psi_inverse,
)
from tests import oracles

LN2 = math.log(2)
CERTAINTIES = [1e-9, 1e-4, 0.003, 0.2, 0.46, 0.9, 0.999, 1 - 1e-12]


@pytest.mark.parametrize("theta", CERTAINTIES)
def test_psi_to_all_digits_and_by_its_series(theta):
    x = sympy.Rational(theta)
    exact = ((1 + x) * sympy.log(1 + x) + (1 - x) * sympy.log(1 - x)) / 2
    assert_allclose(float(psi(theta)), float(exact.evalf(40)), rtol=4e-15)
    assert float(psi(theta)) >= theta**2 / 2 * (1 - 1e-15)
    if theta < 0.5:
        series = math.fsum(
            theta ** (2 * j) / (2 * j * (2 * j - 1)) for j in range(1, 60)
        )
        assert_allclose(float(psi(theta)), series, rtol=1e-14)


@pytest.mark.parametrize("theta", CERTAINTIES[:-1])
def test_psi_inverse_goes_back_and_never_below(theta):
    back = float(psi_inverse(psi(theta)))
    assert_allclose(back, theta, rtol=1e-9 if theta > 0.99 else 1e-14)
    assert float(psi(back)) >= float(psi(theta)) * (1 - 1e-15)
    small = theta**2
    assert float(psi_inverse(small)) <= math.sqrt(2 * small) * (1 + 1e-15)


def test_psi_inverse_saturates_at_ln_2():
    assert psi_inverse([LN2, 0.7, math.inf]).tolist() == [1.0, 1.0, 1.0]
    assert psi_inverse(0.0) == 0.0


@pytest.mark.parametrize("p", [1e-300, 1e-12, 1e-4, 0.1, 0.3, 0.49])
def test_h_inverse_goes_back_also_for_rare_preferences(p):
    entropy = -p * math.log(p) - (1 - p) * math.log1p(-p)
    assert_allclose(float(h_inverse(entropy)), p, rtol=1e-11)
    assert float(h_inverse(entropy)) <= p * (1 + 1e-11)


def test_h_inverse_at_the_ends_and_convex():
    assert h_inverse(0.0) == 0.0
    assert h_inverse(LN2) == 0.5
    grid = h_inverse(np.linspace(0, LN2, 400))
    assert np.all(np.diff(grid, 2) >= -1e-12)


def test_entropy_margin_is_the_inverse_of_phi():
    for a in (0.01, 1.0, 2.567553740210, 30.0):
        entropy = oracles.softplus(-a) + a * oracles.sigmoid(-a)
        assert_allclose(float(entropy_margin(entropy)), a, rtol=1e-6)


def test_misranking_against_the_loop():
    rng = np.random.default_rng(3)
    p, m = rng.random(40), rng.normal(size=40).round(0)
    weights = rng.random(40)
    assert (m == 0).any()
    assert_allclose(
        misranking(p, m, weights=weights), oracles.misranking(p, m, weights)
    )
    assert_allclose(misranking(p, m), oracles.misranking(p, m, np.ones(40)))
    # turning pairs around changes nothing
    turn = rng.random(40) < 0.5
    turned = np.where(turn, 1 - p, p), np.where(turn, -m, m)
    for function in (misranking, discordant_divergence):
        assert_allclose(function(*turned), function(p, m))
    # exact part: Bayes error plus the certainty of what is turned around
    disagree = ((p - 0.5) * m < 0) + 0.5 * (m == 0)
    local = float(np.mean(np.abs(2 * p - 1) * disagree))
    assert_allclose(misranking(p, m), bayes_error(p) + local)


def test_discordant_divergence_against_the_loop():
    p, m = [0.9, 0.9, 0.2, 0.5, 1.0], [1.0, -1.0, 0.0, 2.0, -3.0]
    parts = [
        oracles.bernoulli_kl(0.9, oracles.sigmoid(-1.0)),
        oracles.bernoulli_kl(0.2, 0.5) / 2,
        oracles.bernoulli_kl(1.0, oracles.sigmoid(-3.0)),
    ]
    assert_allclose(discordant_divergence(p, m), math.fsum(parts) / 5)


def test_ceiling_rises_in_every_argument_and_takes_the_least():
    grid = np.linspace(0, LN2, 12)
    table = [[misranking_ceiling(h, d) for d in np.linspace(0, 2, 15)] for h in grid]
    assert np.all(np.diff(table, axis=0) >= 0)
    assert np.all(np.diff(table, axis=1) >= 0)
    assert misranking_ceiling(0.0, 0.0) == 0.0
    assert misranking_ceiling(LN2, 5.0) == 1.0
    assert_allclose(misranking_ceiling(0.02, 0.05), 0.07 / LN2)
    assert_allclose(misranking_ceiling(0.1, 0.2, discordant=0.0), 0.1 / (2 * LN2))
    assert misranking_ceiling(0.1, 0.2, discordant=9.0) == misranking_ceiling(0.1, 0.2)


def test_weights_count_queries_equally():
    # one query of one pair, one of three
    p, m = [0.9, 0.6, 0.6, 0.6], [1.0, 1.0, 1.0, 1.0]
    assert_allclose(misranking(p, m, weights=[1, 1 / 3, 1 / 3, 1 / 3]), 0.25)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: misranking([1.2], [0.0]), r"`p` must lie in \[0, 1\], got 1.2"),
        (lambda: misranking([0.2], [math.nan]), "`m` must lie in"),
        (lambda: misranking([0.2], [1.0], weights=[0.0]), "positive and finite sum"),
        (lambda: misranking([0.2], [1.0], weights=[-1.0]), "`weights` must lie in"),
        (lambda: misranking([], []), "positive and finite sum"),
        (lambda: discordant_divergence([0.2], [math.inf]), "`m` must lie in"),
        (lambda: psi(1.5), "`theta` must lie in"),
        (lambda: psi_inverse(-1.0), "`divergence` must lie in"),
        (lambda: h_inverse(0.7), "`entropy` must lie in"),
        (lambda: misranking_floor(math.nan), "`entropy` must lie in"),
        (lambda: misranking_ceiling(0.9, 0.1), "`entropy` must lie in"),
        (lambda: misranking_ceiling(0.1, -0.1), "`divergence` must lie in"),
        (lambda: misranking_ceiling(0.1, 0.1, discordant=-1), "`discordant` must lie"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DomainError, match=message):
        call()


def test_one_widest_margin_covers_all_floats():
    assert oracles.sigmoid(-module.WIDEST) == 0.0 or module.WIDEST > 744
