"""What a page says about one result: verdicts, sentences, notes, and its tables."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rankbound.bounds.wording import counted
from rankbound.catalogue import Level, verdict_called
from rankbound.escaping import quoted
from rankbound.results import Result
from rankbound.tables import NEEDS, booktabs, escaped

MOST_ROWS: Final = 500
# Numbers from here on are written with an exponent
MOST_PLAIN: Final = 1e12


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings.

    Attributes
    ----------
    name : str
        Of the files that it can be downloaded as, without suffix.
    caption : str
    headings : tuple of str
    rows : tuple of tuple of str
        At most `MOST_ROWS` of them are on the page.
    left : int
        How many columns on the left hold words; the others hold numbers.
    title : str
        Shown above the table; by default the first word of the name.
    """

    name: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    title: str = ""

    @property
    def heading(self) -> str:
        """The word or two above the table."""
        said = self.title or words(self.name.split("-")[0])
        return said[:1].upper() + said[1:]

    @property
    def shown(self) -> tuple[tuple[str, ...], ...]:
        """The rows that are on the page."""
        return self.rows[:MOST_ROWS]

    @property
    def left_out(self) -> str:
        """How many of the rows are shown; empty if all are."""
        if len(self.rows) <= MOST_ROWS:
            return ""
        return (
            f"{MOST_ROWS:,} of {counted(len(self.rows), 'row')} shown; the CSV file "
            "has all"
        )

    def csv(self) -> str:
        r"""The table with its headings as comma-separated text.

        Examples
        --------
        >>> Table("t", "", ("a", "b"), (("x, y", "1"),)).csv()
        'a,b\n"x, y",1\n'
        """
        return csv_text((self.headings, *self.rows))

    def latex(self) -> str:
        r"""The table as LaTeX with the rules of the booktabs package.

        Examples
        --------
        >>> print(Table("t", "A & B", ("a", "b"), (("x_1", "1"),)).latex())
        % needs \usepackage{booktabs}
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
        rows = [map(escaped, row) for row in self.rows]
        label = "".join(c if c.isascii() and c.isalnum() else "-" for c in self.name)
        made = booktabs(
            self.caption, self.headings, rows, label=label, n_labels=self.left
        )
        return NEEDS + made


def csv_text(rows: Iterable[Iterable[str]]) -> str:
    r"""Rows as comma-separated text in which a spreadsheet finds no formulas.

    A cell that would be taken for a formula gets an apostrophe in front; numbers stay
    as they are.

    Examples
    --------
    >>> csv_text([("=1+1", "-0.5 to 0.5", "a")])
    "'=1+1,-0.5 to 0.5,a\n"
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows(map(quoted, row) for row in rows)
    return stream.getvalue()


def number(value: float | None, digits: int = 4) -> str:
    """A number for a cell; a dash where there is none.

    Examples
    --------
    >>> number(0.51659), number(None), number(1234567.0), number(3), number(1e300)
    ('0.5166', '–', '1,234,567', '3', '1e+300')
    """
    if value is None:
        return "–"
    if abs(value) >= MOST_PLAIN:
        return f"{value:.5g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.{digits}f}" if abs(value) >= 10**-digits else f"{value:.2g}"


def interval(ends: Iterable[float | None] | None) -> str:
    """Both ends of an interval for a cell; a dash where there is none.

    Examples
    --------
    >>> interval((0.25, 0.5)), interval((None, None)), interval(None)
    ('0.2500 to 0.5000', '–', '–')
    """
    both = [] if ends is None else [*ends]
    if not both or None in both:
        return "–"
    return " to ".join(map(number, both))


def data_uri(content: str, kind: str) -> str:
    """A data URI that holds a text, so that a link to it saves a file offline.

    Examples
    --------
    >>> data_uri("a", "text/csv")
    'data:text/csv;charset=utf-8;base64,YQ=='
    """
    packed = base64.b64encode(content.encode("utf-8", "backslashreplace")).decode()
    return f"data:{kind};charset=utf-8;base64,{packed}"


def words(value: Any) -> str:
    """A key of a result file as words.

    Examples
    --------
    >>> words("empirical_bernstein")
    'empirical bernstein'
    """
    return str(value).replace("_", " ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the banner: a word and a sentence.

    `level` says how good the news is; "told" is neither good nor bad. `command` is one
    to run, which belongs to the sentence.
    """

    level: Level
    word: str
    sentence: str
    command: str = ""


def told(word: str, sentence: str) -> Verdict:
    """A line of the banner whose word is, or begins with, a verdict of the catalogue.

    Examples
    --------
    >>> told("warning", "group sizes vary").level
    'caution'
    """
    return Verdict(verdict_called(word).level, word, sentence)


@dataclass(frozen=True, slots=True)
class Account:
    """What the report says about one result.

    Attributes
    ----------
    kind : str
        Such as "ledger".
    title : str
    verdicts : tuple of Verdict
    sentences : tuple of str
        Ready to be quoted.
    tables : tuple of Table
    notes : tuple of (heading, lines)
        Assumptions, warnings and definitions that a reader has to know.
    """

    kind: str
    title: str
    verdicts: tuple[Verdict, ...]
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]


def notes_of(result: Result, *fields: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The fields that hold sentences, or mappings to sentences, and are not empty."""
    found = []
    for field in fields:
        value = getattr(result, field)
        if isinstance(value, Mapping):
            value = [f"{name}: {text}" for name, text in value.items()]
        if value:
            found.append((field.replace("_", " "), tuple(map(str, value))))
    return tuple(found)
