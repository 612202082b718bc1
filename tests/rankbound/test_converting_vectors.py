"""rankbound.commands.convert.run: vectors, bit for bit, with their ids and types."""

import json

import numpy as np
import pytest

from rankbound.commands.convert.run import convert
from rankbound.errors import FormatError, UsageError
from rankbound.read.registry import read_any
from tests.rankbound.files import npy, written

RNG = np.random.default_rng(3)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
@pytest.mark.parametrize("target", ["x.npz", "x.safetensors"])
def test_vectors_go_into_archives_with_their_ids_and_back(tmp_path, target, kind):
    vectors = RNG.normal(size=(4, 3)).astype(kind)
    written(tmp_path, npy(vectors), "v.npy")
    written(tmp_path, "b\né\n10\na\n", "v.ids.txt")
    done = convert(tmp_path / "v.npy", tmp_path / target)
    assert done.lost == {}
    convert(tmp_path / target, tmp_path / "y.parquet")
    for name in (target, "y.parquet"):
        found = read_any(tmp_path / name).embeddings
        assert found.ids.tolist() == ["b", "é", "10", "a"]
        assert found.vectors.dtype == kind
        assert np.array_equal(found.vectors, vectors)
    with pytest.raises(UsageError, match="holds vectors, and lookup"):
        convert(tmp_path / target, tmp_path / "x.json")


def test_other_libraries_read_the_safetensors_that_are_written(tmp_path):
    safetensors = pytest.importorskip("safetensors")
    written(tmp_path, npy(np.eye(2, dtype=np.float32)), "v.npy")
    written(tmp_path, "a\nb\n", "v.ids.txt")
    convert(tmp_path / "v.npy", tmp_path / "x.safetensors")
    with safetensors.safe_open(tmp_path / "x.safetensors", framework="np") as file:
        assert np.array_equal(file.get_tensor("vectors"), np.eye(2))
        assert json.loads(file.metadata()["ids"]) == ["a", "b"]


def vector_file(folder, vectors, names="b\né\n10\na\n", name="v.npy"):
    written(folder, names, "v.ids.txt")
    return written(folder, npy(vectors), name)


@pytest.mark.parametrize("target", ["x.npy", "x.f4", "x.bin", "x.faiss", "x.arrow"])
@pytest.mark.parametrize("back", ["y.npy", "y.npz"])
def test_float32_vectors_go_everywhere_and_back_bit_for_bit(tmp_path, target, back):
    vectors = RNG.normal(size=(4, 3)).astype(np.float32)
    vectors[0] = [np.nan, -0.0, np.float32(1e-44)]
    source = vector_file(tmp_path, vectors)
    assert convert(source, tmp_path / target).lost == {}
    convert(tmp_path / target, tmp_path / back, lossy=target == "x.faiss")
    for name in (target, back):
        found = read_any(tmp_path / name).embeddings
        assert found.ids.tolist() == ["b", "é", "10", "a"]
        assert found.vectors.dtype == np.float32
        assert found.vectors.tobytes() == vectors.tobytes()


def test_a_flexindex_is_a_folder_by_its_suffix(tmp_path):
    pytest.importorskip("npids")
    vectors = RNG.normal(size=(4, 3)).astype(np.float32)
    done = convert(vector_file(tmp_path, vectors), tmp_path / "x.flex")
    assert (done.format, done.companions) == ("flexindex", ())
    convert(tmp_path / "x.flex", tmp_path / "y.npy")
    assert np.array_equal(np.load(tmp_path / "y.npy"), vectors)
    with pytest.raises(UsageError, match="is a folder that is not empty"):
        convert(tmp_path / "y.npy", tmp_path / "x.flex")


def test_digits_that_float32_lacks_are_a_loss_and_the_type_alone_is_told(tmp_path):
    vectors = np.array([[0.5, 0.1], [1.0, 2.0], [0.3, 0.25], [0.0, 0.0]])
    source = vector_file(tmp_path, vectors)
    with pytest.raises(UsageError, match="digits of float64 that float32 lacks, in 2 "):
        convert(source, tmp_path / "x.f4")
    assert names(tmp_path) == ["v.ids.txt", "v.npy"]
    done = convert(source, tmp_path / "x.f4", lossy=True)
    assert {*done.lost} == {"precision", "dtype"}
    found = np.fromfile(tmp_path / "x.f4", dtype="<f4").reshape(4, 2)
    assert np.array_equal(found, vectors.astype(np.float32))
    for kind in ("<f2", "<f8"):
        exact = vector_file(tmp_path, np.eye(4, dtype=kind), name="e.npy")
        (tmp_path / "v.ids.txt").rename(tmp_path / "e.ids.txt")
        done = convert(exact, tmp_path / f"e{kind[1:]}.faiss")
        name = np.dtype(kind).name
        assert done.lost == {"dtype": f"that the numbers are {name}"}


def test_a_number_beyond_float32_is_refused_even_with_lossy(tmp_path):
    source = vector_file(tmp_path, np.full((4, 2), 1e300))
    with pytest.raises(FormatError, match=r"the vector of 'b' holds 1e\+300, beyond"):
        convert(source, tmp_path / "x.f4", lossy=True)
    assert names(tmp_path) == ["v.ids.txt", "v.npy"]


@pytest.mark.parametrize("target", ["x.npy.gz", "x.f4.zst", "x.flex.bz2", "x.npz.lz4"])
def test_what_is_read_where_it_lies_is_not_packed(tmp_path, target):
    source = vector_file(tmp_path, np.eye(4, dtype=np.float32))
    with pytest.raises(UsageError, match="is read where it lies, so it is not packed"):
        convert(source, tmp_path / target)
    assert names(tmp_path) == ["v.ids.txt", "v.npy"]


def test_ids_may_stand_anywhere_and_vectors_alone_are_refused(tmp_path):
    source = written(tmp_path, npy(np.eye(2, dtype=np.float32)), "v.npy")
    others = written(tmp_path, "a\nb\n", "docids")
    with pytest.raises(FormatError, match="give `ids`, a file"):
        convert(source, tmp_path / "x.npz")
    convert(source, tmp_path / "x.npz", ids=others)
    assert read_any(tmp_path / "x.npz").embeddings.ids.tolist() == ["a", "b"]
    raw = written(tmp_path, np.eye(2, dtype=np.float32).tobytes(), "numbers")
    convert(raw, tmp_path / "y.npz", ids=others, format="raw:2")
    assert read_any(tmp_path / "y.npz").embeddings.vectors.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("name", ["a\nb", "a\rb"])
def test_ids_of_vectors_with_line_ends_are_refused_by_name(tmp_path, name):
    source = tmp_path / "v.npz"
    np.savez(source, vectors=np.eye(2, dtype=np.float32), ids=np.array(["z", name]))
    for target in ("x.npy", "x.f4", "x.faiss", "x.parquet"):
        with pytest.raises((FormatError, UsageError)) as caught:
            convert(source, tmp_path / target)
        assert repr(name) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert names(tmp_path) == ["v.npz"]
