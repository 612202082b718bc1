"""A table of a result, kept as columns; rows are made when they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import compress, islice
from pathlib import Path
from typing import Final, Self, overload

from rankbound.errors import FormatError
from rankbound.escaping import quoted, unquoted

Row = Mapping[str, str]
# Columns that hold words; all others hold numbers or blanks
WORDS: Final = frozenset(
    {
        "qid",
        "student",
        "sampling",
        "quantity",
        "pairs",
        "cluster",
        "dataset",
        "measure",
        "unit",
        "reason",
    }
)

BLOCK: Final = 10_000


class Rows(Sequence[Row]):
    """Rows as mappings of column to text, kept as columns.

    A mapping for each row would take ten times the memory, which matters for millions
    of rows.

    Parameters
    ----------
    columns : mapping of str to list of str
        All of the same length.

    Examples
    --------
    >>> rows = Rows({"qid": ["q1", "q2"], "value": ["0.5", ""]})
    >>> len(rows), rows[1], [row["qid"] for row in rows]
    (2, {'qid': 'q2', 'value': ''}, ['q1', 'q2'])
    """

    def __init__(self, columns: Mapping[str, list[str]]) -> None:
        self._names = tuple(columns)
        self._columns = tuple(columns.values())

    @classmethod
    def read(cls, path: Path, *, needed: Collection[str]) -> Self:
        """Read a tab-separated table that a command of this program wrote.

        Parameters
        ----------
        path : Path
        needed : collection of str
            Columns that the table must have.

        Raises
        ------
        FormatError
            When a column is missing or occurs twice, a row has another number of cells
            than the header, or a cell that should hold a number does not.
        """
        try:
            with path.open(encoding="utf-8", newline="\n") as stream:
                return cls(_columns(path, stream, needed))
        except (OSError, UnicodeDecodeError) as error:
            raise FormatError(path, f"cannot be read as a table ({error})") from None

    @classmethod
    def joined(cls, tables: Sequence[Rows]) -> Self:
        """Stack tables; cells are blank where one lacks a column of the first.

        Examples
        --------
        >>> Rows.joined([Rows({"a": ["1"], "b": ["2"]}), Rows({"a": ["3"]})])[1]
        {'a': '3', 'b': ''}
        """
        found: dict[str, list[str]] = {name: [] for name in tables[0].names}
        for table in tables:
            blank = [""] * len(table)
            for name, cells in found.items():
                cells += table.column(name) if name in table.names else blank
        return cls(found)

    @staticmethod
    def header(path: Path) -> list[str]:
        """The names of the columns of a file; none if it cannot be read."""
        try:
            with path.open(encoding="utf-8", newline="\n") as stream:
                return next(stream, "").rstrip("\r\n").split("\t")
        except (OSError, UnicodeDecodeError):
            return []

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in order."""
        return self._names

    def text(self) -> str:
        """The table as it stands in a file: tab-separated, with a header.

        Cells of words are made safe for spreadsheets; see `rankbound.escaping`.
        """
        columns = [
            map(quoted, cells) if name in WORDS else cells
            for name, cells in zip(self._names, self._columns, strict=True)
        ]
        lines = zip(*columns, strict=True)
        return "".join("\t".join(line) + "\n" for line in [self._names, *lines])

    def typed(self) -> dict[str, list[str] | list[float]]:
        """Columns, with numbers as numbers; a blank is NaN."""
        return {
            name: column if name in WORDS else [float(c or "nan") for c in column]
            for name, column in zip(self._names, self._columns, strict=True)
        }

    def numbers(self, *names: str) -> list[list[float]]:
        """Numeric columns, over the rows in which all of them are filled.

        They are empty if one of them does not exist.

        Examples
        --------
        >>> Rows({"a": ["1", "2"], "b": ["0.5", ""]}).numbers("a", "b")
        [[1.0], [0.5]]
        """
        there = {*names} <= {*self._names}
        full = [row for row in self.cells(*names) if all(row)] if there else []
        return [[float(row[place]) for row in full] for place in range(len(names))]

    def where(self, name: str, value: str) -> Self:
        """The rows that hold a value in a column; none if there is no such column.

        Examples
        --------
        >>> len(Rows({"a": ["1", "2", "1"]}).where("a", "1"))
        2
        """
        if name not in self._names:
            return type(self)({one: [] for one in self._names})
        kept = [cell == value for cell in self.column(name)]
        columns = zip(self._names, self._columns, strict=True)
        return type(self)({one: [*compress(cells, kept)] for one, cells in columns})

    def cells(self, *names: str) -> Iterator[tuple[str, ...]]:
        """Some columns side by side, without making the rows.

        Examples
        --------
        >>> [*Rows({"a": ["1", "2"], "b": ["", "3"]}).cells("b", "a")]
        [('', '1'), ('3', '2')]
        """
        return zip(*(self.column(name) for name in names), strict=True)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._columns[0]) if self._columns else 0

    @overload
    def __getitem__(self, where: int) -> Row: ...
    @overload
    def __getitem__(self, where: slice) -> Rows: ...
    def __getitem__(self, where: int | slice) -> Row | Rows:
        """One row, or several as `Rows`."""
        if isinstance(where, slice):
            cut = {n: c[where] for n, c in zip(self._names, self._columns, strict=True)}
            return Rows(cut)
        return {n: c[where] for n, c in zip(self._names, self._columns, strict=True)}

    def column(self, name: str) -> list[str]:
        """One column, without making the rows."""
        return self._columns[self._names.index(name)]

    def __iter__(self) -> Iterator[Row]:
        """The rows in order."""
        for cells in zip(*self._columns, strict=True):
            yield dict(zip(self._names, cells, strict=True))


def _columns(
    path: Path, stream: Iterator[str], needed: Collection[str]
) -> dict[str, list[str]]:
    names = next(stream, "").rstrip("\r\n").split("\t")
    for name in needed:
        if name not in names:
            raise FormatError(
                path, f"the column {name!r} is missing; run the command again", line=1
            )
    found: dict[str, list[str]] = {name: [] for name in names}
    if len(found) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        raise FormatError(
            path, f"the column {name!r} is there twice; run the command again", line=1
        )
    same: dict[str, str] = {}
    first = 2
    while lines := [line.rstrip("\r\n") for line in islice(stream, BLOCK)]:
        _check_widths(path, lines, len(names), first)
        first += len(lines)
        # One list of cells for a block: a list for every row takes twice the time
        cells = "\t".join(lines).split("\t")
        for place, name in enumerate(names):
            column = cells[place :: len(names)]
            # The same word in many rows is kept once
            found[name] += (
                [same.setdefault(c, c) for c in unquoted(column)]
                if name in WORDS
                else column
            )
    for name in names:
        if name not in WORDS:
            _check_numbers(path, name, found[name])
    return found


def _check_widths(path: Path, lines: list[str], width: int, first: int) -> None:
    for place, line in enumerate(lines, first):
        if line.count("\t") != width - 1:
            raise FormatError(
                path,
                f"expected {width} cells, found {line.count(chr(9)) + 1}; run the "
                "command that wrote the file again",
                line=place,
            )


def _check_numbers(path: Path, name: str, cells: list[str]) -> None:
    for line, cell in enumerate(cells, 2):
        try:
            float(cell or 0)
        except ValueError:
            raise FormatError(
                path, f"the column {name!r} holds numbers, got {cell!r}", line=line
            ) from None
