"""A cut's manifest as tables and sentences, for a terminal or a text file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.terminal.console import say

Manifest = dict[str, Any]
FILES = ("kept", "from", "to", "queries", "groups", "file")


def show(manifest: Manifest, console: Console) -> None:
    """Print what was kept, the change of the quantity, and what the change means."""
    say(console, escape(head(manifest)))
    console.print(_files(manifest))
    console.print(_changes(manifest))
    if "compat" in manifest:
        console.print(_reference(manifest["compat"]))
        say(console, f"reference: {manifest['compat']['reason']}")
    for line in foot(manifest):
        say(console, escape(line))


def head(manifest: Manifest) -> str:
    """What was cut, and by what."""
    return (
        f"{manifest['input']}: {counted(manifest['n_groups'], 'group')} of "
        f"{counted(manifest['n_queries'], 'query')}, cut by {manifest['quantity']} "
        f"({manifest['pairs']} pairs, {manifest['unit']})"
    )


def _files(manifest: Manifest) -> Table:
    table = _table(*FILES)
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    table.columns[-1].overflow = "fold"
    for row in file_rows(manifest):
        table.add_row(*map(escape, row))
    return table


def file_rows(manifest: Manifest) -> Iterator[tuple[str, ...]]:
    """The cells of `FILES`: what each band keeps, as plain text."""
    for row in manifest["files"]:
        low, high = row["cut_points"]
        yield (
            f"{row['kept']} (outside)" if row["outside"] else row["kept"],
            "-" if low is None else f"{low:.4f}",
            "-" if high is None else f"{high:.4f}",
            f"{row['n_queries']:,}",
            f"{row['n_groups']:,}",
            row["file"] or row["reason"],
        )


def _changes(manifest: Manifest) -> Table:
    table = _table(*change_headings(manifest))
    table.columns[1].justify = "left"
    before = None
    for kept, *cells in change_rows(manifest):
        again = kept == before
        if before is not None and not again:
            table.add_section()
        before = kept
        table.add_row("" if again else kept, *map(escape, cells))
    return table


def change_headings(manifest: Manifest) -> tuple[str, ...]:
    """The headings of `change_rows`, with the level of the interval."""
    level = 100 * (1 - manifest["comparison"]["delta"])
    interval = f"{level:.10g}% interval"
    return ("kept", "quantity", "before", "after", "change", interval)


def change_rows(manifest: Manifest) -> Iterator[tuple[str, ...]]:
    """Every quantity before and after, as plain text."""
    for row in manifest["comparison"]["rows"]:
        known = row["lower"] is not None
        yield (
            row["kept"],
            f"{row['quantity']}, {row['pairs']} ({row['unit']})",
            f"{row['before']['mean']:.4f}",
            f"{row['after']['mean']:.4f}",
            f"{row['difference']:+.4f}",
            f"{row['lower']:+.4f} {row['upper']:+.4f}" if known else "-",
        )


def _reference(compat: Manifest) -> Table:
    table = _table("ours", "theirs", "queries", "theirs", "in both", "theirs keeps")
    table.columns[1].justify = table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    for row in compat["cuts"]:
        table.add_row(
            row["kept"],
            row["reference_name"],
            f"{row['n_queries']:,}",
            f"{row['reference_n_queries']:,}",
            f"{row['n_queries_in_both']:,}",
            row["reference_keeps"],
        )
    return table


def foot(manifest: Manifest) -> Iterator[str]:
    """What was left out, and what to know."""
    yield f"ties: {manifest['ties']}"
    yield f"comparison: {manifest['comparison']['note']}"
    dropped = manifest["dropped"]
    lost = dropped["queries_without_value"]
    if lost:
        yield (
            f"dropped, in no file: {counted(lost, 'query')} without a value "
            f"({counted(dropped['groups_of_queries_without_value'], 'group')})"
        )
    for reason, number in dropped["reasons"].items():
        yield f"not measured: {counted_reason(number, reason)}"
    for warning in manifest["warnings"]:
        yield f"warning: {warning}"


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
