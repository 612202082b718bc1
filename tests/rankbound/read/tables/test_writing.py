"""Written tables are read back, by us and by other libraries."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.registry import by_name, read_any
from rankbound.read.tables import tables
from tests.rankbound.files import table

IDS = st.sampled_from(["1", "10", "2", "a", "é", "q 7", "NA", "null"])
TABLES = st.dictionaries(
    IDS,
    st.dictionaries(IDS, st.floats(-1e300, 1e300), min_size=1, max_size=5),
    min_size=1,
    max_size=5,
)


def contents(**parts):
    return Contents("toy", Path("toy"), **parts)


@given(nested=TABLES)
def test_rows_round_trip(tmp_path_factory, nested):
    path = tmp_path_factory.mktemp("rows") / "x.parquet"
    scores = Scores.from_dict(nested)
    by_name("table-scores").write(contents(scores=scores), path)
    found = read_any(path)
    assert found.format == "table-scores"
    assert table(found.scores) == nested
    frame = pd.read_parquet(path)
    assert frame.columns.tolist() == ["qid", "docno", "score", "rank"]
    pd.testing.assert_frame_equal(frame, scores.to_frame().astype(frame.dtypes))


def test_ranks_of_the_file_are_kept(tmp_path):
    scores = Scores.from_dict({"q": {"a": 1.0, "b": 1.0, "c": 5.0}})
    ranks = np.array([2, 3, 1])
    path = tmp_path / "x.parquet"
    by_name("table-scores").write(contents(scores=scores, ranks=ranks), path)
    assert read_any(path).ranks.tolist() == [2, 3, 1]
    assert pd.read_parquet(path)["docno"].tolist() == ["c", "a", "b"]


def test_judgements_round_trip(tmp_path):
    path = tmp_path / "x.parquet"
    qrels = Scores.from_dict({"q": {"a": 1, "b": -1}, "r": {"a": 0}})
    by_name("table-qrels").write(contents(qrels=qrels), path)
    found = read_any(path)
    assert found.parts() == ("qrels",)
    assert table(found.qrels) == table(qrels)
    assert pd.read_parquet(path).columns.tolist() == ["query-id", "corpus-id", "score"]


@given(nested=TABLES)
def test_lists_round_trip(tmp_path_factory, nested):
    path = tmp_path_factory.mktemp("lists") / "x.parquet"
    scores = Scores.from_dict(nested)
    groups = top_documents(scores, depth=9)
    by_name("table-lists").write(contents(scores=scores, groups=groups), path)
    found = read_any(path)
    assert found.format == "table-lists"
    assert table(found.scores) == nested
    for field in ("codes", "offsets"):
        one, other = getattr(found.groups, field), getattr(groups, field)
        assert one.tolist() == other.tolist()
    assert found.groups.group_qids().tolist() == list(nested)


def test_vectors_round_trip(tmp_path):
    path = tmp_path / "x.parquet"
    for dtype in ("f2", "f4", "f8"):
        vectors = np.arange(6, dtype=dtype).reshape(2, 3)[:, ::-1]
        book = Embeddings(strings(["b", "a"]), vectors)
        by_name("table-embeddings").write(contents(embeddings=book), path)
        found = read_any(path).embeddings
        assert found.ids.tolist() == ["b", "a"]
        assert found.vectors.dtype == dtype
        np.testing.assert_array_equal(found.vectors, vectors)


@pytest.mark.parametrize(
    "write",
    [
        tables.write_rows,
        tables.write_qrels,
        tables.write_lists,
        tables.write_vectors,
    ],
)
def test_what_is_not_there_cannot_be_written(tmp_path, write):
    path = tmp_path / "x"
    with pytest.raises(FormatError, match=r"holds nothing, but a file of .* needs"):
        write(contents(), path)
    assert not path.exists()


def test_lists_that_would_be_taken_for_rankings_are_refused(tmp_path):
    groups = top_documents(Scores.from_dict({"q": {"a": 2.0, "b": 1.0}}), depth=2)
    with pytest.raises(FormatError, match="needs scores or positives"):
        tables.write_lists(contents(groups=groups), tmp_path / "x.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".arrow", ".feather", ".ipc", ".ARROW"])
def test_an_arrow_file_is_written_where_the_suffix_says_so(tmp_path, suffix):
    vectors = np.arange(6, dtype=np.float32).reshape(2, 3)
    book = Embeddings(strings(["b", "a"]), vectors)
    path = tmp_path / f"x{suffix}"
    by_name("table-embeddings").write(contents(embeddings=book), path)
    with pa.ipc.open_file(path) as reader:
        assert reader.read_all().column("docid").to_pylist() == ["b", "a"]
    found = read_any(path).embeddings
    assert np.array_equal(found.vectors, vectors)
    assert not found.vectors.flags.owndata  # it stays in the file
    assert pd.read_feather(path).columns.tolist() == ["docid", "embedding"]
    polars = pytest.importorskip("polars")
    assert polars.read_ipc(path).columns == ["docid", "embedding"]


def test_numbers_of_the_other_byte_order_are_turned_and_wide_ones_refused(tmp_path):
    vectors = np.arange(6, dtype=">f4").reshape(2, 3)
    book = Embeddings(strings(["b", "a"]), vectors)
    by_name("table-embeddings").write(contents(embeddings=book), tmp_path / "x.parquet")
    assert read_any(tmp_path / "x.parquet").embeddings.vectors.tolist() == [
        [0, 1, 2],
        [3, 4, 5],
    ]
    if np.longdouble().itemsize > 8:
        wide = Embeddings(strings(["b", "a"]), vectors.astype(np.longdouble))
        with pytest.raises(FormatError, match=r"cannot hold \w+.*; convert to .npz"):
            by_name("table-embeddings").write(contents(embeddings=wide), tmp_path / "y")


def test_a_flipped_bit_is_seen_by_the_checksum_of_its_page(tmp_path):
    path = tmp_path / "x.parquet"
    scores = Scores.from_dict({"q": {f"d{n}": n / 7 for n in range(200)}})
    for name in ("table-scores", "rankbound-scores"):
        by_name(name).write(contents(scores=scores), path)
        whole = path.read_bytes()
        wrong = 0
        for place in range(4, len(whole) // 2, 41):
            damaged = bytearray(whole)
            damaged[place] ^= 0x10
            path.write_bytes(damaged)
            try:
                assert table(read_any(path).scores) == table(scores)
            except FormatError:
                wrong += 1
        assert wrong
