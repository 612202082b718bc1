"""Columns of ids, encoded as sorted distinct ids and a code for each row.

Ids that are whole numbers are held as integers. Other ids are packed into one integer
each (or a few) that sorts as the text does: few pairs of bytes occur at each position
of the ids, and a pair becomes a digit, its rank among those. Arrow's dictionaries and
sorting of text take several times as long when most ids differ.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rankbound.data.arrow import encode
from rankbound.data.columns import EVERY, Integers, LateStrings, Strings, strings
from rankbound.read.text.blocks import Column, in_order

Bytes = NDArray[np.uint8]
Pairs = NDArray[np.uint16]

PAIR = ">u2"  # pairs of bytes compare like text
MOST = 1 << 63  # integers that a word holds

MOST_DIGITS = 18  # any such number fits into 64 bits
POWERS = 10 ** np.arange(MOST_DIGITS + 1, dtype=np.int64)
LONGEST = 64  # bytes; a column with a longer id is left to Arrow
MOST_TEXT = 1 << 31  # bytes of an Arrow array with offsets of 32 bits
LARGE = pa.large_string()
SPARSE = 16  # keys up to so many times the rows have a table
STEP = 1 << 16  # rows whose work fits into the processor's cache
ZERO, NINE = b"09"
BLANK, DELETE = b" \x7f"


class Ids(NamedTuple):
    """Distinct ids, sorted by code point, and the position of each row's id among them.

    Attributes
    ----------
    names : LateStrings of n_ids
    codes : int64 array, shape (n_rows,)
    """

    names: LateStrings
    codes: Integers


def ids_of(names: Sequence[str]) -> pa.Array:
    """Ids from Python strings, as `IdColumn` takes them.

    Examples
    --------
    >>> ids_of(["7", "12"]).type, ids_of(["7", "012"]).type
    (DataType(int64), DataType(string))
    """
    return held(pa.array(names, pa.string()))


def held(texts: pa.Array) -> pa.Array:
    """The same ids, as int64 if every text is a plain number and can be restored.

    Examples
    --------
    >>> held(pa.array(["7", "0"])).to_pylist(), held(pa.array(["+1"])).to_pylist()
    ([7, 0], ['+1'])
    """
    data, offsets = _laid_out(texts)
    lengths = np.diff(offsets)
    if len(data) == 0 or lengths.min() == 0 or lengths.max() > MOST_DIGITS:
        return texts
    if data.min() < ZERO or data.max() > NINE:
        return texts
    if ((data[offsets[:-1]] == ZERO) & (lengths > 1)).any():
        return texts
    return texts.cast(pa.int64(), memory_pool=pa.system_memory_pool())


@dataclass
class IdColumn:
    """A column of ids that is filled block by block.

    Examples
    --------
    >>> column = IdColumn()
    >>> column.append(ids_of(["d2", "d10"]))
    >>> column.append(ids_of(["d2"]))
    >>> ids = column.encoded()
    >>> ids.names.strings.tolist(), ids.codes.tolist()
    (['d10', 'd2'], [1, 0, 1])
    """

    numbers: Column = field(default_factory=lambda: Column(np.int64))
    texts: list[pa.Array] = field(default_factory=list)  # of all rows, or empty
    composed: int = 0  # ids that were brought to Unicode's composed form
    plain: bool = True  # no id holds a control character

    def append(self, block: pa.Array) -> None:
        """Add the ids of further rows, as `held` or `ids_of` gives them."""
        plain = block.type == pa.int64()
        if not plain and not pc.all(pc.string_is_ascii(block)).as_py():
            whole = pc.utf8_normalize(block, "NFC")
            self.composed += pc.sum(pc.not_equal(whole, block)).as_py() or 0
            block = whole
            self.plain = False  # they may hold one, and are looked at when all are read
        elif not plain:
            data, _ = _laid_out(block)
            controls = data.min(initial=BLANK) < BLANK or (data == DELETE).any()
            self.plain = self.plain and not controls
        if plain and not self.texts:
            self.numbers.append(integers(block))
            return
        if len(self.numbers):
            self.texts = _written(self.numbers.taken())
            self.numbers = Column(np.int64)
        self.texts.append(block.cast(pa.string()) if plain else block)

    def encoded(self) -> Ids:
        """Encode the ids of all rows. To be called once: the column is emptied."""
        texts, self.texts = self.texts, []
        if not texts:
            found = _numbered(self.numbers.taken())
        elif all(map(_can_be_packed, texts)):
            found = _packed(texts)
        else:
            found = _by_arrow(texts)
        found.names.plain = self.plain
        return found


def _written(numbers: Integers) -> list[pa.Array]:
    parts = range(0, len(numbers), STEP)
    return [pa.array(numbers[at : at + STEP]).cast(pa.string()) for at in parts]


def integers(column: pa.Array) -> Integers:
    """Numbers of a column without gaps; Arrow's own conversion imports pandas."""
    found = np.frombuffer(column.buffers()[1], dtype=np.int64)
    return found[column.offset : column.offset + len(column)]


