"""Whether intervals of associations cover, and whether tests keep their level.

``python -m benchmarks.studies.association`` prints a table. The populations are
planted: bivariate normal with correlation r, whose Spearman coefficient is
6 asin(r / 2) / pi and whose Kendall coefficient is 2 asin(r) / pi; tests also meet
margins with ties and heavy tails.

Families of systems without differences: five systems order the documents of every query
by the same law, so that they are exchangeable, and all pairs of them are compared by
nDCG@10 and by the reciprocal rank, as `validate` does it (Student's t, Holm).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from scipy.stats import beta

from rankbound.commands.validate.effectiveness import (
    Effectiveness,
    Judged,
    equivalence,
)
from rankbound.data.columns import Floats, strings
from rankbound.validation.association import (
    Association,
    Effort,
    Panel,
    draw,
    pool,
    summary,
)
from rankbound.validation.distances import distance_correlation
from rankbound.validation.judging import Family, any_rejected
from rankbound.validation.power import detectable_correlation

# Level of the Clopper-Pearson interval around an observed rate
LEVEL: Final = 0.999
SEED: Final = 20_240_501
BATCHES: Final = 8
DELTA: Final = 0.05
# Spearman's p-values alone count in a family, and need the most permutations
CHEAP: Final = Effort(200, 99, rank_permutations=4_999)
SYSTEMS: Final = 5
POOL, TOP, RELEVANT = 100, 10, 2
DISCOUNTS: Final = 1 / np.log2(np.arange(2, TOP + 2))
MEASURES: Final = ("nDCG@10", "RR@10")


@dataclass(frozen=True, slots=True)
class Setting:
    """A population and a sample size.

    `kind` says what is counted, `n` is the number of queries, and `planted` the
    correlation r of the normal population.
    """

    kind: str
    n: int
    planted: float = 0.0


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
        Whether the nominal rate is a lower limit (coverage, power) or an upper one
        (errors).
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
    # BCa intervals of Pearson's r cover less than 0.95 with few queries. Verdicts use
    # Spearman's rho
    "coverage of Pearson": (0.92, True),
    "family-wise error, Holm": (DELTA, False),
    "family-wise error, pooled": (DELTA, False),
    "false alarms given difficulty": (DELTA, False),
    "false alarms, distance correlation": (DELTA, False),
    "power at the detectable size": (0.8, True),
    "family-wise error, systems": (DELTA, False),
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
    Setting("systems", 43),
    Setting("systems", 250),
)


def study(
    plan: Sequence[Setting] = PLAN, *, repetitions: int = 2_000, workers: int = 2
) -> list[Line]:
    """Run the plan, with the same numbers for any number of workers.

    Parameters
    ----------
    plan : sequence of Setting
    repetitions : int
        Samples of each setting of kind "coverage"; other kinds get half as many.
    workers : int
        Number of processes; 1 uses no other process.
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
    """Return the repetitions of a setting; all but coverage cost more."""
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
    """Format the lines as text."""
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
    """Print the table, and return 1 if a rate contradicts what is stated."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    lines = study(repetitions=arguments.repetitions, workers=arguments.workers)
    sys.stdout.write(table(lines))
    return 0 if all(line.passed for line in lines) else 1


Outcome = Iterator[tuple[str, bool]]


def _coverage(setting: Setting, rng: np.random.Generator) -> Outcome:
    x, y = normal_pair(setting.n, setting.planted, rng)
    cell = _one(x, y, Effort(1_000, 99), rng)
    r = setting.planted
    truths = (
        ("Spearman", cell.spearman, 6 * math.asin(r / 2) / math.pi),
        ("Kendall", cell.kendall, 2 * math.asin(r) / math.pi),
        ("Pearson", cell.pearson, r),
    )
    for name, coefficient, truth in truths:
        lower, upper = coefficient.lower, coefficient.upper
        inside = lower is not None and upper is not None and lower <= truth <= upper
        yield f"coverage of {name}", inside


def _family(setting: Setting, rng: np.random.Generator) -> Outcome:
    panel = null_panel(setting.n, rng)
    made = summary(draw(panel, CHEAP, rng), delta=DELTA)
    yield "family-wise error, Holm", _any_found(made)


def _pool(setting: Setting, rng: np.random.Generator) -> Outcome:
    sets = [draw(null_panel(n, rng), CHEAP, rng) for n in (setting.n, 60)]
    yield "family-wise error, pooled", _any_found(summary(pool(sets), delta=DELTA))


def _partial(setting: Setting, rng: np.random.Generator) -> Outcome:
    """Draw a term and a measure that depend on difficulty and nothing else."""
    hard = rng.normal(size=setting.n)
    x, y = (hard + rng.normal(size=setting.n) for _ in range(2))
    panel = Panel(x[:, None], y[:, None], hard[:, None], np.ones((1, 1), dtype=bool))
    [[cell]] = summary(draw(panel, Effort(200, 99), rng), delta=DELTA)
    p = cell.partial.p
    yield "false alarms given difficulty", p is not None and p <= DELTA


def _distance(setting: Setting, rng: np.random.Generator) -> Outcome:
    x, y = rng.normal(size=(2, setting.n))
    found = distance_correlation(x, y, count=199, rng=rng)
    yield "false alarms, distance correlation", found.p <= DELTA


def _power(setting: Setting, rng: np.random.Generator) -> Outcome:
    rho = detectable_correlation(setting.n, delta=DELTA)
    x, y = normal_pair(setting.n, 2 * math.sin(math.pi * rho / 6), rng)
    p = _one(x, y, Effort(200, 99, rank_permutations=999), rng).spearman.p
    yield "power at the detectable size", p is not None and p <= DELTA


def _systems(setting: Setting, rng: np.random.Generator) -> Outcome:
    judged = null_systems(setting.n, rng)
    made = equivalence({"": judged}, design=None, margin=0.02, delta=DELTA, seed=0)
    # Holm rejects somewhere if and only if one of Bonferroni's intervals excludes 0
    found = any(pair.p_holm <= DELTA for pair in made.pairs)
    yield "family-wise error, systems", found


SIMULATIONS: Final[dict[str, Callable[[Setting, np.random.Generator], Outcome]]] = {
    "coverage": _coverage,
    "family": _family,
    "pool": _pool,
    "partial": _partial,
    "distance": _distance,
    "power": _power,
    "systems": _systems,
}


def normal_pair(n: int, r: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw two standard normal columns with correlation r in the population."""
    x = rng.normal(size=n)
    return x, r * x + math.sqrt(1 - r * r) * rng.normal(size=n)


