"""What `rankbound study` found over all data sets, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rankbound.bounds.wording import counted, listed
from rankbound.catalogue import QUESTIONS
from rankbound.commands.study.answers import AGREEMENTS
from rankbound.commands.study.result import GAIN, DataSet, PooledRow, Study
from rankbound.terminal.console import outline, say

# The questions that people come with first, in their order
FIRST: Final = tuple(QUESTIONS)[:5]
POOLED: Final = ("over all data sets", "k", "estimate", "interval", "I2", "tau2")
GAINS: Final = (
    *("nDCG@10 over random negatives", "k", "estimate", "interval", "I2"),
    *("better", "worse", "open", "verdicts"),
)
ASSOCIATION: Final = "association"
MOST_ROWS: Final = 12


def show(found: Study, console: Console) -> None:
    """Print the answers by question, the pooled estimates, and what failed."""
    for line in answer_lines(found):
        say(console, escape(line))
    rows = [r for r in found.pooled if r.quantity not in (ASSOCIATION, GAIN)]
    gains = in_order(found.gains)
    for line in found.sentences if gains else ():
        say(console, escape(line))
    shown = rows[:MOST_ROWS], gains[:MOST_ROWS]
    for headings, cells, some in zip(
        (POOLED, GAINS), (pooled_cells, gain_cells), shown, strict=True
    ):
        if some:
            console.print(_table(headings, [cells(row) for row in some]))
    for line in (*more_lines(found, sum(map(len, shown))), *failure_lines(found)):
        say(console, escape(line))
    steps = found.steps
    rows_of_steps = [step_cells(one, steps) for one in found.datasets]
    console.print(_table(("data set", *steps), rows_of_steps))
    for line in found.warnings:
        say(console, escape(f"warning: {line}"))


def answer_lines(found: Study) -> Iterator[str]:
    """The first questions, with the answer of every data set."""
    for question in FIRST:
        mine = [
            (one, answer)
            for one, answer in found.answered()
            if answer.question == question
        ]
        if mine:
            yield QUESTIONS[question].wording
        for one, answer in mine:
            yield f"  {one.name}: {answer.sentence}"


def more_lines(found: Study, n_shown: int) -> Iterator[str]:
    """What few data sets cannot say, and where the rest of the estimates are."""
    rows = [row for row in found.pooled if row.quantity != ASSOCIATION]
    yield from dict.fromkeys(row.caution for row in rows if row.caution)
    left = len(found.pooled) - n_shown
    if left:
        yield f"{counted(left, 'more estimate')} in study.json and on the page"


def failure_lines(found: Study) -> Iterator[str]:
    """The steps that failed, with the reason."""
    for one in found.datasets:
        reasons: dict[str | None, list[str]] = {}
        for step in one.failed:
            reasons.setdefault(step.because, []).append(step.step)
        for because, steps in reasons.items():
            yield f"failed: {one.name}, {listed(steps)}: {because}"


def pooled_cells(row: PooledRow) -> tuple[str, ...]:
    """Cells of one pooled estimate."""
    if row.value is None or row.lower is None or row.upper is None:
        return (row.label, str(row.n_datasets), "-", row.missing_because or "", "", "")
    return (
        row.label,
        str(row.n_datasets),
        f"{row.value:.4f}",
        f"{row.lower:.4f} to {row.upper:.4f}",
        "-" if row.i2 is None else f"{row.i2:.0%}",
        "-" if row.tau2 is None else f"{row.tau2:.2g}",
    )


def in_order(gains: Sequence[PooledRow]) -> list[PooledRow]:
    """The cells of ablations, those where collections decide first."""
    order = [*AGREEMENTS, None]
    return sorted(gains, key=lambda row: order.index(row.agreement))


def gain_cells(row: PooledRow) -> tuple[str, ...]:
    """Cells of one cell of ablations: the estimate, and how its verdicts agree."""
    label, _, *estimate = pooled_cells(row)
    if row.value is None:
        estimate = ["-"] * 3
    counts = [str(row.count(verdict)) for verdict in ("better", "worse", "open")]
    verdicts = row.agreement or "one alone"
    return (label, str(len(row.effects)), *estimate[:3], *counts, verdicts)


def step_cells(one: DataSet, steps: Sequence[str]) -> tuple[str, ...]:
    """Cells of one data set: what became of every step."""
    outcomes = {step.step: step.outcome for step in one.steps}
    return (one.name, *(outcomes.get(step, "-") for step in steps))


def study_text(found: Study) -> str:
    """The pooled estimates, and what failed."""
    done = sum(not one.failed for one in found.datasets)
    sets = counted(len(found.datasets), "data set")
    lines = [*failure_lines(found), *found.sentences]
    return outline(f"Study of {sets}, {done} complete", lines)


def _table(headings: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*map(escape, row))
    return table
