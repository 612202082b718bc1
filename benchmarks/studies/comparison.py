"""How often verdicts on samplings are false, and how often they find what is there.

``python -m benchmarks.studies.comparison`` draws data sets whose true mean difference
is known and prints a Markdown table: false "different" where there is no difference,
false claims of equivalence where the difference is as large as the margin, power, and a
published rule on the same data sets; then families of nine comparisons, for verdicts,
p-values and directions of queries, each family at delta by itself.

Where no range is known, a verdict is a direction: of the queries that change, most rise
or most fall. It is false if it is not that of the law: of differences whose mean is 0
and whose law is even any is, of skewed ones that fall in nine of ten queries "mostly
higher"; of two samplings that are exchangeable any is. The column of Student's t counts
families in which it finds a mean difference, which there is none of anywhere. The study
exits with 1 if one of our rates is above delta by more than chance allows.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import numpy as np
from scipy.stats import binom

from rankbound.bounds.betting import betting_p_value
from rankbound.bounds.certificate import LN2
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.bounds.shares import direction
from rankbound.catalogue import APART, WITHIN
from rankbound.data.columns import Floats, Strings, strings
from rankbound.reference.equivalence import (
    MARGIN_SHARE,
    reference_mark,
    reference_p_values,
)
from rankbound.validation.paired import paired_t, verdict

MARGIN: Final = 0.02
DELTA: Final = 0.05
SIZES: Final = (43, 250, 1350)
# Probability that a rate of exactly delta is called too high in one row
FALSE_ALARM: Final = 1e-3
FAMILY: Final = 9
FAMILY_SHARE: Final = 0.25  # of the data sets, as each family has nine comparisons
EFFECT: Final = 0.05
# Reference entropies lie here, so that all values stay within [0, ln 2]
REFERENCE: Final = (0.17, 0.45)
WIDTH: Final = 0.1
RARE, JUMP = 0.1, 0.18
TIED: Final = 0.6
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Data sets of one kind; `role` says what a verdict means there."""

    role: str
    shape: str
    mean: float
    n: int
    index: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of data sets with the verdicts that the role counts, by rule.

    `false` says whether these verdicts are errors. `published` is None if the published
    rule has no such verdict.
    """

    scenario: Scenario
    sets: int
    ours: float
    t: float | None
    published: float | None
    false: bool

    @property
    def holds(self) -> bool:
        """Whether our rate of errors is at most delta, up to chance."""
        most = int(binom.ppf(1 - FALSE_ALARM, self.sets, DELTA))
        return not self.false or round(self.ours * self.sets) <= most


# What the published rule can say
DIFFERENT: Final = tuple(name for name in APART if name not in WITHIN)
EQUIVALENT: Final = tuple(name for name in WITHIN if name not in APART)
ROLES: Final = {
    "false different": (0.0, APART, DIFFERENT),
    "false equivalent, +": (MARGIN, WITHIN, EQUIVALENT),
    "false equivalent, -": (-MARGIN, WITHIN, EQUIVALENT),
    "power: equivalent at 0": (0.0, EQUIVALENT, EQUIVALENT),
    "power: different at 0.05": (EFFECT, DIFFERENT, DIFFERENT),
    "called equivalent at 0.05": (EFFECT, WITHIN, EQUIVALENT),
}
FALSE: Final = (*list(ROLES)[:3], "called equivalent at 0.05")
FAMILY_ROLE: Final = f"any false verdict of a family of {FAMILY}"
HOLM_ROLE: Final = f"any p by Holm in a family of {FAMILY} without differences"
DIRECTION_ROLE: Final = f"any false direction in a family of {FAMILY}"
RANGELESS_ROLE: Final = f"any false verdict of a family of {FAMILY} without ranges"
FAMILY_ROLES: Final = (FAMILY_ROLE, HOLM_ROLE, DIRECTION_ROLE, RANGELESS_ROLE)


def scenarios() -> list[Scenario]:
    """Return every kind of data set of the study."""
    roles = [(role, mean) for role, (mean, _, _) in ROLES.items()]
    roles += [(role, 0.0) for role in FAMILY_ROLES]
    kinds = [(r, s, m, n) for n in SIZES for s in SHAPES for r, m in roles]
    kinds += [(RANGELESS_ROLE, s, 0.0, n) for n in SIZES for s in EXCHANGEABLE]
    return [Scenario(r, s, m, n, i) for i, (r, s, m, n) in enumerate(kinds)]


def run(scenario: Scenario, *, sets: int, seed: int) -> Outcome:
    """Draw the data sets of a scenario and count verdicts.

    Parameters
    ----------
    scenario : Scenario
    sets : int
        Number of data sets, or four times the number of families.
    seed : int
        The same seed gives the same data sets, in any order of scenarios. Roles that
        differ in the verdict alone are counted on the same data sets.
    """
    cents = round(1e4 * (scenario.mean + 1))
    shape = [*SHAPES, *EXCHANGEABLE].index(scenario.shape)
    rng = np.random.default_rng([seed, scenario.n, shape, cents])
    if scenario.role in FAMILY_ROLES:
        count = {
            FAMILY_ROLE: _family,
            HOLM_ROLE: _rejected,
            DIRECTION_ROLE: _turned,
            RANGELESS_ROLE: _without_ranges,
        }
        few = max(1, round(FAMILY_SHARE * sets))
        return count[scenario.role](scenario, few, rng)
    values, reference = paired_sets(
        scenario.shape, mean=scenario.mean, n=scenario.n, sets=sets, rng=rng
    )
    _, counted, theirs = ROLES[scenario.role]
    settings = {"margin": MARGIN, "delta": DELTA}
    return Outcome(
        scenario=scenario,
        sets=sets,
        ours=_share(by_betting(values, reference, **settings), counted),
        t=_share(by_t(values, reference, **settings), counted),
        published=_share(as_published(values, reference), theirs),
        false=scenario.role in FALSE,
    )


def _family(scenario: Scenario, sets: int, rng: np.random.Generator) -> Outcome:
    """Count false verdicts of families whose true differences are 0 or a margin."""
    wrong = np.zeros(sets, dtype=bool)
    by_student = np.zeros(sets, dtype=bool)
    for place in range(FAMILY):
        mean = (0.0, MARGIN, -MARGIN)[place % 3]
        errors = APART if mean == 0 else WITHIN
        sides = paired_sets(scenario.shape, mean=mean, n=scenario.n, sets=sets, rng=rng)
        share = DELTA / FAMILY
        ours = by_betting(*sides, margin=MARGIN, delta=share)
        theirs = by_t(*sides, margin=MARGIN, delta=share)
        wrong |= np.isin(ours.astype(str), errors)
        by_student |= np.isin(theirs.astype(str), errors)
    return Outcome(
        scenario, sets, float(wrong.mean()), float(by_student.mean()), None, True
    )


def _rejected(scenario: Scenario, sets: int, rng: np.random.Generator) -> Outcome:
    """Count families without any difference in which a p-value is corrected to delta.

    Holm's smallest p-value is that of Bonferroni.
    """
    ours, student = np.zeros(sets, dtype=bool), np.zeros(sets, dtype=bool)
    for _ in range(FAMILY):
        sides = paired_sets(scenario.shape, mean=0.0, n=scenario.n, sets=sets, rng=rng)
        # Rounded, so that equal differences are equal
        for place, row in enumerate(np.round(sides[0] - sides[1], 12)):
            of = {"low": -LN2, "high": LN2, "mean": 0.0}
            p = betting_p_value(row, delta=DELTA / FAMILY, **of)
            ours[place] |= p <= DELTA / FAMILY
            by_t = paired_t(row, delta=DELTA).p
            student[place] |= by_t is not None and by_t <= DELTA / FAMILY
    return Outcome(
        scenario, sets, float(ours.mean()), float(student.mean()), None, True
    )


def _turned(scenario: Scenario, sets: int, rng: np.random.Generator) -> Outcome:
    """Count families in which the direction of most queries is certain, and wrong.

    Even differences rise in half of the queries, so that no direction is right. Skewed
    ones fall in nine of ten.
    """
    wrong = np.zeros(sets, dtype=bool)
    right = {"even": ("",), "skewed": ("", "falls")}[scenario.shape]
    for _ in range(FAMILY):
        sides = paired_sets(scenario.shape, mean=0.0, n=scenario.n, sets=sets, rng=rng)
        for place, row in enumerate(sides[0] - sides[1]):
            found = direction(row, delta=DELTA, n_comparisons=FAMILY)
            wrong[place] |= found.certain not in right
    return Outcome(scenario, sets, float(wrong.mean()), None, None, True)


def _without_ranges(scenario: Scenario, sets: int, rng: np.random.Generator) -> Outcome:
    """Count families with a false direction, and those where t finds a difference."""
    wrong, student = np.zeros(sets, dtype=bool), np.zeros(sets, dtype=bool)
    right = {"skewed": ("", "lower")}.get(scenario.shape, ("",))
    draw = {**SHAPES, **EXCHANGEABLE}[scenario.shape]
    for _ in range(FAMILY):
        for place, row in enumerate(draw(rng, (sets, scenario.n))):
            # Rounded, so that equal differences are equal
            made = np.round(row, 12)
            found = direction(made, delta=DELTA, n_comparisons=FAMILY)
            wrong[place] |= found.mostly not in right
            by_t = paired_t(made, delta=DELTA).p
            student[place] |= by_t is not None and by_t <= DELTA / FAMILY
    return Outcome(
        scenario, sets, float(wrong.mean()), float(student.mean()), None, True
    )


def _share(verdicts: Strings, counted: Sequence[str]) -> float:
    return float(np.isin(verdicts.astype(str), counted).mean())


def table(outcomes: Sequence[Outcome]) -> str:
    """Format the outcomes as Markdown, with one row per role, shape and size."""
    lines = [
        f"margin {MARGIN:g} nats, delta {DELTA:g}, {outcomes[0].sets:,} data sets a "
        "row, a quarter as many families",
        "",
        "| verdicts counted | differences | n | ours | paired t | published | |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    order = [*ROLES, *FAMILY_ROLES]
    ranked = sorted(outcomes, key=lambda o: order.index(o.scenario.role))
    lines += [_row(outcome) for outcome in ranked]
    return "\n".join(lines) + "\n"


def _row(outcome: Outcome) -> str:
    scenario = outcome.scenario
    cells = [
        "-" if share is None else f"{share:.4f}"
        for share in (outcome.ours, outcome.t, outcome.published)
    ]
    said = (
        ("at most delta" if outcome.holds else "ABOVE delta") if outcome.false else ""
    )
    head = (scenario.role, scenario.shape, f"{scenario.n:,}")
    return "| " + " | ".join([*head, *cells, said]) + " |"


def study(*, sets: int, seed: int, jobs: int) -> list[Outcome]:
    """Run all scenarios, in `jobs` processes."""
    every = scenarios()
    if jobs <= 1:
        return [run(scenario, sets=sets, seed=seed) for scenario in every]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting = [pool.submit(run, s, sets=sets, seed=seed) for s in every]
        return [future.result() for future in waiting]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and return 1 if one of our rates is too high."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies.comparison", description=__doc__
    )
    parser.add_argument("--sets", type=int, default=2000, help="data sets a row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args(argv)
    if arguments.sets < 1:
        parser.error("--sets must be at least 1")
    outcomes = study(sets=arguments.sets, seed=arguments.seed, jobs=arguments.jobs)
    sys.stdout.write(table(outcomes))
    return 0 if all(outcome.holds for outcome in outcomes) else 1


def even(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw differences from a uniform law with mean 0 and sd 0.058."""
    return rng.uniform(-WIDTH, WIDTH, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw few large and many small differences, with mean 0 and sd 0.06."""
    small = -JUMP * RARE / (1 - RARE)
    return np.where(rng.random(shape) < RARE, JUMP, small)


def twins(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw differences of two samplings with one law, of few large values."""
    first, second = (rng.exponential(1.0, shape) ** 3 for _ in range(2))
    return np.asarray(first - second)


def tied_twins(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Draw the same, where both have the same documents in six of ten queries."""
    return np.where(rng.random(shape) < TIED, 0.0, twins(rng, shape))


SHAPES: Final[dict[str, Draw]] = {"even": even, "skewed": skewed}
EXCHANGEABLE: Final[dict[str, Draw]] = {
    "exchangeable": twins,
    "exchangeable, tied": tied_twins,
}


def paired_sets(
    shape: str, *, mean: float, n: int, sets: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw data sets of paired entropies whose mean difference is known.

    Parameters
    ----------
    shape : {"even", "skewed"}
    mean : float
        The true mean difference in nats, within 0.06 of 0.
    n, sets : int
        Numbers of queries of a data set, and of data sets.
    rng : numpy.random.Generator

    Returns
    -------
    values, reference : float64 arrays, shape (sets, n)
        In [0, ln 2]; the expected value of ``values - reference`` is `mean`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values, reference = paired_sets("even", mean=0.02, n=5, sets=2, rng=rng)
    >>> values.shape, bool((values >= 0).all())
    ((2, 5), True)
    """
    if shape not in SHAPES:
        raise DomainError(f"no shape {shape!r}; there are {', '.join(SHAPES)}")
    if not abs(mean) <= 0.06:
        raise DomainError(f"`mean` must lie within 0.06 of 0, got {mean}")
    reference = rng.uniform(*REFERENCE, (sets, n))
    return reference + SHAPES[shape](rng, (sets, n)) + mean, reference


def by_betting(
    values: Floats, reference: Floats, *, margin: float, delta: float
) -> Strings:
    """Return our verdicts; `values` and `reference` have shape (sets, n)."""
    found = []
    for differences in values - reference:
        ends = two_sided(differences, low=-LN2, high=LN2, delta=delta)
        found.append(verdict(*ends, margin=margin))
    return strings(found)


def by_t(values: Floats, reference: Floats, *, margin: float, delta: float) -> Strings:
    """Return our verdicts by the paired t interval of the same level."""
    from scipy.stats import t

    differences = values - reference
    n = differences.shape[1]
    centre = differences.mean(axis=1)
    half = t.ppf(1 - delta / 2, n - 1) * differences.std(axis=1, ddof=1) / np.sqrt(n)
    ends = zip(centre - half, centre + half, strict=True)
    return strings([verdict(low, high, margin=margin) for low, high in ends])


def as_published(values: Floats, reference: Floats) -> Strings:
    """Return verdicts by a published rule: "equivalent" where no test rejects.

    Two one-sided tests for independent samples have a pooled variance and a margin of
    0.1 % of the observed difference, and failing to reject is read as equivalence.

    Notes
    -----
    One of the two tests never rejects, as the margin is smaller than the difference.
    The other fails to reject where a two-sided test of independent samples has p > 0.2,
    approximately.

    Examples
    --------
    >>> same = np.array([[0.1, 0.2, 0.3]])
    >>> as_published(same, same + 0.001).tolist()
    ['equivalent']
    >>> as_published(same, same + 0.5).tolist()
    ['different']
    """
    difference = values.mean(axis=1) - reference.mean(axis=1)
    ends = reference_p_values(
        values, reference, margin=MARGIN_SHARE * np.abs(difference)
    )
    return strings(np.where(reference_mark(*ends), "equivalent", "different").tolist())


if __name__ == "__main__":
    sys.exit(main())
