"""Figures of the theory: the headline bound, the loss of a pair, and nDCG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from scipy.optimize import brentq
from sympy import latex

from rankbound.bounds.certificate import LN2
from rankbound.bounds.notation import (
    A,
    B,
    D,
    Delta,
    H,
    L,
    delta,
    inversions,
    k,
    kappa,
    mean_a,
    n,
    w,
)
from rankbound.bounds.numeric import pair_entropy
from rankbound.bounds.registry import statement
from rankbound.bounds.special import a_star
from rankbound.bounds.theorem2 import headline_parts, headline_width
from rankbound.bounds.theorem5 import Design, bilinear_complexity, queries_to_break_even
from rankbound.bounds.theorem6 import largest_discount_step
from rankbound.figures.output import keep
from rankbound.figures.style import (
    COLOURS,
    VACUOUS,
    axes_for,
    label,
    legend_above,
    line,
    say_constants,
    styled,
)

LN_2 = r"$\ln 2$"
ROUNDING = 1e-9
FAINT = 0.4  # opacity of what holds, but does not count
PART_NAMES = {
    "entropy": "entropy",
    "divergence": "divergence",
    "locality x shift": "locality × shift",
    "locality x complexity": "locality × complexity",
    "deviation": "deviation",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The numbers for which a figure of the theory is drawn.

    Attributes
    ----------
    entropy, divergence : float
        Teacher entropy and divergence, in nats.
    diameter, lipschitz : float
        Their product is the locality.
    kappa : float
        Largest density ratio, at least 1.
    n : float
        Independent queries.
    delta : float
        Failure probability.
    group_size : int
        Documents of a query.
    """

    entropy: float = 0.42
    divergence: float = 0.06
    diameter: float = 1.4
    lipschitz: float = 5.0
    kappa: float = 1.0
    n: float = 500_000
    delta: float = 0.05
    group_size: int = 16

    def said(self, *varied: str) -> list[str]:
        r"""The numbers as a figure says them, but for those that it varies.

        Examples
        --------
        >>> Setting().said("entropy", "divergence", "diameter", "lipschitz", "n")
        ['$\\kappa$ = 1', '$\\delta$ = 0.05', '$k$ = 16']
        """
        names: dict[str, sympy.Symbol] = {
            "entropy": H,
            "divergence": D,
            "lipschitz": L,
            "diameter": Delta,
            "kappa": kappa,
            "n": n,
            "delta": delta,
            "group_size": k,
        }
        return [
            valued(symbol, getattr(self, name))
            for name, symbol in names.items()
            if name not in varied
        ]

    def parts(self, **changed: Any) -> Mapping[str, Any]:
        """Compute the parts of the bound in nats, with numbers replaced by `changed`.

        Replacements may be arrays.
        """
        names = ("entropy", "divergence", "diameter", "kappa", "n")
        values = {name: getattr(self, name) for name in names} | changed
        locality = self.lipschitz * np.asarray(values.pop("diameter"), dtype=float)
        width = np.vectorize(headline_width, excluded=("group_size",))
        return headline_parts(
            locality=locality,
            width=width(locality, group_size=self.group_size),
            delta=self.delta,
            **values,
        )


def valued(symbol: sympy.Symbol, value: float) -> str:
    r"""A symbol with its value, as a figure says it.

    Examples
    --------
    >>> valued(n, 500_000.0), valued(delta, 0.05)
    ('$n$ = 500,000', '$\\delta$ = 0.05')
    """
    text = f"{value:,.0f}" if value >= 1000 else f"{value:g}"
    return f"${latex(symbol)}$ = {text}"


def shade_vacuous(ax: Axes) -> None:
    """Shade the region from ln 2 on, where a bound says nothing."""
    top = ax.get_ylim()[1]
    if top > LN2:
        ax.axhspan(LN2, top, color=VACUOUS, alpha=0.35, linewidth=0, zorder=0)
        ax.set_ylim(top=top)
    ax.axhline(LN2, color="0.3", linewidth=0.6)


