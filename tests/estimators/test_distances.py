"""estimators.distances: loops, SciPy, metric laws, duplicates, quantiles."""

import numpy as np
import pytest
import scipy.spatial.distance
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound import threads
from rankbound.bounds.errors import DomainError
from rankbound.estimators import distances
from rankbound.estimators.distances import (
    METRICS,
    ROWS,
    STRIP,
    check_metric,
    diameter,
    largest_distance,
    mean_distance,
    pair_distances,
    quantile_diameter,
)
from rankbound.estimators.pairs import selected_pairs
from tests import oracles, strategies

ORACLES = {"euclidean": oracles.euclidean, "angular": oracles.angle}


@pytest.mark.parametrize("metric", METRICS)
def test_pair_distances_match_loops(library, metric):
    vectors = np.random.default_rng(0).normal(size=(3, 5, 7))
    found = pair_distances(library.make(vectors), metric=metric)
    assert isinstance(found, library.kind)
    expected = [
        [ORACLES[metric](group[i], group[j]) for i, j in oracles.pairs_of(5)]
        for group in vectors.tolist()
    ]
    assert_allclose(np.asarray(found), expected, rtol=library.rtol)
    single = pair_distances(library.make(vectors.astype(np.float32)), metric=metric)
    assert str(single.dtype).endswith("float32")
    assert_allclose(np.asarray(single), expected, rtol=1e-5)


def test_pair_distances_match_scipy():
    vectors = 100 + np.random.default_rng(1).normal(size=(40, 16))
    expected = scipy.spatial.distance.pdist(vectors)
    assert_allclose(pair_distances(vectors), expected, rtol=1e-12)
    expected = np.arccos(1 - scipy.spatial.distance.pdist(vectors, "cosine"))
    found = pair_distances(vectors, metric="angular")
    assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "k", [1, 2, STRIP, STRIP + 1, STRIP + 2, 4 * STRIP, ROWS, ROWS + 1, 2 * ROWS + 2]
)
def test_groups_of_every_size_match_scipy(k, dtype, metric):
    groups = np.random.default_rng(k).normal(size=(3, k, 40)).astype(dtype)
    found = pair_distances(groups, metric=metric)
    kind = {"euclidean": "euclidean", "angular": "cosine"}[metric]
    expected = np.array([scipy.spatial.distance.pdist(group, kind) for group in groups])
    if metric == "angular":
        expected = np.arccos(1 - expected)
    assert found.shape == (3, k * (k - 1) // 2)
    assert_allclose(found, expected, rtol=1e-6 if dtype == np.float32 else 1e-12)
    one_by_one = [pair_distances(group, metric=metric) for group in groups]
    np.testing.assert_array_equal(one_by_one, found)


@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.uint8])
def test_short_types_are_computed_in_float64(dtype):
    vectors = np.array([[200, 0], [0, 100]]).astype(dtype)
    expected = oracles.euclidean(*vectors.astype(float).tolist())
    found = pair_distances(vectors)
    assert found.dtype == np.float64
    assert_allclose(found, [expected], rtol=1e-15)


@pytest.mark.parametrize("metric", METRICS)
@given(points=strategies.point_sets())
def test_distances_satisfy_the_triangle_inequality(metric, points):
    if metric == "angular":
        assume(np.all(np.any(points != 0, axis=1)))
    distances = scipy.spatial.distance.squareform(pair_distances(points, metric=metric))
    detours = distances[:, :, None] + distances[None, :, :]
    assert np.all(distances[:, None, :] <= detours + 1e-14 * (1 + distances.max()))


@given(points=strategies.point_sets(), shift=st.integers(-1000, 1000))
def test_euclidean_distances_ignore_a_translation(points, shift):
    assert_allclose(
        pair_distances(points + shift), pair_distances(points), rtol=1e-13, atol=0
    )


@given(
    points=strategies.point_sets(),
    scales=st.lists(st.integers(-30, 30), min_size=6, max_size=6),
)
def test_angular_distances_ignore_lengths(points, scales):
    assume(np.all(np.any(points != 0, axis=1)))
    factors = 2.0 ** np.array(scales[: len(points)])
    found = pair_distances(points * factors[:, None], metric="angular")
    expected = pair_distances(points, metric="angular")
    assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    assert np.all((found >= 0) & (found <= np.pi + 1e-15))


