"""paper_appendix: steps of the proofs of Lemma 4, Theorem 1 (e), (f) and Theorem 2."""

import itertools
import math

import numpy as np
from numpy.testing import assert_allclose

from tests import oracles


def test_lemma_4_contraction_for_every_sign_vector():
    """Sums of losses against sums of margins, over a finite class of margins."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        n, score_range, A = 4, rng.choice([0.2, 3.0]), rng.choice([0.1, 5.0])
        margins = rng.uniform(-score_range, score_range, (30, n))
        p = 1 / (1 + np.exp(rng.uniform(-A, A, n)))
        losses = np.logaddexp(0, margins) - p * margins
        slope = oracles.sigmoid(A) + oracles.sigmoid(score_range) - 1
        signs = np.array(list(itertools.product((-1, 1), repeat=n)))
        left = (losses @ signs.T).max(axis=0).mean()
        right = slope * (margins @ signs.T).max(axis=0).mean()
        assert left <= right + 1e-12


def test_lemma_4_supremum_of_a_mean_is_below_the_mean_of_suprema():
    rng = np.random.default_rng(2)
    losses = rng.random((20, 3, 4))  # students, queries, pairs
    signs = np.array([1, -1, 1])
    left = (losses.mean(axis=2) @ signs).max()
    drawn = [
        max(losses[f, range(3), list(pairs)] @ signs for f in range(20))
        for pairs in itertools.product(range(4), repeat=3)
    ]
    assert left <= np.mean(drawn)


def test_theorem_1e_exchange_moves_the_supremum_by_at_most_a_share():
    rng = np.random.default_rng(3)
    for _ in range(100):
        risks, means = 2 * rng.random((40, 10)), rng.random(40)
        other = risks.copy()
        other[:, 4] = 2 * rng.random(40)
        moved = (means - risks.mean(axis=1)).max() - (means - other.mean(axis=1)).max()
        assert abs(moved) <= 2 / 10 + 1e-12


def test_theorem_1f_moment_is_below_xi():
    """E exp(n kl(mean || mu)) of Bernoulli means is xi(n) for every mu in (0, 1)."""
    for n, mu in itertools.product((1, 2, 5, 9), (0.1, 0.5, 0.8)):
        xi = moment = 0.0
        for i in range(n + 1):
            choose = math.comb(n, i)
            x = i / n
            xi += choose * x**i * (1 - x) ** (n - i)
            chance = choose * mu**i * (1 - mu) ** (n - i)
            moment += chance * math.exp(n * oracles.bernoulli_kl(x, mu))
        assert_allclose(moment, xi, rtol=1e-10)
        assert xi <= 2 * math.sqrt(n) + 1e-12


def test_theorem_2a_common_mass_is_at_least_one_over_kappa():
    rng = np.random.default_rng(4)
    for _ in range(100):
        nu, mu = rng.dirichlet(np.ones(6), 2)
        kappa = (mu / nu).max()
        assert np.minimum(mu, nu).sum() >= 1 / kappa - 1e-12


def test_theorem_2b_two_scores_are_half_the_range_apart_at_most():
    rng = np.random.default_rng(5)
    for _ in range(100):
        scores, law = 3 * rng.random(7), rng.dirichlet(np.full(7, 0.3))
        apart = law @ np.abs(np.subtract.outer(scores, scores)) @ law
        assert apart <= 1.5 + 1e-12
    assert_allclose(np.array([0.5, 0.5]) @ [[0, 3], [3, 0]] @ [0.5, 0.5], 1.5)


def test_theorem_2c_density_at_the_cap_has_equality():
    rng = np.random.default_rng(6)
    losses, law, cap = rng.random(9), rng.dirichlet(np.ones(9)), 1.7
    order = np.argsort(-losses)
    density, left = np.zeros(9), 1.0
    for i in order:
        density[i] = min(cap, left / law[i])
        left -= density[i] * law[i]
    t = losses[[i for i in order if density[i] > 0][-1]]
    assert_allclose(law @ density, 1.0)
    right = t + cap * law @ np.maximum(losses - t, 0)
    assert_allclose(law @ (density * losses), right, rtol=1e-12)


def test_theorem_2d_loss_changes_by_at_most_the_cost_in_the_box():
    rng = np.random.default_rng(7)
    for _ in range(2000):
        B, A = rng.choice([0.3, 4.0], 2)
        (m, n), (a, b) = rng.uniform(-B, B, 2), rng.uniform(-A, A, 2)
        change = oracles.pair_loss(oracles.sigmoid(a), m)
        change -= oracles.pair_loss(oracles.sigmoid(b), n)
        slope = oracles.sigmoid(A) + oracles.sigmoid(B) - 1
        assert abs(change) <= slope * abs(m - n) + B / 4 * abs(a - b) + 1e-12


def test_theorem_2f_entropy_changes_by_at_most_c_phi_per_margin():
    a = np.linspace(-30, 30, 6001)
    entropy = [oracles.entropy_of(oracles.sigmoid(x)) for x in a.tolist()]
    slopes = np.abs(np.diff(entropy)) / np.diff(a)
    assert 0.2238 < slopes.max() <= 0.223871602348
