"""Measure a case; temperatures that nobody gave are fitted, as judgements are there."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from rankbound.commands.measure.given import Files, Given
from rankbound.commands.measure.inputs import declared
from rankbound.commands.measure.measured import Measured, measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.validate.options import TEACHER, Case
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.kinds import NEEDS_TEMPERATURE

Known = dict[tuple[Given, Kind | None], bool]


def measured_case(case: Case, known: Known) -> Measured:
    """Terms and certificates of a case; `known` is as for `with_scales`."""
    return measured(with_scales(case.measure, known))


def with_scales(options: MeasureOptions, known: Known | None = None) -> MeasureOptions:
    """The options, with "fit" for scores without a unit whose temperature is not given.

    Differences of cosines, inner products or unknown scores are no log-odds. Other
    commands ask for a temperature; here judgements are at hand to fit the teacher's.

    Parameters
    ----------
    options : MeasureOptions
    known : dict, optional
        What earlier calls found out about files; it is added to.

    Raises
    ------
    FormatError, UsageError
        When a file breaks a rule.
    """
    known = {} if known is None else known
    files = Files(options.formats, options.teacher)

    def unitless(given: Given, kind: Kind | None) -> bool:
        if (given, kind) not in known:
            scores = cast(Scores, files.part(given, "scores").scores)
            known[given, kind] = declared(scores, kind)[0].kind in NEEDS_TEMPERATURE
        return known[given, kind]

    def scaled(source: StudentSource) -> StudentSource:
        if source.temperature is not None:
            return source
        if source.scores is not None:
            needs = unitless(source.scores, source.kind)
        else:
            needs = source.kind is None or source.kind in NEEDS_TEMPERATURE
        return replace(source, temperature="fit") if needs else source

    temperature = options.temperature
    if temperature is None and unitless(options.teacher, options.teacher_kind):
        temperature = "fit"
    students = tuple(scaled(source) for source in options.students)
    return replace(options, temperature=temperature, students=students)


def fitted_unasked(asked: MeasureOptions, used: MeasureOptions) -> str | None:
    """Whose temperatures were fitted though nobody asked for it, in words."""
    pairs = zip(asked.students, used.students, strict=True)
    names = [TEACHER] if asked.temperature != used.temperature else []
    names += [a.name for a, b in pairs if a.temperature != b.temperature]
    if not names:
        return None
    return (
        f"no temperature is given for {', '.join(names)}, whose scores have no unit; "
        "they are fitted on a fifth of the queries, which have no terms; give "
        "--temperature and --student-temperature numbers to keep all queries"
    )