def test_angular_distances_are_accurate_at_both_ends():
    for angle in (0.0, 1e-7, 1e-3, np.pi / 2, np.pi - 1e-3, np.pi - 1e-7, np.pi):
        vectors = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
        found = pair_distances(vectors, metric="angular")
        assert_allclose(found, [angle], rtol=1e-14, atol=3e-16)


@pytest.mark.parametrize("metric", METRICS)
def test_duplicates_are_at_distance_zero(library, metric):
    vectors = 50 + np.random.default_rng(2).normal(size=(6, 33))
    vectors[3] = vectors[0]
    vectors[5] = vectors[4]
    found = pair_distances(library.make(vectors), metric=metric).tolist()
    pairs = oracles.pairs_of(6)
    assert [pair for pair, d in zip(pairs, found, strict=True) if d == 0] == [
        (0, 3),
        (4, 5),
    ]


@pytest.mark.parametrize("gap", [1e-9, 1e-6, 1e-3, 0.03, 0.05, 1.0])
@pytest.mark.parametrize("offset", [0.0, 10.0])
def test_near_duplicates_keep_ten_digits(gap, offset):
    rng = np.random.default_rng(3)
    vectors = offset + rng.normal(size=(5, 64))
    vectors[1] = vectors[0] + gap * rng.normal(size=64) / 8
    expected = [
        oracles.euclidean(vectors[i].tolist(), vectors[j].tolist())
        for i, j in oracles.pairs_of(5)
    ]
    assert_allclose(pair_distances(vectors), expected, rtol=1e-10)


def test_unit_vectors_are_at_most_two_apart():
    vectors = np.random.default_rng(4).normal(size=(16, 768))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = pair_distances(vectors)
    assert 1.3 < distances.max() < 2
    angles = pair_distances(vectors, metric="angular")
    assert_allclose(distances, 2 * np.sin(angles / 2), rtol=1e-12)


@pytest.mark.parametrize("name", ["cosine", "cos", "cosinus"])
def test_check_metric_rejects_the_cosine_with_its_reason(name):
    with pytest.raises(DomainError, match=r"triangle inequality.*use 'angular'"):
        pair_distances(np.eye(2), metric=name)
    # and the reason is true
    rays = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    first, whole, second = scipy.spatial.distance.pdist(rays, "cosine")
    assert whole > first + second


def test_check_metric_rejects_unknown_names():
    with pytest.raises(DomainError, match=r"'manhattan'.*euclidean.*angular"):
        check_metric("manhattan")
    assert [check_metric(metric) for metric in METRICS] == list(METRICS)


def test_pair_distances_reject_zero_vectors_under_the_angle(library):
    vectors = np.ones((2, 3, 4))
    vectors[1, 2] = 0
    with pytest.raises(DomainError, match=r"index \(1, 2\) is zero"):
        pair_distances(library.make(vectors), metric="angular")
    assert np.all(np.isfinite(np.asarray(pair_distances(library.make(vectors)))))


def test_pair_distances_reject_vectors_that_are_not_finite(library):
    vectors = np.ones((2, 3))
    vectors[1, 0] = np.nan
    with pytest.raises(DomainError, match=r"`vectors`.*\(1, 0\)"):
        pair_distances(library.make(vectors))


def test_diameter_and_mean_match_loops(library):
    rng = np.random.default_rng(5)
    distances, mask = rng.random((4, 10)), np.arange(5) < np.array([[5], [4], [3], [2]])
    chosen = selected_pairs(mask, mask=mask)
    kept = [row[pick].tolist() for row, pick in zip(distances, chosen, strict=True)]
    arrays = library.arrays(distances, chosen)
    found = np.asarray(diameter(*arrays))
    assert_allclose(found, [max(row) for row in kept], rtol=library.rtol)
    found = np.asarray(mean_distance(*arrays))
    assert_allclose(found, [sum(row) / len(row) for row in kept], rtol=library.rtol)


def test_diameter_without_pairs_is_zero_and_the_mean_is_rejected(library):
    for shape in ((2, 3), (2, 0)):
        nothing = library.arrays(np.ones(shape), np.zeros(shape, dtype=bool))
        assert diameter(*nothing).tolist() == [0, 0]
        assert quantile_diameter(*nothing, quantile=0.5).tolist() == [0, 0]
        with pytest.raises(DomainError, match="group 0 has no pair"):
            mean_distance(*nothing)


