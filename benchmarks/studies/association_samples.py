"""Planted populations, and what one sample of them says about coverage and level."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.data.columns import Floats
from rankbound.validation.association import Association, Effort, Panel, draw, summary
from rankbound.validation.controls import any_rejected
from rankbound.validation.distance_correlation import distance_correlation
from rankbound.validation.judging import Family
from rankbound.validation.pooling import pool
from rankbound.validation.power import detectable_correlation

DELTA: Final = 0.05


# Only Spearman's p-values count in a family; they need the most permutations
CHEAP: Final = Effort(200, 99, rank_permutations=4_999)


@dataclass(frozen=True, slots=True)
class Setting:
    """One population and sample size.

    `kind` names what is counted; `n` queries; `planted` the correlation r of the
    normal population.
    """

    kind: str
    n: int
    planted: float = 0.0


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
    """Term and measure both follow difficulty, and nothing else joins them."""
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


SIMULATIONS: Final[dict[str, Callable[[Setting, np.random.Generator], Outcome]]] = {
    "coverage": _coverage,
    "family": _family,
    "pool": _pool,
    "partial": _partial,
    "distance": _distance,
    "power": _power,
}


def normal_pair(n: int, r: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Two standard normal columns with correlation r in the population."""
    x = rng.normal(size=n)
    return x, r * x + math.sqrt(1 - r * r) * rng.normal(size=n)


def null_panel(n: int, rng: np.random.Generator) -> Panel:
    """Six terms and eight measures that know nothing of each other.

    Within each side they are correlated, as real ones are; some measures have ties and
    some terms heavy tails.
    """
    terms = rng.normal(size=(n, 1)) + rng.normal(size=(n, 6))
    targets = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=(n, 8))
    terms[:, :2] = np.exp(terms[:, :2])
    targets[:, :3] = np.round(targets[:, :3])
    return Panel(terms, targets, np.empty((n, 0)), np.empty((8, 0), dtype=bool))


def _one(x: Floats, y: Floats, effort: Effort, rng: np.random.Generator) -> Association:
    nothing = np.empty((len(x), 0)), np.empty((1, 0), dtype=bool)
    panel = Panel(x[:, None], y[:, None], *nothing)
    return summary(draw(panel, effort, rng), delta=DELTA)[0][0]


def _any_found(made: list[list[Association]]) -> bool:
    p_values = [cell.spearman.p for line in made for cell in line]
    tested = np.array([[p for p in p_values if p is not None]])
    return bool(any_rejected(tested, Family(delta=DELTA))[0])
