"""Score files of one model: JSON lookups ``{qid: {docno: score}}`` or TREC runs."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from estimators.scores import Scores, strings
from rankbound.formats.columns import encode, read_columns
from rankbound.formats.errors import FormatError
from rankbound.formats.opening import read_bytes
from rankbound.formats.trec import RUN


def read_scores(path: Path | str) -> Scores:
    """Read scores of one model: a JSON lookup or a TREC run, told apart by content.

    Raises
    ------
    FormatError
        With path:line, naming the rule that the file breaks.
    """
    path = Path(path)
    data = read_bytes(path)
    if data.lstrip()[:1] in (b"{", b"["):
        return parse_lookup(data, path)
    return read_columns(data, RUN, path)


def parse_lookup(data: bytes, path: Path) -> Scores:
    """Parse ``{qid: {docno: score}}``.

    Raises
    ------
    FormatError
        On broken JSON (with its line), another shape, a key twice, or a score that is
        not a finite number.
    """
    table = _loaded(data, path)
    rows = [(qid, _query_row(data, path, qid, row)) for qid, row in table.items()]
    rows = [(qid, row) for qid, row in rows if row]
    if not rows:
        raise FormatError(path, "holds no scores", line=1)
    values = list(itertools.chain.from_iterable(row.values() for _, row in rows))
    if not set(map(type, values)) <= {int, float}:
        _refuse_score(data, path, rows)
    numbers = np.array(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
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
    if data.count(b'":') != parsed:  # a repeated key, or only unusual spacing
        _carefully(data, path)
    return dict(table)


def _carefully(data: bytes, path: Path) -> Any:
    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in table if names.count(name) > 1)
            key = json.dumps(twice).encode()
            again = data.find(key, data.find(key) + 1)
            raise FormatError(
                path,
                f"key {twice!r} stands twice in one object; keep one of the two",
                line=data.count(b"\n", 0, max(0, again)) + 1,
            )
        return table

    try:
        return json.loads(data, object_pairs_hook=distinct)
    except UnicodeDecodeError as error:
        raise FormatError(path, f"not UTF-8 text ({error})", line=1) from None
    except json.JSONDecodeError as error:
        raise FormatError(
            path, f"broken JSON: {error.msg} (column {error.colno})", line=error.lineno
        ) from None


def _query_row(data: bytes, path: Path, qid: str, row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise FormatError(
            path,
            f"expected an object {{docno: score}} for query {qid!r}, found "
            f"{type(row).__name__}",
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
            if not number or not np.isfinite(value):
                raise FormatError(
                    path,
                    f"the score of query {qid!r}, document {docno!r} must be a finite "
                    f"number, found {value!r}",
                    line=_line_of(data, qid, docno),
                )


def _line_of(data: bytes, *keys: str) -> int:
    """Line of the last of some nested keys, each looked for behind the one before."""
    place = 0
    for key in keys:
        place = max(place, data.find(json.dumps(key).encode(), place))
    return data.count(b"\n", 0, place) + 1
