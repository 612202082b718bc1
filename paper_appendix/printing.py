r"""The section that compares the variants as text for a terminal.

The words are those of ``sections/variants.md``, which state the simulation in full; its
tables are computed now. Only the mathematics of that section is understood.
"""

from __future__ import annotations

import re
from typing import Final

from paper_appendix.document import AppendixError
from paper_appendix.latex import SECTIONS, TABLE
from paper_appendix.tables import TABLES

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


def variants() -> str:
    """Return the section with its tables, for reading without LaTeX.

    Raises
    ------
    AppendixError
        If the section uses mathematics that is not understood.
    """
    path = SECTIONS / f"{SECTION}.md"
    parts = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        wanted = TABLE.fullmatch(block)
        parts.append(aligned(TABLES[wanted[1]]()) if wanted else bare(block))
    return "\n\n".join(parts) + "\n"


def bare(text: str) -> str:
    r"""Spell the mathematics of a text without LaTeX.

    Examples
    --------
    >>> bare(r"at $500\,000$ queries, $B (1 - \kappa^{-2})$ and $0.5^\ast \pm 0.1$")
    'at 500 000 queries, B (1 - κ^-2) and 0.5* ± 0.1'
    """
    plain = text
    for pattern, replacement in WORDS:
        plain = re.sub(pattern, replacement, plain)
    if "\\" in plain:
        raise AppendixError(f"cannot be printed without LaTeX: {plain}")
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
