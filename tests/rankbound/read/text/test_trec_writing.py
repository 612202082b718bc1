from pathlib import Path

import ir_measures
import numpy as np
import pytest

from rankbound.data.scores import Scores
from rankbound.read.contents import Contents
from rankbound.read.registry import by_name, read_any
from rankbound.read.text.trec import ranked
from tests.rankbound.files import refusal, table

SCORES = {
    "q2": {"a": 0.1 + 0.2, "b": -1e-300, "c": 0.1 + 0.2, "é": 5e-324},
    "1": {"10": 1.0, "9": 1.0},
}
GRADES = {"q": {"a": 2.0, "b": -1.0}, "r": {"a": 0.0}}


def contents(**parts):
    return Contents("x", Path("given"), **parts)


def written(folder, name, found):
    path = folder / f"out.{name}"
    by_name(name).write(found, path)
    return path


def test_runs_are_ordered_as_trec_eval_does_and_numbers_are_exact(tmp_path):
    found = contents(scores=Scores.from_dict(SCORES), metadata={"tag": "me"})
    assert written(tmp_path, "trec-run", found).read_text() == (
        "q2 Q0 c 1 0.30000000000000004 me\nq2 Q0 a 2 0.30000000000000004 me\n"
        "q2 Q0 é 3 5e-324 me\nq2 Q0 b 4 -1e-300 me\n"
        "1 Q0 9 1 1.0 me\n1 Q0 10 2 1.0 me\n"
    )


@pytest.mark.parametrize("name", ["trec-run", "scoreddocs"])
def test_scores_round_trip(tmp_path, name):
    rng = np.random.default_rng(3)
    scores = SCORES | {"r": {f"d{n}": float(rng.normal()) for n in range(200)}}
    path = written(tmp_path, name, contents(scores=Scores.from_dict(scores)))
    again = read_any(path)
    assert again.format == name
    assert table(again.scores) == scores


def test_runs_are_read_back_by_ir_measures(tmp_path):
    path = written(tmp_path, "trec-run", contents(scores=Scores.from_dict(SCORES)))
    foreign = {}
    for row in ir_measures.read_trec_run(str(path)):
        foreign.setdefault(row.query_id, {})[row.doc_id] = row.score
    assert foreign == SCORES


def test_ranked_lists_round_trip_as_ranks(tmp_path):
    path = written(tmp_path, "msmarco-run", contents(scores=Scores.from_dict(SCORES)))
    assert path.read_text().splitlines()[:2] == ["q2\tc\t1", "q2\ta\t2"]
    again = read_any(path)
    assert again.scores.kind.value == "rank_only"
    assert (-again.scores.values).tolist() == again.ranks.tolist()
    assert [row[:3] for row in ranked(again.scores)] == [
        row[:3] for row in ranked(Scores.from_dict(SCORES))
    ]


@pytest.mark.parametrize("name", ["qrels", "beir-qrels"])
def test_judgements_round_trip(tmp_path, name):
    found = contents(qrels=Scores.from_dict(GRADES))
    again = read_any(written(tmp_path, name, found))
    assert (again.format, table(again.qrels)) == (name, GRADES)


def test_judgements_are_read_back_by_ir_measures(tmp_path):
    path = written(tmp_path, "qrels", contents(qrels=Scores.from_dict(GRADES)))
    foreign = {}
    for row in ir_measures.read_trec_qrels(str(path)):
        foreign.setdefault(row.query_id, {})[row.doc_id] = row.relevance
    assert foreign == GRADES


@pytest.mark.parametrize(
    ("name", "found", "message"),
    [
        ("trec-run", contents(), "needs scores, and given holds nothing"),
        ("qrels", contents(scores=Scores.from_dict(SCORES)), "holds scores"),
        ("qrels", contents(qrels=Scores.from_dict({"q": {"d": 0.5}})), "0.5"),
        ("trec-run", contents(scores=Scores.from_dict({"q": {"a b": 1}})), "'a b'"),
        ("scoreddocs", contents(scores=Scores.from_dict({"": {"a": 1}})), "''"),
        (
            "trec-run",
            contents(scores=Scores.from_dict(SCORES), metadata={"tag": "a b"}),
            "the tag must be one word",
        ),
    ],
)
def test_writers_reject_what_the_format_cannot_hold(tmp_path, name, found, message):
    refused = refusal(lambda found: written(tmp_path, name, found), found)
    assert message in refused
    assert not (tmp_path / f"out.{name}").exists()


@pytest.mark.parametrize("name", ["trec-run", "msmarco-run", "scoreddocs", "qrels"])
@pytest.mark.parametrize("qid", ["#", "\ufeffq", "[1", '{"a":', "[", "a\0b", "a b"])
def test_ids_that_would_be_read_otherwise_are_refused_by_name(tmp_path, name, qid):
    part = "qrels" if name == "qrels" else "scores"
    found = contents(**{part: Scores.from_dict({qid: {"a": 1.0, "b": 0.0}})})
    assert repr(qid) in refusal(lambda: written(tmp_path, name, found))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("qid", ["[x", "{y", "#7", "-1"])
def test_ids_that_only_look_odd_round_trip(tmp_path, qid):
    rows = {qid: {"[1": 1.0, "#": 0.5, "\ufeff": 0.25}, "z": {"a": 1.0}}
    path = written(tmp_path, "trec-run", contents(scores=Scores.from_dict(rows)))
    assert table(read_any(path, format="trec-run").scores) == rows


def test_blanks_that_only_some_tools_know_are_told(tmp_path):
    plain = contents(scores=Scores.from_dict({"q": {"é": 1.0}}))
    odd = contents(scores=Scores.from_dict({"q": {"a\xa0b": 1.0}}))
    for name in ("trec-run", "msmarco-run", "scoreddocs"):
        assert by_name(name).write(plain, tmp_path / "x") is None
        said = by_name(name).write(odd, tmp_path / "x")
        assert "an id holds a blank other than space and tab, the first 'a" in said
        if name == "trec-run":
            assert table(read_any(tmp_path / "x").scores) == table(odd.scores)
            with pytest.raises(ValueError, match="unpack"):
                list(ir_measures.read_trec_run(str(tmp_path / "x")))
