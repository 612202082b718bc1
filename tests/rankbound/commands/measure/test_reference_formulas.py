import math
from dataclasses import replace

import numpy as np
import pytest

from rankbound.commands.measure.inputs import load_inputs
from rankbound.commands.measure.options import MeasureOptions
from rankbound.data.scores import Kind
from rankbound.read.json.groups import read_groups
from rankbound.read.json.lookup import read_scores
from rankbound.reference.measure_formulas import file_scores, pooled_entropy
from tests.rankbound.files import group_text, lookup, written
from tests.rankbound.reference.test_entropy import naive


def test_lines_are_pooled_and_missing_scores_are_zero(tmp_path):
    scores = {"q2": {"a": 2.0, "b": -1.0}, "q1": {"a": 0.5, "c": 3.0}}
    groups = [("q2", ["a", "b"]), ("q1", ["a", "c"]), ("q2", ["b", "x", "a"])]
    path = written(tmp_path, group_text([*groups, ("q0", ["m", "n"])]), "g.jsonl")
    found = pooled_entropy(
        read_groups(path), read_scores(written(tmp_path, lookup(scores), "t.json"))
    )
    assert found.column.qids.tolist() == ["q0", "q1", "q2"]
    lists = [[0.0, 0.0], [0.5, 3.0], [2.0, -1.0, -1.0, 0.0, 2.0]]
    assert found.column.values == pytest.approx([naive(s) for s in lists], abs=1e-12)
    assert (found.n_zeros, found.n_pooled) == (3, 1)


def test_a_group_of_one_document_has_no_value(tmp_path):
    path = written(tmp_path, group_text([("q", ["a"])]), "g.jsonl")
    scores = read_scores(written(tmp_path, lookup({"q": {"a": 1.0}}), "t.json"))
    assert np.isnan(pooled_entropy(read_groups(path), scores).column.values).all()


def test_probabilities_are_taken_as_the_file_gives_them(tmp_path):
    path = written(tmp_path, lookup({"q": {"a": 0.9, "b": 0.5}}), "t.json")
    options = MeasureOptions(teacher=path, teacher_kind=Kind.PROBABILITY, depth=2)
    inputs = load_inputs(options)
    assert inputs.teacher.values[0] == pytest.approx(math.log(9))
    assert file_scores(inputs, path).values.tolist() == [0.9, 0.5]
    logits = load_inputs(replace(options, teacher_kind=Kind.LOGIT))
    assert file_scores(logits, path) is logits.teacher
