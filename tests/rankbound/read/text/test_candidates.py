from dataclasses import replace
from pathlib import Path

import pytest

from rankbound.errors import FormatError
from rankbound.read.registry import by_name, read_any
from rankbound.read.source import Source
from rankbound.read.text.candidates import candidate_groups
from tests.rankbound.files import refusal, written

TEXT = "q\tb\nr\ta\n# c\n\nq\ta\r\n"


def rows(groups):
    return [
        (groups.qids[groups.queries[place]], groups.docnos[codes].tolist())
        for place in range(groups.n_groups)
        for codes in [groups.codes[groups.offsets[place] : groups.offsets[place + 1]]]
    ]


def test_candidates_are_groups_without_positives(tmp_path):
    found = read_any(written(tmp_path, TEXT))
    assert found.format == "candidates"
    assert rows(found.groups) == [("q", ["b", "a"]), ("r", ["a"])]
    assert found.groups.positive is None
    assert found.repairs == {"blank lines": 1, "comment lines": 1, "CRLF line ends": 1}
    assert "without scores" in found.notes[0]


def test_candidates_round_trip(tmp_path):
    groups = candidate_groups(["q", "r"], [["b", "a"], ["a"]], name="x")
    path = tmp_path / "out"
    by_name("candidates").write(read_any(written(tmp_path, TEXT)), path)
    assert rows(read_any(path).groups) == rows(groups)


@pytest.mark.parametrize(
    ("qid", "docno"), [("#", "a"), ("[", "a"), ("q r", "a"), ("q", "a b")]
)
def test_ids_that_would_be_read_as_something_else_are_not_written(tmp_path, qid, docno):
    groups = candidate_groups([qid], [[docno]], name="x")
    found = replace(read_any(written(tmp_path, TEXT)), groups=groups)
    with pytest.raises(FormatError, match=r"a line that begins|must be one word"):
        by_name("candidates").write(found, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "q a\nq b\nq a\n",
            ":3: document 'a' stands a second time under query 'q'",
        ),
        ("q a\nq\n", ":2: expected 2 columns (qid docno), found 1"),
        ("# c\n", ":1: no rows of 'qid docno'"),
        (b"q \xff\n", ":1: not UTF-8 text"),
    ],
)
def test_candidates_reject_other_tables(text, message):
    data = text if isinstance(text, bytes) else text.encode()
    source = Source(Path("x"), content=data)
    assert refusal(by_name("candidates").read, source).startswith(f"x{message}")
