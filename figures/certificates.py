"""Figures of a measurement: certificates, limits over n, and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, NullFormatter
from scipy.stats import gaussian_kde

from rankbound.bounds.betting import queries_needed
from rankbound.bounds.certificate import LN2
from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Delta, H, delta, n
from rankbound.data.columns import Floats
from rankbound.figures.output import keep
from rankbound.figures.records import Bin
from rankbound.figures.style import (
    COLOURS,
    COLUMN,
    VACUOUS,
    axes_for,
    colour,
    dashes,
    label,
    legend_above,
    line,
    mark,
    say_constants,
    shown,
    styled,
)
from rankbound.figures.theory import LN_2, shade_vacuous, valued

LEAST, MOST = 20, 2000  # queries that a density needs, and uses
FEW = 6  # students that a legend names one by one
SEEN = 0.02  # of the height of the plane, below which a floor lies on its edge
LEVELS = 24  # of the limit, at which betting's curve over n is computed
TICKS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 7, 10)
NAMES = ("student", "mean_p", "observed", "n_pairs")


@dataclass(frozen=True, slots=True)
class Held:
    """The risk of a student and an upper limit of it, in nats.

    `student` is the whole name. Where several groups, such as samplings, have several
    models, `group` and `model` are its parts: colours then tell groups, marks models.
    """

    student: str
    risk: float
    upper: float
    group: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Kendall's tau, with its interval, of bounds and risks of `n` systems.

    `unit` is what `n` counts.
    """

    tau: float
    lower: float
    upper: float
    n: int
    unit: str = "systems"


