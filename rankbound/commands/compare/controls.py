"""Negative controls: inputs about which theory knows the answer.

Each is a test of this program on this data set, at an error rate of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import gammaln

from rankbound.bounds.certificate import LN2
from rankbound.bounds.limits import two_sided
from rankbound.commands.compare.quantities import space_quantities, teacher_quantities
from rankbound.commands.compare.ranges import UNIT_SLACK
from rankbound.commands.compare.run import Comparison
from rankbound.commands.compare.samplings import Sampling
from rankbound.commands.compare.sweep import entropy_rows
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Floats, Scores
from rankbound.validation.family import common

# Chance that a control fails although nothing is wrong
FALSE_ALARM: Final = 1e-3
EXACT: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what theory says, what was found, and whether they agree.

    `passed` is None where the control could not run.
    """

    name: str
    expected: str
    found: str
    passed: bool | None

    def record(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "control": self.name,
            "expected": self.expected,
            "found": self.found,
            "passed": self.passed,
        }


def run_controls(comparison: Comparison) -> list[Control]:
    """Shuffled teacher, constant teacher, random embeddings."""
    return [
        shuffled_teacher(comparison),
        constant_teacher(comparison),
        random_embeddings(comparison),
    ]


def shuffled_teacher(comparison: Comparison) -> Control:
    """Scores permuted among the pooled documents of a query: no sampling differs.

    Every pair of every sampling is then a random pair of the pool, so that the expected
    entropy is that of the pool for all samplings and pair sets.
    """
    rng = np.random.default_rng([comparison.options.seed, 1])
    shuffled = shuffled_scores(comparison.loaded.pool, rng)

    def transform(sampling: Sampling) -> Floats:
        return sampling.groups.scores_of(shuffled)[0]

    rows = entropy_rows(comparison, transform, delta=FALSE_ALARM)
    missed = [row for row in rows if not row["lower"] <= 0 <= row["upper"]]
    worst = max((abs(row["difference"]) for row in rows), default=0.0)
    return Control(
        "shuffled teacher",
        "the entropy differs between no two samplings: every interval holds 0",
        f"{len(rows) - len(missed)} of {len(rows)} intervals hold 0; largest "
        f"difference {worst:.4f} nats",
        not missed,
    )


def shuffled_scores(pool: Sampling, rng: np.random.Generator) -> Scores:
    """The pool's scores, permuted within every query."""
    groups = pool.groups
    query = groups.row_query()
    source = np.lexsort((rng.random(len(query)), query))
    place = np.lexsort((np.arange(len(query)), query))
    values = np.empty(len(query))
    values[place] = pool.values[source]
    return Scores.from_rows(
        query, groups.qids, groups.codes, groups.docnos, values, name="shuffled teacher"
    )


def constant_teacher(comparison: Comparison) -> Control:
    """All scores equal: every pair ties and has the entropy ln 2, in every sampling."""
    worst, ties = 0.0, True
    for sampling in comparison.loaded.samplings:
        made = teacher_quantities(
            sampling.groups,
            np.zeros(len(sampling.values)),
            pair_sets=comparison.options.pair_sets,
        )
        for (name, _), column in made.items():
            if name == "entropy":
                worst = max(worst, float(np.abs(column.values - LN2).max()))
            if name == "ties":
                ties = ties and bool((column.values == 1).all())
    return Control(
        "constant teacher",
        "every pair ties, and every entropy is ln 2",
        f"largest distance from ln 2: {worst:.1e} nats; "
        f"{'all' if ties else 'not all'} pairs tie",
        ties and worst <= EXACT,
    )


def random_embeddings(comparison: Comparison) -> Control:
    """Vectors drawn at random: distances know nothing of the sampling.

    The mean distance is that of independent directions for every sampling and pair set.
    """
    embeddings, options = comparison.loaded.embeddings, comparison.options
    expected = "the mean distance is that of independent directions, in every sampling"
    if embeddings is None:
        found = "not run: there are no vectors (--embeddings)"
        return Control("random embeddings", expected, found, None)
    rng = np.random.default_rng([options.seed, 2])
    docnos = comparison.loaded.pool.groups.docnos
    vectors = rng.normal(size=(len(docnos), embeddings.dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    drawn = Embeddings(docnos, vectors, "random embeddings")
    made = {
        s.name: space_quantities(
            s.groups,
            s.values,
            drawn,
            metric=options.metric,
            pair_sets=options.pair_sets,
        ).measured
        for s in comparison.loaded.samplings
    }
    angular = options.metric == "angular"
    centre = math.pi / 2 if angular else mean_chord(embeddings.dim)
    high = math.pi if angular else 2 * (1 + UNIT_SLACK)
    checks = [
        (column.values, centre, 0.0, high)
        for measured in made.values()
        for (name, _), column in measured.items()
        if name == "mean_distance"
    ]
    base = made[options.baseline]
    for name in options.names:
        for key, column in made[name].items():
            if name != options.baseline and key[0] == "mean_distance" and key in base:
                first, second = common(column, base[key])
                checks.append((first - second, 0.0, -high, high))
    held = sum(_holds(*check, delta=FALSE_ALARM / len(checks)) for check in checks)
    return Control(
        "random embeddings",
        f"{expected} ({centre:.4f}), and differs between no two",
        f"{held} of {len(checks)} intervals hold the value",
        held == len(checks),
    )


def mean_chord(dim: int) -> float:
    """Expected distance of two independent uniform unit vectors.

    Examples
    --------
    >>> round(mean_chord(2) - 4 / math.pi, 12), round(mean_chord(3), 6)
    (0.0, 1.333333)
    """
    logs = (dim - 1) * LN2 + 2 * gammaln(dim / 2) - gammaln(dim - 0.5)
    return float(np.exp(logs - 0.5 * math.log(math.pi)))


def _holds(
    values: Floats, centre: float, low: float, high: float, *, delta: float
) -> bool:
    lower, upper = two_sided(values, low=low, high=high, delta=delta)
    return lower <= centre <= upper
