"""Figures of distributions: values of queries, distances, lengths and dimensions."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import seaborn
from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.figures.output import Table, keep
from rankbound.figures.records import Shape
from rankbound.figures.style import (
    axes_for,
    colour,
    legend_above,
    line,
    mark,
    name_ticks,
    say_constants,
    shown,
    styled,
    width_of,
    wrapped,
)

ROUNDING: Final = 1e-12
EQUAL: Final = 0.005  # of a length, within which all vectors count as equally long
HEIGHT: Final = 0.85  # of a ridge, as a share of the distance between two
# A ridge is the upper half of a violin
_draw_ridge = functools.partial(
    seaborn.violinplot,
    orient="h",
    native_scale=True,
    split=True,
    width=HEIGHT,
    density_norm="width",
    cut=0,
    gridsize=201,
    inner=None,
    saturation=1,
    alpha=0.45,
    linewidth=0.8,
)
Named = Mapping[str, Floats | Sequence[float]]


@styled
def draw_ecdf(
    values: Named,
    *,
    quantity: str = "entropy per query (nats)",
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Share of queries at or below each value, a line for every name.

    Parameters
    ----------
    values : mapping of str to sequence of float
        By name, one value per query.
    quantity : str
        Name and unit, for the axis.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without values, or on one that is not finite.

    Examples
    --------
    >>> draw_ecdf({"bm25": [0.1, 0.4, 0.2]}).get_ylabel()
    'share of queries'
    """
    ax = axes_for(ax)
    for index, (name, sample) in enumerate(_checked(values).items()):
        ordered = np.sort(sample)
        shares = np.arange(1, len(ordered) + 1) / len(ordered)
        seaborn.ecdfplot(x=sample, ax=ax, label=shown(name), **line(index))
        names = [name] * len(ordered)
        keep(ax, {"name": names, "value": ordered, "share": shares})
    ax.set(xlabel=_wording(quantity), ylabel="share of queries")
    ax.set_ylim(0, 1.02)
    legend_above(ax)
    return say_constants(ax, constants)


