"""bounds.lemma5: closed forms to all digits, coverage, and the cases of equality."""

import math
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Rational

from rankbound.bounds.registry import statement
from tests import oracles

BEYOND = statement("lemma-5a-maximum").numpy()
CERTIFIED = statement("lemma-5d").numpy()


@pytest.mark.parametrize("n", [1, 3, 1000, 500_000, 10**9])
@pytest.mark.parametrize("delta", [0.05, 0.5, 1e-6])
def test_mass_beyond_the_maximum_to_all_digits(n, delta):
    exact = 1 - Rational(delta) ** Rational(1, n)
    assert_allclose(BEYOND(n, delta), float(exact.evalf(40)), rtol=1e-14)
    assert BEYOND(n, delta) <= math.log(1 / delta) / n
    if n > 1:
        assert_allclose(CERTIFIED(2 * n, delta), BEYOND(n, delta), rtol=1e-14)


def test_mass_beyond_the_maximum_at_two_sizes():
    assert_allclose(BEYOND([500_000, 1000], 0.05), [6e-6, 0.003], rtol=5e-3)


@pytest.mark.statistical
def test_mass_beyond_the_maximum_is_covered_and_attained():
    """False-alarm rate at most 1e-6 on either side: the level is exact."""
    rng, runs, n, delta = np.random.default_rng(75), 20_000, 12, 0.3
    beyond = 1 - rng.random((runs, n)).max(axis=1)
    misses = int((beyond > BEYOND(n, delta)).sum())
    assert misses <= oracles.most_failures(runs, delta, 1e-6)
    assert runs - misses <= oracles.most_failures(runs, 1 - delta, 1e-6)


@pytest.mark.statistical
@pytest.mark.parametrize("beta", [0.1, 0.4])
def test_one_query_share_of_far_pairs_is_covered(beta):
    """False-alarm rate at most 1e-6: a tight cluster, all else far from everything."""
    rng, runs, k, delta = np.random.default_rng(76), 4000, 9, 0.1
    mass = math.sqrt(1 - beta)
    inside = (rng.random((runs, k)) < mass).sum(axis=1)
    shares = 1 - inside * (inside - 1) / (k * (k - 1))
    epsilon = statement("lemma-5c").procedure(k, delta=delta)
    misses = int((beta - shares >= epsilon).sum())
    assert misses <= oracles.most_failures(runs, delta, 1e-6)


@pytest.mark.parametrize("k", [2, 5, 16])
def test_one_query_certifies_no_more_than_the_cluster_shows(k):
    """Exactly delta at the bound: all k documents in the cluster."""
    for delta in (0.05, 0.4):
        beta = CERTIFIED(k, delta)
        assert_allclose(math.sqrt(1 - beta) ** k, delta, rtol=1e-12)
    assert_allclose(1 - CERTIFIED(16, 0.05), 0.688, atol=5e-4)


def test_no_graph_of_four_points_beats_the_cluster():
    """Near pairs with loops on equal points: k near documents, every graph."""
    pairs = [(i, j) for i in range(4) for j in range(i)]
    points = list(product(range(4), repeat=3))
    for edges in product([0, 1], repeat=len(pairs)):
        near = {pair for pair, on in zip(pairs, edges, strict=True) if on}
        near |= {(j, i) for i, j in near} | {(i, i) for i in range(4)}
        density = len(near) / 16
        triples = sum(
            (x, y) in near and (y, z) in near and (x, z) in near for x, y, z in points
        )
        assert triples / 64 <= density**1.5 + 1e-12


def test_quantile_of_quantiles_is_attained_and_holds():
    view = statement("lemma-5e").numpy()
    assert_allclose(view(0.99, 0.99), 0.9801)
    rng = np.random.default_rng(77)
    slack = []
    for _ in range(300):
        queries, pairs = (int(x) for x in rng.integers(1, 12, 2))
        table = rng.random((queries, pairs)) ** rng.exponential(2)
        levels = rng.uniform(0.1, 0.95, 2)
        inner = [oracles.inverted_cdf(row, 100 * levels[0]) for row in table.tolist()]
        outer = oracles.inverted_cdf(inner, 100 * levels[1])
        covered = float((table <= outer).mean())
        assert covered >= view(*levels) - 1e-12
        slack.append(covered - view(*levels))
    assert min(slack) < 0.1
    # equality: 3 of 4 queries with 9 of 10 pairs near, the fourth far away
    table = np.array([[0.0] * 9 + [5.0]] * 3 + [[9.0] * 10])
    inner = [oracles.inverted_cdf(row, 90) for row in table.tolist()]
    outer = oracles.inverted_cdf(inner, 75)
    assert_allclose((table <= outer).mean(), view(0.9, 0.75))
