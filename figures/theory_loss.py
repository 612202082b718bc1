"""Figures of one pair: how large its loss can be, and what entropy a margin leaves."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from sympy import latex

from rankbound.bounds.certificate import LN2
from rankbound.bounds.notation import A, B, H, k, mean_a, w
from rankbound.bounds.numeric import pair_entropy
from rankbound.bounds.registry import statement
from rankbound.bounds.special import a_star
from rankbound.figures.data import keep
from rankbound.figures.style import COLOURS, axes_for, label, legend_above, line, styled


@styled
def draw_loss_range(
    score_range: float = 10.0, *, largest_margin: float = 12.0, ax: Axes | None = None
) -> Axes:
    """The largest and the smallest loss of a pair against the teacher's margin.

    Lemma 2b, both ends, with the largest divergence; the band is the range that a limit
    of one pair has to allow for.

    Parameters
    ----------
    score_range : float
        B, the largest student margin.
    largest_margin : float
        Right end of the axis, in temperatures.
    ax : Axes, optional
    """
    ax = axes_for(ax)
    margins = np.linspace(0.0, largest_margin, 241)
    largest, divergence, smallest = (
        statement(f"lemma-2b-{end}").numpy()(margins, score_range)
        for end in ("upper", "divergence", "lower")
    )
    parts = {
        "largest loss": largest,
        "largest divergence": divergence,
        "smallest loss": smallest,
    }
    for index, (name, values) in enumerate(parts.items()):
        ax.plot(margins, values, label=name, **line(index))
        rows = {"curve": [name] * len(margins), "margin": margins, "nats": values}
        keep(ax, rows)
    own = COLOURS[0]
    ax.fill_between(margins, smallest, largest, color=own, alpha=0.08, linewidth=0)
    ax.axhline(LN2, color="0.4", linewidth=0.6)
    ax.annotate(r"$\ln 2$", (largest_margin, LN2), ha="right", va="bottom", fontsize=7)
    ax.set(xlabel=label(A, "teacher margin"), ylabel="loss of a pair (nats)")
    ax.set_xlim(0, largest_margin)
    ax.legend(loc="center right", bbox_to_anchor=(1.0, 0.42))
    return ax


@styled
def draw_query_width(
    score_ranges: tuple[float, ...] = (2.0, 5.0, 10.0), *, ax: Axes | None = None
) -> Axes:
    """The width of the range of one query's risk against its number of documents.

    Lemma 2c: the mean over all pairs cannot use the whole range of a pair.
    """
    ax = axes_for(ax)
    sizes = np.arange(2, 65)
    ratios = statement("lemma-2c-cut-ratio").numpy()(sizes)
    for index, score_range in enumerate(score_ranges):
        widths = statement("lemma-2c-width").numpy()(score_range, ratios)
        name = f"${latex(B)} = {score_range:g}$"
        ax.plot(sizes, widths, label=name, **line(index))
        rows = [score_range] * len(sizes)
        keep(ax, {"score_range": rows, "group_size": sizes, "width_nats": widths})
    ax.set(xlabel=label(k), ylabel=label(w, "width of one query's risk"))
    ax.set_ylim(bottom=0)
    legend_above(ax)
    return ax


@styled
def draw_entropy_floor(largest_margin: float = 8.0, *, ax: Axes | None = None) -> Axes:
    """Entropy of a pair against its margin, and its convex minorant.

    The minorant of Theorem 4 (a) is the floor that a mean margin leaves: below a* it is
    a straight line, since half of the pairs may be ties.
    """
    ax = axes_for(ax)
    margins = np.linspace(0.0, largest_margin, 241)
    curves = {
        "entropy of a pair": np.asarray(pair_entropy(margins)),
        "floor from the mean margin": statement("theorem-4a").numpy()(margins),
    }
    for index, (name, values) in enumerate(curves.items()):
        ax.plot(margins, values, label=name, **line(index))
        rows = {"curve": [name] * len(margins), "margin": margins, "nats": values}
        keep(ax, rows)
    bend = float(a_star.evalf())
    ax.axvline(bend, color="0.4", linewidth=0.6)
    # An asterisk: the star of the notation is a dot at this size
    name = f"$a_* = {bend:.2f}$"
    ax.annotate(name, (bend, 0), (3, 4), textcoords="offset points", fontsize=7)
    ax.set(xlabel=label(mean_a, "margin or mean margin"), ylabel=label(H, "entropy"))
    ax.set_xlim(0, largest_margin)
    ax.set_ylim(0, 0.75)
    ax.legend(loc="upper right")
    return ax
