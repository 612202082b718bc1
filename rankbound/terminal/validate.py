"""A validation for a terminal: what was found, how sure, and what could be found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, counted_reason
from rankbound.commands.validate.findings import (
    Account,
    corrected,
    findings,
    interval,
    orders,
)
from rankbound.commands.validate.options import POOLED
from rankbound.terminal.console import say

SHOWN: Final = 10


def show(account: Account, console: Console) -> None:
    """Print an account."""
    for line in _head(account):
        say(console, escape(line))
    console.print(_means(account))
    console.print(_associations(account))
    for line in findings(account):
        say(console, escape(line))
    if account["certificates"]:
        console.print(_certificates(account))
    for line in (*orders(account), *_dependence(account), *_controls(account)):
        say(console, escape(line))
    for line in _foot(account):
        say(console, escape(line))


def _head(account: Account) -> Iterator[str]:
    for case in account["datasets"]:
        aside = case["n_calibration"]
        fitted = (
            f"; {counted(aside, 'other')} only served to fit temperatures and "
            f"{'has' if aside == 1 else 'have'} no terms here"
            if aside
            else ""
        )
        yield (
            f"{case['dataset']}, {case['sampling']}: "
            f"{counted(case['n_judged'], 'judged query')}; terms of "
            f"{case['n_certificate']:,}{fitted}"
        )
        teacher = case["teacher"]
        yield (
            f"  teacher: {teacher['kind']} scores ({teacher['kind_evidence']}), "
            f"temperature {teacher['temperature']:.6g}"
        )
        for name, student in case["students"].items():
            yield (
                f"  student {name}: {student['kind']} scores "
                f"({student['kind_evidence']}), temperature "
                f"{student['temperature']:.6g}, {student['missing_share']:.1%} of its "
                "documents without a score"
            )


def _means(account: Account) -> Table:
    rows = account["means"]
    table = Table(
        title="mean effectiveness",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    table.add_column("data set")
    table.add_column("system")
    table.add_column("n", justify="right")
    for measure in measures:
        table.add_column(escape(measure), justify="right")
    found = {(r["dataset"], r["student"], r["measure"]): r for r in rows}
    for dataset, student in dict.fromkeys((r["dataset"], r["student"]) for r in rows):
        line = [found[dataset, student, measure] for measure in measures]
        values = (f"{row['mean']:.4f}" for row in line)
        size = f"{line[0]['n']:,}"
        table.add_row(escape(dataset), escape(student), size, *values)
    return table


def _associations(account: Account) -> Table:
    rows = [row for row in account["per_query"] if row["p"] is not None]
    rows = [row for row in rows if row["same_as"] is None]
    rows.sort(key=lambda row: row["p"])
    key, heading = corrected(account)
    table = Table(
        title=f"the {min(SHOWN, len(rows))} smallest of {len(rows):,} p-values, per "
        "query: Spearman's rho, and given how hard the query is",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    several = len(account["datasets"]) > 1
    table.add_column("configuration" if several else "student", overflow="fold")
    for name in ("term", "measure"):
        table.add_column(name, no_wrap=True)
    for name in ("rho", "interval", heading, "given"):
        table.add_column(name, justify="right", no_wrap=True)
    if not several:
        table.add_column("verdict", overflow="fold")
    for row in rows[:SHOWN]:
        table.add_row(
            escape(_who(row) if several else row["student"]),
            row["term"],
            escape(row["measure"]),
            f"{row['spearman']:.2f}",
            interval(row["lower"], row["upper"]),
            f"{row[key]:.3f}",
            "-" if row["partial"] is None else f"{row['partial']:.2f}",
            *(() if several else (row["verdict"],)),
        )
    return table


def _who(row: Account) -> str:
    return f"{row['dataset']}, {row['sampling']}, {row['student']}"


def _certificates(account: Account) -> Table:
    rows = account["certificates"]
    table = Table(
        title="certificates of random halves against the risk of the others, nats",
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    several = len(account["datasets"]) > 1
    table.add_column("configuration" if several else "student", overflow="fold")
    for name in ("certificate", "held-out risk", "ratio", "held", "refuted"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            escape(_who(row) if several else row["student"]),
            f"{row['certificate']:.4f}",
            f"{row['held_out']:.4f}",
            "-" if row["ratio"] is None else f"{row['ratio']:.2f}",
            f"{row['held']}/{row['splits']}",
            f"{row['refuted']}/{row['splits']}",
        )
    return table


def _dependence(account: Account) -> Iterator[str]:
    for row in account["dependence"]:
        where = f"{row['dataset']}, {row['sampling']}, {row['student']}"
        if row["p"] is None:
            yield f"locality and entropy ({where}): {row['missing_because']}"
            continue
        yield (
            f"locality and entropy ({where}): distance correlation "
            f"{row['distance_correlation']:.2f} ({row['expected']:.2f} by chance), "
            f"corrected p = {row['p_adjusted']:.3g}"
        )


def _controls(account: Account) -> Iterator[str]:
    delta = account["family"]["delta"]
    for row in account["controls"]:
        mark = "ok" if row["passed"] else "NOT AS IT SHOULD BE"
        if "rate" in row:
            yield (
                f"control, {row['name']}: {row['rate']:.1%} of "
                f"{counted(row['n_tests'], 'test')} reject (nominal {delta:.1%}), "
                f"{row['family_rate']:.1%} of "
                f"{row['n_families']:,} families have a row associated (at most "
                f"{delta:.1%}): {mark}"
            )
        else:
            yield (
                f"control, {row['name']}: its risk and range are the same for every "
                f"query, {row['n_tests']} of {counted(row['n_rows'], 'row')} can be "
                "tested, "
                f"{row['associated']} associated: {mark}"
            )


def _foot(account: Account) -> Iterator[str]:
    for name, why in account["absent_terms"].items():
        yield f"no {name}: {why}"
    for reason, number in account["dropped"].items():
        place, _, what = reason.rpartition(": ")
        yield f"dropped: {counted_reason(number, what)} ({place})"
    for warning in account["warnings"]:
        yield f"warning: {warning}"
    if any(row["dataset"] == POOLED for row in account["per_query"]):
        yield f"{POOLED} rows weigh data sets by their queries; see validation.json"
