"""Read blank-separated text as columns: regular blocks by pyarrow, others by line.

The line parser defines the format and words the errors. pyarrow reads a block of lines
only if the line parser would give the same result.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rankbound.data.columns import Floats, Integers
from rankbound.data.scores import LARGEST
from rankbound.memory import LONGEST_ID, has_long_number
from rankbound.read.fields import COMPOSED
from rankbound.read.source import Source, count
from rankbound.read.text.assembling import Assembly, Repeat, Sorted
from rankbound.read.text.blocks import (
    Irregular,
    blocks,
    floats,
    in_order,
    is_short,
    is_utf_8,
    separated,
)
from rankbound.read.text.ids import held, ids_of, integers
from rankbound.read.text.layout import (
    ALL_TAGS,
    WHOLE,
    NoSuchTagError,
    Row,
    are_whole,
    is_comment,
    named_tags,
    parsed_row,
    repeat_error,
    several_tags,
)
from rankbound.read.text.layout import Layout as Layout

LARGEST_BLANK = 32  # and all control characters below
BLANKS = re.compile(rb"\s*")


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
        Ranks are read only if `source.whole`.
    layout : Layout
    skip : int
        Header lines to skip.
    repairs : dict, optional
        Counts of what was skipped or repaired: "byte order mark", "CRLF line ends",
        "blank lines", "comment lines", "grades written with a point".

    Raises
    ------
    FormatError
        With path:line, for a wrong number of columns, a field that is not a finite
        number, a document twice in one query, or text that is not UTF-8; without a
        line, if there is too little memory.
    """
    counts: dict[str, int] = {} if repairs is None else repairs
    count(counts, "byte order mark", source.has_mark)
    rows = _Rows(source, layout, counts, skip, Assembly(str(source.path)))
    work = partial(_parsed, layout=layout, ranks=source.whole)
    with source.fitting_into_memory():
        pieces = _pieces(blocks(source, end=b"\n", repairs=counts), skip)
        with closing(in_order(work, pieces, short=is_short(source))) as parsed:
            for piece, columns in parsed:
                rows.take(piece, columns)
        return rows.table()


class _Piece(NamedTuple):
    """A block: leading lines that are not rows, rows, and trailing blank lines.

    Blank lines that follow each other are one item, as there may be millions.
    """

    top: list[bytes]
    rows: bytes
    tail: list[bytes]


def _pieces(blocks: Generator[bytes], skip: int) -> Generator[_Piece]:
    with closing(blocks):
        for block in blocks:
            yield _piece(block, skip)
            skip = 0


def _piece(block: bytes, skip: int) -> _Piece:
    place = 0
    top: list[bytes] = []
    for line in _lines(block):
        if len(top) >= skip and line.strip() and not is_comment(line):
            break
        top.append(line)
        place += len(line)
    rows, tail = block[place:] if place else block, b""
    if rows.endswith((b"\n\n", b"\n\r\n")):  # they would slow the block down
        stop = rows.find(b"\n", len(rows.rstrip(b"\r\n"))) + 1
        rows, tail = rows[:stop], rows[stop:]
    return _Piece(top, rows, [tail] if tail else [])


def _lines(block: bytes) -> Iterator[bytes]:
    r"""The lines of a block with their ends; blank ones in a row are one item.

    Examples
    --------
    >>> list(_lines(b"a\n\n \r\n b\n"))
    [b'a\n', b'\n \r\n', b' b\n']
    """
    place = 0
    while place < len(block):
        end = block.find(b"\n", place) + 1 or len(block)
        if not block[place:end].strip():
            found = BLANKS.match(block, place)
            blanks = len(block) if found is None else found.end()
            if blanks < len(block):
                blanks = block.rfind(b"\n", place, blanks) + 1
            end = blanks
        yield block[place:end]
        place = end


class _Parsed(NamedTuple):
    """Columns of a block of n lines.

    Attributes
    ----------
    qids : list of str
    queries : int32 array, shape (n,)
        The position of each row's query in `qids`.
    docnos : pyarrow array of n rows
    values : float64 array, shape (n,)
    ranks : int64 array, shape (n,), or None
    pointed : int
        Whole numbers that were written with a point.
    tags : list of str
    systems : int32 array, shape (n,)
        The position of each row's tag in `tags`; empty without a column of tags.
    """

    qids: list[str]
    queries: NDArray[np.int32]
    docnos: pa.Array
    values: Floats
    ranks: Integers | None
    pointed: int
    tags: list[str]
    systems: NDArray[np.int32]


