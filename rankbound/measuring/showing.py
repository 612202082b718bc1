"""A measurement in short: one line for a terminal, a small table for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bounds.wording import counted
from estimators.showing import html_table

if TYPE_CHECKING:
    from rankbound.measuring.run import Measurement, StudentResult

NAMED = 3  # students that the line names


def measurement_repr(measurement: Measurement) -> str:
    """Teacher, queries, entropy with its interval, and the first students' limits."""
    parts = [_teacher(measurement)]
    parts += [
        f"{result.student.name!r} risk {result.certificate.risk:.4g}, at most "
        f"{result.certificate.upper:.4g}"
        for result in measurement.students[:NAMED]
    ]
    if len(measurement.students) > NAMED:
        parts.append(
            f"and {counted(len(measurement.students) - NAMED, 'student')} more"
        )
    return f"Measurement({'; '.join(parts)})"


def measurement_html(measurement: Measurement) -> str:
    """A row for each student, for a notebook; all in nats."""
    header = ("student", "risk", "entropy", "divergence", "upper limit", "verdict")
    rows = (_row(result) for result in measurement.students)
    return html_table(_teacher(measurement), header, rows)


def _teacher(measurement: Measurement) -> str:
    part, name = measurement.entropy, measurement.inputs.teacher.name
    return (
        f"{name!r}: {measurement.inputs.kind.value}, "
        f"{counted(len(measurement.teacher), 'query')}, entropy {part.value:.4g} nats "
        f"[{part.lower:.4g}, {part.upper:.4g}]"
    )


def _row(result: StudentResult) -> tuple[str, float, float, float, float, str]:
    certificate = result.certificate
    entropy, divergence, _ = certificate.parts
    return (
        result.student.name,
        certificate.risk,
        entropy.value,
        divergence.value,
        certificate.upper,
        "vacuous" if certificate.vacuous else "below ln 2",
    )
