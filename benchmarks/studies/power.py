"""Whether 80 % power is 80 %: the promises of `rankbound power` under known laws.

``python -m benchmarks.studies.power`` asks for the queries, the margin and the
difference that go with a power of 80 %, draws data sets of that size from the
continuous law, and counts how often `compare` succeeds: by its betting interval, or
where no range is known by the direction of the queries that change. It prints a
Markdown table and exits with 1 if a share is outside 77 to 83 % (only below 77 % for
the law of two points, whose power jumps). A second table says how often the bootstrap
interval of n* holds the n* of the law.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Final

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.bounds.shares import direction
from rankbound.data.columns import Floats
from rankbound.data.draws import generator
from rankbound.validation.deciding import (
    NORMAL,
    TWO_POINT,
    UNIFORM,
    Aim,
    Law,
    Rule,
    queries_for,
    queries_interval,
    resampled,
    smallest_difference_for,
    smallest_margin_for,
    smallest_share_for,
    stated,
)

POWER: Final = 0.8
ALLOWED: Final = (0.77, 0.83)
SD: Final = 0.08
MARGINS: Final = (0.02, 0.04)
SIZE: Final = 120
RANGES: Final = {"betting": (-LN2, LN2), "direction": None}
SKEWED: Final = "skewed"
MEASURED: Final = 43  # queries of a sample whose n* has a bootstrap interval
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Many small and few large differences: a beta law, with mean 0 and the sd."""
    return SD * (rng.beta(0.5, 3.0, shape) - 1 / 7) / np.sqrt(1.5 / (3.5**2 * 4.5))


