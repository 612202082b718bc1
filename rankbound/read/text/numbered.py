"""Ids that are a number behind a fixed beginning, as most are: 7187158, D30159, d042.

Such an id is held as its number; a table of all numbers, or sorting them where they are
few, then takes the place of hashing and sorting texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Integers, LateStrings, Strings
from rankbound.data.ordering import sorted_order
from rankbound.read.text.encoded import Encoded
from rankbound.read.text.growing import Growing
from rankbound.read.text.words import (
    WORD,
    Bytes,
    are_digits,
    digits_before,
    number_of_digits,
    words_of,
)

Numbers = NDArray[np.int32]

SPARSE = 16  # numbers up to so many times the rows have a table
STEP = 1 << 16
DIGITS = b"0123456789"
POWERS = 10 ** np.arange(9, dtype=np.int64)
# The least number of so many digits; a single 0 is one, too
LEAST = np.array([0, 0, *(10**n for n in range(1, 8))], dtype=np.int32)
FOURS = np.array([list(b"%04d" % number) for number in range(10_000)], dtype=np.uint8)
END = 0  # no id holds this byte


@dataclass(frozen=True, slots=True)
class Numbered:
    """Ids of some rows, each `prefix` and then a number of at most 8 digits.

    Attributes
    ----------
    prefix : bytes
    numbers : int32 array, shape (n,)
    width : int
        How many digits each has; 0 where that varies.
    padded : bool
        Whether there are zeros in front of a number; there are only if `width` says how
        many.
    """

    prefix: bytes
    numbers: Numbers
    width: int
    padded: bool

    def joins(self, other: Numbered) -> bool:
        """Whether the ids of both can be told apart by their numbers alone.

        Examples
        --------
        >>> numbers = np.array([7], dtype=np.int32)
        >>> d7 = Numbered(b"d", numbers, 1, False)
        >>> d07 = Numbered(b"d", numbers, 2, True)
        >>> d7.joins(d7), d7.joins(d07), d07.joins(d07)
        (True, False, True)
        """
        if self.prefix != other.prefix:
            return False
        padded = self.padded or other.padded
        return not padded or self.width == other.width > 0

    def joined(self, other: Numbered, numbers: Numbers) -> Numbered:
        """What the ids of both have in common, around other numbers."""
        width = self.width if self.width == other.width else 0
        padded = self.padded or other.padded
        return Numbered(self.prefix, numbers, width, padded)

    def texts(self) -> list[str]:
        """The ids as they were.

        Examples
        --------
        >>> numbers = np.array([70, 0, 123], dtype=np.int32)
        >>> Numbered(b"d", numbers, 0, False).texts()
        ['d70', 'd0', 'd123']
        >>> Numbered(b"", numbers, 4, True).texts()
        ['0070', '0000', '0123']
        """
        upper, lower = np.divmod(self.numbers, np.int32(10_000))
        start = len(self.prefix)
        written = np.empty((len(self.numbers), start + 9), dtype=np.uint8)
        written[:, :start] = np.frombuffer(self.prefix, dtype=np.uint8)
        written[:, start : start + 4] = FOURS[upper]
        written[:, start + 4 : start + 8] = FOURS[lower]
        written[:, start + 8] = END
        used = np.ones(written.shape, dtype=bool)
        used[:, start : start + 8] = np.arange(8) >= (8 - self.digits())[:, None]
        return written[used].tobytes().decode().split(chr(END))[:-1]

    def strings(self) -> Strings:
        """The same, made in parts that the processor's cache holds."""
        found = np.empty(len(self.numbers), dtype=object)
        for number, part in enumerate(self.parts()):
            found[number * STEP : (number + 1) * STEP] = part.texts()
        return found

    def parts(self) -> Iterator[Numbered]:
        """The ids of `STEP` rows at a time."""
        for start in range(0, len(self.numbers), STEP):
            yield replace(self, numbers=self.numbers[start : start + STEP])

    def digits(self) -> NDArray[np.uint8]:
        """How many digits each number is written with."""
        if self.padded:
            return np.full(len(self.numbers), self.width, dtype=np.uint8)
        digits = np.searchsorted(POWERS, self.numbers, side="right").astype(np.uint8)
        digits += self.numbers == 0
        return digits


