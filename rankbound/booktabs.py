r"""Tables in LaTeX, with the rules of the booktabs package; every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

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
    # The end of the row before would take these for its own options
    "[": "{[}",
    "*": "{*}",
    "\n": " ",
    "\r": " ",
}


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
