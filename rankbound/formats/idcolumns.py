"""Ids of many rows, encoded through numbers and machine words: quicker than hashing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from estimators.scores import Integers, Strings, strings
from rankbound.formats.growing import Growing
from rankbound.formats.words import Bytes, Words, distinct, numbers_of, words_of

LONGEST = 64  # bytes; longer ids are left to Arrow
LARGEST_TABLE = 1 << 25
STEP = 1 << 16
POWERS = 10 ** np.arange(10, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class IdBlock:
    """Ids of some rows: as numbers where they are such, words, or texts."""

    numbers: Integers | None = None
    words: Words | None = None
    texts: Sequence[str] | None = None

    def as_texts(self) -> list[str]:
        """The ids as they were."""
        if self.numbers is not None:
            return list(map(str, self.numbers.tolist()))
        return list(self.texts or []) if self.words is None else _texts_of(self.words)

    def as_words(self) -> Words:
        """Ids of at most `LONGEST` bytes as words."""
        if self.words is not None:
            return self.words
        return words_of(*_laid_out(self.as_texts()))


def id_block(names: Sequence[str]) -> IdBlock:
    """Ids of some rows, none of them empty.

    Examples
    --------
    >>> id_block(["7", "12"]).numbers.tolist()
    [7, 12]
    >>> id_block(["7", "012"]).numbers is None
    True
    """
    data, starts, lengths = _laid_out(names)
    # In words, a zero byte could not be told from the filling
    return id_block_of(data, starts, lengths) if data.all() else IdBlock(texts=[*names])


def id_block_of(data: Bytes, starts: Integers, lengths: Integers) -> IdBlock:
    """The same for ids that lie in a buffer, without a zero byte.

    `starts` and `lengths` say where each begins, and its bytes.
    """
    if int(lengths.max()) > LONGEST:
        return IdBlock(texts=cut_texts(data, starts, lengths))
    words = words_of(data, starts, lengths)
    numbers = numbers_of(words[:, 0], lengths) if words.shape[1] == 1 else None
    return IdBlock(words=words) if numbers is None else IdBlock(numbers=numbers)


def cut_texts(data: Bytes, starts: Integers, lengths: Integers) -> list[str]:
    """Texts that lie in a buffer."""
    pairs = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
    return [data[start:end].tobytes().decode() for start, end in pairs]


def _laid_out(names: Sequence[str]) -> tuple[Bytes, Integers, Integers]:
    encoded = [name.encode() for name in names]
    lengths = np.array(list(map(len, encoded)), dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), starts, lengths


@dataclass
class IdColumn:
    """A column of ids that grows block by block."""

    numbers: Growing = field(default_factory=lambda: Growing(np.int64))
    others: list[IdBlock] = field(default_factory=list)

    def append(self, block: IdBlock) -> None:
        """Add the ids of further rows."""
        if block.numbers is not None and not self.others:
            self.numbers.extend(block.numbers)
            return
        if len(self.numbers):  # not all are numbers after all
            self.others.append(IdBlock(numbers=self.numbers.taken()))
        self.others.append(block)

    def encoded(self) -> tuple[Strings, Integers]:
        """Distinct ids, sorted by code point, and the code of each row.

        To be asked for once: the column gives up what it holds.
        """
        if self.others:
            return self._through_sorting()
        numbers = self.numbers.taken()
        if int(numbers.max()) < max(LARGEST_TABLE, 4 * len(numbers)):
            return _through_table(numbers)
        self.others = [IdBlock(numbers=numbers)]
        return self._through_sorting()

    def _through_sorting(self) -> tuple[Strings, Integers]:
        blocks, self.others = self.others, []
        if any(block.texts is not None for block in blocks):
            names = [name for block in blocks for name in block.as_texts()]
            known = sorted(set(names))
            place = {name: code for code, name in enumerate(known)}
            codes = np.array([place[name] for name in names], dtype=np.int64)
            return strings(known), codes
        words = [block.as_words() for block in blocks]
        width = max(block.shape[1] for block in words)
        rows = np.concatenate(
            [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in words]
        )
        first, codes = distinct(rows)
        return strings(_texts_of(rows[first])), codes


def _through_table(numbers: Integers) -> tuple[Strings, Integers]:
    """Encode numbers, in place, through a table of all that could be."""
    rank = np.zeros(int(numbers.max()) + 1, dtype=np.int32)
    rank[numbers] = 1
    found = np.flatnonzero(rank)
    # Texts sort like the numbers filled up with zeros on the right, the short first
    digits = np.maximum(1, np.searchsorted(POWERS, found, side="right"))
    order = np.argsort(found * POWERS[digits.max() - digits] * 16 + digits)
    found = found[order]
    del digits, order
    rank[found] = np.arange(len(found), dtype=np.int32)
    for start in range(0, len(numbers), STEP):
        numbers[start : start + STEP] = rank[numbers[start : start + STEP]]
    del rank
    docnos = np.empty(len(found), dtype=object)
    for start in range(0, len(found), STEP):
        part = found[start : start + STEP].tolist()
        docnos[start : start + STEP] = list(map(str, part))
    return docnos, numbers


def _texts_of(words: Words) -> list[str]:
    raw = words.astype(">u8").view(f"S{words.shape[1] * 8}").ravel()
    return list(map(bytes.decode, raw.tolist()))
