"""Fast readers of regular JSON: score lookups and training groups, by blocks of text.

A file is regular if it is written in the usual way: no escapes and no unusual spacing,
the same keys in every line. A reader here raises `Unsure` for everything else, and the
careful readers in `rankbound.read.json.lookup` and `rankbound.read.json.groups`, which
define the formats, then read the file from its start.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json as pajson

from rankbound.bounds.shift import ROUNDING
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.groups import Groups
from rankbound.data.scores import LARGEST
from rankbound.memory import LONGEST_ID, LONGEST_NUMBER, has_long_number
from rankbound.read.fields import INTEGER_IDS
from rankbound.read.source import Source
from rankbound.read.text.blocks import (
    Irregular,
    blocks,
    floats,
    in_order,
    is_short,
    is_utf_8,
    separated,
)
from rankbound.read.text.ids import Bytes, IdColumn, held, ids_of


class Unsure(Exception):  # noqa: N818  not an error: the careful reader decides
    """The text is broken or unusual, so that the careful reader must read it."""


def inner_blocks(blocks: Iterable[bytes]) -> Generator[bytes]:
    """The text inside the outer braces of a lookup, in pieces that hold whole queries.

    Parameters
    ----------
    blocks : iterable of bytes
        The text, cut behind closing braces.

    Raises
    ------
    Unsure
        If there are no outer braces, or something follows them.

    Examples
    --------
    >>> list(inner_blocks([b'{"q": {"d": 1}', b', "r": {"d": 2}', b"}", b" "]))
    [b'"q": {"d": 1}', b'"r": {"d": 2}']
    """
    before, closed = b"{", False
    for block in blocks:
        text = block.strip(b" \t\r\n")
        if not text:
            continue
        if text == b"}" and before == b"," and not closed:
            closed = True
            continue
        if closed or not text.startswith(before):
            raise Unsure
        before = b","
        text = text[1:].lstrip(b" \t\r\n")
        without = text[:-1].rstrip(b" \t\r\n")
        if without.endswith(b"}"):
            text, closed = without, True
        yield text
    if not closed:
        raise Unsure


BETWEEN = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")


def as_lines(blocks: Iterable[bytes]) -> Generator[bytes]:
    """The objects of a JSON array, one a line, in pieces that hold whole ones.

    Parameters
    ----------
    blocks : iterable of bytes
        The text, cut behind closing braces; no object has another one in it.

    Raises
    ------
    Unsure
        If there is no array, or something follows it.

    Examples
    --------
    >>> [text.split() for text in as_lines([b'[{"a":1}, {"a":2}', b', {"a":3}', b"]"])]
    [[b'{"a":1}', b'{"a":2}'], [b'{"a":3}']]
    """
    before, closed = b"[", False
    for block in blocks:
        text = block.strip(b" \t\r\n")
        if not text:
            continue
        if closed:
            raise Unsure
        if text == b"]" and before == b",":
            closed = True
            continue
        if not text.startswith(before):
            raise Unsure
        before = b","
        closed = text.endswith(b"]")
        text = text[1 : -1 if closed else None].strip(b" \t\r\n")
        objects = BETWEEN.sub(b"}\n{", text)
        # Neither in a text nor in an object is there another brace
        lines = objects.count(b"}\n{") + 1
        if not text.count(b"{") == text.count(b"}") == lines:
            raise Unsure
        yield objects
    if not closed:
        raise Unsure


# Score lookups {qid: {docno: score}}

QUOTE, COLON, COMMA, BLANK, OPEN, CLOSE = b'":, {}'
MINUS, ZERO, NINE = b"-09"
LINE_END, PART = b"\n\x01"
KEY = re.compile(rb'"[ \t\r\n]*:')


class Queries(NamedTuple):
    """Queries of a block, the query of each row in `queries`, and the rows' columns.

    Those without documents are left out, and counted as `empty`.
    """

    qids: list[str]
    queries: Integers
    docnos: pa.Array
    values: Floats
    empty: int = 0


def parse_block(text: bytes) -> Queries:
    """The queries of a block that `rankbound.read.json.blocks.inner_blocks` gives.

    Raises
    ------
    Unsure

    Examples
    --------
    >>> found = parse_block(b'"q": {"d": 1.5, "e": 2}, "r": {"d": -1}')
    >>> found.qids, found.queries.tolist(), found.values.tolist()
    (['q', 'r'], [0, 0, 1], [1.5, 2.0, -1.0])
    """
    if not text:
        raise Unsure
    found = _by_columns(text)
    return _by_parser(text) if found is None else found


class _Places(NamedTuple):
    """Where things stand: quotation marks of the keys, and beginnings of values."""

    opens: Integers
    closes: Integers
    values: Integers
    outer: Integers
    inner: Integers


def _by_columns(text: bytes) -> Queries | None:
    data = np.frombuffer(text, dtype=np.uint8)
    if b"\\" in text or data.min() < BLANK or not is_utf_8(text):
        return None
    # Past the end of the text, so that looking ahead stays within bounds
    data = np.concatenate([data, np.full(4, BLANK, dtype=np.uint8)])
    places = _places(data)
    if places is None:
        return None
    ends = _value_ends(data, places, len(text))
    if ends is None or not _are_numbers(data, places.values[places.inner], ends, text):
        return None
    lengths = places.closes - places.opens
    odd = lengths[places.inner].min() == 1 or lengths.max() > LONGEST_ID  # an empty id
    if odd or (ends - places.values[places.inner]).max() > LONGEST_NUMBER:
        return None
    found = _columns(data, places, ends)
    if found is None:
        return None
    heads = zip(
        (places.opens[places.outer] + 1).tolist(),
        places.closes[places.outer].tolist(),
        strict=True,
    )
    sizes = np.diff(np.append(places.outer, len(places.opens))) - 1
    return Queries(
        [text[start:end].decode() for start, end in heads],
        np.repeat(np.arange(len(sizes)), sizes),
        *found,
    )


def _places(data: Bytes) -> _Places | None:
    """Keys alternate as they should: a query's, then those of its documents."""
    quotes = np.flatnonzero(data == QUOTE)
    if len(quotes) < 4 or len(quotes) % 2:
        return None
    opens, closes = quotes[::2], quotes[1::2]
    values = closes + 2
    values += data[values] == BLANK
    is_outer = data[values] == OPEN
    outer, inner = np.flatnonzero(is_outer), np.flatnonzero(~is_outer)
    sound = (
        opens[0] == 0
        and is_outer[0]
        and not is_outer[-1]
        and bool((data[closes + 1] == COLON).all())
        and np.array_equal(opens[outer + 1], values[outer] + 1)
        and bool((np.diff(outer) > 1).all())
    )
    return _Places(opens, closes, values, outer, inner) if sound else None


