"""Training groups of a regular file, a block of lines at a time, parsed by pyarrow.

Regular is a file whose lines hold the keys of the first one and nothing else, with ids
of one type, no escapes, no blank lines and no CRLF. `rankbound.read.json.groups` reads
every other file line by line, and is what decides how a file is read.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import closing
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json as pajson

from rankbound.bounds.shift import ROUNDING
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.groups import Groups
from rankbound.read.json.cutting import Unsure
from rankbound.read.naming import INTEGER_IDS
from rankbound.read.source import Source
from rankbound.read.text.blocks import blocks, in_order, is_short, is_utf_8
from rankbound.read.text.ids import IdColumn, held

QUERY, POSITIVE, NEGATIVES, LAW = KEYS = (
    "query_id",
    "doc_id_a",
    "doc_id_b",
    "probabilities",
)
BLANK, BEYOND_ASCII = 0x20, 0x80
TYPES: Final = {str: pa.string(), int: pa.int64()}


def groups_in_blocks(source: Source) -> tuple[Groups, dict[str, int]]:
    """The groups of a regular file, and what was mended.

    Raises
    ------
    Unsure
        When the file needs a careful look.
    FormatError
        When its compression is damaged, perhaps behind a line that is broken, too.

    Examples
    --------
    >>> from pathlib import Path
    >>> line = b'{"query_id": "q", "doc_id_a": "p", "doc_id_b": ["a", "b"]}'
    >>> groups, _ = groups_in_blocks(Source(Path("x"), content=line))
    >>> groups.docnos[groups.codes].tolist()
    ['p', 'a', 'b']
    """
    schema = _schema(source)
    qids = IdColumn()
    positives: list[pa.Array] = []
    negatives: list[pa.Array] = []
    sizes: list[Integers] = []
    laws: list[Floats] = []
    with closing(_parsed(source, schema)) as found:
        for block in found:
            qids.append(block.qids)
            positives.append(block.positives)
            negatives.append(block.negatives)
            sizes.append(block.sizes)
            if block.law is not None:
                laws.append(block.law)
    qid_ids = qids.encoded()
    known, places = qid_ids.names.strings, qid_ids.codes
    docnos = IdColumn([*positives, *negatives]).encoded()
    offsets = np.concatenate([[0], *sizes]).cumsum().astype(np.int64)
    positive = _starts(offsets)
    codes = np.empty(len(positive), dtype=np.int64)
    codes[positive] = docnos.codes[: len(places)]
    codes[~positive] = docnos.codes[len(places) :]
    _check_once(codes, offsets)
    # Queries are numbered as they appear, documents by code point
    _, first, places = np.unique(places, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    groups = Groups(
        queries=rank[places],
        qids=known[order],
        offsets=offsets,
        codes=codes,
        docnos=docnos.names.strings,
        positive=positive,
        name=str(source.path),
        lines=np.arange(1, len(offsets), dtype=np.int64),
        probabilities=np.concatenate(laws) if laws else None,
    )
    mended = len(places) * (schema.field(QUERY).type == pa.int64())
    mended += len(codes) * (schema.field(POSITIVE).type == pa.int64())
    return groups, {INTEGER_IDS: mended} if mended else {}


class _Block(NamedTuple):
    """The groups of some lines: a query and a size each, documents and laws in rows."""

    qids: pa.Array
    sizes: Integers
    positives: pa.Array
    negatives: pa.Array
    law: Floats | None


def _schema(source: Source) -> pa.Schema:
    """Keys and types of the first line, which all lines must have."""
    line, end, _ = source.head.partition(b"\n")
    if source.has_mark or not (end or is_short(source)):
        raise Unsure
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Unsure from None
    if not isinstance(record, dict) or not {*KEYS[:3]} <= record.keys() <= {*KEYS}:
        raise Unsure
    query, document = (TYPES.get(type(record[key])) for key in (QUERY, POSITIVE))
    if query is None or document is None:
        raise Unsure
    columns = [(QUERY, query), (POSITIVE, document), (NEGATIVES, pa.list_(document))]
    if LAW in record:
        columns.append((LAW, pa.list_(pa.float64())))
    return pa.schema(columns)


def _parsed(source: Source, schema: pa.Schema) -> Generator[_Block]:
    def work(text: bytes) -> _Block:
        return _block(_table(text, schema))

    text = blocks(source, end=b"\n")
    with closing(in_order(work, text, short=is_short(source))) as done:
        yield from (block for _, block in done)


def _table(text: bytes, schema: pa.Schema) -> pa.Table:
    """A block as columns without gaps, a row for each line."""
    text = text.removesuffix(b"\n")
    rows = text.count(b"}\n{") + 1
    # pyarrow takes several objects of a line, and one of several lines, too. Where
    # every line begins and ends with a brace, and no value holds one, counting tells
    lines = text.startswith(b"{") and text.endswith(b"}") and text.count(b"\n") + 1
    if lines != rows or b"\\" in text or not is_utf_8(text):
        raise Unsure
    try:
        table = pajson.read_json(
            pa.BufferReader(text),
            read_options=pajson.ReadOptions(
                use_threads=False, block_size=len(text) + 1
            ),
            parse_options=pajson.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="error"
            ),
            memory_pool=pa.system_memory_pool(),
        )
    except pa.ArrowException:
        raise Unsure from None
    if table.num_rows != rows:
        raise Unsure
    return table.combine_chunks()


def _block(table: pa.Table) -> _Block:
    columns = {name: _whole(table[name].chunk(0)) for name in table.column_names}
    negatives = columns[NEGATIVES]
    sizes = np.diff(_numbers(negatives, 1, np.int32)).astype(np.int64) + 1
    law = None if LAW not in columns else _law(columns[LAW], sizes)
    return _Block(
        _ids(columns[QUERY]),
        sizes,
        _ids(columns[POSITIVE]),
        _ids(_whole(negatives.flatten())),
        law,
    )


def _whole(column: pa.Array) -> pa.Array:
    if column.null_count:
        raise Unsure
    return column


def _ids(ids: pa.Array) -> pa.Array:
    """Ids as `IdColumn` takes them; none of them blank."""
    if ids.type == pa.int64():
        ids = ids.cast(pa.string())
    found = held(ids)
    if found.type == pa.int64() or len(ids) == 0:
        return found
    ends = _numbers(ids, 1, np.int32)
    if not np.diff(ends).all():
        raise Unsure
    # Only what begins so may be blank
    heads = np.frombuffer(ids.buffers()[2], dtype=np.uint8)[ends[:-1]]
    doubtful = np.flatnonzero((heads <= BLANK) | (heads >= BEYOND_ASCII))
    if not all(text.strip() for text in ids.take(pa.array(doubtful)).to_pylist()):
        raise Unsure
    return found


def _numbers(column: pa.Array, place: int, dtype: type[Any]) -> Any:
    """One of the buffers of a column; Arrow's own conversion imports pandas."""
    size = len(column) + (dtype is np.int32)  # offsets are one more
    buffer = column.buffers()[place]
    if buffer is None or buffer.size == 0:
        return np.zeros(size, dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype)[column.offset : column.offset + size]


