"""The reference's numbers of a small world, by plain loops over its dictionaries."""

import math

import numpy as np
import pytest

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.reference.measure import NO_LAW, NO_SCORES, reference_columns
from tests.rankbound.files import group_text, lookup, written
from tests.rankbound.reference.test_entropy import naive

TEACHER = {
    "q1": {"a": 3.0, "b": 1.0, "c": 2.0, "d": 0.5},
    "q2": {"a": 2.0, "b": -1.0, "c": -1.5},
    "q3": {"a": 0.25, "b": 4.0},
}
GROUPS = [
    ("q1", ["a", "b", "c"]),
    ("q2", ["a", "b", "c"]),
    ("q1", ["b", "d"]),
    ("q3", ["a", "x", "b"]),
    ("q4", ["a", "b"]),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, lookup(TEACHER), "t.json")
    written(tmp_path, group_text(GROUPS), "g.jsonl")

    def measured(**changes):
        options = {
            "teacher": "t.json",
            "groups": "g.jsonl",
            "temperature": 2.0,
            "missing": "drop",
            "compat": "reference",
        }
        return measure(MeasureOptions(**options | changes))

    return measured


def column(compat, name):
    found = next(c for c in compat.columns if c.quantity == name)
    sides = zip(found.reference.tolist(), found.corrected.tolist(), strict=True)
    return dict(zip(found.qids, sides, strict=True)), found


def test_pooled_entropy_beside_ours(run):
    measurement = run()
    table, found = column(measurement.compat, "pairwise_entropy")
    pooled = {
        "q1": [3.0, 1.0, 2.0, 1.0, 0.5],
        "q2": [2.0, -1.0, -1.5],
        "q3": [0.25, 0.0, 4.0],  # x has no score
        "q4": [0.0, 0.0],
    }
    for qid, scores in pooled.items():
        assert table[qid][0] == pytest.approx(naive(scores), abs=1e-12)
    assert math.isnan(table["q4"][1])
    assert found.why == {"q4": NO_SCORES}
    ours = dict(
        zip(measurement.teacher.qids, measurement.teacher.entropy_bits, strict=True)
    )
    assert {q: b for q, (_, b) in table.items() if q != "q4"} == pytest.approx(ours)
    assert measurement.compat.zeros == {"": 3}
    assert measurement.compat.n_pooled == 1


def test_kappa_is_of_the_last_line_and_missing_scores_make_it_infinite(run):
    table, found = column(run().compat, "kappa")
    assert table["q1"][0] == pytest.approx((1 / 2) / (0.5 / 1.5))
    assert table["q2"][0] == pytest.approx(
        max((1 / 3) / (s / -0.5) for s in (2, -1, -1.5))
    )
    assert table["q3"][0] == math.inf
    assert math.isnan(table["q4"][0])
    assert "infinite" in found.why["q3"]
    assert "0 / 0" in found.why["q4"]
    assert found.why["q1"] == NO_LAW


def test_kappa_beside_that_of_given_probabilities(run, tmp_path):
    law = '"probabilities": [0.5, 0.25, 0.25]'
    text = group_text([("q1", ["a", "b", "c"])]).replace("}", f", {law}}}")
    written(tmp_path, text, "law.jsonl")
    table, found = column(run(groups="law.jsonl").compat, "kappa")
    assert table["q1"] == pytest.approx((max(2 / s for s in (3, 1, 2)), 4 / 3))
    assert found.why == {}
    assert found.difference == pytest.approx(2.0 - 4 / 3)


def test_queries_set_aside_do_not_appear(tmp_path, run):
    rng = np.random.default_rng(0)
    teacher = {f"q{i}": {d: float(rng.normal(0, 2)) for d in "abcd"} for i in range(10)}
    written(tmp_path, lookup(teacher), "t.json")
    written(tmp_path, group_text([(q, list("abcd")) for q in teacher]), "g.jsonl")
    written(tmp_path, lookup(teacher), "s.json")
    student = StudentSource("s", scores="s.json", temperature="fit")
    measurement = run(students=(student,))
    for made in measurement.compat.columns:
        assert list(made.qids) == list(measurement.teacher.qids)
    assert len(measurement.teacher) == 8


def test_other_pair_sets_are_named_and_nothing_is_computed_unasked(run):
    measurement = run(pairs="pos-neg")
    _, found = column(measurement.compat, "pairwise_entropy")
    assert "corrected: pos-neg" in found.reason
    plain = run(compat=None)
    assert plain.compat is None
    assert [c.quantity for c in reference_columns(plain).columns] == [
        "pairwise_entropy",
        "list_entropy",
        "list_entropy_nats",
        "kappa",
    ]
