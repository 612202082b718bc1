"""bounds.lemma4: the complexity is above every supremum, and is reached where small."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemma4 import mean_squared_distance, rademacher_bilinear
from rankbound.bounds.registry import statement
from tests import oracles

PAIRS = {k: list(itertools.combinations(range(k), 2)) for k in (2, 3, 4)}


def supremum(queries, groups, certain, norm, rng):
    """Empirical Rademacher complexity from below: the best of many matrices.

    `certain[q]` are teacher preferences of the pairs; every sign vector is taken.
    """
    n, k = len(queries), groups.shape[1]
    left, right = np.array(PAIRS[k]).T
    products = np.einsum("qa,qpb->qpab", queries, groups[:, left] - groups[:, right])
    matrices = rng.normal(size=(4000, *products.shape[2:]))
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=n)))
    # the best matrix for a linear loss, for every sign vector, is among those tried
    slopes = np.einsum("sq,qpab,qp->sab", signs, products, 0.5 - certain)
    matrices = np.concatenate([matrices, slopes])
    sizes = np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    matrices = norm * matrices / np.where(sizes == 0, 1, sizes)
    matrices[:1000] *= rng.random((1000, 1, 1))
    margins = np.einsum("qpab,mab->mqp", products, matrices)
    risks = (np.logaddexp(0, margins) - certain * margins).mean(axis=2)
    largest = float(np.abs(margins).max())
    return float((risks @ signs.T).max(axis=0).mean()) / n, largest


def bound(queries, groups, norm, loss_slope):
    return rademacher_bilinear(
        np.linalg.norm(queries, axis=1),
        [mean_squared_distance(group) for group in groups],
        norm=norm,
        loss_slope=loss_slope,
    )


def range_of(queries, groups, norm):
    distances = np.linalg.norm(groups[:, :, None] - groups[:, None], axis=3)
    return norm * np.linalg.norm(queries, axis=1).max() * distances.max()


def test_scatter_matches_the_mean_over_pairs():
    rng = np.random.default_rng(1)
    for k in (2, 3, 9):
        vectors = rng.normal(5.0, 1.0, size=(k, 4))
        expected = oracles.mean_squared_distance(vectors.tolist())
        assert_allclose(mean_squared_distance(vectors), expected, rtol=1e-12)
    assert mean_squared_distance(np.ones((3, 2))) == 0.0
    # far from the origin nothing cancels
    assert_allclose(mean_squared_distance([[1e8], [1e8 + 1]]), 1.0, rtol=1e-12)


def test_complexity_matches_the_loop_and_the_closed_form():
    rng = np.random.default_rng(2)
    queries, groups = rng.normal(size=(5, 3)), rng.normal(size=(5, 4, 6))
    found = bound(queries, groups, 2.0, 0.7)
    norms = np.linalg.norm(queries, axis=1)
    expected = oracles.bilinear_complexity(norms.tolist(), groups.tolist(), 2.0, 0.7)
    assert_allclose(found, expected, rtol=1e-13)
    squares = [mean_squared_distance(group) for group in groups]
    scaled = math.sqrt((norms**2 @ squares) / 5)
    assert_allclose(
        statement("lemma-4").numpy()(0.7, 2.0, scaled, 5), found, rtol=1e-13
    )
    largest = range_of(queries, groups, 2.0)
    coarse = statement("lemma-4-diameter").numpy()(0.7, largest, 1.0, 5)
    assert found < coarse


@pytest.mark.parametrize("norm", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_no_supremum_is_above_the_bound(k, norm):
    rng = np.random.default_rng(k)
    shares = []
    for _ in range(6):
        queries, groups = rng.normal(size=(3, 2)), rng.normal(size=(3, k, 2))
        certain = rng.integers(0, 2, (3, len(PAIRS[k]))).astype(float)
        found, largest = supremum(queries, groups, certain, norm, rng)
        score_range = range_of(queries, groups, norm)
        assert largest <= score_range * (1 + 1e-12)
        slope = statement("lemma-3-lipschitz").numpy()(math.inf, score_range)
        limit = bound(queries, groups, norm, slope)
        assert found <= limit
        shares.append(found / limit)
    # looseness on record
    assert {0.05: 0.5, 1.0: 0.3, 20.0: 0.15}[norm] < max(shares)


def test_bound_is_reached_by_small_classes():
    """Orthogonal queries, one pair each: no constant below one would do."""
    queries, groups = np.eye(3), np.array([[[1.0, 0.0], [0.0, 0.0]]] * 3)
    certain = np.array([[0.0], [1.0], [1.0]])
    rng = np.random.default_rng(3)
    slope = statement("lemma-3-lipschitz").numpy()(math.inf, 0.01)
    found, _ = supremum(queries, groups, certain, 0.01, rng)
    assert 0.99 < found / bound(queries, groups, 0.01, slope) <= 1


def test_complexity_grows_with_a_small_box_like_its_square():
    slopes = statement("lemma-3-lipschitz").numpy()(np.array([0.1, 0.2]), [0.1, 0.2])
    complexity = statement("lemma-4-diameter").numpy()(slopes, [0.1, 0.2], 1.0, 100)
    assert_allclose(complexity[1] / complexity[0], 4.0, rtol=1e-2)


def test_lipschitz_in_the_document_alone_does_not_bound_the_deviation():
    """Trap: a class with nothing but A1 has a student that knows the sample."""
    rng, score_range = np.random.default_rng(4), 10.0
    for n in (10, 1000):
        sampled = set(rng.random(n))
        fresh = rng.random(2000)

        def risk(query, seen=sampled):
            margin = score_range if query in seen else -score_range
            return oracles.pair_loss(1.0, margin)

        gap = np.mean([risk(q) for q in fresh]) - np.mean([risk(q) for q in sampled])
        assert_allclose(gap, score_range, rtol=1e-12)
        bilinear = statement("lemma-4-diameter").numpy()(1.0, score_range, 1.0, n)
        assert n == 10 or gap > 2 * bilinear


@pytest.mark.parametrize(
    "vectors", [[[1.0, 2.0]], [1.0, 2.0], [[math.nan], [0.0]], np.ones((2, 2, 2))]
)
def test_scatter_rejects_what_has_no_pairs(vectors):
    with pytest.raises(DomainError, match="got shape"):
        mean_squared_distance(vectors)


@pytest.mark.parametrize(
    ("norms", "squares", "options", "message"),
    [
        ([], [], {}, "one entry per query"),
        ([1.0], [1.0, 1.0], {}, "1 norms and 2 mean"),
        ([-1.0], [1.0], {}, "`query_norms` must be finite.*-1.0 at position 0"),
        ([1.0], [math.nan], {}, "`mean_squared_distances`.*nan"),
        ([1.0], [1.0], {"norm": math.inf}, "`norm` must be finite"),
        ([1.0], [1.0], {"loss_slope": 1.1}, "`loss_slope` must lie in"),
    ],
)
def test_complexity_rejects_what_is_no_norm(norms, squares, options, message):
    with pytest.raises(DomainError, match=message):
        rademacher_bilinear(norms, squares, **({"norm": 1.0} | options))
