"""Short texts as big-endian machine words, compared and parsed many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimators.scores import Integers

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

WORD = 8
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(29))
ZEROS = np.uint64(0x3030303030303030)
ABOVE_9 = np.uint64(0x7676767676767676)
TOP_BITS = np.uint64(0x8080808080808080)
PAIRS = np.uint64(0x00FF00FF00FF00FF)
FOURS = np.uint64(0x0000FFFF0000FFFF)
EIGHTS = np.uint64(0x00000000FFFFFFFF)


def words_of(data: Bytes, starts: Integers, lengths: Integers) -> Words:
    """Texts in a buffer as words padded with zeros, shape (n, number of words).

    Comparing words from the first on compares UTF-8 texts by code point, where none
    holds a zero byte.

    Parameters
    ----------
    data : uint8 array
    starts, lengths : int64 arrays, shape (n,)

    Examples
    --------
    >>> data = np.frombuffer(b"ab", dtype=np.uint8)
    >>> words = words_of(data, np.array([0, 1]), np.array([2, 1]))
    >>> [hex(word) for word in words[:, 0]]
    ['0x6162000000000000', '0x6200000000000000']
    """
    count = max(1, -(-int(lengths.max(initial=1)) // WORD))
    padded = np.concatenate([data, np.zeros(count * WORD, dtype=np.uint8)])
    # A word from every byte on, without copies
    loads = np.ndarray(
        (len(padded) - WORD + 1,), dtype=">u8", buffer=padded, strides=(1,)
    )
    words = np.empty((len(starts), count), dtype=np.uint64)
    for place in range(count):
        left = np.clip(lengths - place * WORD, 0, WORD)
        # A shift by 64 bits is not defined, so it is made in two steps
        unused = (8 * (WORD - left)).astype(np.uint64)
        half = unused >> np.uint64(1)
        rest = unused - half
        word = loads[starts + place * WORD].astype(np.uint64)
        words[:, place] = ((word >> half) >> rest) << rest << half
    return words


def numbers_of(words: Words, lengths: Integers) -> Integers | None:
    """Texts of at most 8 bytes as whole numbers; None unless all are written so.

    Digits alone, and no zero in front: the number then stands for exactly that text.

    Examples
    --------
    >>> data = np.frombuffer(b"120", dtype=np.uint8)
    >>> starts, lengths = np.array([0, 2]), np.array([3, 1])
    >>> numbers_of(words_of(data, starts, lengths)[:, 0], lengths).tolist()
    [120, 0]
    """
    unused = (8 * (WORD - lengths)).astype(np.uint64)
    digits = (words >> unused) ^ (ZEROS >> unused)
    if (((digits + ABOVE_9) | digits) & TOP_BITS).any():
        return None
    leading = words >> np.uint64(56)
    if ((leading == ord("0")) & (lengths > 1)).any():
        return None
    two = ((digits >> np.uint64(8)) & PAIRS) * np.uint64(10) + (digits & PAIRS)
    four = ((two >> np.uint64(16)) & FOURS) * np.uint64(100) + (two & FOURS)
    eight = (four >> np.uint64(32)) * np.uint64(10_000) + (four & EIGHTS)
    return eight.astype(np.int32)


def distinct(words: Words) -> tuple[Integers, Integers]:
    """A row of each distinct text, in their order, and the code of every row.

    Examples
    --------
    >>> rows, codes = distinct(np.array([[7], [3], [7]], dtype=np.uint64))
    >>> rows.tolist() in ([1, 0], [1, 2]), codes.tolist()
    (True, [1, 0, 1])
    """
    if words.shape[1] == 1:
        order = np.argsort(words[:, 0])
        first = _starts_run(words[:, 0][order])
        return order[first], _scattered(order, first)
    keys = _mixed(words)
    order = np.argsort(keys)
    if not _runs_agree(words, keys, order):  # two texts of one mixed key
        order = np.lexsort(words.T[::-1])
    sorted_words = words[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (sorted_words[1:] != sorted_words[:-1]).any(axis=1)
    rows = order[first]
    places = np.lexsort(words[rows].T[::-1])
    rank = np.empty(len(rows), dtype=np.int64)
    rank[places] = np.arange(len(rows))
    return rows[places], rank[_scattered(order, first)]


def _starts_run(values: Words) -> NDArray[np.bool_]:
    first = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first


def _scattered(order: Integers, first: NDArray[np.bool_]) -> Integers:
    codes = np.empty(len(order), dtype=np.int64)
    codes[order] = np.cumsum(first.view(np.int8), dtype=np.int64) - 1
    return codes


def _mixed(words: Words) -> Words:
    """One word from several; different texts may collide, and are compared later."""
    factor, shift = MIX
    mixed = words[:, 0].copy()
    for place in range(1, words.shape[1]):
        mixed = (mixed ^ (mixed >> shift)) * factor + words[:, place]
    return mixed


def _runs_agree(words: Words, keys: Words, order: Integers) -> bool:
    """Whether rows of equal keys are the same text."""
    same = ~_starts_run(keys[order])[1:]
    return bool((words[order[:-1][same]] == words[order[1:][same]]).all())