@given(
    values=st.lists(strategies.grid_numbers(20).map(abs), min_size=1, max_size=40),
    hundredths=st.integers(1, 100),
    n_dropped=st.integers(0, 3),
)
def test_quantile_diameter_matches_a_loop(values, hundredths, n_dropped):
    distances = np.array([*values, *([77.0] * n_dropped)])
    chosen = np.arange(len(distances)) < len(values)
    found = quantile_diameter(distances, chosen, quantile=hundredths / 100)
    assert found == oracles.inverted_cdf(values, hundredths)


@pytest.mark.parametrize("quantile", [0.013, 0.5, 0.757, 0.95, 0.99, 1.0])
def test_quantile_diameter_matches_numpy(library, quantile):
    distances = np.random.default_rng(6).random((50, 120)).astype(np.float32)
    chosen = np.ones_like(distances, dtype=bool)
    found = quantile_diameter(*library.arrays(distances, chosen), quantile=quantile)
    expected = np.quantile(distances, quantile, axis=-1, method="inverted_cdf")
    assert_allclose(np.asarray(found), expected, rtol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantile_diameter_holds_where_rank_is_a_whole_number(library, dtype):
    # j / n times n is not exactly j in floating point, least of all in float32
    for n in (7, 49):
        distances = library.make(np.arange(1, n + 1, dtype=dtype))
        chosen = library.make(np.ones(n, dtype=bool))
        found = [
            float(quantile_diameter(distances, chosen, quantile=j / n))
            for j in range(1, n + 1)
        ]
        assert found == list(range(1, n + 1))


@pytest.mark.parametrize("quantile", [0, -0.1, 1.01, np.nan])
def test_quantile_diameter_rejects_levels(quantile):
    with pytest.raises(DomainError, match=r"\(0, 1\]"):
        quantile_diameter(np.ones(3), np.ones(3) > 0, quantile=quantile)


def exact_distances(vectors, metric):
    """From differences of long doubles."""
    wide = vectors.astype(np.longdouble)
    if metric == "angular":
        wide = wide / np.sqrt((wide * wide).sum(axis=-1, keepdims=True))
    first, second = np.triu_indices(vectors.shape[-2], 1)
    left, right = wide[..., first, :], wide[..., second, :]
    apart, along = (
        np.sqrt((side * side).sum(axis=-1)) for side in (left - right, left + right)
    )
    return apart if metric == "euclidean" else 2 * np.arctan2(apart, along)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [3, 768, 4096])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_errors_are_those_that_are_stated(monkeypatch, dtype, dim, metric):
    monkeypatch.setattr(threads, "cores", lambda: 2)
    rng = np.random.default_rng(dim)
    noise, common = rng.normal(size=(9, 6, dim)), rng.normal(size=dim)
    offsets = np.array([0, 0.3, 1, 2, 4, 10, 30, 100, 1000])
    vectors = noise + offsets[:, None, None] * np.where(dim > 5, common, 1 + common)
    vectors[0] = rng.random((6, dim))  # whose products have one sign
    vectors = vectors.astype(dtype)
    vectors[:, 1] = vectors[:, 0]
    vectors[:, 2] = vectors[:, 3] * dtype(1.002)
    expected = exact_distances(vectors, metric).astype(np.float64)
    found = pair_distances(vectors, metric=metric)
    assert found.dtype == (np.float32 if dtype == np.float32 else np.float64)
    allowed = {np.float32: 1e-6}.get(dtype, 1e-13)
    if metric == "angular":
        # A length rounded to 16 digits moves the angle of parallel vectors so much
        assert_allclose(found, expected, rtol=allowed, atol=4e-16)
    else:
        assert np.all(found[:, 0] == 0)
        assert_allclose(found, expected, rtol=allowed)
    one_by_one = [pair_distances(group, metric=metric) for group in vectors]
    np.testing.assert_array_equal(one_by_one, found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("power", [-120, -60, 60, 120])
def test_squares_neither_overflow_nor_vanish(dtype, power):
    vectors = np.random.default_rng(4).normal(size=(5, 6))
    scaled = np.ldexp(vectors, power * (1 if dtype == np.float32 else 4)).astype(dtype)
    peak = float(np.abs(scaled).max())
    wide = (scaled.astype(np.longdouble) / peak).astype(np.float64)
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    for metric, unit in (("euclidean", peak), ("angular", 1.0)):
        expected = exact_distances(wide, metric).astype(np.float64)
        found = pair_distances(scaled, metric=metric).astype(np.float64) / unit
        assert_allclose(found, expected, rtol=tolerance)
        assert_allclose(
            largest_distance(scaled, metric=metric) / unit, expected.max(), rtol=1e-7
        )


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("dtype", "power", "allowed"),
    [(np.float32, 64, 2e-6), (np.float32, -64, 2e-6), (np.float64, 535, 1e-13)],
)
def test_near_vectors_of_any_scale_keep_their_digits(metric, dtype, power, allowed):
    rng = np.random.default_rng(6)
    near = (rng.normal(size=3) + 1e-5 * rng.normal(size=(6, 3))).astype(dtype)
    scaled = np.ldexp(near, power).astype(dtype)
    wide = np.ldexp(scaled.astype(np.longdouble), -power)
    expected = exact_distances(wide, metric).astype(np.float64)
    found = pair_distances(scaled, metric=metric).astype(np.float64)
    found = np.ldexp(found, -power) if metric == "euclidean" else found
    # A length is rounded once, which nearly parallel vectors feel
    slack = 1e-9 if metric == "angular" else 0
    assert_allclose(found, expected, rtol=allowed, atol=slack * (dtype == np.float64))


