import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from rankbound.reference.formulas import (
    cosine_dissimilarities,
    reference_cosine_diameter,
    reference_diameter,
    scaled_along_documents,
    why_diameter,
)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("dim", "expected"), [(96, 4.17), (384, 7.64), (768, 10.46), (3072, 20.3)]
)
def test_the_wrong_axis_measures_the_length_of_the_vectors(dim, expected):
    """The largest of 40 groups of 16 random vectors, near sqrt(2 dim / 15)."""
    rng = np.random.default_rng(3)
    found = [reference_diameter(rng.normal(size=(16, dim))) for _ in range(40)]
    assert max(found) == pytest.approx(expected, rel=0.03)
    assert np.mean(found) == pytest.approx(np.sqrt(2 * dim / 15), rel=0.12)


def test_unit_vectors_are_at_most_two_apart():
    rng = np.random.default_rng(3)
    groups = rng.normal(size=(40, 16, 768))
    right = [np.quantile(pdist(unit(group)), 0.99) for group in groups]
    assert max(right) == pytest.approx(1.483, abs=0.01)
    long = groups * np.linspace(1, 11, 16)[:, None]  # a length changes no direction
    assert np.mean([reference_diameter(group) for group in long]) > 12
    again = [np.quantile(pdist(unit(group)), 0.99) for group in long]
    assert np.mean(again) == pytest.approx(np.mean(right), rel=1e-12)


def test_near_duplicates_look_far_apart():
    rng = np.random.default_rng(4)
    close = rng.normal(size=768) + 1e-3 * rng.normal(size=(16, 768))
    right = np.quantile(pdist(unit(close)), 0.99)
    assert reference_diameter(close) / right > 100


def test_by_plain_loops():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(7, 3)) + 1
    columns = [math.sqrt(sum(row[j] ** 2 for row in vectors)) for j in range(3)]
    scaled = [[row[j] / columns[j] for j in range(3)] for row in vectors]
    assert scaled_along_documents(vectors) == pytest.approx(np.array(scaled))
    distances = sorted(
        math.dist(scaled[i], scaled[j]) for i in range(7) for j in range(i)
    )
    place = 0.95 * (len(distances) - 1)
    below = math.floor(place)
    step = (place - below) * (distances[below + 1] - distances[below])
    found = reference_diameter(vectors, quantile=0.95)
    assert found == pytest.approx(distances[below] + step)
    cosines = sorted(pdist(vectors, "cosine"))
    assert np.sort(cosine_dissimilarities(vectors)) == pytest.approx(cosines)
    assert reference_cosine_diameter(vectors, quantile=1.0) == pytest.approx(
        cosines[-1]
    )


@pytest.mark.parametrize(("size", "expected"), [(16, 1.0), (100, 1.0), (300, 0.0)])
def test_what_the_quantile_sees_of_one_outlier_changes_with_the_size(size, expected):
    """Distances, so that the axis plays no part: one vector across all the others."""
    vectors = np.tile([1.0, 0.0], (size, 1))
    vectors[0] = [0.0, 1.0]
    assert reference_cosine_diameter(vectors) == pytest.approx(expected)


def test_one_minus_cosine_breaks_the_triangle():
    corner = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    first, whole, second = cosine_dissimilarities(corner)
    assert whole == pytest.approx(1.0)
    assert round(first + second, 3) == 0.586


def test_dimension_estimates_on_one_minus_cosine_are_halved():
    """1 - cos is half a squared distance, so ratios of neighbours are squared."""
    rng = np.random.default_rng(6)
    points = unit(rng.normal(size=(200, 6)))
    cosine = np.zeros((200, 200))
    cosine[np.triu_indices(200, 1)] = cosine_dissimilarities(points)
    cosine += cosine.T + 10 * np.eye(200)
    nearest = np.sort(cosine, axis=1)[:, :2]
    chord = np.sqrt(2 * nearest)
    by_cosine = 1 / np.mean(np.log(nearest[:, 1] / nearest[:, 0]))
    by_distance = 1 / np.mean(np.log(chord[:, 1] / chord[:, 0]))
    assert by_cosine == pytest.approx(by_distance / 2)
    assert by_distance == pytest.approx(5, rel=0.25)


@pytest.mark.parametrize(
    ("vectors", "cosine", "reason"),
    [
        (np.ones((1, 3)), False, "no pair"),
        (np.array([[0.0, 1.0], [0.0, 2.0]]), False, "a coordinate is 0"),
        (np.array([[0.0, 0.0], [0.0, 2.0]]), True, "a vector is zero"),
    ],
)
def test_without_a_value(vectors, cosine, reason):
    measure = reference_cosine_diameter if cosine else reference_diameter
    assert math.isnan(measure(vectors))
    assert reason in why_diameter(vectors, cosine=cosine)


def test_with_a_value_there_is_no_reason():
    assert why_diameter(np.eye(2), cosine=False) == ""
    assert why_diameter(np.eye(2), cosine=True) == ""
