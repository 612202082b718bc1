"""How often a ranking of real students excludes the best one, and how many it leaves.

``python -m benchmarks.studies.ranking`` draws queries of two collections with
replacement, ranks four students on each draw as `measure` does, and compares with their
risks on the whole collection at the B and the temperatures of the draw. It prints a
Markdown table and exits with 1 where the best student is excluded too often.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.studies.certificates import COLLECTIONS, DELTA, default_data, drawn
from rankbound.commands.measure.choosing import RowScores, Wanted
from rankbound.commands.measure.inputs import Inputs, load_inputs, split_queries
from rankbound.commands.measure.measured import wanted_of
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.ranking import Common, on_common_ground, ranked
from rankbound.commands.measure.result import Ranking
from rankbound.commands.measure.students import (
    RawScores,
    Setting,
    evaluate_student,
    raw_scores,
)
from rankbound.data.columns import Floats, Integers

STUDENTS: Final = ("minilm", "bm25", "lsa", "rrf")
SIZES: Final = (43, 93, 250, 1000)
PAIRS: Final = "all"
SLACK: Final = 1e-9  # nats, of rounding


@dataclass(frozen=True, slots=True)
class Case:
    """A collection, and the queries of a draw."""

    collection: str
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Students:
    """A collection with its students, on the teacher's best 16 documents a query."""

    sources: tuple[StudentSource, ...]
    wanted: tuple[Wanted, ...]
    pilot: float
    unscored: str
    inputs: Inputs
    raws: tuple[RawScores, ...]

    def ranking(self, queries: Integers, *, seed: int) -> tuple[Ranking, Common]:
        """The ranking from one draw of queries, as `measure` makes it."""
        groups, rows = drawn(self.inputs.groups, queries)
        inputs = replace(self.inputs, groups=groups, values=self.inputs.values[rows])
        split = split_queries(groups, fits=True, seed=seed, pilot=self.pilot)
        setting = Setting(inputs, split, 1.0, self.unscored)
        students = [
            evaluate_student(
                source,
                setting,
                wanted,
                raw=replace(raw, values=raw.values[rows], found=raw.found[rows]),
            )
            for source, wanted, raw in zip(
                self.sources, self.wanted, self.raws, strict=True
            )
        ]
        common = on_common_ground(students, setting, pairs=PAIRS)
        if isinstance(common, str):
            raise RuntimeError(common)
        return ranked(common, students, setting, delta=DELTA), common

    def risks(self, common: Common) -> Floats:
        """Mean risk of each ranked student on the whole collection, in nats."""
        groups, values = self.inputs.groups, self.inputs.values
        found = [
            RowScores(groups, values, raw.values, raw.found)
            .risks(temperature, common.score_range, PAIRS)
            .mean()
            for raw, temperature in zip(self.raws, common.temperatures, strict=True)
        ]
        return np.array(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the draws of one case.

    Attributes
    ----------
    case : Case
    draws : int
    excluded : float
        Share of draws that exclude a student with the least risk on the collection.
    missed : float
        The same of draws with a paired limit above the difference on the collection,
        of the student for which that happens most often.
    left : float
        Mean number of students that cannot be excluded.
    alone : float
        Share of draws that leave one student.
    score_range : float
        Median of the common B.
    """

    case: Case
    draws: int
    excluded: float
    missed: float
    left: float
    alone: float
    score_range: float

    @property
    def failure(self) -> str:
        """What is not as promised; empty if all is."""
        most = DELTA + 2 * np.sqrt(DELTA * (1 - DELTA) / self.draws)
        return "EXCLUDED" if max(self.excluded, self.missed) > most else ""


def options_of(folder: Path) -> MeasureOptions:
    """What `measure` is given of a collection: its teacher and runs of students."""
    return MeasureOptions(
        teacher=folder / "teacher" / "teacher.scores.json.gz",
        teacher_kind="logit",  # type: ignore[arg-type]
        students=tuple(
            StudentSource(
                name, scores=folder / "runs" / f"{name}.run.gz", temperature="fit"
            )
            for name in STUDENTS
        ),
        pairs=PAIRS,
        delta=DELTA,
    )


def students_of(folder: Path) -> Students:
    """Read a collection with its teacher and the runs of its students."""
    options = options_of(folder)
    inputs = load_inputs(options)
    return Students(
        options.students,
        tuple(wanted_of(options, source.name) for source in options.students),
        options.pilot,
        options.unscored,
        inputs,
        tuple(raw_scores(source, inputs) for source in options.students),
    )


def run(case: Case, *, data: Path, draws: int, seed: int) -> Outcome:
    """All draws of one case."""
    whole = students_of(data / case.collection)
    present = np.unique(whole.inputs.groups.queries)
    excluded, missed, left, ranges = [], [], [], []
    for draw in range(draws):
        queries = np.random.default_rng([seed, case.n, draw]).choice(present, case.n)
        made, common = whole.ranking(queries, seed=draw)
        risks = dict(zip(common.names, whole.risks(common).tolist(), strict=True))
        least = min(risks.values())
        best = {name for name, risk in risks.items() if risk <= least + SLACK}
        excluded.append(not best <= {*made.remaining})
        missed.append([_misses(made, name, risks) for name in common.names])
        left.append(len(made.remaining))
        ranges.append(common.score_range)
    return Outcome(
        case,
        draws,
        excluded=float(np.mean(excluded)),
        missed=float(np.mean(missed, axis=0).max()),
        left=float(np.mean(left)),
        alone=float(np.mean(np.array(left) == 1)),
        score_range=float(np.median(ranges)),
    )


def _misses(made: Ranking, name: str, risks: dict[str, float]) -> bool:
    """Whether a paired limit of a student is above the difference of the risks."""
    return any(
        limit.lower > risks[name] - risks[other] + SLACK
        for other, limit in made.students[name].against.items()
    )


def study(
    cases: Sequence[Case], *, data: Path, draws: int, seed: int, jobs: int
) -> tuple[Outcome, ...]:
    """All cases; the seed decides the numbers, `jobs` processes share the work."""
    if jobs == 1:
        return tuple(run(case, data=data, draws=draws, seed=seed) for case in cases)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        made = [
            pool.submit(run, case, data=data, draws=draws, seed=seed) for case in cases
        ]
        return tuple(one.result() for one in made)


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A Markdown table of the cases."""
    yield (
        "| collection | n | best excluded | paired limits missed, worst student | "
        "students left | one left | median B | |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for one in outcomes:
        yield (
            f"| {one.case.collection} | {one.case.n} | {one.excluded:.1%} | "
            f"{one.missed:.1%} | {one.left:.2f} of {len(STUDENTS)} | {one.alone:.1%} "
            f"| {one.score_range:g} | {one.failure} |"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print its table; 1 if something is not as promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=default_data())
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    if not given.data.is_dir():
        print(f"skipped: the real data are not at {given.data}; set RANKBOUND_DATA")  # noqa: T201
        return 0
    cases = [Case(name, n) for name in COLLECTIONS for n in given.sizes]
    outcomes = study(
        cases, data=given.data, draws=given.draws, seed=given.seed, jobs=given.jobs
    )
    print(f"{given.draws} draws, delta {DELTA:g} for the ranking\n")  # noqa: T201
    for line in table(outcomes):
        print(line)  # noqa: T201
    return int(any(one.failure for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
