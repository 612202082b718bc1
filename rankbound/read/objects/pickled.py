"""The fast reader of regular pickles: columns are filled while the file is read.

A pickle is regular if it holds ``{qid: {docno: number}}`` as Python's pickler writes
it, with nothing but dictionaries, text and numbers. Its instructions are found by their
lengths, and decoded as columns; no object is made of any. For everything else `Unsure`
is raised, and the careful reader in `rankbound.read.objects.pickles`, which defines
what is accepted, reads the file from its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.scores import LARGEST, Scores
from rankbound.memory import LONGEST_ID
from rankbound.read.fields import composed
from rankbound.read.json.blocks import Unsure
from rankbound.read.source import Source
from rankbound.read.text.assembling import Assembly, Repeat
from rankbound.read.text.blocks import Column
from rankbound.read.text.ids import MOST_DIGITS, held

SIZE: Final = 1 << 20  # bytes that are decoded together
LONGEST: Final = 1 << 26  # of a block without an instruction of structure

PROTOCOLS: Final = range(2, 6)

# Instructions by their first byte, as `pickletools` names them
PROTO, FRAME, STOP = b"\x80\x95."
MARK, EMPTY_DICT, SETITEM, SETITEMS = b"(}su"
BINUNICODE, SHORT_BINUNICODE = b"X\x8c"
BININT, BININT1, BININT2, LONG1 = b"JKM\x8a"
BINFLOAT: Final = ord("G")
BINGET, LONG_BINGET, BINPUT, LONG_BINPUT, MEMOIZE = b"hjqr\x94"
# The bytes that each takes; text and LONG1 take as many more as they say
TAKES: Final = {
    **{PROTO: 2, FRAME: 9, STOP: 1, MARK: 1, EMPTY_DICT: 1, SETITEM: 1, SETITEMS: 1},
    **{BINUNICODE: 5, SHORT_BINUNICODE: 2, BINFLOAT: 9},
    **{BININT: 5, BININT1: 2, BININT2: 3, LONG1: 2},
    **{BINGET: 2, LONG_BINGET: 5, BINPUT: 2, LONG_BINPUT: 5, MEMOIZE: 1},
}
AHEAD: Final = 16  # zero bytes behind a block, so that looking ahead stays within it


def _those(*codes: int) -> Booleans:
    found = np.zeros(256, dtype=bool)
    found[list(codes)] = True
    return found


STEPS: Final = np.zeros(256, dtype=np.int64)
STEPS[list(TAKES)] = list(TAKES.values())
IS_TEXT: Final = _those(BINUNICODE, SHORT_BINUNICODE)
IS_GET: Final = _those(BINGET, LONG_BINGET)
IS_PUT: Final = _those(BINPUT, LONG_BINPUT, MEMOIZE)
IS_WHOLE: Final = _those(BININT, BININT1, BININT2, LONG1)
IS_DATA: Final = IS_TEXT | IS_GET | IS_WHOLE | _those(BINFLOAT)
IS_STRUCTURE: Final = _those(MARK, EMPTY_DICT, SETITEM, SETITEMS, STOP)
CONTROL: Final = _those(*range(ord(" ")), 0x7F)


def scores_in_blocks(source: Source) -> Scores:
    """The scores of a regular pickle.

    Raises
    ------
    Unsure
        When the pickle needs a careful look.
    FormatError
        When its compression is damaged.

    Examples
    --------
    >>> import pickle
    >>> from pathlib import Path
    >>> content = pickle.dumps({7: {12: 0.5, 3: 2}}, protocol=4)
    >>> scores = scores_in_blocks(Source(Path("x"), content=content))
    >>> scores.docnos.tolist(), scores.values.tolist()
    (['12', '3'], [0.5, 2.0])
    """
    rows = Assembly(str(source.path))
    reader = _Reader(rows)
    with source.stream() as stream:
        for block in _blocks(stream):
            reader.take(block)
    if not reader.grammar.ended or not rows.values:
        raise Unsure
    try:
        return rows.sorted().scores
    except Repeat:
        raise Unsure from None


class _Block(NamedTuple):
    """Whole instructions: bytes with some zeros behind, and where each begins."""

    data: Any
    places: Integers
    size: int


def _blocks(stream: IO[bytes]) -> Iterator[_Block]:
    """Blocks that end behind an instruction of structure and what is put of it."""
    buffer, ended, furthest, total = b"", False, 0, 0
    while not ended:
        more = stream.read(SIZE)
        ended = not more
        buffer += more
        if not buffer:
            break
        data = np.frombuffer(buffer + bytes(AHEAD), dtype=np.uint8)
        places = _places(data, len(buffer), ended=ended)
        furthest = max(furthest, total + _end_of_frames(data, places))
        stop = len(buffer) if ended else _cut(data, places)
        if not stop:
            if len(buffer) > LONGEST:
                raise Unsure
            continue
        yield _Block(data, places[places < stop], stop)
        buffer = buffer[stop:]
        total += stop
    if furthest > total:
        raise Unsure


def _end_of_frames(data: Any, places: Integers) -> int:
    """How far the frames reach that begin here; none may reach beyond the end."""
    frames = places[data[places] == FRAME]
    lengths = _little(data, frames, 8)
    if ((lengths < 0) | (lengths > 1 << 62)).any():
        raise Unsure
    return int((frames + 9 + lengths).max(initial=0))


def _cut(data: Any, places: Integers) -> int:
    """The end of the last but one instruction of structure; 0 without two of them."""
    structure = np.flatnonzero(IS_STRUCTURE[data[places]])
    if len(structure) < 2:
        return 0
    at = structure[-2] + 1
    # What puts into the memo stays with what is put
    while IS_PUT[data[places[at]]] or data[places[at]] == FRAME:
        at += 1
    return int(places[at])


def _places(data: Any, size: int, *, ended: bool) -> Integers:
    """Where the instructions begin that are whole."""
    steps = STEPS[data]
    short = np.flatnonzero((data == SHORT_BINUNICODE) | (data == LONG1))
    short = short[short < size]
    steps[short] += data[short + 1]
    long = np.flatnonzero(data == BINUNICODE)
    long = long[long < size]
    steps[long] += _little(data, long, 4)
    taken = steps.tolist()
    places: list[int] = []
    append, place = places.append, 0
    while place < size:
        step = taken[place]
        if not step:
            raise Unsure
        if place + step > size:
            if ended:
                raise Unsure
            break
        append(place)
        place += step
    return np.array(places, dtype=np.int64)


def _little(data: Any, places: Integers, width: int, *, after: int = 1) -> Integers:
    """Whole numbers of `width` bytes behind instructions, without a sign below 8."""
    found = np.zeros(len(places), dtype=np.int64)
    for at in range(width):
        found |= data[places + after + at].astype(np.int64) << (8 * at)
    return found


def _numbers(data: Any, places: Integers) -> Integers:
    """The whole numbers that instructions give."""
    codes = data[places]
    found = np.zeros(len(places), dtype=np.int64)
    for code, width in ((BININT1, 1), (BININT2, 2), (BININT, 4)):
        chosen = np.flatnonzero(codes == code)
        found[chosen] = _little(data, places[chosen], width)
    signed = codes == BININT
    found[signed] = (found[signed] ^ (1 << 31)) - (1 << 31)
    for row in np.flatnonzero(codes == LONG1).tolist():
        place = int(places[row])
        size = int(data[place + 1])
        if size > 8:
            raise Unsure
        content = data[place + 2 : place + 2 + size].tobytes()
        found[row] = int.from_bytes(content, "little", signed=True)
    return found


class _Texts(NamedTuple):
    """Pieces of text in one array of bytes."""

    data: Any
    starts: Integers
    sizes: Integers


def _gathered(parts: list[tuple[Integers, _Texts]], count: int) -> tuple[Any, Integers]:
    """The bytes of texts one after another, and where each begins and the last ends.

    Parameters
    ----------
    parts : list of (int64 array, _Texts)
        Which of all texts each part has.
    count : int
    """
    sizes = np.zeros(count, dtype=np.int64)
    for rows, texts in parts:
        sizes[rows] = texts.sizes
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    found = np.empty(int(offsets[-1]), dtype=np.uint8)
    for rows, texts in parts:
        inside = np.arange(int(texts.sizes.sum()))
        inside -= np.repeat(np.cumsum(texts.sizes) - texts.sizes, texts.sizes)
        to = np.repeat(offsets[rows], texts.sizes) + inside
        found[to] = texts.data[np.repeat(texts.starts, texts.sizes) + inside]
    return found, offsets


@dataclass
class _Memo:
    """What the pickle put aside, by number: text, or a dictionary of no use here."""

    data: Column = field(default_factory=lambda: Column(np.uint8))
    ends: Column = field(default_factory=lambda: Column(np.int64))
    is_text: Column = field(default_factory=lambda: Column(np.bool_))

    def put(self, texts: _Texts, is_text: Booleans) -> None:
        """Add entries; `texts` are those of text among them."""
        rows = np.flatnonzero(is_text)
        found, offsets = _gathered([(rows, texts)], len(is_text))
        before = len(self.data)
        self.data.append(found)
        self.ends.append(before + offsets[1:])
        self.is_text.append(is_text)

    def texts(self, numbers: Integers) -> _Texts:
        """The entries of some numbers.

        Raises
        ------
        Unsure
            If one of them is no text.
        """
        if not self.is_text.held[numbers].all():
            raise Unsure
        ends = self.ends.held
        starts = np.where(numbers > 0, ends[numbers - 1], 0)
        return _Texts(self.data.held, starts, ends[numbers] - starts)


@dataclass
class _Grammar:
    """Where in ``{key: {key: number}}`` the instructions of structure are.

    `inside` says that a query's dictionary is on the stack, `many` that a mark is below
    it, and `items` that a mark for its documents is above it.
    """

    begun: bool = False
    ended: bool = False
    inside: bool = False
    many: bool = False
    items: bool = False

    def take(self, code: int, before: int) -> bool:
        """Take an instruction with so many keys and values before it.

        Returns
        -------
        bool
            Whether what stands before it is the key of a query.

        Raises
        ------
        Unsure
        """
        if self.ended or not self._takes(code, before):
            raise Unsure
        return code == EMPTY_DICT and before == 1

    def _takes(self, code: int, before: int) -> bool:
        if not self.begun:
            self.begun = True
            return code == EMPTY_DICT and before == 0
        if self.items:
            self.items = False
            return code == SETITEMS and before % 2 == 0
        if code == EMPTY_DICT:
            fits = before == 1 and (self.many or not self.inside)
            self.inside = True
            return fits
        if code == SETITEM and before == 2:
            return self.inside
        if before:
            return False
        return self._closes(code)

    def _closes(self, code: int) -> bool:
        if code == MARK:
            fits = self.inside or not self.many
            self.items, self.many = self.inside, self.many or not self.inside
            return fits
        if code == SETITEM:
            fits = self.inside and not self.many
        elif code == SETITEMS:
            fits = self.many
        else:
            fits = not self.inside and not self.many
            self.ended = True
        self.inside = self.many = False
        return fits


@dataclass
class _Reader:
    """Takes blocks of instructions in the order of the file."""

    rows: Assembly
    memo: _Memo = field(default_factory=_Memo)
    grammar: _Grammar = field(default_factory=_Grammar)
    seen: set[str] = field(default_factory=set)
    qid: str = ""  # of the query that the last block ended in
    first: bool = True

    def take(self, block: _Block) -> None:
        """Add the rows of a block.

        Raises
        ------
        Unsure
        """
        data, places = block.data, block.places
        codes = data[places]
        other = (codes != FRAME) & (codes != PROTO)
        if self.first and not (codes[0] == PROTO and data[1] in PROTOCOLS):
            raise Unsure
        if np.count_nonzero(codes == PROTO) != int(self.first):
            raise Unsure
        self.first = False
        places, codes = places[other], codes[other]
        numbers = self._put(data, places, codes)
        kept = ~IS_PUT[codes]
        places, codes, numbers = places[kept], codes[kept], numbers[kept]
        is_query = self._structured(codes)
        cells = np.flatnonzero(IS_DATA[codes] & ~is_query)
        keys, values = cells[::2], cells[1::2]
        qids = self._ids(data, places, codes, numbers, np.flatnonzero(is_query))
        names = [composed(str(qid)) for qid in qids.to_pylist()]
        before = len(self.seen)
        self.seen.update(names)
        if len(self.seen) != before + len(names):
            raise Unsure
        if len(keys):
            queries = np.cumsum(is_query)[keys]
            used, coded = np.unique(queries, return_inverse=True)
            every = [self.qid, *names]
            self.rows.add(
                [every[place] for place in used.tolist()],
                coded,
                self._ids(data, places, codes, numbers, keys),
                _values(data, places[values]),
            )
        self.qid = names[-1] if names else self.qid

    def _put(self, data: Any, places: Integers, codes: Any) -> Integers:
        """Fill the memo; for those instructions that take from it, the numbers."""
        puts = np.flatnonzero(IS_PUT[codes])
        before = len(self.memo.ends)
        if len(puts):
            if puts[0] == 0:
                raise Unsure
            what = codes[puts - 1]
            is_text = IS_TEXT[what]
            explicit = puts[codes[puts] != MEMOIZE]
            wide = codes[explicit] == LONG_BINPUT
            given = np.where(
                wide,
                _little(data, places[explicit], 4),
                _little(data, places[explicit], 1),
            )
            due = before + np.searchsorted(puts, explicit)
            if not (is_text | (what == EMPTY_DICT)).all() or (given != due).any():
                raise Unsure
            self.memo.put(_texts(data, places[(puts - 1)[is_text]]), is_text)
        gets = np.flatnonzero(IS_GET[codes])
        numbers = np.full(len(codes), -1, dtype=np.int64)
        wide = codes[gets] == LONG_BINGET
        asked = np.where(
            wide, _little(data, places[gets], 4), _little(data, places[gets], 1)
        )
        if (asked >= before + np.searchsorted(puts, gets)).any():
            raise Unsure
        numbers[gets] = asked
        return numbers

    def _structured(self, codes: Any) -> Booleans:
        """Which instructions give the ids of queries."""
        found = np.zeros(len(codes), dtype=bool)
        structure = np.flatnonzero(IS_STRUCTURE[codes])
        between = np.diff(structure, prepend=-1) - 1
        take = self.grammar.take
        of_query = [
            take(code, before)
            for code, before in zip(
                codes[structure].tolist(), between.tolist(), strict=True
            )
        ]
        found[structure[np.array(of_query, dtype=bool)] - 1] = True
        if len(codes) and (not len(structure) or structure[-1] != len(codes) - 1):
            raise Unsure
        return found

    def _ids(
        self, data: Any, places: Integers, codes: Any, numbers: Integers, which: Any
    ) -> Any:
        """The ids that some instructions give, as `IdColumn` takes them."""
        kinds = codes[which]
        if IS_WHOLE[kinds].all():
            found = _numbers(data, places[which])
            plain = pa.array(found)
            if len(found) and not 0 <= found.min() <= found.max() < 10**MOST_DIGITS:
                return plain.cast(pa.string())
            return plain
        own, got = np.flatnonzero(IS_TEXT[kinds]), np.flatnonzero(IS_GET[kinds])
        if len(own) + len(got) < len(kinds):
            raise Unsure
        parts = [
            (own, _texts(data, places[which[own]])),
            (got, self.memo.texts(numbers[which[got]])),
        ]
        return _checked(*_gathered(parts, len(kinds)))


def _texts(data: Any, places: Integers) -> _Texts:
    wide = data[places] == BINUNICODE
    sizes = np.where(wide, _little(data, places, 4), _little(data, places, 1))
    return _Texts(data, places + np.where(wide, 5, 2), sizes)


def _checked(found: Any, offsets: Integers) -> Any:
    """Ids as the careful reader takes them without a second look."""
    lengths = np.diff(offsets)
    if not lengths.all() or lengths.max(initial=0) > LONGEST_ID or CONTROL[found].any():
        raise Unsure
    texts = pa.Array.from_buffers(
        pa.string(),
        len(offsets) - 1,
        [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(found)],
    )
    if found.max() >= 0x80:
        try:
            texts.validate(full=True)
        except pa.ArrowInvalid:
            raise Unsure from None
    blank = found.min() <= ord(" ") or found.max() >= 0x80
    if blank and pc.any(pc.utf8_is_space(texts)).as_py():
        raise Unsure
    return held(texts)


def _values(data: Any, places: Integers) -> Floats:
    """Finite numbers."""
    codes = data[places]
    found = np.empty(len(places), dtype=np.float64)
    is_float = codes == BINFLOAT
    chosen = places[is_float]
    content = data[chosen[:, None] + np.arange(1, 9)]
    found[is_float] = content.view(">f8").reshape(-1)
    if not (is_float | IS_WHOLE[codes]).all():
        raise Unsure
    found[~is_float] = _numbers(data, places[~is_float])
    if not (np.abs(found) <= LARGEST).all():
        raise Unsure
    return found
