import io

import numpy as np
import pytest

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.read.source import Source
from rankbound.read.vectors import common as vectors
from rankbound.read.vectors.common import (
    check_end,
    check_unpacked,
    mapped,
    only_matrix,
    write_numbers,
)
from tests.rankbound.files import packed, refusal, written


def test_the_only_matrix_is_taken_and_else_the_one_so_named(tmp_path):
    source = Source(written(tmp_path, b"x"))
    one, two = np.ones((2, 3)), np.zeros((4, 3))
    assert only_matrix({"any": one, "ids": np.ones(2)}, source)[0] == "any"
    assert only_matrix({"other": one, "vectors": two}, source)[0] == "vectors"
    message = refusal(only_matrix, {"a": one, "b": two}, source)
    assert "holds 2 matrices" in message
    assert "holds 0 matrices" in refusal(only_matrix, {"a": np.ones(3)}, source)


def test_a_map_of_a_cut_file_is_refused_with_both_sizes(tmp_path):
    source = Source(written(tmp_path, bytes(23)))
    assert "24 bytes, but the file has 23" in refusal(
        lambda: mapped(source, dtype="<f4", rows=3, dim=2, offset=0)
    )


@pytest.mark.parametrize("offset", [0, 7])
def test_a_map_begins_behind_its_offset(tmp_path, offset):
    numbers = np.arange(6, dtype="<f4")
    source = Source(written(tmp_path, bytes(offset) + numbers.tobytes()))
    found = mapped(source, dtype="<f4", rows=3, dim=2, offset=offset)
    assert found.tolist() == numbers.reshape(3, 2).tolist()
    assert not found.flags.writeable


@pytest.mark.parametrize("block", [1, 4, 1 << 20])
@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f4", "<f8"])
def test_numbers_are_written_row_by_row_as_numpy_has_them(monkeypatch, block, kind):
    monkeypatch.setattr(vectors, "BLOCK", block)
    matrix = np.random.default_rng(1).normal(size=(5, 3)).astype(kind)[:, ::-1]
    held = Embeddings(strings(list("abcde")), matrix)
    for wanted in ("<f4", kind):
        stream = io.BytesIO()
        write_numbers(stream, held, wanted)
        assert stream.getvalue() == np.ascontiguousarray(matrix, wanted).tobytes()


def test_a_number_beyond_the_type_is_refused_with_its_id():
    held = Embeddings(strings(["a", "b"]), np.array([[1.0, np.inf], [0.0, -1e300]]))
    message = refusal(lambda: write_numbers(io.BytesIO(), held, "<f4"))
    assert "the vector of 'b' holds -1e+300, beyond the numbers of float32" in message
    allowed = Embeddings(strings(["a"]), np.array([[np.nan, -np.inf]]))
    write_numbers(io.BytesIO(), allowed, "<f4")


def test_bytes_behind_the_end_and_packing_are_refused(tmp_path):
    source = Source(written(tmp_path, bytes(10)))
    check_end(source, 10)
    check_end(source, 11)
    assert "2 bytes follow the end that its header gives, at 8" in refusal(
        check_end, source, 8
    )
    check_unpacked(source)
    zipped = Source(written(tmp_path, packed("x"), "z"))
    assert "is packed with gzip; unpack it" in refusal(check_unpacked, zipped)