@styled
def draw_bound_over_n(
    setting: Setting | None = None, *, ax: Axes | None = None
) -> Axes:
    """The bound and its parts against the number of queries, vacuous region shaded.

    The mark is the number of queries from which on the bound is below ln 2.

    Examples
    --------
    >>> draw_bound_over_n(Setting(kappa=1.2)).get_xscale()
    'log'
    """
    setting, ax = setting or Setting(), axes_for(ax)
    queries = np.logspace(1, 8, 141)
    parts = {
        name: np.broadcast_to(values, queries.shape)
        for name, values in setting.parts(n=queries).items()
    }
    bound = np.sum(list(parts.values()), axis=0)
    curves = {"bound": bound} | {PART_NAMES[name]: v for name, v in parts.items()}
    curves = {name: values for name, values in curves.items() if values.max() > 0}
    for index, (name, values) in enumerate(curves.items()):
        wide = 1.8 if name == "bound" else 1.0
        ax.plot(queries, values, label=name, **line(index), lw=wide)
        keep(ax, {"curve": [name] * len(queries), "n": queries, "nats": values})
    if bound[-1] < LN2 < bound[0]:
        start = brentq(
            lambda x: sum(setting.parts(n=x).values()) - LN2, *queries[[0, -1]]
        )
        ax.plot([start], [LN2], "o", color=COLOURS[0])
        text = f"$n \\approx$ {start:,.0f}"
        ax.annotate(text, (start, LN2), xytext=(4, 4), textcoords="offset points")
    ax.set(xscale="log", yscale="log", xlabel=label(n), ylabel="nats")
    ax.set_xlim(queries[0], queries[-1])
    ax.set_ylim(1e-3, 2 * bound.max())
    shade_vacuous(ax)
    legend_above(ax)
    return say_constants(ax, [*setting.said("n"), f"grey: vacuous, {LN_2} and above"])


