"""A cut's manifest as tables and sentences, for a terminal or a text file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bounds.wording import counted, counted_reason
from rankbound.measuring.show import say

Manifest = dict[str, Any]


def show(manifest: Manifest, console: Console) -> None:
    """Print what was kept, the change of the quantity, and what the change means."""
    say(console, escape(_head(manifest)))
    console.print(_files(manifest))
    console.print(_changes(manifest))
    if "compat" in manifest:
        console.print(_reference(manifest["compat"]))
        say(console, f"reference: {manifest['compat']['reason']}")
    for line in _foot(manifest):
        say(console, escape(line))


def _head(manifest: Manifest) -> str:
    return (
        f"{manifest['input']}: {counted(manifest['n_groups'], 'group')} of "
        f"{counted(manifest['n_queries'], 'query')}, cut by {manifest['quantity']} "
        f"({manifest['pairs']} pairs, {manifest['unit']})"
    )


def _files(manifest: Manifest) -> Table:
    table = _table("kept", "from", "to", "queries", "groups", "file")
    table.columns[-1].justify = "left"
    table.columns[-1].no_wrap = False
    table.columns[-1].overflow = "fold"
    for row in manifest["files"]:
        low, high = row["cut_points"]
        kept = f"{row['kept']} (outside)" if row["outside"] else row["kept"]
        table.add_row(
            kept,
            "-" if low is None else f"{low:.4f}",
            "-" if high is None else f"{high:.4f}",
            f"{row['n_queries']:,}",
            f"{row['n_groups']:,}",
            escape(row["file"] or row["reason"]),
        )
    return table


def _changes(manifest: Manifest) -> Table:
    level = 100 * (1 - manifest["comparison"]["delta"])
    table = _table(
        "kept", "quantity", "before", "after", "change", f"{level:.10g}% interval"
    )
    table.columns[1].justify = "left"
    before = None
    for row in manifest["comparison"]["rows"]:
        interval = "-"
        if row["lower"] is not None:
            interval = f"{row['lower']:+.4f} {row['upper']:+.4f}"
        again = row["kept"] == before
        if before is not None and not again:
            table.add_section()
        before = row["kept"]
        table.add_row(
            "" if again else row["kept"],
            escape(f"{row['quantity']}, {row['pairs']} ({row['unit']})"),
            f"{row['before']['mean']:.4f}",
            f"{row['after']['mean']:.4f}",
            f"{row['difference']:+.4f}",
            interval,
        )
    return table


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


def _foot(manifest: Manifest) -> Iterator[str]:
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
