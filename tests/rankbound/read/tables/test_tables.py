"""The field's tables, read by the public functions."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rankbound.read.reading import read_groups, read_qrels, read_scores
from rankbound.read.registry import by_name, detect, read_any
from rankbound.read.source import Source
from tests.rankbound.files import refusal, table
from tests.rankbound.read.tables.test_containers import hugging_face, ipc, parquet

ROWS = pa.table(
    {"qid": ["1", "1"], "docno": ["a", "b"], "score": [0.5, 1.5], "query": ["x", "x"]}
)
TABLES = {
    "table-scores": ROWS,
    "table-qrels": pa.table({"query-id": [1], "corpus-id": ["a"], "score": [1]}),
    "table-lists": pa.table(
        {"query_id": [1], "doc_ids": [[7, 8]], "scores": [[1.0, 2]]}
    ),
    "table-margins": pa.table(
        {"query_id": [1], "positive_id": [2], "negative_id": [3], "score": [0.5]}
    ),
    "table-embeddings": pa.table({"docid": ["a"], "embedding": [[1.0, 2.0]]}),
    "mined": pa.table({"query": ["a"], "positive": ["b"], "negative": ["c"]}),
}
CONTAINERS = {
    "parquet": parquet,
    "file": lambda found: ipc(found, pa.ipc.new_file),
    "stream": lambda found: ipc(found, pa.ipc.new_stream),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", TABLES)
def test_tables_are_told_by_their_columns(tmp_path, name, container):
    path = tmp_path / "x.txt"  # the name says nothing
    path.write_bytes(CONTAINERS[container](TABLES[name]))
    entry, evidence = detect(Source(path))
    assert entry.name == name
    assert evidence
    found = read_any(path)
    assert found.format == name
    assert found.path == path
    assert set(found.parts()) <= set(entry.parts)
    assert read_any(path, format=name).parts() == found.parts()


@pytest.mark.parametrize("name", TABLES)
def test_folders_of_hugging_face_datasets_are_tables(tmp_path, name):
    found = read_any(hugging_face(tmp_path / "ds", (TABLES[name],)))
    assert found.format == name


def test_columns_that_do_not_count_are_named(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(ROWS, path)
    assert read_any(path).metadata == {"columns_unused": ["query"]}


def test_a_table_is_asked_for_a_part(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(ROWS, path)
    assert table(read_scores(path)) == {"1": {"a": 0.5, "b": 1.5}}
    assert "holds scores" in refusal(read_groups, path)
    both = ROWS.append_column("label", pa.array([1, 0]))
    pq.write_table(both, path)
    assert table(read_qrels(path)) == {"1": {"a": 1.0, "b": 0.0}}


def test_another_layout_than_asked_for_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(ROWS, path)
    entry = by_name("table-lists")
    message = refusal(entry.read, Source(path))
    assert "expected a table of lists, found the columns qid, docno" in message


def test_formats_of_records_read_tables_by_name(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(TABLES["table-margins"], path)
    assert read_any(path, format="margins").format == "margins"
    labelled = TABLES["mined"].append_column("label", pa.array([0.5]))
    pq.write_table(labelled, path)
    assert read_any(path, format="mined:margins").scores.values.tolist() == [-0.5, 0.0]
    assert read_any(path).scores.values.tolist() == [-0.5, 0.0]
