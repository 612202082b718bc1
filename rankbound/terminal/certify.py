"""Machine checks of the theory, a line each, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rankbound.commands.certify.result import Certification, Checked
from rankbound.terminal.outlines import outline
from rankbound.validation.suite import Row


def line(row: Row) -> str:
    """Return one line: key, verdict, how, over what, looseness, what went wrong."""
    finding = row.finding
    text = (
        f"{row.key:<38}{row.verdict:<10}{finding.how:<27}"
        f"{_loose(finding.looseness):>7}  {finding.over}"
    )
    return f"{text}; {finding.detail}" if finding.detail else text


def _loose(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if math.isfinite(value) else "inf"


def summary(rows: Sequence[Checked]) -> str:
    """Return how many checks came out as they should, and which did not.

    Examples
    --------
    >>> summary([])
    '0 of 0 checks passed in 0.0 s'
    """
    failed = [row.key for row in rows if not row.passed]
    seconds = sum(row.seconds for row in rows)
    text = f"{len(rows) - len(failed)} of {len(rows)} checks passed in {seconds:.1f} s"
    return f"{text}; failed: {', '.join(failed)}" if failed else text


def certification_text(found: Certification) -> str:
    """The summary, and the checks in a few lines, those that failed first."""
    rows = sorted(found.rows, key=lambda row: row.passed)
    lines = [f"{row.key}: {row.verdict}, {row.how}" for row in rows]
    return outline(summary(found.rows), lines)
