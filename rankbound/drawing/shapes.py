"""Figures of the vectors behind diameters: distances, dimension, lengths, copies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from rankbound.drawing.catalogue import Drawing, file_name

if TYPE_CHECKING:
    from rankbound.figures.distributions import Ends
    from rankbound.figures.records import Shape


def shape_drawings(
    shapes: Mapping[str, Shape],
    *,
    exact: Mapping[str, Ends] | None = None,
    prefix: str = "",
    metric: str = "",
) -> list[Drawing]:
    """Distances, dimension and lengths of some sets of vectors."""
    from rankbound.figures.distributions import draw_distances, draw_norms, draw_two_nn

    if not shapes:
        return []
    draws = {
        "distances": partial(draw_distances, shapes, exact=exact, metric=metric),
        "two-nn": partial(draw_two_nn, shapes),
        "norms": partial(draw_norms, shapes),
    }
    return [
        Drawing(file_name(*filter(None, (prefix, name))), draw, kind="diameter")
        for name, draw in draws.items()
    ]
