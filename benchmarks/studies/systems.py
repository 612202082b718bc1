"""How often noise orders or predicts systems, by the rules of ``validate``.

``python -m benchmarks.studies.systems`` draws configurations in which no term has to do
with any outcome: each system has one effectiveness on a data set, whatever samplings
its terms were measured under. It prints how often a verdict other than "nothing" is
given anywhere, how often single tests reject, and how often they would if rows were
exchanged instead of systems. It exits with 1 if one of our rates is above delta by more
than chance allows, or if fewer than 8 systems get a verdict.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from scipy.stats import beta

from rankbound.catalogue import NOTHING, PREDICTORS
from rankbound.commands.validate.configurations import across
from rankbound.commands.validate.records import RISK, Configuration
from rankbound.data.columns import strings
from rankbound.validation.judging import Family
from rankbound.validation.systems import NEEDED, design_of, drawn_for, orderings

DELTA: Final = 0.05
LEVEL: Final = 0.999
SEED: Final = 20_261_129
MEASURES: Final = ("nDCG@10", "AP@100")
PERMUTATIONS: Final = 999
OURS: Final = "any verdict, orders and predictions"
ORDER: Final = "one order, systems exchanged"
PREDICTION: Final = "one prediction, systems exchanged"
ROWS: Final = "one order, rows exchanged"


@dataclass(frozen=True, slots=True)
class Setting:
    """How many systems, samplings and data sets there are."""

    systems: int
    samplings: int
    datasets: int


PLAN: Final = (Setting(8, 4, 3), Setting(8, 1, 1), Setting(12, 4, 1), Setting(4, 4, 3))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: a rate with its interval, and whether it is ours."""

    setting: Setting
    what: str
    rate: float
    lower: float
    upper: float
    worlds: int

    @property
    def passed(self) -> bool:
        """Whether the rate may be at most delta; 0 where there is no test."""
        if self.what == ROWS:
            return True
        if self.setting.systems < NEEDED:
            return self.rate == 0
        return self.lower <= DELTA


def noise(setting: Setting, rng: np.random.Generator) -> list[Configuration]:
    """Draw configurations whose terms have nothing to do with their outcomes.

    Terms and outcomes differ between systems, data sets and samplings. The
    effectiveness of a system is the same under all samplings of a data set.
    """
    shape = (setting.systems, setting.datasets, setting.samplings)
    levels = (shape[0], 1, 1), (1, *shape[1:]), shape

    def column() -> np.ndarray:
        parts = zip((1.0, 2.0, 0.5), levels, strict=True)
        return np.asarray(sum(size * rng.normal(size=part) for size, part in parts))

    terms = {name: column() for name in PREDICTORS}
    risk, effective = column(), {}
    good = rng.normal(size=shape[:2]) + 2 * rng.normal(size=(shape[0], 1))
    for name in MEASURES:  # measures of one system are alike
        effective[name] = good + 0.5 * rng.normal(size=shape[:2])
    return [
        Configuration(
            dataset=f"data {d}",
            sampling=f"sampling {s}",
            student=f"system {f}",
            n_terms=1,
            n_held_out=1,
            **{name: float(values[f, d, s]) for name, values in terms.items()},
            outcomes={
                RISK: float(risk[f, d, s]),
                **{name: float(values[f, d]) for name, values in effective.items()},
            },
        )
        for f, d, s in np.ndindex(shape)
    ]


def rows_exchanged(values: Sequence[Configuration], seed: int) -> bool:
    """Whether a term is associated if each configuration counts as a system."""
    design = design_of(
        strings([f"{value.student}, {value.sampling}" for value in values]),
        strings([value.dataset for value in values]),
        strings(["any"] * len(values)),
    )
    drawn = drawn_for(
        design,
        delta=DELTA,
        resamples=1,
        permutations=PERMUTATIONS,
        rng=np.random.default_rng([seed, 1]),
    )
    x = np.array([value.bound for value in values])
    y = np.array([value.outcomes[MEASURES[0]] for value in values])
    found = orderings({"bound": x}, y, design, rising={}, drawn=drawn)["bound"]
    return found.p is not None and found.p <= DELTA


def _world(job: tuple[Setting, int]) -> dict[str, bool]:
    setting, number = job
    sizes = (setting.systems, setting.samplings, setting.datasets)
    values = noise(setting, np.random.default_rng([SEED, *sizes, number]))
    made = across(
        values,
        family=Family(delta=DELTA),
        resamples=200,
        permutations=PERMUTATIONS,
        seed=number,
    )
    said = {row.verdict for row in (*made.orders, *made.predictions)}
    order, prediction = made.orders[1].p, made.predictions[len(made.predictions) // 2].p
    return {
        OURS: bool(said - {"", NOTHING}),
        ORDER: order is not None and order <= DELTA,
        PREDICTION: prediction is not None and prediction <= DELTA,
        ROWS: rows_exchanged(values, number),
    }


def study(
    plan: Sequence[Setting] = PLAN, *, worlds: int = 400, workers: int = 2
) -> list[Line]:
    """Draw the worlds of each setting, the same for any number of workers.

    Parameters
    ----------
    plan : sequence of Setting
    worlds : int
        Of each setting.
    workers : int
        Number of processes; 1 uses no other process.
    """
    jobs = [(setting, number) for setting in plan for number in range(worlds)]
    if workers == 1:
        found = [*map(_world, jobs)]
    else:
        with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
            found = [*executor.map(_world, jobs, chunksize=8)]
    return [
        _line(
            setting,
            what,
            [
                one[what]
                for (s, _), one in zip(jobs, found, strict=True)
                if s == setting
            ],
        )
        for setting in plan
        for what in (OURS, ORDER, PREDICTION, ROWS)
    ]


def _line(setting: Setting, what: str, hits: Sequence[bool]) -> Line:
    n, count, tail = len(hits), sum(hits), (1 - LEVEL) / 2
    lower = float(beta.ppf(tail, count, n - count + 1)) if count else 0.0
    upper = float(beta.isf(tail, count + 1, n - count)) if count < n else 1.0
    return Line(setting, what, count / n, lower, upper, n)


def table(lines: Sequence[Line]) -> str:
    """Format the lines as text."""
    rows = [
        f"{'systems':>7}{'samplings':>11}{'data sets':>11}  {'what':<38}{'rate':>7}"
        f"{'99.9% interval':>18}{'worlds':>8}"
    ]
    for line in lines:
        one = line.setting
        rows.append(
            f"{one.systems:>7}{one.samplings:>11}{one.datasets:>11}  {line.what:<38}"
            f"{line.rate:>7.4f}{line.lower:>10.4f} {line.upper:.4f} {line.worlds:>8,}"
            f"{'' if line.passed else '  NOT AS STATED'}"
        )
    return "\n".join(rows) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and return 1 if a rate contradicts what is stated."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    lines = study(worlds=arguments.worlds, workers=arguments.workers)
    sys.stdout.write(table(lines))
    return 0 if all(line.passed for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
