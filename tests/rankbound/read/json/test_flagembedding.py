import pytest

from rankbound.read.fields import text_id
from rankbound.read.json.building import POSITIVES
from rankbound.read.json.passages import UNSCORED_LINES
from tests.rankbound.read.golden import FLAG
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused

ROW = {"query": "a", "pos": ["b"], "neg": ["c", "d"]}
A, B, C, D = map(text_id, "abcd")


def test_ids_are_made_from_texts(tmp_path):
    found = read_lines(tmp_path, *FLAG)
    manatee, ulm = (text_id(row["query"]) for row in FLAG)
    cow, boat, city = map(text_id, ("A sea cow.", "A boat.", "A city."))
    assert by_pair(found.scores) == {
        manatee: {cow: 4.5, boat: -2.0, city: -3.5},
        ulm: {city: 1.0, text_id("In Swabia."): 2.0},
    }
    assert [group[2] for group in listed(found.groups)] == [
        [True, False, False],
        [True, True],
    ]
    assert found.texts[cow] == "A sea cow."
    assert found.metadata["query_texts"] == {
        manatee: "what is a manatee",
        ulm: "where is ulm",
    }
    assert found.metadata["prompts"] == {"Represent this sentence": 1}


@pytest.mark.parametrize(
    "scores",
    [
        {"teacher_scores": [1, 2, 3]},
        {"pos_scores": [1], "neg_scores": [2, 3]},
        {"pos_scores": [1], "neg_scores": [2, 3], "teacher_scores": None},
    ],
)
def test_teacher_scores_are_the_positives_first(tmp_path, scores):
    found = read_lines(tmp_path, {**ROW, **scores})
    assert by_pair(found.scores) == {A: {B: 1.0, C: 2.0, D: 3.0}}


def test_lines_without_scores_are_counted_where_others_have_them(tmp_path):
    scored = {**ROW, "query": "q", "teacher_scores": [1, 2, 3]}
    found = read_lines(
        tmp_path, scored, ROW, {**ROW, "pos_scores": [], "neg_scores": []}
    )
    assert found.repairs == {UNSCORED_LINES: 2}
    plain = read_lines(tmp_path, ROW)
    assert plain.scores is None
    assert plain.repairs == {}


def test_a_positive_among_the_negatives_stays_positive_and_is_counted(tmp_path):
    found = read_lines(tmp_path, {**ROW, "neg": ["c", "b"]})
    assert listed(found.groups) == [(A, [B, C], [True, False])]
    assert found.repairs[POSITIVES] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"pos": "b"},
            "pos must be a list, found str 'b'; training would take its single "
            "characters for documents; put it in brackets",
        ),
        ({"neg": "cd"}, "neg must be a list, found str 'cd'; training would take its"),
        ({"neg": None}, "expected an object with query, pos, neg; the keys"),
        ({"query": 3}, "a query must be given as text, found 3"),
        ({"query": ""}, "a query with a blank text"),
        ({"pos": [["b"]]}, "a document must be given as text, found ['b']"),
        ({"pos_scores": [1]}, "neg_scores must be a list, found nothing"),
        (
            {"pos_scores": [1, 2], "neg_scores": [1, 2]},
            "pos_scores has 2 entries for 1",
        ),
        ({"teacher_scores": [1, 2]}, "teacher_scores has 2 entries for 3 texts of pos"),
        ({"teacher_scores": [1], "pos_scores": [1]}, "give teacher_scores, or pos_sco"),
        ({"teacher_scores": [1, 2, False]}, "the score of query"),
    ],
)
def test_lines_are_refused_by_number(tmp_path, change, message):
    said = refused(tmp_path, ROW, {**ROW, **change}, format="flagembedding")
    assert said.startswith(":2: " + message)
