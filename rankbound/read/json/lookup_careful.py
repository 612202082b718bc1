"""The JSON lookup ``{qid: {docno: score}}`` key by key, with errors that name a line.

This reader defines the format; the quick one in `lookup` asks it when in doubt.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from rankbound.data.arrow import encode
from rankbound.data.columns import strings
from rankbound.data.scores import LARGEST, Scores
from rankbound.errors import FormatError
from rankbound.read.source import count

SPACED_KEY = re.compile(rb'"[ \t\r\n]+:')
BLANKS = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder(parse_int=float)  # int() refuses very many digits
EMPTY = "queries without documents"
GROUP_KEY = b'"query_id"'


def is_qid(qid: str) -> bool:
    """Whether text can be the id of a query in a table."""
    return bool(qid.strip()) and not set(qid) & set("\t\r\n")


def parse_lookup(
    data: bytes, path: Path, repairs: dict[str, int] | None = None
) -> Scores:
    """Parse ``{qid: {docno: score}}``; `repairs` counts queries without documents.

    Raises
    ------
    FormatError
        On broken JSON (with its line), another shape, a key twice, or a score that is
        not a finite number.
    """
    if GROUP_KEY in data[:1000].split(b"\n", 1)[0]:
        raise FormatError(
            path,
            "holds training groups (query_id), and scores are expected here; give it "
            "with --groups",
            line=1,
        )
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
    names = itertools.chain.from_iterable(row for _, row in rows)
    docnos, codes = encode(pa.array(names, pa.string()), ordered=True)
    sizes = [len(row) for _, row in rows]
    return Scores.from_rows(
        np.repeat(np.arange(len(rows), dtype=np.int64), sizes),
        strings([qid for qid, _ in rows]),
        codes,
        docnos,
        numbers,
        name=str(path),
    )


def _loaded(data: bytes, path: Path) -> dict[str, Any]:
    """The outer object; the slow parser looks when something may be wrong."""
    try:
        table = orjson.loads(data)
    except orjson.JSONDecodeError:
        table = _carefully(data, path)  # NaN and Infinity parse here, for the message
    if not isinstance(table, dict):
        raise FormatError(
            path, "expected an object {qid: {docno: score}}, found a list", line=1
        )
    parsed = len(table) + sum(len(r) for r in table.values() if isinstance(r, dict))
    if data.count(b'":') != parsed or SPACED_KEY.search(data):
        _carefully(data, path)  # a repeated key, or only unusual spacing
    return dict(table)


def _carefully(data: bytes, path: Path) -> Any:
    """Parse and compare every key, raising for the first that breaks a rule."""
    try:
        text = data.decode("utf-8")
        table = DECODER.decode(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(path, f"not UTF-8 text ({error})", line=line) from None
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
            f"key {keys[-1]!r} stands twice in one object (first in line {before}); "
            "keep one of the two",
            line=line,
        )
    if any("\ud800" <= character <= "\udfff" for character in keys[-1]):
        raise FormatError(
            path, f"key {keys[-1]!r} holds half a surrogate pair, no text", line=line
        )


def _keys(
    text: str, place: int = 0, above: tuple[str, ...] = ()
) -> Generator[tuple[tuple[str, ...], int], None, int]:
    """Keys of the outer and inner objects and where they stand, in text that parses.

    The value of the generator is where the value that begins at `place` ends.
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


def _query_row(data: bytes, path: Path, qid: str, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise FormatError(
            path,
            f"expected an object {{docno: score}} for query {qid!r}, found "
            f"{type(row).__name__}",
            line=_line_of(data, qid),
        )
    if not is_qid(qid):
        raise FormatError(
            path,
            f"a query id must be text without tabs or line ends, found {qid!r}",
            line=_line_of(data, qid),
        )
    return row


def _refuse_score(
    data: bytes, path: Path, rows: list[tuple[str, dict[str, Any]]]
) -> None:
    """Raise for the first score that is not a finite number."""
    for qid, row in rows:
        for docno, value in row.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not abs(value) <= LARGEST:
                raise FormatError(
                    path,
                    f"the score of query {qid!r}, document {docno!r} must be a finite "
                    f"number, found {value!r}",
                    line=_line_of(data, qid, docno),
                )


def _line_of(data: bytes, *wanted: str) -> int:
    """Line of a key of the outer object, or of a key in one of the inner objects."""
    text = data.decode("utf-8")
    place = next((place for keys, place in _keys(text) if keys == wanted), 0)
    return text.count("\n", 0, place) + 1
