import json

import numpy as np
import pytest

from rankbound.commands.convert import storing
from rankbound.commands.convert.run import convert
from rankbound.data.scores import Kind
from rankbound.errors import FormatError, UsageError
from rankbound.read.registry import read_any
from tests.rankbound.files import (
    group_text,
    lookup,
    npy,
    packed,
    run_text,
    table,
    written,
)

RNG = np.random.default_rng(3)
ROWS = {
    f"q{n}": {f"d{k}": float(v) for k, v in enumerate(RNG.normal(size=5))}
    for n in (3, 1, 2)
}
GROUPS = [("q1", ["d1", "d2", "d3"]), ("q1", ["d3", "d9"]), ("q2", ["d1", "d2"])]


@pytest.fixture
def scores(tmp_path):
    return written(tmp_path, lookup(ROWS), "t.json")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "target", ["x.scores.parquet", "x.parquet", "x.parquet.gz", "x.scores.parquet.zst"]
)
def test_scores_round_trip_bit_for_bit(tmp_path, scores, target):
    done = convert(scores, tmp_path / target)
    assert done.kept == {"scores": "15 scores of 3 queries"}
    assert done.lost == {}
    assert table(read_any(tmp_path / target).scores) == ROWS
    assert names(tmp_path) == sorted(["t.json", target])


def test_groups_round_trip_through_our_own_table(tmp_path):
    source = written(tmp_path, packed(group_text(GROUPS)), "g.jsonl.gz")
    convert(source, tmp_path / "g.groups.parquet")
    done = convert(tmp_path / "g.groups.parquet", tmp_path / "again.jsonl.bz2")
    assert (done.format, done.packing) == ("groups", "bz2")
    convert(tmp_path / "again.jsonl.bz2", tmp_path / "plain.jsonl")
    lines = (tmp_path / "plain.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [(r["query_id"], [r["doc_id_a"], *r["doc_id_b"]]) for r in rows] == GROUPS


def test_judgements_and_vectors_go_into_tables(tmp_path):
    judged = written(tmp_path, "q 0 a 2\nq 0 b 0\n", "j.qrels")
    assert convert(judged, tmp_path / "j.parquet").format == "table-qrels"
    assert table(read_any(tmp_path / "j.parquet").qrels) == {"q": {"a": 2, "b": 0}}
    written(tmp_path, "a\nb\n", "v.ids.txt")
    vectors = written(tmp_path, npy(np.eye(2, dtype=np.float32)), "v.npy")
    assert convert(vectors, tmp_path / "v.parquet").format == "table-embeddings"
    found = read_any(tmp_path / "v.parquet").embeddings
    np.testing.assert_array_equal(found.vectors, np.eye(2))


def test_a_loss_is_refused_and_named_and_accepted_with_lossy(tmp_path, scores):
    ours = tmp_path / "k.scores.parquet"
    assert convert(scores, ours, kind=Kind.LOGIT).kept["kind"]
    assert read_any(ours).scores.kind is Kind.LOGIT
    with pytest.raises(UsageError, match=r"that the scores are logit.*`lossy`"):
        convert(ours, tmp_path / "k.parquet")
    assert not (tmp_path / "k.parquet").exists()
    done = convert(ours, tmp_path / "k.parquet", lossy=True)
    assert done.lost == {"kind": "that the scores are logit"}
    assert table(read_any(tmp_path / "k.parquet").scores) == ROWS


def test_the_source_is_never_overwritten(tmp_path, scores):
    before = scores.read_bytes()
    other = tmp_path / "link.json"
    other.symlink_to(scores)
    hard = tmp_path / "hard.scores.parquet"
    hard.hardlink_to(scores)
    for target in (scores, other, hard):
        with pytest.raises(UsageError, match="is an input"):
            convert(scores, target, to="rankbound-scores")
    assert scores.read_bytes() == before


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("x.foo", "the suffix names no format"),
        ("absent/x.scores.parquet", "no such folder"),
        (".", "is a folder"),
        ("x.groups.parquet", "holds scores, and rankbound-groups"),
    ],
)
def test_targets_that_cannot_be_are_refused(tmp_path, scores, target, words):
    with pytest.raises(UsageError, match=words):
        convert(scores, tmp_path / target)
    assert names(tmp_path) == ["t.json"]


