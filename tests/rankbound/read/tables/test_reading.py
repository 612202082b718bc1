"""Tables in each layout, against loops over their rows."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data.scores import Kind
from rankbound.errors import FormatError
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import recognise
from rankbound.read.tables.reading import parts_of
from tests.rankbound.files import table


def read(columns):
    found = columns if isinstance(columns, pa.Table) else pa.table(columns)
    return parts_of(Frame(found, "t"), recognise(found.schema))


def refused(columns):
    with pytest.raises(FormatError) as caught:
        read(columns)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def listed(groups):
    """Groups as (qid, documents, positives)."""
    found = []
    for number in range(groups.n_groups):
        rows = slice(groups.offsets[number], groups.offsets[number + 1])
        marks = None if groups.positive is None else groups.positive[rows].tolist()
        documents = groups.docnos[groups.codes[rows]].tolist()
        found.append((groups.qids[groups.queries[number]], documents, marks))
    return found


ROW = st.tuples(st.integers(0, 4), st.integers(0, 9), st.floats(-9, 9))


@given(rows=st.lists(ROW, min_size=1, unique_by=lambda row: row[:2]))
def test_rows_match_a_loop(rows):
    qids, docnos, values = map(list, zip(*rows, strict=True))
    ranks = list(range(len(rows)))
    parts = read({"qid": qids, "docno": docnos, "score": values, "rank": ranks})
    expected = {}
    for qid, docno, value in rows:
        expected.setdefault(str(qid), {})[str(docno)] = value
    scores = parts.scores
    assert table(scores) == expected
    assert scores.qids.tolist() == list(expected)
    for row in range(len(rows)):
        qid, docno = scores.where(row)
        place = next(
            i for i, r in enumerate(rows) if (str(r[0]), str(r[1])) == (qid, docno)
        )
        assert parts.ranks[row] == ranks[place]


@given(
    lists=st.lists(
        st.tuples(
            st.integers(0, 3), st.lists(st.integers(0, 9), unique=True, max_size=5)
        ),
        min_size=1,
    ).filter(lambda lists: any(docs for _, docs in lists))
)
def test_lists_match_a_loop(lists):
    qids = [qid for qid, _ in lists]
    docs = [docs for _, docs in lists]
    score = {(q, d): q * 10.0 + d for q in range(4) for d in range(10)}
    values = [[score[q, d] for d in row] for q, row in lists]
    found = pl.DataFrame({"query_id": qids, "doc_ids": docs, "scores": values})
    parts = read(found.to_arrow())
    expected = {}
    for qid, row in lists:
        for docno in row:
            expected.setdefault(str(qid), {})[str(docno)] = score[qid, docno]
    assert table(parts.scores) == expected
    assert listed(parts.groups) == [
        (str(qid), [str(d) for d in row], None) for qid, row in lists if row
    ]
    assert parts.groups.lines.tolist() == [
        number for number, (_, row) in enumerate(lists, start=1) if row
    ]
    again = sum(map(len, docs)) - sum(map(len, expected.values()))
    assert parts.repairs.get("scores given again", 0) == again


def test_an_ordered_list_is_rank_only():
    parts = read({"query_id": [1, 2], "doc_ids": [["b", "a"], ["c"]]})
    assert parts.scores.kind is Kind.RANK_ONLY
    assert table(parts.scores) == {"1": {"b": -1.0, "a": -2.0}, "2": {"c": -1.0}}
    assert parts.ranks.tolist() == [2, 1, 1]
    assert listed(parts.groups) == [("1", ["b", "a"], None), ("2", ["c"], None)]
    assert "minus the rank" in parts.notes[0]


def test_ranks_alone_are_rank_only():
    parts = read({"qid": ["q", "q"], "docno": ["a", "b"], "rank": [1, 0]})
    assert parts.scores.kind is Kind.RANK_ONLY
    assert table(parts.scores) == {"q": {"a": -1.0, "b": 0.0}}


@pytest.mark.parametrize(
    "labels", [[[1, 0], [0]], [[True, False], [False]], [[1.0, 0.0], [0.0]]]
)
def test_labels_mark_positives(labels):
    columns = {"query_id": [1, 1], "doc_ids": [[7, 8], [9]], "labels": labels}
    parts = read(columns)
    assert parts.scores is None
    assert listed(parts.groups) == [
        ("1", ["7", "8"], [True, False]),
        ("1", ["9"], [False]),
    ]
    parts = read({**columns, "scores": [[0.5, 0.25], [-1.0]]})
    assert table(parts.scores) == {"1": {"7": 0.5, "8": 0.25, "9": -1.0}}
    assert parts.groups.positive.tolist() == [True, False, False]


def test_labels_of_other_numbers_are_refused():
    columns = {"query_id": [1, 1], "doc_ids": [[7], [8, 9]], "labels": [[1], [0, 2]]}
    assert "row 2: labels must be 1 for a positive" in refused(columns)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.int64()])
def test_the_positive_comes_first(kind):
    parts = read(
        {
            "query_id": ["q", "r"],
            "doc_id_a": pa.array([1, 4]).cast(kind),
            "doc_id_b": [["3", "2"], []],
        }
    )
    assert listed(parts.groups) == [
        ("q", ["1", "3", "2"], [True, False, False]),
        ("r", ["4"], [True]),
    ]


def test_a_positive_among_the_negatives_is_counted():
    parts = read({"query_id": ["q"], "doc_id_a": ["1"], "doc_id_b": [["2", "1"]]})
    assert listed(parts.groups) == [("q", ["1", "2"], [True, False])]
    assert parts.repairs == {"positives among the negatives of their group": 1}


def test_scores_beside_judgements_that_are_not_complete():
    frame = pd.DataFrame(
        {
            "qid": ["q", "q", "r"],
            "docno": ["a", "b", "a"],
            "score": [1.0, 2.0, 3.0],
            "label": [1, np.nan, 0],
        }
    )
    for found in (pa.Table.from_pandas(frame), pl.from_pandas(frame).to_arrow()):
        parts = read(found)
        assert table(parts.scores) == {"q": {"a": 1.0, "b": 2.0}, "r": {"a": 3.0}}
        assert table(parts.qrels) == {"q": {"a": 1.0}, "r": {"a": 0.0}}
    frame["label"] = np.nan
    assert read(pa.Table.from_pandas(frame)).qrels is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"qid": [1, 1, 1], "docno": [7, 8, 7], "score": [0.5, 1.0, 0.75]},
            "t: row 3: query '1', document '7' has 0.75 here and 0.5 in row 1",
        ),
        (
            {"query_id": [1, 1], "doc_ids": [[7], [7]], "scores": [[1.0], [2.0]]},
            "t: row 2: query '1', document '7' has 2.0 here and 1.0 in row 1",
        ),
        (
            {"query_id": [1, 2], "doc_ids": [[7], [7, 8]], "scores": [[1.0], [2.0]]},
            "t: row 2: scores has 1 values for the 2 documents of doc_ids",
        ),
        (
            {"query_id": [1, 2], "doc_ids": [[7], [7, None]]},
            "t: row 2: doc_ids lacks a value of its list",
        ),
        (
            {"query_id": [1], "doc_ids": [[7]], "scores": [[float("nan")]]},
            "t: row 1: scores must be a finite number, found nan",
        ),
        (
            {"query_id": [1], "doc_ids": [[7.0]]},
            "t: doc_ids holds floating-point numbers",
        ),
        (
            {"query_id": [1], "doc_ids": pa.array([[]], pa.list_(pa.string()))},
            "t: doc_ids holds no documents",
        ),
        (
            {"query-id": [1], "corpus-id": [2], "score": [0.5]},
            "t: row 1: score must be a grade, a whole number, found 0.5",
        ),
        (
            {"qid": [1], "docno": [2], "label": pa.array([None], pa.int64())},
            "t: row 1: label must be a finite number, found None",
        ),
        (
            {"qid": pa.array([], pa.string()), "docno": [], "score": []},
            "t: holds no rows",
        ),
    ],
)
def test_broken_tables_are_refused(columns, message):
    assert refused(columns).startswith(message)


def test_the_same_score_again_is_counted():
    parts = read({"qid": [1, 1], "docno": [7, 7], "score": [0.5, 0.5]})
    assert table(parts.scores) == {"1": {"7": 0.5}}
    assert parts.repairs == {"scores given again": 1}
