"""Short texts as big-endian machine words, compared and parsed many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Integers

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Booleans = NDArray[np.bool_]

WORD = 8
ZEROS = np.uint64(0x3030303030303030)
ABOVE_9 = np.uint64(0x7676767676767676)
TOP_BITS = np.uint64(0x8080808080808080)
# Neighbours joined: digits to pairs, pairs to fours, fours to eights. A product has the
# left one times 10, 100 or 10,000 in the place of the right one, and adds the two
STEPS = tuple(
    (np.uint64(bits), np.uint64(mask), np.uint64((power << bits) + 1))
    for bits, mask, power in (
        (8, 0x0F0F0F0F0F0F0F0F, 10),
        (16, 0x00FF00FF00FF00FF, 100),
        (32, 0x0000FFFF0000FFFF, 10_000),
    )
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
        left = lengths - place * WORD
        if count > 1:
            np.clip(left, 0, WORD, out=left)
        unused = (8 * (WORD - left)).view(np.uint64)
        column = words[:, place]
        if shortest > place * WORD:
            column >>= unused
            column <<= unused
        else:  # a shift by 64 bits is not defined, so it is made in two steps
            half = unused >> np.uint64(1)
            words[:, place] = column >> half >> half << half << half
    return words


def digits_before(data: Bytes, ends: Integers, lengths: Integers) -> Words:
    """Numbers in a buffer as words of their digits, the last one in the top byte.

    What is no digit is a byte above 9; what comes before a number is 0.

    Parameters
    ----------
    data : uint8 array
    ends, lengths : int64 arrays, shape (n,)
        Where each ends, and its 1 to 8 bytes.

    Examples
    --------
    >>> data = np.frombuffer(b"id 12 7", dtype=np.uint8)
    >>> [hex(word) for word in digits_before(data, np.array([5, 7]), np.array([2, 1]))]
    ['0x201000000000000', '0x700000000000000']
    """
    if int(ends.min(initial=WORD)) < WORD:
        data = np.concatenate([np.zeros(WORD, dtype=np.uint8), data])
        ends = ends + WORD
    loads = np.ndarray((len(data) - WORD + 1,), "V8", buffer=data, strides=(1,))
    digits = loads[ends - WORD].view("<u8").astype(np.uint64, copy=False)
    digits ^= ZEROS
    return without_others(digits, lengths)


def without_others(digits: Words, lengths: Integers) -> Words:
    """The same words with 0 in all but the last bytes, `lengths` of them."""
    unused = (8 * (WORD - lengths)).view(np.uint64)
    digits >>= unused
    digits <<= unused
    return digits


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


def number_of_digits(digits: Words) -> Words:
    """Numbers whose eight decimal digits are the bytes of a word, the last on top.

    The words are used up.

    Examples
    --------
    >>> number_of_digits(np.array([0x0302010000000000], dtype=np.uint64)).tolist()
    [123]
    """
    for shift, mask, factor in STEPS:
        digits &= mask
        digits *= factor
        digits >>= shift
    return digits