def null_panel(n: int, rng: np.random.Generator) -> Panel:
    """Draw six terms that are independent of eight measures.

    Terms are correlated with each other, as real ones are, and so are measures. Some
    measures have ties, and some terms have heavy tails.
    """
    terms = rng.normal(size=(n, 1)) + rng.normal(size=(n, 6))
    targets = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, 8))
    terms[:, :2] = np.exp(terms[:, :2])
    targets[:, :3] = np.round(targets[:, :3])
    return Panel(terms, targets, np.empty((n, 0)), np.empty((8, 0), dtype=bool))


def null_systems(n: int, rng: np.random.Generator) -> Judged:
    """Draw five systems whose rankings of every query have the same law.

    Queries differ in how many of their 100 documents are relevant, from none to most,
    and in how well these are found, so that both measures have ties at 0 and at 1.
    """
    shares, skill = rng.beta(0.7, 3, n), rng.exponential(0.7, n)
    grades = rng.binomial(3, shares[:, None], (n, POOL)).astype(float)
    best = (np.sort(grades)[:, ::-1][:, :TOP] * DISCOUNTS).sum(axis=1)
    systems = {}
    for number in range(SYSTEMS):
        scores = skill[:, None] * grades + rng.gumbel(size=(n, POOL))
        order = np.argsort(-scores)[:, :TOP]
        found = np.take_along_axis(grades, order, axis=1)
        gained = (found * DISCOUNTS).sum(axis=1)
        ndcg = np.divide(gained, best, out=np.zeros(n), where=best > 0)
        first = np.where(
            (found >= RELEVANT).any(axis=1), (found >= RELEVANT).argmax(1) + 1, np.inf
        )
        values = np.stack([ndcg, 1 / first], axis=1)
        qids = strings([f"q{i}" for i in range(n)])
        systems[f"s{number}"] = Effectiveness(qids, MEASURES, values, 0)
    return Judged("", MEASURES, systems, {})


def _one(x: Floats, y: Floats, effort: Effort, rng: np.random.Generator) -> Association:
    nothing = np.empty((len(x), 0)), np.empty((1, 0), dtype=bool)
    panel = Panel(x[:, None], y[:, None], *nothing)
    return summary(draw(panel, effort, rng), delta=DELTA)[0][0]


def _any_found(made: list[list[Association]]) -> bool:
    p_values = [cell.spearman.p for line in made for cell in line]
    tested = np.array([[p for p in p_values if p is not None]])
    return bool(any_rejected(tested, Family(delta=DELTA))[0])


if __name__ == "__main__":
    sys.exit(main())
