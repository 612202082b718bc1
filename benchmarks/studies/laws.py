"""Whether intervals and limits hold the truth, where the law of everything is known.

``python -m benchmarks.studies.laws`` draws queries of a synthetic world and groups of
them by `sample`, measures them as `measure` and `compare` do, and counts how often the
law's own numbers lie outside: the teacher's entropy, its change against random
negatives, the share of pairs that are far apart, and the risk of the clipped student.
Limits by betting hold for every law, and are missed far more rarely here; Student's
interval, which is approximate, is nearer to its 5 %, and the mean of all estimates
less the truth, in standard errors, says whether the truth is true. The study prints a
Markdown table and exits with 1 where anything is missed too often, estimates are
biased, or a distance is above the essential diameter.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import Final

import numpy as np
from scipy.special import stdtrit
from scipy.stats import binom

from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.commands.ablate.synthetic import World
from rankbound.commands.measure.measured import Measured, measured
from rankbound.commands.measure.options import MeasureOptions
from rankbound.data.columns import Floats
from rankbound.data.groups import Groups
from rankbound.estimators.distances import group_distances
from rankbound.estimators.group_terms import teacher_terms
from rankbound.validation.group_laws import GroupLaw

DELTA: Final = 0.05
# Probability that a rate of exactly the nominal one is called too high in one cell
FALSE_ALARM: Final = 1e-3
MOST_BIAS: Final = 4.5  # standard errors; a false alarm in 100,000
SIZE: Final = 16
DEPTH: Final = 50  # of the teacher's best
RANDOM: Final = "random"
SAMPLINGS: Final[dict[str, int | None]] = {
    RANDOM: None,
    "top": DEPTH,
    "stratified": None,
    "entropy": None,
}
SIZES: Final = (43, 100)
FAR: Final = 1.8  # distance of a pair
SCALE, LEARNT = 5.0, 0.7  # of the student, and how far it has turned queries back
WORLD: Final = 0
ROUNDING: Final = 1e-5  # of distances in single precision


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A sampling of the world, and what its law says: entropies and risks in nats."""

    world: World
    sampling: str
    law: GroupLaw
    entropy: float
    diameter: float
    far: float

    @cache  # noqa: B019  one object for each sampling, kept by `known`
    def risk(self, score_range: float) -> float:
        """Risk of the student clipped at B."""
        return self.law.risk(
            self.world.in_pools(self.law, self.world.teacher),
            self.world.in_pools(self.law, student_of(self.world)),
            clip_at=score_range,
        )


def student_of(world: World) -> Floats:
    """Scores of kinds and documents by a bilinear student that has not learnt all."""
    turned = (1 - LEARNT) * world.seen + LEARNT * world.queries
    scores: Floats = SCALE * turned @ world.documents.T
    return scores


@cache
def known(sampling: str) -> Known:
    """What the law says of a sampling."""
    world = World.of(WORLD)
    law = world.law(sampling, size=SIZE, depth=SAMPLINGS[sampling])
    vectors = world.vectors_in_pools(law)
    return Known(
        world,
        sampling,
        law,
        entropy=law.entropy(world.in_pools(law, world.teacher)),
        diameter=law.diameter(vectors),
        far=law.exceeds(vectors, FAR),
    )


@dataclass(frozen=True, slots=True)
class Draw:
    """What one sample of queries misses of the truth, and what it says."""

    entropy: bool
    change: bool
    far: bool
    limit: bool
    above: bool
    student: bool
    entropy_error: float
    risk_error: float
    width: float
    upper: float
    risk: float
    largest: float


