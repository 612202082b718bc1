"""Whether commands would run on files: their own reading and matching, tried out."""

from __future__ import annotations

from dataclasses import replace

from rankbound.bounds.errors import DomainError
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.samplings import load
from rankbound.commands.measure.inputs import Inputs, load_inputs
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.students import evaluate_student
from rankbound.commands.measure.temperatures import (
    Split,
    split_queries,
    teacher_temperature,
)
from rankbound.errors import FormatError, UsageError

MISTAKES = (UsageError, FormatError, DomainError)


def rehearse(options: MeasureOptions) -> tuple[str | None, dict[str, str]]:
    """Do what `measure` does before it computes, and every student by itself.

    Returns
    -------
    refusal : str or None
        What `measure` would say about the teacher's side; None if nothing.
    students : dict
        What it would say about a student, by name; only those it refuses.
    """
    try:
        inputs = load_inputs(replace(options, students=()))
        split = split_queries(inputs.groups, fits=options.fits, seed=options.seed)
        if not split.n_certificate:
            return "no query is left for the certificate; give more queries", {}
        scale = teacher_temperature(inputs, split, options.temperature)
    except MISTAKES as error:
        return _line(error), {}
    refused = {}
    for student in options.students:
        refusal = _student(student, inputs, split, options, scale)
        if refusal is not None:
            refused[student.name] = refusal
    return None, refused


def rehearse_comparison(options: CompareOptions) -> str | None:
    """Do what `compare` does before it computes; what it would refuse, or None."""
    try:
        first, *others = load(options).samplings
    except MISTAKES as error:
        return _line(error)
    known = {*first.groups.group_qids()}
    for other in others:
        if known.isdisjoint(other.groups.group_qids()):
            return f"{other.name!r} and {first.name!r} have no query in common"
    return None


def _student(
    student: StudentSource,
    inputs: Inputs,
    split: Split,
    options: MeasureOptions,
    scale: float,
) -> str | None:
    try:
        evaluate_student(student, inputs, split, options, teacher_scale=scale)
    except MISTAKES as error:
        return _line(error)
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
