import pytest

from rankbound.read.fields import INTEGER_IDS
from rankbound.read.json.building import AGAIN, TWICE
from rankbound.read.json.passages import UNSCORED_PASSAGES
from tests.rankbound.read.golden import TEVATRON
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused

V2 = {
    "query_id": 1,
    "query_text": "why",
    "positive_document_ids": ["p"],
    "negative_document_ids": ["n", 7, "n"],
}
ROW = TEVATRON[0]


def test_passages_have_ids_texts_and_scores(tmp_path):
    found = read_lines(tmp_path, *TEVATRON)
    assert by_pair(found.scores) == {
        "1": {"7": 4.5, "8": -2.0, "9": -3.5},
        "2": {"9": 1.0, "8": 0.0},
    }
    assert listed(found.groups) == [
        ("1", ["7", "8", "9"], [True, False, False]),
        ("2", ["9", "8"], [True, False]),
    ]
    assert found.texts == {"7": "A sea cow.", "8": "A boat.", "9": "A city."}
    assert found.metadata["query_texts"]["2"] == "where is ulm"


def test_a_title_is_put_before_its_text(tmp_path):
    passage = {"docid": "7", "title": "Manatee", "text": "A sea cow."}
    found = read_lines(tmp_path, {**ROW, "positive_passages": [passage]})
    assert found.texts["7"] == "Manatee A sea cow."
    assert found.repairs == {UNSCORED_PASSAGES: 1}
    assert set(by_pair(found.scores)["1"]) == {"8", "9"}


def test_passages_drawn_with_replacement_are_counted(tmp_path):
    twice = [ROW["negative_passages"][0]] * 3
    found = read_lines(tmp_path, {**ROW, "negative_passages": twice})
    assert listed(found.groups)[0][1] == ["7", "8"]
    assert found.repairs == {TWICE: 2, AGAIN: 2}


def test_the_second_version_has_ids(tmp_path):
    found = read_lines(tmp_path, V2)
    assert found.format == "tevatron-v2"
    assert listed(found.groups) == [("1", ["p", "n", "7"], [True, False, False])]
    assert found.metadata["query_texts"] == {"1": "why"}
    assert found.repairs == {INTEGER_IDS: 2, TWICE: 1}
    without = {key: value for key, value in V2.items() if key != "query_text"}
    assert read_lines(tmp_path, without).metadata == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"negative_passages": None},
            "expected an object with query_id, positive_pass",
        ),
        (
            {"positive_passages": ["7"]},
            "positive_passages must be a list of objects wi",
        ),
        ({"positive_passages": [{"text": "x"}]}, "positive_passages must be a list of"),
        (
            {"positive_passages": {"docid": "7"}},
            "positive_passages must be a list, fou",
        ),
        ({"query": 5}, "a query must be given as text, found 5"),
        (
            {"positive_passages": [{"docid": "7", "score": "1"}]},
            "the score of query '1', document '7' must be a finite number, found '1'",
        ),
        ({"positive_passages": [{"docid": 1.5}]}, "a document id must be text"),
    ],
)
def test_lines_are_refused_by_number(tmp_path, change, message):
    said = refused(tmp_path, ROW, {**ROW, **change}, format="tevatron")
    assert said.startswith(":2: " + message)


def test_ids_of_the_second_version_must_be_lists(tmp_path):
    bad = {**V2, "negative_document_ids": "n"}
    said = refused(tmp_path, bad, format="tevatron-v2")
    assert said.startswith(":1: negative_document_ids must be a list, found str 'n'")
