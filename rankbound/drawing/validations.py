"""Figures of `rankbound validate`: correlations, and bounds against risks."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

from rankbound.drawing.catalogue import Drawing, file_name
from rankbound.drawing.results import Result


def drawings(result: Result) -> list[Drawing]:
    """A forest for every data set and student, and the certificates."""
    from figures.associations import draw_correlations
    from figures.certificates import draw_bound_against_risk

    rows: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in result.content["per_query"]:
        rows[row["dataset"], row["student"]].append(row)
    delta = result.content.get("delta", 0.05)
    found = [
        Drawing(
            _named(result, "correlations", *key),
            partial(draw_correlations, mine, delta=delta),
        )
        for key, mine in rows.items()
    ]
    certificates = [
        row for row in result.content["certificates"] if row.get("risk") is not None
    ]
    name = _named(result, "certificates")
    if not certificates:
        return [*found, Drawing(name, None, "the results hold no certificates")]
    return [*found, Drawing(name, partial(draw_bound_against_risk, certificates))]


def _named(result: Result, *parts: str) -> str:
    return file_name(*filter(None, (result.name, *parts)))