@styled
def draw_parts(
    parts: Mapping[str, float],
    *,
    total: str = "bound",
    constants: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Additive parts of a bound as a waterfall, in nats, against ln 2.

    Parameters
    ----------
    parts : mapping of str to float
        Parts in nats, in the order of stacking.
    total : str
        Name of their sum.
    constants : sequence of str
        What the parts hold for, such as "n = 43", written below.
    ax : Axes, optional

    Examples
    --------
    >>> ax = draw_parts({"entropy": 0.4, "divergence": 0.1})
    >>> [text.get_text() for text in ax.texts][:3]
    ['0.400', '0.100', '0.500']
    """
    ax = axes_for(ax)
    names = [PART_NAMES.get(name, name) for name in parts]
    values = np.array([float(value) for value in parts.values()])
    starts = np.concatenate([[0.0], np.cumsum(values)[:-1]])
    places = np.arange(len(values) + 1)
    ax.barh(places[:-1], values, left=starts, color=COLOURS[0], height=0.6)
    ax.barh(places[-1], values.sum(), color="0.35", height=0.6)
    for place, value, end in zip(
        places, [*values, values.sum()], [*np.cumsum(values), values.sum()], strict=True
    ):
        ax.annotate(
            f"{value:.3f}" if value >= 0.001 else f"{value:.2g}",
            (end, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6},
        )
    ax.axvline(LN2, color="0.3", linewidth=0.6)
    ax.annotate(
        r"$\ln 2$",
        (LN2, -0.6),
        xytext=(2, 0),
        textcoords="offset points",
        fontsize=7,
        va="center",
    )
    ax.set_yticks(places, [*names, total])
    ax.set_ylim(len(places) - 0.4, -0.9)
    ax.set_xlim(0, max(values.sum(), LN2) * 1.18)
    ax.set_xlabel("nats")
    say_constants(ax, constants)
    rows = {"part": [*names, total], "start_nats": [*starts, 0.0]}
    return keep(ax, rows | {"nats": [*values, values.sum()]})


@styled
def draw_bound_surface(
    setting: Setting | None = None, *, ax: Axes | None = None
) -> Axes:
    r"""The bound over diameter and entropy; beyond the thick line it is vacuous.

    Examples
    --------
    >>> draw_bound_surface().get_xlabel()
    'diameter $\\Delta$ (distance)'
    """
    setting, ax = setting or Setting(), axes_for(ax)
    diameters, entropies = np.linspace(0.02, 2.0, 100), np.linspace(0.0, LN2, 71)
    grid_d, grid_h = np.meshgrid(diameters, entropies)
    parts = setting.parts(diameter=grid_d, entropy=grid_h).values()
    bound = np.sum(np.broadcast_arrays(*parts), axis=0)
    wanted = np.arange(0.1, 1.2, 0.1)
    levels = [v for v in wanted if v < bound.max() and abs(v - LN2) > 0.03]
    ax.contourf(
        diameters,
        entropies,
        bound,
        levels=[LN2, max(bound.max(), LN2) + 1],
        colors=[VACUOUS],
        alpha=0.35,
    )
    lines = ax.contour(
        diameters, entropies, bound, levels=levels, colors=COLOURS[0], linewidths=0.7
    )
    thick = ax.contour(
        diameters, entropies, bound, levels=[LN2], colors=["black"], linewidths=1.6
    )
    _number(ax, lines, [f"{level:.1f}" for level in levels])
    _number(ax, thick, [r"$\ln 2$"])
    ax.set(xlabel=label(Delta, "diameter"), ylabel=label(H, "entropy"))
    say_constants(
        ax,
        [
            "on the lines: the bound in nats",
            "grey: vacuous",
            *setting.said("diameter", "entropy"),
        ],
    )
    columns = {"diameter": grid_d, "entropy_nats": grid_h, "bound_nats": bound}
    return keep(ax, {name: values.ravel() for name, values in columns.items()})


@styled
def draw_break_even(
    setting: Setting | None = None, *, n_before: float = 5_000, ax: Axes | None = None
) -> Axes:
    """Queries that an augmentation needs, over its diameter and its entropy.

    The lines are ratios n' / n from which on the new design has the lower bound, by
    Theorem 5. Past the last line no number of queries suffices.

    Parameters
    ----------
    setting : Setting, optional
    n_before : float
        Number of queries of the old design, n.
    ax : Axes, optional
    """
    setting, ax = setting or Setting(), axes_for(ax)
    locality = setting.lipschitz * setting.diameter
    before = Design(
        entropy=setting.entropy, divergence=setting.divergence, locality=locality
    )
    constant = bilinear_complexity(setting.delta)
    ratios, rises = np.linspace(0.3, 1.5, 61), np.linspace(-0.1, 0.2, 61)
    factor = np.array(
        [
            [
                queries_to_break_even(
                    before,
                    replace(
                        before, entropy=before.entropy + rise, locality=locality * r
                    ),
                    n_queries=n_before,
                    complexity=constant,
                )
                / n_before
                for r in ratios
            ]
            for rise in rises
        ]
    )
    levels = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 40.0]
    shown = np.where(np.isfinite(factor), factor, np.nan)
    lines = ax.contour(
        ratios, rises, shown, levels=levels, colors=COLOURS[0], linewidths=0.7
    )
    ax.contour(ratios, rises, shown, levels=[1.0], colors=["black"], linewidths=1.6)
    _number(ax, lines, [f"{level:g}" for level in levels])
    ax.axhline(0, color="0.6", linewidth=0.5)
    ax.set(
        xlabel=r"ratio of diameters $\Delta' / \Delta$",
        ylabel=r"rise of entropy $H' - H$ (nats)",
    )
    said = replace(setting, n=n_before).said("kappa", "group_size")
    say_constants(ax, ["on the lines: $n' / n$", f"before: {said[0]}", *said[1:]])
    grid_r, grid_h = np.meshgrid(ratios, rises)
    columns = {"diameter_ratio": grid_r, "entropy_rise_nats": grid_h}
    columns |= {"queries_ratio": factor}
    return keep(ax, {name: values.ravel() for name, values in columns.items()})


def _number(ax: Axes, lines: ContourSet, texts: Sequence[str]) -> None:
    """Label contour lines where they cross the rising diagonal of the axes."""
    for text, path in zip(texts, lines.get_paths(), strict=True):
        points = np.asarray(path.vertices)
        if not len(points):
            continue
        places = ax.transLimits.transform(points)
        inside = ((places > 0.04) & (places < 0.93)).all(axis=1)
        if not inside.any():
            continue
        off = np.where(inside, np.abs(places[:, 0] - places[:, 1]), np.inf)
        x, y = points[int(np.argmin(off))]
        box = {"facecolor": "white", "linewidth": 0, "pad": 0.5}
        ax.text(x, y, text, fontsize=6, ha="center", va="center", bbox=box)


@styled
def draw_shift(width: float = 5.652, *, ax: Axes | None = None) -> Axes:
    """The cost of a sampling law against the largest density ratio.

    Theorem 2 gives the cost for the law of a pair, which a risk of pairs needs. The
    curve for the law of one document is too low for such a risk.

    Parameters
    ----------
    width : float
        Width w of the range of the loss, in nats.
    ax : Axes, optional

    Examples
    --------
    >>> draw_shift(2.0).get_ylabel()
    'shift of the risk (nats)'
    """
    ax = axes_for(ax)
    ratios = np.linspace(1.0, 4.0, 151)
    curves = {
        r"pair, $w\,(1 - 1/\kappa^2)$": statement("theorem-2b").numpy()(width, ratios),
        r"one document, $w\,(1 - 1/\kappa)$": width
        * statement("theorem-2a-single").numpy()(ratios),
    }
    for index, (name, values) in enumerate(curves.items()):
        ax.plot(ratios, values, label=name, **line(index))
        keep(ax, {"curve": [name] * len(ratios), "kappa": ratios, "nats": values})
    ax.set(xlabel=label(kappa, "density ratio"), ylabel="shift of the risk (nats)")
    ax.set_xlim(1, ratios[-1])
    ax.set_ylim(0, width)
    shade_vacuous(ax)
    legend_above(ax, columns=1)
    return say_constants(ax, [f"{valued(w, width)} nats", f"grey: {LN_2} and above"])


@styled
def draw_loss_range(
    score_range: float = 10.0, *, largest_margin: float = 12.0, ax: Axes | None = None
) -> Axes:
    """The largest and the smallest loss of a pair against the teacher's margin.

    Both are ends of Lemma 2b, shown with the largest divergence. The band is the range
    that a limit for one pair has to allow for.

    Parameters
    ----------
    score_range : float
        B, the largest student margin, in log-odds.
    largest_margin : float
        Right end of the axis, in log-odds.
    ax : Axes, optional

    Examples
    --------
    >>> draw_loss_range(5.0, largest_margin=8.0).get_ylabel()
    'loss of a pair (nats)'
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
    return say_constants(ax, [valued(B, score_range), "band: one pair's range"])


@styled
def draw_query_width(
    score_ranges: tuple[float, ...] = (2.0, 5.0, 10.0), *, ax: Axes | None = None
) -> Axes:
    """The width of the range of one query's risk against its number of documents.

    By Lemma 2c, the mean over all pairs cannot use the whole range of a pair.

    Examples
    --------
    >>> [text.get_text() for text in draw_query_width((5.0,)).get_legend().get_texts()]
    ['$B = 5$']
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
    return say_constants(ax, ["all pairs of a query, by Lemma 2c"])


@styled
def draw_entropy_floor(largest_margin: float = 8.0, *, ax: Axes | None = None) -> Axes:
    """Entropy of a pair against its margin, and its convex minorant.

    The minorant of Theorem 4 (a) is the least mean entropy at a mean margin. Below a*
    it is a straight line, since some of the pairs may be ties.

    Examples
    --------
    >>> [text.get_text() for text in draw_entropy_floor().get_legend().get_texts()]
    ['entropy of a pair', 'floor from the mean margin']
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
    # The star of the notation would look like a dot at this size
    name = f"$a_* = {bend:.2f}$"
    ax.annotate(name, (bend, 0), (3, 4), textcoords="offset points", fontsize=7)
    ax.set(xlabel=label(mean_a, "margin or mean margin"), ylabel=label(H, "entropy"))
    ax.set_xlim(0, largest_margin)
    ax.set_ylim(0, 0.75)
    ax.legend(loc="upper right")
    return say_constants(ax, ["margins in temperatures", "line: $a_*$, where it bends"])


@styled
def draw_ndcg_constants(
    relevant: tuple[int, ...] = (1, 3, 10), *, ax: Axes | None = None
) -> Axes:
    """Largest loss of DCG for a number of inversions, for binary relevance.

    The curves are Theorem 6 (c), which is tight from one inversion on. The line is
    Theorem 6 (a), the largest step of the discount times the inversions. Both hold, so
    the smaller one counts: the line up to the dot on a curve, the curve beyond it. What
    does not count is faint.

    Parameters
    ----------
    relevant : tuple of int
        Numbers of relevant documents, with one curve each.
    ax : Axes, optional

    Examples
    --------
    >>> [text.get_text() for text in draw_ndcg_constants((2,)).get_legend().get_texts()]
    ['2 relevant', '0.369 per inversion']
    """
    ax = axes_for(ax)
    counts = np.linspace(0, 30, 121)
    step = largest_discount_step()
    linear, last = step * counts, 0.0
    for index, documents in enumerate(relevant):
        losses = np.asarray(statement("theorem-6c").numpy()(documents, counts))
        name = f"{documents} relevant"
        # Losses are concave in the inversions, so that they cross the line once
        below = (losses <= linear + ROUNDING) & (counts > 0)
        start = int(np.argmax(below)) if below.any() else len(counts) - 1
        look = line(index)
        ax.plot(counts[start:], losses[start:], label=name, **look)
        ax.plot(counts[: start + 1], losses[: start + 1], lw=0.8, alpha=FAINT, **look)
        ax.plot([counts[start]], [losses[start]], "o", color=COLOURS[index])
        last = max(last, float(counts[start]))
        keep(ax, {"curve": [name] * len(counts), "inversions": counts, "loss": losses})
    inside = linear <= 8
    name, look = f"{step:.3f} per inversion", {"color": "0.25", "linestyle": "-"}
    counted = inside & (counts <= last)
    ax.plot(counts[counted], linear[counted], label=name, linewidth=1.2, **look)
    ax.plot(counts[inside], linear[inside], linewidth=0.8, alpha=FAINT, **look)
    shown = int(inside.sum())
    columns = {"inversions": counts[:shown], "loss": linear[:shown]}
    keep(ax, {"curve": np.full(shown, name), **columns})
    ax.set(xlabel=label(inversions, "inversions"), ylabel="largest loss of DCG")
    ax.set_xlim(0, 30)
    ax.set_ylim(0, 8)
    legend_above(ax)
    return say_constants(
        ax,
        [
            "the smaller one counts: the line up to a dot, then its curve",
            "binary relevance",
            "no cut-off",
        ],
    )


@styled
def draw_discount_steps(*, ax: Axes | None = None) -> Axes:
    """The largest step of the discount against the cut-off of nDCG.

    Examples
    --------
    >>> draw_discount_steps().get_xlabel()
    'cut-off of nDCG'
    """
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
    say_constants(ax, ["discount $1 / \\log_2(1 + j)$ of rank $j$"])
    return keep(ax, {"cutoff": cutoffs, "step": steps})
