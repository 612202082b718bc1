"""JSON lookups ``{qid: {docno: score}}``, as BEIR and ranx write them.

`parse_lookup` goes key by key, defines the format and names the line of an error. The
faster `rankbound.read.json.blocks` reads regular files.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from rankbound.data.arrow import encode
from rankbound.data.columns import strings
from rankbound.data.scores import LARGEST, Scores
from rankbound.errors import FormatError
from rankbound.memory import LONGEST_ID, check_json
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import (
    COMPOSED,
    all_composed,
    are_ids,
    as_id,
    composed,
    odd_words,
    too_long,
    wanted_number,
)
from rankbound.read.json.blocks import Unsure, inner_blocks, parse_block
from rankbound.read.json.tables import is_by_columns
from rankbound.read.source import Source, count, decoded, text_of
from rankbound.read.text.assembling import Assembly
from rankbound.read.text.blocks import blocks, in_order, is_short


def read_lookup(source: Source, repairs: dict[str, int] | None = None) -> Scores:
    """Read a lookup in blocks if it is regular, and otherwise by `parse_lookup`.

    Queries without documents are left out and counted in `repairs`.

    Raises
    ------
    FormatError
        See `parse_lookup`.
    """
    with source.fitting_into_memory():
        try:
            return _in_blocks(source, {} if repairs is None else repairs)
        except Unsure:
            return parse_lookup(text_of(source), source.path, repairs)


def _in_blocks(source: Source, repairs: dict[str, int]) -> Scores:
    empty = 0
    rows = Assembly(str(source.path))
    inner = inner_blocks(blocks(source, end=b"}"))
    with closing(in_order(parse_block, inner, short=is_short(source))) as parsed:
        for _, found in parsed:
            # An id must fit into a table of text and occur once
            if not are_ids(found.qids):
                raise Unsure
            before = len(rows.places) + len(found.qids)
            rows.add(found.qids, found.queries, found.docnos, found.values)
            if len(rows.places) != before:
                raise Unsure
            empty += found.empty
    if not rows.values:
        raise Unsure
    scores = rows.sorted().scores
    count(repairs, EMPTY, empty)
    count(repairs, COMPOSED, rows.ids_composed)
    return scores


# Measures of effectiveness by name, such as "NDCG@10", as BEIR prints them
METRIC = re.compile(
    rb'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{\s*"[A-Za-z_]+@\d+"\s*:', re.DOTALL
)
NESTED = re.compile(rb'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{')


def _sniff(source: Source) -> str | None:
    found = NESTED.match(source.head)
    if not found or METRIC.match(source.head) or is_by_columns(source):
        return None
    return "an object of objects: {qid: {docno: score}}"


def _read(source: Source) -> Contents:
    repairs: dict[str, int] = {}
    count(repairs, "byte order mark", source.has_mark)
    scores = read_lookup(source, repairs)
    return Contents("lookup", source.path, scores=scores, repairs=repairs)


def _write(contents: Contents, path: Path) -> None:
    """Write the object, one query a line; numbers are read back to the same bits."""
    scores = contents.scores
    if scores is None:
        held = " and ".join(contents.parts()) or "nothing"
        raise FormatError(path, f"needs scores, but {contents.path} holds {held}")
    with path.open("w", encoding="utf-8", newline="") as stream:
        for place, qid in enumerate(scores.qids):
            rows = slice(*scores.offsets[place : place + 2])
            row = dict(
                zip(
                    scores.docnos[scores.codes[rows]].tolist(),
                    scores.values[rows].tolist(),
                    strict=True,
                )
            )
            stream.write("{\n" if place == 0 else ",\n")
            stream.write(json.dumps({qid: row}, ensure_ascii=False)[1:-1])
        stream.write("\n}\n")


FORMATS = (
    Format(
        "lookup",
        "JSON lookup {qid: {docno: score}}",
        ("scores",),
        _sniff,
        _read,
        _write,
        ("scores",),
    ),
)


# The careful reader

SPACED_KEY = re.compile(rb'"[ \t\r\n]+:')
BLANKS = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder(parse_int=float)  # int() refuses very many digits
EMPTY = "queries without documents"
PIVOTED = (
    "; where a table was pivoted, leave out what has no score, or write a row for each "
    "score: qid, docno, score"
)
GROUP_KEY = b'"query_id"'


def is_qid(qid: str) -> bool:
    """Whether text can be a query id: not blank nor long, no tabs or line ends."""
    return as_id(qid) is not None


def parse_lookup(
    data: bytes, path: Path, repairs: dict[str, int] | None = None
) -> Scores:
    """Parse a lookup key by key.

    Queries without documents are left out and counted in `repairs`.

    Raises
    ------
    FormatError
        With path:line, for broken JSON, another shape, a key twice, or a score that is
        not a finite number.
    """
    if GROUP_KEY in data[:1000].split(b"\n", 1)[0]:
        raise FormatError(
            path,
            "holds training groups (query_id), but scores are expected here; give it "
            "as `groups`",
            line=1,
        )
    check_json(data, partial(FormatError, path))
    table = _loaded(data, path)
    rows = [(qid, _query_row(data, path, qid, row)) for qid, row in table.items()]
    if repairs is not None:
        count(repairs, EMPTY, sum(not row for _, row in rows))
    rows = [(qid, row) for qid, row in rows if row]
    if not rows:
        raise FormatError(path, "holds no scores", line=1)
    values = list(itertools.chain.from_iterable(row.values() for _, row in rows))
    if not set(map(type, values)) <= {int, float}:
        _refuse_score(data, path, rows)
    numbers = np.array(values, dtype=np.float64)
    if not (np.abs(numbers) <= LARGEST).all():
        _refuse_score(data, path, rows)
    qids = [composed(qid) for qid, _ in rows]
    if repairs is not None:  # once for each row, as in a table
        pairs = zip(rows, qids, strict=True)
        changed = sum(len(row) for (given, row), qid in pairs if qid != given)
        count(repairs, COMPOSED, changed)
    names = all_composed((name for _, row in rows for name in row), repairs)
    docnos, codes = encode(pa.array(names, pa.string()), ordered=True)
    sizes = [len(row) for _, row in rows]
    _check_composed(path, rows)
    return Scores.from_rows(
        np.repeat(np.arange(len(rows), dtype=np.int64), sizes),
        strings(qids),
        codes,
        docnos,
        numbers,
        name=str(path),
    )


def _check_composed(path: Path, rows: list[tuple[str, dict[str, object]]]) -> None:
    """Refuse two keys of one object that look alike, and are one id (NFC)."""
    for keys in ([qid for qid, _ in rows], *(row for _, row in rows)):
        if len({*map(composed, keys)}) < len(keys):
            first: dict[str, str] = {}
            twice = next(
                key for key in keys if first.setdefault(composed(key), key) != key
            )
            raise FormatError(
                path,
                f"key {twice!r} stands a second time in one object, in another "
                "Unicode form (ids are compared in NFC); keep one of the two",
                line=1,
            )


def _loaded(data: bytes, path: Path) -> dict[str, object]:
    """The outer object, after a check by the slow parser if something may be wrong."""
    try:
        table = orjson.loads(data)
    except orjson.JSONDecodeError:
        table = _carefully(data, path)  # accepts NaN and Infinity, for a better error
    if not isinstance(table, dict):
        raise FormatError(
            path, "expected an object {qid: {docno: score}}, found a list", line=1
        )
    parsed = len(table) + sum(len(r) for r in table.values() if isinstance(r, dict))
    if data.count(b'":') != parsed or SPACED_KEY.search(data):
        _carefully(data, path)  # a repeated key, or only unusual spacing
    return dict(table)


def _carefully(data: bytes, path: Path) -> Any:
    """Parse the text and raise for the first key that breaks a rule."""
    text = decoded(data, path)
    try:
        table = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise FormatError(
            path, f"broken JSON: {error.msg} (column {error.colno})", line=error.lineno
        ) from None
    except RecursionError:
        raise FormatError(
            path, "nested too deeply; expected {qid: {docno: score}}", line=1
        ) from None
    seen: dict[tuple[str, ...], int] = {}
    for keys, place in _keys(text):
        _check_key(text, path, keys, place, seen.setdefault(keys, place))
    return table


def _check_key(
    text: str, path: Path, keys: tuple[str, ...], place: int, first: int
) -> None:
    line = text.count("\n", 0, place) + 1
    if first != place:
        before = text.count("\n", 0, first) + 1
        raise FormatError(
            path,
            f"key {keys[-1]!r} occurs twice in one object (first in line {before}); "
            "keep one of the two",
            line=line,
        )
    if any("\ud800" <= character <= "\udfff" for character in keys[-1]):
        raise FormatError(
            path,
            f"key {keys[-1]!r} holds half a surrogate pair, which is no text",
            line=line,
        )


def _keys(
    text: str, place: int = 0, above: tuple[str, ...] = ()
) -> Generator[tuple[tuple[str, ...], int], None, int]:
    """The keys of the outer and inner objects and their places, in text that parses.

    The generator returns where the value that begins at `place` ends.
    """
    place = _after_blanks(text, place)
    if text[place] != "{" or len(above) == 2:
        return DECODER.raw_decode(text, place)[1]
    place = _after_blanks(text, place + 1)
    while text[place] != "}":
        key, end = DECODER.raw_decode(text, place)
        keys = (*above, key)
        yield keys, place
        colon = _after_blanks(text, end)
        place = _after_blanks(text, (yield from _keys(text, colon + 1, keys)))
        if text[place] == ",":
            place = _after_blanks(text, place + 1)
    return place + 1


def _after_blanks(text: str, place: int) -> int:
    match = BLANKS.match(text, place)
    return place if match is None else match.end()


def _query_row(data: bytes, path: Path, qid: str, row: object) -> dict[str, object]:
    if not isinstance(row, dict):
        raise FormatError(
            path,
            f"expected an object {{docno: score}} for query {qid!r}, found "
            f"{type(row).__name__}",
            line=_line_of(data, qid),
        )
    long = next((name for name in (qid, *row) if len(name) > LONGEST_ID), None)
    if long is not None:
        wanted = (qid,) if long == qid else (qid, long)
        raise FormatError(path, too_long(long), line=_line_of(data, *wanted))
    if not is_qid(qid):
        raise FormatError(
            path,
            odd_words("a query id", qid),
            line=_line_of(data, qid),
        )
    return row


def _refuse_score(
    data: bytes, path: Path, rows: list[tuple[str, dict[str, object]]]
) -> None:
    """Raise for the first score that is not a finite number."""
    for qid, row in rows:
        for docno, value in row.items():
            number = isinstance(value, int | float) and abs(value) <= LARGEST
            if not number or isinstance(value, bool):
                raise FormatError(
                    path,
                    f"the score of query {qid!r}, document {docno!r} must be "
                    f"{wanted_number(value)}, found {value!r}"
                    f"{PIVOTED if value is None else ''}",
                    line=_line_of(data, qid, docno),
                )


def _line_of(data: bytes, *wanted: str) -> int:
    """The line of a key of the outer object, or of a key of an inner object."""
    text = data.decode("utf-8")
    place = next((place for keys, place in _keys(text) if keys == wanted), 0)
    return text.count("\n", 0, place) + 1
