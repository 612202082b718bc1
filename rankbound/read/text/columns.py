"""Blank-separated text as columns: quickly where it is regular, else line by line.

The line parser is the definition of the format; it also finds the line of an error. The
quick way is only taken for blocks on which both give the same columns.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rankbound.read.source import Source, count
from rankbound.read.text.assembling import Assembly, Repeat, Sorted
from rankbound.read.text.blocks import ahead, blocks, is_short
from rankbound.read.text.idcolumns import id_block
from rankbound.read.text.layout import Layout as Layout
from rankbound.read.text.layout import (
    Parsed,
    Row,
    is_comment,
    parsed_row,
    repeat_error,
)
from rankbound.read.text.quick import Lines, lines_of, parse_quickly


def read_columns(
    source: Source,
    layout: Layout,
    *,
    skip: int = 0,
    repairs: dict[str, int] | None = None,
) -> Sorted:
    """Parse a table of (qid, docno, number) rows; ranks where there are whole numbers.

    Parameters
    ----------
    source : Source
        Ranks are read where it is read as a whole.
    layout : Layout
    skip : int
        Header lines to pass over.
    repairs : dict, optional
        Counts what was passed over or mended: "byte order mark", "CRLF line ends",
        "blank lines", "comment lines", "grades written with a point".

    Raises
    ------
    FormatError
        With path:line, on a wrong number of columns, a number that is none or not
        finite, a document twice in one query, or text that is not UTF-8; without a
        line, where the memory does not suffice.
    """
    counts: dict[str, int] = {} if repairs is None else repairs
    count(counts, "byte order mark", source.has_mark)
    rows = _Rows(source, layout, counts, skip, Assembly(str(source.path)))
    short = is_short(source)
    with source.fitting_into_memory():
        pieces = ahead(_pieces(blocks(source, end=b"\n"), layout, skip), short=short)
        parsed = ahead(_parsed(pieces, layout, ranks=source.whole), short=short)
        with closing(parsed):
            for piece, columns in parsed:
                rows.take(piece, columns)
        return rows.table()


class _Piece(NamedTuple):
    """A block: lines on top that are no rows, rows, and blank lines at the end."""

    top: list[bytes]
    rows: bytes
    tail: list[bytes]
    lines: Lines | None


def _pieces(blocks: Generator[bytes], layout: Layout, skip: int) -> Generator[_Piece]:
    with closing(blocks):
        for block in blocks:
            yield _piece(block, layout, skip)
            skip = 0


def _piece(block: bytes, layout: Layout, skip: int) -> _Piece:
    place = 0
    top: list[bytes] = []
    while place < len(block):
        end = block.find(b"\n", place) + 1 or len(block)
        line = block[place:end]
        if len(top) >= skip and line.strip() and not is_comment(line):
            break
        top.append(line)
        place = end
    rows, tail = block[place:] if place else block, b""
    if rows.endswith((b"\n\n", b"\n\r\n")):  # they would slow the block down
        stop = rows.find(b"\n", len(rows.rstrip(b"\r\n"))) + 1
        rows, tail = rows[:stop], rows[stop:]
    lines = lines_of(rows, layout) if rows else None
    return _Piece(top, rows, list(io.BytesIO(tail)), lines)


def _parsed(
    pieces: Generator[_Piece], layout: Layout, *, ranks: bool
) -> Generator[tuple[_Piece, Parsed | None]]:
    """Each piece with its rows by the quick way, where that can be taken."""
    with closing(pieces):
        for piece in pieces:
            lines = piece.lines
            found = None if lines is None else parse_quickly(lines, layout, ranks=ranks)
            yield piece, found


@dataclass
class _Rows:
    """The rows of all blocks so far, in the order of the file."""

    source: Source
    layout: Layout
    repairs: dict[str, int]
    skip: int
    rows: Assembly
    lines: int = 0

    def take(self, piece: _Piece, parsed: Parsed | None) -> None:
        """Add the rows of a block, line by line where the quick way gave nothing."""
        for line in piece.top:
            if self.lines < self.skip:
                self._count_line(line)
            else:
                self._passes_over(line)
        if parsed is not None:
            self._count_quick(piece.rows, len(parsed.values))
            self.rows.add(*parsed)
        elif piece.rows:
            self._by_line(piece.rows)
        for line in piece.tail:
            self._passes_over(line)

    def _passes_over(self, line: bytes) -> bool:
        """Whether a line is blank or a comment, which is then counted."""
        blank = not line.strip()
        if not blank and not is_comment(line):
            return False
        self._count_line(line)
        count(self.repairs, "blank lines" if blank else "comment lines")
        return True

    def _count_line(self, line: bytes) -> None:
        self.lines += 1
        count(self.repairs, "CRLF line ends", line.endswith(b"\r\n"))

    def _count_quick(self, block: bytes, rows: int) -> None:
        self.lines += rows
        if b"\r" in block:
            count(self.repairs, "CRLF line ends", block.count(b"\r\n"))
        if self.layout.integral and b"." in block:
            place = self.layout.value
            lines = (line.split() for line in io.BytesIO(block))
            self._count_pointed(sum(b"." in fields[place] for fields in lines))

    def _count_pointed(self, number: int) -> None:
        count(self.repairs, f"{self.layout.numbers}s written with a point", number)

    def _by_line(self, block: bytes) -> None:
        rows: list[Row] = []
        for line in io.BytesIO(block):
            if not self._passes_over(line):
                self._count_line(line)
                rows.append(parsed_row(line, self.layout, self.source.path, self.lines))
        if not rows:
            return
        self._count_pointed(sum(row.pointed for row in rows))
        ranks = [row.rank for row in rows if row.rank is not None]
        self.rows.add(
            [row.qid for row in rows],
            np.ones(len(rows), dtype=np.int64),
            id_block([row.docno for row in rows]),
            np.array([row.value for row in rows], dtype=np.float64),
            np.array(ranks, dtype=np.int64) if len(ranks) == len(rows) else None,
        )

    def table(self) -> Sorted:
        """All rows, sorted by query and document."""
        if not self.rows.runs:
            raise self.source.fail(f"no rows of {self.layout.names!r}", line=1)
        try:
            return self.rows.sorted()
        except Repeat as repeat:
            raise repeat_error(
                self.source, self.layout, repeat.rows, skip=self.skip
            ) from None
