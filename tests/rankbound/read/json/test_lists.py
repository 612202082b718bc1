import pytest

from rankbound.errors import UsageError
from rankbound.read.json.building import TWICE
from rankbound.read.registry import by_name
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused

LABELED = {"query_id": 1, "doc_ids": ["a", "b", "c"], "labels": [0, 1, 0]}
PYLATE = {"query_id": 1, "document_ids": ["a", "b"], "scores": [11.25, -3]}


def test_labels_mark_positives(tmp_path):
    found = read_lines(tmp_path, LABELED, {**LABELED, "query_id": 2})
    expected = [(qid, ["a", "b", "c"], [False, True, False]) for qid in "12"]
    assert listed(found.groups) == expected
    assert found.scores is None


def test_labels_may_be_scores_if_the_user_says_so(tmp_path):
    row = {**LABELED, "labels": [0.5, 3, -1]}
    assert refused(tmp_path, row, format="labeled-list") == (
        ":1: labels must be 1 for a positive and 0 for others, found 0.5; if they are "
        "a teacher's scores, say so with `format='labeled-list:scores'`"
    )
    found = read_lines(tmp_path, row, format="labeled-list:scores")
    assert by_pair(found.scores) == {"1": {"a": 0.5, "b": 3.0, "c": -1.0}}
    assert listed(found.groups) == [("1", ["a", "b", "c"], None)]
    with pytest.raises(UsageError, match="labeled-list:x'`: only 'scores' may follow"):
        by_name("labeled-list:x")


def test_labels_with_scores_give_both(tmp_path):
    found = read_lines(tmp_path, {**LABELED, "scores": [0.5, 3, -1]})
    assert by_pair(found.scores) == {"1": {"a": 0.5, "b": 3.0, "c": -1.0}}
    assert listed(found.groups)[0][2] == [False, True, False]


def test_pylate_lists_mark_no_positive(tmp_path):
    found = read_lines(
        tmp_path,
        PYLATE,
        {**PYLATE, "document_ids": ["a", "a"], "scores": [11.25, 11.25]},
    )
    assert found.format == "pylate"
    assert by_pair(found.scores) == {"1": {"a": 11.25, "b": -3.0}}
    assert listed(found.groups) == [("1", ["a", "b"], None), ("1", ["a"], None)]
    assert found.repairs[TWICE] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 1]}, "labels has 2 entries for 3 documents; there must be one"),
        ({"labels": [0, 1, True]}, "labels must be 1 for a positive and 0 for others"),
        ({"labels": [0, 1, "1"]}, "labels must be 1 for a positive and 0 for others"),
        ({"labels": [0, 1, None]}, "labels must be 1 for a positive and 0 for others"),
        ({"doc_ids": "abc"}, "doc_ids must be a list, found str 'abc'"),
        (
            {"doc_ids": None},
            "expected an object with query_id, doc_ids, labels; the keys",
        ),
        ({"scores": [1, 2]}, "scores has 2 entries for 3 documents"),
        (
            {"scores": [1, 2, None]},
            "the score of query '1', document 'c' must be a fini",
        ),
        ({"query_id": 1.0}, "a query id must be text"),
    ],
)
def test_labelled_lists_are_refused_by_line(tmp_path, change, message):
    said = refused(tmp_path, LABELED, {**LABELED, **change}, format="labeled-list")
    assert said.startswith(":2: " + message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"document_ids": "['a', 'b']"}, "document_ids must be a list, found str"),
        ({"scores": [1]}, "scores has 1 entries for 2 documents"),
        (
            {"scores": [1, True]},
            "the score of query '1', document 'b' must be a finite",
        ),
    ],
)
def test_pylate_lists_are_refused_by_line(tmp_path, change, message):
    said = refused(tmp_path, PYLATE, {**PYLATE, **change}, format="pylate")
    assert said.startswith(":2: " + message)
