import pytest

from rankbound.errors import UsageError
from rankbound.read.json.building import AGAIN, POSITIVES, TWICE
from rankbound.read.registry import by_name, detect, read_any
from rankbound.read.source import Source
from tests.rankbound.files import refusal, written
from tests.rankbound.read.golden import HOFSTAETTER
from tests.rankbound.read.reading_back import by_pair, listed


def read(folder, text, format="hofstaetter"):
    return read_any(written(folder, text), format=format)


@pytest.mark.parametrize("blank", ["\t", " ", "  \t"])
def test_scores_and_a_group_for_each_positive(tmp_path, blank):
    found = read(tmp_path, HOFSTAETTER.replace("\t", blank), format=None)
    assert found.format == "hofstaetter"
    assert by_pair(found.scores) == {
        "867436": {"5238393": 9.5, "4509453": -3.25, "3995618": 1.5},
        "5": {"1": 0.5, "3": -0.5},
    }
    assert listed(found.groups) == [
        ("867436", ["5238393", "4509453", "3995618"], [True, False, False]),
        ("5", ["1", "3"], [True, False]),
    ]
    assert found.repairs == {AGAIN: 1}


def test_lines_again_and_positives_among_negatives_are_counted(tmp_path):
    text = "1.0 0.5 q p n\n1.0 0.5 q p n\n1.0 1.0 q p p\n0.5 1.0 q n p\n"
    found = read(tmp_path, text)
    assert found.repairs == {AGAIN: 6, TWICE: 1, POSITIVES: 1}
    assert [group[1] for group in listed(found.groups)] == [["p", "n"], ["n", "p"]]


def test_scores_that_differ_by_rounding_are_one(tmp_path):
    found = read(tmp_path, "9.5 0.5 q p n\n9.5004 0.25 q p m\n")
    assert by_pair(found.scores)["q"]["p"] == 9.5


def test_scores_that_disagree_are_refused_with_both_lines_or_averaged(tmp_path):
    text = "9.5 0.5 q p n\n\n9.0 0.25 q p m\n1.0 7.5 r p q\n2.0 7.5 r p q\n"
    path = written(tmp_path, text)
    assert refusal(lambda: read_any(path, format="hofstaetter")) == (
        f"{path}:3: query 'q', document 'p' has the score 9.0 here and 9.5 in line 1 "
        "(2 such pairs in the file); a pair must have one score"
    )
    found = read_any(path, format="hofstaetter:mean")
    assert by_pair(found.scores)["q"] == {"p": 9.25, "n": 0.5, "m": 0.25}
    assert found.notes == ("the scores of a pair given several times are averaged",)
    with pytest.raises(UsageError, match="only 'mean' may follow"):
        by_name("hofstaetter:first")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "1.0 2.0 q p",
            "expected 5 columns (pos_score neg_score query_id pos_id neg_id)",
        ),
        ("1.0 2.0 q p n x", "expected 5 columns"),
        ("x 2.0 q p n", "expected 5 columns"),
        ("1.0 nan q p n", "expected 5 columns"),
        ("1.0 inf q p n", "expected 5 columns"),
        ("1.0 1_0 q p n", "expected 5 columns"),
        (b"1.0 2.0 \xff p n", "not UTF-8 text"),
        (b"1.0 \xff q p n", "expected 5 columns"),
    ],
)
def test_lines_are_refused_by_number(tmp_path, line, message):
    raw = line if isinstance(line, bytes) else line.encode()
    path = written(tmp_path, HOFSTAETTER.encode() + raw)
    said = refusal(lambda: read_any(path, format="hofstaetter"))
    assert said.startswith(f"{path}:4: {message}")


@pytest.mark.parametrize(
    "text",
    ["q Q0 d 1 2.5\n", "1 0 d 1 2.5\n", "1 0 7 1 0.5\n", "x 2.5 q p n\n"],
)
def test_runs_without_a_tag_are_not_taken_for_it(tmp_path, text):
    assert by_name("hofstaetter").sniff(Source(written(tmp_path, text))) is None


def test_one_decimal_point_is_enough(tmp_path):
    source = Source(written(tmp_path, "1 2.5 3 4 5\n"))
    assert detect(source)[0].name == "hofstaetter"


def test_ids_with_blanks_cannot_be_written(tmp_path):
    text = (
        '{"query_id": "q x", "doc_ids": ["a", "b"], "labels": [1, 0], "scores": [1, 2]}'
    )
    found = read(tmp_path, text, format="labeled-list")
    with pytest.raises(ValueError, match="the id 'q x' holds a blank"):
        by_name("hofstaetter").write(found, tmp_path / "out")
