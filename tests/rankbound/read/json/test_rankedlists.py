import pytest

from rankbound.data.scores import Kind
from rankbound.errors import FormatError
from rankbound.estimators.kinds import to_logits
from rankbound.read.fields import INTEGER_IDS
from rankbound.read.registry import by_name
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused

KEYS = {"ranked-groups": "doc_id_b", "ranked-list": "doc_ids"}


@pytest.mark.parametrize("name", KEYS)
def test_the_score_is_minus_the_rank_and_refused_as_a_teacher(tmp_path, name):
    found = read_lines(
        tmp_path,
        {"query_id": "q", KEYS[name]: ["b", "c", "a"]},
        {"query_id": 7, KEYS[name]: [3]},
    )
    assert found.format == name
    assert by_pair(found.scores) == {"q": {"b": -1, "c": -2, "a": -3}, "7": {"3": -1}}
    assert found.scores.kind is Kind.RANK_ONLY
    rows = [found.scores.where(row)[1] for row in range(4)]
    assert dict(zip(rows, found.ranks, strict=True)) == {"b": 1, "c": 2, "a": 3, "3": 1}
    assert listed(found.groups) == [("q", ["b", "c", "a"], None), ("7", ["3"], None)]
    assert found.repairs == {INTEGER_IDS: 2}
    with pytest.raises(ValueError, match="rank-only scores are refused"):
        to_logits(found.scores)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, "expected an object with query_id, KEY; the keys ['KEY'] lack query_id"),
        ({"query_id": "q", "KEY": "ab"}, "KEY must be a list, found str 'ab'"),
        ({"query_id": "q", "KEY": ["a", "b", "a"]}, "document 'a' occurs twice in the"),
        ({"query_id": "q", "KEY": ["a", 1.5]}, "a document id must be text"),
        (
            {"query_id": "r", "KEY": ["b"], "doc_id_a": "a"},
            "a line with doc_id_a, in a",
        ),
    ],
)
def test_lines_are_refused_by_number(tmp_path, name, row, message):
    key = KEYS[name]
    good = {"query_id": "q", key: ["a", "b"]}
    bad = {key if name == "KEY" else name: value for name, value in row.items()}
    bad = bad or {key: []}
    said = refused(tmp_path, good, bad, format=name)
    assert said.startswith(":2: " + message.replace("KEY", key))


def test_two_rankings_of_a_query_must_agree(tmp_path):
    rows = [{"query_id": "q", "doc_ids": docs} for docs in (["a", "b"], ["b", "a"])]
    said = refused(tmp_path, *rows, format="ranked-list")
    assert ":2: query 'q', document 'a' has the score" in said
    assert "and -1.0 in line 1" in said


def test_lists_without_documents_are_refused(tmp_path):
    row = {"query_id": "q", "doc_ids": []}
    assert "the file holds no records" in refused(tmp_path, row, format="ranked-list")


def test_several_groups_of_a_query_cannot_be_written(tmp_path):
    rows = [
        {"query_id": "q", "document_ids": docs, "scores": [2, 1]}
        for docs in (["a", "b"], ["a", "c"])
    ]
    rows[1]["scores"] = [2, 3]
    found = read_lines(tmp_path, *rows)
    with pytest.raises(FormatError, match="query 'q' has several groups"):
        by_name("ranked-list").write(found, tmp_path / "out")
