"""Figures of `rankbound compare`: differences, verdicts, distributions, the sweep."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from rankbound.catalogue import COMPARED, base
from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.planes import NO_VECTORS, planes
from rankbound.drawing.powers import power_drawings
from rankbound.drawing.results import Found
from rankbound.drawing.shapes import shape_drawings


def drawings(result: Found) -> list[Drawing]:
    """The figures of one comparison, by quantity and by pair set."""
    from rankbound.figures.comparisons import draw_differences, draw_verdicts

    content = result.content
    by_quantity: dict[str, list[Any]] = defaultdict(list)
    for row in content["rows"]:
        named = row | {"reference_name": content["reference"]}
        by_quantity[row["quantity"]].append(named)
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
        *planes(result),
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

    sweep = result.content.get("sweep")
    if not sweep:
        reason = "the comparison holds no temperature sweep"
        return [Drawing(_named(result, "sweep"), None, reason, kind="sweep")]
    means: dict[str, dict[str, dict[float, float]]] = defaultdict(dict)
    for table in sweep["tables"]:
        for row in table["rows"]:
            by_name, factor = means[row["pairs"]], table["factor"]
            reference = by_name.setdefault(result.content["reference"], {})
            reference[factor] = row["reference_mean"]
            by_name.setdefault(row["sampling"], {})[factor] = row["mean"]
    return [
        Drawing(
            _named(result, "sweep", pairs), partial(draw_sweep, by_name), kind="sweep"
        )
        for pairs, by_name in means.items()
    ]


def _shapes(result: Found) -> list[Drawing]:
    shapes = result.content.get("shapes")
    if not shapes:
        name = _named(result, "distances")
        earlier = "an earlier version wrote this comparison; run compare again"
        reason = earlier if result.content.get("spaces") else NO_VECTORS
        return [Drawing(name, None, reason, kind="diameter")]
    named = {row["sampling"]: row for row in shapes}
    return shape_drawings(named, prefix=result.name)
