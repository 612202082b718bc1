"""The computed tables of the appendix as Markdown, and one section as plain text.

The words of that section, ``sections/variants.md``, describe the simulation in full;
only the mathematics that it uses is supported.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Final

from paper_appendix.comparison import (
    DELTA,
    GROUP_SIZE,
    GUESS,
    SCORE_RANGE,
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
from paper_appendix.document import SECTIONS, TABLE, AppendixError, table
from rankbound.bounds.paper_form import pseudo_dimension_order, queries_for_budget
from rankbound.commands.certify.run import groups_for
from rankbound.validation.suite import Row, certify, names

HEADER: Final = ("key", "verdict", "how", "over", "looseness")
SIZE_OF: Final = re.compile(r"\|(\w+)\|")
LONG_NUMBER: Final = re.compile(r"(?<![\d.])\d{4,}")
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
SECTION: Final = "variants"
WORDS: Final = (
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
    (r"\^\{([^{}]*)\}", r"^\1"),
    (r"\^\\ast", "*"),
    (r"\\(ln|exp|min)\b", r"\1"),
    (r"\s*\\,\s*", " "),
    (r"\\ldots", "..."),
    (r"\\approx", "≈"),
    (r"\\cdot", "·"),
    (r"\\delta", "δ"),
    (r"\\kappa", "κ"),
    (r"\\ge\b", "≥"),
    (r"\\pm", "±"),
    (r"[$`]", ""),
)


@cache
def checks_table() -> str:
    """Results of the quick checks, run now with their fixed seed, as Markdown."""
    groups = groups_for(names(), _refuse)
    return table(HEADER, [_cells(row) for row in certify(groups=groups)])


def _refuse(warning: str) -> None:
    """Raise a warning as an error, since the table needs the real groups."""
    raise AppendixError(warning)


def _cells(row: Row) -> tuple[str, ...]:
    finding = row.finding
    loose = "" if finding.looseness is None else f"{finding.looseness:.3g}"
    return (f"`{row.key}`", row.verdict, finding.how, cell(finding.over), loose)


def cell(text: str) -> str:
    """Text for a cell of a table: without bars, and with separators of thousands.

    Examples
    --------
    >>> cell("|a| in [0, 40]: 1380 boxes")
    'size of a in [0, 40]: 1,380 boxes'
    >>> cell("[0.223871602347, 1234]")
    '[0.223871602347, 1,234]'
    """
    plain = SIZE_OF.sub(r"size of \1", text)
    return LONG_NUMBER.sub(lambda found: f"{int(found[0]):,}", plain)


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
    """The simulation: moments of the law, a weak student, smaller ranges."""
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
    """Queries at which the form with a pseudo-dimension is not vacuous."""
    order = pseudo_dimension_order(WEIGHTS, LAYERS)
    budget = GUESS - float(population().risk.mean())
    width = ranges().width
    uniform = queries_for_budget(order, width=width, budget=budget, delta=DELTA)
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
    """A limit with its significant digits, marked if it is below ln 2."""
    mark = r"$^\ast$" if mean < GUESS else ""
    if math.isnan(spread):
        return f"{mean:.4f}{mark}"
    return f"{mean:.3f}{mark} $\\pm {spread:.3f}$"


def _add_on(size: int) -> str:
    cost = add_on(size)
    return f"{cost:.3f}" if cost > 0.1 else f"{cost:.4f}"


def _count(number: int) -> str:
    """A number with separators of thousands."""
    return f"${number:,}$".replace(",", r"\,")


def _power(number: float) -> str:
    mantissa, exponent = f"{number:.1e}".split("e")
    return f"${mantissa} \\cdot 10^{{{int(exponent)}}}$"


def variants() -> str:
    """Return the section that compares the variants, with its tables, as plain text.

    Raises
    ------
    AppendixError
        If the section uses mathematics that is not supported.
    """
    path = SECTIONS / f"{SECTION}.md"
    parts = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        wanted = TABLE.fullmatch(block)
        parts.append(aligned(TABLES[wanted[1]]()) if wanted else bare(block))
    return "\n\n".join(parts) + "\n"


def bare(text: str) -> str:
    r"""Write the mathematics of a text without LaTeX.

    Examples
    --------
    >>> bare(r"at $500\,000$ queries, $B (1 - \kappa^{-2})$ and $0.5^\ast \pm 0.1$")
    'at 500 000 queries, B (1 - κ^-2) and 0.5* ± 0.1'
    """
    plain = text
    for pattern, replacement in WORDS:
        plain = re.sub(pattern, replacement, plain)
    if "\\" in plain:
        raise AppendixError(
            f"cannot be printed without LaTeX: {plain}; add it to "
            "paper_appendix.tables.WORDS"
        )
    return plain


def aligned(markdown: str) -> str:
    r"""Return a Markdown table with columns of equal width, without its bars.

    Examples
    --------
    >>> print(aligned("| n | limit |\n| --- | --- |\n| 43 | 0.9 |"))
     n  limit
    43    0.9
    """
    lines = markdown.split("\n")
    rows = [
        [bare(cell.strip()) for cell in line.strip("|").split("|")]
        for line in (lines[0], *lines[2:])
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
