"""A ledger of `rankbound measure` as verdicts and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.page.accounts import Account, Content, Verdict, notes_of
from rankbound.page.table import Table, number, words
from rankbound.terminal.measure import part_rows
from rankbound.terminal.measure_readings import (
    BINS,
    PARTS,
    bin_rows,
    list_rows,
    relevance_rows,
    shift_rows,
)

Rows = Callable[[dict[str, Any]], Iterator[tuple[str, ...]]]
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


def ledger_account(content: Content, *, name: str = "") -> Account:
    """Verdicts, the table of parts, the models, and the readings beside them."""
    suffix = f", {name}" if name else ""
    return Account(
        kind="ledger",
        title=f"Ledger{suffix}",
        verdicts=tuple(_verdicts(content, name)),
        sentences=(),
        tables=tuple(_tables(content, name)),
        notes=notes_of(content, "warnings", "assumptions", "dropped", "definitions"),
    )


def _verdicts(content: Content, name: str) -> Iterator[Verdict]:
    for student, entry in content["students"].items():
        who = " / ".join(filter(None, (name, student)))
        sentence = f"{who}: {entry['verdict']}"
        if entry["vacuous"]:
            ends = f"{number(entry['upper'])} nats; ln 2 = {number(content['trivial'])}"
            yield Verdict("bad", "vacuous", f"{sentence}; the limit is {ends}")
        else:
            yield Verdict("good", "not vacuous", sentence)
    for warning in content["warnings"]:
        yield Verdict("caution", "warning", warning)


def _tables(content: Content, name: str) -> Iterator[Table]:
    level = f"{100 * (1 - content['delta']):.10g}% interval"
    caption = (
        f"Parts of the certificate, {counted(content['n_queries'], 'query')}, "
        f"{content['pairs']} pairs; groups: {content['groups']}"
    )
    filled = _filled(row for section in part_rows(dict(content)) for row in section)
    rows = tuple((*row, _vacuous(content, row)) for row in filled)
    headings = ("student", "part", "value", level, "trivial", "unit", "vacuous")
    yield Table(_named("ledger", name), caption, headings, rows, left=2)
    yield Table(
        _named("models", name),
        "What the scores are, and in which unit margins are",
        MODELS,
        tuple(_models(content)),
        left=3,
    )
    for key, title, columns, rows_of in READINGS:
        found = [
            (student, *row)
            for student, entry in content["students"].items()
            for row in rows_of(entry)
        ]
        if found:
            yield Table(
                _named(key, name), title, ("student", *columns), tuple(found), left=2
            )


def _vacuous(content: Content, row: tuple[str, ...]) -> str:
    """Whether a row's limit is at or above the trivial value; empty for no limit."""
    student, part = row[:2]
    entry = content["students"].get(student)
    if entry is None:
        return ""
    limits = {f"  by {words(method)}": v for method, v in entry["limits"].items()}
    limits["  the paper's form"] = entry["paper_form"]["limit"]
    limits["= upper limit"] = entry["upper"]
    for start, limit in limits.items():
        if part.startswith(start):
            return "yes" if limit >= content["trivial"] else "no"
    return ""


def _models(content: Content) -> Iterator[tuple[str, ...]]:
    teacher = content["teacher"]
    yield (
        "(teacher)",
        teacher["kind"],
        teacher["kind_evidence"],
        f"{teacher['temperature']:.6g}",
        "–",
        "–",
    )
    for name, entry in content["students"].items():
        yield (
            name,
            entry["kind"],
            entry["kind_evidence"],
            f"{entry['temperature']:.6g}",
            f"{entry['clipped_share']:.2%} at B = {number(entry['range']['B'])}",
            f"{entry['missing_share']:.2%}",
        )


def _filled(rows: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Rows whose first cell is repeated where a terminal would leave it blank."""
    found: list[tuple[str, ...]] = []
    for first, *rest in rows:
        found.append((first or found[-1][0], *rest))
    return tuple(found)


def _named(*parts: str) -> str:
    return "-".join(filter(None, parts))