@styled
def draw_bound_against_risk(
    rows: Sequence[Held],
    *,
    risk: str = "observed risk",
    order: Order | None = None,
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Upper limits against risks, one mark each; the line is equality.

    Parameters
    ----------
    rows : sequence of Held
    risk : str
        Name of the risk, for the axis.
    order : Order, optional
        Written below the axis. It comes from one split of the queries, while marks may
        be means over several.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without rows.

    Examples
    --------
    >>> ax = draw_bound_against_risk([Held("tasb", risk=0.5, upper=0.62)])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('observed risk (nats)', 'upper limit (nats)')
    """
    if not rows:
        raise DomainError("a scatter needs at least one certificate, got none")
    ax = axes_for(ax, height=COLUMN)
    values = [value for row in rows for value in (row.risk, row.upper)]
    space = max(0.1 * (max(values) - min(values)), 0.02 * max(values))
    low, top = max(0.0, min(values) - space), max(max(values), LN2) + space
    ax.axhspan(LN2, top, color=VACUOUS, alpha=0.35, linewidth=0, zorder=0)
    ax.plot([low, top], [low, top], color="0.4", linewidth=0.6)
    looks, handles = _looks(rows)
    for row in rows:
        own, sign = looks[row.student]
        ax.plot([row.risk], [row.upper], sign, color=own, label=shown(row.student))
    ax.set(xlabel=f"{risk} (nats){_ordered(order)}", ylabel="upper limit (nats)")
    ax.set_xlim(low, top)
    ax.set_ylim(low, top)
    ax.locator_params(nbins=5)
    ax.text(*(0.02, 0.985), "vacuous", fontsize=7, va="top", transform=ax.transAxes)
    legend_above(ax, handles=handles)
    say_constants(ax, [f"grey: {LN_2} and above", "line: equality", *constants])
    names = ("student", "risk", "upper")
    return keep(ax, {name: [getattr(row, name) for row in rows] for name in names})


def _looks(rows: Sequence[Held]) -> tuple[dict[str, tuple[str, str]], list[Line2D]]:
    """Colour and mark of each student, and the entries of the legend."""
    groups = [*dict.fromkeys(row.group for row in rows)]
    models = [*dict.fromkeys(row.model for row in rows)]
    students = [*dict.fromkeys(row.student for row in rows)]
    if len(students) <= max(len(groups) + len(models), FEW):
        looks = {name: (colour(at), mark(at)) for at, name in enumerate(students)}
        return looks, [_point(name, *looks[name]) for name in students]
    looks = {
        row.student: (colour(groups.index(row.group)), mark(models.index(row.model)))
        for row in rows
    }
    return looks, [
        *(_point(name, colour(at), "") for at, name in enumerate(groups)),
        *(_point(name, "0.35", mark(at)) for at, name in enumerate(models)),
    ]


def _point(name: str, own: str, sign: str) -> Line2D:
    """An entry of a legend: a mark, or a bar of the colour that a group has."""
    width = 0 if sign else 4
    return Line2D([], [], color=own, marker=sign, label=shown(name), linewidth=width)


def _ordered(order: Order | None) -> str:
    """Two lines of text below the axis; none without an order."""
    if order is None:
        return ""
    tau, lower, upper = (f"{end:.2f}" for end in (order.tau, order.lower, order.upper))
    found = rf"Kendall's $\tau_b$ {tau} ({lower} to {upper})"
    return f"\n{found}\n{order.n} {order.unit}, one split".replace("-", "−")


@styled
def draw_locality_entropy(
    points: Mapping[str, tuple[Floats, Floats]],
    *,
    floor: tuple[Floats, Floats] | None = None,
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Diameter and entropy of every query, by sampling; large marks are means.

    The line around a mean holds the densest half of the queries, by a kernel estimate.

    Parameters
    ----------
    points : mapping of str to pair of float64 arrays, shape (n,)
        By sampling, diameters and entropies in nats, one per query.
    floor : pair of float64 arrays, optional
        Diameters and entropies of the coupling floor of Theorem 4 for a Lipschitz
        constant of the teacher. With an estimated constant it is a diagnostic and no
        certificate. Where it could not be told from the axis, its largest value is
        written instead.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without samplings.

    Examples
    --------
    >>> points = np.array([1.0, 1.2]), np.array([0.4, 0.3])
    >>> ax = draw_locality_entropy({"bm25": points})
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['bm25']
    """
    if not points:
        raise DomainError("the plane needs at least one sampling, got none")
    ax = axes_for(ax)
    for index, (name, (diameters, entropies)) in enumerate(points.items()):
        own = colour(index)
        # Thousands of marks become a picture inside the vector file
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
    said = ["large marks: means", "lines: the densest half of the queries"]
    if floor is not None and np.max(floor[1]) >= SEEN * LN2:
        ax.plot(*floor, color="black", linewidth=1.2, label="coupling floor")
    elif floor is not None:
        said.append(f"coupling floor: below {_rounded_up(np.max(floor[1]))} nats")
    ax.set(xlabel=label(Delta, "diameter"), ylabel=label(H, "entropy"))
    ax.set_ylim(0, 1.05 * LN2)
    legend_above(ax)
    return say_constants(ax, [*said, *constants])


def _rounded_up(value: float) -> str:
    """The next larger number with one digit, at least 0.0001."""
    unit = 10.0 ** np.floor(np.log10(max(value, 1e-4)))
    return f"{max(np.ceil(value / unit), 1) * unit:g}"


def _half(ax: Axes, x: Floats, y: Floats, index: int) -> None:
    """The contour of the density that half of the points exceed."""
    # A part of very many queries has the same density and takes less time
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certified:
    """A certificate and its sample.

    Attributes
    ----------
    risks : float64 array, shape (n,)
        One risk per query, in nats.
    low, high : float
        Range of one risk.
    upper : float
        The limit by betting.
    delta : float
        Failure probability for all `n_students` students together.
    stake : float or None
        Of betting; None is a grid of stakes.
    """

    risks: Floats
    low: float
    high: float
    upper: float
    delta: float
    n_students: int = 1
    stake: float | None = None


@styled
def draw_limit_over_n(
    made: Certified, *, constants: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Limits of the risk over the number of queries, if further ones are like these.

    The circle is the certificate of the sample, and the square is the number of queries
    at which betting falls below ln 2, above which a limit is vacuous.

    Parameters
    ----------
    made : Certified
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without risks.

    Examples
    --------
    >>> risks = np.full(50, 0.3)
    >>> made = Certified(risks=risks, low=0.0, high=2.0, upper=0.6, delta=0.05)
    >>> draw_limit_over_n(made).get_ylabel()
    'limit of the risk (nats)'
    """
    risks = np.asarray(made.risks, dtype=np.float64)
    if not risks.size:
        raise DomainError("limits need one risk per query, got none")
    risk, ax = float(risks.mean()), axes_for(ax)
    counts, limits = betting_curve(made)
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
    stake = "a grid of stakes" if made.stake is None else f"stake {made.stake:.3g}"
    many = f" for all {made.n_students} students" if made.n_students > 1 else ""
    said = [
        f"{valued(delta, made.delta)}{many}",
        f"a risk lies in [{made.low:.4g}, {made.high:.4g}]",
        stake,
    ]
    return say_constants(ax, [*said, *constants])


def betting_curve(made: Certified, *, levels: int = LEVELS) -> tuple[Floats, Floats]:
    """Numbers of queries, and the limits by betting that they give.

    As if further queries were like those of the sample.

    Parameters
    ----------
    made : Certified
        With at least one risk.
    levels : int
        Limits for which the number is computed; those that no number gives are left
        out.

    Returns
    -------
    counts, limits : float64 arrays, of one length
        Limits in nats fall from near ln 2 or above to near the risk.

    Examples
    --------
    >>> risks = np.array([0.3] * 50 + [0.5] * 50)
    >>> made = Certified(risks=risks, low=0.0, high=2.0, upper=0.6, delta=0.05)
    >>> counts, limits = betting_curve(made)
    >>> bool((np.diff(counts) >= 0).all()), bool((np.diff(limits) < 0).all())
    (True, True)
    """
    risk = float(made.risks.mean())
    highest = min(made.high, max(2 * made.upper - risk, 1.2 * LN2))
    lowest = risk + 0.06 * (made.upper - risk)
    counts, limits = [], []
    # Even steps of what exceeds the risk, which falls by orders of magnitude
    for level in risk + np.geomspace(highest - risk, lowest - risk, levels):
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
        stakes=None if made.stake is None else [made.stake],
    )


@styled
def draw_reliability(
    rows: Sequence[Bin], *, constants: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """How often judgements agree with the teacher, against its preference.

    Parameters
    ----------
    rows : sequence of Bin
        The reliability table of a ledger.
    constants : sequence of str
        What holds for all of it, such as "n = 43", written below.
    ax : Axes, optional

    Raises
    ------
    DomainError
        Without rows.

    Notes
    -----
    The bars are shares of the pairs, on the same axis. The teacher's preference is at
    least one half, since the document that it prefers is the first of a pair.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(from_=0.5, to=0.55, student="agrees", n_pairs=9,
    ...     mean_p=0.52, observed=0.6, interval=(0.4, 0.8))
    >>> draw_reliability([row]).get_ylabel()
    'share of pairs so judged'
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
    said = [f"{total:,} judged pairs", "bars: shares of them", "line: calibrated"]
    say_constants(ax, [*said, *constants])
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
