import pytest

from rankbound.errors import FormatError, UsageError
from rankbound.read.fields import INTEGER_IDS
from rankbound.read.json.building import AGAIN, POSITIVES, TWICE
from rankbound.read.json.lists import NO_POSITIVE, WITHOUT
from rankbound.read.registry import by_name
from tests.rankbound.read.golden import HARD, HARD_CE
from tests.rankbound.read.reading_back import by_pair, listed, read_lines, refused


def test_the_union_of_systems_is_one_group_a_query(tmp_path):
    found = read_lines(tmp_path, *HARD)
    assert found.format == "hard-negatives"
    assert listed(found.groups) == [
        (
            "867436",
            ["5238393", "4509453", "3995618", "7"],
            [True, False, False, False],
        ),
        ("5", ["1", "2", "3"], [True, True, False]),
    ]
    assert found.scores is None
    assert found.repairs == {POSITIVES: 1, INTEGER_IDS: 11}
    assert found.notes == (
        "negatives: the union of 2 systems (bm25, tas-b); of 2 queries tas-b is "
        "missing for 1; choose one with `format='hard-negatives:SYSTEM'`",
    )


def test_one_system_can_be_chosen(tmp_path):
    found = read_lines(tmp_path, *HARD, format="hard-negatives:tas-b")
    assert [group[1] for group in listed(found.groups)] == [["5238393", "3995618", "7"]]
    assert found.repairs[WITHOUT] == 1
    assert found.notes == ("negatives of the system tas-b alone",)
    said = refused(tmp_path, *HARD, format="hard-negatives:x")
    assert said == ": holds no negatives of a system 'x'; there are bm25, tas-b"
    with pytest.raises(UsageError, match="needs a system after the colon"):
        by_name("hard-negatives:")


@pytest.mark.parametrize("scored", [False, True])
def test_plain_lists_are_negatives_of_no_named_system(tmp_path, scored):
    def entries(*ids):
        return [{"pid": i, "ce-score": len(i)} for i in ids] if scored else [*ids]

    row = {"qid": "q", "pos": entries("a"), "neg": entries("bb", "c")}
    found = read_lines(tmp_path, row)
    assert listed(found.groups) == [("q", ["a", "bb", "c"], [True, False, False])]
    assert found.notes == ()
    if scored:
        assert by_pair(found.scores) == {"q": {"a": 1.0, "bb": 2.0, "c": 1.0}}
    name = found.format
    said = refused(tmp_path, row, format=f"{name}:x")
    assert said == ": holds no negatives of a system 'x'; there are plain lists"


def test_plain_lists_beside_the_text_of_a_query_are_no_ids(tmp_path):
    row = {"qid": "q", "query": "how", "pos": ["some text"], "neg": ["another"]}
    with pytest.raises(FormatError, match="which no format has"):
        read_lines(tmp_path, row)


def test_the_older_copy_has_scores(tmp_path):
    found = read_lines(tmp_path, *HARD_CE)
    assert found.format == "hard-negatives-ce"
    assert by_pair(found.scores) == {
        "867436": {"5238393": 9.5, "4509453": -3.25, "3995618": 1.5},
        "5": {"1": 0.5, "3": -0.5},
    }
    assert found.repairs[AGAIN] == 2
    assert found.repairs[POSITIVES] == 1
    chosen = read_lines(tmp_path, *HARD_CE, format="hard-negatives-ce:bm25")
    assert AGAIN not in chosen.repairs


def test_a_document_twice_under_one_system_is_counted(tmp_path):
    row = {"qid": 1, "pos": [], "neg": {"a": ["x", "x"], "b": ["x", "y"]}}
    found = read_lines(tmp_path, row)
    assert listed(found.groups) == [("1", ["x", "y"], [False, False])]
    assert found.repairs == {INTEGER_IDS: 1, NO_POSITIVE: 1, TWICE: 1}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"qid": 1, "pos": [2]},
            "expected an object with qid, pos, neg; the keys ['qid', 'pos'] lack neg",
        ),
        ({"qid": 1, "pos": 2, "neg": {}}, "pos must be a list, found int 2"),
        ({"qid": 1, "pos": [2], "neg": 3}, "neg must be a list of negatives, or an"),
        (
            {"qid": 1, "pos": [2], "neg": {"a": 3}},
            "the negatives of system 'a' must be",
        ),
        (
            {"qid": 1, "pos": [{"pid": 2}], "neg": {}},
            "an object where other lines have",
        ),
        ({"qid": 1, "pos": [True], "neg": {}}, "a document id must be text"),
    ],
)
def test_lines_are_refused_by_number(tmp_path, row, message):
    said = refused(tmp_path, HARD[0], row, format="hard-negatives")
    assert said.startswith(":2: " + message)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (3, "expected objects with pid and ce-score, found 3"),
        ({"pid": 3}, "expected objects with pid and ce-score, found {'pid': 3}"),
        ({"pid": 3, "ce-score": "1"}, "the score of query '1', document '3' must be a"),
        (
            {"pid": 3, "ce-score": True},
            "the score of query '1', document '3' must be a",
        ),
    ],
)
def test_scored_lines_are_refused_by_number(tmp_path, entry, message):
    row = {"qid": 1, "pos": [entry], "neg": {}}
    said = refused(tmp_path, HARD_CE[0], row, format="hard-negatives-ce")
    assert said.startswith(":2: " + message)


def test_scores_of_two_systems_must_agree(tmp_path):
    row = {
        "qid": 1,
        "pos": [],
        "neg": {s: [{"pid": 3, "ce-score": v}] for s, v in (("a", 1.0), ("b", 2.0))},
    }
    assert "a pair must have one score" in refused(
        tmp_path, row, format="hard-negatives-ce"
    )
