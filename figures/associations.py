"""Figures of correlations: a forest of intervals with the band of no association."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError
from rankbound.figures.data import keep
from rankbound.figures.records import Coefficient
from rankbound.figures.style import COLOURS, axes_for, name_ticks, styled
from rankbound.figures.wording import shown

NAMES = ("dataset", "sampling", "student", "term", "measure")


@styled
def draw_correlations(
    rows: Sequence[Coefficient],
    *,
    band: float = 0.1,
    delta: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """Spearman's rho of terms and measures; filled where significant after Holm.

    Parameters
    ----------
    rows : sequence of Coefficient
        One whose coefficient is missing (None) is left out.
    band : float
        Half of the band of no association, fixed beforehand.
    delta : float
        Error rate of the family.
    """
    known = [(row.spearman, row) for row in rows if row.spearman is not None]
    kept = [row for _, row in known]
    if not kept:
        raise DomainError("a forest needs at least one coefficient, got none")
    ax = axes_for(ax, height=0.7 + 0.17 * len(kept))
    ax.axvspan(-band, band, color="0.88", linewidth=0, zorder=0)
    ax.axvline(0, color="0.4", linewidth=0.6)
    for place, (spearman, row) in enumerate(known):
        found = row.p_holm is not None and row.p_holm <= delta
        colour = COLOURS[1] if found else "0.35"
        if row.lower is not None and row.upper is not None:
            ax.plot([row.lower, row.upper], [place, place], color=colour, lw=1)
        face = colour if found else "white"
        ax.plot(spearman, place, "o", color=colour, markerfacecolor=face)
    name_ticks(ax, np.arange(len(kept)), _labels(kept), share=0.52)
    ax.set_ylim(len(kept) - 0.5, -0.5)
    ax.set_xlim(-1, 1)
    ax.set_xticks([-1, -0.5, 0, 0.5, 1])
    lines = [
        rf"Spearman's $\rho${_of_all(rows)}, {len(rows)} cell{'s' * (len(rows) > 1)}",
        f"filled: Holm p at most {delta:g}",
    ]
    ax.set_xlabel("\n".join(lines), loc="right")
    names = (*NAMES, "spearman", "lower", "upper", "p_holm")
    return keep(ax, {name: [getattr(row, name) for row in kept] for name in names})


def _of_all(rows: Sequence[Coefficient]) -> str:
    """The measure that all rows share; labels do not repeat it."""
    measures = {row.measure for row in rows}
    return f" with {shown(measures.pop())}" if len(measures) == 1 else ""


def _labels(rows: Sequence[Coefficient]) -> list[str]:
    """The names that differ between rows; the others would only repeat."""
    varying = [n for n in NAMES if len({getattr(row, n) for row in rows}) > 1]
    used = varying or ["term", "measure"]
    return [
        ", ".join(str(getattr(row, name)).replace("_", " ") for name in used)
        for row in rows
    ]
