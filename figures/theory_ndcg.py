"""Figures of Theorem 6: the constants between pairs and nDCG."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from rankbound.bounds.notation import inversions
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem6 import largest_discount_step
from rankbound.figures.data import keep
from rankbound.figures.style import axes_for, label, legend_above, line, styled


@styled
def draw_ndcg_constants(
    relevant: tuple[int, ...] = (1, 3, 10), *, ax: Axes | None = None
) -> Axes:
    """Loss of DCG that inversions can cost, for binary relevance.

    Theorem 6 (c), tight, against the number of inversions, with the line of Theorem 6
    (a): the largest step of the discount, times inversions. Both hold, so the smaller.

    Parameters
    ----------
    relevant : tuple of int
        Numbers of relevant documents, a curve each.
    """
    ax = axes_for(ax)
    counts = np.linspace(0, 30, 121)
    for index, documents in enumerate(relevant):
        losses = statement("theorem-6c").numpy()(documents, counts)
        name = f"{documents} relevant"
        ax.plot(counts, losses, label=name, **line(index))
        keep(ax, {"curve": [name] * len(counts), "inversions": counts, "loss": losses})
    step = largest_discount_step()
    linear = step * counts
    inside = linear <= 8
    name = f"{step:.3f} per inversion"
    ax.plot(counts[inside], linear[inside], label=name, color="0.4", linewidth=0.8)
    shown = int(inside.sum())
    columns = {"inversions": counts[:shown], "loss": linear[:shown]}
    keep(ax, {"curve": np.full(shown, name), **columns})
    ax.set(xlabel=label(inversions, "inversions"), ylabel="largest loss of DCG")
    ax.set_xlim(0, 30)
    ax.set_ylim(0, 8)
    legend_above(ax)
    return ax


@styled
def draw_discount_steps(*, ax: Axes | None = None) -> Axes:
    """The largest step of the discount against the cut-off of nDCG."""
    ax = axes_for(ax)
    cutoffs = np.arange(1, 21)
    steps = [largest_discount_step(cutoff=int(cutoff)) for cutoff in cutoffs]
    ax.plot(cutoffs, steps, marker="o", **line(0))
    ax.axhline(largest_discount_step(), color="0.4", linewidth=0.6)
    ax.annotate(
        f"no cut-off: {largest_discount_step():.4f}",
        (20, largest_discount_step()),
        xytext=(0, -9),
        textcoords="offset points",
        ha="right",
        fontsize=7,
    )
    ax.set(xlabel="cut-off of nDCG", ylabel="largest step of the discount")
    ax.set_xlim(0.5, 20.5)
    ax.set_ylim(0, 1.05)
    ax.set_xticks([1, 5, 10, 15, 20])
    return keep(ax, {"cutoff": cutoffs, "step": steps})
