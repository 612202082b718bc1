"""Plain decimal numbers parsed many at a time, to the very last bit.

Without its point a number is a whole one, to be divided by a power of ten. Both are
exact up to 2**53 and 10**22, and 15 digits are fewer, so that the one division rounds
as it has to (Clinger 1990, "How to read floating point numbers accurately").
"""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.read.text.words import (
    WORD,
    ZEROS,
    Words,
    are_digits,
    number_of_digits,
    without_others,
)

POINT, MINUS = ord(".") ^ ord("0"), ord("-")  # the first as a digit would be
LONGEST = 2 * WORD


def decimals_of(block: bytes, starts: Integers, ends: Integers) -> Floats | None:
    """Numbers that lie in a buffer, or None when some are written in another way.

    The plain way: perhaps a minus, 1 to 8 digits, and in all of them the same number of
    up to 8 decimals after a point, or no point; 16 characters without the minus.

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
    shown = block[int(starts[0]) : int(ends[0])]
    decimals = len(shown) - shown.find(b".") - 1 if b"." in shown else 0
    tail = decimals + 1 if decimals else 0
    if decimals > WORD or shown.endswith(b"."):
        return None
    if int(ends[0]) < LONGEST:  # what is loaded there would begin too early
        return decimals_of(bytes(LONGEST) + block, starts + LONGEST, ends + LONGEST)
    negative = np.frombuffer(block, dtype=np.uint8)[starts] == MINUS
    lengths = ends - starts
    lengths -= negative
    lengths -= tail
    longest = int(lengths.max())
    if int(lengths.min()) < 1 or longest > min(WORD, LONGEST - tail):
        return None
    first, last = _last_words(block, ends)
    whole = without_others(_shifted(first, last, tail), lengths)
    if not decimals:
        found = _number(whole)
    elif _are_points(first if decimals == WORD else last, decimals):
        last &= np.uint64(256**WORD - 256 ** (WORD - decimals))
        found = _joined(whole, last, longest, decimals)
    else:
        found = None
    if found is None:
        return None
    values: Floats = found.view(np.int64).astype(np.float64)
    values /= 10.0**decimals
    np.negative(values, out=values, where=negative)
    return values


def _last_words(block: bytes, ends: Integers) -> tuple[Words, Words]:
    """The 16 characters before each end less that of 0, 8 and 8, the last on top."""
    size = (len(block) - LONGEST + 1,)
    loads = np.ndarray(size, f"V{LONGEST}", buffer=block, strides=(1,))
    pairs = loads[ends - LONGEST].view("<u8").reshape(-1, 2)
    return pairs[:, 0] ^ ZEROS, pairs[:, 1] ^ ZEROS


def _shifted(first: Words, last: Words, tail: int) -> Words:
    """The 8 characters that come before the last `tail` of 16."""
    if tail == 0:
        return last.copy()
    if tail > WORD:
        return first << np.uint64(8 * (tail - WORD))
    if tail == WORD:
        return first.copy()
    found = first >> np.uint64(8 * (WORD - tail))
    found |= last << np.uint64(8 * tail)
    return found


def _are_points(words: Words, decimals: int) -> bool:
    """Whether the character that so many others follow is a point in each word."""
    found = words >> np.uint64(8 * (WORD - 1 - decimals % WORD))
    found &= np.uint64(0xFF)
    return bool((found == POINT).all())


def _number(digits: Words) -> Words | None:
    return number_of_digits(digits) if are_digits(digits) else None


def _joined(whole: Words, parts: Words, longest: int, decimals: int) -> Words | None:
    """Numbers from the digits before and after a point: 15 at most."""
    if longest + decimals <= WORD:  # as most scores are: one word, half the work
        whole >>= np.uint64(8 * decimals)
        whole |= parts
        return _number(whole)
    before, after = _number(whole), _number(parts)
    if before is None or after is None:
        return None
    before *= np.uint64(10**decimals)
    before += after
    return before
