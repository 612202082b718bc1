"""bounds.theorem6: the binary bound on every list; means go inside."""

import math
from itertools import combinations

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from rankbound.bounds.notation import inversions, rho
from rankbound.bounds.registry import statement
from tests import oracles

BINARY = statement("theorem-6c").numpy()


def binary_lists(size):
    """Number of relevant documents, inversions and loss of DCG of every list."""
    for relevant in range(1, size + 1):
        for ranks in combinations(range(1, size + 1), relevant):
            ideal = sum(1 / math.log2(1 + j) for j in range(1, relevant + 1))
            dcg = sum(1 / math.log2(1 + j) for j in ranks)
            wrong = sum(ranks) - relevant * (relevant + 1) // 2
            yield relevant, wrong, ideal - dcg


@pytest.mark.parametrize("size", range(1, 10))
def test_binary_bound_holds_on_every_list_and_is_exact_for_one(size):
    for relevant, wrong, loss in binary_lists(size):
        bound = BINARY(relevant, wrong)
        assert loss <= bound + 1e-12
        if relevant == 1:
            assert_allclose(bound, loss, atol=1e-14)


def test_binary_bound_takes_means_over_queries():
    rng = np.random.default_rng(66)
    lists = list(binary_lists(9))
    for relevant in range(1, 9):
        of_one = [(wrong, loss) for r, wrong, loss in lists if r == relevant]
        for _ in range(20):
            chosen = [of_one[i] for i in rng.integers(0, len(of_one), 6)]
            wrong, loss = np.mean(chosen, axis=0)
            assert loss <= BINARY(relevant, wrong) + 1e-12


def test_binary_bound_is_concave_in_the_inversions():
    second = statement("theorem-6c").derivative(inversions).diff(inversions)
    x = sympy.Symbol("x", positive=True)
    for value in np.linspace(0, 50, 40):
        point = second.subs({rho: 3, inversions: x}).subs(x, float(value))
        assert float(point.evalf()) < 0


def test_binary_bound_is_vacuous_for_a_whole_corpus():
    """One percent of wrong pairs among 1000 documents: ten inversions."""
    assert_allclose(BINARY(1, 10), 0.72, atol=5e-3)


def test_binary_bound_does_not_hold_with_a_cutoff():
    """A trap: at cut-off 1 one inversion costs everything."""
    loss = 1 - oracles.worst_ndcg([1.0, 0.0], [0.0, 1.0], 1)
    assert loss == 1.0 > BINARY(1, 1) + 0.5


def test_binary_bound_spreads_inversions_evenly():
    """Three relevant documents, two inversions each: every one falls to D(3) = 1/2."""
    assert_allclose(BINARY(3, 6), 1.5, rtol=1e-15)
    # looseness on record: the best list of two relevant documents
    gaps = [BINARY(r, i) / loss for r, i, loss in binary_lists(9) if r == 2 and i]
    assert 1.3 < min(gaps) < 1.4
