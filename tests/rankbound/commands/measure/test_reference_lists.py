import math

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.data.scores import Kind
from rankbound.reference.measure_lists import NO_SCORES
from tests.rankbound.files import group_text, lookup, written

TEACHER = {
    "q1": {"a": 3.0, "b": 1.0, "c": 2.0},
    "q2": {"a": 2.0, "b": -1.0, "c": -2.0},
    "q3": {"a": 0.5, "b": 0.25},
}
STUDENT = {
    "q1": {"a": 4.0, "b": 1.0, "c": 2.0},
    "q2": {"a": 2.0, "b": 1.0, "c": 2.0},
    "q3": {"a": 0.5},
}
SCALE, STUDENT_SCALE = 2.0, 4.0


@pytest.fixture
def columns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(teacher=TEACHER, **changes):
        written(tmp_path, lookup(teacher), "t.json")
        written(tmp_path, lookup(STUDENT), "s.json")
        groups = [(qid, list(row)) for qid, row in teacher.items()]
        written(tmp_path, group_text(groups), "g.jsonl")
        source = StudentSource("s", scores="s.json", temperature=STUDENT_SCALE)
        options = {"temperature": SCALE, "students": (source,)}
        found = measure(
            MeasureOptions(
                teacher="t.json",
                groups="g.jsonl",
                compat="reference",
                **options | changes,
            )
        ).compat
        return {c.quantity: c for c in found.columns}, found

    return run


def test_list_entropies_beside_the_softmax(columns):
    found, _ = columns()
    bits, nats = found["list_entropy"], found["list_entropy_nats"]
    shares = np.array([3.0, 1.0, 2.0]) / 6
    assert bits.reference[0] == pytest.approx(entropy(shares, base=2))
    assert nats.reference[0] == pytest.approx(entropy(shares))
    soft = [
        entropy(softmax(np.array([*row.values()]) / SCALE)) for row in TEACHER.values()
    ]
    assert nats.corrected == pytest.approx(soft)
    assert bits.corrected == pytest.approx(np.array(soft) / math.log(2))
    assert math.isnan(bits.reference[1])
    assert "signs are mixed" in bits.why["q2"]
    assert nats.reference[1] == pytest.approx(2 * math.log(0.5))  # -(-2) ln(-2): -1 < 0


def test_list_divergence_counts_missing_scores_as_zero(columns):
    found, compat = columns()
    made = found["list_divergence:s"]
    p, q = np.array([3, 1, 2]) / 6, np.array([4, 1, 2]) / 7
    assert made.reference[0] == pytest.approx(entropy(p, q, base=2))
    left = softmax(np.array([3.0, 1.0, 2.0]) / SCALE)
    right = softmax(np.array([4.0, 1.0, 2.0]) / STUDENT_SCALE)
    assert made.corrected[0] == pytest.approx(entropy(left, right, base=2))
    assert "opposite signs" in made.why["q2"]
    third = np.array([2, 1]) / 3
    expected = third @ np.log2(third / np.array([1, 1e-12]))
    assert made.reference[2] == pytest.approx(expected)
    assert math.isnan(made.corrected[2])
    assert made.why["q3"] == NO_SCORES
    assert compat.zeros["s"] == 1


def test_probabilities_are_taken_as_the_files_give_them(columns, tmp_path):
    probabilities = {"q1": {"a": 0.9, "b": 0.2, "c": 0.5}}
    written(tmp_path, lookup(probabilities), "p.json")
    kind = Kind.PROBABILITY
    source = StudentSource("s", scores="p.json", temperature=1.0, kind=kind)
    found, _ = columns(
        teacher=probabilities, temperature=1.0, students=(source,), teacher_kind=kind
    )
    shares = np.array([0.9, 0.2, 0.5]) / 1.6
    assert found["list_entropy"].reference[0] == pytest.approx(entropy(shares, base=2))
    assert found["list_divergence:s"].reference[0] == pytest.approx(0, abs=1e-11)
    assert found["list_divergence:s"].corrected[0] == pytest.approx(0, abs=1e-11)
    odds = np.array([9.0, 0.25, 1.0])
    assert found["list_entropy_nats"].corrected[0] == pytest.approx(
        entropy(odds / odds.sum())
    )