def _laid_out(texts: pa.Array) -> tuple[Bytes, NDArray[np.int32]]:
    """The bytes of all texts, and the offsets of each text and of the end."""
    _, offsets, data = texts.buffers()
    if len(texts) == 0:
        return np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int32)
    ends = np.frombuffer(offsets, dtype=np.int32)
    ends = ends[texts.offset : texts.offset + len(texts) + 1]
    found = np.frombuffer(data or b"", dtype=np.uint8)
    return found[ends[0] : ends[-1]], ends - ends[0]


def _numbered(numbers: Integers) -> Ids:
    distinct, codes = _coded([numbers], order_of=_order_as_text)

    def texts(which: slice | Integers = EVERY) -> Any:
        return pa.array(distinct[0][which]).cast(pa.string())

    def made() -> Strings:
        return strings(texts().to_pylist())

    return Ids(LateStrings(len(distinct[0]), made, texts), codes)


def _order_as_text(numbers: Integers) -> Integers:
    """The order of ascending numbers when written as text."""
    of_digits = np.searchsorted(numbers, POWERS[1:-1])  # the first of 2, 3, ... digits
    counts = np.diff(of_digits, prepend=0, append=len(numbers))
    digits = np.repeat(np.arange(1, MOST_DIGITS + 1, dtype=np.int8), counts)
    # Padded with zeros behind. Of numbers that are then equal, such as 1 and 10, the
    # shorter one comes first in either order. Those of as many digits ascend already,
    # so that a stable sort just merges them
    most = digits.max(initial=1)
    keys = np.empty_like(numbers)
    for start in range(0, len(numbers), STEP):
        part = slice(start, start + STEP)
        keys[part] = numbers[part] * POWERS[most - digits[part]]
    return np.argsort(keys, kind="stable")


def _coded(
    words: list[Integers], *, order_of: Callable[[Integers], Integers] | None = None
) -> tuple[list[Integers], Integers]:
    """Distinct ids, and the position of each row's id among them.

    Parameters
    ----------
    words : list of int64 arrays, shape (n_rows,)
        One or more integers from 0 on for each row, which together identify its id.
        They are lost.
    order_of : callable, optional
        Gives the order of ids from their ascending integers; ascending by default.
    """
    codes = words[0]
    if len(words) == 1 and int(codes.max()) < SPARSE * len(codes):
        occurs = np.zeros(int(codes.max()) + 1, dtype=bool)
        occurs[codes] = True
        places = np.flatnonzero(occurs)
        distinct, size = [places], len(occurs)
    else:
        distinct, codes = _by_sorting(words)
        if order_of is None:
            return distinct, codes
        places = np.arange(len(distinct[0]))
        size = len(places)
    if order_of is not None:
        order = order_of(distinct[0])
        alone = distinct[0] is places
        distinct = [word[order] for word in distinct]
        places = distinct[0] if alone else places[order]
        del order
    rank = np.empty(size, dtype=np.int32)
    rank[places] = np.arange(len(places), dtype=np.int32)
    del places
    for start in range(0, len(codes), STEP):
        part = slice(start, start + STEP)
        codes[part] = rank[codes[part]]
    return distinct, codes


