"""Figures of one number per query: distribution functions and ridges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import gaussian_kde

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
        ax.step(ordered, shares, where="post", label=shown(name), **line(index))
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
    low = min(sample.min() for sample in named.values())
    high = max(sample.max() for sample in named.values())
    grid = np.linspace(low, high, 201)
    for place, (name, sample) in enumerate(named.items()):
        colour = COLOURS[place % len(COLOURS)]
        base = len(named) - 1 - place
        if len(sample) > 2 and sample.std() > 1e-12 * max(1.0, abs(high)):
            inside = (grid >= sample.min()) & (grid <= sample.max())
            density = np.where(inside, gaussian_kde(sample)(grid), 0.0)
            height = base + 0.85 * density / density.max()
            ax.fill_between(grid, base, height, color=colour, alpha=0.45, linewidth=0)
            ax.plot(grid, height, color=colour, linewidth=0.8)
        median = float(np.median(sample))
        ax.plot([median, median], [base, base + 0.85], color="black", linewidth=0.8)
        keep(ax, {"name": [name] * len(sample), "value": sample})
    places = [len(named) - 1 - place for place in range(len(named))]
    name_ticks(ax, places, named)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(-0.1, len(named))
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
