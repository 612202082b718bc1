"""Figures of comparisons and correlations: forests, verdicts, and sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import VERDICTS, in_order
from rankbound.figures.output import keep
from rankbound.figures.records import Coefficient, PooledEffect, Row
from rankbound.figures.style import (
    COLOURS,
    COLUMN,
    PAGE,
    axes_for,
    column_ticks,
    legend_above,
    line,
    mark,
    name_ticks,
    place_groups,
    say_constants,
    shown,
    styled,
    wrapped,
)

FITTING = 3  # columns of a matrix that fit into a column of print
MOST_ROWS = 12  # of a forest whose rows need no groups
BETWEEN = 0.6  # rows, between two terms with several measures each
MOST_VARIANTS = 7  # of a term, which differ in their marks
NAMES = ("dataset", "sampling", "student", "term", "measure")


@styled
def draw_differences(
    rows: Sequence[Row],
    *,
    unit: str = "nats",
    reference: str = "the reference",
    words: str | None = None,
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Mean differences to the reference sampling with intervals and the margin.

    More than a dozen rows are grouped by sampling. Dotted intervals are Student's,
    approximate: no range is known there, and the direction decides.

    Parameters
    ----------
    rows : sequence of Row
        All of one quantity.
    unit : str
        Unit of the quantity.
    reference : str
        Name of the reference.
    words : str, optional
        Label of the axis, where the rows have no common reference.
    constants : sequence of str
        What holds for all rows, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without rows, or with several quantities.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(sampling="bm25", quantity="entropy", pairs="all",
    ...     difference=0.02, lower=0.01, upper=0.03, margin=0.05, smallest_margin=0.03,
    ...     verdict="inconclusive")
    >>> [label.get_text() for label in draw_differences([row]).get_yticklabels()]
    ['bm25, all']
    """
    quantity = _one_quantity(rows)
    places, ticks = _placed(rows)
    ax = axes_for(ax, height=0.7 + 0.2 * len(ticks))
    margins = {row.margin for row in rows if row.margin is not None}
    margin = margins.pop() if len(margins) == 1 else None
    if margin is not None:
        ax.axvspan(-margin, margin, color="0.88", linewidth=0, zorder=0)
    ax.axvline(0, color="0.4", linewidth=0.6)
    for place, row in zip(places, rows, strict=True):
        colour = VERDICTS[row.verdict].colour
        style = ":" if _turned(row) else "-"
        ax.plot([row.lower, row.upper], [place, place], style, color=colour)
        sign = VERDICTS[row.verdict].sign
        ax.plot(row.difference, place, sign, color=colour)
    name_ticks(ax, *zip(*ticks, strict=True))
    ax.set_ylim(len(ticks) - 0.5, -0.5)
    ax.locator_params(axis="x", nbins=4)
    if words is None:
        plain = quantity.replace("_", " ")
        told = [shown(f"difference of {plain}"), shown(f"to {reference} ({unit})")]
    else:
        told = [shown(words)]
    ax.set_xlabel("\n".join(wrapped(text, 1.7, size=8) for text in told))
    _verdict_legend(ax, {row.verdict for row in rows})
    grey = [f"grey: margin ±{margin:g}"] if margin is not None else []
    alone = [shown(rows[0].pairs)] if len({row.pairs for row in rows}) == 1 else []
    say_constants(ax, [*alone, *grey, *constants])
    names = ("sampling", "pairs", "difference", "lower", "upper", "margin", "verdict")
    return keep(ax, {name: [getattr(row, name) for row in rows] for name in names})


