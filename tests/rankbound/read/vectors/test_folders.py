import gc
import json
import sys

import numpy as np
import pytest

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.errors import UsageError
from rankbound.read.vectors.embeddings import read_embeddings
from rankbound.read.vectors.indexes import write_flex, write_pyserini
from tests.rankbound.files import refusal, written

MATRIX = np.arange(6, dtype=np.float32).reshape(3, 2)
BYTES = MATRIX.tobytes()
META = {"type": "dense_index", "format": "flex", "vec_size": 2, "doc_count": 3}


def flex(folder, meta=META, vectors=BYTES, ids=("a", "b", "c")):
    npids = pytest.importorskip("npids")
    folder = folder / "index.flex"
    folder.mkdir(exist_ok=True)
    written(folder, vectors, "vecs.f4")
    written(
        folder, json.dumps(meta) if isinstance(meta, dict) else meta, "pt_meta.json"
    )
    (folder / "docnos.npids").unlink(missing_ok=True)
    builder = npids.Lookup.builder(str(folder / "docnos.npids"))
    with builder as lookup:
        for name in ids:
            lookup.add(name)
    return folder


def test_a_flexindex_gives_mapped_vectors_and_ids(tmp_path):
    found = read_embeddings(flex(tmp_path))
    assert isinstance(found.vectors, np.memmap)
    assert found.vectors.tolist() == MATRIX.tolist()
    assert found.ids.tolist() == ["a", "b", "c"]
    # An unknown id is no vector; row -1 would be the last one
    assert found.rows(np.array(["c", "zz"], dtype=object)).tolist() == [2, -1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vectors": MATRIX.tobytes()[:-1]}, "vecs.f4: is cut"),
        ({"vectors": MATRIX.tobytes() + b"1234"}, "vecs.f4: does not hold the 3 x 2"),
        ({"meta": "{"}, "pt_meta.json:1: not JSON"),
        ({"meta": "[]"}, "pt_meta.json: expected"),
        ({"meta": META | {"format": "np_topk"}}, "pt_meta.json: expected"),
        ({"meta": META | {"vec_size": 0}}, "must be positive, found [3, 0]"),
        ({"ids": ("a", "b")}, "docnos.npids: 2 ids for 3 vectors"),
    ],
)
def test_a_damaged_flexindex_is_one_clear_line(tmp_path, change, message):
    assert message in refusal(read_embeddings, flex(tmp_path, **change))


# npids leaves a damaged file open until it is collected
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_flexindex_without_ids_or_with_damaged_ones(tmp_path):
    folder = flex(tmp_path)
    content = (folder / "docnos.npids").read_bytes()
    for length in (0, 10, len(content) // 2):
        (folder / "docnos.npids").write_bytes(content[:length])
        assert "docnos.npids" in refusal(read_embeddings, folder)
    gc.collect()
    (folder / "docnos.npids").unlink()
    assert "has no docnos.npids" in refusal(read_embeddings, folder)


def test_a_pyserini_folder_gives_vectors_and_ids(tmp_path):
    faiss = pytest.importorskip("faiss")
    index = faiss.IndexFlatIP(2)
    index.add(MATRIX)
    faiss.write_index(index, str(tmp_path / "index"))
    written(tmp_path, "a\nb\nc\n", "docid")
    found = read_embeddings(tmp_path)
    assert found.vectors.tolist() == MATRIX.tolist()
    assert found.ids.tolist() == ["a", "b", "c"]


def test_npids_and_numpy_read_the_flexindex_that_is_written(tmp_path):
    npids = pytest.importorskip("npids")
    names = ["b", "é", "x y", "10", "007"]
    vectors = np.random.default_rng(4).normal(size=(5, 3)).astype(np.float32)
    folder = tmp_path / "x.flex"
    assert write_flex(Embeddings(strings(names), vectors), folder, {}) is None
    meta = json.loads((folder / "pt_meta.json").read_text())
    assert meta == {**META, "vec_size": 3, "doc_count": 5}
    mapped = np.memmap(folder / "vecs.f4", dtype="<f4", mode="r", shape=(5, 3))
    assert np.array_equal(mapped, vectors)
    with npids.Lookup(str(folder / "docnos.npids")) as lookup:
        assert list(lookup.fwd[list(range(5))]) == names
        assert list(lookup.inv[names]) == list(range(5))
    found = read_embeddings(folder)
    assert found.ids.tolist() == names
    assert np.array_equal(found.vectors, vectors)


def test_without_npids_its_extra_is_named_and_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "npids", None)
    held = Embeddings(strings(["a", "b", "c"]), MATRIX)
    with pytest.raises(UsageError, match=r"pip install 'rankbound\[io\]'"):
        write_flex(held, tmp_path / "x.flex", {})
    assert not list(tmp_path.iterdir())


def test_ids_that_npids_cannot_hold_are_one_clear_line(tmp_path):
    pytest.importorskip("npids")
    held = Embeddings(strings(["18446744073709551616"]), MATRIX[:1])
    message = refusal(lambda: write_flex(held, tmp_path / "x.flex", {}))
    assert "npids cannot hold these ids" in message


def test_faiss_reads_the_pyserini_folder_that_is_written(tmp_path):
    faiss = pytest.importorskip("faiss")
    held = Embeddings(strings(["a", "b", "c"]), MATRIX)
    assert write_pyserini(held, tmp_path / "x", {"metric": "L2"}) is None
    found = faiss.read_index(str(tmp_path / "x" / "index"))
    assert isinstance(found, faiss.IndexFlatL2)
    assert np.array_equal(found.reconstruct_n(0, 3), MATRIX)
    assert (tmp_path / "x" / "docid").read_text() == "a\nb\nc\n"
    held = Embeddings(strings(["a", "b\nc"]), MATRIX[:2])
    message = refusal(lambda: write_pyserini(held, tmp_path / "y", {}))
    assert "id 'b\\nc' cannot be a line" in message


def test_a_damaged_count_of_ids_is_refused_before_they_are_listed(tmp_path):
    names = [str(number) for number in range(1000, 1003)]
    folder = flex(tmp_path, ids=names)
    path = folder / "docnos.npids"
    data = bytearray(path.read_bytes())
    head = data.index(b'{"format": "intsequence"')
    count = head - 12  # eight bytes, then four of the header's length
    assert int.from_bytes(data[count : count + 8], "little") == 3
    data[count + 5] = 1
    path.write_bytes(data)
    assert "ids for 3 vectors" in refusal(read_embeddings, folder)
