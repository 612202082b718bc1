import json

import pytest

from rankbound.cli import main
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.realdata import DATA, needs_data

QUICK = ["--resamples", "200", "--permutations", "199", "--splits", "2"]


def arguments(world, *extra):
    return [
        "validate", "--teacher", world.path("teacher.json.gz"),
        "--student", f"strong={world.path('strong.run')}",
        "--student-kind", "logit", "--groups", world.path("groups.jsonl"),
        "--qrels", world.path("qrels.txt"),
        "--measures", "nDCG@5 RR@5", "--out", world.path("out"), *QUICK, *extra,
    ]  # fmt: skip


def test_files_are_written_and_the_outcome_shown(tmp_path, capsys):
    world = make_world(tmp_path, n_queries=20)
    assert main(arguments(world)) == 0
    out = tmp_path / "out"
    found = json.loads((out / "validation.json").read_text())
    assert found["schema"] == "rankbound.validation/1"
    assert found["command"].startswith("rankbound validate --teacher")
    assert (out / "effectiveness.tsv").read_text().startswith("dataset\tstudent\tqid")
    assert "\\begin{table}" in (out / "tables.tex").read_text()
    assert "seed 0" in (out / "tables.md").read_text()
    text = capsys.readouterr().out
    for answer in found["answers"][:1]:
        assert answer["sentence"] in " ".join(text.split())
    assert "written: " in text


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--measures", "foo"], "--measures foo is unknown to ir-measures"),
        (["--band", "2"], "band"),
        (["--correction", "none"], "holm, bh"),
        (["--ranking", "x"], "NAME=FILE"),
        (["--datasets", "a:/nowhere"], "exclude each other"),
        (["--dataset-student", "x"], "goes with --datasets"),
        (["--temperature", "fit", "--delta", "0"], "delta"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(tmp_path, capsys, extra, message):
    world = make_world(tmp_path, n_queries=10)
    assert main(arguments(world, *extra)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_failed_control_is_an_exit_code(tmp_path, monkeypatch, capsys):
    world = make_world(tmp_path, n_queries=12)
    monkeypatch.setattr("rankbound.validation.judging.LEVEL", 0.0)
    assert main(arguments(world)) == 1
    # It makes all other answers worthless, and so comes first
    [first, *_] = capsys.readouterr().out.splitlines()
    assert first.startswith("Do the controls agree? ")
    assert "are not as they should be" in first


@needs_data
@pytest.mark.realdata
def test_dl19_says_what_it_found(tmp_path, capsys):
    code = main(
        ["validate", "--datasets", f"dl19:{DATA / 'dl19'}", "--dataset-teacher",
         "repllama", "--dataset-student", "tasb", "bm25", "--temperature", "fit",
         "--student-temperature", "fit", "--relevant", "2",
         "--details", "--out", str(tmp_path), *QUICK]
    )  # fmt: skip
    assert code == 0
    text = capsys.readouterr().out
    assert "43 judged queries; terms of 34; 9 others only served to choose" in text
    found = json.loads((tmp_path / "validation.json").read_text())
    assert {row["n"] for row in found["per_query"]} == {34}
    means = {(r["student"], r["measure"]): r["mean"] for r in found["means"]}
    assert round(means["teacher", "nDCG@10"], 4) == 0.7384
    assert round(means["bm25", "nDCG@10"], 4) == 0.5058
    assert all(row["refuted"] == 0 for row in found["certificates"])
