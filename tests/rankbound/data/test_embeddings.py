"""estimators.embeddings: rows by id, read late."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.data import embeddings
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings, widen


def book(vectors, name="toy"):
    return Embeddings(strings([f"d{i}" for i in range(len(vectors))]), vectors, name)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (0,), (1, 2, 2)])
def test_take_matches_plain_indexing(dtype, shape):
    vectors = np.random.default_rng(0).normal(size=(9, 5)).astype(dtype)
    rows = np.random.default_rng(1).integers(0, 9, size=shape)
    found = book(vectors).take(rows)
    assert found.dtype == np.float64
    assert_array_equal(found, vectors.astype(np.float64)[rows])


def test_rows_match_a_dictionary():
    vectors = book(np.eye(3))
    asked = strings(["d2", "elsewhere", "d0", "d2"])
    assert vectors.rows(asked).tolist() == [2, -1, 0, 2]
    assert vectors.dim == 3


def test_vectors_may_stay_on_disk(tmp_path):
    np.save(tmp_path / "vectors.npy", np.eye(4, dtype=np.float32))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    vectors = book(mapped)
    assert isinstance(vectors.vectors, np.memmap)
    assert vectors.take(np.array([3])).tolist() == [[0, 0, 0, 1]]
    assert vectors.unit_norm_share() == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_take_rejects_vectors_that_are_not_finite_and_names_the_id(bad):
    vectors = np.ones((4, 2), dtype=np.float16)
    vectors[2, 1] = bad
    with pytest.raises(DomainError, match=r"toy: the vector of 'd2' \(row 2\)"):
        book(vectors).take(np.array([[0, 1], [3, 2]]))
    assert book(vectors).take(np.array([0, 3])).shape == (2, 2)


@pytest.mark.parametrize("vectors", [np.ones(3), np.ones((2, 3)), np.ones((3, 1, 1))])
def test_embeddings_reject_arrays_that_do_not_fit_the_ids(vectors):
    with pytest.raises(DomainError, match="3 ids need as many vectors"):
        Embeddings(strings(["a", "b", "c"]), vectors)


def test_unit_norm_share_matches_a_count():
    vectors = np.eye(4) * np.array([[1.0], [1.009], [0.5], [1.02]])
    assert book(vectors).unit_norm_share() == 0.5
    assert book(vectors).unit_norm_share(tolerance=0.1) == 0.75


@pytest.mark.parametrize("n", [4096, 4097, 8191, 8192, 10_000])
def test_unit_norm_share_reads_at_most_4096_vectors(n):
    read = []

    class Watched(np.ndarray):
        def __getitem__(self, key):
            taken = super().__getitem__(key)
            read.append(len(taken))
            return taken

    vectors = np.ones((n, 1), dtype=np.float32).view(Watched)
    assert book(vectors).unit_norm_share() == 1
    assert 2048 <= read[0] <= 4096


def test_every_float16_is_widened_as_numpy_does():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = np.isfinite(every)
    for halves in (every, every[finite], every[finite][:0]):
        found = np.empty(halves.shape)
        widen(halves, found)
        wanted = halves.astype(np.float64)
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


def test_more_rows_than_are_taken_at_once_and_none_beyond_the_end(monkeypatch):
    monkeypatch.setattr(embeddings, "NUMBERS_AT_ONCE", 640)
    vectors = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float16)
    rows = np.random.default_rng(1).integers(-300, 300, (7, 50))
    found = book(vectors).take(rows)
    np.testing.assert_array_equal(found, vectors[rows].astype(np.float64))
    for wrong in (300, -301):
        with pytest.raises(IndexError, match=f"{wrong}"):
            book(vectors).take(np.array([0, wrong]))
