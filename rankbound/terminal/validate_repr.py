"""A validation in a few lines, for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rankbound.bounds.wording import counted
from rankbound.terminal.outlines import NAME, outline, short
from rankbound.validation.judging import ASSOCIATED

if TYPE_CHECKING:
    from rankbound.commands.validate.run import Validation

NAMED = 3  # associations that are named


def validation_repr(validation: Validation) -> str:
    """Data, associations, certificates and controls."""
    options = validation.options
    students = {s.name for case in options.cases for s in case.measure.students}
    names = ", ".join(options.datasets)
    title = (
        f"Validation of {names}: {counted(len(options.cases), 'sampling')}, "
        f"{counted(len(students), 'student')}"
    )
    lines = [*_associations(validation), *_certificates(validation)]
    lines += [f"control failed: {row['name']}" for row in _failed(validation)]
    return outline(title, [*lines, *(f"warning: {w}" for w in validation.warnings)])


def _associations(validation: Validation) -> list[str]:
    rows = validation.associations.rows
    # As in the banner of the report: every row with a verdict is counted
    counts = Counter(row["verdict"] for row in rows if row["verdict"])
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] != ASSOCIATED, pair[0]))
    listed = ", ".join(f"{number} {verdict}" for verdict, number in ordered)
    family = validation.options.family
    lines = [
        f"{counted(len(rows), 'pair')} of term and measure: "
        f"{listed or 'no verdict'} ({family.correction}, delta {family.delta:g})"
    ]
    found = [row for row in rows if row["verdict"] == ASSOCIATED]
    found.sort(key=lambda row: row["p"])
    return [*lines, *map(_told, found[:NAMED])]


def _told(row: dict[str, Any]) -> str:
    return (
        f"  {short(row['student'], NAME)}, {row['term']} and {row['measure']}: rho = "
        f"{row['spearman']:.2f}, p = {row['p']:.2g}, n = {row['n']:,}"
    )


def _certificates(validation: Validation) -> list[str]:
    rows = validation.certificates
    if not rows:
        return []
    held, splits = (sum(row[key] for row in rows) for key in ("held", "splits"))
    return [
        f"certificates held on {held:,} of "
        f"{counted(splits, 'random half', 'random halves')}; "
        f"{sum(bool(row['vacuous']) for row in rows)} of {len(rows)} vacuous"
    ]


def _failed(validation: Validation) -> list[dict[str, Any]]:
    return [row for row in validation.controls if row["passed"] is False]