def _parsed(piece: _Piece, *, layout: Layout, ranks: bool) -> _Parsed | None:
    """The rows of a piece, or None if the line parser has to read them."""
    return parse_block(piece.rows, layout, ranks=ranks) if piece.rows else None


def parse_block(block: bytes, layout: Layout, *, ranks: bool) -> _Parsed | None:
    r"""Columns of a block of lines, or None if the line parser has to read it.

    Parameters
    ----------
    block : bytes
    layout : Layout
    ranks : bool
        Whether to read the rank column, if there is one and it holds whole numbers.

    Examples
    --------
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> parse_block(b"q d 1.5\nq e 2e1\n", layout, ranks=False).values.tolist()
    [1.5, 20.0]
    >>> parse_block(b"q  d 1.5\n", layout, ranks=False) is None
    True
    """
    block = block.replace(b"\r\n", b"\n") if b"\r" in block else block
    names = [str(place) for place in range(layout.width)]
    # Grades are read as text first, to count those that are written with a point
    types = {
        names[layout.qid]: pa.dictionary(pa.int32(), pa.string()),
        names[layout.docno]: pa.string(),
        names[layout.value]: pa.string() if layout.integral else pa.float64(),
    }
    if layout.tag is not None:
        types[names[layout.tag]] = pa.dictionary(pa.int32(), pa.string())
    if ranks and layout.rank is not None:
        types[names[layout.rank]] = pa.string()
    try:
        qids, docnos, numbers, *others = _regular(block, names, types)
        pointed = 0
        if layout.integral:
            pointed = pc.sum(pc.match_substring(numbers, ".")).as_py()
            numbers = numbers.cast(pa.float64())
    except (pa.ArrowInvalid, Irregular):
        return None
    values = floats(numbers)
    sound = bool((np.abs(values) <= LARGEST).all())
    distinct = qids.dictionary.to_pylist()
    if _has_long_id(docnos, qids.dictionary) or has_long_number(block):
        return None
    # A comment may have as many words as a row
    if not sound or "#" in distinct or (layout.integral and not are_whole(values)):
        return None
    tagged = None if layout.tag is None else others.pop(0)
    return _Parsed(
        distinct,
        _indices(qids),
        held(docnos),
        values,
        _ranks(others[0]) if others else None,
        pointed,
        [] if tagged is None else tagged.dictionary.to_pylist(),
        np.zeros(0, dtype=np.int32) if tagged is None else _indices(tagged),
    )


def _has_long_id(*columns: pa.Array) -> bool:
    """Whether an id may have more characters than ids may have."""
    longest = (pc.max(pc.binary_length(column)).as_py() for column in columns)
    return any(size > LONGEST_ID for size in longest)


def _indices(column: pa.Array) -> NDArray[np.int32]:
    whole = np.frombuffer(column.indices.buffers()[1], dtype=np.int32)
    return whole[: len(column)]


def _regular(
    block: bytes, names: list[str], types: dict[str, pa.DataType]
) -> list[pa.Array]:
    """Some columns of a block whose fields are separated by single blanks.

    Raises
    ------
    Irregular
    """
    data = np.frombuffer(block, dtype=np.uint8)
    blank = data <= LARGEST_BLANK
    doubled = blank[0] or (blank[1:] & blank[:-1]).any()
    # Behind the last field, too, which would be an empty one
    doubled |= blank[-1] and not block.endswith(b"\n")
    if doubled or b"\r" in block or not is_utf_8(block):
        raise Irregular
    separator = b"\t" if b"\t" in block[: block.find(b"\n")] else b" "
    columns = separated(block, names, types, by=separator.decode())
    # Any other blank would separate fields for the line parser but not for pyarrow,
    # which has counted one separator or line end for each field
    blanks = np.count_nonzero(blank) + (not block.endswith(b"\n"))
    if blanks != len(columns[0]) * len(names):
        raise Irregular
    return columns


def _ranks(texts: pa.Array) -> Integers | None:
    """Whole numbers, or None if one of the texts is not a whole number."""
    numbers = held(texts)
    if numbers.type == pa.int64():
        return integers(numbers)
    found = texts.to_pylist()
    if not all(map(WHOLE.fullmatch, found)):
        return None
    return np.array([int(text) for text in found], dtype=np.int64)


