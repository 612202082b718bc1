"""Figures of `rankbound compare`: differences, verdicts, distributions, planes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.compare.result import COLUMNS, Comparison, Row
from rankbound.drawing.catalogue import Drawing, file_name, shape_drawings
from rankbound.drawing.powers import power_drawings
from rankbound.drawing.results import Found

if TYPE_CHECKING:
    from rankbound.data.columns import Floats

NO_VECTORS = "no vectors were given; give `embeddings` to compare"
Points = dict[str, tuple["Floats", "Floats"]]


def drawings(result: Found) -> list[Drawing]:
    """The figures of one comparison, by quantity and by pair set."""
    from rankbound.figures.comparisons import draw_differences, draw_verdicts
    from rankbound.figures.style import shown

    comparison = _comparison(result)
    by_quantity: dict[str, list[Row]] = defaultdict(list)
    for row in comparison.rows:
        by_quantity[row.quantity].append(row)
    found = []
    for quantity, rows in by_quantity.items():
        unit, reference = _unit(quantity), comparison.reference
        said = [*_queries(rows), *_error(comparison)]
        draw = partial(
            draw_differences, rows, unit=unit, reference=reference, constants=said
        )
        name = _named(result, "differences", quantity)
        found.append(Drawing(name, draw, kind="differences"))
        said = [f"against {shown(reference)} ({unit})", *said]
        draw = partial(draw_verdicts, rows, constants=said)
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


def _queries(rows: Iterable[Row]) -> list[str]:
    counts = {row.n for row in rows}
    if not counts:
        return []
    least, most = (f"{one:,}" for one in (min(counts), max(counts)))
    return [f"n = {most}" if least == most else f"n = {least} to {most}"]


def _error(comparison: Comparison) -> list[str]:
    family = comparison.family
    return [rf"$\delta$ = {comparison.delta:g} for all of {family.size} intervals"]


def _temperature(comparison: Comparison) -> str:
    return rf"teacher's $\tau$ = {comparison.teacher.temperature:.3g}"


def _comparison(result: Found) -> Comparison:
    return result.as_a(Comparison)


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
    for _, sampling, quantity, pairs, value in _values(result):
        if quantity in quantities:
            values[quantity, pairs].setdefault(sampling, []).append(value)
    found = []
    for (quantity, pairs), named in values.items():
        words = f"{_plain(quantity)} per query ({_unit(quantity)}), {pairs} pairs"
        for kind, draw in (("ridges", draw_ridges), ("ecdf", draw_ecdf)):
            name = _named(result, kind, quantity, pairs)
            counts = {len(sample) for sample in named.values()}
            ends = dict.fromkeys(f"{one:,}" for one in (min(counts), max(counts)))
            said = [f"n = {' to '.join(ends)}", _temperature(_comparison(result))]
            draw = partial(draw, named, quantity=words, constants=said)
            found.append(Drawing(name, draw, kind=kind))
    return found


def _values(result: Found) -> Iterator[tuple[str, str, str, str, float]]:
    """Query, sampling, quantity, pair set and value of the rows that have one."""
    if result.table:
        for *names, value in result.table.cells(*COLUMNS[:5]):
            if value:
                qid, sampling, quantity, pairs = names
                yield qid, sampling, quantity, pairs, float(value)


def _sweeps(result: Found) -> list[Drawing]:
    from rankbound.figures.comparisons import draw_sweep

    comparison = _comparison(result)
    means: dict[str, dict[str, dict[float, float]]] = defaultdict(dict)
    for table in comparison.sweep.tables:
        for row in table.rows:
            by_name, factor = means[row.pairs], table.factor
            reference = by_name.setdefault(comparison.reference, {})
            reference[factor] = row.reference_mean
            by_name.setdefault(row.sampling, {})[factor] = row.mean
    said = [_temperature(comparison), *_queries(comparison.rows)]
    return [
        Drawing(
            _named(result, "sweep", pairs),
            partial(draw_sweep, by_name, constants=[f"{pairs} pairs", *said]),
            kind="sweep",
        )
        for pairs, by_name in means.items()
    ]


def _shapes(result: Found) -> list[Drawing]:
    comparison = _comparison(result)
    if not comparison.shapes:
        name = _named(result, "distances")
        return [Drawing(name, None, NO_VECTORS, kind="diameter")]
    shapes = {shape.sampling: shape for shape in comparison.shapes}
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
            draw_locality_entropy,
            points[pairs],
            floor=_floor(result, pairs, points),
            constants=[f"{pairs} pairs", _temperature(_comparison(result))],
        )
        name = _named(result, "locality-entropy", pairs)
        found.append(Drawing(name, draw, kind="plane"))
    return found


def _points(result: Found) -> dict[str, Points]:
    """By pair set and sampling: diameters and entropies of the queries with both."""
    values: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for qid, sampling, quantity, pairs, value in _values(result):
        if quantity in ("diameter", "entropy"):
            values[pairs, sampling, quantity][qid] = value
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


def _floor(
    result: Found, pairs: str, points: dict[str, Points]
) -> tuple[Floats, Floats] | None:
    """The floor of Theorem 4 (a) over the diameters shown, as a diagnostic."""
    from rankbound.estimators.spread import entropy_floor

    coupling = _comparison(result).coupling
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