def numbered_of(data: Bytes, starts: Integers, lengths: Integers) -> Numbered | None:
    """Ids that lie in a buffer, or None where they are of another kind.

    Parameters
    ----------
    data : uint8 array
    starts, lengths : int64 arrays, shape (n,), n > 0

    Examples
    --------
    >>> data = np.frombuffer(b"d17 d2", dtype=np.uint8)
    >>> numbered_of(data, np.array([0, 4]), np.array([3, 2])).numbers.tolist()
    [17, 2]
    >>> numbered_of(data, np.array([0, 5]), np.array([3, 1])) is None
    True
    """
    first = data[starts[0] : starts[0] + lengths[0]].tobytes()
    prefix = first.rstrip(DIGITS)
    lengths = lengths - len(prefix)
    longest, shortest = int(lengths.max()), int(lengths.min())
    if shortest < 1 or longest > WORD or not _all_begin(data, starts, prefix):
        return None
    ends = starts + (lengths + len(prefix))
    digits = digits_before(data, ends, lengths)
    if not are_digits(digits):
        return None
    numbers = number_of_digits(digits).astype(np.int32)
    width = longest if longest == shortest else 0
    padded = bool((numbers < LEAST.take(lengths)).any())
    if padded and not width:
        return None
    return Numbered(prefix, numbers, width, padded)


def _all_begin(data: Bytes, starts: Integers, prefix: bytes) -> bool:
    """Whether all texts begin with a prefix; none is shorter."""
    if not prefix:
        return True
    for start in starts[[-1, len(starts) // 2]].tolist():  # most others end here
        if data[start : start + len(prefix)].tobytes() != prefix:
            return False
    sizes = np.full(len(starts), len(prefix))
    words = words_of(data, starts, sizes)
    return bool((words == words[0]).all())


@dataclass
class NumberedColumn:
    """A column of such ids that grows block by block."""

    shape: Numbered | None = None
    numbers: Growing = field(default_factory=lambda: Growing(np.int64))
    largest: int = 0

    def takes(self, block: Numbered) -> bool:
        """Add the ids of further rows, if they go together with those before."""
        if self.shape is not None and not self.shape.joins(block):
            return False
        self.numbers.extend(block.numbers)
        self.largest = max(self.largest, int(block.numbers.max(initial=0)))
        none = block.numbers[:0]
        self.shape = (self.shape or block).joined(block, none)
        return True

    def taken(self) -> Numbered:
        """All ids, which are then no longer held here."""
        assert self.shape is not None  # noqa: S101  there was a block
        return replace(self.shape, numbers=self.numbers.taken().astype(np.int32))

    def encoded(self) -> Encoded:
        """The ids by code point; their numbers are then no longer held here."""
        shape = self.shape
        assert shape is not None  # noqa: S101  there was a block
        marks = self.numbers.taken()
        if self.largest < SPARSE * len(marks):
            occurs = np.zeros(self.largest + 1, dtype=bool)
            occurs[marks] = True
            distinct = np.flatnonzero(occurs)
            of_marks, size = distinct, len(occurs)
        else:
            distinct, marks = _distinct(marks)
            of_marks, size = np.arange(len(distinct)), len(distinct)
        found = replace(shape, numbers=distinct.astype(np.int32))
        order = _order(found)
        found = replace(shape, numbers=found.numbers[order])
        codes = np.zeros(size, dtype=np.int32)
        codes[of_marks[order]] = np.arange(len(order), dtype=np.int32)
        return Encoded(LateStrings(len(order), found.strings), marks, codes)


def _distinct(numbers: Integers) -> tuple[Integers, Integers]:
    """The distinct numbers, ascending, and which of them each row has."""
    order = sorted_order(numbers.copy())
    ascending = numbers[order]
    new = np.append(True, ascending[1:] != ascending[:-1])
    marks = np.empty(len(numbers), dtype=np.int64)
    marks[order] = np.cumsum(new) - 1
    return ascending[new], marks


def _order(ids: Numbered) -> Integers:
    """How texts sort, of numbers that ascend: as if filled up with zeros behind."""
    filled = ids.numbers.astype(np.int64)
    if not ids.padded:
        begins = np.searchsorted(filled, POWERS[1:]).tolist()  # of each more digit
        last = sum(begin < len(filled) for begin in begins)
        for digits, (start, stop) in enumerate(pairwise([0, *begins[:last], None])):
            filled[start:stop] *= POWERS[last - digits]
    # Where two are equal then, the shorter one comes first in both orders
    return sorted_order(filled)