def _by_sorting(words: list[Integers]) -> tuple[list[Integers], Integers]:
    """Distinct ids, ascending, and the position of each row's id; `words` are lost.

    The leading bits of the first integer are sorted first, packed with the row number,
    which is several times as fast as sorting by all bits. Few rows are left tied.
    """
    size = len(words[0])
    bits = size.bit_length()
    shift = max(0, int(words[0].max()).bit_length() + bits - 63)
    keys = words[0] >> shift
    keys <<= bits
    for start in range(0, size, STEP):
        keys[start : start + STEP] |= np.arange(start, min(start + STEP, size))
    _sort(keys)
    new = np.empty(size, dtype=bool)

    def settled(part: slice) -> list[Integers]:
        """Make rows of keys, mark those where an id begins, and give these ids."""
        rows, ascending = _settled(keys[part], bits, words)
        keys[part] = rows
        begins = new[part]
        begins[0] = True
        begins[1:] = _differs(ascending)
        return [word[begins] for word in ascending]

    done = [*in_order(settled, _undivided(keys, bits), short=size <= STEP)]
    parts, found = zip(*done, strict=True)
    distinct = [np.concatenate(word) for word in zip(*found, strict=True)]
    codes = words[0]
    before = -1
    for part, part_ids in zip(parts, found, strict=True):
        codes[keys[part]] = np.cumsum(new[part]) + before
        before += len(part_ids[0])
    return distinct, codes


def _sort(keys: Integers) -> None:
    """Sort in place: both halves at once, and then a merge, which is little work."""
    middle = len(keys) // 2
    halves = (half for half in (keys[:middle], keys[middle:]))
    for _ in in_order(np.ndarray.sort, halves, short=len(keys) <= STEP):
        pass
    keys.sort(kind="stable")


def _settled(
    keys: Integers, bits: int, words: list[Integers]
) -> tuple[Integers, list[Integers]]:
    """The rows of sorted keys by all bits of their integers, and these integers."""
    heads = keys >> bits
    rows = keys & ((1 << bits) - 1)
    ascending = [word[rows] for word in words]
    tied = heads[1:] == heads[:-1]
    differs = _differs(ascending) & tied
    if differs.any():
        group = np.append(0, np.cumsum(~tied))
        undecided = np.zeros(group[-1] + 1, dtype=bool)
        undecided[group[1:][differs]] = True
        places = np.flatnonzero(undecided[group])
        few = rows[places]
        rows[places] = few[np.lexsort([word[few] for word in words[::-1]])]
        ascending = [word[rows] for word in words]
    return rows, ascending


def _differs(words: list[Integers]) -> NDArray[np.bool_]:
    """Whether each id but the first is another than the one before."""
    differs: NDArray[np.bool_] = words[0][1:] != words[0][:-1]
    for word in words[1:]:
        differs |= word[1:] != word[:-1]
    return differs


def _undivided(keys: Integers, bits: int) -> Generator[slice]:
    """Ranges of some `STEP` keys, all those with the same leading bits in one."""
    start = 0
    while start < len(keys):
        last = keys[min(start + STEP, len(keys)) - 1] | ((1 << bits) - 1)
        stop = int(np.searchsorted(keys, last, side="right"))
        yield slice(start, stop)
        start = stop


def _can_be_packed(texts: pa.Array) -> bool:
    data, offsets = _laid_out(texts)
    # A zero byte could not be told from the padding
    return len(data) == 0 or (np.diff(offsets).max() <= LONGEST and bool(data.all()))


