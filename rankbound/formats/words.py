"""Short texts as big-endian machine words, compared and parsed many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimators.scores import Integers

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Booleans = NDArray[np.bool_]

WORD = 8
ZEROS = np.uint64(0x3030303030303030)
ABOVE_9 = np.uint64(0x7676767676767676)
TOP_BITS = np.uint64(0x8080808080808080)
PAIRS = np.uint64(0x00FF00FF00FF00FF)
FOURS = np.uint64(0x0000FFFF0000FFFF)
EIGHTS = np.uint64(0x00000000FFFFFFFF)
# Neighbours joined: digits to pairs, pairs to fours, fours to eights
STEPS = (
    (np.uint64(8), PAIRS, np.uint64(10)),
    (np.uint64(16), FOURS, np.uint64(100)),
    (np.uint64(32), EIGHTS, np.uint64(10_000)),
)


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
    size = count * WORD
    if int(starts.max(initial=0)) + size > len(data):
        data = np.concatenate([data, np.zeros(size, dtype=np.uint8)])
    # As many bytes from every byte on, without copies
    loads = np.ndarray((len(data) - size + 1,), f"V{size}", buffer=data, strides=(1,))
    words = loads[starts].view(">u8").reshape(-1, count).astype(np.uint64)
    shortest = int(lengths.min(initial=size))
    for place in range(shortest // WORD, count):  # what comes before is full
        left = np.clip(lengths - place * WORD, 0, WORD)
        unused = (8 * (WORD - left)).view(np.uint64)
        column = words[:, place]
        if shortest > place * WORD:
            column >>= unused
            column <<= unused
        else:  # a shift by 64 bits is not defined, so it is made in two steps
            half = unused >> np.uint64(1)
            rest = unused - half
            words[:, place] = ((column >> half) >> rest) << rest << half
    return words


def are_digits(words: Words) -> bool:
    """Whether all bytes of all words are numbers from 0 to 9.

    Examples
    --------
    >>> are_digits(np.array([0x0109], dtype=np.uint64))
    True
    >>> are_digits(np.array([0x010A], dtype=np.uint64))
    False
    """
    above = words + ABOVE_9
    above |= words
    above &= TOP_BITS
    return not above.any()


def number_of_digits(words: Words) -> Words:
    """Numbers whose eight decimal digits are the bytes of a word, the first on top.

    Examples
    --------
    >>> number_of_digits(np.array([0x010203], dtype=np.uint64)).tolist()
    [123]
    """
    digits = words
    for shift, mask, factor in STEPS:
        upper = digits >> shift
        upper &= mask
        upper *= factor
        digits = digits & mask
        digits += upper
    return digits