def _value_ends(data: Bytes, places: _Places, size: int) -> Integers | None:
    """Where the values end: before a comma, or the brace that ends a query."""
    following = places.opens[places.inner[:-1] + 1]
    commas = following - 1
    commas -= data[commas] == BLANK
    ends = np.append(commas, size)
    last = np.append(places.outer[1:] - 1, len(places.opens) - 1)
    ends[np.searchsorted(places.inner, last)] -= 1
    sound = (
        bool((data[commas] == COMMA).all())
        and bool((data[ends[np.searchsorted(places.inner, last)]] == CLOSE).all())
        and bool((ends > places.values[places.inner]).all())
    )
    return ends if sound else None


def _are_numbers(data: Bytes, starts: Integers, ends: Integers, text: bytes) -> bool:
    """Whether values begin and end as JSON's numbers do, which pyarrow is laxer about.

    JSON has no +1, 01, .5, 5. or 5.e1, and pyarrow has no other liberties.
    """
    digits = starts + (data[starts] == MINUS)
    after_zero = _is_digit(data[digits + 1]) & (digits + 1 < ends)
    if not (_is_digit(data[digits]).all() and _is_digit(data[ends - 1]).all()):
        return False
    if (after_zero & (data[digits] == ZERO)).any():
        return False
    return not any(e in text and b"." + e in text for e in (b"e", b"E"))


def _is_digit(data: Bytes) -> Booleans:
    return (data >= ZERO) & (data <= NINE)


def _columns(
    data: Bytes, places: _Places, ends: Integers
) -> tuple[pa.Array, Floats] | None:
    """Ids of documents and values, as columns of separated text."""
    rows = data[: int(ends[-1]) + 1].copy()
    rows[places.opens[places.inner]] = PART
    rows[places.closes[places.inner]] = PART
    rows[places.closes[places.inner] + 1] = BLANK
    last = np.append(places.outer[1:] - 1, len(places.opens) - 1)
    rows[ends[np.searchsorted(places.inner, last)]] = BLANK
    following = places.opens[places.inner[:-1] + 1]
    rows[following - 1 - (data[following - 1] == BLANK)] = LINE_END
    types = {"docno": pa.string(), "value": pa.float64()}
    try:
        docnos, numbers = separated(
            rows.tobytes(), ["before", *types], types, by="\x01"
        )
    except Irregular:
        return None
    values = floats(numbers)
    if len(values) != len(places.inner) or not (np.abs(values) <= LARGEST).all():
        return None
    return held(docnos), values


