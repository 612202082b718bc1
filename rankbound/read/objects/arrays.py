"""NumPy arrays, and what can become one, as tables of scores or as vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.read.objects.nested import Fail, texts

Ids = Sequence[Any] | np.ndarray


def is_array(value: object) -> bool:
    """Whether something is an array: of NumPy, torch, jax, but no frame.

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
        The numbers of the rows, from 0, by default.
    docnos : sequence of ids, shape (n_documents,) or (n_queries, n_documents), optional
        The numbers of the columns, from 0, by default.
    fail : callable
        From a message to the error to raise.

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
    """Vectors of shape (n, dim) and the ids of their rows, without a copy."""
    matrix = as_array(vectors, fail)
    if matrix.ndim != 2 or 0 in matrix.shape or matrix.dtype.kind != "f":
        raise fail(
            "expected an array of shape (n, dim) of floating-point numbers, found "
            f"shape {matrix.shape} of {matrix.dtype}"
        )
    names = _ids_of(ids, len(matrix), "ids", fail)
    _check_distinct(names, "id", fail)
    return Embeddings(strings(names), matrix, name=name)


def as_array(value: Any, fail: Fail) -> np.ndarray:
    """A NumPy array of the same numbers, without a copy where that can be.

    Raises
    ------
    Exception
        By `fail`, for a masked array, or one that its library does not give away.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise fail("a masked array lacks values; give a dict or table of those it has")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n", 1)[0]
        raise fail(f"cannot be read as a NumPy array ({reason})") from None


def stacked(vectors: list[Any], fail: Fail) -> np.ndarray:
    """Vectors as the rows of one array."""
    try:
        return np.stack([np.asarray(vector) for vector in vectors])
    except ValueError:
        raise fail("all vectors must have one length") from None


def _ids_of(ids: Ids | None, size: int, what: str, fail: Fail) -> list[str]:
    found = list(range(size)) if ids is None else list(ids)
    if len(found) != size:
        raise fail(f"{len(found)} {what} for {size} of the array")
    return texts(found, fail, what=f"each of {what}")


def _check_distinct(
    names: list[str], what: str, fail: Fail, *, under: str = ""
) -> None:
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise fail(f"{what} {twice!r} stands twice{under}; keep one")