def drawn(sampling: str, n: int, *, seed: int) -> Draw:
    """Draw queries and their groups, and hold what is measured against the law."""
    of, base = known(sampling), known(RANDOM)
    world = of.world
    queries = world.drawn(n, np.random.default_rng([seed, n]))
    teacher = world.scored(queries, world.teacher)

    def groups_of(one: str) -> Groups:
        return (
            world.sampled(queries, one, size=SIZE, depth=SAMPLINGS[one], seed=seed)
            .draw()
            .groups
        )

    def entropies(groups: Groups) -> Floats:
        return teacher_terms(groups, groups.scores_of(teacher)[0]).entropy

    groups, others = groups_of(sampling), groups_of(RANDOM)
    found = certified(world, queries, groups, seed=seed)
    moved = two_sided(
        entropies(groups) - entropies(others), low=-LN2, high=LN2, delta=DELTA
    )
    codes = np.searchsorted(world.docnos, groups.docnos)[groups.codes]
    apart = group_distances(
        world.documents[codes.reshape(groups.n_groups, SIZE)], "euclidean"
    )
    share = two_sided((apart > FAR).mean(axis=1), low=0.0, high=1.0, delta=DELTA)
    [one] = found.students
    risk = of.risk(one.student.choices.score_range)
    entropy = found.entropy
    if entropy.lower is None or entropy.upper is None:  # of the deviation alone
        raise AssertionError("no interval of the entropy")
    values, risks = found.teacher.entropy_nats, one.units.risk_nats
    if risks is None:  # they were asked for
        raise AssertionError("no risk of a student")
    error = entropy.value - of.entropy
    reach = stdtrit(len(values) - 1, 1 - DELTA / 2) * values.std(ddof=1)
    return Draw(
        student=abs(error) > reach / np.sqrt(len(values)),
        entropy_error=error,
        risk_error=float(risks.mean()) - risk,
        entropy=not entropy.lower <= of.entropy <= entropy.upper,
        change=not moved[0] <= of.entropy - base.entropy <= moved[1],
        far=not share[0] <= of.far <= share[1],
        limit=one.certificate.upper < risk,
        above=bool(apart.max() > of.diameter + ROUNDING),
        width=entropy.upper - entropy.lower,
        upper=one.certificate.upper,
        risk=risk,
        largest=float(apart.max()),
    )


def certified(
    world: World, queries: dict[str, int], groups: Groups, *, seed: int
) -> Measured:
    """What `measure` computes of the student on these groups."""
    return measured(
        MeasureOptions(
            teacher=world.scored(queries, world.teacher),
            students={"student": world.scored(queries, student_of(world))},
            groups=groups,
            delta=DELTA,
            seed=seed,
        )
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of draws that miss the truth, and medians of what they say."""

    sampling: str
    n: int
    draws: int
    truth: Known
    entropy: float
    change: float
    far: float
    limit: float
    above: float
    student: float
    bias: float
    width: float
    upper: float
    risk: float
    largest: float

    @property
    def failure(self) -> str:
        """What is missed too often; empty if nothing is."""
        found = ["above"] if self.above else []
        found += ["biased"] if self.bias > MOST_BIAS else []
        for name, nominal in NOMINAL.items():
            most = binom.ppf(1 - FALSE_ALARM, self.draws, nominal)
            if round(getattr(self, name) * self.draws) > most:
                found.append(name)
        return ", ".join(found)


# The limit of a mean risk spends half of delta, and the share of queries the other
NOMINAL: Final = {
    "entropy": DELTA,
    "change": DELTA,
    "far": DELTA,
    "limit": DELTA / 2,
}


def run(sampling: str, n: int, *, draws: int) -> Outcome:
    """All draws of a sampling and a number of queries."""
    made = [drawn(sampling, n, seed=seed) for seed in range(draws)]

    def mean(name: str) -> float:
        return float(np.mean([getattr(one, name) for one in made]))

    def bias(errors: Sequence[float]) -> float:
        of = np.array(errors)
        return float(abs(of.mean()) / of.std(ddof=1) * np.sqrt(draws))

    def median(name: str) -> float:
        return float(np.median([getattr(one, name) for one in made]))

    return Outcome(
        sampling,
        n,
        draws,
        known(sampling),
        bias=max(
            bias([one.entropy_error for one in made]),
            bias([one.risk_error for one in made]),
        ),
        **{name: mean(name) for name in (*NOMINAL, "above", "student")},
        **{name: median(name) for name in ("width", "upper", "risk", "largest")},
    )


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A Markdown table of the cases."""
    yield (
        "| sampling | n | entropy of the law | missed | by Student's t | median width "
        "| change missed | far pairs missed | risk of the law | limit missed | median "
        "limit | bias in standard errors | diameter | median largest distance | |"
    )
    yield f"|---|{'---:|' * 13}---|"
    for one in outcomes:
        yield (
            f"| {one.sampling} | {one.n} | {one.truth.entropy:.4f} | {one.entropy:.1%} "
            f"| {one.student:.1%} | {one.width:.3f} | {one.change:.1%} "
            f"| {one.far:.1%} | {one.risk:.4f} | {one.limit:.1%} | {one.upper:.3f} "
            f"| {one.bias:.1f} | {one.truth.diameter:.3f} | {one.largest:.3f} "
            f"| {one.failure} |"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print its table; 1 if something is missed too often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    cases = [(sampling, n) for sampling in SAMPLINGS for n in given.sizes]
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        made = [pool.submit(run, *case, draws=given.draws) for case in cases]
        outcomes = [one.result() for one in made]
    print(  # noqa: T201
        f"{given.draws:,} draws of n queries each; medians and rates are over draws.\n"
    )
    for line in table(outcomes):
        print(line)  # noqa: T201
    return int(any(one.failure for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
