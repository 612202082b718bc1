"""Nested dictionaries ``{qid: {docno: number}}`` of any origin, as columns."""

from __future__ import annotations

import itertools
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
import pyarrow as pa

from rankbound.data.arrow import encode
from rankbound.data.columns import Floats, strings
from rankbound.data.scores import LARGEST, Scores

Fail = Callable[[str], Exception]
SURROGATE = re.compile("[\ud800-\udfff]")
SHAPE = "{qid: {docno: number}}"


def scores_of_nested(table: Mapping[Any, Any], fail: Fail, *, name: str) -> Scores:
    """Columns of ``{qid: {docno: number}}``; whole-number ids become text.

    Parameters
    ----------
    table : mapping
        Queries without documents are passed over.
    fail : callable
        From a message to the error to raise.
    name : str
        Of the scores.

    Raises
    ------
    FormatError
        By `fail`: on another shape, an id that is neither text nor a whole number, two
        ids that are the same text, or a number that is not finite.

    Examples
    --------
    >>> scores = scores_of_nested({7: {12: 0.5}}, ValueError, name="toy")
    >>> scores.where(0)
    ('7', '12')
    """
    rows = [(qid, _row(qid, row, fail)) for qid, row in table.items()]
    rows = [(qid, row) for qid, row in rows if row]
    if not rows:
        raise fail("holds no scores")
    qids = texts([qid for qid, _ in rows], fail, what="a query id")
    names = texts(
        list(itertools.chain.from_iterable(row for _, row in rows)),
        fail,
        what="a document id",
    )
    docnos, codes = encode(pa.array(names, pa.string()), ordered=True)
    sizes = [len(row) for _, row in rows]
    queries = np.repeat(np.arange(len(rows), dtype=np.int64), sizes)
    _check_distinct(qids, queries, codes, docnos, fail)
    return Scores.from_rows(
        queries, strings(qids), codes, docnos, _numbers(rows, fail), name=name
    )


def texts(ids: list[Any], fail: Fail, *, what: str) -> list[str]:
    """Ids as text: whole numbers by `str`, never numbers with a point.

    Examples
    --------
    >>> texts(["D1", 7], ValueError, what="an id")
    ['D1', '7']
    """
    kinds = set(map(type, ids))
    if kinds <= {int}:
        return list(map(str, ids))
    found = ids if kinds <= {str} else [_text(value, fail, what) for value in ids]
    for value in found:
        if not value or value.isspace() or not set(value).isdisjoint("\t\r\n"):
            raise fail(
                f"{what} must be text without tabs or line ends, found {value!r}"
            )
        if not value.isascii() and SURROGATE.search(value):
            raise fail(f"{what} must be Unicode text, found {value!r}")
    return found


def _text(value: Any, fail: Fail, what: str) -> str:
    if isinstance(value, str):
        return str(value)  # of a subclass, such as NumPy's
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    reason = (
        "; a number with a point is no id, it has lost digits or a missing value made "
        "it so: read the ids as text"
        if isinstance(value, Real) and not isinstance(value, bool)
        else ""
    )
    raise fail(f"{what} must be text or a whole number, found {value!r}{reason}")


def _row(qid: Any, row: Any, fail: Fail) -> Mapping[Any, Any]:
    if not isinstance(row, Mapping):
        raise fail(f"expected {SHAPE}, found {type(row).__name__} for query {qid!r}")
    return row


def _numbers(rows: list[tuple[Any, Mapping[Any, Any]]], fail: Fail) -> Floats:
    values = list(itertools.chain.from_iterable(row.values() for _, row in rows))
    if set(map(type, values)) <= {int, float} or _all_real(values):
        try:
            numbers = np.array(values, dtype=np.float64)
        except OverflowError:  # a whole number beyond all floats, found below
            numbers = np.array([np.inf])
        if (np.abs(numbers) <= LARGEST).all():
            return numbers
    for qid, row in rows:
        for docno, value in row.items():
            if not _finite(value):
                raise fail(
                    f"the score of query {qid!r}, document {docno!r} must be a finite "
                    f"number, found {reprlib.repr(value)}"
                )
    raise fail("the scores must be finite numbers")


def _finite(value: Any) -> bool:
    try:
        return _all_real([value]) and abs(float(value)) <= LARGEST
    except OverflowError:
        return False


def _all_real(values: Iterable[Any]) -> bool:
    return all(isinstance(v, Real) and not isinstance(v, bool) for v in values)


def _check_distinct(
    qids: list[str], queries: Any, codes: Any, docnos: Any, fail: Fail
) -> None:
    """Raise when 7 and "7" were two keys of one dictionary."""
    if len(set(qids)) < len(qids):
        twice = next(qid for qid in qids if qids.count(qid) > 1)
        raise fail(f"query {twice!r} stands twice, as text and as a number")
    keys = queries * len(docnos) + codes
    ordered = np.sort(keys)
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if again.size:
        query, code = divmod(int(ordered[again[0]]), len(docnos))
        raise fail(
            f"document {docnos[code]!r} stands twice under query {qids[query]!r}, as "
            "text and as a number"
        )
