"""What a data set answers, and what all say together, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import asdict

from rankbound.bounds.wording import counted
from rankbound.commands.study.result import Answered, PooledRow, Step
from rankbound.results import Result


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
    for row in rows:
        if row.value is None or row.quantity == "association":
            continue
        yield sentence_of(row)


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