class Packing:
    """Maps texts to integers by the pairs of bytes that occur at each position.

    Parameters
    ----------
    occurs : boolean array, shape (places, 65536)
        Whether a pair of bytes, read as a native uint16, occurs at a position. Texts
        are padded with zero bytes.
    """

    def __init__(self, occurs: NDArray[np.bool_]) -> None:
        self.pairs: list[Pairs] = []
        self.ranks: list[Integers] = []
        for row in occurs:
            found = np.flatnonzero(row).astype(np.uint16)
            found = found[np.argsort(found.view(PAIR))]
            ranks = np.zeros(len(row), dtype=np.int64)
            ranks[found] = np.arange(len(found))
            self.pairs.append(found)
            self.ranks.append(ranks)
        self.words: list[range] = []
        start, size = 0, 1
        for place, held in enumerate(self.pairs):
            if size * len(held) > MOST:
                self.words.append(range(start, place))
                start, size = place, 1
            size *= len(held)
        self.words.append(range(start, len(self.pairs)))

    def packed(self, columns: Pairs) -> list[Integers]:
        """The integers of some texts, given as columns of pairs: one array per word."""
        found = []
        for word in self.words:
            keys = np.zeros(columns.shape[1], dtype=np.int64)
            for place in word:
                if len(self.pairs[place]) > 1:
                    keys *= len(self.pairs[place])
                    keys += self.ranks[place].take(columns[place])
            found.append(keys)
        return found

    def texts(self, words: Sequence[Integers]) -> list[str]:
        """The texts that some integers stand for."""
        size, places = len(words[0]), len(self.pairs)
        pairs = np.zeros((size, places + 1), dtype=np.uint16)
        for word, keys in zip(self.words, words, strict=True):
            left = keys
            for place in reversed(word):
                left, rank = np.divmod(left, len(self.pairs[place]))
                pairs[:, place] = self.pairs[place][rank]
        written = pairs.view(np.uint8)
        used = written != 0
        used[:, -1] = True  # a zero byte between two texts
        texts: list[str] = written[used].tobytes().decode().split("\0")[:-1]
        return texts


def _packed(texts: list[pa.Array]) -> Ids:
    packing, words = _words(texts)
    distinct, codes = _coded(words)

    def parts(which: slice | Integers) -> Iterator[tuple[slice, list[str]]]:
        chosen = [word[which] for word in distinct]
        for start in range(0, len(chosen[0]), STEP):
            part = slice(start, start + STEP)
            yield part, packing.texts([word[part] for word in chosen])

    def made() -> Strings:
        found = np.empty(len(distinct[0]), dtype=object)
        for part, some in parts(EVERY):
            found[part] = some
        return found

    def as_arrow(which: slice | Integers) -> Any:
        kind = pa.string() if LONGEST * len(distinct[0]) < MOST_TEXT else LARGE
        found = [pa.array(some, kind) for _, some in parts(which)]
        return pa.concat_arrays(found) if found else pa.array([], kind)

    return Ids(LateStrings(len(distinct[0]), made, as_arrow), codes)


def _words(texts: list[pa.Array]) -> tuple[Packing, list[Integers]]:
    """The integers of all texts, and how they were made; the list is emptied."""
    longest = max(int(np.diff(_laid_out(block)[1]).max(initial=0)) for block in texts)
    places = -(-longest // 2)
    occurs = np.zeros((places, 1 << 16), dtype=bool)

    def laid(block: pa.Array) -> list[Pairs]:
        steps = list(_steps(block, places))
        for columns in steps:
            for place, column in enumerate(columns):
                occurs[place][column] = True
        return steps

    short = len(texts) == 1  # a single block is not worth a thread
    blocks = in_order(laid, (block for block in texts), short=short)
    steps = [columns for _, block in blocks for columns in block]
    texts.clear()
    packing = Packing(occurs)
    ends = np.cumsum([columns.shape[1] for columns in steps]).tolist()
    words = [np.empty(ends[-1], dtype=np.int64) for _ in packing.words]

    def pack(step: tuple[Pairs, int]) -> None:
        columns, end = step
        for word, found in zip(words, packing.packed(columns), strict=True):
            word[end - len(found) : end] = found

    for _ in in_order(
        pack, (step for step in zip(steps, ends, strict=True)), short=short
    ):
        pass
    return packing, words


def _steps(block: pa.Array, places: int) -> Iterator[Pairs]:
    """`STEP` texts at a time as columns of pairs, padded with 0."""
    for start in range(0, len(block), STEP):
        data, offsets = _laid_out(block.slice(start, STEP))
        lengths = np.diff(offsets)
        filled = np.zeros((len(lengths), 2 * places), dtype=np.uint8)
        if (lengths == lengths[0]).all():
            filled[:, : lengths[0]] = data.reshape(-1, lengths[0])
        else:
            filled[np.arange(2 * places) < lengths[:, None]] = data
        yield filled.view(np.uint16).T


def _by_arrow(texts: Sequence[pa.Array]) -> Ids:
    column = pa.chunked_array(texts, pa.string()).cast(pa.large_string())
    names, codes = encode(column, ordered=True)
    return Ids(LateStrings(len(names), lambda: names), codes)
