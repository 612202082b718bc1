"""Intrinsic dimension and density against loops, known clouds, and copies."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.distance import pdist

from rankbound.bounds.errors import DomainError
from rankbound.estimators.shape import (
    COPY,
    knn_log_density,
    neighbour_distances,
    two_nn_dimension,
)


def near_of(points, size=None):
    """Neighbours of one cloud, padded to `size` documents where given."""
    size = len(points) if size is None else size
    filled = np.concatenate([points, np.zeros((size - len(points), points.shape[1]))])
    there = np.arange(size) < len(points)
    first, second = np.triu_indices(size, 1)
    chosen = there[first] & there[second]
    return neighbour_distances(pdist(filled)[None], chosen[None])


def loops(points, k):
    """TwoNN and k-NN density of distinct points, by loops."""
    n, logs, radii = len(points), 0.0, 0.0
    for i in range(n):
        row = sorted(math.dist(points[i], points[j]) for j in range(n) if j != i)
        logs += math.log(row[1] / row[0])
        radii += math.log(row[k - 1])
    dimension = (n - 1) / logs
    ball = dimension / 2 * math.log(math.pi) - math.lgamma(dimension / 2 + 1)
    return dimension, math.log(k / (n - 1)) - ball - dimension * radii / n


@pytest.mark.parametrize("n", [5, 16, 40])
@pytest.mark.parametrize("extra", [0, 3])
@pytest.mark.parametrize("k", [1, 4])
def test_match_loops_with_and_without_padding(n, extra, k):
    points = np.random.default_rng(n).normal(size=(n, 6))
    near = near_of(points, n + extra)
    dimension = two_nn_dimension(near)
    density = knn_log_density(near, dimension, neighbours=k)
    assert_allclose([dimension[0], density[0]], loops(points.tolist(), k), rtol=1e-10)


@pytest.mark.parametrize("copies", [1, 4, 10])
@pytest.mark.parametrize("jitter", [0.0, 1e-6])
def test_copies_are_left_out(copies, jitter):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(16, 5))
    twins = points[:copies] + jitter * rng.normal(size=(copies, 5))
    mixed = np.concatenate([points, twins])
    for one, two in ((near_of(points), near_of(mixed)),):
        assert_allclose(two_nn_dimension(two), two_nn_dimension(one), rtol=1e-12)
        dimension = np.array([5.0])
        assert_allclose(
            knn_log_density(two, dimension), knn_log_density(one, dimension), rtol=1e-12
        )


def test_a_chain_of_copies_is_one_document_and_distance_decides():
    apart = np.array([[0.0], [0.5 * COPY], [1.0], [0.4]])
    near = near_of(apart)
    assert np.isinf(near[0, 1]).all()  # the second copy
    assert_allclose(near[0, 0, :2], [0.4, 1.0])
    just_outside = near_of(np.array([[0.0], [2 * COPY], [1.0], [0.4]]))
    assert np.isfinite(just_outside[0, 1, 0])


def test_known_dimension_of_a_large_cloud():
    # sd of the estimate is d / sqrt(n); five of them, and some for the edge of the cube
    for dimension, n in ((1, 100), (2, 600), (5, 600)):
        points = np.random.default_rng(dimension).uniform(size=(n, dimension))
        embedded = (
            points
            @ np.linalg.qr(np.random.default_rng(0).normal(size=(20, dimension)))[0].T
        )
        found = two_nn_dimension(near_of(embedded))[0]
        assert abs(found - dimension) < 5 * dimension / math.sqrt(n)


def test_scaling_moves_density_by_the_dimension_and_not_the_dimension():
    points = np.random.default_rng(3).normal(size=(16, 4))
    one, two = near_of(points), near_of(10 * points)
    d = two_nn_dimension(one)
    assert_allclose(two_nn_dimension(two), d, rtol=1e-12)
    step = knn_log_density(two, d) - knn_log_density(one, d)
    assert_allclose(step, -d * math.log(10), rtol=1e-12)


def test_huge_dimensions_do_not_overflow():
    near = near_of(np.random.default_rng(3).normal(size=(16, 4)))
    assert np.isfinite(knn_log_density(near, np.array([4000.0])))


@pytest.mark.parametrize("n", [2, 3])
def test_too_few_documents_have_no_dimension(n):
    points = np.eye(n) * 2.0
    assert np.isnan(two_nn_dimension(near_of(points))[0])  # 3: all ratios are 1
    assert np.isnan(knn_log_density(near_of(points), np.array([2.0]))[0])


def test_all_copies_have_no_dimension():
    near = near_of(np.ones((6, 3)))
    assert np.isnan(two_nn_dimension(near)[0])
    assert np.isnan(knn_log_density(near, np.array([2.0]), neighbours=1)[0])


def test_the_neighbour_counts_from_one():
    with pytest.raises(DomainError, match="`neighbours`"):
        knn_log_density(near_of(np.eye(4)), np.array([2.0]), neighbours=0)
