"""Errors about tables with unknown columns."""

import pyarrow as pa
import pyarrow.parquet as pq

from rankbound.read.reading import read_groups, read_qrels, read_scores
from rankbound.read.registry import read_any
from rankbound.read.source import Source
from rankbound.read.tables.tables import FORMATS
from rankbound.read.vectors.embeddings import read_embeddings
from tests.rankbound.files import refusal, written


def test_unknown_columns_are_named_with_known_ones(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"qid": ["1"], "docid": [4], "score": [0.5]}), path)
    for read in (read_scores, read_groups, read_qrels, read_embeddings):
        assert "a table with unknown columns" in refusal(read, path)
    message = refusal(read_any, path)
    assert "with unknown columns: qid, docid, score; rename them" in message
    assert "qid, docno, score" in message


def test_only_tables_are_claimed(tmp_path):
    assert FORMATS[-1].sniff(Source(written(tmp_path, "q Q0 d 1 2 t\n"))) is None


def test_a_damaged_table_is_no_text(tmp_path):
    path = written(tmp_path, b"PAR1" + b"q Q0 d 1 2.0 t\n" * 4, "x.run")
    for read in (read_any, read_scores, read_groups, read_qrels, read_embeddings):
        assert "parquet that is truncated or damaged" in refusal(read, path)


def test_a_table_that_others_know_is_left_to_them(tmp_path):
    path = tmp_path / "x.parquet"
    for columns in (
        {"qid": ["1"], "docno": ["a"], "score": [0.5]},
        {"query": ["a"], "positive": ["b"], "negative": ["c"]},
    ):
        pq.write_table(pa.table(columns), path)
        assert FORMATS[-1].sniff(Source(path)) is None
