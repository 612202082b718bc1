"""Frames and records as Arrow tables."""

import sys
from collections import namedtuple

import ir_measures
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rankbound.read.objects.objects import described, table_of_object

COLUMNS = {"qid": ["1", "1"], "docno": ["a", "b"], "score": [0.5, 1.5]}
ROWS = [
    dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)
]


def test_described_names_the_library():
    assert described(pd.DataFrame()) == "pandas.DataFrame"
    assert described([]) == "list"
    assert described(ir_measures.Qrel("q", "d", 1)) == "ir_measures.Qrel"


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS, index=["x", "y"]),
        pl.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS).lazy(),
        pa.table(COLUMNS),
        pa.table(COLUMNS).to_reader(),
        pa.RecordBatch.from_pydict(COLUMNS),
        ROWS,
        tuple(ROWS),
    ],
    ids=lambda value: described(value),
)
def test_tables_of_many_libraries_are_one(value):
    assert table_of_object(value, ValueError).to_pylist() == ROWS


def test_a_hugging_face_dataset_is_asked_for_arrow():
    class Dataset:
        """Stands in for datasets.Dataset."""

        __module__ = "datasets.arrow_dataset"

        def with_format(self, kind):
            assert kind == "arrow"
            return Sliced()

    class Sliced:
        def __getitem__(self, rows):
            assert rows == slice(None)
            return pa.table(COLUMNS)

    assert table_of_object(Dataset(), ValueError).to_pylist() == ROWS


def test_only_columns_that_may_count_are_converted():
    frame = pd.DataFrame({**COLUMNS, "mixed": [1, "a"], 3: [0, 0]})
    assert table_of_object(frame, ValueError).column_names == list(COLUMNS)
    with pytest.raises(ValueError, match="cannot be read as a table"):
        table_of_object(frame, ValueError, every=True)
    rows = [{**row, "text": "x"} for row in ROWS]
    assert table_of_object(rows, ValueError).column_names == list(COLUMNS)
    every = table_of_object(rows, ValueError, every=True)
    assert every.column_names == [*COLUMNS, "text"]


def test_records_of_ir_measures_and_ir_datasets_are_rows():
    found = table_of_object(iter([ir_measures.ScoredDoc("q", "d", 1.0)]), ValueError)
    assert found.to_pylist() == [{"query_id": "q", "doc_id": "d", "score": 1.0}]
    found = table_of_object([ir_measures.Qrel("q", "d", 1)], ValueError)
    assert found.to_pylist() == [{"query_id": "q", "doc_id": "d", "relevance": 1}]
    generic = namedtuple("GenericScoredDoc", ("query_id", "doc_id", "score"))
    found = table_of_object([generic(1, 2, np.float32(0.5))], ValueError)
    assert found.to_pylist() == [{"query_id": 1, "doc_id": 2, "score": 0.5}]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "is of an unknown type; give a path, a dict"),
        (b"abc", "is of an unknown type"),
        ([], "holds no rows"),
        ([1, 2], "holds int, an unknown type"),
        ([("q", "d", 1.0)], "holds tuple, an unknown type"),
        (
            [ir_measures.ScoredDoc("q", "d", 1.0), ir_measures.Qrel("q", "d", 1)],
            "its records differ",
        ),
        (
            [
                ir_measures.ScoredDoc("q", "d", "high"),
                ir_measures.ScoredDoc("q", "d", 1),
            ],
            "mixes",
        ),
        (pd.DataFrame({"qid": ["a", 1]}), "cannot be read as a table"),
    ],
)
def test_table_of_object_rejects(value, message):
    with pytest.raises(ValueError, match=message) as caught:
        table_of_object(value, ValueError)
    assert "\n" not in str(caught.value)


def test_no_library_is_loaded_for_a_dict():
    import subprocess

    code = (
        "import rankbound as rb, sys\n"
        "rb.read_scores({'q': {'d': 1.0}})\n"
        # pyarrow itself looks for pandas when it is given a list
        "print([m for m in ('polars', 'torch', 'ir_measures', 'sklearn')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