def test_a_format_by_name_must_exist_be_writable_and_hold_something(tmp_path, scores):
    target = tmp_path / "x"
    assert convert(scores, target, to="rankbound-scores").format == "rankbound-scores"
    target = tmp_path / "y"
    with pytest.raises(UsageError, match="no format is called"):
        convert(scores, target, to="x")
    with pytest.raises(UsageError, match="can be read and not written"):
        convert(scores, target, to="table")
    with pytest.raises(UsageError, match="holds scores, and groups"):
        convert(scores, target, to="groups", lossy=True)
    groups = written(tmp_path, group_text(GROUPS), "g.jsonl")
    with pytest.raises(UsageError, match=r"`kind`.*holds no scores"):
        convert(groups, target, to="rankbound-groups", kind=Kind.LOGIT)


def test_a_source_that_cannot_be_read_leaves_nothing(tmp_path):
    broken = written(tmp_path, "q Q0 a 1 x t\n", "b.run")
    with pytest.raises(FormatError, match=r"b\.run:1: "):
        convert(broken, tmp_path / "x.scores.parquet")
    assert names(tmp_path) == ["b.run"]


def test_an_older_target_is_replaced_only_by_a_finished_one(
    tmp_path, scores, monkeypatch
):
    old = written(tmp_path, "old", "x.scores.parquet")
    monkeypatch.setattr(storing, "differences", lambda *_: ["1 scores differ"])
    with pytest.raises(FormatError, match="read back, 1 scores differ"):
        convert(scores, old, force=True)
    assert old.read_text() == "old"
    assert names(tmp_path) == ["t.json", "x.scores.parquet"]
    monkeypatch.undo()
    convert(scores, old, force=True)
    assert table(read_any(old).scores) == ROWS


def test_the_format_of_the_source_can_be_named(tmp_path):
    run = written(tmp_path, run_text(ROWS), "x")
    with pytest.raises(FormatError):
        convert(run, tmp_path / "x.scores.parquet", format="lookup")
    done = convert(run, tmp_path / "x.scores.parquet", format="trec-run", lossy=True)
    assert done.kept["scores"] == "15 scores of 3 queries"


def test_ranks_that_a_format_makes_anew_are_a_loss(tmp_path):
    tied = "q Q0 a 1 2.0 t\nq Q0 b 2 2.0 t\nq Q0 c 3 1.0 t\n"
    run = written(tmp_path, tied, "x.run")
    target = tmp_path / "x.ms"
    with pytest.raises(UsageError, match=r"scores.*`lossy`"):
        convert(run, target, to="msmarco-run")
    done = convert(run, target, to="msmarco-run", lossy=True)
    assert {"scores", "ranks", "metadata: tag"} == {*done.lost}
    assert target.read_text() == "q\tb\t1\nq\ta\t2\nq\tc\t3\n"


def test_a_format_that_cannot_hold_it_says_so_with_the_target_s_name(tmp_path):
    source = written(tmp_path, group_text(GROUPS), "g.jsonl")
    with pytest.raises(FormatError, match=r"candidates cannot hold this, read back: "):
        convert(source, tmp_path / "x.txt", to="candidates", lossy=True)
    assert names(tmp_path) == ["g.jsonl"]


@pytest.mark.parametrize("target", ["x.run.gz", "x.res.lz4", "x.parquet"])
def test_runs_round_trip(tmp_path, scores, target):
    convert(scores, tmp_path / target)
    assert table(read_any(tmp_path / target).scores) == ROWS


def test_the_same_content_gives_the_same_bytes(tmp_path, scores):
    for name in ("a.scores.parquet.gz", "b.scores.parquet.gz"):
        convert(scores, tmp_path / name)
    first, second = (
        (tmp_path / name).read_bytes()
        for name in ("a.scores.parquet.gz", "b.scores.parquet.gz")
    )
    assert first == second


def test_our_own_table_keeps_tag_and_block_of_a_run(tmp_path):
    block = "# ir_metadata.start\n# actor:\n#   team: t\n# ir_metadata.end\n"
    rows = "q Q0 a 1 2.0 mine\nq Q0 b 2 1.0 mine\n"
    run = written(tmp_path, block + rows, "x.run")
    done = convert(run, tmp_path / "x.scores.parquet")
    assert done.lost == {}
    said = read_any(tmp_path / "x.scores.parquet").metadata
    assert (said["tag"], said["ir_metadata"]) == ("mine", {"actor": "team: t"})
    convert(tmp_path / "x.scores.parquet", tmp_path / "again.run")
    again = read_any(tmp_path / "again.run").metadata
    assert (again["tag"], again["ir_metadata"]) == ("mine", {"actor": "team: t"})


