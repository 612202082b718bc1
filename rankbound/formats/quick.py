"""Blocks of regular text parsed by pyarrow: single separators, nothing to mend."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from estimators.scores import Floats, Integers
from rankbound.formats.ids import IdBlock, id_block
from rankbound.formats.layout import Layout

LARGEST_BLANK = 32  # and all control characters below


class Parsed(NamedTuple):
    """Columns of a block: a dictionary array of query ids, ids, numbers, ranks."""

    qids: Any
    docnos: IdBlock
    values: Floats
    ranks: Integers | None


def parse_quickly(block: bytes, layout: Layout, *, ranks: bool) -> Parsed | None:
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
    >>> parse_quickly(b"q d 1.5\nq e 2\n", layout, ranks=False).values.tolist()
    [1.5, 2.0]
    >>> parse_quickly(b"q  d 1.5\n", layout, ranks=False) is None
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
    parsed = Parsed(
        table.column(str(layout.qid)).chunk(0),
        id_block(table.column(str(layout.docno)).chunk(0)),
        table.column(str(layout.value)).to_numpy(),
        None if column is None else table.column(str(column)).to_numpy(),
    )
    return parsed if _is_sound(parsed, layout) else None


def _is_sound(parsed: Parsed, layout: Layout) -> bool:
    values = parsed.values
    if not np.isfinite(values).all():
        return False
    return not layout.integral or np.array_equal(values, np.trunc(values))


def _is_regular(block: bytes, separator: bytes) -> bool:
    """Whether single separators part the fields of a block, and nothing else could."""
    other = b" " if separator == b"\t" else b"\t"
    if any(blank in block for blank in (other, b"\r", b"\v", b"\f", b"\0")):
        return False
    if block[:1] in (b"#", separator, b"\n") or block.endswith(separator):
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
