"""The tables of the section that compares the variants, as Markdown."""

from __future__ import annotations

import math
from typing import Final

from paper_appendix.checks import checks_table
from paper_appendix.comparison import (
    DELTA,
    GUESS,
    SIZES,
    add_on,
    largest_kappa,
    population,
    queries_for_gap,
    ranges,
    rescaled,
    shift_term,
    simulated,
    weak_risk,
)
from paper_appendix.document import table
from paper_appendix.simulation import GROUP_SIZE, SCORE_RANGE
from rankbound.bounds.paper_form import pseudo_dimension_order, queries_to_say_something

KAPPAS: Final = (1.01, 1.02, 1.1, 2.0, 5.0)
METHODS: Final = {
    "hoeffding-range": "Hoeffding, $B$",
    "hoeffding": "Hoeffding, $w$",
    "kl": "kl",
    "empirical_bernstein": "emp. Bernstein",
    "betting-longer": "betting",
    "split-kl": "split, kl",
    "split-pool-tenth": "split, large $H$ sample, betting",
}
STAKES: Final = {
    "betting": "betting",
    "betting-longer": "one stake more",
    "split-pool": "split, halves",
    "split-pool-tenth": "split, a tenth, one stake more",
}
WEIGHTS: Final = 1.1e8  # a small transformer
LAYERS: Final = 12


def limits_table() -> str:
    """Limits by sample size and method, as Markdown."""
    rows = []
    for size in SIZES:
        found = simulated(size)
        cells = [_limit(*found[name]) for name in METHODS]
        rows.append((_count(size), *cells, _add_on(size)))
    header = ("$n$", *METHODS.values(), "add-on")
    return table(header, rows)


def stakes_table() -> str:
    """Both forms of the betting limits, as Markdown."""
    rows = []
    for size in SIZES:
        found = simulated(size)
        rows.append((_count(size), *(_limit(*found[name]) for name in STAKES)))
    return table(("$n$", *STAKES.values()), rows)


def ranges_table() -> str:
    """Ranges by group size, as Markdown."""
    rows = []
    for group in (2, 4, GROUP_SIZE, None):
        row = ranges(group=group)
        rows.append(
            (
                "large" if group is None else str(group),
                *(f"{end:.4f}" for end in (row.cut, row.low, row.high)),
                f"{row.width:.3f}",
            )
        )
    return table(("$k$", "$c_k$", "least", "largest", "width $w$"), rows)


def shift_table() -> str:
    """The shift term by density ratio, as Markdown."""
    rows = [(f"{kappa:g}", f"{shift_term(kappa):.2f}") for kappa in KAPPAS]
    return table((r"$\kappa$", r"$B (1 - \kappa^{-2})$ in nats"), rows)


def gap_table() -> str:
    """Queries for a given gap, as Markdown."""
    narrow = ranges().width
    rows = [
        (
            f"{gap:g}",
            _count(queries_for_gap(gap, SCORE_RANGE)),
            _count(queries_for_gap(gap, narrow)),
        )
        for gap in (0.2, 0.1)
    ]
    return table(("gap in nats", "$n$ with $B$", "$n$ with $w$"), rows)


def facts_table() -> str:
    """What was simulated: moments of the law, a weak student, smaller ranges."""
    law = population()
    rows = [
        ("entropy $H$", f"{law.entropy.mean():.4f}"),
        ("divergence $D$", f"{law.divergence.mean():.4f}"),
        ("risk $R$", f"{law.risk.mean():.4f}"),
        ("standard deviation of $Z_q$", f"{law.risk.std():.3f}"),
        ("risk of the weak student", f"{weak_risk():.3f}"),
        ("largest useful density ratio", f"{largest_kappa(law.risk.mean()):.3f}"),
    ]
    for score_range in (4.0, 1.0):
        risk, *limit_at = rescaled(score_range)
        size = {4.0: 250, 1.0: 1000}[score_range]
        rows.append((f"risk, scores rescaled to $B = {score_range:g}$", f"{risk:.3f}"))
        rows.append((f"betting limit there, $n = {size}$", _limit(*limit_at)))
    return table(("quantity", "nats (the ratio: 1)"), rows)


def paper_table() -> str:
    """Queries at which the form with a pseudo-dimension says something."""
    order = pseudo_dimension_order(WEIGHTS, LAYERS)
    budget = GUESS - float(population().risk.mean())
    width = ranges().width
    uniform = queries_to_say_something(order, width=width, budget=budget, delta=DELTA)
    rows = [
        ("scale of the pseudo-dimension", _power(order)),
        ("queries, uniform over the networks", _power(uniform)),
        ("queries, one held-out student", _count(queries_for_gap(budget, width))),
    ]
    return table(("quantity", "count"), rows)


TABLES: Final = {
    "limits": limits_table,
    "stakes": stakes_table,
    "ranges": ranges_table,
    "shift": shift_table,
    "gap": gap_table,
    "facts": facts_table,
    "paper": paper_table,
    "checks": checks_table,
}


def _limit(mean: float, spread: float) -> str:
    """Digits that the spread over seeds leaves, and a mark if it certifies."""
    mark = r"$^\ast$" if mean < GUESS else ""
    if math.isnan(spread):
        return f"{mean:.4f}{mark}"
    return f"{mean:.3f}{mark} $\\pm {spread:.3f}$"


def _add_on(size: int) -> str:
    cost = add_on(size)
    return f"{cost:.3f}" if cost > 0.1 else f"{cost:.4f}"


def _count(number: int) -> str:
    """Thousands set apart."""
    return f"${number:,}$".replace(",", r"\,")


def _power(number: float) -> str:
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$"
