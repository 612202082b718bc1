"""`inspect` with kinds that the user names comes to what `measure` does with them."""

import json

import numpy as np
import pytest

from rankbound import UsageError, inspect, measure
from rankbound.cli import main

RNG = np.random.default_rng(8)
LOGITS = {
    f"q{n}": {f"d{n}_{k}": float(x) for k, x in enumerate(RNG.normal(0, 2, 6).round(4))}
    for n in range(12)
}


def softmax(run):
    found = {}
    for qid, docs in run.items():
        total = sum(np.exp(list(docs.values())))
        found[qid] = {doc: float(np.exp(score) / total) for doc, score in docs.items()}
    return found


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "teacher.json", tmp_path / "soft.json"
    for path, run in zip(paths, (LOGITS, softmax(LOGITS)), strict=True):
        path.write_text(json.dumps(run))
    return paths


def test_a_teacher_of_a_named_kind_is_ready_as_measure_is(files):
    _, soft = files
    assert not inspect(soft).ready.measure.ok
    found = inspect(soft, teacher_kind="softmax")
    assert found.ready.measure.ok
    assert "--teacher-kind softmax" in found.ready.measure.command
    alone = measure(LOGITS).teacher.entropy
    assert measure(soft, teacher_kind="softmax").teacher.entropy == pytest.approx(alone)


@pytest.mark.parametrize("key", ["", "soft", "path"])
def test_a_student_of_a_named_kind_is_not_left_out(files, key):
    teacher, soft = files
    before = inspect(teacher, soft).ready.measure
    assert "--student" not in before.command
    assert any("soft is left out" in note for note in before.notes)
    key = str(soft) if key == "path" else key
    kind = {key: "softmax"} if key else "softmax"
    after = inspect(teacher, soft, student_kind=kind).ready.measure
    assert "--student-kind soft=softmax" in after.command
    assert not any("left out" in note for note in after.notes)


def test_the_command_line_takes_both_and_refuses_unknown_names(files, capsys):
    teacher, soft = map(str, files)
    assert main(["inspect", teacher, soft, "--student-kind", "soft=softmax"]) == 0
    assert "--student-kind soft=softmax" in capsys.readouterr().out
    assert main(["inspect", soft, "--teacher-kind", "softmax"]) == 0
    assert main(["inspect", soft, "--teacher-kind", "tasty"]) == 2
    assert main(["inspect", teacher, soft, "--student-kind", "other=softmax"]) == 2
    assert "--student-kind" in capsys.readouterr().err
    with pytest.raises(UsageError, match="no student"):
        inspect(teacher, student_kind={"other": "softmax"})
