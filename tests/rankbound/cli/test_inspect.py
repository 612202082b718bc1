import io
import json
import pickle

import numpy as np
import pytest

from rankbound.cli import main
from rankbound.cli.inspect import named_formats
from rankbound.commands.inspect.run import inspect
from rankbound.errors import UsageError
from tests.rankbound.files import npy, project, run_text, written


@pytest.fixture
def folder(tmp_path, monkeypatch):
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_screen_and_a_json_file(folder, capsys):
    words = ["t.json", "s.run", "--groups", "g.jsonl", "--qrels", "judged.qrels"]
    words += ["--embeddings", "v.npy", "--ids", "v.ids", "--json", "out.json"]
    assert main(["inspect", *words]) == 0
    shown, errors = capsys.readouterr()
    assert errors == ""
    assert "ready for measure: yes" in shown
    found = json.loads((folder / "out.json").read_text())
    assert found["schema"] == "rankbound.inspection/1"
    assert found["command"] == "rankbound inspect " + " ".join(words)
    roles = [row["role"] for row in found["files"]]
    assert roles == ["file", "file", "groups", "qrels", "embeddings"]


def test_an_unreadable_file_gives_code_1_and_all_else(folder, capsys):
    written(folder, "q Q0 a 1 x t\n", "b.run")
    assert main(["inspect", "b.run", "t.json", "absent", "--json", "out.json"]) == 1
    shown, errors = capsys.readouterr()
    assert errors == ""
    assert "error   b.run:1: " in shown
    assert "error   absent: no such file" in shown
    assert len(json.loads((folder / "out.json").read_text())["files"]) == 3


@pytest.mark.parametrize(
    "words",
    [
        ["t.json", "--format", "x"],
        ["t.json", "--format", "lookup", "trec-run"],
        ["t.json", "--ids", "v.ids"],
        ["t.json", "--json", "t.json/x"],
    ],
)
def test_usage_mistakes_give_code_2_and_one_line(folder, capsys, words):
    assert folder.is_dir()
    assert main(["inspect", *words]) == 2
    shown, errors = capsys.readouterr()
    assert shown == ""
    assert errors.startswith("rankbound: error: ")
    assert errors.count("\n") == 1


def test_no_file_is_a_usage_mistake(capsys):
    assert main(["inspect"]) == 2
    assert "inspect needs a file" in capsys.readouterr().err


def test_formats_of_single_files(folder, capsys):
    written(folder, run_text({"q": {"a": 1.5, "b": -0.5}}), "odd")
    assert main(["inspect", "odd", "t.json", "--format", "odd=trec-run"]) == 0
    assert "trec-run: as named" in capsys.readouterr().out
    assert main(["inspect", "odd", "t.json", "--format", "odd=lookup"]) == 1


def test_named_formats_split_at_the_last_sign():
    every, single = named_formats(["a=b.run=trec-run"])
    assert every is None
    assert {str(path): name for path, name in single.items()} == {"a=b.run": "trec-run"}
    with pytest.raises(UsageError, match="twice"):
        named_formats(["a", "b"])


def test_vectors_find_their_ids(folder, capsys):
    written(folder, "a\nb\n", "w.ids.txt")
    written(folder, npy([[1.0, 0.0], [0.0, 1.0]]), "w.npy")
    assert main(["inspect", "w.npy", "w.ids.txt"]) == 0
    assert "unit length" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--format", "scoreddocs", "FILE"], ["FILE", "--format", "scoreddocs"]]
)
def test_the_format_may_stand_before_the_file(tmp_path, capsys, words):
    path = tmp_path / "x"
    path.write_text("q a 2\nq b 1\n")
    given = [str(path) if word == "FILE" else word for word in words]
    assert main(["inspect", *given]) == 0
    assert "scoreddocs" in capsys.readouterr().out


def test_a_format_with_an_argument_is_the_one_that_reads(tmp_path, capsys):
    path = tmp_path / "x.jsonl"
    row = '{"anchor": "why", "docs": ["a", "b"], "labels": [3, 1]}\n'
    path.write_text(row)
    assert main(["inspect", str(path)]) == 1
    assert "which may be grades" in " ".join(capsys.readouterr().out.split())
    assert main(["inspect", str(path), "--format", "mined:scores"]) == 0
    assert "1 to 3" in capsys.readouterr().out


def test_a_pickle_of_scores_is_not_taken_for_vectors(folder, capsys):
    scores = {1: {2: 1.5, 3: -0.5}}
    written(folder, pickle.dumps(scores), "ce.pkl")
    assert main(["inspect", "ce.pkl", "--format", "pickle"]) == 0
    written(folder, npy(np.eye(2, dtype=np.float32)), "v.npy")
    written(folder, "2\n3\n", "names")
    words = ["ce.pkl", "--embeddings", "v.npy", "--ids", "names"]
    assert main(["inspect", *words]) == 0
    assert "error" not in capsys.readouterr().out


def test_the_command_line_shows_options_and_python_parameters(folder, capsys):
    written(folder, "q Q0 a 1 x t\n", "b.run")
    assert main(["inspect", "b.run", "--json", "inspection.json"]) == 1
    shown = capsys.readouterr().out
    assert "or give its --format." in shown
    assert "`format`" not in shown
    held = json.loads((folder / "inspection.json").read_text())
    assert held["files"][0]["findings"][0]["remedy"].endswith("give its `format`")
    assert "or give its `format`." in str(inspect("b.run"))
    assert main(["report", ".", "--out", "page.html"]) == 0
    page = (folder / "page.html").read_text()
    assert "give its --format" in page
    assert "give its `format`" not in page


def test_standard_input_is_a_file_of_any_role(folder, capsys, monkeypatch):
    data = (folder / "t.json").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["inspect", "-", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["path"], one["format"]) for one in found["files"]] == [("-", "lookup")]
    words = ["measure", "--teacher", "-", "--groups", "g.jsonl", "--out"]
    assert main([*words, "piped"]) == 0
    assert main([*words[:2], "t.json", *words[3:], "named"]) == 0
    piped, named = (
        json.loads((folder / name / "ledger.json").read_text())["teacher"]
        for name in ("piped", "named")
    )
    assert piped == named


@pytest.mark.parametrize("words", [["--json"], ["--json", "-"]])
def test_json_without_a_name_is_printed_alone(words, folder, capsys):
    assert main(["inspect", "t.json", *words]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "rankbound.inspection/1"
    numbers = ["bound", "--entropy", "0.3", "--n", "100", "--diameter", "1"]
    numbers += ["--lipschitz", "1", "--divergence", "0.1"]
    assert main([*numbers, *words]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert main([*numbers, "--json", "b.json"]) == 0
    assert not capsys.readouterr().out.startswith("{")
    assert json.loads((folder / "b.json").read_text()) == printed


@pytest.mark.usefixtures("folder")
def test_patterns_in_quotes_are_expanded(capsys):
    assert main(["inspect", "*.jso?", "--qrels", "judged.q*", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)["files"]
    assert [one["path"] for one in found] == ["t.json", "judged.qrels"]
    assert main(["inspect", "no-such-*.json", "--json", "-"]) == 1


@pytest.mark.usefixtures("folder")
def test_one_file_may_have_two_roles(capsys):
    words = ["--groups", "g.jsonl", "--qrels", "g.jsonl", "--json", "-"]
    assert main(["inspect", "t.json", *words]) == 1
    found = json.loads(capsys.readouterr().out)["files"]
    assert [one["role"] for one in found] == ["file", "groups", "qrels"]