@styled
def draw_ridges(
    values: Named,
    *,
    quantity: str = "entropy per query (nats)",
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """A density for every name, one above the other, with the median marked.

    Densities are Gaussian kernel estimates, cut at the smallest and largest value. If
    all values of a name are equal, a mark says so. Parameters and errors are those of
    `draw_ecdf`; values that are equal within every name have no distribution, and are
    refused, too.

    Examples
    --------
    >>> ax = draw_ridges({"bm25": [0.1, 0.4, 0.2], "random": [0.5, 0.6, 0.6]})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['bm25', 'random']
    """
    named = _checked(values)
    if not any(map(_spreads, named.values())):
        raise DomainError(
            "ridges need a name whose values differ; every query has the same value"
        )
    ax = axes_for(ax, height=0.6 + 0.36 * len(named))
    for place, (name, sample) in enumerate(named.items()):
        own, median = colour(place), float(np.median(sample))
        if _spreads(sample):
            _draw_ridge(
                x=sample,
                y=np.full(len(sample), place - HEIGHT / 2),
                color=own,
                linecolor=own,
                ax=ax,
            )
            ends = [place, place - HEIGHT]
            ax.plot([median, median], ends, color="black", linewidth=0.8)
        else:
            ax.plot([median], [place - HEIGHT / 2], "D", color=own)
            told = f"all {median:.3g} "
            ax.annotate(
                told,
                (median, place - HEIGHT / 2),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
            )
        keep(ax, {"name": [name] * len(sample), "value": sample})
    name_ticks(ax, range(len(named)), named)
    ax.tick_params(axis="y", length=0)
    ax.set(ylabel="", ylim=(len(named) - 0.9, -1))
    words = _wording(quantity)
    # Long names push the axes to the right, which would push a long label off the page
    ax.set_xlabel(words, loc="right" if width_of(words, size=8) > 1.5 else "center")
    return say_constants(ax, ["black: median", *constants])


def _spreads(sample: Floats) -> bool:
    """Whether values differ by more than rounding, so that they have a density."""
    return bool(np.ptp(sample) > ROUNDING * max(1.0, float(np.abs(sample).max())))


def _wording(quantity: str) -> str:
    return wrapped(shown(quantity), 2.75, size=8)


def _checked(values: Named) -> dict[str, Floats]:
    arrays = {name: np.asarray(v, dtype=np.float64) for name, v in values.items()}
    if not arrays or any(sample.size == 0 for sample in arrays.values()):
        raise DomainError("a distribution needs values of at least one name, got none")
    bad = [name for name, sample in arrays.items() if not np.isfinite(sample).all()]
    if bad:
        raise DomainError(f"values must be finite, those of {bad[0]!r} are not")
    return arrays


class Ends(NamedTuple):
    """The exact 0.99-quantile of distances and the largest distance, if known."""

    quantile_99: float | None
    largest: float | None


Shapes = Mapping[str, Shape]


@styled
def draw_distances(
    shapes: Shapes,
    *,
    exact: Mapping[str, Ends] | None = None,
    metric: str = "",
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Quantiles of the distances of pairs; the marks are 0.99-quantiles and maxima.

    Parameters
    ----------
    shapes : mapping of str to Shape
    exact : mapping of str to Ends, optional
        For the names whose exact values are known.
    metric : str
        Name of the metric, for the axis.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without shapes.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> shape = SimpleNamespace(distances=[0.5, 1.2], shares=[0.5, 1.0])
    >>> draw_distances({"bm25": shape}, metric="euclidean").get_ylabel()
    'distance of a pair (euclidean)'
    """
    ax = axes_for(ax)
    for index, (name, shape) in enumerate(_given(shapes).items()):
        distances, shares = np.array(shape.distances), np.array(shape.shares)
        ax.plot(shares, distances, label=shown(name), **line(index))
        ends = (exact or {}).get(name, ())
        for share, distance in zip((0.99, 1.0), ends, strict=False):
            if distance is not None:
                look, sign = colour(index), mark(index)
                ax.plot([share], [distance], sign, color=look, clip_on=False)
        names = [name] * len(shares)
        keep(ax, {"name": names, "share": shares, "distance": distances})
    words = f"distance of a pair{f' ({shown(metric)})' if metric else ''}"
    ax.set(xlabel="share of pairs at most so far apart", ylabel=words)
    ax.set_xlim(0, 1)
    ax.set_ylim(bottom=0)
    legend_above(ax)
    marked = ["marks: 0.99-quantiles, largest distances"] if exact else []
    return say_constants(ax, [*marked, *constants])


@styled
def draw_two_nn(
    shapes: Shapes, *, constants: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """The fit of TwoNN's intrinsic dimension, the slope of the line through 0.

    Points that bend away from their line show that there is no single dimension.

    Parameters
    ----------
    shapes : mapping of str to Shape
        Those without a dimension are left out.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        If no shape has a dimension.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> fit = SimpleNamespace(
    ...     dimension=2.0, log_ratio=[0.2, 0.5], minus_log_rest=[0.4, 1.0])
    >>> ax = draw_two_nn({"bm25": SimpleNamespace(two_nn=fit)})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['bm25: dimension 2.0']
    """
    fits = {
        name: (shape.two_nn, shape.two_nn.dimension)
        for name, shape in _given(shapes).items()
        if shape.two_nn.dimension is not None
    }
    if not fits:
        raise DomainError("no intrinsic dimension: too few distinct documents")
    ax = axes_for(ax)
    for index, (name, (fit, dimension)) in enumerate(fits.items()):
        ratios, rest = np.array(fit.log_ratio), np.array(fit.minus_log_rest)
        own, told = colour(index), f"{shown(name)}: dimension {dimension:.1f}"
        ax.plot(ratios, rest, mark(index), color=own, markersize=2, label=told)
        end = min(ratios[-1], rest[-1] / dimension)
        ax.plot([0, end], [0, end * dimension], color=own, linewidth=0.7)
        columns: Table = {
            "name": [name] * len(ratios),
            "log_ratio": ratios,
            "dimension": [dimension] * len(ratios),
            "minus_log_rest": rest,
        }
        keep(ax, columns)
    ax.set(xlabel=r"$\ln(r_2 / r_1)$ of neighbours", ylabel=r"$-\ln(1 - F)$")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    legend_above(ax)
    said = ["$r_1$, $r_2$: distances to the nearest two", "$F$: share below"]
    return say_constants(ax, [*said, *constants])


@styled
def draw_norms(
    shapes: Shapes, *, constants: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Lengths of the vectors, and how many of them are copies of another one.

    Parameters
    ----------
    shapes : mapping of str to Shape
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without shapes, or if all vectors are equally long, so that there is no
        distribution to show.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> norms = SimpleNamespace(edges=[0.9, 1.0, 1.1], counts=[3, 1])
    >>> shape = SimpleNamespace(norms=norms, documents=4, equal_documents=2)
    >>> ax = draw_norms({"bm25": shape})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['bm25: 2 of 4 equal to another']
    """
    ends = [_occupied(shape) for shape in _given(shapes).values()]
    low, high = min(one for one, _ in ends), max(other for _, other in ends)
    if high - low <= EQUAL * high:
        copies = "; ".join(f"{name}: {_copies(one)}" for name, one in shapes.items())
        raise DomainError(
            f"all vectors have the length {(low + high) / 2:.3g}, within "
            f"{EQUAL / 2:.2%}, so their lengths have no distribution; {copies}"
        )
    ax = axes_for(ax)
    for index, (name, shape) in enumerate(shapes.items()):
        edges, counts = np.array(shape.norms.edges), shape.norms.counts
        shares = np.array(counts) / sum(counts)
        told = f"{shown(name)}: {_copies(shape)}"
        ax.stairs(shares, edges, label=told, **line(index))
        columns: Table = {
            "name": [name] * len(shares),
            "from": edges[:-1],
            "to": edges[1:],
            "count": counts,
            "share": shares,
        }
        keep(ax, columns)
    ax.set(xlabel="length of a vector", ylabel="share of documents")
    ax.set_ylim(0, 1.02)
    ax.locator_params(axis="x", nbins=4)
    legend_above(ax, columns=1)
    return say_constants(ax, constants)


def _occupied(shape: Shape) -> tuple[float, float]:
    """The ends of the bins of lengths that are not empty."""
    filled = np.flatnonzero(shape.norms.counts)
    edges = shape.norms.edges
    return float(edges[filled[0]]), float(edges[filled[-1] + 1])


def _copies(shape: Shape) -> str:
    return f"{shape.equal_documents:,} of {shape.documents:,} equal to another"


def _given(shapes: Shapes) -> Shapes:
    if not shapes:
        raise DomainError("diameters need a set of vectors, got none")
    return shapes
