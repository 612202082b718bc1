"""The variants of the bound compared: ranges, shift, queries needed, limits.

Closed-form numbers are values of statements of the registry. The others are means over
samples of simulated queries with several seeds, with their spread.

Every simulated query has 16 documents, and all 120 pairs enter. Its teacher scores are
independent normal numbers with standard deviation ``TEACHER_SPREAD * exp(QUERY_SPREAD *
e)``, where ``e`` is a standard normal number of the query, at temperature one, so that
some queries are easier than others. The student's scores are the teacher's plus
independent normal noise of standard deviation ``STUDENT_NOISE``, raised to at least 10
below the best of the group, which makes the score range true. The three numbers were
fitted to a mean entropy of 0.4180, a mean divergence of 0.0643 and a standard deviation
of 0.104 of the risk of a query, in nats. A weak student has the noise ``WEAK_NOISE``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds import notation
from rankbound.bounds.betting import betting, stake_grid
from rankbound.bounds.limits import split_limit, upper_limit
from rankbound.bounds.registry import statement
from rankbound.estimators.pairwise import (
    pairwise_divergence_nats,
    pairwise_entropy_nats,
)

GROUP_SIZE: Final = 16
SCORE_RANGE: Final = 10.0
TEACHER_SPREAD: Final = 1.6812
QUERY_SPREAD: Final = 0.3154
STUDENT_NOISE: Final = 0.6930
WEAK_NOISE: Final = 3.09
CHUNK: Final = 1_000  # queries drawn at a time, which fit into the cache
DELTA: Final = 0.05
GUESS: Final = math.log(2)  # the risk of a constant student
SIZES: Final = (43, 54, 250, 1000, 6980, 500_000)
POOL: Final = 500_000
SEEDS: Final = 20
METHODS: Final = ("hoeffding", "kl", "empirical_bernstein", "betting")
ENTROPY_SHARE: Final = 0.1  # share of delta for the large sample, if not half

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Queries:
    """Entropy and divergence of simulated queries in nats, each of shape (n,)."""

    entropy: Array
    divergence: Array

    @property
    def risk(self) -> Array:
        """Entropy plus divergence."""
        return self.entropy + self.divergence


def simulate(
    n_queries: int,
    generator: np.random.Generator,
    *,
    noise: float = STUDENT_NOISE,
    score_range: float = SCORE_RANGE,
) -> Queries:
    """Draw queries and compute their terms.

    Parameters
    ----------
    n_queries : int
        Number of queries.
    generator : numpy.random.Generator
        The only source of randomness.
    noise : float
        Standard deviation of the student's noise at a score range of 10.
    score_range : float
        Teacher and student scores are multiplied by a tenth of this.

    Returns
    -------
    Queries

    Examples
    --------
    >>> drawn = simulate(200, np.random.default_rng(0))
    >>> bool(0.35 < drawn.entropy.mean() < 0.48 and drawn.divergence.min() >= 0)
    True
    """
    parts = []
    for start in range(0, n_queries, CHUNK):
        count = min(CHUNK, n_queries - start)
        teacher, student = _scores(count, generator, noise)
        teacher, student = (
            scores * (score_range / SCORE_RANGE) for scores in (teacher, student)
        )
        entropy = pairwise_entropy_nats(teacher)
        parts.append((entropy, pairwise_divergence_nats(teacher, student)))
    entropy, divergence = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Queries(entropy, divergence)


def _scores(
    n_queries: int, generator: np.random.Generator, noise: float
) -> tuple[Array, Array]:
    spread = TEACHER_SPREAD * np.exp(
        QUERY_SPREAD * generator.standard_normal((n_queries, 1))
    )
    shape = (n_queries, GROUP_SIZE)
    teacher = spread * generator.standard_normal(shape)
    student = teacher + noise * generator.standard_normal(shape)
    best = student.max(axis=1, keepdims=True)
    return teacher, np.maximum(student, best - SCORE_RANGE)


class Box(NamedTuple):
    """The interval of the risk of one query, with its cut ratio."""

    cut: float
    low: float
    high: float
    width: float


def ranges(score_range: float = SCORE_RANGE, group: int | None = GROUP_SIZE) -> Box:
    """Interval of the risk of one query; `group` None stands for large groups.

    Examples
    --------
    >>> print(*(round(value, 4) for value in ranges()))
    0.5333 0.0048 5.6568 5.652
    """
    cut = 0.5 if group is None else statement("lemma-2c-cut-ratio").numpy()(group)
    ends = (statement(f"lemma-2c-{key}") for key in ("lower", "upper", "width"))
    return Box(float(cut), *(float(end.numpy()(score_range, cut)) for end in ends))


def add_on(n_queries: int) -> float:
    """Cost of a bilinear class compared to fixed students: twice its complexity.

    Examples
    --------
    >>> round(add_on(250), 3)
    1.265
    """
    complexity = statement("lemma-4-diameter").numpy()
    return 2 * float(complexity(1.0, 1.0, SCORE_RANGE, n_queries))


def shift_term(kappa: float) -> float:
    """Cost of a density ratio of target and sampling law, in nats.

    Examples
    --------
    >>> round(shift_term(1.1), 2)
    1.74
    """
    return float(statement("theorem-2b").numpy()(SCORE_RANGE, kappa))


def largest_kappa(risk: float) -> float:
    """Density ratio at which risk plus shift equal the risk of a constant student.

    Examples
    --------
    >>> round(largest_kappa(0.4823), 3)
    1.011
    """
    return float(
        statement("theorem-2b").solve_for(notation.kappa)(GUESS - risk, SCORE_RANGE)
    )


def queries_for_gap(gap: float, width: float) -> int:
    """Number of queries at which Hoeffding's limit is a gap above the sample mean.

    Examples
    --------
    >>> queries_for_gap(0.2, 10.0)
    3745
    """
    solved = statement("theorem-1a").solve_for(notation.n)
    return math.ceil(solved(gap, 0.0, width, 1, DELTA))


def limits_of(queries: Queries) -> dict[str, float]:
    """All limits of the risk from one sample, by name."""
    box = ranges()
    risk, divergence = queries.risk, queries.divergence
    least = math.log1p(math.exp(-SCORE_RANGE))
    wide = {"low": least, "high": SCORE_RANGE + least}
    half = upper_limit(divergence, low=0.0, high=box.high, delta=DELTA / 2)
    left = (1 - ENTROPY_SHARE) * DELTA
    most = _longer(divergence, low=0.0, high=box.high, delta=left)
    return {
        "hoeffding-range": upper_limit(risk, **wide, delta=DELTA, method="hoeffding"),
        **{
            method: upper_limit(
                risk, low=box.low, high=box.high, delta=DELTA, method=method
            )
            for method in METHODS
        },
        "split-kl": split_limit(
            queries.entropy, divergence, high=box.high, delta=DELTA, method="kl"
        ),
        "split-pool": min(box.high, entropy_limit(0.5) + half),
        "betting-longer": _longer(risk, low=box.low, high=box.high, delta=DELTA),
        "split-pool-tenth": min(box.high, entropy_limit(ENTROPY_SHARE) + most),
    }


@cache
def entropy_limit(share: float) -> float:
    """The part of a split limit that comes from the large sample.

    It spends a share of delta; unless that is half, there is one stake more.
    """
    entropy, delta = population().entropy, share * DELTA
    if share == 0.5:
        return upper_limit(entropy, low=0.0, high=GUESS, delta=delta)
    return _longer(entropy, low=0.0, high=GUESS, delta=delta)


def _longer(values: Array, *, low: float, high: float, delta: float) -> float:
    """The betting limit with one stake more than by default, below the last one."""
    stakes = stake_grid(len(values), delta)
    stakes = np.append(stakes, stakes[-1] / 1.8)
    return betting(values, low=low, high=high, delta=delta, stakes=stakes)


@cache
def population() -> Queries:
    """The large sample, which stands for the law."""
    return simulate(POOL, np.random.default_rng(0))


@cache
def simulated(n_queries: int) -> Mapping[str, tuple[float, float]]:
    """Mean and standard deviation of every limit over seeds; NaN for a single one."""
    if n_queries == POOL:
        return {
            name: (value, math.nan) for name, value in limits_of(population()).items()
        }
    rows = []
    for seed in range(1, SEEDS + 1):
        drawn = simulate(n_queries, np.random.default_rng([seed, n_queries]))
        rows.append(limits_of(drawn))
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {
        name: (float(column.mean()), float(column.std(ddof=1)))
        for name, column in columns.items()
    }


@cache
def weak_risk() -> float:
    """Risk of a student with much noise, which no sample should certify."""
    drawn = simulate(20_000, np.random.default_rng(0), noise=WEAK_NOISE)
    return float(drawn.risk.mean())


@cache
def rescaled(score_range: float) -> tuple[float, float, float]:
    """Risk with rescaled scores; mean and spread of the betting limit over seeds."""
    law = simulate(20_000, np.random.default_rng(0), score_range=score_range)
    size = 250 if score_range > 1 else 1000
    box = ranges(score_range)
    limits = []
    for seed in range(1, SEEDS + 1):
        generator = np.random.default_rng([seed, size])
        risk = simulate(size, generator, score_range=score_range).risk
        limits.append(_longer(risk, low=box.low, high=box.high, delta=DELTA))
    spread = float(np.std(limits, ddof=1))
    return float(law.risk.mean()), float(np.mean(limits)), spread
