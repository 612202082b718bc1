"""Sums over the pairs of rows that two columns order alike, in O(n log n).

Two orders of n rows are a permutation: the place in the second order of each row of the
first one. A row's pairs are split by the bits of the places, as a wavelet tree does:
two places differ first at one bit, so each pair is met at one bit, as a lower place and
a higher one, side by side in the first order. Cumulative sums of the lower ones count
what comes before each higher one. Nothing loops over rows, and many permutations are
split at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.validation.resampling import NUMBERS_AT_ONCE


class _Halves(NamedTuple):
    """Blocks of places that agree but for one bit and those below it.

    `lower` and `higher`, shape (blocks, h), have that bit clear and set, in the first
    order; the first axis has the blocks of all permutations, one after another.
    `before` says how many of the lower ones of its block stand before a higher one.
    """

    lower: Integers
    higher: Integers
    before: Integers


def _halved(places: Integers) -> Iterator[_Halves]:
    """The blocks for each bit of permutations, shape (m, 2**b), from the highest."""
    m, size = places.shape
    rest = (places + size * np.arange(m)[:, None]).reshape(-1)
    half = size // 2
    one_after_another = np.arange(m * half)
    while half:
        is_higher = (rest & half) != 0
        at = np.flatnonzero(is_higher)
        lower, higher = (
            side.reshape(-1, half) for side in (rest[~is_higher], rest[at])
        )
        before = (at - one_after_another).reshape(-1, half)
        before -= half * np.arange(len(before))[:, None]
        yield _Halves(lower, higher, before)
        rest = np.stack([lower, higher], axis=1).reshape(-1)
        half //= 2


def _padded(places: Integers) -> Integers:
    """Permutations of a power of two of rows; those added are the last and highest."""
    m, n = places.shape
    size = 1 << max(0, n - 1).bit_length()
    return np.hstack([places, np.broadcast_to(np.arange(n, size), (m, size - n))])


def counts_below(places: Integers) -> Integers:
    """How many rows before each one have a lower place.

    Parameters
    ----------
    places : int64 array, shape (m, n)
        Permutations of 0 to n - 1, one in a row.

    Returns
    -------
    int64 array, shape (m, n)
        By place: entry p is that of the row with place p.

    Examples
    --------
    >>> counts_below(np.array([[2, 0, 1, 3]])).tolist()
    [[0, 1, 0, 3]]
    """
    n = places.shape[1]
    places = _padded(places)
    found = np.zeros(places.size, dtype=np.int64)
    for part in _halved(places):
        found[part.higher] += part.before
    return found.reshape(places.shape)[:, :n]


def sums_below(places: Integers, values: Floats) -> Floats:
    """How far each row lies above the rows before it that have a lower place.

    Parameters
    ----------
    places : int64 array, shape (m, n)
        Permutations of 0 to n - 1, one in a row.
    values : float64 array, shape (n,)
        By place.

    Returns
    -------
    float64 array, shape (m, n)
        By place: ``values[p]`` minus the value of each lower place that comes before,
        summed. The same whichever permutations stand beside.

    Examples
    --------
    >>> sums_below(np.array([[2, 0, 1, 3]]), np.array([0.0, 1.0, 3.0, 10.0])).tolist()
    [[0.0, 1.0, 0.0, 26.0]]
    """
    n = places.shape[1]
    places = _padded(places)
    m, size = places.shape
    found = np.zeros(places.size)
    values = np.tile(np.concatenate([values, np.zeros(size - n)]), m)
    # Sums of the lower ones of each permutation, from 0
    upto = np.zeros((m, size // 2 + 1))
    for part in _halved(places):
        blocks, half = part.lower.shape
        np.cumsum(values[part.lower].reshape(m, -1), axis=1, out=upto[:, 1:])
        start = half * np.arange(blocks) + np.arange(blocks) * m // blocks
        below = upto.take(part.before + start[:, None]) - upto.take(start)[:, None]
        found[part.higher] += values[part.higher] * part.before - below
    return found.reshape(places.shape)[:, :n]


class RowSums(NamedTuple):
    """Sums over the pairs of each query with all others, in whole numbers.

    `of_x` (t, n) and `of_y` (k, n) count the pairs that differ, and `of_both` (t, k, n)
    those of one order less those of opposite orders. `fewer` (t, k) are the ordered
    pairs of the whole sample that are in one order, or in opposite ones: the fewer.
    """

    of_x: Floats
    of_y: Floats
    of_both: Floats
    fewer: Floats

    def tau(self, sums: Callable[[Floats], Floats]) -> Floats:
        """Kendall's tau-b of b samples, shape (b, t, k).

        `sums` makes sums over all pairs of each sample, shape (b, p), from those over
        the pairs of each query, shape (p, n). NaN where no pair differs.

        Examples
        --------
        >>> x = np.array([[1.0], [2.0], [3.0]])
        >>> rows = row_sums(x, x[[1, 0, 2]])
        >>> rows.tau(lambda pairs: pairs.sum(axis=1)[None]).round(3)
        array([[[0.333]]])
        """
        t, k, n = self.of_both.shape
        left, right = sums(self.of_x), sums(self.of_y)
        both = sums(self.of_both.reshape(t * k, n)).reshape(-1, t, k)
        size = np.sqrt(np.maximum(left[:, :, None] * right[:, None, :], 0.0))
        found = np.full(both.shape, np.nan)
        np.divide(both, size, out=found, where=size > 0)
        return np.asarray(np.clip(found, -1.0, 1.0))


def row_sums(x: Floats, y: Floats) -> RowSums:
    """Sums of signs over the pairs of each query with all others.

    Parameters
    ----------
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)

    Notes
    -----
    Ties are broken so that rows tied on one side have the order of the other side: each
    such pair adds 1 to both of its rows, and is taken off again. Without ties, a row
    agrees with those below it on both sides and those above it on both sides (Knight,
    1966, for the sum over all rows).

    Examples
    --------
    >>> x, y = np.array([[1.0], [1.0], [2.0]]), np.array([[3.0], [1.0], [2.0]])
    >>> [side.ravel().tolist() for side in row_sums(x, y)]
    [[1.0, 1.0, 2.0], [2.0, 2.0, 2.0], [-1.0, 1.0, 0.0], [2.0]]
    """
    left, right = ([codes(column) for column in side.T] for side in (x, y))
    both = np.empty((len(left), len(right), len(x)))
    least = np.empty(both.shape[:2])
    for t, of_x in enumerate(left):
        for k, of_y in enumerate(right):
            both[t, k] = _agreeing(of_x, of_y)
            least[t, k] = fewer(x[:, t], y[:, k], both[t, k].sum())
    return RowSums(untied(x), untied(y), both, least)


def weighted_agreement(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pairs in one order less those in opposite orders, in weighted samples.

    Parameters
    ----------
    x, y : float64 arrays, shape (n,)
    weights : float64 array, shape (b, n)
        One sample per row: how often each query occurs, in whole numbers.

    Returns
    -------
    float64 array, shape (b,)
        Sums over ordered pairs.

    Notes
    -----
    Ties are broken, and taken off again, as in `row_sums`.

    Examples
    --------
    >>> x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 3.0])
    >>> weighted_agreement(x, y, np.array([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]])).tolist()
    [2.0, 4.0]
    """
    of_x, of_y = codes(x), codes(y)
    (by_x, by_y), (_, place) = _orders(of_x, of_y)
    parts = [*_halved(_padded(place[by_x][None]))]
    found = np.empty(len(weights))
    step = max(1, NUMBERS_AT_ONCE // len(x))
    for start in range(0, len(weights), step):
        some = weights[start : start + step]
        squares = (some**2).sum(axis=1)
        found[start : start + step] = (
            4 * _weighted_below(parts, some[:, by_y])
            - (some.sum(axis=1) ** 2 - squares)
            - (_tied_in_one(of_x, of_y, some) - squares)
        )
    return found


def _weighted_below(parts: list[_Halves], weights: Floats) -> Floats:
    """Weights of the pairs in the order of both sides, by place, shape (b,)."""
    count, n = weights.shape
    size = 2 * parts[0].lower.size if parts else n
    weights = np.hstack([weights, np.zeros((count, size - n))])
    upto = np.zeros((count, size // 2 + 1))
    found = np.zeros(count)
    for part in parts:
        blocks, half = part.lower.shape
        np.cumsum(weights[:, part.lower.reshape(-1)], axis=1, out=upto[:, 1:])
        start = half * np.arange(blocks)[:, None]
        below = upto[:, (part.before + start).reshape(-1)]
        below -= np.repeat(upto[:, start[:, 0]], half, axis=1)
        found += np.vecdot(weights[:, part.higher.reshape(-1)], below)
    return found


def tied(of: Integers, weights: Floats) -> Floats:
    """Ordered pairs of each sample with equal codes, a query with itself, too.

    Examples
    --------
    >>> tied(np.array([0, 1, 1]), np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])).tolist()
    [5.0, 9.0]
    """
    order = np.argsort(of, kind="stable")
    starts = np.flatnonzero(np.diff(of[order], prepend=-1))
    masses = np.add.reduceat(weights[:, order], starts, axis=1)
    return np.asarray((masses**2).sum(axis=1))


def _tied_in_one(x: Integers, y: Integers, weights: Floats) -> Floats:
    """The same of pairs with equal codes in x, in y, or in both."""
    in_both = tied(x * len(x) + y, weights)
    return tied(x, weights) + tied(y, weights) - in_both


def fewer(x: Floats, y: Floats, difference: float) -> float:
    """How many ordered pairs are in one order, or in opposite ones: the fewer of both.

    `difference` is that of both numbers.

    Examples
    --------
    >>> fewer(np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 3.0]), 2.0)
    2.0
    """
    n = len(x)
    differ = n**2 - _tied_in_one(codes(x), codes(y), np.ones((1, n)))[0]
    return float(differ - abs(difference)) / 2


def untied(columns: Floats) -> Floats:
    """How many rows differ from each row, by column, shape (c, n).

    Examples
    --------
    >>> untied(np.array([[1.0], [1.0], [2.0]])).tolist()
    [[1.0, 1.0, 2.0]]
    """
    alike = [_alike(codes(column)) for column in columns.T]
    return len(columns) - np.array(alike, dtype=np.float64).reshape(-1, len(columns))


def codes(column: Floats) -> Integers:
    """The place of each value among the distinct ones, shape (n,).

    Examples
    --------
    >>> codes(np.array([0.5, -1.0, 0.5])).tolist()
    [1, 0, 1]
    """
    return np.asarray(np.unique(column, return_inverse=True)[1])


def _orders(x: Integers, y: Integers) -> tuple[Integers, Integers]:
    """Rows by x, then y, and by y, then x; and their places there, shapes (2, n)."""
    n = len(x)
    keys = x * n + y, y * n + x
    rows = np.stack([np.argsort(one, kind="stable") for one in keys])
    places = np.empty((2, n), dtype=np.int64)
    np.put_along_axis(places, rows, np.arange(n)[None], axis=1)
    return rows, places


def _alike(of: Integers) -> Integers:
    """How many rows have the code of each row, itself among them."""
    return np.asarray(np.bincount(of)[of])


def _agreeing(x: Integers, y: Integers) -> Integers:
    """Pairs of each row in one order less those in opposite orders, by codes."""
    n = len(x)
    (by_x, _), place = _orders(x, y)
    below = counts_below(place[1, by_x][None])[0][place[1]]
    agreed = 4 * below + (n - 1) - 2 * (place[0] + place[1])
    copies = np.empty(n, dtype=np.int64)
    copies[by_x] = _run_lengths(x[by_x] * n + y[by_x])
    return np.asarray(agreed - (_alike(x) + _alike(y) - copies - 1))


def _run_lengths(ordered: Integers) -> Integers:
    """How many entries of a sorted array equal each one."""
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    sizes = np.diff(starts, append=len(ordered))
    return np.repeat(sizes, sizes)