DRAWS: Final[dict[str, Draw]] = {
    NORMAL: lambda rng, shape: rng.normal(0.0, SD, shape),
    UNIFORM: lambda rng, shape: rng.uniform(-SD * 3**0.5, SD * 3**0.5, shape),
    TWO_POINT: lambda rng, shape: np.where(rng.random(shape) < 0.5, -SD, SD),
    SKEWED: skewed,
}


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised a power of 80 %, and the share of data sets that kept it."""

    rule: str
    law: str
    what: str
    value: float
    n: int
    kept: float

    @property
    def holds(self) -> bool:
        """Whether the share is in the range that is allowed.

        Means of two points lie on a grid, so that the power jumps, and "at least 80 %"
        is all that can be promised.
        """
        most = 1.0 if self.law == TWO_POINT else ALLOWED[1]
        return ALLOWED[0] <= self.kept <= most


def law_of(name: str, rng: np.random.Generator) -> Law:
    """The law as `power` would have it: stated, or that of many measured values."""
    if name != SKEWED:
        return stated(name, SD)
    return resampled(skewed(rng, (1, 100_000))[0]).moved(0.0)


def kept(rule: Rule, drawn: Floats, success: Callable[[float, float], bool]) -> float:
    """Share of data sets, shape (sets, n), whose betting interval is a success."""
    low, high = rule.bounds or (-LN2, LN2)
    ends = (two_sided(one, low=low, high=high, delta=rule.delta) for one in drawn)
    return float(np.mean([success(*each) for each in ends]))


def turned(rule: Rule, drawn: Floats, word: str) -> float:
    """Share of data sets that are "mostly higher" or "mostly lower"."""
    found = [direction(one, delta=rule.delta).mostly == word for one in drawn]
    return float(np.mean(found))


def directions(
    rule: Rule, law: Law, draw: Draw, *, sets: int, rng: np.random.Generator
) -> list[tuple[str, float, float]]:
    """What is promised of a direction: the words, the value, and how it was kept."""
    found = []
    size = smallest_difference_for(rule, law, n=SIZE, power=POWER, rng=rng)
    if size is not None:
        drawn = draw(rng, (sets, SIZE))
        # Promised upwards and downwards, so the rarer of both is what it is worth
        share = min(
            turned(rule, drawn + sign * size, word)
            for sign, word in ((1, "higher"), (-1, "lower"))
        )
        found.append(("difference", size, share))
    least = smallest_share_for(rule, n=SIZE, power=POWER)
    if least is not None:
        drawn = np.where(rng.random((sets, SIZE)) < least, 1.0, -1.0)
        found.append(("share", least, turned(rule, drawn, "higher")))
    return found


def promises(rule_name: str, law_name: str, *, sets: int, seed: int) -> list[Promise]:
    """What is promised for a rule and a law, and how it was kept."""
    rng = generator(seed, "promises", rule_name, law_name)
    rule = Rule.of(RANGES[rule_name], delta=0.05)
    law, draw = law_of(law_name, rng), DRAWS[law_name]
    if not rule.knows_margins:
        return [
            Promise(rule_name, law_name, what, value, SIZE, share)
            for what, value, share in directions(rule, law, draw, sets=sets, rng=rng)
        ]
    found = []
    for margin in MARGINS:
        needed = queries_for(rule, law, Aim(margin, POWER), rng=rng)
        if needed is not None:
            drawn = draw(rng, (sets, needed.n))
            share = kept(rule, drawn, partial(inside, margin=margin))
            found.append(Promise(rule_name, law_name, "n*", margin, needed.n, share))
    margin = smallest_margin_for(rule, law, n=SIZE, power=POWER, rng=rng)
    drawn = draw(rng, (sets, SIZE))
    share = kept(rule, drawn, partial(inside, margin=margin))
    found.append(Promise(rule_name, law_name, "margin", margin, SIZE, share))
    size = smallest_difference_for(rule, law, n=SIZE, power=POWER, rng=rng)
    if size is not None:
        # Promised upwards and downwards, so the rarer of both is what it is worth
        share = min(kept(rule, drawn + sign * size, outside) for sign in (1, -1))
        found.append(Promise(rule_name, law_name, "difference", size, SIZE, share))
    return found


def inside(lower: float, upper: float, *, margin: float) -> bool:
    """Whether an interval lies within the margin around 0."""
    return -margin <= lower and upper <= margin


def outside(lower: float, upper: float) -> bool:
    """Whether an interval leaves 0 out."""
    return lower > 0 or upper < 0


def covered(rule_name: str, law_name: str, *, samples: int, seed: int) -> float:
    """Share of bootstrap intervals of n* that hold the n* of the law."""
    rng = generator(seed, "covered", rule_name, law_name)
    rule, aim = Rule.of(RANGES[rule_name], delta=0.05), Aim(MARGINS[0], POWER)
    true = queries_for(rule, law_of(law_name, rng), aim, rng=rng)
    held = 0
    for _ in range(samples):
        law = resampled(DRAWS[law_name](rng, (1, MEASURED))[0]).moved(0.0)
        needed = queries_for(rule, law, aim, rng=rng)
        if needed is None or true is None:
            continue
        low, high = queries_interval(
            rule, law, aim, n_values=MEASURED, needed=needed.n, rng=rng
        )
        held += (low or 0) <= true.n <= (true.n if high is None else high)
    return held / samples


def table(found: Sequence[Promise]) -> str:
    """Format promises as Markdown."""
    lines = [
        f"| rule | law | promise of {POWER:.0%} | value | n | kept | |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    lines += [
        f"| {one.rule} | {one.law} | {one.what} | {one.value:.4f} | {one.n:,} | "
        f"{one.kept:.3f} | {'' if one.holds else 'OUTSIDE'} |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, and return 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies.power", description=__doc__
    )
    parser.add_argument("--sets", type=int, default=4000, help="data sets a row")
    parser.add_argument(
        "--samples", type=int, default=100, help="measured samples an interval row"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args(argv)
    pairs = [(rule, law) for rule in RANGES for law in DRAWS]
    # All samples of two points have nearly the same spread, and so the same n*
    varied = [
        pair for pair in pairs if pair[1] != TWO_POINT and RANGES[pair[0]] is not None
    ]
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
        asked = [
            pool.submit(promises, *pair, sets=arguments.sets, seed=arguments.seed)
            for pair in pairs
        ]
        held = [
            pool.submit(covered, *pair, samples=arguments.samples, seed=arguments.seed)
            for pair in varied
        ]
        found = [promise for one in asked for promise in one.result()]
        shares = [one.result() for one in held]
    sys.stdout.write(table(found))
    sys.stdout.write(
        f"\n| rule | law | share of 95 % intervals, from {MEASURED} queries, that hold "
        "n* |\n|---|---|---:|\n"
    )
    for (rule, law), share in zip(varied, shares, strict=True):
        sys.stdout.write(f"| {rule} | {law} | {share:.2f} |\n")
    return 0 if all(promise.holds for promise in found) else 1


if __name__ == "__main__":
    sys.exit(main())
