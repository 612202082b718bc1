import os
import pickle
import threading
from contextlib import suppress

import numpy as np
import pytest

from rankbound.errors import FormatError
from rankbound.read.source import Source
from rankbound.read.vectors.embeddings import read_embeddings, read_with_ids
from tests.rankbound.files import npy, packed, refusal, written

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)
IDS = "a\nb\nc\n"


def pair(folder, vectors=MATRIX, ids=IDS):
    """Paths of a vector file and an id file."""
    content = vectors if isinstance(vectors, bytes) else npy(vectors)
    return written(folder, content, "x.npy"), written(folder, ids, "x.ids")


def refused(folder, **content):
    """The refusal without the folder."""
    message = refusal(read_embeddings, *pair(folder, **content))
    return message.replace(f"{folder}/", "")


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_read_embeddings_leaves_vectors_on_disk(tmp_path, dtype, order):
    vectors, ids = pair(tmp_path, np.asarray(MATRIX, dtype=dtype, order=order))
    found = read_embeddings(str(vectors), str(ids))
    assert isinstance(found.vectors, np.memmap)
    assert found.vectors.dtype == np.dtype(dtype)
    assert not found.vectors.flags.writeable
    assert found.ids.tolist() == ["a", "b", "c"]
    assert found.take(np.array([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    "ids",
    ["a\nb\nc", "a\r\nb\r\nc\r\n", "\ufeffa\nb\nc\n", " a \n\tb\nc \n", packed(IDS)],
    ids=["no end", "crlf", "bom", "blanks", "gz"],
)
def test_read_embeddings_matches_ids_in_other_clothes(tmp_path, ids):
    assert read_embeddings(*pair(tmp_path, ids=ids)).ids.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_vectors_of_a_pipe_are_refused(tmp_path, name):
    np.savez(tmp_path / "x.npz", vectors=MATRIX, ids=np.array(["a", "b", "c"]))
    _, ids = pair(tmp_path)
    content = (tmp_path / name).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Nobody writes, so that opening it would not end
    assert "is a pipe, and vectors" in refusal(read_embeddings, pipe, ids)
    feeder = threading.Thread(target=lambda: pipe.write_bytes(content))
    feeder.start()
    said = refusal(lambda path: read_with_ids(Source(path), ids), pipe)
    feeder.join()
    assert "is a pipe, and vectors" in said


def test_read_embeddings_keeps_odd_ids(tmp_path):
    ids = ["NA", "1.0", "two words"]
    found = read_embeddings(*pair(tmp_path, ids="\n".join(ids)))
    assert found.ids.tolist() == ids


@pytest.mark.parametrize(
    ("ids", "count"), [("a\n", 1), ("a\nb\n", 2), ("a\nb\nc\nd\n", 4)]
)
def test_read_embeddings_rejects_other_numbers_of_ids(tmp_path, ids, count):
    assert refused(tmp_path, ids=ids) == (
        f"x.ids:{count}: {count} ids for the 3 vectors of x.npy; the two files must "
        "have the same rows in the same order"
    )


@pytest.mark.parametrize("ids", ["a\n\nc\n", "a\n  \nc\n", "a\r\n\r\nc\r\n"])
def test_read_embeddings_rejects_a_blank_id(tmp_path, ids):
    message = refused(tmp_path, ids=ids)
    assert message == "x.ids:2: a blank line where an id should be"


def test_read_embeddings_rejects_a_blank_line_at_the_end(tmp_path):
    assert refused(tmp_path, ids=IDS + "\n").startswith("x.ids:4: a blank line")


@pytest.mark.parametrize("ids", ["a\nb\na\n", "a\nb\n a\n"])
def test_read_embeddings_rejects_an_id_twice(tmp_path, ids):
    assert refused(tmp_path, ids=ids) == (
        "x.ids:3: id 'a' occurs twice (first in line 1); one vector per id"
    )


def test_read_embeddings_rejects_ids_that_are_not_utf_8(tmp_path):
    message = refused(tmp_path, ids=b"a\n\xe9\nc\n")
    assert message.startswith("x.ids:2: not UTF-8 text")


@pytest.mark.parametrize(
    ("vectors", "found"),
    [
        (np.ones(3, np.float32), "(3,) of float32"),
        (np.float32(1), "() of float32"),
        (np.ones((3, 2, 1)), "(3, 2, 1) of float64"),
        (np.ones((3, 2), int), "(3, 2) of int64"),
        (np.ones((3, 2), bool), "(3, 2) of bool"),
        (np.ones((3, 2), complex), "(3, 2) of complex128"),
        (np.ones((3, 0), np.float32), "(3, 0) of float32"),
    ],
)
def test_read_embeddings_rejects_other_arrays(tmp_path, vectors, found):
    assert refused(tmp_path, vectors=vectors) == (
        "x.npy: expected a two-dimensional array of floating-point numbers, found "
        f"shape {found}"
    )


def test_read_embeddings_rejects_objects_without_running_them(tmp_path):
    message = refused(tmp_path, vectors=np.array([[object]], dtype=object))
    assert message.startswith("x.npy: not a readable .npy array")
    message = refused(tmp_path, vectors=pickle.dumps(MATRIX))
    assert message.startswith("x.npy: expected a pickle of scores[qid][docno]")


@pytest.mark.parametrize("content", [b"a b c\n", b"\x93NUM", packed("x")])
def test_read_embeddings_rejects_what_holds_no_vectors(tmp_path, content):
    assert refused(tmp_path, vectors=content).startswith("x.npy:1: of no known format")


def test_read_embeddings_rejects_an_empty_file(tmp_path):
    assert refused(tmp_path, vectors=b"") == "x.npy:1: the file is empty"


def test_read_embeddings_rejects_an_array_cut_anywhere(tmp_path):
    whole = npy(MATRIX)
    for length in range(6, len(whole)):
        message = refused(tmp_path, vectors=whole[:length])
        assert message.startswith("x.npy: not a readable .npy array"), length


def test_read_embeddings_rejects_a_header_that_promises_too_much(tmp_path):
    whole = npy(MATRIX)
    for shape in (b"(9, 2), ", b"(3,9**9)", b"(-3, 2),", b"[3, 2], "):
        content = whole.replace(b"(3, 2), ", shape)
        assert refused(tmp_path, vectors=content).startswith("x.npy: not a readable")


@pytest.mark.parametrize("which", [0, 1])
def test_read_embeddings_rejects_missing_files_and_folders(tmp_path, which):
    paths = [*pair(tmp_path)]
    paths[which] = tmp_path / "none"
    assert refusal(read_embeddings, *paths) == f"{tmp_path}/none: no such file"
    paths[which] = tmp_path
    message = refusal(read_embeddings, *paths)
    assert message.startswith(f"{tmp_path}: is a directory")
    assert "; name the file" in message
    paths[which] = tmp_path / "x.npy" / "y"
    assert "cannot be read (Not a directory)" in refusal(read_embeddings, *paths)


@pytest.mark.parametrize("byte", [b"(", b"'", b",", b"0", b"#", b"\\", b"\xff", b":"])
def test_read_embeddings_rejects_or_reads_a_damaged_header(tmp_path, byte):
    whole = npy(MATRIX)
    for place in range(6, 70):
        vectors, ids = pair(tmp_path, whole[:place] + byte + whole[place + 1 :])
        with suppress(FormatError):
            assert len(read_embeddings(vectors, ids).ids) == 3
