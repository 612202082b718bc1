"""Tables as LaTeX and Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rankbound.booktabs import NEEDS, booktabs, escaped

NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a text, maybe bold, maybe with a superscript."""

    text: str
    superscript: str = ""
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption.

    Attributes
    ----------
    name : str
        For the label; letters and hyphens.
    caption : str
    header : tuple of str
    rows : tuple of tuple of Cell
    n_labels : int
        Columns on the left that hold text; the others are aligned to the right.
    """

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_labels: int = 1


def latex(tables: Sequence[Table]) -> str:
    r"""LaTeX tables; they need the package booktabs.

    Examples
    --------
    >>> table = Table("t", "n = 3", ("term", "rho"), ((Cell("a_b"), Cell("0.5", "a")),))
    >>> print(latex([table]))
    % needs \usepackage{booktabs}
    \begin{table}
    \caption{n = 3}
    \label{tab:t}
    \begin{tabular}{lr}
    \toprule
    term & rho \\
    \midrule
    a\_b & 0.5$^{\mathrm{a}}$ \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    made = (
        booktabs(
            table.caption,
            table.header,
            [map(_latex, row) for row in table.rows],
            label=table.name,
            n_labels=table.n_labels,
        )
        for table in tables
    )
    return "".join([NEEDS, *made])


def markdown(tables: Sequence[Table]) -> str:
    """Markdown tables, captions above.

    Examples
    --------
    >>> table = Table("t", "n = 3", ("term", "rho"), ((Cell("a"), Cell("0.5", "b")),))
    >>> print(markdown([table]))
    **n = 3**
    <BLANKLINE>
    | term | rho |
    | :--- | ---: |
    | a | 0.5<sup>b</sup> |
    <BLANKLINE>
    """
    parts = []
    for table in tables:
        marks = [":---"] * table.n_labels
        marks += ["---:"] * (len(table.header) - table.n_labels)
        rows = [table.header, marks]
        rows += [[_markdown(cell) for cell in row] for row in table.rows]
        lines = (f"| {' | '.join(row)} |\n" for row in rows)
        parts.append(f"**{table.caption}**\n\n{''.join(lines)}")
    return "\n".join(parts)


def _latex(cell: Cell) -> str:
    text = escaped(cell.text)
    text = f"\\textbf{{{text}}}" if cell.bold else text
    return f"{text}$^{{\\mathrm{{{cell.superscript}}}}}$" if cell.superscript else text


def _markdown(cell: Cell) -> str:
    text = cell.text.replace("|", "\\|")
    text = f"**{text}**" if cell.bold else text
    return f"{text}<sup>{cell.superscript}</sup>" if cell.superscript else text
