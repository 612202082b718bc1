"""A table of a result, kept as columns; rows are made when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path
from typing import Any, Final, Self, overload

import numpy as np
import orjson
from numpy.typing import NDArray

from rankbound.data.columns import Booleans, Floats, Integers, Strings, strings
from rankbound.errors import FormatError
from rankbound.escaping import all_quoted, unquoted

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
        "collection",
        "domain",
        "architecture",
        "loss",
        *("trained_on", "teacher", "augmentation"),
    }
)

BLOCK: Final = 10_000
WRITTEN: Final = 20_000  # rows that are put together at once
# Between these, the shortest digits of a number are the same to all
PLAIN: Final = (1e-4, 1e15)


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column of words of which each may stand in many rows.

    Attributes
    ----------
    words : object array of str, shape (n_words,)
    codes : integer array, shape (n_rows,)
        The word of each row.
    """

    words: Strings
    codes: NDArray[np.integer[Any]]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.codes)


Column = list[str] | Coded | Floats


def number_text(value: float) -> str:
    """A number with all its digits; whole numbers have no decimal point, NaN is blank.

    Examples
    --------
    >>> number_text(16.0), number_text(0.1), number_text(math.nan)
    ('16', '0.1', '')
    """
    if math.isnan(value):
        return ""
    whole = math.isfinite(value) and value == int(value) and abs(value) < PLAIN[1]
    return str(int(value)) if whole else repr(value)


def number_texts(values: Floats) -> list[str]:
    """`number_text` of many numbers, in a fifth of the time.

    Examples
    --------
    >>> number_texts(np.array([16.0, 0.1, 1e-5, -0.0, np.inf]))
    ['16', '0.1', '1e-05', '0', 'inf']
    """
    text, starts, others = _digits(values)
    found = text.tobytes().decode().split(",")[1:] if len(starts) else []
    for row in others.tolist():
        found[row] = number_text(float(values[row]))
    return found


def _digits(values: Floats) -> tuple[NDArray[np.uint8], Integers, Integers]:
    """Numbers as bytes with a comma before each, where these stand, and other rows.

    In these, others write another text. Whole numbers have no decimal point.
    """
    size = np.abs(values)
    plain = ((size >= PLAIN[0]) & (size < PLAIN[1])) | (size == 0)
    shown = np.where(plain, values, 0.5) + 0.0  # 0 has no sign
    data = orjson.dumps(shown, option=orjson.OPT_SERIALIZE_NUMPY)
    text = np.frombuffer(data, np.uint8)[:-1].copy()
    text[: min(1, len(values))] = ord(",")
    starts = np.flatnonzero(text == ord(","))
    whole = shown == np.rint(shown)
    if whole.any():
        ends = np.append(starts[1:], len(text))
        kept = np.ones(len(text), dtype=bool)
        kept[ends[whole] - 1] = kept[ends[whole] - 2] = False
        text = text[kept]
        starts -= 2 * (np.cumsum(whole) - whole)
    return text, starts, np.flatnonzero(~plain)


def _cells(column: Column, rows: slice = slice(None)) -> list[str]:
    """Some cells of a column."""
    if isinstance(column, Coded):
        found: list[str] = column.words[column.codes[rows]].tolist()
        return found
    return (
        number_texts(column[rows]) if isinstance(column, np.ndarray) else column[rows]
    )


def _typed(column: Column) -> list[float]:
    if isinstance(column, np.ndarray):
        return [*map(float, column)]
    return [float(cell or "nan") for cell in _cells(column)]


def _kept(column: Column, keep: Booleans) -> Column:
    if isinstance(column, Coded):
        return Coded(column.words, column.codes[keep])
    return column[keep] if isinstance(column, np.ndarray) else [*compress(column, keep)]


def _safe(column: Column) -> Column:
    """A column of words, made safe for spreadsheets."""
    if isinstance(column, Coded):
        return Coded(strings(all_quoted(column.words.tolist())), column.codes)
    return list(all_quoted(_cells(column)))


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """A column as Arrow text: `words`, and the word of each row if they repeat."""

    words: Any
    codes: NDArray[np.integer[Any]] | None


