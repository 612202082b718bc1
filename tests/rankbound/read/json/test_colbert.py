import pytest

from rankbound.read.registry import read_any
from tests.rankbound.files import refusal, written
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused


def test_scored_lists_begin_with_the_positive(tmp_path):
    found = read_lines(tmp_path, [1, [7, 4.5], [8, -2]], ["q", ["a", 1], ["b", 0]])
    assert found.format == "colbert"
    assert by_pair(found.scores) == {"1": {"7": 4.5, "8": -2}, "q": {"a": 1, "b": 0}}
    assert listed(found.groups) == [
        ("1", ["7", "8"], [True, False]),
        ("q", ["a", "b"], [True, False]),
    ]


def test_triples_have_no_scores(tmp_path):
    found = read_lines(tmp_path, [1, 7, 8], [1, 7, 9, 10])
    assert found.scores is None
    assert [group[1] for group in listed(found.groups)] == [
        ["7", "8"],
        ["7", "9", "10"],
    ]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"a": 1}, "expected [qid, [pid, score], ...]"),
        ([1], "expected [qid, [pid, score], ...]"),
        ([1, [7, 1.5], 8], "some entries have a score and others none"),
        ([1, 7, 8], "some entries have a score and others none"),
        ([1, [7, 1.5, 2]], "found [7, 1.5, 2] in place of [pid, score]"),
        ([1, [7, "1.5"]], "must be a finite number, found '1.5'"),
        ([1, [True, 1.5]], "a document id must be text"),
        ([1.5, [7, 1.5]], "a query id must be text"),
    ],
)
def test_lines_are_refused_by_number(tmp_path, record, message):
    said = refused(tmp_path, [1, [7, 4.5], [8, -2]], record, format="colbert")
    assert said.startswith(":2: ")
    assert message in said


@pytest.mark.parametrize(
    "text", ["[1]\n", "[[1, 2]]\n", "[1.5, 2, 3]\n", "[1, null]\n"]
)
def test_other_lists_are_not_taken_for_it(tmp_path, text):
    message = refusal(lambda: read_any(written(tmp_path, text)))
    assert "`rankbound convert --formats`" in message
