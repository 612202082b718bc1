"""The fast reader of regular pickles: columns are filled while the file is read.

A pickle is regular if it holds ``{qid: {docno: number}}`` as Python's pickler writes
it, with nothing but dictionaries, text and numbers, those of NumPy included. Its
instructions are found by their lengths, and decoded as columns; no object is made of
any. For everything else `Unsure` is raised, and the careful reader in
`rankbound.read.objects.pickles`, which defines what is accepted, reads the file from
its start.
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
# Those by which numbers of NumPy are written
NONE, NEWTRUE, NEWFALSE, TUPLE, TUPLE2, TUPLE3 = b"N\x88\x89t\x86\x87"
REDUCE, BUILD, STACK_GLOBAL, GLOBAL, SHORT_BINBYTES = b"Rb\x93cC"
# The bytes that each takes; text and LONG1 take as many more as they say
TAKES: Final = {
    **{PROTO: 2, FRAME: 9, STOP: 1, MARK: 1, EMPTY_DICT: 1, SETITEM: 1, SETITEMS: 1},
    **{BINUNICODE: 5, SHORT_BINUNICODE: 2, BINFLOAT: 9},
    **{BININT: 5, BININT1: 2, BININT2: 3, LONG1: 2},
    **{BINGET: 2, LONG_BINGET: 5, BINPUT: 2, LONG_BINPUT: 5, MEMOIZE: 1},
    **dict.fromkeys((NONE, NEWTRUE, NEWFALSE, TUPLE, TUPLE2, TUPLE3, REDUCE), 1),
    **{BUILD: 1, STACK_GLOBAL: 1, SHORT_BINBYTES: 2},
}
LONGEST_NAME: Final = 64  # bytes that name a function
AHEAD: Final = 16  # zero bytes behind a block, so that looking ahead stays within it


def _those(*codes: int) -> Booleans:
    found = np.zeros(256, dtype=bool)
    found[list(codes)] = True
    return found


STEPS: Final = np.zeros(256, dtype=np.int64)
STEPS[list(TAKES)] = list(TAKES.values())
IS_TEXT: Final = _those(BINUNICODE, SHORT_BINUNICODE)
IS_GET: Final = _those(BINGET, LONG_BINGET)
IS_SHORT: Final = _those(SHORT_BINUNICODE, LONG1, SHORT_BINBYTES)
IS_PUT: Final = _those(BINPUT, LONG_BINPUT, MEMOIZE)
IS_WHOLE: Final = _those(BININT, BININT1, BININT2, LONG1)
IS_DATA: Final = IS_TEXT | IS_GET | IS_WHOLE | _those(BINFLOAT, SHORT_BINBYTES)
IS_STRUCTURE: Final = _those(MARK, EMPTY_DICT, SETITEM, SETITEMS, STOP)
# What the pickler puts aside: text, and objects that are taken again where they are
# numbers of NumPy, or never
IS_KEPT: Final = IS_TEXT | _those(
    *(EMPTY_DICT, SHORT_BINBYTES, TUPLE, TUPLE2, TUPLE3, REDUCE, GLOBAL, STACK_GLOBAL)
)
# What follows numpy.dtype in a pickle, with text and what is taken again alike
DEFINED: Final = [
    *(BINUNICODE, NEWFALSE, NEWTRUE, TUPLE3, REDUCE, MARK, BININT1, -1),
    *(NONE, NONE, NONE, BININT, BININT, BININT1, TUPLE, BUILD),
]
KINDS: Final = ("f2", "f4", "f8", "i4", "i8")
SCALAR: Final = tuple(
    (f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")
)
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
    codes = data[places]
    structure = np.flatnonzero(IS_STRUCTURE[codes])
    # The mark in the definition of a type follows what makes it
    made = codes[structure - 1 - IS_PUT[codes[structure - 1]]] == REDUCE
    structure = structure[~(made & (codes[structure] == MARK))]
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
    short = np.flatnonzero(IS_SHORT[data])
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
        if not step:  # rare: only the length of a name has to be looked for
            step = _named(data, place, size)
        if place + step > size:
            if ended:
                raise Unsure
            break
        append(place)
        place += step
    return np.array(places, dtype=np.int64)


def _named(data: Any, place: int, size: int) -> int:
    """The length of an instruction that names a function in two lines."""
    text = data[place : min(place + LONGEST_NAME, size)].tobytes()
    if text[0] != GLOBAL or (text.count(b"\n") < 2 and len(text) == LONGEST_NAME):
        raise Unsure
    lines = text.split(b"\n", 2)
    return len(text) - len(lines[2]) if len(lines) > 2 else size


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


def _gathered(parts: list[tuple[Integers, _Texts]]) -> tuple[Any, Integers]:
    """The bytes of texts one after another, and where each begins and the last ends.

    Parameters
    ----------
    parts : list of (int64 array, _Texts)
        Which of all texts each part has.
    """
    sizes = np.zeros(sum(len(rows) for rows, _ in parts), dtype=np.int64)
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
    """What the pickle put aside, by number: text, or an object of no use here."""

    size: int = 0
    numbers: Column = field(default_factory=lambda: Column(np.int64))  # of text
    data: Column = field(default_factory=lambda: Column(np.uint8))
    ends: Column = field(default_factory=lambda: Column(np.int64))

    def put(self, texts: _Texts, is_text: Booleans) -> None:
        """Add entries; `texts` are those of text among them."""
        found, offsets = _gathered([(np.arange(len(texts.sizes)), texts)])
        before = len(self.data)
        self.data.append(found)
        self.ends.append(before + offsets[1:])
        self.numbers.append(self.size + np.flatnonzero(is_text))
        self.size += len(is_text)

    def texts(self, numbers: Integers) -> _Texts:
        """The entries of some numbers.

        Raises
        ------
        Unsure
            If one of them is no text.
        """
        known, ends = self.numbers.held, self.ends.held
        at = np.searchsorted(known, numbers)
        if at.max(initial=-1) >= len(known) or (known[at] != numbers).any():
            raise Unsure
        starts = np.where(at > 0, ends[at - 1], 0) if len(at) else at
        return _Texts(self.data.held, starts, ends[at] - starts)


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
class _Code:
    """Instructions: the bytes, and columns with a row for each.

    `numbers` are those by which an instruction takes from the memo, `aside` those by
    which it is put there; -1 for others.
    """

    data: Any
    places: Integers
    codes: Any
    numbers: Integers
    aside: Integers

    def of(self, chosen: Any) -> _Code:
        """Some of them."""
        columns = self.places, self.codes, self.numbers, self.aside
        return _Code(self.data, *(column[chosen] for column in columns))


@dataclass
class _Scalars:
    """Numbers of NumPy: which functions and types were put aside, by number.

    Such a number is written as ``scalar(dtype, bytes)``, and a type once as
    ``dtype(kind, False, True)``, whose state begins with the order of bytes.
    """

    memo: _Memo
    functions: dict[int, tuple[str, str]] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)

    def folded(self, code: _Code) -> _Code:
        """The same, with the bytes alone of each number, numbered by their type.

        Raises
        ------
        Unsure
            For anything else than plain numbers.
        """
        kept = np.ones(len(code.codes), dtype=bool)
        for at in np.flatnonzero(code.codes == BUILD).tolist():
            self._define(code, at, kept)
        code = code if kept.all() else code.of(kept)
        codes, numbers = code.codes, code.numbers
        given = np.flatnonzero(codes == SHORT_BINBYTES)
        if not len(given):
            return code
        if given[0] < 2 or given[-1] + 2 >= len(codes):
            raise Unsure
        scalar = [one for one, name in self.functions.items() if name in SCALAR]
        if not (
            IS_GET[codes[given - 2]].all()
            and IS_GET[codes[given - 1]].all()
            and np.isin(numbers[given - 2], scalar).all()
            and np.isin(numbers[given - 1], [*self.kinds]).all()
            and (codes[given + 1] == TUPLE2).all()
            and (codes[given + 2] == REDUCE).all()
        ):
            raise Unsure
        numbers[given] = numbers[given - 1]
        kept = np.ones(len(codes), dtype=bool)
        for beside in (-2, -1, 1, 2):
            kept[given + beside] = False
        return code.of(kept)

    def _define(self, code: _Code, at: int, kept: Booleans) -> None:
        """Take the definition of a type that ends here, which `kept` leaves out."""
        start = at + 1 - len(DEFINED)
        if start < 2:
            raise Unsure
        alike = np.where(IS_TEXT[code.codes[start : at + 1]], BINUNICODE, 0)
        alike = np.where(alike, alike, code.codes[start : at + 1])
        order = start + DEFINED.index(-1)
        if not (IS_TEXT | IS_GET)[code.codes[order]]:
            raise Unsure
        alike[order - start] = -1
        kind = self._text(code, start)
        if alike.tolist() != DEFINED or kind not in KINDS:
            raise Unsure
        if self._text(code, order) != "<":
            raise Unsure
        name, first = self._function(code, start - 1, kept)
        called, _ = self._function(code, first - 1, kept)
        number = int(code.aside[start + DEFINED.index(REDUCE)])
        if name != ("numpy", "dtype") or called not in SCALAR or number < 0:
            raise Unsure
        self.kinds[number] = kind
        kept[first:at] = False
        code.codes[at], code.numbers[at] = BINGET, number

    def _function(
        self, code: _Code, at: int, kept: Booleans
    ) -> tuple[tuple[str, str] | None, int]:
        """The function that an instruction gives, and where what gives it begins."""
        what, first = code.codes[at], at
        if IS_GET[what]:
            return self.functions.get(int(code.numbers[at])), first
        if what == GLOBAL:
            text = code.data[code.places[at] + 1 :][:LONGEST_NAME].tobytes()
            module, name = text.decode("latin-1").split("\n")[:2]
        elif what == STACK_GLOBAL and at >= 2:
            first = at - 2
            module, name = (self._text(code, one) for one in (first, at - 1))
        else:
            raise Unsure
        number = int(code.aside[at])
        if number < 0 or first < 1:
            raise Unsure
        self.functions[number] = module, name
        kept[first:at] = False
        code.codes[at], code.numbers[at] = BINGET, number
        return self.functions[number], first

    def _text(self, code: _Code, at: int) -> str:
        """The text that an instruction gives."""
        if IS_TEXT[code.codes[at]]:
            found = _texts(code.data, code.places[at : at + 1])
        elif IS_GET[code.codes[at]]:
            found = self.memo.texts(code.numbers[at : at + 1])
        else:
            raise Unsure
        return bytes(_gathered([(np.zeros(1, dtype=np.int64), found)])[0]).decode(
            "latin-1"
        )

    def values(self, code: _Code) -> Any:
        """The numbers that `folded` left the bytes of."""
        kinds = np.unique(code.numbers)
        types = [np.dtype(f"<{self.kinds[kind]}") for kind in kinds.tolist()]
        found = np.empty(len(code.places), dtype=np.result_type(np.int32, *types))
        for kind, of in zip(kinds, types, strict=True):
            chosen = code.numbers == kind
            places = code.places[chosen]
            if (code.data[places + 1] != of.itemsize).any():
                raise Unsure
            content = code.data[places[:, None] + np.arange(2, 2 + of.itemsize)]
            found[chosen] = content.view(of)[:, 0]
        return found


@dataclass
class _Reader:
    """Takes blocks of instructions in the order of the file."""

    rows: Assembly
    memo: _Memo = field(default_factory=_Memo)
    grammar: _Grammar = field(default_factory=_Grammar)
    seen: set[str] = field(default_factory=set)
    qid: str = ""  # of the query that the last block ended in
    first: bool = True

    def __post_init__(self) -> None:
        self._scalars = _Scalars(self.memo)

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
        code = _Code(data, places, codes, *self._put(data, places, codes))
        code = self._scalars.folded(code.of(~IS_PUT[codes]))
        is_data = IS_DATA[code.codes]
        if not (is_data | IS_STRUCTURE[code.codes]).all():
            raise Unsure
        is_query = self._structured(code.codes)
        cells = np.flatnonzero(is_data & ~is_query)
        keys, values = cells[::2], cells[1::2]
        qids = self._ids(code.of(is_query))
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
                self._ids(code.of(keys)),
                self._values(code.of(values)),
            )
        self.qid = names[-1] if names else self.qid

    def _put(
        self, data: Any, places: Integers, codes: Any
    ) -> tuple[Integers, Integers]:
        """Fill the memo; the columns `numbers` and `aside` of `_Code`."""
        puts = np.flatnonzero(IS_PUT[codes])
        before = self.memo.size
        aside = np.full(len(codes), -1, dtype=np.int64)
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
            if not IS_KEPT[what].all() or (given != due).any():
                raise Unsure
            aside[puts - 1] = before + np.arange(len(puts))
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
        return numbers, aside

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

    def _ids(self, code: _Code) -> Any:
        """The ids that some instructions give, as `IdColumn` takes them."""
        kinds = code.codes
        if (IS_WHOLE[kinds] | (kinds == SHORT_BINBYTES)).all():
            found = self._numbers(code)
            if found.dtype.kind == "f":
                raise Unsure
            plain = pa.array(found.astype(np.int64, copy=False))
            if len(found) and not 0 <= found.min() <= found.max() < 10**MOST_DIGITS:
                return plain.cast(pa.string())
            return plain
        own, got = np.flatnonzero(IS_TEXT[kinds]), np.flatnonzero(IS_GET[kinds])
        if len(own) + len(got) < len(kinds):
            raise Unsure
        parts = [
            (own, _texts(code.data, code.places[own])),
            (got, self.memo.texts(code.numbers[got])),
        ]
        return _checked(*_gathered(parts))

    def _numbers(self, code: _Code) -> Any:
        """Whole numbers, and those of NumPy."""
        of_numpy = code.codes == SHORT_BINBYTES
        if not of_numpy.any():
            return _numbers(code.data, code.places)
        given = self._scalars.values(code.of(of_numpy))
        if of_numpy.all():
            return given
        found = np.empty(len(of_numpy), dtype=np.result_type(np.int64, given))
        found[of_numpy] = given
        found[~of_numpy] = _numbers(code.data, code.places[~of_numpy])
        return found

    def _values(self, code: _Code) -> Floats:
        """Finite numbers."""
        data, codes = code.data, code.codes
        found = np.empty(len(codes), dtype=np.float64)
        is_float = codes == BINFLOAT
        chosen = code.places[is_float]
        content = data[chosen[:, None] + np.arange(1, 9)]
        found[is_float] = content.view(">f8").reshape(-1)
        if not (is_float | IS_WHOLE[codes] | (codes == SHORT_BINBYTES)).all():
            raise Unsure
        found[~is_float] = self._numbers(code.of(~is_float))
        if not (np.abs(found) <= LARGEST).all():
            raise Unsure
        return found


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
