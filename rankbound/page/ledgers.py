"""A ledger of `rankbound measure` as verdicts and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rankbound.bounds.wording import counted
from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.page.accounts import Account, Verdict, notes_of, told
from rankbound.page.table import Table, number, words
from rankbound.terminal.measure import (
    BINS,
    PARTS,
    bin_rows,
    list_rows,
    part_rows,
    relevance_rows,
    shift_rows,
)

Rows = Callable[[StudentResult], Iterator[tuple[str, ...]]]
READINGS: Final[tuple[tuple[str, str, tuple[str, ...], Rows], ...]] = (
    ("shift", "Shift to the target law", PARTS, shift_rows),
    ("relevance", "Relevance", PARTS, relevance_rows),
    (
        "calibration",
        "How often the document that the teacher prefers is better",
        BINS,
        bin_rows,
    ),
    ("lists", "nDCG and earlier bounds", PARTS, list_rows),
)
MODELS: Final = (
    "model",
    "kind of scores",
    "evidence",
    "temperature",
    "clipped",
    "missing",
)


def ledger_account(ledger: Ledger, *, name: str = "") -> Account:
    """Verdicts, the table of parts, the models, and the readings beside them."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="ledger",
        title=f"Ledger{suffix}",
        verdicts=tuple(_verdicts(ledger, name)),
        sentences=(),
        tables=tuple(_tables(ledger, name)),
        notes=notes_of(ledger, "warnings", "assumptions", "dropped", "definitions"),
    )


def _verdicts(ledger: Ledger, name: str) -> Iterator[Verdict]:
    for student, entry in ledger.students.items():
        who = " / ".join(filter(None, (name, student)))
        sentence = f"{who}: {entry.verdict}"
        if entry.vacuous:
            ends = f"{number(entry.upper)} nats; ln 2 = {number(ledger.trivial)}"
            yield told("vacuous", f"{sentence}; the limit is {ends}")
        else:
            yield told("not vacuous", sentence)
    for warning in ledger.warnings:
        yield told("warning", warning)


def _tables(ledger: Ledger, name: str) -> Iterator[Table]:
    level = f"{100 * (1 - ledger.delta):.10g}% interval"
    caption = (
        f"Parts of the certificate, {counted(ledger.n_queries, 'query')}, "
        f"{ledger.pairs} pairs; groups: {ledger.groups}"
    )
    filled = _filled(row for section in part_rows(ledger) for row in section)
    rows = tuple((*row, _vacuous(ledger, row)) for row in filled)
    headings = ("student", "part", "value", level, "trivial", "unit", "vacuous")
    yield Table(_named("ledger", name), caption, headings, rows, left=2)
    yield Table(
        _named("models", name),
        "What the scores are, and in which unit margins are",
        MODELS,
        tuple(_models(ledger)),
        left=3,
    )
    for key, title, columns, rows_of in READINGS:
        found = [
            (student, *row)
            for student, entry in ledger.students.items()
            for row in rows_of(entry)
        ]
        if found:
            yield Table(
                _named(key, name), title, ("student", *columns), tuple(found), left=2
            )


def _vacuous(ledger: Ledger, row: tuple[str, ...]) -> str:
    """Whether a row's limit is at or above the trivial value; empty for no limit."""
    student, part = row[:2]
    entry = ledger.students.get(student)
    if entry is None:
        return ""
    limits = [
        *((f"  by {words(method)}", limit) for method, limit in entry.limits.items()),
        ("  the paper's form", entry.paper_form.limit),
        ("= upper limit", entry.upper),
    ]
    for start, limit in limits:
        if part.startswith(start):
            return "yes" if limit >= ledger.trivial else "no"
    return ""


def _models(ledger: Ledger) -> Iterator[tuple[str, ...]]:
    teacher = ledger.teacher
    yield (
        "(teacher)",
        teacher.kind,
        teacher.kind_evidence,
        f"{teacher.temperature:.6g}",
        "–",
        "–",
    )
    for name, entry in ledger.students.items():
        yield (
            name,
            entry.kind,
            entry.kind_evidence,
            f"{entry.temperature:.6g}",
            f"{entry.clipped_share:.2%} at B = {number(entry.range.B)}",
            f"{entry.missing_share:.2%}",
        )


def _filled(rows: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Rows whose first cell is repeated where a terminal would leave it blank."""
    found: list[tuple[str, ...]] = []
    for first, *rest in rows:
        found.append((first or found[-1][0], *rest))
    return tuple(found)


def _named(*parts: str) -> str:
    return "-".join(filter(None, parts))
