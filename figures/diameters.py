"""Figures behind a diameter: distances, intrinsic dimension, lengths and copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError
from rankbound.figures.data import keep
from rankbound.figures.style import COLOURS, axes_for, legend_above, line, mark, styled
from rankbound.figures.wording import shown

Shapes = Mapping[str, Mapping[str, Any]]


@styled
def draw_distances(shapes: Shapes, *, metric: str = "", ax: Axes | None = None) -> Axes:
    """Quantiles of the distances of pairs; the marks are 0.99-quantiles and maxima.

    Parameters
    ----------
    shapes : mapping of name to mapping
        With `distances`, rising, and `shares` of the pairs at most so far apart;
        `largest` and `quantile_99` where they are known exactly.
    metric : str
        Of the distances, for the axis.
    """
    ax = axes_for(ax)
    for index, (name, shape) in enumerate(_checked(shapes).items()):
        distances, shares = np.array(shape["distances"]), np.array(shape["shares"])
        look = line(index)
        ax.plot(shares, distances, label=shown(name), **look)
        ends = {0.99: shape.get("quantile_99"), 1.0: shape.get("largest")}
        for share, distance in ends.items():
            if distance is not None:
                style: dict[str, Any] = {"color": look["color"], "clip_on": False}
                ax.plot([share], [distance], mark(index), **style)
        names = [name] * len(shares)
        keep(ax, {"name": names, "share": shares, "distance": distances})
    words = f"distance of a pair{f' ({shown(metric)})' if metric else ''}"
    ax.set(xlabel="share of pairs at most so far apart", ylabel=words)
    ax.set_xlim(0, 1)
    ax.set_ylim(bottom=0)
    legend_above(ax)
    return ax


@styled
def draw_two_nn(shapes: Shapes, *, ax: Axes | None = None) -> Axes:
    """The fit of TwoNN's intrinsic dimension, the slope of the line through 0.

    Points that bend away from their line say that there is no single dimension.

    Parameters
    ----------
    shapes : mapping of name to mapping
        With `two_nn`: `dimension` (None is left out), `log_ratio` and `minus_log_rest`.
    """
    fits = {
        name: shape["two_nn"]
        for name, shape in _checked(shapes).items()
        if shape["two_nn"]["dimension"] is not None
    }
    if not fits:
        raise DomainError("no intrinsic dimension: too few distinct documents")
    ax = axes_for(ax)
    for index, (name, fit) in enumerate(fits.items()):
        ratios, rest = np.array(fit["log_ratio"]), np.array(fit["minus_log_rest"])
        colour = COLOURS[index % len(COLOURS)]
        told = f"{shown(name)}: dimension {fit['dimension']:.1f}"
        style: dict[str, Any] = {"color": colour, "markersize": 2, "linestyle": ""}
        ax.plot(ratios, rest, marker=mark(index), label=told, **style)
        end = min(ratios[-1], rest[-1] / fit["dimension"])
        ax.plot([0, end], [0, end * fit["dimension"]], color=colour, linewidth=0.7)
        columns: dict[str, Any] = {"name": [name] * len(ratios), "log_ratio": ratios}
        columns |= {"dimension": [fit["dimension"]] * len(ratios)}
        keep(ax, columns | {"minus_log_rest": rest})
    ax.set(xlabel=r"$\ln(r_2 / r_1)$ of neighbours", ylabel=r"$-\ln(1 - F)$")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    legend_above(ax)
    return ax


@styled
def draw_norms(shapes: Shapes, *, ax: Axes | None = None) -> Axes:
    """Lengths of the vectors, and how many of them are copies of another one.

    Parameters
    ----------
    shapes : mapping of name to mapping
        With `norms` (`edges`, `counts`), `documents`, `equal_documents` and
        `share_at_distance_0` of the pairs.
    """
    ax = axes_for(ax)
    for index, (name, shape) in enumerate(_checked(shapes).items()):
        edges, counts = np.array(shape["norms"]["edges"]), shape["norms"]["counts"]
        shares = np.array(counts) / sum(counts)
        told = f"{shown(name)}: {shape['equal_documents']:,} of "
        told += f"{shape['documents']:,} equal to another"
        ax.stairs(shares, edges, label=told, **line(index))
        columns: dict[str, Any] = {"name": [name] * len(shares), "from": edges[:-1]}
        columns |= {"to": edges[1:], "count": counts, "share": shares}
        keep(ax, columns)
    ax.set(xlabel="length of a vector", ylabel="share of documents")
    ax.set_ylim(0, 1.02)
    ax.locator_params(axis="x", nbins=4)
    legend_above(ax, columns=1)
    return ax


def _checked(shapes: Shapes) -> Shapes:
    if not shapes:
        raise DomainError("diameters need a set of vectors, got none")
    return shapes
