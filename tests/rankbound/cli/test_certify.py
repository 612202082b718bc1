"""`rankbound certify` on the command line."""

import json
from dataclasses import replace

from rankbound.bounds.registry import REGISTRY
from rankbound.cli import main
from rankbound.validation import suite


def test_one_statement_and_its_json(capsys, tmp_path):
    path = tmp_path / "checks.json"
    assert main(["certify", "--statement", "lemma-3-slope", "--json", str(path)]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("lemma-3-slope")
    assert last.startswith("1 of 1 checks passed")
    document = json.loads(path.read_text())
    assert document["schema"] == "rankbound.certify/1"
    assert [row["key"] for row in document["rows"]] == ["lemma-3-slope"]
    assert document["command"].startswith("rankbound certify --statement")


def test_a_failing_check_ends_with_code_1(capsys, monkeypatch):
    true = REGISTRY["theorem-2b"]
    broken = replace(true, expression=true.expression / 2)
    monkeypatch.setattr(suite, "REGISTRY", {**REGISTRY, true.key: broken})
    assert main(["certify", "--statement", "theorem-2b"]) == 1
    assert "failed: theorem-2b" in capsys.readouterr().out


def test_a_mistake_is_one_line_and_code_2(capsys, tmp_path):
    assert main(["certify", "--statement", "theorem-1dd"]) == 2
    error = capsys.readouterr().err
    assert "did you mean theorem-1d" in error
    assert len(error.splitlines()) == 1
    (tmp_path / "file").touch()
    wrong = ["certify", "--statement", "lemma-1", "--json", str(tmp_path / "file/x")]
    assert main(wrong) == 2
    assert "is a file" in capsys.readouterr().err


def test_a_limit_is_covered_on_real_groups_and_a_broken_one_is_not(capsys, monkeypatch):
    words = ["certify", "--statement", "theorem-1d"]
    assert main(words) == 0
    assert "holds" in (out := capsys.readouterr().out)
    assert "docstrings of numpy" in out
    true = REGISTRY["theorem-1d"]

    def careless(values, **options):
        return true.procedure(values, **{**options, "delta": 0.99})

    broken = replace(true, procedure=careless)
    monkeypatch.setattr(suite, "REGISTRY", {**REGISTRY, true.key: broken})
    assert main(words) == 1
    assert "docstrings of numpy: " in (out := capsys.readouterr().out)
    assert "misses in 150 runs at delta 0.1" in out
