import json

import pytest

from rankbound.cli import main
from tests.rankbound.files import project


def test_the_question_of_the_usual_topic_sets(capsys):
    assert main(["power", "--n", "43", "54", "97", "--sd", "0.10", "--details"]) == 0
    shown = capsys.readouterr().out
    assert [word in shown for word in ("0.43", "0.38", "0.29")] == [True] * 3


def test_json_goes_to_the_terminal_or_to_a_file(tmp_path, capsys):
    words = ["power", "--sd", "0.1", "--margin", "0.02", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "rankbound.power/1"
    assert found["needed"][0]["n_tost"] == 216
    target = tmp_path / "new" / "power.json"
    assert main([*words, str(target)]) == 0
    assert f"written: {target}" in capsys.readouterr().out
    written = json.loads(target.read_text())
    assert written["needed"] == found["needed"]
    assert written["command"].startswith("rankbound power --sd 0.1")


def test_results_of_measure_are_read(tmp_path, monkeypatch, capsys):
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    measure = "measure --teacher t.json --groups g.jsonl --student s=s.run --out out"
    assert main(measure.split()) == 0
    capsys.readouterr()
    assert main(["power", "--from", "out", "--margin", "0.1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["source"]: row for row in found["rows"]}
    assert rows["s: entropy_nats"]["n"] == 12
    needed = {row["source"]: row["n_betting"] for row in found["needed"]}
    assert needed["s: entropy_nats"] > 12
    assert needed["s: risk_nats"] > 12


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sd", "0.1"], "give --n (queries), --margin, or both"),
        (["--margin", "0.02"], "--margin: differences and margins need the spread"),
        (["--from", "nowhere"], "nowhere: no such folder"),
        (["--sd", "0.1", "--n", "x"], "invalid int value"),
    ],
)
def test_mistakes_are_one_line(words, message, capsys):
    try:
        code = main(["power", *words])
    except SystemExit as stop:
        code = stop.code
    errors = capsys.readouterr().err
    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1


def test_correlations_are_told_without_a_spread(capsys):
    assert main(["power", "--n", "43", "--details"]) == 0
    out = capsys.readouterr().out
    assert "0.43" in out
    assert "differences and margins need the spread over queries; give --sd" in out
