"""Figures of power: what a number of queries can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    say_constants,
    shown,
    styled,
)
from rankbound.validation.power import detectable_correlation

FAMILIES = (1, 10, 100)
# From the sizes of test collections to those of training sets
LEAST_SHOWN = 20  # queries, from which on sizes fit into the figure
Curve = Sequence[tuple[int, float]]
QUERIES = np.unique(np.round(np.logspace(1, 4, 49)).astype(int))


@dataclass(frozen=True, slots=True)
class Source:
    """What numbers of queries can show of one spread, by the rule that decides.

    Attributes
    ----------
    source : str
        What varies over queries.
    margins, differences : sequence of (int, float)
        Numbers of queries with the smallest margin and difference, as curves.
    margins_at, differences_at : sequence of (int, float)
        The same for the numbers of queries that were asked about, as marks.
    """

    source: str
    margins: Curve = ()
    differences: Curve = ()
    margins_at: Curve = ()
    differences_at: Curve = ()

    def parts(self, alone: bool) -> Iterator[tuple[str, Curve, Curve]]:
        """What is drawn: its kind, the curve and the marks."""
        margins = bool(self.margins or self.margins_at)
        if alone or not margins:
            yield "difference", self.differences, self.differences_at
        if margins:
            yield "margin", self.margins, self.margins_at


@styled
def draw_correlation_power(
    marks: Sequence[tuple[str, int]] = (),
    *,
    family: int | None = None,
    power: float = 0.8,
    delta: float = 0.05,
    constants: Sequence[str] = (),
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
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
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
    many = "shared by the tests" if family != 1 else "for one test"
    return say_constants(ax, [rf"$\delta$ = {delta:.3g}, {many}", *constants])


@styled
def draw_difference_power(  # noqa: PLR0913  what is drawn, and what it holds for
    sources: Sequence[Source],
    *,
    rule: str,
    unit: str = "",
    margin: float | None = None,
    power: float = 0.8,
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """The smallest difference and margin of equivalence that queries can show.

    Of the rule that decides in `rankbound compare`: the betting interval where the
    range of a difference is known beforehand, the direction where it is not, which
    shows no margin. The band is the margin that was asked for.

    Parameters
    ----------
    sources : sequence of Source
        A single source shows the difference and the margin, several show the margin,
        or the difference if they have none.
    rule : str
        Whose intervals decide and what values are drawn from, for the label, such as
        "betting, measured values".
    unit : str
        Unit of the margins and differences.
    margin : float, optional
        Fixed beforehand.
    power : float
        As in `draw_correlation_power`.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without sources, or if one has nothing to draw.

    Examples
    --------
    >>> source = Source("bm25", margins=[(43, 0.1), (141, 0.05)])
    >>> ax = draw_difference_power([source], rule="betting", unit="nats")
    >>> ax.get_ylabel()
    'detectable (nats)'
    """
    drawn = [(s, [*s.parts(len(sources) == 1)]) for s in sources]
    if not drawn or not all(any(c or m for _, c, m in parts) for _, parts in drawn):
        raise DomainError("power needs a curve or a mark of every source, got none")
    ax, alone = axes_for(ax), len(sources) == 1
    for index, (source, parts) in enumerate(drawn):
        for place, (words, curve, marks) in enumerate(parts):
            if not curve and not marks:
                continue
            name = f"smallest {words}" if alone else source.source
            look = place if alone else index
            _curve(ax, curve, marks, shown(name), look)
            points = [*curve, *marks]
            kept: dict[str, list[str] | list[int] | list[float]] = {
                "source": [source.source] * len(points),
                "n": [n for n, _ in points],
                "kind": [words] * len(points),
                "value": [size for _, size in points],
            }
            keep(ax, kept)
    if margin is not None:
        name = f"margin asked: {margin:g}"
        ax.axhspan(0, margin, color="0.88", linewidth=0, zorder=0, label=name)
    kinds = {words for _, parts in drawn for words, _, _ in parts}
    what = "detectable" if alone else f"smallest {' or '.join(sorted(kinds))}"
    _axes(ax, f"{what}{f' ({shown(unit)})' if unit else ''}", power, f", {shown(rule)}")
    _cut(ax, drawn)
    return say_constants(ax, constants)


def _curve(ax: Axes, curve: Curve, marks: Curve, name: str, look: int) -> None:
    """A curve with its marks, or marks alone."""
    if curve:
        counts, values = zip(*curve, strict=True)
        ax.plot(counts, values, label=name, **line(look))
    if marks:
        counts, values = zip(*marks, strict=True)
        (points,) = ax.plot(counts, values, mark(look), color=colour(look))
        points.set_linestyle("none")
        if not curve:
            points.set_label(name)


def _cut(
    ax: Axes, drawn: Sequence[tuple[Source, Sequence[tuple[str, Curve, Curve]]]]
) -> None:
    """Leave out what tiny samples show, which would flatten the rest."""
    points = [p for _, parts in drawn for _, *both in parts for c in both for p in c]
    tops = [size for n, size in points if n >= LEAST_SHOWN] or [s for _, s in points]
    ax.set_ylim(0, 1.05 * max(tops))


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
