import gzip
import io
import zipfile

import numpy as np
import pytest

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.errors import UsageError
from rankbound.read.registry import read_any
from rankbound.read.vectors.embeddings import read_embeddings
from rankbound.read.vectors.matrices import write_npy, write_raw
from tests.rankbound.files import npy, refusal, written
from tests.rankbound.read.golden import GOLDEN

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)
IDS = "a\nb\nc\n"


def archive(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_an_archive_gives_its_matrix_and_its_ids(tmp_path):
    content = archive(vectors=MATRIX, docnos=np.array(["a", "b", "c"]))
    found = read_embeddings(written(tmp_path, content, "x.npz"))
    assert found.ids.tolist() == ["a", "b", "c"]
    assert found.vectors.tolist() == MATRIX.tolist()


def test_given_ids_come_before_those_of_the_archive(tmp_path):
    content = archive(vectors=MATRIX, ids=np.array(["x", "y", "z"]))
    vectors = written(tmp_path, content, "x.npz")
    assert read_embeddings(vectors, written(tmp_path, IDS)).ids.tolist() == [*"abc"]


def test_an_archive_with_its_ids_beside_it(tmp_path):
    written(tmp_path, IDS, "x.ids.txt")
    found = read_embeddings(written(tmp_path, archive(anything=MATRIX), "x.npz"))
    assert found.ids.tolist() == ["a", "b", "c"]
    assert found.name.endswith("x.ids.txt)")


@pytest.mark.parametrize("cut", [40, 200, -10])
def test_a_cut_archive_is_one_clear_line(tmp_path, cut):
    content = archive(vectors=MATRIX)[:cut]
    message = refusal(read_embeddings, written(tmp_path, content, "x.npz"))
    assert "x.npz: not a readable .npz archive" in message


def test_an_archive_of_objects_is_not_unpickled(tmp_path):
    content = archive(vectors=np.array([[print]], dtype=object))
    message = refusal(read_embeddings, written(tmp_path, content, "x.npz"))
    assert "not a readable .npz" in message


@pytest.mark.parametrize("suffix", [".f4", ".f32", ".bin"])
@pytest.mark.parametrize("format", [None, "raw", "raw:2"])
def test_raw_numbers_take_their_width_from_ids_or_the_user(tmp_path, suffix, format):
    path = written(tmp_path, MATRIX.tobytes(), f"x{suffix}")
    found = read_embeddings(path, written(tmp_path, IDS, "ids"), format=format)
    assert isinstance(found.vectors, np.memmap)
    assert found.vectors.tolist() == MATRIX.tolist()


def test_raw_numbers_alone_are_refused(tmp_path):
    path = written(tmp_path, MATRIX.tobytes(), "x.f4")
    assert "raw:DIM" in refusal(read_embeddings, path)
    message = refusal(lambda: read_embeddings(path, format="raw:2"))
    assert "vectors without ids" in message


@pytest.mark.parametrize("size", [23, 20])
def test_raw_numbers_of_another_size_are_refused(tmp_path, size):
    path = written(tmp_path, MATRIX.tobytes()[:size], "x.f4")
    ids = written(tmp_path, IDS, "ids")
    assert "not a whole number of rows" in refusal(read_embeddings, path, ids)


@pytest.mark.parametrize("name", ["raw:0", "raw:x", "raw:-3", "npy:3", "npz:2"])
def test_a_width_that_makes_no_sense_is_a_usage_error(tmp_path, name):
    path = written(tmp_path, MATRIX.tobytes(), "x.f4")
    with pytest.raises(UsageError, match="raw:DIM"):
        read_embeddings(path, format=name)


def test_a_packed_matrix_says_to_unpack_it(tmp_path):
    path = written(tmp_path, gzip.compress(npy(MATRIX)), "x.npy.gz")
    assert "unpack it" in refusal(read_embeddings, path)


def test_a_damaged_compressed_archive_is_one_clear_line(tmp_path):
    stream = io.BytesIO()
    np.savez_compressed(stream, vectors=np.arange(4096.0).reshape(64, 64))
    whole = stream.getvalue()
    for place in range(60, 400, 20):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        message = refusal(read_embeddings, written(tmp_path, broken, "x.npz"))
        assert "x.npz" in message


@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("transposed", [False, True])
def test_an_array_is_written_as_numpy_reads_it(tmp_path, kind, transposed):
    matrix = np.random.default_rng(2).normal(size=(3, 3)).astype(kind)
    matrix = matrix.T if transposed else matrix
    write_npy(Embeddings(strings(["a", "b", "c"]), matrix), tmp_path / "x.npy", {})
    found = np.load(tmp_path / "x.npy", mmap_mode="r", allow_pickle=False)
    assert found.dtype == matrix.dtype
    assert found.tolist() == matrix.tolist()


def test_raw_numbers_are_written_as_numpy_maps_them(tmp_path):
    held = Embeddings(strings(["a", "b", "c"]), MATRIX)
    said = write_raw(held, tmp_path / "x.f4", {})
    assert said == "float32 numbers without a header, 2 a row"
    found = np.memmap(tmp_path / "x.f4", dtype="<f4", mode="r", shape=(3, 2))
    assert found.tolist() == MATRIX.tolist()


@pytest.mark.parametrize("junk", [b"\0", b"junk", bytes(22), b"PK\x05\x06"])
def test_bytes_behind_the_end_are_refused(tmp_path, junk):
    written(tmp_path, IDS, "x.ids.txt")
    for name, content in (
        ("x.npy", npy(MATRIX)),
        ("x.npz", archive(vectors=MATRIX, ids=np.array(["a", "b", "c"]))),
    ):
        read_embeddings(written(tmp_path, content, name))
        message = refusal(read_embeddings, written(tmp_path, content + junk, name))
        assert message.startswith(f"{tmp_path / name}: ")
    message = refusal(read_embeddings, written(tmp_path, npy(MATRIX) + junk, "x.npy"))
    assert f"{len(junk)} bytes follow the end" in message


def test_a_flipped_bit_of_an_archive_is_seen_by_its_checksum(tmp_path):
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, vectors=np.random.default_rng(0).normal(size=(9, 9)), ids=IDS)
        content = bytearray(stream.getvalue())
        content[content.index(b"vectors.npy") + 300] ^= 1
        message = refusal(read_embeddings, written(tmp_path, bytes(content), "x.npz"))
        assert "not a readable .npz archive" in message