def test_groups_of_any_scale_stand_side_by_side():
    vectors = np.random.default_rng(4).normal(size=(5, 6))
    powers = np.array([-1000, -560, 0, 520, 1000])
    found = pair_distances(np.ldexp(vectors, powers[:, None, None]))
    expected = exact_distances(vectors, "euclidean").astype(np.float64)
    for power, group in zip(powers, found, strict=True):
        assert_allclose(np.ldexp(group, -power), expected, rtol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_largest_distance_is_that_of_all_pairs(monkeypatch, dtype, metric):
    monkeypatch.setattr(distances, "TILE", 16)
    monkeypatch.setattr(distances, "MOST_CANDIDATES", 40)
    rng = np.random.default_rng(8)
    for vectors in (
        rng.normal(size=(70, 24)),
        50 + rng.normal(size=(33, 5)),
        np.eye(40) + 0.0,  # all are equally far apart
        np.repeat(rng.normal(size=(3, 4)), 20, axis=0),
        np.ones((2, 3)),
    ):
        some = vectors.astype(dtype)
        exact = pair_distances(some.astype(np.float64), metric=metric).max()
        found = largest_distance(some, metric=metric)
        assert_allclose(found, exact, rtol=1e-12, atol=1e-15)
        shuffled = largest_distance(rng.permutation(some), metric=metric)
        assert_allclose(shuffled, exact, rtol=1e-12, atol=1e-15)


def test_largest_distance_says_what_it_cannot_do():
    for shape in ((1, 3), (4,), (2, 2, 2)):
        with pytest.raises(DomainError, match="two vectors or more"):
            largest_distance(np.ones(shape))
    with pytest.raises(DomainError, match=r"index \(1, 0\)"):
        largest_distance(np.array([[0.0], [np.inf]]))
    with pytest.raises(DomainError, match=r"\(1,\) is zero"):
        largest_distance(np.array([[1.0], [0.0]]), metric="angular")


@pytest.mark.parametrize("quantile", [0.01, 0.5, 0.99, 1.0])
def test_selected_ranks_are_those_of_sorted_distances(quantile):
    rng = np.random.default_rng(9)
    values = rng.integers(0, 400, (30, 300)).astype(np.float32)
    every = np.ones(values.shape, dtype=bool)
    for chosen in (
        every,
        every & (np.arange(30) > 2)[:, None],
        rng.random((30, 300)) < 0.5,
    ):
        found = quantile_diameter(values, chosen, quantile=quantile)
        wanted = [
            oracles.inverted_cdf(row[pick].tolist(), round(100 * quantile))
            if pick.any()
            else 0
            for row, pick in zip(values, chosen, strict=True)
        ]
        assert found.tolist() == wanted
    assert quantile_diameter(values[3], every[3], quantile=1.0) == values[3].max()
    steps = np.arange(1.0, 101.0)  # 0.07 times 100 exceeds 7
    assert quantile_diameter(steps, steps > 0, quantile=0.07) == 7
