import json
import os
from pathlib import Path

import pytest

from rankbound.cli import main
from tests.rankbound.files import project

HOSTILE = "<b>x</b>\"'&"
MODELS = ("--teacher", "t.json", "--teacher-kind", "logit")
STUDENT = ("--student", f"{HOSTILE}=s.run", "--student-kind", "logit")


@pytest.fixture(scope="session")
def contents(tmp_path_factory):
    """Results of measure, compare and validate on small files."""
    folder = tmp_path_factory.mktemp("contents")
    project(folder)
    before = Path.cwd()
    os.chdir(folder)
    groups = ("--groups", f"{HOSTILE}=g.jsonl", "other=g.jsonl")
    judged = ("--qrels", "judged.qrels", "--resamples", "200", "--permutations", "99")
    try:
        codes = (
            main(["measure", *MODELS, *STUDENT, "--groups", "g.jsonl", "--out", "m"]),
            main(["compare", *MODELS, *groups, "--out", "c"]),
            main(["validate", *MODELS, *STUDENT, *judged, "--out", "v"]),
        )
    finally:
        os.chdir(before)
    assert codes[0] == codes[1] == 0
    assert codes[2] in (0, 1)  # a control may fail on so few queries
    names = {"m": "ledger", "c": "comparison", "v": "validation"}
    return {
        name: json.loads((folder / short / f"{name}.json").read_text())
        for short, name in names.items()
    }
