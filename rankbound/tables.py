r"""Tables in LaTeX and Markdown; in LaTeX with the rules of the booktabs package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

NONE: Final = "-"
NEAR: Final = "≈"
NEEDS: Final = "% needs \\usepackage{booktabs}\n"
ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # After the end of a row, LaTeX would take these for options of it
    "[": "{[}",
    "*": "{*}",
    "\n": " ",
    "\r": " ",
    NEAR: r"$\approx$",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: plain text, which may be bold or have letters above and below.

    The letters of `near` follow a sign of approximate equality, below the line.
    """

    text: str
    superscript: str = ""
    near: str = ""
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
    title : str
        A few words, for pages that list tables.
    """

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_labels: int = 1
    title: str = ""


def escaped(text: str) -> str:
    r"""Text that LaTeX prints as it stands.

    Examples
    --------
    >>> print(escaped("50 % of a_b"))
    50 \% of a\_b
    """
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def booktabs(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Iterable[str]],
    *,
    label: str,
    n_labels: int,
) -> str:
    r"""A table with a caption and a label.

    Parameters
    ----------
    caption : str
        Plain text.
    header : sequence of str
        Plain text.
    rows : iterable of rows of str
        LaTeX; `escaped` makes it of plain text.
    label : str
        Letters and hyphens.
    n_labels : int
        Columns on the left that hold text; the others are aligned to the right.

    Examples
    --------
    >>> rows = [[escaped("x_1"), "1"]]
    >>> print(booktabs("A & B", ("a", "b"), rows, label="t", n_labels=1))
    \begin{table}
    \caption{A \& B}
    \label{tab:t}
    \begin{tabular}{lr}
    \toprule
    a & b \\
    \midrule
    x\_1 & 1 \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    columns = "l" * n_labels + "r" * (len(header) - n_labels)
    lines = [
        r"\begin{table}",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _row(map(escaped, header)),
        r"\midrule",
        *map(_row, rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def latex(tables: Sequence[Table]) -> str:
    r"""Tables in LaTeX; they need the package booktabs.

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
    """Tables in Markdown, captions above.

    Examples
    --------
    >>> rows = ((Cell("a"), Cell("0.5", superscript="b", near="c")),)
    >>> print(markdown([Table("t", "n = 3", ("term", "rho"), rows)]))
    **n = 3**
    <BLANKLINE>
    | term | rho |
    | :--- | ---: |
    | a | 0.5<sup>b</sup><sub>≈c</sub> |
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
    above = f"^{{\\mathrm{{{cell.superscript}}}}}" if cell.superscript else ""
    below = f"_{{\\approx\\mathrm{{{cell.near}}}}}" if cell.near else ""
    return f"{text}${above}{below}$" if above or below else text


def _markdown(cell: Cell) -> str:
    text = cell.text.replace("|", "\\|")
    text = f"**{text}**" if cell.bold else text
    above = f"<sup>{cell.superscript}</sup>" if cell.superscript else ""
    below = f"<sub>{NEAR}{cell.near}</sub>" if cell.near else ""
    return f"{text}{above}{below}"
