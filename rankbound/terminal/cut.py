"""A cut of training groups as tables and sentences, for a terminal or a text file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.commands.cut.result import Compat, Cut
from rankbound.terminal.answers import show_foot, show_sentences
from rankbound.terminal.console import outline, say

FILES: Final = ("kept", "from", "to", "queries", "groups", "file")


def show(cut: Cut, console: Console) -> None:
    """Print what was kept, what that changes and means, and the temperature."""
    say(console, escape(head(cut)))
    console.print(_files(cut))
    console.print(_changes(cut))
    if cut.compat is not None:
        console.print(_reference(cut.compat))
        say(console, f"reference: {cut.compat.reason}")
    for line in foot(cut):
        say(console, escape(line))
    show_sentences(cut.answers, console)
    show_foot(cut.answers, console)


def cut_repr(cut: Cut) -> str:
    """What each band keeps, one line for each."""
    lines = [
        f"{row.kept}: {counted(row.n_groups, 'group')} of "
        f"{counted(row.n_queries, 'query')}, {row.file or row.reason}"
        for row in cut.files
    ]
    if cut.lines is not None:
        lines.append("save(folder) writes the files")
    return outline(head(cut), lines)


def head(cut: Cut) -> str:
    """What was cut, and by what."""
    return (
        f"{cut.input}: {counted(cut.n_groups, 'group')} of "
        f"{counted(cut.n_queries, 'query')}, cut by {cut.quantity} "
        f"({cut.pairs} pairs, {cut.unit}) into {counted(_written(cut), 'file')}"
    )


def _written(cut: Cut) -> int:
    """How many bands keep something."""
    return sum(row.file is not None for row in cut.files)


def _files(cut: Cut) -> Table:
    table = _table(*FILES)
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    table.columns[-1].overflow = "fold"
    for row in file_rows(cut):
        table.add_row(*map(escape, row))
    return table


def file_rows(cut: Cut) -> Iterator[tuple[str, ...]]:
    """The cells of `FILES`: what each band keeps, as plain text."""
    for row in cut.files:
        low, high = row.cut_points
        yield (
            f"{row.kept} (outside)" if row.outside else row.kept,
            "-" if low is None else f"{low:.4f}",
            "-" if high is None else f"{high:.4f}",
            f"{row.n_queries:,}",
            f"{row.n_groups:,}",
            row.file or row.reason or "",
        )


def _changes(cut: Cut) -> Table:
    table = _table(*change_headings(cut))
    table.columns[1].justify = "left"
    before = None
    for kept, *cells in change_rows(cut):
        again = kept == before
        if before is not None and not again:
            table.add_section()
        before = kept
        table.add_row("" if again else kept, *map(escape, cells))
    return table


def change_headings(cut: Cut) -> tuple[str, ...]:
    """The headings of `change_rows`, with the level of the interval."""
    level = 100 * (1 - cut.comparison.delta)
    interval = f"{level:.10g}% interval"
    return ("kept", "quantity", "before", "after", "change", interval)


def change_rows(cut: Cut) -> Iterator[tuple[str, ...]]:
    """Every quantity before and after, as plain text."""
    for row in cut.comparison.rows:
        ends = (row.lower, row.upper)
        yield (
            row.kept,
            f"{row.quantity}, {row.pairs} ({row.unit})",
            f"{row.before.mean:.4f}",
            f"{row.after.mean:.4f}",
            f"{row.difference:+.4f}",
            "-"
            if ends == (None, None)
            else " ".join("-" if end is None else f"{end:+.4f}" for end in ends),
        )


def _reference(compat: Compat) -> Table:
    table = _table("ours", "theirs", "queries", "theirs", "in both", "theirs keeps")
    table.columns[1].justify = table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for row in compat.cuts:
        table.add_row(
            row.kept,
            row.reference_name,
            f"{row.n_queries:,}",
            f"{row.reference_n_queries:,}",
            f"{row.n_queries_in_both:,}",
            row.reference_keeps,
        )
    return table


def foot(cut: Cut) -> Iterator[str]:
    """How ties were cut, what was left out, and warnings."""
    yield f"ties: {cut.ties}"
    if cut.clustering is not None:
        yield cut.clustering.sentence()
    yield f"comparison: {cut.comparison.note}"
    dropped = cut.dropped
    lost = dropped.queries_without_value
    if lost:
        yield (
            f"dropped, in no file: {counted(lost, 'query')} without a value "
            f"({counted(dropped.groups_of_queries_without_value, 'group')})"
        )
    for reason, number in dropped.reasons.items():
        yield f"not measured: {counted_reason(number, reason)}"
    for warning in cut.warnings:
        yield f"warning: {warning}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
