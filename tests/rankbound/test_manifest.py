import hashlib
import json
import shutil

import numpy as np
import pytest

import rankbound as rb
from rankbound.cli import main
from rankbound.drawing.results import find_results
from rankbound.errors import FormatError, UsageError
from rankbound.manifest import Manifest, check, strangers
from rankbound.results import result_type
from tests.rankbound.ablations import by_hand
from tests.rankbound.files import written

NAME = "rankbound.manifest.json"


@pytest.fixture
def folder(tmp_path):
    """What `power` saves, and the queries of `measure`."""
    results = tmp_path / "results"
    rb.power(n=43, sd=0.1).save(results)
    return results


def manifest_of(folder):
    return json.loads((folder / NAME).read_text())


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_manifest_has_the_hash_of_each_file_and_counts_generations(folder):
    made = manifest_of(folder)
    entry = made["results"]["power"]
    assert made["schema"] == "rankbound.manifest/1"
    assert (made["generation"], entry["generation"]) == (1, 1)
    (name,) = entry["outputs"]
    assert entry["outputs"] == {name: sha(folder / name)}
    before = (folder / NAME).read_bytes()
    rb.power(n=43, sd=0.1).save(folder)  # the same once more
    assert (folder / NAME).read_bytes() == before
    rb.power(n=54, sd=0.1).save(folder)
    again = manifest_of(folder)
    assert again["generation"] == 2
    assert again["results"]["power"]["outputs"] == {name: sha(folder / name)}


def test_a_file_that_changed_is_named_with_the_remedy(folder):
    (name,) = manifest_of(folder)["results"]["power"]["outputs"]
    kind = result_type("power")
    whole = (folder / name).read_text()
    (folder / name).write_text(whole.replace("43", "44"))
    for read in (kind.load, find_results):
        with pytest.raises(FormatError, match="changed after it was written") as caught:
            read(folder)
        assert name in str(caught.value)
        assert f"delete {NAME}" in str(caught.value)
    (folder / NAME).unlink()
    assert kind.load(folder).to_dict()
    (folder / name).write_text(whole)
    assert kind.load(folder).to_dict()


def test_a_table_of_another_run_is_named(folder):
    written(folder, "qid\n1\n", "more.tsv")
    with pytest.raises(FormatError, match="not of the run that wrote the power"):
        check(folder, "power", ["more.tsv", "absent.tsv"])
    check(folder, "ledger", ["more.tsv"])  # older versions wrote no manifest


@pytest.mark.parametrize("text", ["{", '{"schema": "theirs"}', "[]"])
def test_a_manifest_that_is_not_ours_stays(tmp_path, text):
    written(tmp_path, text, NAME)
    with pytest.raises(UsageError, match="exists, and nothing says"):
        rb.power(n=43, sd=0.1).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    rb.power(n=43, sd=0.1).save(tmp_path, force=True)
    assert manifest_of(tmp_path)["generation"] == 1


def test_inputs_that_two_results_read_in_two_versions_are_named(folder):
    made = manifest_of(folder)
    entry = made["results"]["power"]
    for kind, digest in (("power", "a" * 64), ("ledger", "b" * 64)):
        inputs = {"teacher.run": digest, "same.run": "c" * 64, "-": None}
        made["results"][kind] = entry | {"inputs": inputs}
    (folder / NAME).write_text(json.dumps(made))
    (said,) = strangers(folder.parent)
    assert "ledger and power" in said
    assert "teacher.run" in said
    assert Manifest.of(folder).generation == 1


def test_the_manifest_says_how_its_results_were_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    teacher = {f"q{n}": {"a": 1.0 + n / 9, "b": 0.0, "c": -0.5} for n in range(9)}
    written(tmp_path, json.dumps(teacher), "t.json")
    words = ["--teacher", "t.json", "--teacher-kind", "logit", "--out", "out"]
    assert main(["measure", *words]) == 0
    entry = manifest_of(tmp_path / "out")["results"]["ledger"]
    assert (entry["command"], entry["options"]) == ("measure", words)
    assert entry["versions"]["rankbound"] == rb.__version__
    assert entry["versions"]["numpy"] == np.__version__
    assert entry["inputs"] == {"t.json": sha(tmp_path / "t.json")}
    assert entry["outputs"] == {
        path.name: sha(path)
        for path in (tmp_path / "out").iterdir()
        if path.name != NAME
    }


@pytest.mark.parametrize(
    "line",
    [
        "validate --datasets cells --out out",
        "study cells --out out",
        "report cells --out page.html",
        "figures --from cells --out out",
    ],
)
def test_commands_that_read_results_refuse_a_file_of_another_run(
    tmp_path, monkeypatch, capsys, line
):
    monkeypatch.chdir(tmp_path)
    gains = {("bi", "kl"): 0.3, ("cross", "kl"): 0.1}
    by_hand("alpha", gains, seed=1).save("cells")
    by_hand("alpha", gains, seed=2).save("others")
    shutil.copy("others/ablation.tsv", "cells/ablation.tsv")
    code = main(line.split())
    told = capsys.readouterr()
    assert code == (1 if line.startswith("study") else 2)
    assert "ablation.tsv" in told.out + told.err
    assert "changed after it was written" in told.out + told.err