def _law(column: pa.Array, sizes: Integers) -> Floats:
    """Probabilities of all rows, as `rankbound.bounds.shift.checked_law` makes them."""
    if not np.array_equal(np.diff(_numbers(column, 1, np.int32)), sizes):
        raise Unsure
    values: Floats = _numbers(_whole(column.flatten()), 1, np.float64)
    if not ((values >= 0) & (values <= 2)).all():
        raise Unsure
    ends, listed = np.cumsum(sizes), values.tolist()
    totals = np.array(
        [
            math.fsum(listed[start:end])
            for start, end in zip((ends - sizes).tolist(), ends.tolist(), strict=True)
        ]
    )
    if (np.abs(totals - 1) > ROUNDING).any():
        raise Unsure
    return np.asarray(values / np.repeat(totals, sizes))


def _check_once(codes: Integers, offsets: Integers) -> None:
    """A document stands in a group once."""
    sizes = np.diff(offsets)
    for size in np.unique(sizes).tolist():
        begins = offsets[:-1][sizes == size]
        held = np.sort(codes[begins[:, None] + np.arange(size)], axis=1)
        if (held[:, 1:] == held[:, :-1]).any():
            raise Unsure


def _starts(offsets: Integers) -> Booleans:
    """Which rows are the first of their group."""
    first = np.zeros(offsets[-1], dtype=bool)
    first[offsets[:-1]] = True
    return first
