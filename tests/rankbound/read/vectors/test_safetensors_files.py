import gzip
import json

import numpy as np
import pytest

from rankbound.read.vectors.embeddings import read_embeddings
from tests.rankbound.files import refusal, written

saving = pytest.importorskip("safetensors.numpy")
MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)
IDS = json.dumps(["a", "b", "c"])


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("key", ["ids", "docnos"])
def test_a_file_of_the_library_gives_vectors_and_ids(tmp_path, dtype, key):
    content = saving.save(
        {"x": MATRIX.astype(dtype), "bias": np.ones(2)}, metadata={key: IDS}
    )
    found = read_embeddings(written(tmp_path, content, "v.safetensors"))
    assert isinstance(found.vectors, np.memmap)
    assert found.vectors.dtype == np.dtype(dtype)
    assert found.vectors.tolist() == MATRIX.tolist()
    assert found.ids.tolist() == ["a", "b", "c"]


def test_bfloat16_is_what_torch_holds(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save

    tensor = torch.randn(3, 2, generator=torch.Generator().manual_seed(0)).bfloat16()
    content = save({"x": tensor}, metadata={"ids": IDS})
    found = read_embeddings(written(tmp_path, content, "v.safetensors"))
    assert found.vectors.dtype == np.float32
    np.testing.assert_array_equal(found.vectors, tensor.float().numpy())


def test_several_tensors_are_told_apart_by_name(tmp_path):
    content = saving.save({"a": MATRIX * 2, "embeddings": MATRIX}, metadata=None)
    written(tmp_path, "a\nb\nc\n", "v.ids.txt")
    found = read_embeddings(written(tmp_path, content, "v.safetensors"))
    assert found.vectors.tolist() == MATRIX.tolist()
    content = saving.save({"a": MATRIX * 2, "b": MATRIX})
    message = refusal(read_embeddings, written(tmp_path, content, "v.safetensors"))
    assert "holds 2 matrices" in message


def test_every_cut_is_one_clear_line(tmp_path):
    whole = saving.save({"x": MATRIX}, metadata={"ids": IDS})
    for length in range(9, len(whole)):
        path = written(tmp_path, whole[:length], "v.safetensors")
        assert refusal(read_embeddings, path).startswith(f"{path}")


@pytest.mark.parametrize("listed", ["a b c", '{"a": 1}', "[1.5]"])
def test_ids_that_are_no_list_are_refused(tmp_path, listed):
    content = saving.save({"x": MATRIX}, metadata={"ids": listed})
    message = refusal(read_embeddings, written(tmp_path, content, "v.safetensors"))
    assert "list of text" in message or "must be text" in message


def test_whole_numbers_are_refused_by_type(tmp_path):
    content = saving.save({"x": MATRIX.astype("i4")})
    message = refusal(read_embeddings, written(tmp_path, content, "v.safetensors"))
    assert "of type I32" in message


def header(**entries):
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text


ENTRY = {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (header(x=ENTRY) + MATRIX.tobytes() + b"\0", "1 bytes follow the end"),
        (header(x=ENTRY) + MATRIX.tobytes()[:-1], "is cut: its header promises"),
        (header(x={**ENTRY, "shape": [3, 3]}) + MATRIX.tobytes(), "not describe"),
        (header(x={**ENTRY, "shape": [3, -2]}) + MATRIX.tobytes(), "not describe"),
        (header(x={**ENTRY, "shape": "32"}) + MATRIX.tobytes(), "not describe"),
        (header(x={**ENTRY, "data_offsets": [24, 0]}), "not describe"),
        (header(x={**ENTRY, "data_offsets": [0]}), "not describe"),
        (header(x={**ENTRY, "dtype": 4}), "not describe"),
        (header(x=5), "not describe"),
        (header(__metadata__={"a": 1}, x=ENTRY) + MATRIX.tobytes(), "not describe"),
        (header(__metadata__={"a": "b"}), "holds no tensors"),
        ((2).to_bytes(8, "little") + b"[]", "not describe"),
        (b"\xff" * 7 + b"\x7f{", "cannot be"),
        ((90_000_000).to_bytes(8, "little") + b"{", "cannot be 90,000,000 bytes long"),
    ],
)
def test_a_header_that_makes_no_sense_is_one_clear_line(tmp_path, content, message):
    written(tmp_path, "a\nb\nc\n", "v.ids.txt")
    path = written(tmp_path, content, "v.safetensors")
    found = refusal(lambda: read_embeddings(path, format="safetensors"))
    assert found.startswith(f"{path}: ")
    assert message in found


def test_a_packed_file_is_refused(tmp_path):
    content = gzip.compress(saving.save({"x": MATRIX}, metadata={"ids": IDS}))
    message = refusal(read_embeddings, written(tmp_path, content, "v.safetensors.gz"))
    assert "is packed with gzip; unpack it" in message
