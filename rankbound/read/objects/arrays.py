"""Nested dictionaries and arrays in memory, as columns of scores and as vectors."""

from __future__ import annotations

import itertools
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pyarrow as pa

from rankbound.data.arrow import encode
from rankbound.data.columns import Floats, strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import LARGEST, Scores
from rankbound.read.fields import (
    all_composed,
    check_lengths,
    odd_id,
    odd_words,
    wanted_number,
)
from rankbound.read.source import one_line

# Dictionaries

Fail = Callable[[str], Exception]
SHAPE = "{qid: {docno: number}}"


def scores_of_nested(
    table: Mapping[Any, Any],
    fail: Fail,
    *,
    name: str,
    repairs: dict[str, int] | None = None,
) -> Scores:
    """Scores from ``{qid: {docno: number}}``; whole-number ids become text.

    Parameters
    ----------
    table : mapping
        Queries without documents are skipped.
    fail : callable
        Turns a message into the error to raise.
    name : str
        The name of the scores.
    repairs : dict, optional
        Counts the ids that were brought to the composed form.

    Raises
    ------
    FormatError
        As made by `fail`, for another shape, an id that is neither text nor a whole
        number, two ids with the same text, or a number that is not finite.

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
    qids = texts([q for q, _ in rows], fail, what="a query id", repairs=repairs)
    names = texts(
        list(itertools.chain.from_iterable(row for _, row in rows)),
        fail,
        what="a document id",
        repairs=repairs,
    )
    docnos, codes = encode(pa.array(names, pa.string()), ordered=True)
    sizes = [len(row) for _, row in rows]
    queries = np.repeat(np.arange(len(rows), dtype=np.int64), sizes)
    _check_keys(qids, queries, codes, docnos, fail)
    return Scores.from_rows(
        queries, strings(qids), codes, docnos, _numbers(rows, fail), name=name
    )


def texts(
    ids: list[Any], fail: Fail, *, what: str, repairs: dict[str, int] | None = None
) -> list[str]:
    """Ids as text; each must be text or a whole number.

    Examples
    --------
    >>> texts(["D1", 7], ValueError, what="an id")
    ['D1', '7']
    """
    kinds = set(map(type, ids))
    if kinds <= {int}:
        try:
            return list(map(str, ids))
        except ValueError:
            raise fail(f"{what} is a whole number of too many digits") from None
    found = ids if kinds <= {str} else [_text(value, fail, what) for value in ids]
    check_lengths(found, fail)
    for value in found:
        if not value.strip():
            raise fail(f"{what} must be text that is not blank, found {value!r}")
    odd = odd_id(found)
    if odd is not None:
        raise fail(odd_words(what, odd))
    return all_composed(found, repairs)


def _text(value: Any, fail: Fail, what: str) -> str:
    if isinstance(value, str):
        return str(value)  # may be a subclass, such as NumPy's
    if isinstance(value, Integral) and not isinstance(value, bool):
        try:
            return str(int(value))
        except ValueError:
            raise fail(f"{what} is a whole number of too many digits") from None
    reason = (
        "; a float is not an id: digits were lost, or missing values turned ids into "
        "floats, so read the ids as text"
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
        except OverflowError:  # a whole number beyond float64, found below
            numbers = np.array([np.inf])
        if (np.abs(numbers) <= LARGEST).all():
            return numbers
    for qid, row in rows:
        for docno, value in row.items():
            if not _finite(value):
                raise fail(
                    f"the score of query {qid!r}, document {docno!r} must be "
                    f"{wanted_number(value)}, found {_shown(value)}"
                )
    raise fail("the scores must be finite numbers")


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # CPython writes no whole number of very many digits
        return "a whole number of very many digits"


def _finite(value: Any) -> bool:
    try:
        return _all_real([value]) and abs(float(value)) <= LARGEST
    except OverflowError:
        return False


def _all_real(values: Iterable[Any]) -> bool:
    return all(isinstance(v, Real) and not isinstance(v, bool) for v in values)


def _check_keys(
    qids: list[str], queries: Any, codes: Any, docnos: Any, fail: Fail
) -> None:
    """Raise if keys of one dictionary are one id: 7 and "7", or two Unicode forms."""
    if len(set(qids)) < len(qids):
        twice = next(qid for qid in qids if qids.count(qid) > 1)
        raise fail(f"query {twice!r} occurs twice, {_two_ways(twice)}")
    keys = queries * len(docnos) + codes
    ordered = np.sort(keys)
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if again.size:
        query, code = divmod(int(ordered[again[0]]), len(docnos))
        raise fail(
            f"document {docnos[code]!r} occurs twice under query {qids[query]!r}, "
            f"{_two_ways(docnos[code])}"
        )


def _two_ways(name: str) -> str:
    """How one id can be two keys of a dictionary."""
    if name.isascii():
        return "as text and as a number"
    return "in two Unicode forms (ids are compared in NFC); keep one of the two"


# Arrays

Ids = Sequence[Any] | np.ndarray


def is_array(value: object) -> bool:
    """Whether a value is an array of NumPy, torch, jax or the like, and not a frame.

    Examples
    --------
    >>> is_array(np.ones(2)), is_array([1.0])
    (True, False)
    """
    arrays = hasattr(value, "__array__") and hasattr(value, "ndim")
    return arrays and not hasattr(value, "columns")


def nested_of_array(
    value: Any, qids: Ids | None, docnos: Ids | None, fail: Fail
) -> dict[str, dict[str, float]]:
    """An array of scores as ``{qid: {docno: score}}``.

    Parameters
    ----------
    value : array, shape (n_queries, n_documents)
    qids : sequence of ids, shape (n_queries,), optional
        By default the numbers of the rows from 0.
    docnos : sequence of ids, shape (n_documents,) or (n_queries, n_documents), optional
        By default the numbers of the columns from 0.
    fail : callable
        Turns a message into the error to raise.

    Examples
    --------
    >>> nested_of_array(np.array([[1.0, 2.0]]), ["q"], None, ValueError)
    {'q': {'0': 1.0, '1': 2.0}}
    """
    matrix = as_array(value, fail)
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise fail(
            "expected an array of numbers of shape (n_queries, n_documents), found "
            f"shape {matrix.shape} of {matrix.dtype}"
        )
    rows, width = matrix.shape
    names = _ids_of(qids, rows, "qids", fail)
    if docnos is not None and np.ndim(np.asarray(docnos, dtype=object)) == 2:
        flat = [one for row in docnos for one in row]
        listed = _ids_of(flat, rows * width, "docnos", fail)
        columns = [listed[row * width : (row + 1) * width] for row in range(rows)]
    else:
        columns = [_ids_of(docnos, width, "docnos", fail)] * rows
    for qid, documents in zip(names, columns, strict=True):
        _check_distinct(documents, "document", fail, under=f" under query {qid!r}")
    _check_distinct(names, "query", fail)
    lists = zip(names, columns, matrix.tolist(), strict=True)
    return {qid: dict(zip(docs, row, strict=True)) for qid, docs, row in lists}


def embeddings_of_array(vectors: Any, ids: Ids, fail: Fail, *, name: str) -> Embeddings:
    """Embeddings from vectors of shape (n, dim), without a copy, and their ids."""
    listed = isinstance(vectors, list | tuple) and any(map(is_array, vectors))
    matrix = stacked(list(vectors), fail) if listed else as_array(vectors, fail)
    if matrix.ndim != 2 or 0 in matrix.shape or matrix.dtype.kind != "f":
        raise fail(
            "expected an array of shape (n, dim) of floating-point numbers, found "
            f"shape {matrix.shape} of {matrix.dtype}"
        )
    names = _ids_of(ids, len(matrix), "ids", fail)
    _check_distinct(names, "id", fail)
    return Embeddings(strings(names), matrix, name=name)


def vectors_of_index(index: Any, fail: Fail) -> tuple[np.ndarray, list[int] | None]:
    """The vectors of a flat FAISS index in memory, and its ids if it has some.

    Raises
    ------
    Exception
        As made by `fail`, for an index that changes its vectors or holds none.
    """
    import faiss

    flat: Any = faiss.downcast_index(index)
    ids = None
    if hasattr(flat, "id_map"):
        ids = faiss.vector_to_array(flat.id_map).tolist()
        flat = faiss.downcast_index(flat.index)
    if not isinstance(flat, faiss.IndexFlat):
        raise fail(
            f"a FAISS index of kind {type(flat).__name__}, which does not keep vectors "
            "as they are; give the vectors themselves, or a flat index"
        )
    if not flat.ntotal:
        raise fail("the FAISS index holds no vectors")
    return flat.reconstruct_n(0, flat.ntotal), ids


def as_array(value: Any, fail: Fail) -> np.ndarray:
    """A NumPy array of the same numbers, without a copy if possible.

    Raises
    ------
    Exception
        As made by `fail`, for a masked array, or one that its library does not convert.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise fail(
            "a masked array lacks values; give a dict or table of those that it has"
        )
    try:
        array = np.asarray(_detached(value))
        # NumPy has no bfloat16; all its numbers are numbers of float32
        return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    except (TypeError, ValueError, RuntimeError) as error:
        raise fail(f"cannot be read as a NumPy array ({one_line(error)})") from None


def _detached(value: Any) -> Any:
    """A tensor of torch as NumPy takes it: on the CPU, no gradient, no bfloat16."""
    if not (hasattr(value, "detach") and hasattr(value, "cpu")):
        return value
    tensor = value.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor


def stacked(vectors: list[Any], fail: Fail) -> np.ndarray:
    """Vectors as the rows of one array."""
    try:
        return np.stack([as_array(vector, fail) for vector in vectors])
    except ValueError:
        raise fail("all vectors must have the same length") from None


def _ids_of(ids: Ids | None, size: int, what: str, fail: Fail) -> list[str]:
    found = list(range(size)) if ids is None else list(ids)
    if len(found) != size:
        raise fail(f"{len(found)} {what} for an array with {size}")
    return texts(found, fail, what=f"each of {what}")


def _check_distinct(
    names: list[str], what: str, fail: Fail, *, under: str = ""
) -> None:
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise fail(f"{what} {twice!r} occurs twice{under}; keep one")
