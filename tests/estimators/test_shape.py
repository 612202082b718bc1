import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.estimators.shape import (
    BINS,
    SAMPLE,
    DistanceCurve,
    vector_facts,
    vector_shape,
)


def book(vectors):
    names = [f"d{n:04d}" for n in range(len(vectors))]
    return Embeddings(strings(names), np.asarray(vectors), "toy")


def grouped(count, size=4, shift=0):
    """Groups of documents in a row, one a query."""
    n_groups = count // size
    return Groups(
        queries=np.arange(n_groups),
        qids=strings([f"q{n}" for n in range(n_groups)]),
        offsets=np.arange(n_groups + 1) * size,
        codes=np.arange(n_groups * size) + shift,
        docnos=strings([f"d{n:04d}" for n in range(n_groups * size + shift)]),
        positive=None,
        probabilities=None,
        name="toy",
    )


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
    st.integers(0, 2**31),
)
def test_shares_are_those_of_a_loop(distances, seed):
    values = np.array(distances)
    weights = np.random.default_rng(seed).uniform(0.1, 1, size=len(values))
    curve = DistanceCurve(3.0)
    for value, weight in zip(values, weights, strict=True):
        curve.feed(np.array([value]), np.array([weight]))
    found, shares = curve.points()
    assert (np.diff(found) > 0).all()
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == 1.0
    end = 3.0 / BINS
    for distance, share in zip(found, shares, strict=True):
        below = sum(w for v, w in zip(values, weights, strict=True) if v <= distance)
        near = sum(
            w for v, w in zip(values, weights, strict=True) if abs(v - distance) < 1e-9
        )
        assert share * weights.sum() == pytest.approx(below, abs=near + 1e-9)
    assert found[-1] == pytest.approx(values.max(), abs=end)
    assert curve.zero == pytest.approx(weights[values == 0].sum() / weights.sum())


def test_feeding_in_pieces_changes_nothing():
    values = np.random.default_rng(1).uniform(0, 2, 500)
    whole, parts = DistanceCurve(2.0), DistanceCurve(2.0)
    whole.feed(values, np.ones(500))
    for piece in np.split(values, 5):
        parts.feed(piece, np.ones(100))
    assert all(
        np.allclose(a, b) for a, b in zip(whole.points(), parts.points(), strict=True)
    )
    assert len(whole.points()[0]) <= 102


def test_a_curve_of_equal_vectors_and_one_of_nothing():
    curve = DistanceCurve(0.0)
    with pytest.raises(DomainError, match="at least one distance"):
        curve.points()
    curve.feed(np.zeros(3), np.ones(3))
    assert [column.tolist() for column in curve.points()] == [[0.0], [1.0]]
    with pytest.raises(DomainError, match="finite"):
        DistanceCurve(float("nan"))


def test_lengths_copies_and_dimension_of_a_plane():
    rng = np.random.default_rng(2)
    vectors = np.zeros((400, 6))
    vectors[:, :2] = rng.uniform(size=(400, 2))
    vectors[1] = vectors[0]
    vectors[7] = vectors[0]
    found = vector_shape(grouped(400), book(vectors))
    assert found.n_equal == 3
    assert found.facts.norms == pytest.approx(np.linalg.norm(vectors, axis=1))
    assert found.dimension == pytest.approx(2.0, abs=0.4)
    assert found.top("euclidean") == 2 * found.facts.norms.max()
    edges, counts = found.norm_counts()
    assert counts.sum() == len(found.facts.norms) == 400
    assert len(edges) == len(counts) + 1
    assert len(found.ratios) == 398
    # The points of the plot scatter round a line with the dimension for its slope
    x, y = found.fit_points()
    middle = slice(20, 80)
    assert y[middle] / x[middle] == pytest.approx(found.dimension, rel=0.25)


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
def test_facts_do_not_depend_on_how_a_matrix_lies(dtype):
    rows = np.random.default_rng(3).normal(size=(7, 6)).astype(dtype)
    rows[5] = rows[2]
    expected = vector_facts(rows)
    assert expected.digests[5] == expected.digests[2]
    wide = np.zeros((14, 12), dtype)
    wide[::2, ::2] = rows
    for laid in (np.asfortranarray(rows), rows[::-1].copy()[::-1], wide[::2, ::2]):
        found = vector_facts(laid)
        assert found.norms.tolist() == expected.norms.tolist()
        assert found.digests.tolist() == expected.digests.tolist()


def test_only_the_documents_of_the_groups_count_and_only_those_with_vectors():
    vectors = np.random.default_rng(3).normal(size=(40, 3))
    groups = grouped(20, shift=30)  # documents 30 to 49, of which 40 to 49 are missing
    found = vector_shape(groups, book(vectors))
    assert found.facts.norms == pytest.approx(np.linalg.norm(vectors[30:], axis=1))
    with pytest.raises(DomainError, match="no document of the groups"):
        vector_shape(grouped(4, shift=50), book(vectors))


def test_angles_know_no_lengths():
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(60, 3))
    long = vectors * rng.uniform(1, 9, size=(60, 1))
    one = vector_shape(grouped(60), book(vectors), metric="angular")
    other = vector_shape(grouped(60), book(long), metric="angular")
    assert one.ratios == pytest.approx(other.ratios, abs=1e-9)
    assert one.top("angular") == pytest.approx(np.pi)


def test_many_documents_are_sampled_the_same_way_every_time():
    vectors = np.random.default_rng(5).normal(size=(SAMPLE + 300, 3))
    groups = grouped(len(vectors))
    one, other = (vector_shape(groups, book(vectors)) for _ in range(2))
    assert len(one.ratios) == SAMPLE
    assert (one.ratios == other.ratios).all()
    assert len(one.facts.norms) == len(vectors)


def test_too_few_documents_have_no_dimension():
    found = vector_shape(grouped(4, size=2), book(np.eye(4)[[0, 0, 1, 1]]))
    assert found.dimension is None
    assert all(len(side) == 0 for side in found.fit_points())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_vectors_that_are_equally_far_apart_have_no_dimension(dtype):
    # Those of unit length at right angles, whose distances differ by rounding alone
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 9)))[0]
    assert vector_shape(grouped(8), book(turned.astype(dtype))).dimension is None


def test_a_vector_that_is_not_finite_is_named():
    vectors = np.ones((4, 2))
    vectors[2, 0] = np.inf
    with pytest.raises(DomainError, match="d0002"):
        vector_shape(grouped(4), book(vectors))


@pytest.mark.parametrize("power", [-1070, -600, 600, 1000])
def test_lengths_neither_overflow_nor_vanish(power):
    vectors = np.array([[3.0, 4.0], [0.0, 0.0], [5.0, 12.0]])
    found = vector_facts(np.ldexp(vectors, power)).norms
    np.testing.assert_allclose(np.ldexp(found, -power), [5.0, 0.0, 13.0], rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_vectors_whose_squares_are_no_numbers_are_refused(scale):
    with pytest.raises(DomainError, match="multiply all vectors"):
        vector_shape(grouped(4), book(np.eye(4) * scale))
    found = vector_shape(grouped(4), book(np.eye(4) * scale), metric="angular")
    assert found.facts.norms.max() == pytest.approx(scale)
