"""The account of a comparison as tables and sentences, for a terminal or a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.catalogue import VERDICTS
from rankbound.commands.compare.sentences import p_text
from rankbound.terminal.compare_reasons import show_reasons
from rankbound.terminal.compare_reference import show_reference
from rankbound.terminal.console import say

Account = dict[str, Any]
MOST_LINES = 14  # of one kind on a terminal; the file has all


def show(account: Account, console: Console) -> None:
    """Print verdicts, what explains them, sentences, advice, and what is not said."""
    for line in _head(account):
        say(console, escape(line))
    for quantity in account["family"]["quantities"]:
        rows = [row for row in account["rows"] if row["quantity"] == quantity]
        console.print(_table(quantity, rows))
    for line in _notes(account):
        say(console, escape(line))
    show_reasons(account, console)
    show_reference(account.get("compat"), console)
    for title, lines in (
        ("In words", _in_words(account)),
        ("What follows, by the theory alone", account["advice"]),
        ("What these numbers cannot say", account["cannot_say"]),
    ):
        console.print(f"\n[bold]{title}[/]")
        for line in lines[:MOST_LINES]:
            say(console, f"- {escape(line)}")
        if len(lines) > MOST_LINES:
            more = len(lines) - MOST_LINES
            say(console, f"- and {more} more in comparison.json")
    for line in _foot(account):
        say(console, escape(line))


def _in_words(account: Account) -> list[str]:
    """The sentences on the whole first, since those on rows may be many."""
    rows = len(account["rows"])
    return [*account["sentences"][rows:], *account["sentences"][:rows]]


def _head(account: Account) -> Iterator[str]:
    teacher, family = account["teacher"], account["family"]
    yield (
        f"teacher: {teacher['kind']} scores ({teacher['kind_evidence']}), temperature "
        f"{teacher['temperature']:.6g}"
    )
    for name, student in teacher["students"].items():
        yield (
            f"student {name}: {student['kind']} scores ({student['kind_evidence']}), "
            f"temperature {student['temperature']:.6g}"
        )
    for sampling in account["samplings"]:
        yield (
            f"sampling {sampling['sampling']}: "
            f"{counted(sampling['n_queries'], 'query')}, "
            f"{counted(sampling['n_groups'], 'group')}, "
            f"{counted(sampling['n_documents'], 'document')}"
        )
    if teacher["n_calibration"]:
        yield (
            f"{counted(teacher['n_calibration'], 'query was', 'queries were')} set "
            "aside to "
            "fit temperatures, "
            "the same in all samplings"
        )
    yield (
        f"family: {counted(family['size'], 'comparison')} ({family['name']}); all "
        "intervals and verdicts hold at once with probability "
        f"{1 - account['delta']:.10g}"
    )


def _table(quantity: str, rows: list[Account]) -> Table:
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=escape(f"{quantity}, in {rows[0]['unit']}"),
        title_justify="left",
        title_style="bold",
    )
    table.add_column("sampling", overflow="fold")
    table.add_column("pairs", no_wrap=True)
    for heading in ("mean", "change", "interval", "p", "margin*", "n*"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    before = None
    for row in rows:
        if before not in (None, row["sampling"]):
            table.add_section()
        before = row["sampling"]
        needed = row["n_for_margin"]
        table.add_row(
            escape(row["sampling"]),
            row["pairs"],
            f"{row['mean']:.4f}",
            f"{row['difference']:+.4f}",
            f"{row['lower']:+.4f} {row['upper']:+.4f}",
            p_text(row["p_holm"]),
            f"{row['smallest_margin']:.4f}",
            "" if needed is None else f"{needed:,}",
            f"[{VERDICTS[row['verdict']].style}]{row['verdict']}[/]",
        )
    return table


def _notes(account: Account) -> Iterator[str]:
    margins = {r["quantity"]: r["margin"] for r in account["rows"]}
    given = ", ".join(
        f"{name} {margin:g}"
        if margin is not None
        else f"{name} no margin: give --margin"
        for name, margin in margins.items()
    )
    yield (
        f"change: from {account['reference']}, paired by query; p: Holm over the "
        f"family; margins: {given}; margin*: the smallest that would be accepted; n*: "
        "queries that the given margin would need"
    )
    lacking = sorted(
        {r["quantity"] for r in account["rows"] if r["method"] == "paired_t"}
    )
    if lacking:
        yield (
            f"{', '.join(lacking)}: no range is known in advance, so betting does not "
            "apply; the intervals are Student's t, with BCa beside them in the file"
        )
    for row in account["rows"]:
        if row["note"] is not None:
            yield (
                f"note: {row['sampling']}, {row['quantity']}, {row['pairs']} pairs: "
                f"{row['note']}"
            )
        missing = row["queries_only_in_sampling"] + row["queries_only_in_reference"]
        if missing:
            yield (
                f"note: {row['sampling']}, {row['quantity']}, {row['pairs']} pairs: "
                f"{counted(missing, 'query')} in one of the two samplings "
                "only"
            )


def _foot(account: Account) -> Iterator[str]:
    for sampling in account["samplings"]:
        for reason, number in sampling["dropped"].items():
            yield (
                f"dropped from {sampling['sampling']}: {counted_reason(number, reason)}"
            )
    for warning in account["warnings"]:
        yield f"warning: {warning}"
