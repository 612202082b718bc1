import json
import os

import pytest

from rankbound.cli import main
from tests.rankbound import realdata
from tests.rankbound.commands.cut.world import build

WORDS = ["cut", "--teacher", "t.json", "--groups", "train.jsonl", "--temperature", "1"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_six_by_default(folder, capsys):
    assert main([*WORDS, "--out", "cuts"]) == 0
    shown = capsys.readouterr().out
    assert "written: 6 files of groups, cuts/manifest.json" in shown
    account = json.loads((folder / "cuts" / "manifest.json").read_text())
    assert account["schema"] == "rankbound.cut/1"
    assert account["command"].startswith("rankbound cut --teacher t.json")
    assert account["inputs"][1]["path"] == "train.jsonl"


def test_bands_pairs_and_the_reference(folder, capsys):
    more = ["--keep", "inner", "0.2:0.6", "--pairs", "pos-neg", "--compat", "reference"]
    assert main([*WORDS, *more, "--out", "cuts"]) == 0
    assert "reference:" in capsys.readouterr().out
    assert sorted(path.name for path in (folder / "cuts").iterdir()) == [
        "manifest.json",
        "rankbound.manifest.json",
        "train.kept-pos-neg-entropy-0.2-to-0.6.jsonl",
        "train.kept-pos-neg-entropy-inner.jsonl",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--keep", "middle"], "a cut is one of below-median"),
        (["--by", "diameter"], "needs vectors"),
        (["--groups", "none.jsonl"], "none.jsonl: no such file"),
        (["--delta", "0"], "--delta must"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(folder, words, message, capsys):
    assert main([*WORDS, *words, "--out", "cuts"]) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
    assert not (folder / "cuts").exists()


def test_groups_of_a_pipe_are_refused_before_they_are_read(folder, capsys):
    os.mkfifo(folder / "passing.jsonl")  # opening it would wait for a writer
    words = ["passing.jsonl" if word == "train.jsonl" else word for word in WORDS]
    assert main([*words, "--out", "cuts"]) == 2
    assert "passing.jsonl: is a pipe" in capsys.readouterr().err
    assert not (folder / "cuts").exists()


@pytest.mark.realdata
@realdata.needs_data
@pytest.mark.parametrize("collection", realdata.COLLECTIONS)
def test_measure_reads_what_was_cut_from_real_groups(collection, tmp_path, capsys):
    root = realdata.DATA / collection
    teacher = str(root / "teacher" / "teacher.scores.json.gz")
    source = root / "train" / "bm25.16.jsonl.gz"
    words = ["cut", "--teacher", teacher, "--groups", str(source)]
    assert main([*words, "--out", str(tmp_path)]) == 0
    account = json.loads((tmp_path / "manifest.json").read_text())
    made = {row["kept"]: row for row in account["files"]}
    whole = realdata.lines(source)
    assert account["n_groups"] == len(whole)
    halves = [made[f"{side}-median"] for side in ("below", "above")]
    parts = [realdata.lines(tmp_path / row["file"]) for row in halves]
    assert sorted(parts[0] + parts[1]) == sorted(whole)
    assert [len(part) for part in parts] == [row["n_groups"] for row in halves]
    row = made["lower-quartile"]
    words = ["measure", "--teacher", teacher, "--groups", str(tmp_path / row["file"])]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    found = realdata.table(tmp_path / "out" / "per_query.tsv")
    assert len(found) == row["n_queries"]
    top = row["cut_points"][1]
    assert max(terms["entropy_nats"] for terms in found.values()) <= top
    after = next(
        r
        for r in account["comparison"]["rows"]
        if (r["kept"], r["quantity"]) == ("lower-quartile", "entropy")
    )
    mean = sum(terms["entropy_nats"] for terms in found.values()) / len(found)
    assert after["after"]["mean"] == pytest.approx(mean)
