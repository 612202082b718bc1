"""rankbound.formats.tables_other: what is said of a table that nobody knows."""

import pyarrow as pa
import pyarrow.parquet as pq

from rankbound.formats.registry import read_any
from rankbound.formats.source import Source
from rankbound.formats.tables_other import FORMATS
from tests.rankbound.files import refusal, written


def test_unknown_columns_are_named_with_known_ones(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"qid": ["1"], "docid": [4], "score": [0.5]}), path)
    message = refusal(read_any, path)
    assert "whose columns are not known: qid, docid, score; rename them" in message
    assert "qid, docno, score" in message


def test_only_tables_are_claimed(tmp_path):
    assert FORMATS[0].sniff(Source(written(tmp_path, "q Q0 d 1 2 t\n"))) is None


def test_a_damaged_table_is_no_text(tmp_path):
    path = written(tmp_path, b"PAR1" + b"q Q0 d 1 2.0 t\n" * 4, "x.run")
    assert "parquet that is truncated or damaged" in refusal(read_any, path)
