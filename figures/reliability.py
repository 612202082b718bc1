"""Figure of calibration: how often the preferred document is judged the better one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError
from rankbound.figures.data import keep
from rankbound.figures.records import Bin
from rankbound.figures.style import axes_for, colour, legend_above, mark, styled
from rankbound.figures.wording import shown

NAMES = ("student", "mean_p", "observed", "n_pairs")


@styled
def draw_reliability(rows: Sequence[Bin], *, ax: Axes | None = None) -> Axes:
    """Observed share of preferences against the teacher's, with intervals and pairs.

    Parameters
    ----------
    rows : sequence of Bin
        The reliability table of a ledger.

    Notes
    -----
    The bars are shares of the pairs, on the same axis. The teacher's preference is at
    least one half, since the document that it prefers is the first of a pair.
    """
    if not rows:
        raise DomainError("a reliability diagram needs judged pairs, got none")
    ax = axes_for(ax)
    total = sum(row.n_pairs for row in rows)
    groups = [*dict.fromkeys(row.student for row in rows)]
    bottoms: dict[float, float] = {}
    for index, group in enumerate(groups):
        mine = [row for row in rows if row.student == group]
        own = colour(index)
        for row in mine:
            share, start = row.n_pairs / total, row.from_
            width = row.to - start
            low = bottoms.get(start, 0.0)
            ax.bar(start, share, width, low, align="edge", color=own, alpha=0.25)
            bottoms[start] = low + share
        _with_intervals(ax, mine, own, mark(index), f"student {shown(group)}")
    ax.plot([0.5, 1], [0.5, 1], color="0.4", linewidth=0.6)
    ax.set(xlabel="teacher's preference $p$", ylabel="share of pairs so judged")
    ax.set_xlim(0.5, 1)
    ax.set_ylim(0, 1.02)
    legend_above(ax)
    return keep(ax, {name: [getattr(row, name) for row in rows] for name in NAMES})


def _with_intervals(
    ax: Axes, rows: Sequence[Bin], own: str, sign: str, name: str
) -> None:
    centres = [row.mean_p for row in rows]
    observed = np.array([row.observed for row in rows])
    ends = np.array([row.interval for row in rows], dtype=np.float64)
    spread = np.abs(ends.T - observed)
    ax.errorbar(
        centres,
        observed,
        yerr=spread,
        fmt=sign,
        color=own,
        elinewidth=0.7,
        label=name,
    )
