"""Figure of a certificate over n: where its limits would become informative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from rankbound.bounds.betting import queries_needed
from rankbound.bounds.certificate import LN2
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import n
from rankbound.data.columns import Floats
from rankbound.figures.data import keep
from rankbound.figures.style import (
    COLOURS,
    axes_for,
    label,
    legend_above,
    line,
    mark,
    styled,
)
from rankbound.figures.theory_bound import shade_vacuous

LEVELS = 24
TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 7, 10)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certified:
    """A certificate with the sample behind it.

    Attributes
    ----------
    risks : float64 array, shape (n,)
        One per query, in nats.
    low, high : float
        Range of one risk.
    upper : float
        The limit by betting.
    delta : float
        Failure probability, shared by `n_students` students.
    """

    risks: Floats
    low: float
    high: float
    upper: float
    delta: float
    n_students: int = 1


@styled
def draw_limit_over_n(made: Certified, *, ax: Axes | None = None) -> Axes:
    """Limits of the risk over the number of queries, were all distributed as these.

    The circle is the certificate of the sample, the square where betting falls below
    ln 2; the region above it is vacuous.

    Parameters
    ----------
    made : Certified
    """
    risks = np.asarray(made.risks, dtype=np.float64)
    if not risks.size:
        raise DomainError("limits need one risk per query, got none")
    risk, ax = float(risks.mean()), axes_for(ax)
    counts, limits = _betting(made, risk)
    start = _needed(made, LN2)
    ends = [risks.size, *counts, *([] if start is None else [start])]
    queries = np.geomspace(max(2.0, min(ends) / 2), 3.0 * max(ends), 61)
    log_union = np.log(made.n_students / made.delta)
    hoeffding = risk + (made.high - made.low) * np.sqrt(log_union / (2 * queries))
    curves = {
        "betting": (counts, limits),
        "Hoeffding": (queries, hoeffding),
        "risk of the sample": (queries, np.full(queries.shape, risk)),
    }
    for index, (name, (x, y)) in enumerate(curves.items()):
        ax.plot(x, y, label=name, lw=1.8 if index == 0 else 1.0, **line(index))
        keep(ax, {"curve": [name] * len(x), "n": x, "nats": y})
    points = [("n", float(risks.size), made.upper)]
    if start is not None:
        points.append(("n needed", float(start), LN2))
    for index, (name, x_, y_) in enumerate(points):
        ax.plot(
            [x_],
            [y_],
            mark(index),
            color=COLOURS[0],
            markeredgecolor="black",
            label=f"{name} = {x_:,.0f}",
            zorder=4,
        )
        keep(ax, {"curve": [name], "n": [x_], "nats": [y_]})
    ax.set(
        xscale="log", yscale="log", xlabel=label(n), ylabel="limit of the risk (nats)"
    )
    ax.set_xlim(queries[0], queries[-1])
    top = max(1.25 * LN2, 1.25 * made.upper, float(hoeffding[len(queries) // 3]))
    ax.set_ylim(0.85 * min(risk, LN2), top)
    ax.set_yticks([tick for tick in TICKS if ax.get_ylim()[0] <= tick <= top])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.text(
        0.98, 0.96, "vacuous", fontsize=7, ha="right", va="top", transform=ax.transAxes
    )
    shade_vacuous(ax)
    legend_above(ax)
    return ax


def _betting(made: Certified, risk: float) -> tuple[Floats, Floats]:
    """Numbers of queries at which betting falls below a row of levels."""
    highest = min(made.high, max(2 * made.upper - risk, 1.2 * LN2))
    lowest = risk + 0.06 * (made.upper - risk)
    counts, limits = [], []
    for level in np.geomspace(highest, lowest, LEVELS):
        found = _needed(made, float(level))
        if found is not None and found > 1:
            counts.append(found)
            limits.append(level)
    return np.array(counts, dtype=np.float64), np.array(limits)


def _needed(made: Certified, level: float) -> int | None:
    return queries_needed(
        made.risks,
        low=made.low,
        high=made.high,
        threshold=level,
        delta=made.delta,
        n_students=made.n_students,
    )
