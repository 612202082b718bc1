"""Figures of certificates: bound against observed risk, and the plane of the terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from scipy.stats import gaussian_kde

from rankbound.bounds.certificate import LN2
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Delta, H
from rankbound.data.columns import Floats
from rankbound.figures.data import keep
from rankbound.figures.style import (
    COLUMN,
    VACUOUS,
    axes_for,
    colour,
    dashes,
    label,
    legend_above,
    mark,
    styled,
)
from rankbound.figures.wording import shown

LEAST, MOST = 20, 2000  # queries, for a density


@dataclass(frozen=True, slots=True)
class Held:
    """An upper limit of a student's risk against the risk itself, in nats."""

    student: str
    risk: float
    upper: float


@dataclass(frozen=True, slots=True)
class Order:
    """How bounds order `n` configurations by risk: Kendall's tau and its interval."""

    tau: float
    lower: float
    upper: float
    n: int


@styled
def draw_bound_against_risk(
    rows: Sequence[Held],
    *,
    risk: str = "observed risk",
    order: Order | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Upper limits against risks, one mark each; the line is equality.

    Parameters
    ----------
    rows : sequence of Held
    risk : str
        Which risk it is, for the axis.
    order : Order, optional
        It comes from one split of the queries, while marks may be means over several.
    """
    if not rows:
        raise DomainError("a scatter needs at least one certificate, got none")
    ax = axes_for(ax, height=COLUMN)
    students = [*dict.fromkeys(row.student for row in rows)]
    values = [value for row in rows for value in (row.risk, row.upper)]
    top = 1.06 * max(*values, LN2)
    ax.axhspan(LN2, top, color=VACUOUS, alpha=0.35, linewidth=0, zorder=0)
    ax.plot([0, top], [0, top], color="0.4", linewidth=0.6)
    for index, student in enumerate(students):
        mine = [row for row in rows if row.student == student]
        ax.plot(
            [row.risk for row in mine],
            [row.upper for row in mine],
            linestyle="",
            marker=mark(index),
            markeredgecolor="white",
            markeredgewidth=0.4,
            markersize=4.5,
            color=colour(index),
            label=shown(student),
        )
    ax.set(xlabel=f"{risk} (nats){_ordered(order)}", ylabel="upper limit (nats)")
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.text(0.02 * top, 0.985 * top, "vacuous", fontsize=7, va="top")
    legend_above(ax)
    names = ("student", "risk", "upper")
    return keep(ax, {name: [getattr(row, name) for row in rows] for name in names})


def _ordered(order: Order | None) -> str:
    """Two lines below the axis; none without an order."""
    if order is None:
        return ""
    tau, lower, upper = (f"{end:.2f}" for end in (order.tau, order.lower, order.upper))
    found = rf"Kendall's $\tau_b$ {tau} ({lower} to {upper})"
    return f"\n{found}\n{order.n} configurations, one split".replace("-", "−")


@styled
def draw_locality_entropy(
    points: Mapping[str, tuple[Floats, Floats]],
    *,
    floor: tuple[Floats, Floats] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Diameter and entropy of every query, by sampling; large marks are means.

    The line round a mean holds the densest half of the queries, by a kernel estimate.

    Parameters
    ----------
    points : mapping of sampling to (diameters, entropies in nats), one per query
    floor : (diameters, entropies), optional
        The coupling floor of Theorem 4 for a Lipschitz constant of the teacher. With an
        estimated constant it is a diagnostic, no certificate.
    """
    if not points:
        raise DomainError("the plane needs at least one sampling, got none")
    ax = axes_for(ax)
    for index, (name, (diameters, entropies)) in enumerate(points.items()):
        own = colour(index)
        # Thousands of marks: as a picture inside the vector file
        ax.plot(
            diameters,
            entropies,
            linestyle="",
            marker=".",
            markersize=1.5,
            alpha=0.25,
            color=own,
            rasterized=True,
        )
        ax.plot(
            np.mean(diameters),
            np.mean(entropies),
            mark(index),
            color=own,
            markeredgecolor="black",
            markersize=6,
            zorder=5,
            label=shown(name),
        )
        _half(ax, np.asarray(diameters), np.asarray(entropies), index)
        names = [name] * len(diameters)
        keep(ax, {"sampling": names, "diameter": diameters, "entropy_nats": entropies})
    if floor is not None:
        ax.plot(*floor, color="black", linewidth=0.8, label="coupling floor")
    ax.set(xlabel=label(Delta, "diameter"), ylabel=label(H, "entropy"))
    ax.set_ylim(0, 1.05 * LN2)
    legend_above(ax)
    return ax


def _half(ax: Axes, x: Floats, y: Floats, index: int) -> None:
    """The contour of the density that the denser half of the points exceed."""
    # A part of very many queries has the same density, and is quick
    points = np.stack([x, y])[:, :: max(1, x.size // MOST)]
    if points.shape[1] < LEAST or np.linalg.matrix_rank(np.cov(points)) < 2:
        return
    density = gaussian_kde(points)
    across = [np.linspace(v.min(), v.max(), 61) for v in (x, y)]
    grid = np.meshgrid(*across)
    height = density(np.stack([g.ravel() for g in grid])).reshape(grid[0].shape)
    halves = ax.contour(
        *across,
        height,
        levels=[float(np.median(density(points)))],
        colors=[colour(index)],
        linestyles=[dashes(index)],
        linewidths=1.1,
        zorder=4,
    )
    halves.set_path_effects([withStroke(linewidth=2.6, foreground="white")])
