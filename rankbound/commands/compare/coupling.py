"""The target form of the entropy, and the floor that margins and distances set."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankbound.bounds.certificate import interval_part
from rankbound.bounds.ranges import cut_ratio_all_pairs
from rankbound.catalogue import PAIR_SETS
from rankbound.commands.compare.measures import Measures
from rankbound.commands.compare.run import Comparison
from rankbound.commands.measure.certifying import group_sizes
from rankbound.data.per_query import PerQuery
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.estimators.spread import entropy_floor
from rankbound.validation.family import common

NO_VECTORS = "no vectors were given, so there are no floors from distances"
DIAGNOSTIC = (
    "diagnostic: the steepest teacher margin per distance of these samples is smaller "
    "than the teacher's Lipschitz constant, so that the floors from distances may lie "
    "above the true ones; the floor from the mean margin needs no such constant"
)


def target_form(comparison: Comparison) -> dict[str, Any]:
    """Entropy over the fixed reference law of pairs, which no sampling changes."""
    options = comparison.options
    rows = []
    for pairs in PAIR_SETS:
        column = comparison.target.get(("entropy", pairs))
        if column is None:
            continue
        part = interval_part(
            "entropy", column.values, high=NATS_PER_BIT, delta=options.delta
        )
        sampled = {
            name: _excess(measures.measured["entropy", pairs], column)
            for name, measures in comparison.measures.items()
            if ("entropy", pairs) in measures.measured
        }
        rows.append(
            {
                "pairs": pairs,
                "n": len(column),
                "entropy": part.value,
                "lower": part.lower,
                "upper": part.upper,
                "sampled_minus_target": sampled,
            }
        )
    given = options.target
    return {
        "law": "the union of the documents of all samplings, every pair of a query "
        "with the same weight"
        if given is None
        else f"the groups of {given.name}, every pair of a group with the same weight",
        "rows": rows,
        "difference_between_samplings": 0.0,
        "because": "the law of the pairs is fixed, and the teacher does not depend on "
        "the sampling (theorem-4c)",
    }


def _excess(sampled: PerQuery, target: PerQuery) -> float:
    """Mean over the queries of both of the sampled entropy minus the target's."""
    first, second = common(sampled, target)
    return float((first - second).mean())


def coupling(comparison: Comparison) -> dict[str, Any]:
    """The entropy floor of every sampling and pair set, from margins and distances."""
    slopes = [m.space.lipschitz for m in comparison.measures.values() if m.space]
    steepest = max(slopes, default=None)
    return {
        "statement": "theorem-4a: no teacher with these margins has less entropy",
        "lipschitz": steepest,
        "lipschitz_status": NO_VECTORS if steepest is None else DIAGNOSTIC,
        "rows": [
            {"sampling": name, "pairs": pairs, **_floors(measures, pairs, steepest)}
            for name, measures in comparison.measures.items()
            for pairs in PAIR_SETS
            if ("entropy", pairs) in measures.measured
        ],
    }


def _floors(measures: Measures, pairs: str, steepest: float | None) -> dict[str, Any]:
    made = measures.measured
    margin = made["margin", pairs].mean()
    found: dict[str, Any] = {
        "entropy": made["entropy", pairs].mean(),
        "mean_margin": margin,
        "floor": _floor(margin),
        "floor_mean_distance": None,
        "floor_diameter": None,
        "cut_ratio": None,
    }
    if steepest is not None and ("diameter", pairs) in made:
        distance = made["mean_distance", pairs].mean()
        diameter = made["diameter", pairs].mean()
        found["floor_mean_distance"] = _floor(steepest * distance)
        found["cut_ratio"] = _cut_ratio(measures, pairs)
        found["floor_diameter"] = _floor(found["cut_ratio"] * steepest * diameter)
    return found


def _cut_ratio(measures: Measures, pairs: str) -> float:
    """c_E of the smallest group; 1 for positive-negative pairs, all cut at once."""
    groups, _ = measures.sampling.with_pairs(pairs)
    if pairs == "pos-neg":
        return 1.0
    return cut_ratio_all_pairs(int(group_sizes(groups, pairs).min()))


def _floor(mean_margin: float) -> float:
    return float(entropy_floor(np.array(mean_margin)))
