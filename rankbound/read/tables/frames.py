"""`Frame`: an Arrow table with checked columns, whose errors name the row."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rankbound.data.columns import Floats, Integers
from rankbound.data.scores import LARGEST
from rankbound.errors import FormatError
from rankbound.memory import LONGEST_ID
from rankbound.read.fields import (
    COMPOSED,
    NOT_IN_IDS,
    check_lengths,
    odd_words,
    wanted_number,
)
from rankbound.read.source import count

# Arrow holds no halves of surrogate pairs
BAD_ID = NOT_IN_IDS.replace("\ud800-\udfff", "") + r"|\A\s*\z"
# How Python and pandas print a list of text; NumPy prints no commas
QUOTED_LIST = re.compile(r"\[(?:'[^'\\]*'(?:, *'[^'\\]*')*)?\]")


@dataclass(frozen=True, eq=False)
class Frame:
    """A table and where it comes from; errors count rows from 1.

    Attributes
    ----------
    table : pyarrow.Table
    name : str
        A path, or the type of an object.
    shards : tuple of (str, int)
        The names and numbers of rows of the files that make up the table.
    rows : int64 array, shape (n,), or None
        The row of each in the whole table, of which these were chosen.
    repairs : dict of str to int
        Counts what was mended while columns were read.

    Examples
    --------
    >>> frame = Frame(pa.table({"qid": [7, 8], "score": [0.5, None]}), "toy.parquet")
    >>> frame.ids("qid").to_pylist()
    ['7', '8']
    >>> frame.numbers("score")
    Traceback (most recent call last):
    ...
    rankbound.errors.FormatError: toy.parquet: row 2: score must be a ...
    """

    table: Any
    name: str
    shards: tuple[tuple[str, int], ...] = ()
    rows: Integers | None = None
    repairs: dict[str, int] = field(default_factory=dict, kw_only=True)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.column_names)

    def fail(self, message: str, *, row: int | None = None) -> FormatError:
        """An error to be raised, about a row that is counted from 0 here."""
        if row is None:
            return FormatError(self.name, message)
        row = self.row_of_all(row)
        for name, rows in self.shards:
            if row < rows:
                return FormatError(name, f"row {row + 1}: {message}")
            row -= rows
        return FormatError(self.name, f"row {row + 1}: {message}")

    def place(self, row: int) -> str:
        """A row in words; it is counted from 0 here."""
        return f"row {self.row_of_all(row) + 1}"

    def of_rows(self, rows: Integers) -> Self:
        """Some of the rows; errors name their places in the whole table."""
        return replace(self, table=self.table.take(pa.array(rows)), rows=rows)

    def row_of_all(self, row: int) -> int:
        """The place of a row in the whole table."""
        return row if self.rows is None else int(self.rows[row])

    def ids(self, column: str) -> Any:
        """A column of ids as Arrow text; whole numbers become text.

        Raises
        ------
        FormatError
            For floating-point numbers, and an id that is missing or blank or has a tab
            or line end.
        """
        return self.checked_ids(self.table.column(column), column)

    def checked_ids(self, found: Any, column: str, rows: Integers | None = None) -> Any:
        """As `ids`, for values that may be in lists; `rows` gives their rows."""
        self._whole(found, column, rows)
        text = self._as_text(found, column)
        try:
            text.validate(full=True)
        except pa.ArrowInvalid:
            raise self.fail(
                f"{column} holds bytes that are not UTF-8 text; write its ids again"
            ) from None
        bad = pc.match_substring_regex(text, BAD_ID)
        place = self._first(bad)
        if place is not None:
            raise self.fail(
                odd_words(column, text[place].as_py()),
                row=place if rows is None else int(rows[place]),
            )
        if not pc.all(pc.string_is_ascii(text)).as_py():
            whole = pc.utf8_normalize(text, "NFC")
            changed = pc.sum(pc.not_equal(whole, text)).as_py() or 0
            count(self.repairs, COMPOSED, changed)
            text = whole
        return text

    def numbers(self, column: str) -> Floats:
        """A column of finite numbers as float64, shape (n,)."""
        found = self.table.column(column)
        return self.checked_numbers(found, column)

    def checked_numbers(
        self, found: Any, column: str, rows: Integers | None = None
    ) -> Floats:
        """As `numbers`, for values that may be in lists; `rows` gives their rows."""
        kind = found.type
        if not (pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind)):
            raise self.fail(f"{column} must hold numbers, found the type {kind}")
        # Whole numbers of more than 53 bits are rounded, as in JSON
        values = pc.cast(found, pa.float64(), safe=False).to_numpy()
        wrong = ~(np.abs(values) <= LARGEST)
        if wrong.any():
            place = int(np.argmax(wrong))
            row = place if rows is None else int(rows[place])
            value = found[place].as_py()
            raise self.fail(
                f"{column} must be {wanted_number(value)}, found {value}", row=row
            )
        return np.asarray(values)

    def lists(self, column: str) -> tuple[Any, Integers]:
        """A column of lists: their concatenated values, and their lengths.

        Text is parsed if it is a JSON list, or a list as Python prints it.

        Raises
        ------
        FormatError
            For a missing list, and text that is no list.
        """
        found = self.table.column(column)
        self._whole(found, column)
        if is_text(found.type):
            found = pa.chunked_array([self._parsed(found, column)])
        if not is_list(found.type):
            raise self.fail(f"{column} must hold lists, found the type {found.type}")
        sizes = pc.list_value_length(found).to_numpy().astype(np.int64)
        return pc.list_flatten(found), sizes

    def lists_or_singles(self, column: str) -> tuple[Any, Integers]:
        """As `lists`, of a column that may hold a single value in each row instead."""
        found = self.table.column(column)
        if is_list(found.type) or _is_printed(found):
            return self.lists(column)
        self._whole(found, column)
        return found, np.ones(len(found), dtype=np.int64)

    def _whole(self, found: Any, column: str, rows: Integers | None = None) -> None:
        """Raise if a value is missing."""
        if not found.null_count:
            return
        place = self._first(pc.is_null(found))
        row = place if rows is None or place is None else int(rows[place])
        lacks = "is missing" if rows is None else "lacks a value of its list"
        raise self.fail(f"{column} {lacks}; fill it or leave the row out", row=row)

    def _as_text(self, found: Any, column: str) -> Any:
        kind = found.type
        if pt.is_dictionary(kind):
            # A cast does not support dictionaries of string views (polars)
            chunks = found.chunks if isinstance(found, pa.ChunkedArray) else [found]
            return pa.chunked_array(
                [
                    self._as_text(chunk.dictionary, column).take(chunk.indices)
                    for chunk in chunks
                ]
            )
        if is_text(kind) or pt.is_integer(kind):
            names = pc.cast(found, pa.string() if small(found) else pa.large_string())
            if (pc.max(pc.binary_length(names)).as_py() or 0) > LONGEST_ID:
                check_lengths(names.to_pylist(), self.fail)
            return names
        if pt.is_floating(kind):
            raise self.fail(
                f"{column} holds floating-point numbers ({kind}), which are not ids: "
                "missing values caused this, or digits were lost; store text or whole "
                "numbers"
            )
        raise self.fail(
            f"{column} must hold ids, text or whole numbers, found the type {kind}"
        )

    def _parsed(self, found: Any, column: str) -> Any:
        lists = []
        for row, text in enumerate(found.to_pylist()):
            try:
                plain = text
                if QUOTED_LIST.fullmatch(text):
                    plain = text.replace('"', '\\"').replace("'", '"')
                value = json.loads(plain)
            except ValueError:
                value = None
            if not isinstance(value, list):
                raise self.fail(
                    f"{column} must be a list, found text that is no JSON list: "
                    f"{text[:60]!r}; store it as a list",
                    row=row,
                )
            lists.append(value)
        try:
            return pa.array(lists)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            raise self.fail(
                f"{column}: the lists mix text and numbers, or hold whole numbers "
                "of more than 64 bits; write ids as text"
            ) from None

    @staticmethod
    def _first(flags: Any) -> int | None:
        place = pc.index(flags, True).as_py()
        return None if place < 0 else int(place)


def _is_printed(found: Any) -> bool:
    """Whether a column of text holds lists as Python or JSON print them."""
    first = found[0].as_py() if is_text(found.type) and len(found) else None
    return first is not None and first.strip().startswith("[")


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is one of text."""
    views = getattr(pt, "is_string_view", lambda _: False)
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or views(kind))


def is_list(kind: Any) -> bool:
    """Whether an Arrow type is one of lists."""
    return bool(
        pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind)
    )


def small(found: Any) -> bool:
    """Whether the text of a column certainly fits 32-bit offsets."""
    return bool(found.nbytes < 2**30)
