"""Scores without a unit get a fitted temperature, and others keep theirs."""

from dataclasses import replace

import numpy as np
import pytest

import rankbound as rb
from rankbound.commands.validate.options import ValidateOptions
from rankbound.commands.validate.panels import fitted_unasked, with_scales
from rankbound.commands.validate.run import result_of, validate_with, validated

QUERIES = [f"q{n:02}" for n in range(40)]


def models():
    rng = np.random.default_rng(3)
    true = {q: rng.normal(size=10) for q in QUERIES}
    logits = {q: {f"d{i}": 3 * v for i, v in enumerate(true[q])} for q in QUERIES}
    cosines = {
        q: {f"d{i}": 0.5 + 0.1 * np.tanh(v) for i, v in enumerate(true[q])}
        for q in QUERIES
    }
    grades = true.items()
    noise = {q: values + rng.normal(size=10) for q, values in grades}
    qrels = {q: {f"d{i}": int(v > 0) for i, v in enumerate(noise[q])} for q in QUERIES}
    return logits, cosines, qrels


def options(teacher, student, **more):
    source = rb.StudentSource("s", scores=student, **more)
    return rb.MeasureOptions(teacher=teacher, students=(source,), qrels=models()[2])


def test_only_what_has_no_unit_is_fitted():
    logits, cosines, _ = models()
    both = with_scales(options(cosines, cosines))
    assert (both.temperature, both.students[0].temperature) == ("fit", "fit")
    asked = options(logits, cosines)
    mixed = with_scales(asked)
    assert (mixed.temperature, mixed.students[0].temperature) == (None, "fit")
    assert "for s, whose" in fitted_unasked(asked, mixed)


@pytest.mark.parametrize("more", [{"temperature": 0.1}, {"kind": "logit"}])
def test_what_the_user_says_is_kept(more):
    logits, cosines, _ = models()
    asked = options(logits, cosines, **more)
    used = with_scales(asked)
    assert used.students[0].temperature == more.get("temperature")
    number = replace(options(cosines, cosines, **more), temperature=0.3)
    assert with_scales(number).temperature == 0.3
    assert fitted_unasked(asked, used) is None


def test_a_validation_runs_without_temperatures_and_says_what_it_did():
    _, cosines, _ = models()
    case = rb.Case(dataset="a", sampling="top", measure=options(cosines, cosines))
    made = validated(
        ValidateOptions(cases=(case,), resamples=200, permutations=99, splits=1)
    )
    measured, found = made.measured["a", "top"], result_of(made)
    assert any("given for teacher, s, whose" in text for text in found.warnings)
    assert measured.split.n_calibration == 8
    assert 0 < measured.temperature < 1
    # Without vectors there is no row, and the columns are there all the same
    empty = found.to_frame("dependence")
    assert len(empty) == 0
    assert {"distance_correlation", "p_adjusted"} < set(empty.columns)
    assert found.datasets[0].n_calibration == 8


def test_queries_lost_to_the_fit_are_named_where_too_few_are_left():
    _, cosines, qrels = models()
    few = QUERIES[:9]
    data = [{q: held[q] for q in few} for held in (cosines, qrels)]
    source = rb.StudentSource("s", scores=data[0])
    measured = rb.MeasureOptions(teacher=data[0], students=(source,), qrels=data[1])
    case = rb.Case(dataset="a", sampling="top", measure=measured)
    with pytest.raises(rb.UsageError, match="2 others served to choose settings"):
        validate_with(ValidateOptions(cases=(case,)))


def test_measures_that_never_vary_are_refused_before_any_test():
    teacher, cosines, _ = models()
    nothing = {qid: dict.fromkeys(held, 0) for qid, held in teacher.items()}
    source = rb.StudentSource("s", scores=cosines, temperature=1.0)
    measured = rb.MeasureOptions(
        teacher=teacher, students=(source,), qrels=nothing, temperature=1.0
    )
    case = rb.Case(dataset="a", sampling="top", measure=measured)
    with pytest.raises(rb.UsageError, match="the same for all queries with terms"):
        validate_with(ValidateOptions(cases=(case,)))
