"""Plain decimal numbers parsed many at a time, to the very last bit.

Without its point a number is a whole one, to be divided by a power of ten. Both are
exact up to 2**53 and 10**22, so that the one division rounds as it has to (Clinger
1990, "How to read floating point numbers accurately").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimators.scores import Floats, Integers
from rankbound.formats.words import WORD, ZEROS, Words, are_digits, number_of_digits

POINT, MINUS = ord("."), ord("-")
EXACT = np.uint64(1 << 53)


def decimals_of(block: bytes, starts: Integers, ends: Integers) -> Floats | None:
    """Numbers that lie in a buffer, or None when some are written in another way.

    The plain way: perhaps a minus, 1 to 8 digits, and in all of them the same number of
    up to 8 decimals after a point, or no point.

    Parameters
    ----------
    block : bytes
    starts, ends : int64 arrays, shape (n,), n > 0
        Where the numbers begin and end; none is empty.

    Returns
    -------
    float64 array, shape (n,), or None

    Examples
    --------
    >>> decimals_of(b"id -2.50 13.25", np.array([3, 9]), np.array([8, 14])).tolist()
    [-2.5, 13.25]
    >>> decimals_of(b"id 2.50 1e3", np.array([3, 8]), np.array([7, 11])) is None
    True
    """
    first = block[int(starts[0]) : int(ends[0])]
    decimals = len(first) - first.find(b".") - 1 if b"." in first else 0
    tail = decimals + 1 if decimals else 0
    if decimals > WORD or first.endswith(b"."):
        return None
    if int(ends[0]) - tail < WORD:  # a word that ends there would begin too early
        return decimals_of(bytes(WORD) + block, starts + WORD, ends + WORD)
    data = np.frombuffer(block, dtype=np.uint8)
    negative = data[starts] == MINUS
    points = ends - tail
    lengths = points - starts
    lengths -= negative
    if int(lengths.min()) < 1 or int(lengths.max()) > WORD:
        return None
    words = np.ndarray((len(data) - WORD + 1,), ">u8", buffer=block, strides=(1,))
    found = _whole(words[points - WORD], lengths)
    if found is not None and decimals:
        found = _joined(found, data, words, points, decimals)
    if found is None:
        return None
    values: Floats = found.astype(np.float64)
    values /= 10.0**decimals
    np.negative(values, out=values, where=negative)
    return values


def _whole(words: Words, lengths: Integers) -> Words | None:
    """Digits at the end of each word as whole numbers."""
    unused = (8 * (WORD - lengths)).view(np.uint64)
    digits = words.astype(np.uint64)
    digits ^= ZEROS
    digits <<= unused
    digits >>= unused
    return number_of_digits(digits) if are_digits(digits) else None


def _joined(
    whole: Words,
    data: NDArray[np.uint8],
    words: Words,
    points: Integers,
    decimals: int,
) -> Words | None:
    """Whole numbers with the decimals after their points as further digits."""
    if (data[points] != POINT).any():
        return None
    digits = words[points + (decimals + 1 - WORD)].astype(np.uint64)
    digits ^= ZEROS
    digits &= np.uint64((1 << (8 * decimals)) - 1)
    if not are_digits(digits):
        return None
    whole *= np.uint64(10**decimals)
    whole += number_of_digits(digits)
    return None if (whole > EXACT).any() else whole
