import gzip
from pathlib import Path

import numpy as np
import pytest

from rankbound.commands.inspect.layout import layout_findings, rank_facts
from rankbound.data.scores import Scores
from rankbound.read.contents import Contents
from rankbound.read.source import Source
from tests.rankbound.commands.inspect.world import codes, only
from tests.rankbound.files import written

SCORES = Scores.from_dict(
    {"q": {"a": 3.0, "b": 2.0, "c": 2.0, "d": 1.0}, "r": {"a": 5.0, "b": 4.0}}
)


def contents(ranks=None, **more):
    ranks = None if ranks is None else np.array(ranks)
    more = {"format": "trec-run", "path": Path("x"), "scores": SCORES} | more
    return Contents(ranks=ranks, **more)


@pytest.mark.parametrize(
    ("ranks", "wrong"),
    [
        ([1, 2, 3, 4, 1, 2], 0),
        ([1, 3, 2, 4, 1, 2], 0),  # ties may come in any order
        ([0, 1, 2, 3, 0, 1], 0),
        ([2, 1, 3, 4, 1, 2], 1),
        ([4, 3, 2, 1, 2, 1], 3),  # b and c have one score, so 3 of 4 steps rise
        ([0] * 6, 0),
    ],
)
def test_ranks_are_held_against_scores(ranks, wrong):
    assert rank_facts(contents(ranks)).wrong == wrong


def test_findings_on_ranks(tmp_path):
    source = Source(written(tmp_path, "q Q0 a 1 3.0 bm25\n"))

    def found(ranks):
        held = contents(ranks)
        return layout_findings(held, source, rank_facts(held))

    assert codes(found([1, 2, 3, 4, 1, 2])) == {}
    assert codes(found([0, 1, 2, 3, 0, 1])) == {}
    assert codes(found([0] * 6)) == {"constant-rank": 4}
    assert codes(found([11, 12, 13, 14, 11, 12])) == {"rank-base": 1}
    wrong = only(found([2, 1, 3, 4, 1, 2]), "rank-against-score")
    assert wrong.example == "query 'q': rank 1 has 2, rank 2 has 3"
    assert rank_facts(contents(None)) is None


@pytest.mark.parametrize(("tag", "count"), [("rank", 1), ("Q0", 1), ("bm25", 0)])
def test_a_column_name_as_tag(tmp_path, tag, count):
    source = Source(written(tmp_path, f"# c\n\nq Q0 a 1 3.0 {tag}\n"))
    assert len(codes(layout_findings(contents(), source, None))) == count


@pytest.mark.parametrize(
    ("line", "count"),
    [("q Q0 a 1", 1), ("q 0 a 1", 0), ("query-id corpus-id score", 0)],
)
def test_the_second_column_of_judgements(tmp_path, line, count):
    source = Source(written(tmp_path, f"{line}\n"))
    held = contents(format="qrels", scores=None, qrels=SCORES)
    assert len(codes(layout_findings(held, source, None))) == count


def test_repairs_and_notes_are_passed_on(tmp_path):
    source = Source(written(tmp_path, "q Q0 a 1 3.0 t\n"))
    held = contents(repairs={"blank lines": 2, "CRLF line ends": 5}, notes=("so",))
    found = layout_findings(held, source, None)
    assert only(found, "repaired").count == 7
    assert "blank lines: 2, CRLF line ends: 5" in only(found, "repaired").message
    assert only(found, "reader-note").message == "so"


@pytest.mark.parametrize(
    ("text", "format", "count"),
    [
        ("q Q0 a 1 3.0 t\n", "trec-run", 0),
        ("q Q0 a 1 3.0 t\r\n", "trec-run", 0),
        ("q Q0 a 1 3.0 t", "trec-run", 1),
        ("q a 3.", "scoreddocs", 1),
        ('{"q": {"a": 1}}', "lookup", 0),  # its brackets say that it is whole
    ],
)
def test_a_last_line_without_its_end_may_be_cut(tmp_path, text, format, count):
    held = contents(format=format)
    found = layout_findings(held, Source(written(tmp_path, text)), None)
    assert codes(found).get("no-last-line-end", 0) == count


def test_a_packed_last_line_is_whole(tmp_path):
    path = tmp_path / "x.run.gz"
    path.write_bytes(gzip.compress(b"q Q0 a 1 3.0 t"))
    assert codes(layout_findings(contents(), Source(path), None)) == {}