@styled
def draw_verdicts(
    rows: Sequence[Row],
    *,
    columns: str = "pairs",
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Verdicts as a matrix of samplings and pair sets.

    Each cell shows what the difference is known to lie within, which is the smallest
    margin at which equivalence would be accepted: the smaller it is, the more alike the
    two are; a dash where the direction decides, as no margin does there. Samplings are
    not grouped, since equivalence is not transitive.

    Parameters
    ----------
    rows : sequence of Row
        All of one quantity.
    columns : str
        Name of the columns, for the axis.
    constants : sequence of str
        What holds for all cells, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without rows, or with several quantities.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(sampling="bm25", quantity="entropy", pairs="all",
    ...     smallest_margin=0.03, verdict="inconclusive")
    >>> draw_verdicts([row]).texts[0].get_text()
    '±0.03'
    """
    _one_quantity(rows)
    samplings = [*dict.fromkeys(row.sampling for row in rows)]
    pairs = [*dict.fromkeys(row.pairs for row in rows)]
    least = COLUMN if len(pairs) <= FITTING else PAGE
    ax = axes_for(ax, height=0.75 + 0.28 * len(samplings), least=least)
    for row in rows:
        x, y = pairs.index(row.pairs), samplings.index(row.sampling)
        ax.add_patch(_cell(x, y, VERDICTS[row.verdict].colour))
        margin = row.smallest_margin
        none = margin is None or _turned(row)
        text = "–" if none else f"±{margin:.3g}"
        ax.text(x + 0.06, y, text, ha="center", va="center", fontsize=7)
        # Two of the colours are the same grey in print, so that a sign is needed
        sign = VERDICTS[row.verdict].sign
        ax.plot(x - 0.36, y, sign, color=VERDICTS[row.verdict].colour)
    ax.set_xlim(-0.5, len(pairs) - 0.5)
    ax.set_ylim(len(samplings) - 0.5, -0.5)
    column_ticks(ax, pairs)
    name_ticks(ax, range(len(samplings)), samplings)
    ax.tick_params(length=0)
    ax.set_xlabel(columns, loc="right")
    _verdict_legend(ax, {row.verdict for row in rows})
    say_constants(
        ax, ["±: the difference lies within; smaller is more alike", *constants]
    )
    names = ("sampling", "pairs", "verdict", "smallest_margin")
    return keep(ax, {name: [getattr(row, name) for row in rows] for name in names})


@styled
def draw_sweep(
    means: Mapping[str, Mapping[float, float]],
    *,
    unit: str = "nats",
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Mean entropy of every sampling against the temperature.

    Parameters
    ----------
    means : mapping of str to mapping of float to float
        By sampling and temperature.
    unit : str
        Unit of the entropy.
    constants : sequence of str
        What holds for all lines, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without samplings.

    Examples
    --------
    >>> ax = draw_sweep({"bm25": {0.5: 0.3, 1.0: 0.4, 2.0: 0.5}})
    >>> ax.get_ylabel(), ax.get_xscale()
    ('mean entropy $H$ (nats)', 'log')
    """
    if not means:
        raise DomainError("a sweep needs at least one sampling, got none")
    ax = axes_for(ax)
    for index, (name, by_temperature) in enumerate(means.items()):
        temperatures = sorted(by_temperature)
        values = [by_temperature[t] for t in temperatures]
        ax.plot(
            temperatures, values, marker=mark(index), label=shown(name), **line(index)
        )
        names = [name] * len(values)
        keep(ax, {"sampling": names, "temperature": temperatures, "mean": values})
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set(
        xlabel=r"temperature, times the $\tau$ given",
        ylabel=f"mean entropy $H$ ({unit})",
    )
    legend_above(ax)
    return say_constants(ax, constants)


def _placed(rows: Sequence[Row]) -> tuple[Sequence[int], Sequence[tuple[int, str]]]:
    """Places and labels of the rows, in groups where they are many.

    Only several samplings can have one pair set that needs no label of its own.
    """
    samplings = [row.sampling for row in rows]
    if len({*samplings}) > 1 and len({row.pairs for row in rows}) == 1:
        return range(len(rows)), [*enumerate(samplings)]
    if len(rows) <= MOST_ROWS:
        labels = [f"{row.sampling}, {row.pairs}" for row in rows]
        return range(len(rows)), [*enumerate(labels)]
    return place_groups(samplings, [row.pairs for row in rows])


def _turned(row: Row) -> bool:
    """Whether the direction decides; rows of earlier versions do not say."""
    return getattr(row, "decides", "betting") == "direction"


def _one_quantity(rows: Sequence[Row]) -> str:
    quantities = {row.quantity for row in rows}
    if len(quantities) != 1:
        raise DomainError(
            f"one drawing shows rows of one quantity, got {sorted(quantities)}"
        )
    return quantities.pop()


def _cell(x: int, y: int, colour: str) -> Rectangle:
    return Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=colour, alpha=0.45, lw=0)


