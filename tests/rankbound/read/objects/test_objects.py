"""Objects of other libraries, read by the public functions."""

from pathlib import Path

import ir_measures
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rankbound as rb
from rankbound.errors import UsageError
from rankbound.read.contents import Contents
from tests.rankbound.files import refusal, table

SCORES = {"q1": {"d1": 2.0, "d2": -1.0}, "q2": {"d1": 0.5}}
GRADES = {"q1": {"d1": 1, "d2": 0}}
FRAME = pd.DataFrame(
    [(q, d, s) for q, row in SCORES.items() for d, s in row.items()],
    columns=["qid", "docno", "score"],
)


class Run:
    """Has what ranx.Run has."""

    def __init__(self, rows, *, named=True):
        self.run = rows
        if named:
            self.to_dict = lambda: rows


class Qrels:
    def __init__(self, rows):
        self.qrels = rows


@pytest.mark.parametrize(
    "value",
    [
        SCORES,
        FRAME,
        pl.from_pandas(FRAME),
        FRAME.rename(columns={"qid": "q_id", "docno": "doc_id"}),
        FRAME.assign(rank=0, docid=[3, 4, 5], query="x", query_vec=[[1.0]] * 3),
        FRAME.astype({"qid": "category", "docno": "category", "score": "float32"}),
        Run(SCORES),
        Run(SCORES, named=False),
        [ir_measures.ScoredDoc(*row) for row in FRAME.itertuples(index=False)],
        rb.Scores.from_dict(SCORES),
        Contents("x", Path("x"), scores=rb.Scores.from_dict(SCORES)),
        rb.Scores.from_dict(SCORES).to_arrow(),
        rb.Scores.from_dict(SCORES).to_frame(),
        FRAME.to_dict("records"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_scores_of_any_object_are_the_same(value):
    assert table(rb.read_scores(value)) == SCORES


@pytest.mark.parametrize(
    "value",
    [
        GRADES,
        Qrels(GRADES),
        [ir_measures.Qrel("q1", "d1", 1), ir_measures.Qrel("q1", "d2", 0)],
        pd.DataFrame({"qid": ["q1"] * 2, "docno": ["d1", "d2"], "label": [1, 0]}),
        pd.DataFrame(
            {"query-id": ["q1"] * 2, "corpus-id": ["d1", "d2"], "score": [1, 0]}
        ),
        pd.DataFrame({"q_id": ["q1"] * 2, "doc_id": ["d1", "d2"], "score": [1, 0]}),
        np.array([[1, 0]]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_judgements_of_any_object_are_the_same(value):
    found = table(rb.read_qrels(value))
    if isinstance(value, np.ndarray):
        assert found == {"0": {"0": 1.0, "1": 0.0}}
    else:
        assert found == GRADES


def members(groups):
    """(qid, documents, positives) of every group."""
    return [
        (
            groups.qids[groups.queries[number]],
            groups.docnos[groups.codes[start:stop]].tolist(),
            None if groups.positive is None else groups.positive[start:stop].tolist(),
        )
        for number, (start, stop) in enumerate(
            zip(groups.offsets[:-1], groups.offsets[1:], strict=True)
        )
    ]


def test_groups_of_objects():
    rows = [{"query_id": 1, "doc_id_a": 7, "doc_id_b": [9, 8]}]
    expected = [("1", ["7", "9", "8"], [True, False, False])]
    groups = rb.read_groups(rows)
    assert members(groups) == expected
    assert rb.read_groups(groups) is groups
    for value in (
        pl.DataFrame(rows),
        pd.DataFrame(rows),
        groups.to_frame(),
        groups.to_arrow(),
    ):
        assert members(rb.read_groups(value)) == expected
    lists = {"q": ["b", "a"], 2: np.array(["c"])}
    assert members(rb.read_groups(lists)) == [
        ("q", ["b", "a"], None),
        ("2", ["c"], None),
    ]


def test_groups_of_texts():
    rows = [{"anchor": "a", "positive": "b", "negative": "c"}]
    for value in (rows, iter(rows), pd.DataFrame(rows), pl.DataFrame(rows)):
        assert rb.read_groups(value).positive.tolist() == [True, False]


def test_embeddings_of_objects():
    vectors = np.arange(4.0).reshape(2, 2)
    for value, ids in (
        (vectors, ["a", "b"]),
        ({"a": vectors[0], "b": vectors[1]}, None),
        (pl.DataFrame({"docno": ["a", "b"], "embedding": vectors.tolist()}), None),
        (pd.DataFrame({"docno": ["a", "b"], "doc_vec": list(vectors)}), None),
        (vectors.tolist(), ["a", "b"]),
    ):
        found = rb.read_embeddings(value, ids)
        assert found.ids.tolist() == ["a", "b"]
        np.testing.assert_array_equal(found.vectors, vectors)


def test_embeddings_take_ids_from_a_file(tmp_path):
    path = tmp_path / "ids.txt"
    path.write_text("a\nb\n")
    assert rb.read_embeddings(np.eye(2), path).ids.tolist() == ["a", "b"]


def test_arrays_take_ids():
    found = rb.read_scores(np.array([[1.0, 2.0]]), qids=["q"], docnos=["a", "b"])
    assert table(found) == {"q": {"a": 1.0, "b": 2.0}}
    assert found.name == "numpy.ndarray"
    assert rb.read_scores(SCORES, name="teacher").name == "teacher"


@given(
    values=st.lists(st.floats(-1e300, 1e300, width=64), min_size=1, max_size=6),
    kind=st.sampled_from(["pandas", "polars", "arrow", "ir_measures", "ranx"]),
)
def test_scores_round_trip_through_other_libraries(values, kind):
    nested = {"q": {f"d{n}": value for n, value in enumerate(values)}}
    scores = rb.Scores.from_dict(nested)
    other = {
        "pandas": scores.to_frame,
        "polars": lambda: pl.from_pandas(scores.to_frame()),
        "arrow": scores.to_arrow,
        "ir_measures": scores.to_ir_measures,
        "ranx": lambda: Run(scores.to_ranx_dict()),
    }[kind]()
    assert table(rb.read_scores(other)) == nested


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (
            rb.read_scores,
            FRAME.assign(qid=[1.0, 2.0, np.nan]),
            "pandas.DataFrame: row 3",
        ),
        (
            rb.read_scores,
            FRAME.assign(qid=[1.0, 2.0, 3.0]),
            "qid holds floating-point numbers",
        ),
        (rb.read_scores, FRAME.assign(score=np.nan), "row 1: score must be a finite"),
        (
            rb.read_scores,
            pd.concat([FRAME, FRAME + FRAME]).assign(qid="q", docno="d"),
            "a pair must have one score",
        ),
        (rb.read_scores, FRAME[["qid"]], "a table with unknown columns: qid"),
        (rb.read_scores, GRADES | {"q1": {1.5: 2}}, "a float is not an id"),
        (rb.read_scores, {}, "holds no scores"),
        (rb.read_scores, np.array([[np.nan]]), "must be a finite number, found nan"),
        (rb.read_scores, [ir_measures.Qrel("q", "d", 1)], "holds qrels, but scores"),
        (rb.read_qrels, {"q": {"d": 0.5}}, "must be a whole number, found 0.5"),
        (rb.read_qrels, FRAME, "holds scores, but qrels are expected"),
        (rb.read_groups, np.ones((2, 2)), "an array alone holds no groups"),
        (rb.read_groups, {"q": "abc"}, "put a single document in brackets"),
        (rb.read_groups, {"q": [1.5]}, "a float is not an id"),
        (rb.read_groups, {"q": []}, "doc_ids"),
        (rb.read_embeddings, np.eye(2), "give the ids of its rows"),
        (rb.read_embeddings, {"a": [1.0], "b": [1.0, 2.0]}, "the same length"),
        (rb.read_embeddings, FRAME, "holds scores, but embeddings"),
        (rb.read_scores, None, "NoneType: is of an unknown type; give a path"),
    ],
)
def test_objects_are_refused_in_one_line(read, value, message):
    assert message in refusal(read, value)


def test_options_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(UsageError, match="`format='trec-run'` is for files"):
        rb.read_scores(SCORES, format="trec-run")
    with pytest.raises(UsageError, match="a file has its own ids"):
        rb.read_scores(tmp_path / "x", qids=["q"])
    with pytest.raises(
        rb.FormatError, match="are for the rows and columns of an array"
    ):
        rb.read_scores(SCORES, qids=["q1", "q2"])
