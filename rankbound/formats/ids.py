"""Ids of many rows, encoded through numbers and machine words: quicker than hashing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from estimators.scores import Integers, Strings
from rankbound.formats.growing import Growing
from rankbound.formats.words import Bytes, Words, distinct, numbers_of, words_of

LONGEST = 64  # bytes; longer ids are left to Arrow
LARGEST_TABLE = 1 << 25
STEP = 1 << 16


@dataclass(frozen=True, slots=True)
class IdBlock:
    """Ids of some rows: as numbers where they are such, words, or Arrow texts."""

    numbers: Integers | None = None
    words: Words | None = None
    texts: Any = None

    def as_texts(self) -> Any:
        """The ids as an Arrow array of strings."""
        if self.numbers is not None:
            return pa.array(self.numbers).cast(pa.string())
        return self.texts if self.words is None else _texts_of(self.words)

    def as_words(self) -> Words:
        """Ids of at most `LONGEST` bytes as words."""
        return id_words(self.as_texts()) if self.words is None else self.words


def id_block(column: Any) -> IdBlock:
    """Ids of an Arrow array of strings, none of them null, empty or with a zero byte.

    Examples
    --------
    >>> id_block(pa.array(["7", "12"])).numbers.tolist()
    [7, 12]
    >>> id_block(pa.array(["7", "012"])).numbers is None
    True
    """
    data, starts = _buffers(column)
    return id_block_of(data, starts[:-1], np.diff(starts))


def id_block_of(data: Bytes, starts: Integers, lengths: Integers) -> IdBlock:
    """The same for ids that lie in a buffer: where each begins, and its bytes."""
    if int(lengths.max()) > LONGEST:
        pairs = zip(starts.tolist(), (starts + lengths).tolist(), strict=True)
        cut = pa.array([data[start:end].tobytes() for start, end in pairs])
        return IdBlock(texts=cut.cast(pa.string()))
    words = words_of(data, starts, lengths)
    numbers = numbers_of(words[:, 0], lengths) if words.shape[1] == 1 else None
    return IdBlock(words=words) if numbers is None else IdBlock(numbers=numbers)


def id_words(column: Any) -> Words:
    """Words of an Arrow array of strings."""
    data, starts = _buffers(column)
    return words_of(data, starts[:-1], np.diff(starts))


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
            texts = [block.as_texts() for block in blocks]
            return encode(pa.chunked_array(texts), ordered=True)
        words = [block.as_words() for block in blocks]
        width = max(block.shape[1] for block in words)
        rows = np.concatenate(
            [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in words]
        )
        first, codes = distinct(rows)
        return _texts_of(rows[first]).to_numpy(zero_copy_only=False), codes


def _through_table(numbers: Integers) -> tuple[Strings, Integers]:
    """Encode numbers, in place, through a table of all that could be."""
    rank = np.zeros(int(numbers.max()) + 1, dtype=np.int32)
    rank[numbers] = 1
    found = np.flatnonzero(rank).astype(np.int32)
    texts = pa.array(found).cast(pa.string())
    # Texts sort like the numbers filled up with zeros on the right, the short first
    digits = np.diff(_buffers(texts)[1])
    filled = found * 10 ** (digits.max() - digits)
    order = np.argsort(filled * 16 + digits)
    rank[found[order]] = np.arange(len(found), dtype=np.int32)
    texts = texts.take(pa.array(order))
    for start in range(0, len(numbers), STEP):
        numbers[start : start + STEP] = rank[numbers[start : start + STEP]]
    return texts.to_numpy(zero_copy_only=False), numbers


def encode(column: Any, *, ordered: bool) -> tuple[Strings, Integers]:
    """Distinct values and the code of each row; sorted by code point if `ordered`.

    Examples
    --------
    >>> encode(pa.array(["b", "a", "b"]), ordered=True)[1].tolist()
    [1, 0, 1]
    """
    encoded = pc.dictionary_encode(column)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # older pyarrow keeps the wrapper
        encoded = encoded.chunk(0)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = encoded.dictionary
    if ordered:
        order = pc.sort_indices(distinct).to_numpy()
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        codes, distinct = rank[codes], distinct.take(pa.array(order))
    return distinct.to_numpy(zero_copy_only=False), codes


def _buffers(column: Any) -> tuple[Bytes, Integers]:
    """The bytes of an Arrow array of strings, and where each string begins and ends."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)
    starts = offsets[column.offset : column.offset + len(column) + 1].astype(np.int64)
    return np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8), starts


def _texts_of(words: Words) -> Any:
    """Words as an Arrow array of strings."""
    raw = words.astype(">u8").view(f"S{words.shape[1] * 8}").ravel()
    return pa.array(raw, pa.binary()).cast(pa.string())