@dataclass
class _Rows:
    """The rows of all blocks so far, in the order of the file."""

    source: Source
    layout: Layout
    repairs: dict[str, int]
    skip: int
    rows: Assembly
    lines: int = 0
    tags: dict[str, None] = field(default_factory=dict)

    def take(self, piece: _Piece, parsed: _Parsed | None) -> None:
        """Add the rows of a block, line by line if pyarrow did not read it."""
        for line in piece.top:
            if self.lines < self.skip:
                self._count_line(line)
            else:
                self._passes_over(line)
        if parsed is not None:
            self.lines += len(parsed.values)
            if b"\r" in piece.rows:
                count(self.repairs, "CRLF line ends", piece.rows.count(b"\r\n"))
            self._count_pointed(parsed.pointed)
            self._add(parsed)
        elif piece.rows:
            self._by_line(piece.rows)
        for line in piece.tail:
            self._passes_over(line)

    def _passes_over(self, line: bytes) -> bool:
        """Whether a line is blank or a comment, which is then counted."""
        blank = not line.strip()
        if not blank and not is_comment(line):
            return False
        number = self._count_line(line)
        count(self.repairs, "blank lines" if blank else "comment lines", number)
        return True

    def _count_line(self, line: bytes) -> int:
        number = line.count(b"\n") + (not line.endswith(b"\n"))
        self.lines += number
        count(self.repairs, "CRLF line ends", line.count(b"\r\n"))
        return number

    def _count_pointed(self, number: int) -> None:
        count(self.repairs, f"{self.layout.numbers}s written with a point", number)

    def _by_line(self, block: bytes) -> None:
        rows: list[Row] = []
        for line in _lines(block):
            if not self._passes_over(line):
                self._count_line(line)
                rows.append(parsed_row(line, self.layout, self.source.path, self.lines))
        if not rows:
            return
        self._count_pointed(sum(row.pointed for row in rows))
        ranks = [row.rank for row in rows if row.rank is not None]
        places: dict[str, int] = {}
        systems = [places.setdefault(row.tag, len(places)) for row in rows]
        self._add(
            _Parsed(
                [row.qid for row in rows],
                np.arange(len(rows), dtype=np.int32),
                ids_of([row.docno for row in rows]),
                np.array([row.value for row in rows], dtype=np.float64),
                np.array(ranks, dtype=np.int64) if len(ranks) == len(rows) else None,
                0,
                [] if self.layout.tag is None else list(places),
                np.array(systems, dtype=np.int32),
            )
        )

    def _add(self, parsed: _Parsed) -> None:
        """Add the rows of a block that are of the system that is wanted."""
        self.tags |= dict.fromkeys(parsed.tags)
        wanted = self.source.tag
        if wanted not in (None, ALL_TAGS) and parsed.tags and parsed.tags != [wanted]:
            chosen = [place for place, tag in enumerate(parsed.tags) if tag == wanted]
            keep = np.isin(parsed.systems, chosen)
            if not keep.any():
                return
            used, queries = np.unique(parsed.queries[keep], return_inverse=True)
            parsed = parsed._replace(
                qids=[parsed.qids[place] for place in used],
                queries=queries.astype(np.int32),
                docnos=parsed.docnos.filter(pa.array(keep)),
                values=parsed.values[keep],
                ranks=None if parsed.ranks is None else parsed.ranks[keep],
            )
        self.rows.add(*parsed[:5])

    def table(self) -> Sorted:
        """All rows, sorted by query and document."""
        tags, wanted = list(self.tags), self.source.tag
        if len(tags) > 1 and wanted is None:
            raise several_tags(self.source, self.layout, tags)
        if tags and wanted not in (None, ALL_TAGS, *tags):
            raise NoSuchTagError(
                self.source.path,
                f"no line has the tag {wanted!r}; the tags are {named_tags(tags)}, of "
                "which `run_tag` can choose",
            )
        if not self.rows.values:
            raise self.source.fail(f"no rows of {self.layout.names!r}", line=1)
        count(self.repairs, COMPOSED, self.rows.ids_composed)
        try:
            return self.rows.sorted()
        except Repeat as repeat:
            raise repeat_error(
                self.source, self.layout, repeat.rows, skip=self.skip
            ) from None
