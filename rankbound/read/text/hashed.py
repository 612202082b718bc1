"""Texts held as machine words, each distinct one once: a hash table of whole arrays.

All rows of a block look at their places at once. A row whose place holds its text has
its code; of those whose place is free, one puts itself there; all others go on to the
next place.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Integers, LateStrings, Strings
from rankbound.read.text.words import WORD, Booleans, Words

Codes = NDArray[np.int32]

FACTOR = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: odd, and its bits irregular
STEP = 1 << 16
FREE = -1


class HashedTexts:
    """Distinct texts, with a code for each; none holds a zero byte.

    Examples
    --------
    >>> from rankbound.read.text.words import words_of
    >>> data = np.frombuffer(b"abab", dtype=np.uint8)
    >>> texts = HashedTexts()
    >>> words = words_of(data, np.array([0, 1, 2]), np.array([2, 2, 2]))
    >>> codes = texts.codes_of(words)
    >>> bool(codes[0] == codes[2] != codes[1]), texts.sorted()[0].strings.tolist()
    (True, ['ab', 'ba'])
    """

    def __init__(self) -> None:
        self._bits = 0
        self._table = np.empty(0, dtype=np.int32)
        self._words = np.empty((0, 1), dtype=np.uint64)
        self._count = 0

    def codes_of(self, words: Words) -> Codes:
        """The code of each text, a new one for a new text.

        Parameters
        ----------
        words : uint64 array, shape (n, number of words)
            As `rankbound.read.text.words.words_of` gives them.
        """
        wider = words.shape[1] - self._words.shape[1]
        if wider > 0:  # the texts so far are shorter
            self._words = np.pad(self._words, ((0, 0), (0, wider)))
        elif wider < 0:
            words = np.pad(words, ((0, 0), (0, -wider)))
        parts = [
            self._codes_of(words[start : start + STEP])
            for start in range(0, len(words), STEP)
        ]
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    def words_at(self, codes: Codes) -> Words:
        """The texts of some codes, shape (n, number of words)."""
        return self._words.take(codes, axis=0)

    def sorted(self) -> tuple[LateStrings, Codes]:
        """All texts by code point, and the place of each code among them."""
        words = self._words[: self._count]
        # Ids often begin alike: a word that all share sorts nothing
        columns = [one for one in words.T if (one != one[0]).any()] or [words[:, 0]]
        order = np.lexsort(columns[::-1])
        rank = np.empty(self._count, dtype=np.int32)
        rank[order] = np.arange(self._count, dtype=np.int32)
        make = partial(strings_of, words.take(order, axis=0))
        return LateStrings(self._count, make), rank

    def _codes_of(self, words: Words) -> Codes:
        self._make_room(len(words))
        places = self._places(words)
        codes, right = self._looked_up(places, words)
        rows = np.flatnonzero(~right)
        while len(rows):
            places = self._next(places[~right])
            codes[rows], right = self._looked_up(places, words.take(rows, axis=0))
            rows = rows[~right]
        return codes

    def _looked_up(self, places: Integers, words: Words) -> tuple[Codes, Booleans]:
        """The codes at some places, and whether they are those of some texts."""
        held = self._table[places]
        free = np.flatnonzero(held == FREE)
        if len(free):
            self._put(places[free], words.take(free, axis=0))
            held[free] = self._table[places[free]]
        texts = self._words.take(held, axis=0)  # quicker by far than [held]
        right = texts[:, 0] == words[:, 0]
        for column in range(1, words.shape[1]):
            right &= texts[:, column] == words[:, column]
        return held, right

    def _put(self, places: Integers, words: Words) -> None:
        """Put texts into free places: of several at one, that which comes last."""
        rows = np.arange(len(places), dtype=np.int32)
        self._table[places] = rows
        won = np.flatnonzero(self._table[places] == rows)
        stop = self._count + len(won)
        self._table[places[won]] = np.arange(self._count, stop, dtype=np.int32)
        words.take(won, axis=0, out=self._words[self._count : stop])
        self._count = stop

    def _make_room(self, new: int) -> None:
        """Let half of the table stay free at least, and lengthen the texts with it."""
        bits = (2 * (self._count + new)).bit_length()
        if bits <= self._bits:
            return
        self._bits = bits
        words = np.empty((1 << (bits - 1), self._words.shape[1]), dtype=np.uint64)
        words[: self._count] = self._words[: self._count]
        self._words = words
        self._table = np.full(1 << bits, FREE, dtype=np.int32)
        codes = np.arange(self._count, dtype=np.int32)
        places = self._places(words[: self._count])
        while len(codes):
            free = self._table[places] == FREE
            self._table[places[free]] = codes[free]
            others = self._table[places] != codes
            codes, places = codes[others], self._next(places[others])

    def _places(self, words: Words) -> Integers:
        return (keys_of(words) >> np.uint64(64 - self._bits)).astype(np.int64)

    def _next(self, places: Integers) -> Integers:
        return (places + 1) & (len(self._table) - 1)


def keys_of(words: Words) -> NDArray[np.uint64]:
    """A key of each text, whatever number of zeros fills it up; others may share it.

    Multiplying carries a difference upwards, shifting brings it down again.

    Examples
    --------
    >>> words = np.array([[5], [6]], dtype=np.uint64)
    >>> one, two = keys_of(words)
    >>> one == two, bool((keys_of(np.pad(words, ((0, 0), (0, 1)))) == [one, two]).all())
    (np.False_, True)
    """
    keys = np.zeros(len(words), dtype=np.uint64)
    for place in range(words.shape[1]):
        mixed = words[:, place] * np.uint64((2 * place + 1) * FACTOR % (1 << 64))
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(FACTOR)
        keys += mixed
    return keys


def strings_of(words: Words) -> Strings:
    """The same as an object array, made in parts that the processor's cache holds."""
    found = np.empty(len(words), dtype=object)
    for start in range(0, len(words), STEP):
        found[start : start + STEP] = texts_of(words[start : start + STEP])
    return found


def texts_of(words: Words) -> list[str]:
    """Texts from words.

    Examples
    --------
    >>> words = np.array([[0x61 << 56], [0x6162 << 48]], dtype=np.uint64)
    >>> texts_of(words)
    ['a', 'ab']
    """
    raw = np.zeros((len(words), words.shape[1] * WORD + 1), dtype=np.uint8)
    raw[:, :-1] = words.astype(">u8").view(np.uint8).reshape(len(words), -1)
    used = raw != 0
    used[:, -1] = True
    texts: list[str] = raw[used].tobytes().decode().split("\0")[:-1]
    return texts
