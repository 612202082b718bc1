"""Figures of `rankbound compare`: differences, verdicts, distributions, planes."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np

from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.compare.result import Comparison, Coupling
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.powers import power_drawings
from rankbound.drawing.results import Found
from rankbound.drawing.shapes import shape_drawings

NO_VECTORS = "no vectors were given; give --embeddings to compare"
Points = dict[str, tuple[Any, Any]]


def drawings(result: Found) -> list[Drawing]:
    """The figures of one comparison, by quantity and by pair set."""
    from rankbound.figures.comparisons import draw_differences, draw_verdicts

    comparison: Comparison = result.content
    by_quantity: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in comparison.rows:
        named = row.to_dict() | {"reference_name": comparison.reference}
        by_quantity[row.quantity].append(named)
    found = []
    for quantity, rows in by_quantity.items():
        unit = _unit(quantity)
        draw = partial(draw_differences, rows, unit=unit)
        name = _named(result, "differences", quantity)
        found.append(Drawing(name, draw, kind="differences"))
        draw = partial(draw_verdicts, rows)
        name = _named(result, "verdicts", quantity)
        found.append(Drawing(name, draw, kind="verdicts"))
    return [
        *found,
        *_distributions(result, [*by_quantity]),
        *_sweeps(result),
        *_planes(result),
        *_shapes(result),
        *power_drawings(result),
    ]


def _unit(quantity: str) -> str:
    known = COMPARED.get(base(quantity))
    return "1" if known is None else known.unit


def _plain(quantity: str) -> str:
    return quantity.replace("_", " ")


def _named(result: Found, *parts: str) -> str:
    return file_name(*filter(None, (result.name, *parts)))


def _distributions(result: Found, quantities: list[str]) -> list[Drawing]:
    """Ridges and distribution functions of every quantity and pair set compared."""
    from rankbound.figures.distributions import draw_ecdf, draw_ridges

    values: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(dict)
    for row in result.table:
        if row["quantity"] in quantities and row["value"]:
            key = (row["quantity"], row["pairs"])
            values[key].setdefault(row["sampling"], []).append(float(row["value"]))
    found = []
    for (quantity, pairs), named in values.items():
        words = f"{_plain(quantity)} per query ({_unit(quantity)}), {pairs} pairs"
        for kind, draw in (("ridges", draw_ridges), ("ecdf", draw_ecdf)):
            name = _named(result, kind, quantity, pairs)
            draw = partial(draw, named, quantity=words)
            found.append(Drawing(name, draw, kind=kind))
    return found


def _sweeps(result: Found) -> list[Drawing]:
    from rankbound.figures.comparisons import draw_sweep

    comparison: Comparison = result.content
    means: dict[str, dict[str, dict[float, float]]] = defaultdict(dict)
    for table in comparison.sweep.tables:
        for row in table.rows:
            by_name, factor = means[row.pairs], table.factor
            reference = by_name.setdefault(comparison.reference, {})
            reference[factor] = row.reference_mean
            by_name.setdefault(row.sampling, {})[factor] = row.mean
    return [
        Drawing(
            _named(result, "sweep", pairs), partial(draw_sweep, by_name), kind="sweep"
        )
        for pairs, by_name in means.items()
    ]


def _shapes(result: Found) -> list[Drawing]:
    comparison: Comparison = result.content
    if not comparison.shapes:
        name = _named(result, "distances")
        return [Drawing(name, None, NO_VECTORS, kind="diameter")]
    shapes = {shape.sampling: shape.to_dict() for shape in comparison.shapes}
    return shape_drawings(shapes, prefix=result.name)


def _planes(result: Found) -> list[Drawing]:
    """One plane for every pair set, all samplings in it."""
    from rankbound.figures.certificates import draw_locality_entropy

    name = _named(result, "locality-entropy")
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
        name = _named(result, "locality-entropy", pairs)
        found.append(Drawing(name, draw, kind="plane"))
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

    coupling: Coupling = result.content.coupling
    if coupling.lipschitz is None:
        return None
    ratios = [
        row.cut_ratio
        for row in coupling.rows
        if row.pairs == pairs and row.cut_ratio is not None
    ]
    every = np.concatenate([pair[0] for pair in points[pairs].values()])
    diameters = np.linspace(float(every.min()), float(every.max()), 121)
    # One line for all samplings: the largest ratio gives the lowest
    ratio = max(ratios, default=1.0)
    return diameters, entropy_floor(ratio * coupling.lipschitz * diameters)
