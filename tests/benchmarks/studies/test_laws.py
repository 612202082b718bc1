"""Intervals and limits under the law of a synthetic world, on a small scale."""

from dataclasses import replace

import pytest

from benchmarks.studies import laws
from benchmarks.studies.laws import DELTA, SAMPLINGS, drawn, known, run, table
from tests import oracles
from tests.optional import only_deep

DRAWS = 6
OTHERS = ("random", "top", "entropy")


@pytest.mark.statistical
@pytest.mark.parametrize(
    "sampling", ["stratified", *(pytest.param(one, marks=only_deep) for one in OTHERS)]
)
def test_the_truth_of_the_law_is_inside_as_often_as_said(sampling):
    """False-alarm rate 1e-6 for each rate; `make study-laws` draws more."""
    found = run(sampling, 43, draws=DRAWS)
    most = oracles.most_failures(DRAWS, DELTA, 1e-6)
    for rate in (found.entropy, found.change, found.far, found.limit):
        assert rate * DRAWS <= most
    assert found.above == 0
    assert found.failure == ""
    assert found.risk < found.upper
    assert found.bias < 4.5


def test_another_law_is_outside(monkeypatch):
    """So that the study can fail: the truth of another sampling is nowhere near."""
    truth = known("top")
    other = replace(truth, entropy=known("random").entropy, far=0.5, diameter=0.1)
    monkeypatch.setattr(laws, "known", lambda _: other)
    made = drawn("top", 100, seed=0)
    assert made.entropy
    assert made.far
    assert made.above
    assert made.student
    # Both entropies are now the same one, so that no change is expected
    assert made.change


def test_rates_that_are_too_high_fail_by_name():
    fine = dict.fromkeys(("entropy", "change", "far", "limit", "above"), 0.02)
    names = ("student", "bias", "width", "upper", "risk", "largest")
    numbers = dict.fromkeys(names, 0.5)
    one = laws.Outcome(
        "top", 43, 400, known("top"), **{**fine, "above": 0.0}, **numbers
    )
    assert one.failure == ""
    assert replace(one, limit=0.09, entropy=0.09).failure == "entropy, limit"
    assert replace(one, above=0.01).failure == "above"
    assert replace(one, bias=5.0).failure == "biased"
    rows = [*table([one])]
    assert len(rows) == 3
    assert len({row.count("|") for row in rows}) == 1
    assert {*SAMPLINGS} == {"random", "top", "stratified", "entropy"}