def test_an_encrypted_member_is_one_clear_line(tmp_path):
    content = bytearray(archive(vectors=MATRIX))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = content.index(mark) + (6 if mark[3] == 4 else 8)
        content[place] |= 1
    message = refusal(read_embeddings, written(tmp_path, bytes(content), "x.npz"))
    assert "not a readable .npz archive" in message


@pytest.mark.parametrize("name", ["raw", "raw:2", "npy", "npz"])
def test_packed_numbers_are_never_read_as_they_lie(tmp_path, name):
    path = written(tmp_path, gzip.compress(MATRIX.tobytes()), "x.f4")
    written(tmp_path, IDS, "x.ids.txt")
    assert "x.f4: " in refusal(lambda: read_embeddings(path, format=name))
    if name.startswith("raw"):
        message = refusal(lambda: read_any(path, format=name))
        assert "is packed with gzip; unpack it" in message


def test_the_width_of_raw_numbers_is_an_argument_of_the_format(tmp_path):
    path = written(tmp_path, MATRIX.tobytes(), "x")
    written(tmp_path, IDS, "x.ids.txt")
    assert read_any(path, format="raw:2").embeddings.vectors.shape == (3, 2)
    message = refusal(lambda: read_any(path, format="raw:3"))
    assert "3 ids for the 2 vectors" in message
    for wrong in ("raw:0", "raw:x", "raw:"):
        with pytest.raises(UsageError, match="raw:DIM"):
            read_any(path, format=wrong)


def test_bytes_behind_an_array_of_an_archive_are_refused(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as members:
        members.writestr("vectors.npy", npy(MATRIX) + b"more")
    written(tmp_path, IDS, "x.ids.txt")
    message = refusal(read_embeddings, written(tmp_path, stream.getvalue(), "x.npz"))
    assert "more follows the array 'vectors'" in message


@pytest.mark.parametrize("suffix", [".bin", ".f4"])
@pytest.mark.parametrize("name", ["trec-run", "lookup", "groups", "hofstaetter"])
def test_a_text_with_the_suffix_of_raw_numbers_is_a_text(tmp_path, suffix, name):
    path = GOLDEN[name](tmp_path).rename(tmp_path / f"x{suffix}")
    assert read_any(path).format == name
