"""Blocks of ``{qid: {docno: score}}``: by whole columns, or query by query.

`json_cutting` cuts the text behind closing braces. A block in the usual spelling (no
escapes, one line) is taken apart by the places of its quotation marks; any other goes
through a JSON parser; what neither can vouch for is left to the careful reader.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.scores import LARGEST
from rankbound.read.json.cutting import Unsure
from rankbound.read.text.blocks import Irregular, floats, is_utf_8, separated
from rankbound.read.text.ids import Bytes, held, ids_of

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
    """The queries of a block that `rankbound.read.json.cutting.inner_blocks` gives.

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
    if (places.closes - places.opens)[places.inner].min() == 1:  # an empty id
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
    if any("\0" in name for name in names):
        raise Unsure
    numbers = np.array(values, dtype=np.float64)
    if not (np.abs(numbers) <= LARGEST).all():
        raise Unsure
    sizes = [len(row) for row in filled.values()]
    queries = np.repeat(np.arange(len(sizes)), sizes)
    empty = len(table) - len(filled)
    return Queries([*filled], queries, ids_of(names), numbers, empty)
