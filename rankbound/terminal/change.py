"""What `rankbound bound --before DIR --after DIR` found, in words for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rankbound.bounds.floors import floor_sentence
from rankbound.bounds.wording import counted
from rankbound.catalogue import PROVIDED
from rankbound.commands.bound.result import MeasuredChange, StudentChange, TermChange
from rankbound.terminal.console import in_clusters, outline

TERMS: Final = ("entropy", "divergence")
HEADINGS: Final = ("term", "before", "after", "change", "interval", "range of a query")


def change_text(found: MeasuredChange) -> str:
    """The change in a few lines, for a terminal."""
    lines = (line for one in found.students for line in student_words(found, one))
    return outline(_title(found), [*lines, *_warnings(found)])


def change_lines(found: MeasuredChange) -> Iterator[str]:
    """What is behind the answers, as the program prints it."""
    yield _title(found)
    for one in found.students:
        yield ""
        yield f"student {one.student}: {student_head(one)}"
        yield from _table([HEADINGS, *term_rows(one)])
        yield from _student_details(one)
    yield ""
    for note in change_notes(found):
        yield note.partition(f", {PROVIDED}")[0]
    yield from _warnings(found)


def _warnings(found: MeasuredChange) -> Iterator[str]:
    return (f"warning: {line}" for line in found.warnings)


def _title(found: MeasuredChange) -> str:
    return (
        f"before: {found.before}; after: {found.after}; {found.pairs} pairs, "
        f"temperature {found.temperature:g} of the teacher"
    )


def student_head(one: StudentChange) -> str:
    """What the student was compared on."""
    groups = "the same groups" if one.same_groups else "groups of their own"
    return (
        f"{counted(one.n_queries, 'query')}{in_clusters(one.n_clusters)} in both "
        f"({one.only_before:,} only before, {one.only_after:,} only after), {groups}"
    )


def term_rows(one: StudentChange) -> list[tuple[str, ...]]:
    """The cells of `HEADINGS` for both terms and the bound, in nats."""
    rows = [_term_row(term, getattr(one, term)) for term in TERMS]
    change = one.after - one.before
    numbers = (f"{one.before:.4f}", f"{one.after:.4f}", f"{change:+.4f}")
    return [*rows, ("bound", *numbers, _interval(one.lower, one.upper), "")]


def _term_row(name: str, term: TermChange) -> tuple[str, ...]:
    return (
        name,
        f"{term.before:.4f}",
        f"{term.after:.4f}",
        f"{term.change:+.4f}",
        _interval(term.lower, term.upper),
        f"{term.low:.4g} to {term.high:.4g}",
    )


def _interval(lower: float, upper: float) -> str:
    return f"{lower:+.4f} to {upper:+.4f}"


def student_words(found: MeasuredChange, one: StudentChange) -> Iterator[str]:
    """What is certain of the divergence and the bound, and the break-even."""
    yield f"{one.student}: {_verdict(found, one)}"
    yield from _student_details(one)
    yield from _break_even(one)


def _student_details(one: StudentChange) -> Iterator[str]:
    """What is certain of the divergence, and how low the limits can be."""
    yield f"{one.student}: {_fall(one.divergence)}"
    for when, floor in (("before", one.floor_before), ("after", one.floor_after)):
        if floor is not None:
            noun = "query" if one.n_clusters is None else "cluster"
            said = floor_sentence(floor.value, floor.n_needed, noun=noun)
            yield f"{one.student} {when}: {said}"


def _break_even(one: StudentChange) -> Iterator[str]:
    """From how many queries on the bound is lower."""
    if one.verdict == "no evidence":
        return
    needed, means = one.break_even_n, one.break_even_n_at_means
    if needed is not None:
        estimate = "" if means is None else f" ({means:,} at the measured means)"
        yield (
            f"{one.student}: the bound is lower from n' = {needed:,} independent "
            f"queries on{estimate}"
        )
    elif means is not None:
        yield (
            f"{one.student}: no number of queries certainly makes the bound lower; at "
            f"the measured means it is lower from n' = {means:,} on, an estimate"
        )
    else:
        yield f"{one.student}: no number of queries makes the bound lower"


def _verdict(found: MeasuredChange, one: StudentChange) -> str:
    if one.verdict == "no evidence":
        return (
            f"no evidence: both bounds of Theorem 5 ({one.before:.4f} and "
            f"{one.after:.4f}) are vacuous, not below ln 2 = {found.trivial:.4f}, so "
            "their order says nothing"
        )
    if one.verdict == "inconclusive":
        return (
            "inconclusive: the augmentation changes the bound by "
            f"{_interval(one.lower, one.upper)} nats"
        )
    word = "lowers" if one.verdict == "lower" else "raises"
    ends = sorted((abs(one.lower), abs(one.upper)))
    return (
        f"the augmentation {word} the bound by {ends[0]:.4f} to {ends[1]:.4f} nats; "
        "this says nothing of the risk under another law"
    )


def _fall(term: TermChange) -> str:
    if term.lower <= 0 <= term.upper:
        return (
            "whether the divergence changed is open "
            f"({_interval(term.lower, term.upper)} nats)"
        )
    word = "falls" if term.upper < 0 else "rises"
    ends = sorted((abs(term.lower), abs(term.upper)))
    return f"its mean divergence {word} by {ends[0]:.4f} to {ends[1]:.4f} nats"


def change_notes(found: MeasuredChange) -> Iterator[str]:
    """At what level this holds, and what it takes for granted."""
    yield (
        f"all intervals hold at once with probability at least {1 - found.delta:g}, by "
        f"betting; the bound is that of {found.statement}; it holds for the queries of "
        f"both, {found.proviso}"
    )
    for when, names in (("before", found.only_before), ("after", found.only_after)):
        if names:
            yield f"measured only {when}, left out: {', '.join(names)}"


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their cells, words on the left and numbers on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = (
            cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)
        )
        yield f"  {'  '.join([first.ljust(widths[0]), *cells])}".rstrip()
