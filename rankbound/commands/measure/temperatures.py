"""Whether verdicts hold over the interval of a fitted temperature."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from rankbound.commands.measure.certifying import Level, certified_student
from rankbound.commands.measure.inputs import TemperatureFit
from rankbound.commands.measure.measured import Measured
from rankbound.commands.measure.result import OverInterval, VerdictChange
from rankbound.estimators.group_terms import student_terms, teacher_terms

# How far an interval without an upper end is followed, in fitted temperatures
FARTHEST: Final = 8.0
VACUOUS: Final = {True: "vacuous", False: "not vacuous"}


def over_interval(
    fit: TemperatureFit | None, verdicts: Callable[[float], Mapping[str, str]]
) -> OverInterval | None:
    """Ask for the verdicts at both ends, at the value, and between.

    Parameters
    ----------
    fit : TemperatureFit or None
    verdicts : callable
        Gives all verdicts at a temperature, by what they are about.

    Returns
    -------
    OverInterval or None
        None without a fit, an interval or a verdict.

    Examples
    --------
    >>> fit = TemperatureFit(2.0, 1.0, 4.0, "judgements")
    >>> found = over_interval(fit, lambda t: {"it": "low" if t < 3.0 else "high"})
    >>> [round(t, 3) for t in found.temperatures], found.changes[0].temperature
    ([1.0, 1.414, 2.0, 2.828, 4.0], 4.0)
    """
    if fit is None or fit.lower is None:
        return None
    here = verdicts(fit.value)
    if not here:
        return None
    upper = FARTHEST * fit.value if fit.upper is None else fit.upper
    lower = fit.lower
    tried = sorted(
        {lower, math.sqrt(lower * fit.value), math.sqrt(fit.value * upper), upper}
        - {fit.value}
    )
    changes: dict[str, VerdictChange] = {}
    # From the value outwards, so that the nearest change is kept
    for scale in sorted(tried, key=lambda t: abs(math.log(t / fit.value))):
        for of, verdict in verdicts(scale).items():
            if of not in changes and verdict != here.get(of, verdict):
                changes[of] = VerdictChange(
                    of=of, verdict=here[of], instead=verdict, temperature=scale
                )
    return OverInterval(
        temperatures=tuple(sorted({*tried, fit.value})),
        verdicts=len(here),
        changes=tuple(changes[of] for of in here if of in changes),
    )


def certificate_verdicts(found: Measured, scale: float) -> dict[str, str]:
    """Whether each certificate is vacuous, and what dominates it, at a temperature.

    The students stay what they are: temperature, B and stake are those chosen.
    """
    verdicts = {}
    options = found.options
    level = Level(options.delta, max(1, len(options.students)))
    for one in found.students:
        student = one.student
        raw, _ = student.groups.scores_of(found.inputs.teacher)
        with np.errstate(over="ignore"):  # refused below, with a message
            teacher = raw / scale
        changed = replace(
            student,
            teacher=teacher_terms(student.groups, teacher, pairs=options.pairs),
            terms=student_terms(
                student.groups,
                teacher,
                student.terms.values,
                clip_at=student.choices.score_range,
                pairs=options.pairs,
            ),
        )
        made = certified_student(
            changed,
            None,
            pairs=options.pairs,
            level=level,
            clusters=found.inputs.clusters,
        ).certificate
        verdicts[f"the certificate of {student.name}"] = VACUOUS[made.vacuous]
        verdicts[f"the largest part of {student.name}"] = made.dominating
    return verdicts
