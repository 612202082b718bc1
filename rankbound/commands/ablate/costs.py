"""What the stages of an ablation take: seconds, and energy where codecarbon is."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from rankbound.commands.ablate.keeping import Cell
from rankbound.commands.ablate.result import (
    CHOOSING,
    OUT,
    SAMPLING,
    STAGES,
    TRAINING,
    Bought,
    CollectionRow,
    Cost,
)
from rankbound.read.source import one_line

TASK: Final = "rankbound"
DIGITS: Final = 3  # of seconds
Item = TypeVar("Item")


@dataclass(slots=True)
class Spent:
    """Seconds, and energy in kWh; None where it is not measured."""

    seconds: float = 0.0
    energy_kwh: float | None = None


class Meter:
    """Measures stages; one within another counts for itself alone.

    Attributes
    ----------
    missing_because : str
        Why there is no energy; "" where there is.
    """

    def __init__(self) -> None:
        self._tracker: Any = None
        self.missing_because = ""
        self._open: list[str] = []
        self._spent: dict[str, Spent] = {}
        self._began = time.monotonic()
        try:
            from codecarbon import OfflineEmissionsTracker
        except ImportError:
            self.missing_because = (
                "codecarbon is not installed; pip install 'rankbound[energy]'"
            )
            return
        # Which tells of itself before it knows how much to tell
        logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
        try:
            # Energy is the same in every country, and no place is looked up
            self._tracker = OfflineEmissionsTracker(
                country_iso_code="USA",
                tracking_mode="process",
                save_to_file=False,
                log_level="critical",
            )
            self._tracker.start_task(TASK)
        except Exception as error:
            self._without(error)
        else:
            self._energy()

    def _without(self, error: Exception) -> None:
        self._tracker = None
        self.missing_because = f"codecarbon does not measure here: {one_line(error)}"
        for one in self._spent.values():
            one.energy_kwh = None

    def _energy(self) -> float | None:
        """What was used since it was asked last."""
        if self._tracker is None:
            return None
        try:
            found = float(self._tracker.stop_task().energy_consumed)
            self._tracker.start_task(TASK)
        except Exception as error:
            self._without(error)
            return None
        return found

    def _settle(self) -> None:
        now, energy = time.monotonic(), self._energy()
        if self._open:
            one = self._spent.setdefault(self._open[-1], Spent())
            one.seconds += now - self._began
            if energy is not None:
                one.energy_kwh = (one.energy_kwh or 0.0) + energy
        self._began = time.monotonic()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside, but for stages within."""
        self._settle()
        self._open.append(name)
        try:
            yield
        finally:
            self._settle()
            self._open.pop()

    def each(self, name: str, items: Iterable[Item]) -> Iterator[Item]:
        """The same items, where making each belongs to a stage."""
        left = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(left)
                except StopIteration:
                    return
            yield item

    def taken(self) -> Mapping[str, Spent]:
        """What every stage has taken since this was asked last."""
        self._settle()
        spent, self._spent = self._spent, {}
        return spent

    def close(self) -> None:
        """Stop what measures energy."""
        if self._tracker is not None:
            self._tracker.stop()


def summed(cells: Iterable[Cell], others: Iterable[Cost]) -> tuple[Cost, ...]:
    """Costs of each stage; a sampling's scores count once, whatever learns from it."""
    found: dict[tuple[str, ...], Cost] = {}
    seen = set()
    every = [*others]
    for cell in cells:
        sampling = cell.parts[0].summary.sampling
        for one in cell.costs:
            drawn = one.collection, one.teacher, one.augmentation, sampling
            again = one.stage == SAMPLING and drawn in seen
            every.append(
                msgspec.structs.replace(one, teacher_pairs=0) if again else one
            )
            if one.stage == SAMPLING:
                seen.add(drawn)
    for one in every:
        key = (
            *(one.collection, one.teacher, one.augmentation),
            *(one.architecture, one.stage),
        )
        found[key] = _added(found[key], one) if key in found else one
    order = sorted(found.values(), key=lambda one: STAGES.index(one.stage))
    return tuple(
        msgspec.structs.replace(one, seconds=round(one.seconds, DIGITS))
        for one in order
    )


def lacking(costs: Iterable[Cost], meter: Meter) -> str | None:
    """Why a stage has no energy; None where all have."""
    if all(one.energy_kwh is not None for one in costs):
        return None
    return meter.missing_because or (
        "an earlier run, without codecarbon, has trained cells that are kept; `fresh` "
        "trains all again"
    )


def _added(one: Cost, other: Cost) -> Cost:
    return msgspec.structs.replace(
        one,
        seconds=one.seconds + other.seconds,
        energy_kwh=_total([one, other]),
        steps=one.steps + other.steps,
        teacher_pairs=one.teacher_pairs + other.teacher_pairs,
        student_pairs=one.student_pairs + other.student_pairs,
    )


def _total(costs: Sequence[Cost]) -> float | None:
    """Energy of several; None where one has none."""
    known = [one.energy_kwh for one in costs if one.energy_kwh is not None]
    return sum(known) if known and len(known) == len(costs) else None


def bought(cells: Iterable[Cell], rows: Iterable[CollectionRow]) -> Iterator[Bought]:
    """What a student of each cell cost, and what it gained."""
    starts = {
        (row.name, architecture): value
        for row in rows
        if row.domain != OUT
        for architecture, value in row.untrained.items()
    }
    for cell in cells:
        of = cell.parts[0].summary
        own = [one for one in cell.costs if one.stage in (TRAINING, CHOOSING)]
        energy = _total(own)
        yield Bought(
            collection=of.collection,
            architecture=of.architecture,
            loss=of.loss,
            sampling=of.sampling,
            teacher=own[0].teacher,
            augmentation=own[0].augmentation,
            steps=cell.steps,
            pairs_scored=cell.pairs_scored,
            seconds=round(sum(one.seconds for one in own) / of.n_seeds, DIGITS),
            energy_kwh=None if energy is None else energy / of.n_seeds,
            gain=of.ndcg.value - starts[of.collection, of.architecture],
        )