def _texts(column: Column, before: str) -> _Texts | Floats:
    """A column, whose cells have `before` in front; numbers are written later."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, np.ndarray):
        return column
    words = column.words if isinstance(column, Coded) else strings(column)
    texts = pa.array(words, pa.large_string())
    texts = pc.binary_join_element_wise(
        pa.scalar("", texts.type), texts, pa.scalar(before, texts.type)
    )
    return _Texts(texts, column.codes if isinstance(column, Coded) else None)


def _lines(columns: Sequence[_Texts | Floats], rows: slice) -> bytes:
    """Some rows as they stand in a file, without the end of the last line.

    Columns have in front of each cell what parts it from the one before.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts: list[Any] = []
    last: tuple[Floats, str] = np.empty(0), ""
    for place, column in enumerate(columns):
        if isinstance(column, np.ndarray):
            numbers, before = column[rows], "\t" if place else "\n"
            # They often repeat those of the column before
            if last[1] != before or not np.array_equal(numbers, last[0]):
                last = numbers, before
                written = _numbers(numbers, before)
            texts.append(written)
        elif column.codes is None:
            texts.append(column.words[rows])
        else:
            texts.append(column.words.take(pa.array(column.codes[rows])))
    nothing = pa.scalar("", pa.large_string())
    joined = pc.binary_join_element_wise(*texts, nothing)
    _, offsets, data = joined.buffers()  # which may be longer than what is used
    end = np.frombuffer(offsets, np.int64)[len(joined)]
    made: bytes = data.to_pybytes()[:end]
    return made


def _numbers(values: Floats, before: str) -> Any:
    """Numbers as Arrow text, with `before` in front of each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text, starts, others = _digits(values)
    text[starts] = ord(before)
    offsets = np.append(starts, len(text))
    found = pa.LargeStringArray.from_buffers(
        len(values), pa.py_buffer(offsets), pa.py_buffer(text)
    )
    if not len(others):
        return found
    mask = np.zeros(len(values), dtype=bool)
    mask[others] = True
    texts = [f"{before}{number_text(one)}" for one in values[others].tolist()]
    return pc.replace_with_mask(found, mask, pa.array(texts, pa.large_string()))


class Rows(Sequence[Row]):
    """Rows as mappings of column to text, kept as columns.

    A mapping for each row would take ten times the memory, which matters for millions
    of rows.

    Parameters
    ----------
    columns : mapping of str to list of str, Coded or float64 array
        All of the same length. Words that repeat and numbers take a tenth of the memory
        as they are; cells are made of them when they are asked for.

    Examples
    --------
    >>> rows = Rows({"qid": ["q1", "q2"], "value": ["0.5", ""]})
    >>> len(rows), rows[1], [row["qid"] for row in rows]
    (2, {'qid': 'q2', 'value': ''}, ['q1', 'q2'])
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
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
        return b"".join(self.parts()).decode()

    def parts(self) -> Iterator[bytes]:
        """What `text` gives, as bytes and a part at a time.

        Raises
        ------
        UnicodeEncodeError
            For half of a pair of surrogates, which no file holds.
        """
        yield "\t".join(self._names).encode()
        columns = [
            _texts(_safe(column) if name in WORDS else column, "\t" if place else "\n")
            for place, (name, column) in enumerate(self._held())
        ]
        for start in range(0, len(self), WRITTEN):
            yield _lines(columns, slice(start, start + WRITTEN))
        yield b"\n"

    def typed(self) -> dict[str, list[str] | list[float]]:
        """Columns, with numbers as numbers; a blank is NaN."""
        return {
            name: _cells(column) if name in WORDS else _typed(column)
            for name, column in self._held()
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
        kept = np.array([cell == value for cell in self.column(name)], dtype=bool)
        return type(self)({one: _kept(column, kept) for one, column in self._held()})

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
            return Rows({name: _cells(column, where) for name, column in self._held()})
        row = range(len(self))[where]
        return {n: _cells(c, slice(row, row + 1))[0] for n, c in self._held()}

    def _held(self) -> Iterator[tuple[str, Column]]:
        return zip(self._names, self._columns, strict=True)

    def column(self, name: str) -> list[str]:
        """One column, without making the rows."""
        return _cells(self._columns[self._names.index(name)])

    def __iter__(self) -> Iterator[Row]:
        """The rows in order."""
        for cells in zip(*map(_cells, self._columns), strict=True):
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
