import pytest

from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.read.fields import text_id
from rankbound.read.json.building import AGAIN
from rankbound.read.json.mined import DECLARE
from rankbound.read.registry import by_name
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused

ROW = {"anchor": "q", "positive": "p"}
TUPLE = {**ROW, "negative_1": "n", "negative_2": "m"}
Q, P, N, M = map(text_id, "qpnm")


@pytest.mark.parametrize("key", ["scores", "score"])
@pytest.mark.parametrize("names", [("anchor", "positive"), ("question", "answer")])
def test_an_n_tuple_is_a_group_with_its_positive_first(tmp_path, key, names):
    row = dict(zip((*names, "negative_1", "negative_2"), "qpnm", strict=True))
    found = read_lines(tmp_path, {**row, key: [2, 1, -0.5]})
    assert found.format == "mined"
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0, M: -0.5}}
    assert listed(found.groups) == [(Q, [P, N, M], [True, False, False])]
    assert found.texts == {P: "p", N: "n", M: "m"}
    assert found.metadata == {"query_texts": {Q: "q"}}


def test_an_n_tuple_without_scores_is_a_group(tmp_path):
    found = read_lines(tmp_path, TUPLE, TUPLE)
    assert found.scores is None
    assert len(listed(found.groups)) == 2


def test_triplets_of_one_positive_are_one_group(tmp_path):
    rows = [{**ROW, "negative": text, "scores": [2, 1]} for text in "nm"]
    found = read_lines(tmp_path, *rows, {**rows[0], "positive": "o"})
    assert listed(found.groups) == [
        (Q, [P, N, M], [True, False, False]),
        (Q, [text_id("o"), N], [True, False]),
    ]
    assert found.repairs == {AGAIN: 2}


def test_pairs_of_a_query_are_one_group(tmp_path):
    rows = [
        {"anchor": "q", "positive": text, "label": label, "score": score}
        for text, label, score in (("p", 1, 2.0), ("n", 0, 1.0))
    ]
    found = read_lines(tmp_path, *rows)
    assert listed(found.groups) == [(Q, [P, N], [True, False])]
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0}}


def test_lists_have_labels_and_scores(tmp_path):
    row = {"anchor": "q", "positive": ["p", "n"], "labels": [1, 0], "scores": [2, 1]}
    found = read_lines(tmp_path, row)
    assert listed(found.groups) == [(Q, [P, N], [True, False])]
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0}}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({**ROW, "negative": "n", "label": 1.5}, {P: 0.0, N: -1.5}),
        ({**TUPLE, "label": [1.5, 2]}, {P: 0.0, N: -1.5, M: -2.0}),
    ],
)
def test_labels_may_be_margins_if_the_user_says_so(tmp_path, row, expected):
    assert refused(tmp_path, row, format="mined") == f":1: {DECLARE}"
    found = read_lines(tmp_path, row, format="mined:margins")
    assert by_pair(found.scores) == {Q: expected}
    assert found.scores.kind is Kind.MARGIN_ONLY
    assert found.groups.positive.tolist() == [True] + [False] * (len(expected) - 1)


def test_labels_may_be_scores_if_the_user_says_so(tmp_path):
    found = read_lines(tmp_path, {**TUPLE, "label": [2, 1, 0]}, format="mined:scores")
    assert by_pair(found.scores) == {Q: {P: 2.0, N: 1.0, M: 0.0}}
    assert found.groups.positive.tolist() == [True, False, False]
    row = {"sentence1": "q", "sentence2": "p", "label": 0.75}
    assert DECLARE in refused(tmp_path, row, format="mined")
    found = read_lines(tmp_path, row, format="mined:scores")
    assert by_pair(found.scores) == {Q: {P: 0.75}}
    assert found.groups.positive is None
    with pytest.raises(UsageError, match="what label holds, margins or scores"):
        by_name("mined:x")


@pytest.mark.parametrize(
    ("row", "format", "message"),
    [
        (
            {"anchor": "q"},
            "mined",
            "expected at least a column of queries and one of passages",
        ),
        ({**TUPLE, "scores": [1, 2]}, "mined", "scores has 2 entries for 3 documents"),
        ({**TUPLE, "scores": [1, 2, None]}, "mined", "the score of query"),
        ({**TUPLE, "scores": 1.5}, "mined", "scores must be a list, found float 1.5"),
        ({**TUPLE, "negative_2": None}, "mined", "a document must be given as text"),
        ({**TUPLE, "anchor": 3}, "mined", "a query must be given as text, found 3"),
        ({**ROW, "label": True}, "mined", "label of a pair must be 0 or 1, found True"),
        ({**ROW}, "mined", "label of a pair must be 0 or 1, found None"),
        (
            {**TUPLE, "label": [1, 2, 3]},
            "mined:margins",
            "label has 3 margins for 2 neg",
        ),
        ({**TUPLE, "label": 1}, "mined:margins", "label has 1 margins for 2 negatives"),
        ({**TUPLE}, "mined:margins", "expected an object with label; the keys"),
        (
            {**TUPLE, "label": [1, 2]},
            "mined:scores",
            "label has 2 entries for 3 docume",
        ),
        (
            {**TUPLE, "label": [1, "2"]},
            "mined:margins",
            "a margin must be a finite num",
        ),
    ],
)
def test_rows_are_refused_by_line(tmp_path, row, format, message):
    good = {
        "mined": TUPLE,
        "mined:margins": {**TUPLE, "label": [1, 2]},
        "mined:scores": {**TUPLE, "label": [1, 2, 3]},
    }[format]
    said = refused(tmp_path, good, row, format=format)
    assert said.startswith(":2: " + message)


@pytest.mark.parametrize(
    "record",
    [
        {"anchor": "q", "positive": "p"},
        {"anchor": "q", "positive": ["p"]},
        {"anchor": 1, "positive": "p", "negative": "n"},
        {"anchor": "q", "positive": "p", "comment": "n"},
    ],
)
def test_other_records_are_not_taken_for_it(tmp_path, record):
    with pytest.raises(ValueError, match="which no format has"):
        read_lines(tmp_path, record)