def _by_parser(text: bytes) -> Queries:
    try:
        table = orjson.loads(b"{" + text + b"}")
    except orjson.JSONDecodeError:
        raise Unsure from None
    if not all(isinstance(row, dict) for row in table.values()):
        raise Unsure
    # A key twice is lost in the parser, and so found by counting
    if len(KEY.findall(text)) != len(table) + sum(map(len, table.values())):
        raise Unsure
    filled = {qid: row for qid, row in table.items() if row}
    values = [value for row in filled.values() for value in row.values()]
    names = [*itertools.chain.from_iterable(filled.values())]
    if not set(map(type, values)) <= {int, float} or not all(names) or not filled:
        raise Unsure
    if any("\0" in name or len(name) > LONGEST_ID for name in names):
        raise Unsure
    if has_long_number(text):
        raise Unsure
    numbers = np.array(values, dtype=np.float64)
    if not (np.abs(numbers) <= LARGEST).all():
        raise Unsure
    sizes = [len(row) for row in filled.values()]
    queries = np.repeat(np.arange(len(sizes)), sizes)
    empty = len(table) - len(filled)
    return Queries([*filled], queries, ids_of(names), numbers, empty)


# Training groups, one object a line

QUERY, POSITIVE, NEGATIVES, LAW, INCLUSION = KEYS = (
    "query_id",
    "doc_id_a",
    "doc_id_b",
    "probabilities",
    "sampling_probabilities",
)
BEYOND_ASCII = 0x80
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
    chances: list[Floats] = []
    with closing(_parsed(source, schema)) as found:
        for block in found:
            qids.append(block.qids)
            positives.append(block.positives)
            negatives.append(block.negatives)
            sizes.append(block.sizes)
            if block.law is not None:
                laws.append(block.law)
            if block.inclusion is not None:
                chances.append(block.inclusion)
    qid_ids = qids.encoded()
    known, places = qid_ids.names.strings, qid_ids.codes
    ids = IdColumn()
    for documents in (*positives, *negatives):
        ids.append(documents)
    docnos = ids.encoded()
    offsets = np.concatenate([[0], *sizes]).cumsum().astype(np.int64)
    positive = _starts(offsets)
    codes = np.empty(len(positive), dtype=np.int64)
    codes[positive] = docnos.codes[: len(places)]
    codes[~positive] = docnos.codes[len(places) :]
    _check_once(codes, offsets)
    # Queries are numbered as they appear, documents by code point
    first = np.empty(len(known), dtype=np.int64)
    first[places[::-1]] = np.arange(len(places))[::-1]  # the last one written stays
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
        inclusion=np.concatenate(chances) if chances else None,
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
    inclusion: Floats | None


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
    for numbers in (LAW, INCLUSION):
        if numbers in record:
            columns.append((numbers, pa.list_(pa.float64())))
    return pa.schema(columns)


def _parsed(source: Source, schema: pa.Schema) -> Generator[_Block]:
    def work(text: bytes) -> _Block:
        return _block(table_of_lines(text, schema))

    text = blocks(source, end=b"\n")
    with closing(in_order(work, text, short=is_short(source))) as done:
        yield from (block for _, block in done)


def table_of_lines(text: bytes, schema: pa.Schema) -> pa.Table:
    """A block of objects, one a line, as columns without gaps.

    Raises
    ------
    Unsure
    """
    text = text.removesuffix(b"\n")
    rows = text.count(b"}\n{") + 1
    # pyarrow takes several objects of a line, and one of several lines, too. Where
    # every line begins and ends with a brace, and no value holds one, counting tells
    lines = text.startswith(b"{") and text.endswith(b"}") and text.count(b"\n") + 1
    if lines != rows or b"\\" in text or not is_utf_8(text) or has_long_number(text):
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
    chances = None
    if INCLUSION in columns:
        chances = _listed(columns[INCLUSION], sizes)
        if not ((chances > 0) & (chances <= 1)).all():
            raise Unsure
    return _Block(
        _ids(columns[QUERY]),
        sizes,
        _ids(columns[POSITIVE]),
        _ids(_whole(negatives.flatten())),
        law,
        chances,
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
    lengths = np.diff(ends)
    if not lengths.all() or lengths.max() > LONGEST_ID:
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
    values = _listed(column, sizes)
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


def _listed(column: pa.Array, sizes: Integers) -> Floats:
    """Numbers of lists that have one for each document."""
    if not np.array_equal(np.diff(_numbers(column, 1, np.int32)), sizes):
        raise Unsure
    values: Floats = _numbers(_whole(column.flatten()), 1, np.float64)
    return values


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
