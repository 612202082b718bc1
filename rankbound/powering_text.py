"""What `rankbound power` found, as tables and sentences for a terminal."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.measuring.show import say

Found = dict[str, Any]
RHO = (
    "|rho|: the smallest that a two-sided test finds, whatever the spread; a smaller "
    "one may be missed, and finding none shows nothing; - below 4 queries"
)


def show_power(found: Found, console: Console) -> None:
    """Print the detectable sizes and the queries that a margin needs."""
    family = found["comparisons"]
    each = f" each, {found['delta']:g} over {family} comparisons" if family > 1 else ""
    say(
        console,
        f"power {found['power']:g}, error rate {found['delta_each']:.6g}{each}; "
        "sd is over queries, of paired differences where two things are compared",
    )
    if found["rows"]:
        console.print(_detectable(found["rows"]))
    if found["needed"]:
        console.print(_needed(found["needed"]))
    if found["missing_because"] is not None:
        say(console, found["missing_because"])
    for source in found["without_spread"]:
        say(console, escape(f"{source}: does not vary over queries, left out"))
    for line in notes(found):
        say(console, line)


def notes(found: Found) -> list[str]:
    """How to read the columns that were printed."""
    lines = []
    if found["rows"] and found["missing_because"] is not None:
        lines.append(RHO)
    elif found["rows"]:
        lines += [
            "difference, |rho|: the smallest that a two-sided test finds; a smaller "
            "one may be missed, and finding none shows nothing",
            "margin: equal means are found equivalent within it, by two one-sided "
            "tests (TOST); interval: the same by the rule of `rankbound compare`, "
            "whose whole 1 - delta interval must lie within the margin",
        ]
    if found["needed"]:
        lines.append(
            "the margin is in the unit of each row; betting needs no normality; its "
            "number is that of an interval as wide as the margin in samples like this "
            "one, without a stated power"
        )
        reasons = {r["n_betting_reason"] for r in found["needed"]} - {None}
        lines += [f"-: {reason}" for reason in sorted(reasons)]
    return lines


def _detectable(rows: list[Found]) -> Table:
    table = _table("source", "sd", "n", "difference", "|rho|", "margin", "interval")
    for row in rows:
        rho = row["detectable_correlation"]
        table.add_row(
            escape(_label(row)),
            _n(row["sd"]),
            f"{row['n']:,}",
            _n(row["detectable_difference"]),
            "-" if rho is None else f"{rho:.2f}",
            _n(row["smallest_margin"]),
            _n(row["smallest_margin_interval"]),
        )
    return table


def _needed(rows: list[Found]) -> Table:
    table = _table(
        "queries for a margin", "sd", "margin", "TOST", "interval", "betting"
    )
    for row in rows:
        betting = row["n_betting"]
        table.add_row(
            escape(_label(row)),
            f"{row['sd']:.4g}",
            f"{row['margin']:g}",
            f"{row['n_tost']:,}",
            f"{row['n_interval']:,}",
            "-" if betting is None else f"{betting:,}",
        )
    return table


def _label(row: Found) -> str:
    return f"{row['source']} ({row['unit']})" if row["unit"] else str(row["source"])


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
