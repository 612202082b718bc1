from dataclasses import replace

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.validate.options import ValidateOptions
from rankbound.errors import UsageError
from tests.rankbound.commands.validate.conftest import options_for


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"missing_queries": "skip"}, "zero, drop, error"),
        ({"resamples": 199}, "--resamples must be at least 200"),
        ({"permutations": 9}, "--permutations"),
        ({"splits": 0}, "--splits"),
        ({"seed": -1}, "--seed"),
        ({"cases": ()}, "--datasets"),
        ({"margin": float("nan")}, "--margin"),
    ],
)
def test_settings_are_checked(toy, change, message):
    with pytest.raises((UsageError, DomainError), match=message):
        replace(options_for(toy), **change)


def test_cases_are_checked(toy):
    [case] = options_for(toy).cases
    with pytest.raises(UsageError, match="judgements"):
        replace(case, measure=replace(case.measure, qrels=None))
    with pytest.raises(UsageError, match="at least one --student"):
        replace(case, measure=replace(case.measure, students=()))
    students = (StudentSource("teacher", scores="x"),)
    with pytest.raises(UsageError, match="cannot be called 'teacher'"):
        replace(case, measure=replace(case.measure, students=students))
    with pytest.raises(UsageError, match="no such model; there are teacher, strong"):
        replace(case, rankings={"strnog": "x"})
    with pytest.raises(UsageError, match="name without tabs"):
        replace(case, dataset="(pooled)")


def test_a_case_stands_once_and_its_models_agree(toy):
    [case] = options_for(toy).cases
    with pytest.raises(UsageError, match="given twice"):
        ValidateOptions(cases=(case, case))
    other = replace(case, sampling="other", rankings={"strong": toy.path("gappy.run")})
    with pytest.raises(UsageError, match="'strong' differs between samplings"):
        ValidateOptions(cases=(case, other))


def test_default_measures_are_two_at_two_cut_offs(toy):
    options = replace(options_for(toy), measures=None)
    assert options.measure_names == ("nDCG@10", "nDCG@100", "AP@10", "AP@100")
    graded = replace(options, relevant=2)
    assert graded.measure_names[2:] == ("AP(rel=2)@10", "AP(rel=2)@100")
