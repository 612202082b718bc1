"""Ids of many rows, encoded through numbers or machine words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from rankbound.data.columns import Integers, LateStrings, strings
from rankbound.read.text.encoded import Encoded
from rankbound.read.text.growing import Growing
from rankbound.read.text.hashed import HashedTexts, strings_of, texts_of
from rankbound.read.text.numbered import Numbered, NumberedColumn, numbered_of
from rankbound.read.text.words import Bytes, Words, words_of

LONGEST = 64  # bytes; longer ids are left to Arrow


@dataclass(frozen=True, slots=True)
class IdBlock:
    """Ids of some rows: as numbers where that will do, words, or texts."""

    numbered: Numbered | None = None
    words: Words | None = None
    texts: Sequence[str] | None = None

    def as_texts(self) -> list[str]:
        """The ids as they were."""
        if self.numbered is not None:
            return self.numbered.texts()
        return list(self.texts or []) if self.words is None else texts_of(self.words)

    def as_words(self) -> Words:
        """Ids of at most `LONGEST` bytes as words."""
        if self.words is not None:
            return self.words
        return words_of(*_laid_out(self.as_texts()))


def id_block(names: Sequence[str]) -> IdBlock:
    """Ids of some rows, none of them empty.

    Examples
    --------
    >>> id_block(["7", "12"]).numbered.numbers.tolist()
    [7, 12]
    >>> id_block(["7", "012"]).numbered is None
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
    numbered = numbered_of(data, starts, lengths)
    if numbered is not None:
        return IdBlock(numbered=numbered)
    return IdBlock(words=words_of(data, starts, lengths))


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
    """A column of ids that grows block by block.

    As long as they are such, ids are held as numbers behind a fixed beginning; then as
    codes of a hash table of words; and at last as texts, which can be any.
    """

    numbered: NumberedColumn = field(default_factory=NumberedColumn)
    hashed: HashedColumn | None = None
    texts: list[str] | None = None

    def append(self, block: IdBlock) -> None:
        """Add the ids of further rows."""
        if self.texts is None and self.hashed is None:
            if block.numbered is not None and self.numbered.takes(block.numbered):
                return
            self.hashed = HashedColumn()
            if len(self.numbered.numbers):
                for part in self.numbered.taken().parts():
                    self._hash(IdBlock(numbered=part))
        self._hash(block)

    def encoded(self) -> Encoded:
        """The ids of all rows; to be asked for once, as the column gives them up."""
        if self.hashed is None and self.texts is None:
            return self.numbered.encoded()
        if self.hashed is not None:
            return self.hashed.encoded()
        names, self.texts = self.texts or [], None
        known = sorted(set(names))
        place = {name: code for code, name in enumerate(known)}
        marks = np.array([place[name] for name in names], dtype=np.int64)
        ids = LateStrings(len(known), partial(strings, known))
        return Encoded(ids, marks, np.arange(len(known), dtype=np.int32))

    def _hash(self, block: IdBlock) -> None:
        """Add ids that need not be numbers."""
        if self.hashed is not None and block.texts is None:
            self.hashed.extend(block.as_words())
            return
        if self.texts is None:
            self.texts = [] if self.hashed is None else self.hashed.taken()
            self.hashed = None
        self.texts.extend(block.as_texts())


@dataclass
class HashedColumn:
    """A column of ids as codes of a table of distinct words."""

    table: HashedTexts = field(default_factory=HashedTexts)
    codes: Growing = field(default_factory=lambda: Growing(np.int64))

    def extend(self, words: Words) -> None:
        """Add the ids of further rows."""
        self.codes.extend(self.table.codes_of(words))

    def taken(self) -> list[str]:
        """All ids as texts."""
        if not len(self.codes):
            return []
        codes = self.codes.taken()
        distinct = np.arange(int(codes.max()) + 1, dtype=np.int32)
        names: list[str] = strings_of(self.table.words_at(distinct))[codes].tolist()
        return names

    def encoded(self) -> Encoded:
        """The ids of all rows; to be asked for once."""
        ids, codes = self.table.sorted()
        return Encoded(ids, self.codes.taken(), codes)
