"""Figures of power: what a number of queries can show."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import n
from rankbound.figures.output import keep
from rankbound.figures.style import (
    axes_for,
    colour,
    label,
    legend_above,
    line,
    mark,
    shown,
    styled,
)
from rankbound.validation.power import (
    detectable_correlation,
    detectable_difference,
    equivalence_margin,
)

FAMILIES = (1, 10, 100)
# From the sizes of test collections to those of training sets
QUERIES = np.unique(np.round(np.logspace(1, 4, 49)).astype(int))


@dataclass(frozen=True, slots=True)
class Source:
    """The standard deviation of paired differences, and numbers of queries to mark."""

    source: str
    sd: float
    n: Sequence[int] = ()


@styled
def draw_correlation_power(
    marks: Sequence[tuple[str, int]] = (),
    *,
    family: int | None = None,
    power: float = 0.8,
    delta: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """The smallest correlation that a number of queries can show.

    Parameters
    ----------
    marks : sequence of (str, int)
        Names and numbers of queries to mark, at least 4 each.
    family : int, optional
        Number of tests, by which `delta` is divided. By default there is one line each
        for 1, 10 and 100 tests.
    power, delta : float
        Probability of finding a correlation that exists, and error rate of the family.
    ax : Axes, optional

    Examples
    --------
    >>> ax = draw_correlation_power([("trec", 43)], family=10)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['10 tests', 'trec: n = 43']
    """
    ax = axes_for(ax)
    queries = _queries(count for _, count in marks)
    for index, size in enumerate(FAMILIES if family is None else (family,)):
        values = [
            detectable_correlation(int(q), power=power, delta=delta / size)
            for q in queries
        ]
        name = "1 test" if size == 1 else f"{size:,} tests"
        ax.plot(queries, values, label=name, **line(index))
        keep(ax, {"curve": [name] * len(queries), "n": queries, "rho": values})
    for index, (name, count) in enumerate(marks, start=1):
        value = detectable_correlation(count, power=power, delta=delta / (family or 1))
        _mark(ax, count, value, index, f"{shown(name)}: n = {count:,}")
        keep(ax, {"curve": [name], "n": [count], "rho": [value]})
    _axes(ax, r"detectable $|\rho|$", power)
    ax.set_ylim(0, 1)
    return ax


@styled
def draw_difference_power(
    sources: Sequence[Source],
    *,
    unit: str = "",
    margin: float | None = None,
    power: float = 0.8,
    delta: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """The smallest difference and margin of equivalence that queries can show.

    Both are for paired differences that are normal, by Student's t; `rankbound power`
    computes them for the interval that decides. The band is the margin that was asked
    for.

    Parameters
    ----------
    sources : sequence of Source
        A single source shows the difference and the margin, several show the margin.
    unit : str
        Unit of the standard deviations.
    margin : float, optional
        Fixed beforehand.
    power, delta : float
        As in `draw_correlation_power`; `delta` is the error rate of one comparison.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without sources.

    Examples
    --------
    >>> ax = draw_difference_power([Source("bm25", sd=0.1, n=[43])], unit="nats")
    >>> ax.get_ylabel()
    'detectable (nats)'
    """
    if not sources:
        raise DomainError("power needs a standard deviation, got none")
    ax = axes_for(ax)
    queries = _queries(count for s in sources for count in s.n)
    alone = len(sources) == 1
    for index, source in enumerate(sources):
        for place, (words, find) in enumerate(_CURVES):
            if words == "difference" and not alone:
                continue
            values = [source.sd * find(int(q), power, delta) for q in queries]
            name = f"smallest {words}" if alone else source.source
            look = place if alone else index
            ax.plot(queries, values, label=shown(name), **line(look))
            kept = {
                "source": [source.source] * len(queries),
                "n": queries,
                "kind": [words] * len(queries),
                "value": values,
            }
            keep(ax, kept)
            at = [source.sd * find(count, power, delta) for count in source.n]
            ax.plot(source.n, at, mark(look), color=colour(look))
    if margin is not None:
        name = f"margin asked: {margin:g}"
        ax.axhspan(0, margin, color="0.88", linewidth=0, zorder=0, label=name)
    what = "detectable" if alone else "smallest margin"
    _axes(ax, f"{what}{f' ({shown(unit)})' if unit else ''}", power, ", Student's t")
    ax.set_ylim(bottom=0)
    return ax


@functools.lru_cache(maxsize=4096)
def _difference(queries: int, power: float, delta: float) -> float:
    """The smallest difference in standard deviations, to which it is proportional."""
    return detectable_difference(queries, sd=1.0, power=power, delta=delta)


@functools.lru_cache(maxsize=4096)
def _margin(queries: int, power: float, delta: float) -> float:
    # The whole interval must lie within the margin, as for the verdicts
    return equivalence_margin(queries, sd=1.0, power=power, delta=delta / 2)


_CURVES: tuple[tuple[str, Callable[[int, float, float], float]], ...] = (
    ("difference", _difference),
    ("margin", _margin),
)


def _queries(marked: Iterable[int]) -> Any:
    """The grid of numbers of queries, which includes all marked ones."""
    wanted = [int(count) for count in marked]
    top = max([2000, *(3 * count for count in wanted)])
    low = min([10, *wanted])
    extra = np.logspace(4, np.log10(max(top, 10**4)), 9).round().astype(int)
    every = np.unique(np.concatenate([QUERIES, extra, np.array([low])]))
    return every[(every >= max(low, 4)) & (every <= top)]


def _mark(ax: Axes, x: float, y: float, index: int, name: str) -> None:
    ax.plot([x, x], [0, y], color=colour(index), linewidth=0.6)
    ax.plot([x], [y], mark(index), color=colour(index), label=name)


def _axes(ax: Axes, words: str, power: float, rule: str = "") -> None:
    ax.set_xscale("log")
    ax.set(xlabel=f"{label(n, 'queries')}, for power {power:g}{rule}", ylabel=words)
    legend_above(ax)
