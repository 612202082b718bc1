"""What a data set answers, and what all say together, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import asdict

from rankbound.bounds.wording import counted
from rankbound.commands.study.result import (
    GAIN,
    Agreement,
    Answered,
    PooledRow,
    Step,
)
from rankbound.results import Result

AGREEMENTS: Final[Mapping[Agreement, str]] = {
    "contradict": "better in one and worse in another",
    "agree": "of one verdict in all",
    "partly": "of one verdict in some, open in others",
    "open": "open in all",
}


def answers_of(
    steps: Sequence[Step], results: Iterable[Result]
) -> tuple[Answered, ...]:
    """The answers of the results of a data set, and why others are missing."""
    done = [step.step for step in steps if step.outcome == "done"]
    found: dict[tuple[str, str], Answered] = {}
    for step, result in zip(done, results, strict=True):
        for answer in getattr(result, "answers", ()):
            # Two steps may say the same, such as of the temperature
            key = (answer.question, answer.sentence)
            found.setdefault(key, Answered(**asdict(answer), step=step))
    return tuple(found.values())


def sentences(rows: Iterable[PooledRow]) -> Iterator[str]:
    """What all data sets say together: differences of samplings, and risks."""
    rows = tuple(rows)
    for row in rows:
        if row.value is not None and row.quantity not in ("association", GAIN):
            yield sentence_of(row)
    for students, mine in by_students(rows).items():
        yield gain_sentence(students, mine)


def by_students(rows: Iterable[PooledRow]) -> dict[str, list[PooledRow]]:
    """The cells of ablations by architecture and domain."""
    found: dict[str, list[PooledRow]] = {}
    for row in rows:
        if row.quantity == GAIN:
            found.setdefault(row.students, []).append(row)
    return found


def gain_sentence(students: str, rows: Sequence[PooledRow]) -> str:
    """How the cells of one architecture agree over the collections of ablations."""
    names = {effect.dataset for row in rows for effect in row.effects}
    parts = []
    for agreement, words in AGREEMENTS.items():
        mine = [row for row in rows if row.agreement == agreement]
        if mine:
            which = ", ".join(f"{row.loss} on {row.sampling}" for row in mine)
            named = f" ({which})" * (bool(mine) and agreement != "open")
            parts.append(f"{len(mine)} {words}{named}")
    alone = sum(row.agreement is None for row in rows)
    if alone:
        parts.append(f"{alone} in one collection alone")
    return (
        f"nDCG@10 of {students} over {rows[0].reference} negatives, in "
        f"{counted(len(rows), 'cell')} and {counted(len(names), 'collection')} of "
        f"ablations: {'; '.join(parts)}"
    )


def sentence_of(row: PooledRow) -> str:
    """One pooled estimate with its interval and how much data sets differ."""
    if row.value is None or row.lower is None or row.upper is None or row.i2 is None:
        return f"{row.label}: {row.missing_because}"
    unit = "" if row.unit == "1" else f" {row.unit}"
    said = (
        f"{row.label}: {row.value:.4g}{unit} [{row.lower:.4g}, {row.upper:.4g}] over "
        f"{counted(row.n_datasets, 'data set')}, I2 {row.i2:.0%}"
    )
    return said if row.caution is None else f"{said}; {row.caution}"
