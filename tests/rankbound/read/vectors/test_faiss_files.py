import gzip
import struct

import numpy as np
import pytest

from rankbound.commands.convert.run import convert
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.errors import UsageError
from rankbound.read.registry import read_any
from rankbound.read.vectors.embeddings import read_embeddings
from rankbound.read.vectors.indexes import write_flat
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
    assert "`format='faiss-library'`" in refusal(read_embeddings, path)
    found = read_embeddings(path, format="faiss-library")
    assert np.array_equal(found.vectors, MATRIX)


@pytest.mark.parametrize("name", ["IDMap,Flat", "IDMap2,Flat"])
@pytest.mark.parametrize("metric", [faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L2])
def test_the_ids_of_an_id_map_are_kept(tmp_path, monkeypatch, name, metric):
    index = faiss.index_factory(8, name, metric)
    index.add_with_ids(MATRIX, np.arange(100, 140))
    path = index_file(tmp_path, index)
    library = read_embeddings(path, format="faiss-library")
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    found = read_embeddings(path)
    for one in (found, library):
        assert one.ids.tolist() == [str(n) for n in range(100, 140)]
        assert np.array_equal(one.vectors, MATRIX)
    assert isinstance(found.vectors, np.memmap)
    contents = read_any(path)
    assert contents.format == "faiss-idmap"
    assert contents.metadata["metric"] == ("L2" if metric else "inner product")
    whole = path.read_bytes()
    for length in (40, 60, 90, len(whole) - 8, len(whole) - 1):
        cut = written(tmp_path, whole[:length], "x.faiss")
        assert refusal(lambda cut=cut: read_embeddings(cut, format="faiss-idmap"))
    longer = written(tmp_path, whole + b"x", "x.faiss")
    assert "follow the end" in refusal(read_embeddings, longer)


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


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        (None, faiss.IndexFlatIP),
        ("inner product", faiss.IndexFlatIP),
        ("L2", faiss.IndexFlatL2),
    ],
)
def test_faiss_reads_and_searches_what_is_written(tmp_path, metric, kind):
    metadata = {} if metric is None else {"metric": metric}
    held = Embeddings(strings(IDS.split()), MATRIX)
    said = write_flat(held, tmp_path / "x.faiss", metadata)
    assert (said is None) == (metric is not None)
    found = faiss.read_index(str(tmp_path / "x.faiss"))
    assert isinstance(found, kind)
    assert np.array_equal(found.reconstruct_n(0, 40), MATRIX)
    wanted = kind(8)
    wanted.add(MATRIX)
    for ours, theirs in zip(
        found.search(MATRIX[:5], 7), wanted.search(MATRIX[:5], 7), strict=True
    ):
        assert np.array_equal(ours, theirs)
    faiss.write_index(wanted, str(tmp_path / "y.faiss"))
    assert (tmp_path / "x.faiss").read_bytes() == (tmp_path / "y.faiss").read_bytes()
    found.add(MATRIX)  # and goes on with it
    assert found.ntotal == 80


def test_the_metric_is_kept_or_chosen_and_another_is_refused(tmp_path):
    path = index_file(tmp_path, faiss.IndexFlatL2(8))
    assert read_any(path).metadata["metric"] == "L2"
    convert(path, tmp_path / "y.faiss")
    assert read_any(tmp_path / "y.faiss").metadata["metric"] == "L2"
    with pytest.raises(UsageError, match="the metric 'L2'"):
        convert(path, tmp_path / "z.faiss", to="faiss-flat:ip")
    convert(path, tmp_path / "z.faiss", to="faiss-flat:ip", lossy=True)
    assert isinstance(faiss.read_index(f"{tmp_path}/z.faiss"), faiss.IndexFlatIP)
    held = Embeddings(strings(IDS.split()), MATRIX)
    message = refusal(lambda: write_flat(held, tmp_path / "w", {"metric": "cosine"}))
    assert "the metric is 'cosine'" in message
    assert "faiss-flat:ip" in message
    with pytest.raises(UsageError, match="the metric is ip or l2"):
        convert(path, tmp_path / "w", to="faiss-flat:cos")


def test_bytes_behind_the_end_an_empty_and_a_packed_index_are_refused(tmp_path):
    path = index_file(tmp_path, faiss.IndexFlatIP(8))
    whole = path.read_bytes()
    message = refusal(read_embeddings, written(tmp_path, whole + b"1234", "x.faiss"))
    assert "4 bytes follow the end" in message
    for end in range(4, len(whole), 97):
        message = refusal(read_embeddings, written(tmp_path, whole[:end], "x.faiss"))
        assert message.startswith(f"{tmp_path / 'x.faiss'}: ")
    packed = written(tmp_path, gzip.compress(whole), "x.faiss")
    message = refusal(lambda: read_any(packed, format="faiss-flat"))
    assert "is packed with gzip" in message
    faiss.write_index(faiss.IndexFlatIP(8), str(path))
    assert "holds no vectors" in refusal(read_embeddings, path)
    other = written(tmp_path, b"x" * 80, "x.faiss")
    message = refusal(lambda: read_any(other, format="faiss-flat"))
    assert "begins with IxF" in message
