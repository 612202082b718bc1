"""Locality-entropy planes of a comparison, with the floor that distances leave."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np

from rankbound.catalogue import PAIR_SETS
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Found

NO_VECTORS = "no vectors were given; give --embeddings to compare"
Points = dict[str, tuple[Any, Any]]


def planes(result: Found) -> list[Drawing]:
    """One plane for every pair set, all samplings in it."""
    from rankbound.figures.certificates import draw_locality_entropy

    name = file_name(*filter(None, (result.name, "locality-entropy")))
    points = _points(result)
    if not points:
        return [Drawing(name, None, NO_VECTORS, kind="plane")]
    found = []
    for pairs in PAIR_SETS:
        if pairs not in points:
            continue
        draw = partial(
            draw_locality_entropy, points[pairs], floor=_floor(result, pairs, points)
        )
        title = file_name(*filter(None, (result.name, "locality-entropy", pairs)))
        found.append(Drawing(title, draw, kind="plane"))
    return found


def _points(result: Found) -> dict[str, Points]:
    """By pair set and sampling: diameters and entropies of the queries with both."""
    values: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for row in result.table:
        if row["quantity"] in ("diameter", "entropy") and row["value"]:
            key = (row["pairs"], row["sampling"], row["quantity"])
            values[key][row["qid"]] = float(row["value"])
    found: dict[str, Points] = defaultdict(dict)
    for (pairs, sampling, quantity), diameters in values.items():
        entropies = values.get((pairs, sampling, "entropy"), {})
        both = [qid for qid in diameters if qid in entropies]
        if quantity == "diameter" and both:
            found[pairs][sampling] = (
                np.array([diameters[qid] for qid in both]),
                np.array([entropies[qid] for qid in both]),
            )
    return found


def _floor(result: Found, pairs: str, points: dict[str, Points]) -> Any:
    """The floor of Theorem 4 (a) over the diameters shown; a diagnostic, see there."""
    from rankbound.estimators.spread import entropy_floor

    coupling = result.content.get("coupling", {})
    steepest = coupling.get("lipschitz")
    ratios = [
        row.get("cut_ratio")
        for row in coupling.get("rows", ())
        if row["pairs"] == pairs and row.get("cut_ratio") is not None
    ]
    if steepest is None:
        return None
    every = np.concatenate([pair[0] for pair in points[pairs].values()])
    diameters = np.linspace(float(every.min()), float(every.max()), 121)
    # One line for all samplings: the largest ratio gives the lowest
    ratio = max(ratios, default=1.0)
    return diameters, entropy_floor(ratio * steepest * diameters)
