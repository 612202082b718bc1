"""Do the intervals of associations cover, and do the tests keep their level.

``python -m benchmarks.studies.association`` prints a table. Populations are planted:
bivariate normal with correlation r, whose Spearman coefficient is 6 asin(r / 2) / pi
and whose Kendall coefficient is 2 asin(r) / pi; for tests, margins with ties and heavy
tails, too.
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

from benchmarks.studies.association_samples import DELTA, SIMULATIONS, Setting

# Of the Clopper-Pearson interval around an observed rate
LEVEL: Final = 0.999
SEED: Final = 20_240_501
BATCHES: Final = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    Attributes
    ----------
    what : str
    n : int
    planted : float
    nominal : float
    observed : float
    lower, upper : float
        Clopper-Pearson interval of the observed rate.
    repetitions : int
    at_least : bool
        Whether the nominal rate is a floor (coverage, power) or a ceiling (errors).
    """

    what: str
    n: int
    planted: float
    nominal: float
    observed: float
    lower: float
    upper: float
    repetitions: int
    at_least: bool

    @property
    def passed(self) -> bool:
        """Whether the simulation does not contradict the stated rate."""
        return (
            self.upper >= self.nominal if self.at_least else self.lower <= self.nominal
        )


NOMINAL: Final[dict[str, tuple[float, bool]]] = {
    "coverage of Spearman": (1 - DELTA, True),
    "coverage of Kendall": (1 - DELTA, True),
    # BCa intervals of Pearson's r fall short of 0.95 with few queries; verdicts rest on
    # Spearman's
    "coverage of Pearson": (0.92, True),
    "family-wise error, Holm": (DELTA, False),
    "family-wise error, pooled": (DELTA, False),
    "false alarms given difficulty": (DELTA, False),
    "false alarms, distance correlation": (DELTA, False),
    "power at the detectable size": (0.8, True),
}
PLAN: Final = (
    *(Setting("coverage", n, r) for n in (34, 97) for r in (0.0, 0.3, 0.6)),
    Setting("coverage", 300, 0.3),
    Setting("family", 34),
    Setting("family", 97),
    Setting("pool", 34),
    Setting("partial", 34),
    Setting("partial", 97),
    Setting("distance", 43),
    Setting("power", 43),
    Setting("power", 97),
)


def study(
    plan: Sequence[Setting] = PLAN, *, repetitions: int = 2_000, workers: int = 2
) -> list[Line]:
    """Run the plan; the same numbers whatever the number of workers.

    Parameters
    ----------
    plan : sequence of Setting
    repetitions : int
        Of each setting; families of tests get a quarter.
    workers : int
        Processes; 1 stays in this one.
    """
    jobs = [
        (setting, max(1, share(setting, repetitions) // BATCHES), batch)
        for setting in plan
        for batch in range(BATCHES)
    ]
    if workers == 1:
        found = [_job(job) for job in jobs]
    else:
        with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
            found = list(executor.map(_job, jobs))
    counts: dict[tuple[str, int, float], list[int]] = {}
    for (setting, size, _), hits in zip(jobs, found, strict=True):
        for what, number in hits.items():
            total = counts.setdefault((what, setting.n, setting.planted), [0, 0])
            total[0] += number
            total[1] += size
    return [_line(*key, *total) for key, total in counts.items()]


def share(setting: Setting, repetitions: int) -> int:
    """Repetitions of a setting: families cost more."""
    return repetitions if setting.kind == "coverage" else repetitions // 2


def _job(job: tuple[Setting, int, int]) -> dict[str, int]:
    setting, size, batch = job
    seed = [SEED, len(setting.kind), setting.n, int(100 * setting.planted), batch]
    rng = np.random.default_rng(seed)
    total: dict[str, int] = {}
    for _ in range(size):
        for what, hit in SIMULATIONS[setting.kind](setting, rng):
            total[what] = total.get(what, 0) + hit
    return total


def _line(what: str, n: int, planted: float, hits: int, size: int) -> Line:
    nominal, at_least = NOMINAL[what]
    tail = (1 - LEVEL) / 2
    lower = float(beta.ppf(tail, hits, size - hits + 1)) if hits else 0.0
    upper = float(beta.isf(tail, hits + 1, size - hits)) if hits < size else 1.0
    rate = hits / size
    return Line(what, n, planted, nominal, rate, lower, upper, size, at_least)


def table(lines: Sequence[Line]) -> str:
    """The lines as text."""
    head = f"{'what':<36}{'n':>5}{'planted':>9}{'stated':>9}{'observed':>10}"
    rows = [f"{head}{'99.9% interval':>18}{'runs':>7}"]
    for line in sorted(lines, key=lambda one: (list(NOMINAL).index(one.what), one.n)):
        sign = ">=" if line.at_least else "<="
        rows.append(
            f"{line.what:<36}{line.n:>5}{line.planted:>9.2f}"
            f"{sign:>4}{line.nominal:>5.2f}{line.observed:>10.4f}"
            f"{line.lower:>9.4f} {line.upper:.4f}  {line.repetitions:>7,}"
            f"{'' if line.passed else '  NOT AS STATED'}"
        )
    return "\n".join(rows) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a rate contradicts what is stated."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    lines = study(repetitions=arguments.repetitions, workers=arguments.workers)
    sys.stdout.write(table(lines))
    return 0 if all(line.passed for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
