"""What `rankbound power` found, as tables and sentences for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted
from rankbound.commands.power.result import Detectable, Needed, Power
from rankbound.terminal.console import outline, say

DETECTABLE = ("source", "sd", "n", "difference", "|rho|", "margin", "interval")
NEEDED = ("queries for a margin", "sd", "margin", "TOST", "interval", "betting")
RHO = (
    "|rho|: the smallest that a two-sided test finds, whatever the spread; a smaller "
    "one may be missed, and finding none shows nothing; - below 4 queries"
)


def show_power(found: Power, console: Console) -> None:
    """Print the detectable sizes and the queries that a margin needs."""
    say(console, head(found))
    for headings, rows in (
        (DETECTABLE, detectable_rows(found.rows)),
        (NEEDED, needed_rows(found.needed)),
    ):
        if rows:
            console.print(_table(headings, rows))
    if found.missing_because is not None:
        say(console, found.missing_because)
    for source in found.without_spread:
        say(console, escape(f"{source}: does not vary over queries, left out"))
    for line in notes(found):
        say(console, line)


def notes(found: Power) -> list[str]:
    """How to read the columns that were printed."""
    lines = []
    if found.rows and found.missing_because is not None:
        lines.append(RHO)
    elif found.rows:
        lines += [
            "difference, |rho|: the smallest that a two-sided test finds; a smaller "
            "one may be missed, and finding none shows nothing",
            "margin: equal means are found equivalent within it, by two one-sided "
            "tests (TOST); interval: the same by the rule of `rankbound compare`, "
            "whose whole 1 - delta interval must lie within the margin",
        ]
    if found.needed:
        lines.append(
            "the margin is in the unit of each row; betting needs no normality; its "
            "number is that of an interval as wide as the margin in samples like this "
            "one, without a stated power"
        )
        reasons = {row.n_betting_reason for row in found.needed}
        lines += [f"-: {reason}" for reason in sorted(filter(None, reasons))]
    return lines


def detectable_rows(rows: Iterable[Detectable]) -> list[tuple[str, ...]]:
    """The cells of `DETECTABLE`, as plain text."""
    return [
        (
            _label(row),
            _n(row.sd),
            f"{row.n:,}",
            _n(row.detectable_difference),
            "-"
            if row.detectable_correlation is None
            else f"{row.detectable_correlation:.2f}",
            _n(row.smallest_margin),
            _n(row.smallest_margin_interval),
        )
        for row in rows
    ]


def needed_rows(rows: Iterable[Needed]) -> list[tuple[str, ...]]:
    """The cells of `NEEDED`, as plain text."""
    return [
        (
            _label(row),
            f"{row.sd:.4g}",
            f"{row.margin:g}",
            f"{row.n_tost:,}",
            f"{row.n_interval:,}",
            "-" if row.n_betting is None else f"{row.n_betting:,}",
        )
        for row in rows
    ]


def head(found: Power) -> str:
    """Power and error rate, in words."""
    family = found.comparisons
    each = f" each, {found.delta:g} over {family} comparisons" if family > 1 else ""
    return (
        f"power {found.power:g}, error rate {found.delta_each:.6g}{each}; "
        "sd is over queries, of paired differences where two things are compared"
    )


def power_text(found: Power) -> str:
    """What was found in a few lines, for a terminal."""
    lines = [
        f"{_label(row)}, n = {row.n:,}: " + "; ".join(_shows(row)) for row in found.rows
    ]
    lines += [
        f"{_label(row)}, margin {row.margin:g}: "
        f"{counted(row.n_tost, 'query', 'queries')} by TOST, {row.n_interval:,} "
        "by the interval"
        for row in found.needed
    ]
    if found.missing_because is not None:
        lines.append("differences and margins need the spread: sd=... or folder=...")
    title = f"Power {found.power:g}, error rate {found.delta_each:.6g}"
    return outline(title, lines)


def _shows(row: Detectable) -> list[str]:
    """What n queries show."""
    rho, parts = row.detectable_correlation, []
    if row.detectable_difference is not None:
        parts.append(f"differences from {row.detectable_difference:.4g}")
    parts.append("no |rho|" if rho is None else f"|rho| from {rho:.2f}")
    if row.smallest_margin_interval is not None:
        parts.append(f"margins from {row.smallest_margin_interval:.4g}")
    return parts


def _label(row: Detectable | Needed) -> str:
    return f"{row.source} ({row.unit})" if row.unit else row.source


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    return table
