"""Orders of rows: by query and document, and from best to worst.

NumPy sorts plain integers many times faster than it sorts stably or by several keys, so
what rows are sorted by is packed into one.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from rankbound.data.columns import Floats, Integers, Strings, remembered

WINDOW = 1 << 16  # rows that are sorted at once, in the processor's cache
FITS = 1 << 62


class Scored(Protocol):
    """What an order by score needs: scores, and where those of each query begin."""

    @property
    def values(self) -> Floats:
        """Shape (n_rows,)."""

    @property
    def offsets(self) -> Integers:
        """Shape (n_queries + 1,)."""


def ranking(scores: Scored) -> Integers:
    """Rows by query, and from best to worst in each; ties by docno, descending.

    That is trec_eval's order; the order in the file and its ranks play no part.

    Returns
    -------
    int64 array, shape (n_rows,)
        Rows of query q are at ``scores.offsets[q]:scores.offsets[q + 1]``, too.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 1.0}})
    >>> ranking(scores).tolist()
    [1, 2, 0]
    """
    return remembered((scores.values, scores.offsets), lambda: _ranking(scores))


def _ranking(scores: Scored) -> Integers:
    order = np.empty(len(scores.values), dtype=np.int64)
    for part in ranked_windows(scores):
        order[part.rows] = part.order
    return order


class RankedWindow(NamedTuple):
    """The rows of some queries, from best to worst in each.

    Attributes
    ----------
    rows : slice
        Of all rows.
    order : int64 array, shape (n,)
        As in `ranking`.
    offsets : int64 array, shape (n_queries + 1,)
        Where each query begins in `order`.
    """

    rows: slice
    order: Integers
    offsets: Integers

    @property
    def queries(self) -> Integers:
        """The query of each row, counted from 0 here, shape (n,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @property
    def places(self) -> Integers:
        """The place of each row in its query, from 0, shape (n,)."""
        return np.arange(len(self.order)) - self.offsets[self.queries]


def ranked_windows(scores: Scored) -> Iterator[RankedWindow]:
    """`ranking`, some queries at a time, so that little is held beside the scores.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 1.0}})
    >>> [(part.order.tolist(), part.places.tolist()) for part in ranked_windows(scores)]
    [([1, 2, 0], [0, 1, 2])]
    """
    for first, last in windows(scores.offsets, WINDOW):
        offsets = scores.offsets[first : last + 1]
        start, stop = offsets[[0, -1]].tolist()
        queries = np.repeat(np.arange(last - first), np.diff(offsets))
        order = _best_first(scores.values[start:stop], queries)
        yield RankedWindow(slice(start, stop), order + start, offsets - start)


def by_rank(part: RankedWindow, ranks: Integers) -> Integers:
    """Rows by query and by given ranks; those of one rank as in `ranking`.

    Parameters
    ----------
    part : RankedWindow
        The rows of some queries, shape (n,).
    ranks : int64 array, shape (n_rows,)
        Of all rows.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 2.0}})
    >>> [by_rank(part, np.array([1, 2, 1])).tolist() for part in ranked_windows(scores)]
    [[2, 0, 1]]
    """
    ranks = ranks[part.order].astype(np.int64, copy=False)
    low, high = int(ranks.min(initial=0)), int(ranks.max(initial=0))
    if (high - low + 1) * len(part.offsets) >= FITS:
        return part.order[np.lexsort((ranks, part.queries))]
    keys = part.queries * (high - low + 1) + (ranks - low)
    return part.order[sorted_order(keys)]


def row_order(query_codes: Integers, doc_codes: Integers, *, n_docs: int) -> Integers:
    """The order that sorts rows by query and document; equal rows keep theirs.

    Examples
    --------
    >>> row_order(np.array([1, 0, 1]), np.array([4, 5, 3]), n_docs=6).tolist()
    [1, 2, 0]
    """
    order = np.empty(len(query_codes), dtype=np.int64)
    for start, stop in parts(query_codes):
        keys = query_codes[start:stop].astype(np.int64)
        keys *= max(1, n_docs)
        keys += doc_codes[start:stop]
        order[start:stop] = sorted_order(keys)
        order[start:stop] += start
    return order


def parts(query_codes: Integers) -> Generator[tuple[int, int]]:
    """Ranges of rows that can be sorted on their own, and fit into the cache.

    No query is divided, so there is a single range if a query comes again later.

    Examples
    --------
    >>> list(parts(np.array([0, 0, 1]))), list(parts(np.array([1, 0])))
    ([(0, 3)], [(0, 2)])
    """
    start, size = 0, len(query_codes)
    if (query_codes[1:] < query_codes[:-1]).any():
        yield start, size
        return
    while start < size:
        last = query_codes[min(start + WINDOW, size) - 1]
        stop = int(np.searchsorted(query_codes, last, side="right"))
        yield start, stop
        start = stop


def sorted_order(keys: Integers) -> Integers:
    """The order that sorts numbers from 0 on, equal ones in theirs; `keys` are lost.

    Examples
    --------
    >>> sorted_order(np.array([5, 0, 5, 3])).tolist()
    [1, 3, 0, 2]
    """
    if (keys[1:] >= keys[:-1]).all():
        return np.arange(len(keys))
    bits = len(keys).bit_length()
    if int(keys.max()).bit_length() + bits > 63:
        return np.argsort(keys, kind="stable")
    keys <<= bits
    keys |= np.arange(len(keys))
    keys.sort()
    keys &= (1 << bits) - 1
    return keys


def windows(offsets: Integers, rows: int) -> Iterator[tuple[int, int]]:
    """Ranges of queries with about so many rows each, or one query with more.

    Examples
    --------
    >>> list(windows(np.array([0, 2, 4, 9, 10]), 4))
    [(0, 2), (2, 3), (3, 4)]
    """
    first = 0
    while first < len(offsets) - 1:
        far = np.searchsorted(offsets, offsets[first] + rows, side="right")
        last = max(int(far) - 1, first + 1)
        yield first, last
        first = last


def least(names: Strings, places: Integers) -> int:
    """The place of the least id, by code point, among some places.

    It names one of many without a word on the order that they came in.

    Examples
    --------
    >>> least(np.array(["q2", "q10", "q1"], dtype=object), np.array([0, 1]))
    1
    """
    held = names[places].tolist()
    return int(places[held.index(min(held))])


def least_row(rows: Integers, queries: Integers, qids: Strings, codes: Integers) -> int:
    """The row of the least query, and of its least document, among some rows.

    Parameters
    ----------
    rows : int64 array, shape (n,)
    queries : int64 array, shape (n,)
        The query of each of these rows.
    qids : object array of str
    codes : int64 array, shape (n,)
        The documents of these rows, as places in sorted ids.

    Examples
    --------
    >>> qids = np.array(["r", "q"], dtype=object)
    >>> least_row(np.arange(3), np.array([0, 1, 1]), qids, np.array([0, 2, 1]))
    2
    """
    own = np.flatnonzero(queries == least(qids, np.unique(queries)))
    return int(rows[own[np.argmin(codes[own])]])


def _best_first(values: Floats, queries: Integers) -> Integers:
    """The order by query, falling value and falling place."""
    # How many different values are better: unlike the values, it fits into a key
    falling = np.argsort(-values)
    values = values[falling]
    keys = np.zeros(len(values), dtype=np.int64)
    keys[falling[1:]] = np.cumsum(values[1:] != values[:-1])
    bits = len(keys).bit_length()
    keys += queries << bits
    keys <<= bits
    keys += np.arange(len(keys))[::-1]
    keys.sort()
    keys &= (1 << bits) - 1
    found: Integers = len(keys) - 1 - keys
    return found
