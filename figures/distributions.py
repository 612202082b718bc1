"""Figures of one number per query: distribution functions and ridges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import seaborn
from matplotlib.axes import Axes

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.figures.data import keep
from rankbound.figures.style import (
    COLOURS,
    axes_for,
    legend_above,
    line,
    name_ticks,
    styled,
)
from rankbound.figures.wording import shown, width_of, wrapped

HEIGHT: Final = 0.85  # of a ridge, of the distance between two
# A ridge is the upper half of a violin
HALF: Final[dict[str, Any]] = {
    **{"orient": "h", "native_scale": True, "split": True, "width": HEIGHT},
    **{"density_norm": "width", "cut": 0, "gridsize": 201, "inner": None},
    **{"saturation": 1, "alpha": 0.45, "linewidth": 0.8},
}

Named = Mapping[str, Floats | Sequence[float]]


@styled
def draw_ecdf(
    values: Named, *, quantity: str = "entropy per query (nats)", ax: Axes | None = None
) -> Axes:
    """Share of queries at or below each value, a line for every name.

    Parameters
    ----------
    values : mapping of name to values, one per query
    quantity : str
        Name and unit, for the axis.
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
    return ax


@styled
def draw_ridges(
    values: Named, *, quantity: str = "entropy per query (nats)", ax: Axes | None = None
) -> Axes:
    """A density for every name, one above the other, with the median marked.

    Densities are Gaussian kernel estimates, cut at the smallest and largest value; a
    name whose values are all equal shows a line there.
    """
    named = _checked(values)
    ax = axes_for(ax, height=0.6 + 0.36 * len(named))
    for place, (name, sample) in enumerate(named.items()):
        colour = COLOURS[place % len(COLOURS)]
        seaborn.violinplot(
            x=sample,
            y=np.full(len(sample), place - HEIGHT / 2),
            color=colour,
            linecolor=colour,
            ax=ax,
            **HALF,
        )
        median = float(np.median(sample))
        ax.plot([median, median], [place, place - HEIGHT], color="black", linewidth=0.8)
        keep(ax, {"name": [name] * len(sample), "value": sample})
    name_ticks(ax, range(len(named)), named)
    ax.tick_params(axis="y", length=0)
    ax.set(ylabel="", ylim=(len(named) - 0.9, -1))
    words = _wording(quantity)
    # Long names push the axes to the right, and a long label over the edge
    ax.set_xlabel(words, loc="right" if width_of(words, size=8) > 1.5 else "center")
    return ax


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
