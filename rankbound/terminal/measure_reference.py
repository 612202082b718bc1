"""The reference's numbers beside ours, as a table for a terminal or a text file."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted

Compat = dict[str, Any]


def show_compat(compat: Compat, console: Console) -> None:
    """Print means by their formulas and ours, what has no value, and the reasons."""
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title="the reference study's formulas",
        title_justify="left",
    )
    table.add_column("quantity", no_wrap=True)
    for heading in ("reference", "corrected", "difference", "without value"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for name, row in compat["quantities"].items():
        lacking = row["n_reference_without_value"]
        table.add_row(
            escape(name),
            _n(row["reference_mean"]),
            _n(row["corrected_mean"]),
            _n(row["mean_difference"]),
            f"{lacking:,} of {row['n']:,}" if lacking else "",
            row["unit"],
        )
    console.print(table)
    soft = not console.is_terminal
    for reason, names in _grouped(compat).items():
        line = f"{', '.join(names)}: {reason}"
        console.print(escape(line), soft_wrap=soft)
    for line in _counts(compat):
        console.print(escape(line), soft_wrap=soft)


def _grouped(compat: Compat) -> dict[str, list[str]]:
    """Quantities by the reason that they share."""
    found: dict[str, list[str]] = {}
    for name, row in compat["quantities"].items():
        found.setdefault(row["reason"], []).append(name)
    return found


def _counts(compat: Compat) -> list[str]:
    counts = compat["counts"]
    lines = []
    zeros = counts["documents_without_teacher_score_counted_as_0"]
    if zeros:
        lines.append(
            f"reference, counted as 0: {counted(zeros, 'document')} without a "
            "teacher score"
        )
    for name, number in counts["documents_without_student_score_counted_as_0"].items():
        if number:
            lines.append(
                f"reference, counted as 0: {counted(number, 'document')} without a "
                "score "
                f"of {name}"
            )
    pooled = counts["queries_with_several_groups_pooled"]
    if pooled:
        lines.append(
            f"reference, lines pooled into one: those of {counted(pooled, 'query')}"
        )
    if any(
        row["mean_difference"] is not None and row["without_value"]
        for row in compat["quantities"].values()
    ):
        lines.append("difference: mean over the queries that have both values")
    for name, row in compat["quantities"].items():
        for why, number in row["without_value"].items():
            lines.append(f"{name}, {number:,} of {counted(row['n'], 'query')}: {why}")
    return lines


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
