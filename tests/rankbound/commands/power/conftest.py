"""Folders as measure and compare leave them, with tables of a test's own."""

import json

import pytest

from rankbound.cli import main
from tests.rankbound.files import group_text, project, written

MODELS = ("--teacher", "t.json", "--teacher-kind", "logit")


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A ledger with a student s, and a comparison, as JSON."""
    folder = tmp_path_factory.mktemp("earlier")
    project(folder)
    teacher = json.loads((folder / "t.json").read_text())
    hard = group_text((qid, [*row][3:]) for qid, row in teacher.items())
    written(folder, hard, "h.jsonl")
    student = ("--student", "s=s.run", "--student-kind", "logit")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        measure = ("measure", *MODELS, *student, "--groups", "g.jsonl", "--out", "m")
        assert main(measure) == 0
        groups = ("--groups", "random=g.jsonl", "hard=h.jsonl", "--resamples", "0")
        assert main(("compare", *MODELS, *groups, "--out", "c")) == 0
    return {
        name: json.loads((folder / place / f"{name}.json").read_text())
        for name, place in (("ledger", "m"), ("comparison", "c"))
    }


@pytest.fixture
def measured(tmp_path, earlier):
    """A function that makes a folder of measure from ranges by student and a table."""

    def make(ranges, table):
        like = earlier["ledger"]["students"]["s"]
        students = {
            name: like | {"range": like["range"] | {"low": low, "high": high}}
            for name, (low, high) in ranges.items()
        }
        content = earlier["ledger"] | {"students": students}
        written(tmp_path, json.dumps(content), "ledger.json")
        written(tmp_path, table, "per_query.tsv")
        return tmp_path

    return make


@pytest.fixture
def compared(tmp_path, earlier):
    """A function that makes a folder of compare from a reference and a table."""

    def make(reference, table, name="comparison.per_query.tsv"):
        content = earlier["comparison"] | {"reference": reference}
        written(tmp_path, json.dumps(content), "comparison.json")
        written(tmp_path, table, name)
        return tmp_path

    return make
