"""Blocks of regular text parsed by pyarrow: numbers written in any way."""

from __future__ import annotations

import codecs
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from estimators.scores import LARGEST, Floats, Integers
from rankbound.formats.idcolumns import cut_texts, id_block_of
from rankbound.formats.layout import Layout, Parsed, are_whole
from rankbound.formats.words import Bytes

LARGEST_BLANK = 32  # and all control characters below


def parse_by_arrow(block: bytes, layout: Layout, *, ranks: bool) -> Parsed | None:
    r"""Columns of a block of lines, or None when it needs the careful way.

    Parameters
    ----------
    block : bytes
        Lines that end with ``\n`` alone.
    layout : Layout
    ranks : bool
        Whether the rank column is read, where there is one and it holds whole numbers.

    Examples
    --------
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> parse_by_arrow(b"q d 1.5\nq e 2\n", layout, ranks=False).values.tolist()
    [1.5, 2.0]
    >>> parse_by_arrow(b"q  d 1.5\n", layout, ranks=False) is None
    True
    """
    first = block[: block.find(b"\n") + 1 or len(block)]
    separator = b"\t" if b"\t" in first else b" "
    if not _is_regular(block, separator):
        return None
    column = layout.rank if ranks else None
    if column is not None and _may_hold_hexadecimals(block):
        return None
    table = _table(block, layout, separator, column)
    if table is None and column is not None:  # perhaps only the rank is none
        table = _table(block, layout, separator, None)
        column = None
    if table is None:
        return None
    values = _numbers(table.column(str(layout.value)), np.float64)
    if not _are_sound(values, layout):
        return None
    qids = table.column(str(layout.qid)).chunk(0)
    names = cut_texts(*_texts(qids.dictionary))
    codes = _numbers(qids.indices, np.int32)
    starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
    return Parsed(
        [names[code] for code in codes[starts]],
        np.diff(starts, append=len(codes)),
        id_block_of(*_texts(table.column(str(layout.docno)).chunk(0))),
        values,
        None if column is None else _numbers(table.column(str(column)), np.int64),
    )


# The columns' own buffers: Arrow's conversions import pandas, half a second and 40 MB


def _numbers(column: Any, dtype: Any) -> NDArray[Any]:
    array = column.chunk(0) if hasattr(column, "chunk") else column
    values = np.frombuffer(array.buffers()[1], dtype=dtype)
    return values[array.offset : array.offset + len(array)]


def _texts(column: Any) -> tuple[Bytes, Integers, Integers]:
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)
    starts = offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)
    data = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)
    return data, starts[:-1], np.diff(starts)


def _are_sound(values: Floats, layout: Layout) -> bool:
    if not (np.abs(values) <= LARGEST).all():
        return False
    return not layout.integral or are_whole(values)


def _is_regular(block: bytes, separator: bytes) -> bool:
    """Whether single separators part the fields of a block, and nothing else could."""
    other = b" " if separator == b"\t" else b"\t"
    if any(blank in block for blank in (other, b"\r", b"\v", b"\f", b"\0")):
        return False
    # A mark here is the beginning of an id, which pyarrow would drop
    odd = block.startswith((b"#", separator, b"\n", codecs.BOM_UTF8))
    if odd or block.endswith(separator):
        return False
    if b"#" in block and b"\n#" in block:
        return False
    # Two blanks in a row: an empty field or line. Quicker than a search for pairs
    blank = np.frombuffer(block, dtype=np.uint8) <= LARGEST_BLANK
    if (blank[1:] & blank[:-1]).any():
        return False
    try:
        return block.isascii() or bool(block.decode("utf-8"))
    except UnicodeDecodeError:
        return False  # pyarrow would only look at the columns that count


def _may_hold_hexadecimals(block: bytes) -> bool:
    return any(x in block and b"0" + x in block for x in (b"x", b"X"))


def _table(block: bytes, layout: Layout, separator: bytes, rank: int | None) -> Any:
    types = {
        str(layout.qid): pa.dictionary(pa.int32(), pa.string()),
        str(layout.docno): pa.string(),
        str(layout.value): pa.float64(),
    }
    if rank is not None:
        types[str(rank)] = pa.int64()
    try:
        return pacsv.read_csv(
            pa.BufferReader(block),
            memory_pool=pa.system_memory_pool(),  # gives memory back sooner
            read_options=pacsv.ReadOptions(
                column_names=[str(number) for number in range(layout.width)],
                use_threads=False,
                block_size=len(block) + 1,
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=separator.decode(),
                quote_char=False,
                ignore_empty_lines=False,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
