"""Scores from nested dictionaries, against plain loops."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.objects.arrays import scores_of_nested, texts
from tests.rankbound.files import table

IDS = st.integers(0, 30) | st.sampled_from(["D1", "é", "x y"])
TABLES = st.dictionaries(
    IDS, st.dictionaries(IDS, st.floats(-1e6, 1e6), max_size=5), max_size=5
)


@given(nested=TABLES)
def test_scores_of_nested_matches_a_loop(nested):
    filled = {q: row for q, row in nested.items() if row}
    if not filled:
        with pytest.raises(ValueError, match="holds no scores"):
            scores_of_nested(nested, ValueError, name="x")
        return
    scores = scores_of_nested(nested, ValueError, name="x")
    assert table(scores) == {
        str(q): {str(d): v for d, v in row.items()} for q, row in filled.items()
    }
    assert scores.qids.tolist() == [str(q) for q in filled]


def test_numpy_numbers_are_numbers():
    nested = {np.int64(1): {np.int32(2): np.float32(0.5)}, "q": {"d": 3}}
    found = table(scores_of_nested(nested, ValueError, name="x"))
    assert found == {"1": {"2": 0.5}, "q": {"d": 3.0}}


@pytest.mark.parametrize(
    ("nested", "message"),
    [
        ({1.0: {"d": 1.0}}, "a float is not an id"),
        ({"q": {2.0: 1.0}}, "a document id must be text or a whole number, found 2.0"),
        ({True: {"d": 1.0}}, "a query id must be text or a whole number, found True"),
        ({None: {"d": 1.0}}, "found None"),
        ({"": {"d": 1.0}}, "not blank, found ''"),
        ({"q": {"a\tb": 1.0}}, "without control characters"),
        ({"q": [1, 2]}, "found list for query 'q'"),
        ({"q": {"d": "1.5"}}, "must be a finite number, found '1.5'"),
        ({"q": {"d": float("nan")}}, "document 'd' must be a finite number, found nan"),
        ({"q": {"d": 10**400}}, "document 'd' must be a finite number, found 1000"),
        ({"q": {"d": None}}, "found None"),
        ({"q": {"d": True}}, "found True"),
        ({7: {"d": 1.0}, "7": {"d": 2.0}}, "query '7' occurs twice"),
        ({"q": {7: 1.0, "7": 2.0}}, "document '7' occurs twice under query 'q'"),
        ({}, "holds no scores"),
    ],
)
def test_scores_of_nested_rejects(nested, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        scores_of_nested(nested, ValueError, name="x")


def test_texts_rejects_a_blank():
    with pytest.raises(ValueError, match="an id must be text"):
        texts(["a", " "], ValueError, what="an id")


@pytest.mark.parametrize("table", [{"q\ud800": {"a": 1}}, {"q": {"a\udfff": 1}}])
def test_half_a_surrogate_pair_is_no_text(table):
    with pytest.raises(ValueError, match=r"found .*U\+D"):
        scores_of_nested(table, ValueError, name="t")


def test_a_score_beyond_what_scores_hold_is_named():
    with pytest.raises(ValueError, match="query 'q', document 'b' must be at most"):
        scores_of_nested({"q": {"a": 8.9e307, "b": 1e308}}, ValueError, name="toy")


@pytest.mark.parametrize(
    "table", [{"q": {"é": 1, "e\u0301": 2}}, {"é": {"a": 1}, "e\u0301": {"b": 2}}]
)
def test_two_unicode_forms_of_one_id_are_named_as_such(table):
    with pytest.raises(ValueError, match=r"occurs twice.*in two Unicode forms"):
        scores_of_nested(table, ValueError, name="toy")
