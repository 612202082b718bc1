"""A measurement in a few lines, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rankbound.bounds.wording import counted
from rankbound.terminal.outlines import NAME, outline, short

if TYPE_CHECKING:
    from rankbound.commands.measure.certifying import StudentResult
    from rankbound.commands.measure.run import Measurement


def measurement_repr(measurement: Measurement) -> str:
    """Teacher, queries, entropy with its interval, and the students' limits."""
    part, inputs = measurement.entropy, measurement.inputs
    title = (
        f"Measurement of {short(inputs.teacher.name, NAME)!r}: {inputs.kind.value}, "
        f"{counted(len(measurement.teacher), 'query')}, entropy {part.value:.4g} nats "
        f"[{part.lower:.4g}, {part.upper:.4g}]"
    )
    lines = [*map(student_repr, measurement.students)]
    return outline(title, [*lines, *(f"warning: {w}" for w in measurement.warnings)])


def student_repr(result: StudentResult) -> str:
    """Risk, limit and verdict in one line."""
    made = result.certificate
    verdict = "vacuous" if made.vacuous else "not vacuous"
    return (
        f"{short(result.student.name, NAME)!r}: risk {made.risk:.4g} nats, at most "
        f"{made.upper:.4g}: {verdict}, dominated by {made.dominating}"
    )