def _verdict_legend(ax: Axes, present: set[str]) -> None:
    shown_as = {name: VERDICTS[name] for name in sorted(present, key=in_order)}
    handles = [
        Line2D([], [], color=entry.colour, marker=entry.sign, label=name, lw=0.9)
        for name, entry in shown_as.items()
    ]
    legend_above(ax, columns=2, right=True, handles=handles)


@styled
def draw_correlations(
    rows: Sequence[Coefficient],
    *,
    band: float = 0.1,
    delta: float = 0.05,
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Spearman's rho of terms and measures; filled where significant after Holm.

    The measures of a term stand together, each with a mark of its own.

    Parameters
    ----------
    rows : sequence of Coefficient
        Those without a coefficient are left out.
    band : float
        Half the width of the band of no association, fixed beforehand.
    delta : float
        Error rate of the family.
    constants : sequence of str
        What holds for all rows, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        If no row has a coefficient.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(dataset="", sampling="bm25", student="s", term="entropy",
    ...     measure="nDCG@10", spearman=-0.4, lower=-0.6, upper=-0.2, p_holm=0.01)
    >>> [label.get_text() for label in draw_correlations([row]).get_yticklabels()]
    ['entropy']
    """
    known = [(row.spearman, row) for row in rows if row.spearman is not None]
    kept = [row for _, row in known]
    if not kept:
        raise DomainError("a forest needs at least one coefficient, got none")
    measures = [*dict.fromkeys(row.measure for row in kept)]
    marked = 1 < len(measures) <= MOST_VARIANTS
    blocks: dict[str, list[tuple[float, Coefficient]]] = {}
    for text, one in zip(_labels(kept, marked=marked), known, strict=True):
        blocks.setdefault(text, []).append(one)
    top = len(kept) + BETWEEN * (len(blocks) - 1) if marked else len(kept)
    ax = axes_for(ax, height=0.7 + (0.13 if marked else 0.17) * top)
    ax.axvspan(-band, band, color="0.88", linewidth=0, zorder=0)
    ax.axvline(0, color="0.4", linewidth=0.6)
    place, middles = 0.0, []
    for block in blocks.values():
        middles.append(place + (len(block) - 1) / 2)
        for spearman, row in block:
            sign = mark(measures.index(row.measure)) if marked else mark(0)
            _coefficient(ax, (spearman, place), row, sign, delta)
            place += 1
        place += BETWEEN * marked
    name_ticks(ax, middles, blocks, share=0.52)
    ax.set_ylim(top - 0.5, -0.5)
    ax.set_xlim(-1, 1)
    ax.set_xticks([-1, -0.5, 0, 0.5, 1])
    lines = [
        rf"Spearman's $\rho${_of_all(rows)}, {len(rows)} cell{'s' * (len(rows) > 1)}",
        f"filled: Holm p at most {delta:g}",
    ]
    ax.set_xlabel("\n".join(lines), loc="right")
    if marked:
        handles = [
            Line2D([], [], color="0.35", marker=mark(at), label=shown(name), lw=0.9)
            for at, name in enumerate(measures)
        ]
        legend_above(ax, columns=2, right=True, handles=handles)
    say_constants(ax, [rf"grey: $|\rho|$ at most {band:g}", *constants])
    names = (*NAMES, "spearman", "lower", "upper", "p_holm")
    return keep(ax, {name: [getattr(row, name) for row in kept] for name in names})


@styled
def draw_pooled(
    rows: Sequence[PooledEffect], *, words: str = "effect", ax: Axes | None = None
) -> Axes:
    """Effects of every data set with their intervals, and the pooled estimate of each.

    Data sets are marked by dots, and estimates over all of them by diamonds, in groups
    from top to bottom. The intervals of data sets allow for their queries, those of
    the pooled estimates also for the spread between data sets.

    Parameters
    ----------
    rows : sequence of PooledEffect
        All of one unit.
    words : str, default "effect"
        What the effects are, below the axis.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without rows, or with several units.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> one, two = (SimpleNamespace(dataset=name, n=43, value=x, lower=x - 0.1,
    ...     upper=x + 0.1) for name, x in (("dl19", 0.1), ("dl20", 0.2)))
    >>> row = SimpleNamespace(label="entropy: bm25 - random", unit="nats", value=0.15,
    ...     lower=-0.5, upper=0.8, i2=0.5, effects=(one, two))
    >>> [label.get_text() for label in draw_pooled([row]).get_yticklabels()]
    ['dl19', 'dl20', 'entropy: bm25 - random']
    """
    units = {row.unit for row in rows}
    if len(units) != 1:
        raise DomainError(
            f"a forest needs effects of one unit, got {len(units)} units in "
            f"{len(rows)} rows"
        )
    lines = [(row, effect) for row in rows for effect in (*row.effects, None)]
    ax = axes_for(ax, height=0.7 + 0.17 * len(lines))
    ax.axvline(0, color="0.4", linewidth=0.6)
    numbers = []
    for place, (row, effect) in enumerate(lines):
        held = row if effect is None else effect
        colour = COLOURS[0] if effect is None else "0.35"
        ends = [end for end in (held.lower, held.upper) if end is not None]
        if held.value is not None and len(ends) == 2:
            ax.plot(ends, [place, place], color=colour, lw=1)
            ax.plot(held.value, place, "D" if effect is None else "o", color=colour)
        dataset = "(pooled)" if effect is None else effect.dataset
        numbers.append((row.label, dataset, held.value, held.lower, held.upper))
    names = [row.label if one is None else one.dataset for row, one in lines]
    name_ticks(ax, range(len(lines)), names, share=0.5)
    ax.set_ylim(len(lines) - 0.5, -0.5)
    ax.locator_params(axis="x", nbins=4)
    unit = units.pop()
    said = words if unit == "1" else f"{words} ({unit})"
    ax.set_xlabel(wrapped(said, 1.7, size=8))
    say_constants(ax, ["dots: data sets", "diamond: over all of them, random effects"])
    columns = ("effect", "dataset", "value", "lower", "upper")
    cells = zip(*numbers, strict=True)
    return keep(ax, dict(zip(columns, map(list, cells), strict=True)))


def _coefficient(
    ax: Axes, at: tuple[float, float], row: Coefficient, sign: str, delta: float
) -> None:
    """One coefficient with its interval, filled where it is significant."""
    spearman, place = at
    found = row.p_holm is not None and row.p_holm <= delta
    colour = COLOURS[1] if found else "0.35"
    if row.lower is not None and row.upper is not None:
        ax.plot([row.lower, row.upper], [place, place], color=colour, lw=1)
    face = colour if found else "white"
    ax.plot(spearman, place, sign, color=colour, markerfacecolor=face)


def _of_all(rows: Sequence[Coefficient]) -> str:
    """Name the measure that all rows share, which the labels leave out."""
    measures = {row.measure for row in rows}
    return f" with {shown(measures.pop())}" if len(measures) == 1 else ""


def _labels(rows: Sequence[Coefficient], *, marked: bool) -> list[str]:
    """Label rows by the names in which they differ, but for what marks tell."""
    names = [n for n in NAMES if not (marked and n == "measure")]
    used = [n for n in names if len({getattr(row, n) for row in rows}) > 1] or ["term"]
    return [
        ", ".join(str(getattr(row, name)).replace("_", " ") for name in used)
        for row in rows
    ]
