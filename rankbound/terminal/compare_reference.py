"""The reference's test and entropy beside ours, for a terminal or a text file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.terminal.console import say

Compat = dict[str, Any]


def show_reference(compat: Compat | None, console: Console) -> None:
    """Print their verdicts and entropies, where asked for, and what is wrong."""
    if compat is None:
        return
    console.print(_verdicts(compat["rows"]))
    console.print(_entropies(compat["entropy"]))
    for line in _notes(compat):
        say(console, escape(line))


def _verdicts(rows: list[Compat]) -> Table:
    table = _table("the reference study's TOST", "sampling", "quantity", "pairs")
    for heading in ("their p", "our p"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("they print", no_wrap=True)
    table.add_column("ours", no_wrap=True)
    for row in rows:
        marked = row["reference_marked_equivalent"]
        table.add_row(
            escape(row["sampling"]),
            escape(row["quantity"]),
            row["pairs"],
            _n(row["reference_p"]),
            _n(row["p_equivalence"]),
            "-" if marked is None else "equivalent" if marked else "different",
            row["verdict"],
        )
    return table


def _entropies(rows: list[Compat]) -> Table:
    table = _table("the reference study's pairwise entropy, in bits", "sampling")
    for heading in ("reference", "corrected", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(row["sampling"]),
            _n(row["reference_mean"]),
            _n(row["corrected_mean"]),
            _n(row["difference"]),
        )
    return table


def _notes(compat: Compat) -> Iterator[str]:
    yield f"their TOST: {compat['reason']}"
    yield f"their entropy: {compat['entropy_reason']}"
    for row in compat["equivalence_groups"]:
        groups = [g for g in row["groups"] if len(g) > 1]
        if groups:
            names = "; ".join(", ".join(group) for group in groups)
            yield (
                f"they group as equivalent ({row['quantity']}, {row['pairs']} pairs): "
                f"{names}"
            )
    for row in compat["rows"]:
        if row["reference_reason"] is not None:
            yield (
                f"{row['sampling']}, {row['quantity']}, {row['pairs']} pairs: "
                f"{row['reference_reason']}"
            )


def _table(title: str, *columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for heading in columns:
        table.add_column(heading)
    return table


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
