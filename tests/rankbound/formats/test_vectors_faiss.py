import struct

import numpy as np
import pytest

from rankbound.formats.embeddings import read_embeddings
from tests.rankbound.files import refusal, written

faiss = pytest.importorskip("faiss")
IDS = "".join(f"d{n}\n" for n in range(40))
MATRIX = np.random.default_rng(3).normal(size=(40, 8)).astype("f4")


def index_file(folder, index, name="x.faiss"):
    if not index.ntotal:
        index.train(MATRIX)
        index.add(MATRIX)
    faiss.write_index(index, str(folder / name))
    written(folder, IDS, "x.ids.txt")
    return folder / name


@pytest.mark.parametrize("kind", [faiss.IndexFlatIP, faiss.IndexFlatL2])
def test_a_flat_index_is_mapped_without_the_library(tmp_path, monkeypatch, kind):
    path = index_file(tmp_path, kind(8))
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    found = read_embeddings(path)
    assert isinstance(found.vectors, np.memmap)
    assert np.array_equal(found.vectors, MATRIX)
    assert found.ids.tolist() == IDS.split()


def test_an_index_of_another_metric_has_its_argument_passed_over(tmp_path):
    index = faiss.IndexFlat(8, faiss.METRIC_Lp)
    index.metric_arg = 3.0
    assert np.array_equal(read_embeddings(index_file(tmp_path, index)).vectors, MATRIX)


@pytest.mark.parametrize("name", ["HNSW8,Flat", "IVF2,Flat"])
def test_another_index_is_only_read_when_the_user_says_so(tmp_path, name):
    path = index_file(tmp_path, faiss.index_factory(8, name))
    assert "--format faiss-library" in refusal(read_embeddings, path)
    found = read_embeddings(path, format="faiss-library")
    assert np.array_equal(found.vectors, MATRIX)


def test_the_ids_of_an_id_map_are_kept(tmp_path):
    index = faiss.index_factory(8, "IDMap,Flat")
    index.add_with_ids(MATRIX, np.arange(100, 140))
    path = index_file(tmp_path, index)
    found = read_embeddings(path, format="faiss-library")
    assert found.ids.tolist() == [str(n) for n in range(100, 140)]
    assert np.array_equal(found.vectors, MATRIX)


def test_without_the_library_its_extra_is_named(tmp_path, monkeypatch):
    path = index_file(tmp_path, faiss.index_factory(8, "HNSW8,Flat"))
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    message = refusal(lambda: read_embeddings(path, format="faiss-library"))
    assert "rankbound[faiss]" in message


def test_every_cut_and_every_false_count_is_one_clear_line(tmp_path):
    whole = index_file(tmp_path, faiss.IndexFlatIP(8)).read_bytes()
    for length in (5, 30, 37, 44, 45, 60, len(whole) - 1):
        path = written(tmp_path, whole[:length], "x.faiss")
        assert refusal(read_embeddings, path)
        assert refusal(lambda p=path: read_embeddings(p, format="faiss-library"))
    for place, count in ((8, 10**9), (37, 5)):
        content = whole[:place] + struct.pack("<q", count) + whole[place + 8 :]
        path = written(tmp_path, content, "x.faiss")
        message = refusal(read_embeddings, path)
        assert "contradicts itself" in message