def test_a_run_carries_no_texts_of_queries(tmp_path):
    row = {"query": {"qid": 1, "text": "why"}, "candidates": [{"docid": 2, "score": 1}]}
    source = written(tmp_path, json.dumps(row) + "\n", "x.jsonl")
    with pytest.raises(UsageError, match="the query texts"):
        convert(source, tmp_path / "x.run")


def test_margins_go_into_our_own_table_with_what_compares(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {
        "query_id": [1, 1, 1],
        "positive_id": [1, 3, 1],
        "negative_id": [2, 4, 5],
        "score": [1.0, 2.0, 0.5],
    }
    pq.write_table(pa.table(columns), tmp_path / "m.parquet")
    wanted = read_any(tmp_path / "m.parquet").scores
    done = convert(tmp_path / "m.parquet", tmp_path / "m.scores.parquet", lossy=True)
    assert {*done.lost} == {"groups", "positives"}
    found = read_any(tmp_path / "m.scores.parquet").scores
    assert (found.kind, table(found)) == (Kind.MARGIN_ONLY, table(wanted))
    assert found.origins.tolist() == wanted.origins.tolist()
    lost = convert(tmp_path / "m.parquet", tmp_path / "m.run", lossy=True).lost
    assert {"kind", "origins"} <= {*lost}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"query_id": "q", "document_ids": ["a", "b"], "scores": [2.0, 1.5]}, "pylate"),
        ({"query_id": "q", "doc_id_b": ["b", "a"]}, "ranked-groups"),
    ],
)
def test_lines_go_into_lines_of_the_format_that_holds_them(tmp_path, row, name):
    source = written(tmp_path, json.dumps(row) + "\n", "x.jsonl")
    assert convert(source, tmp_path / "y.jsonl").format == name


def test_a_lost_tag_is_told_and_no_reason_to_refuse(tmp_path):
    source = written(tmp_path, run_text({"q": {"a": 2.0, "b": 1.0}}, "mine"), "x.run")
    done = convert(source, tmp_path / "y.json")
    assert done.lost == {"metadata: tag": "the tag 'mine'"}
    assert (tmp_path / "y.json").is_file()


HOSTILE = ["a b", "a\xa0b", "é", "#7", '"', "[x", "NA", "007", "d,1", "\x85", "a'b"]


@pytest.mark.parametrize("docno", HOSTILE)
def test_hostile_ids_are_carried_or_refused_by_name(tmp_path, docno):
    rows = {"q": {docno: 1.5, "z": 0.5}}
    source = written(tmp_path, lookup(rows), "t.json")
    for name in (
        *("x.run", "x.csv", "x.tsv", "x.pkl", "x.parquet", "x.arrow", "y.json"),
        *("x.scores.parquet", "x.jsonl", "x.run.gz"),
    ):
        said = refusal_of(source, tmp_path / name)
        if said:
            assert repr(docno) in said
            assert not (tmp_path / name).exists()
        else:
            assert table(read_any(tmp_path / name).scores) == rows


def refusal_of(source, target):
    """Why a conversion is refused; empty where it is done."""
    try:
        convert(source, target)
    except (UsageError, FormatError) as error:
        return str(error)
    return ""


def test_texts_without_their_ids_are_a_loss(tmp_path):
    row = {"query_id": "1", "query": "why", "negative_passages": []}
    positive = {"docid": "7", "title": "", "text": "so"}
    row["positive_passages"] = [positive]
    row["negative_passages"] = [{"docid": "8", "title": "", "text": "no"}]
    source = written(tmp_path, json.dumps(row) + "\n", "x.jsonl")
    with pytest.raises(UsageError, match="the ids, which are made anew from the texts"):
        convert(source, tmp_path / "y.jsonl", to="flagembedding")
    done = convert(source, tmp_path / "y.jsonl", to="flagembedding", lossy=True)
    assert [*done.lost] == ["ids"]
    line = json.loads((tmp_path / "y.jsonl").read_text())
    assert line == {"query": "why", "pos": ["so"], "neg": ["no"]}
