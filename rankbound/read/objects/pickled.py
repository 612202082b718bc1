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
from dataclasses import dataclass, field, replace
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
LONGEST: Final = 1 << 23  # of a block without an instruction of structure

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
MOST_NAMES: Final = 64  # functions and types of numbers that a pickle defines
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
# What follows numpy.dtype in a pickle, from the kind on: -1 is the order of bytes, text
# or taken from the memo, and -2 a whole number
DEFINED: Final = np.array(
    [
        *(BINUNICODE, NEWFALSE, NEWTRUE, TUPLE3, REDUCE, MARK, BININT1, -1),
        *(NONE, NONE, NONE, -2, -2, -2, TUPLE, BUILD),
    ]
)
ORDER: Final = 7  # where the order of bytes stands there
KINDS: Final = ("f2", "f4", "f8", "i4", "i8")
OF_TEXT: Final = -2  # minus the characters: the number of a type of text
MOST_CHARACTERS: Final = 63  # that SHORT_BINBYTES holds
SCALAR: Final = tuple(
    (f"numpy.{core}.multiarray", "scalar") for core in ("core", "_core")
)
ENCODE: Final = ("_codecs", "encode")
LATIN_1: Final = ("latin1", "latin-1")
LITTLE, UNICODE, ZERO = b"<U0"
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
        more = stream.read(max(SIZE, len(buffer)))  # none is looked at more than twice
        ended = not more
        buffer += more
        if not buffer:
            break
        data = np.frombuffer(buffer + bytes(AHEAD), dtype=np.uint8)
        places = _places(data, len(buffer), ended=ended)
        furthest = max(furthest, total + _end_of_frames(data, places))
        stop = len(buffer) if ended else _cut(data, places)
        if not stop:
            if len(buffer) >= LONGEST:
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
    """Texts that the pickle put aside, by number."""

    numbers: Column = field(default_factory=lambda: Column(np.int64))
    data: Column = field(default_factory=lambda: Column(np.uint8))
    ends: Column = field(default_factory=lambda: Column(np.int64))

    def put(self, texts: _Texts, numbers: Integers) -> None:
        """Add entries of text, whose numbers ascend."""
        found, offsets = _gathered([(np.arange(len(texts.sizes)), texts)])
        before = len(self.data)
        self.data.append(found)
        self.ends.append(before + offsets[1:])
        self.numbers.append(numbers)

    def texts(self, numbers: Integers) -> _Texts:
        """The entries of some numbers.

        Raises
        ------
        Unsure
            If one of them is no text.
        """
        at, known = self.found(numbers)
        if not known.all():
            raise Unsure
        return self.at(at)

    def found(self, numbers: Integers) -> tuple[Integers, Booleans]:
        """Where the entries of some numbers stand, and whether they do."""
        held = self.numbers.held
        at = np.searchsorted(held, numbers)
        if not len(held):
            return at, np.zeros(len(numbers), dtype=bool)
        return at, held[np.minimum(at, len(held) - 1)] == numbers

    def at(self, at: Integers) -> _Texts:
        """The entries that stand there."""
        ends = self.ends.held
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
    """What NumPy writes: which functions and types were put aside, by number.

    A number or text of NumPy is written as ``scalar(dtype, bytes)``, and a type as
    ``dtype(kind, False, True)``, whose state begins with the order of bytes: once for
    all numbers, and anew for each text. Protocol 2 writes bytes as text that
    ``_codecs.encode`` makes bytes of. `ids` are the whole numbers and texts, as text.
    """

    memo: _Memo
    functions: dict[int, tuple[str, str]] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    ids: _Memo = field(default_factory=_Memo)

    def folded(self, code: _Code) -> _Code:
        """The same, with the bytes alone of each number, numbered by their type.

        Raises
        ------
        Unsure
            For anything else than plain numbers and text.
        """
        code = self._named(code)
        code = self._typed(code)
        code = self._encoded(code)
        codes, numbers = code.codes, code.numbers
        given = np.flatnonzero(codes == SHORT_BINBYTES)
        if not len(given):
            return code
        if given[0] < 2 or given[-1] + 2 >= len(codes):
            raise Unsure
        types = numbers[given - 1]
        if not (
            self._calls(code, given - 2, *SCALAR).all()
            and IS_GET[codes[given - 1]].all()
            and (np.isin(types, [*self.kinds]) | (types <= OF_TEXT)).all()
            and (codes[given + 1] == TUPLE2).all()
            and (codes[given + 2] == REDUCE).all()
        ):
            raise Unsure
        numbers[given], code.aside[given] = types, code.aside[given + 2]
        kept = np.ones(len(codes), dtype=bool)
        for beside in (-2, -1, 1, 2):
            kept[given + beside] = False
        code = code.of(kept)
        self._keep(code)
        return code

    def _keep(self, code: _Code) -> None:
        """Put aside what may be taken again as an id."""
        whole = [number for number, kind in self.kinds.items() if kind[0] == "i"]
        fits = (code.numbers <= OF_TEXT) | np.isin(code.numbers, whole)
        own = code.of((code.codes == SHORT_BINBYTES) & (code.aside >= 0) & fits)
        if len(own.codes):
            parts = self.texts(own)
            found, offsets = _gathered(parts)
            texts = _Texts(found, offsets[:-1], np.diff(offsets))
            self.ids.put(texts, own.aside)

    def texts(self, code: _Code) -> list[tuple[Integers, _Texts]]:
        """The texts and whole numbers that `folded` left the bytes of, in parts.

        Raises
        ------
        Unsure
            For other numbers.
        """
        is_text = code.numbers <= OF_TEXT
        number, text = np.flatnonzero(~is_text), np.flatnonzero(is_text)
        parts = []
        if len(number):
            values = self.values(code.of(number))
            if values.dtype.kind != "i":
                raise Unsure
            parts.append((number, _written(values)))
        if len(text):
            parts.append((text, _wide(code.of(text))))
        return parts

    def _calls(self, code: _Code, at: Integers, *names: tuple[str, str]) -> Booleans:
        """Whether instructions give one of these functions."""
        known = [one for one, name in self.functions.items() if name in names]
        calls: Booleans = IS_GET[code.codes[at]] & np.isin(code.numbers[at], known)
        return calls

    def _named(self, code: _Code) -> _Code:
        """The same, with functions that are named here taken from the memo."""
        kept = np.ones(len(code.codes), dtype=bool)
        named = (code.codes == GLOBAL) | (code.codes == STACK_GLOBAL)
        for at in np.flatnonzero(named).tolist():
            if code.codes[at] == GLOBAL:
                text = code.data[code.places[at] + 1 :][:LONGEST_NAME].tobytes()
                module, name = text.decode("latin-1").split("\n")[:2]
            elif at >= 2:
                module, name = (self._text(code, one) for one in (at - 2, at - 1))
                kept[at - 2 : at] = False
            else:
                raise Unsure
            number = int(code.aside[at])
            if number < 0 or len(self.functions) == MOST_NAMES:
                raise Unsure
            self.functions[number] = module, name
            code.codes[at], code.numbers[at] = BINGET, number
        return code if kept.all() else code.of(kept)

    def _typed(self, code: _Code) -> _Code:
        """The same, with types that are defined here taken from the memo."""
        built = np.flatnonzero(code.codes == BUILD)
        if not len(built):
            return code
        starts = built + 1 - len(DEFINED)
        if starts[0] < 1:
            raise Unsure
        found = code.codes[starts[:, None] + np.arange(len(DEFINED))].astype(np.int64)
        order = starts + ORDER
        found[IS_TEXT[found[:, 0]], 0] = BINUNICODE
        found[(IS_TEXT | IS_GET)[found[:, ORDER]], ORDER] = -1
        sizes = found[:, DEFINED == OF_TEXT]
        found[:, DEFINED == OF_TEXT] = np.where(IS_WHOLE[sizes], -2, -3)
        named = self._calls(code, starts - 1, ("numpy", "dtype"))
        if not ((found == DEFINED).all() and named.all()):
            raise Unsure
        for rows in (
            order[IS_TEXT[code.codes[order]]],
            order[IS_GET[code.codes[order]]],
        ):
            texts = self._texts(code, rows)
            if (texts.sizes != 1).any() or (texts.data[texts.starts] != LITTLE).any():
                raise Unsure
        made = code.aside[starts + ORDER - 3]
        code.numbers[built] = self._kinds(code, starts, made)
        code.codes[built] = BINGET
        kept = np.ones(len(code.codes), dtype=bool)
        kept[((starts - 1)[:, None] + np.arange(len(DEFINED))).reshape(-1)] = False
        return code.of(kept)

    def _kinds(self, code: _Code, places: Integers, made: Integers) -> Integers:
        """The numbers of types, whose kinds stand at some places."""
        texts = _texts(code.data, code.places[places])
        if texts.sizes.max() > AHEAD or texts.sizes.min() < 2:
            raise Unsure
        inside = np.arange(1, int(texts.sizes.max()))
        digits = texts.data[texts.starts[:, None] + inside].astype(np.int64) - ZERO
        within = inside < texts.sizes[:, None]
        numbers = made.copy()
        is_text = texts.data[texts.starts] == UNICODE
        for at in np.flatnonzero(~is_text).tolist():
            kind = self._text(code, int(places[at]))
            if kind not in KINDS or made[at] < 0 or len(self.kinds) == MOST_NAMES:
                raise Unsure
            self.kinds[int(made[at])] = kind
        if is_text.any():
            digits, within = digits[is_text], within[is_text]
            if ((digits < 0) | (digits > 9))[within].any() or inside[-1] > 2:
                raise Unsure
            sizes = np.zeros(len(digits), dtype=np.int64)
            for column, used in zip(digits.T, within.T, strict=True):
                sizes = np.where(used, sizes * 10 + column, sizes)
            if not ((sizes >= 1) & (sizes <= MOST_CHARACTERS)).all():
                raise Unsure
            numbers[is_text] = OF_TEXT - sizes
        return numbers

    def _encoded(self, code: _Code) -> _Code:
        """The same, with bytes that protocol 2 makes of text as SHORT_BINBYTES."""
        codes = code.codes
        ends = np.flatnonzero(codes == REDUCE)
        ends = ends[ends >= 4]
        ends = ends[IS_TEXT[codes[ends - 3]] & (codes[ends - 1] == TUPLE2)]
        if not len(ends):
            return code
        if not self._calls(code, ends - 4, ENCODE).all():
            raise Unsure
        own = IS_TEXT[codes[ends - 2]]
        names = np.where(own, code.aside[ends - 2], code.numbers[ends - 2])
        for number in np.unique(names).tolist():
            if _joined(self.memo.texts(np.array([number]))) not in LATIN_1:
                raise Unsure
        packed, offsets = _latin_1(_texts(code.data, code.places[ends - 3]))
        sizes = np.diff(offsets)
        if sizes.max() > 255:
            raise Unsure
        # Instructions with these bytes, behind the others
        places = len(code.data) + offsets[:-1] + 2 * np.arange(len(ends))
        more = np.zeros(int(offsets[-1]) + 2 * len(ends) + AHEAD, dtype=np.uint8)
        data = np.concatenate([code.data, more])
        data[places], data[places + 1] = SHORT_BINBYTES, sizes
        inside = np.arange(len(packed)) - np.repeat(offsets[:-1], sizes)
        data[np.repeat(places + 2, sizes) + inside] = packed
        code = replace(code, data=data)
        codes[ends], code.places[ends] = SHORT_BINBYTES, places
        kept = np.ones(len(codes), dtype=bool)
        for before in range(1, 5):
            kept[ends - before] = False
        return code.of(kept)

    def _texts(self, code: _Code, rows: Integers) -> _Texts:
        """The texts that instructions give, all of them here or all by the memo."""
        if len(rows) and IS_GET[code.codes[rows[0]]]:
            return self.memo.texts(code.numbers[rows])
        return _texts(code.data, code.places[rows])

    def _text(self, code: _Code, at: int) -> str:
        """The text that an instruction gives."""
        if not (IS_TEXT | IS_GET)[code.codes[at]]:
            raise Unsure
        return _joined(self._texts(code, np.array([at])))

    def values(self, code: _Code) -> Any:
        """The numbers that `folded` left the bytes of."""
        kinds = np.unique(code.numbers)
        if kinds.min() < 0:
            raise Unsure
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
        self._aside = 0  # how many objects were put aside

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
        before = self._aside
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
            numbers = before + np.arange(len(puts))
            aside[puts - 1] = numbers
            is_text &= ~_is_passing(codes, puts)
            texts = _texts(data, places[(puts - 1)[is_text]])
            self.memo.put(texts, numbers[is_text])
            self._aside += len(puts)
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
        of_numpy = (kinds == SHORT_BINBYTES) & (code.numbers >= 0)
        if (IS_WHOLE[kinds] | of_numpy).all():
            found = self._numbers(code)
            if found.dtype.kind == "f":
                raise Unsure
            plain = pa.array(found.astype(np.int64, copy=False))
            if len(found) and not 0 <= found.min() <= found.max() < 10**MOST_DIGITS:
                return plain.cast(pa.string())
            return plain
        own, got = np.flatnonzero(IS_TEXT[kinds]), np.flatnonzero(IS_GET[kinds])
        parts = [(own, _texts(code.data, code.places[own]))]
        at, plain = self.memo.found(code.numbers[got])
        parts.append((got[plain], self.memo.at(at[plain])))
        made = code.numbers[got[~plain]]
        parts.append((got[~plain], self._scalars.ids.texts(made)))
        whole = np.flatnonzero(IS_WHOLE[kinds])
        parts.append((whole, _written(_numbers(code.data, code.places[whole]))))
        of_numpy = np.flatnonzero(kinds == SHORT_BINBYTES)
        for rows, texts in self._scalars.texts(code.of(of_numpy)):
            parts.append((of_numpy[rows], texts))
        if sum(len(rows) for rows, _ in parts) < len(kinds):
            raise Unsure
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


def _is_passing(codes: Any, puts: Integers) -> Booleans:
    """Whether text that is put aside is no id, but what bytes or a type are made of.

    Each of them is another object, so that none is ever taken again.
    """
    left = np.flatnonzero(~IS_PUT[codes])
    last = len(left) - 1
    at = np.searchsorted(left, puts - 1)
    after, next_one = (codes[left[np.minimum(at + more, last)]] for more in (1, 2))
    encoded: Booleans = (IS_TEXT | IS_GET)[after] & (next_one == TUPLE2)
    encoded |= after == NEWFALSE
    return encoded


def _joined(texts: _Texts) -> str:
    """Some texts as one."""
    found, _ = _gathered([(np.arange(len(texts.sizes)), texts)])
    return bytes(found).decode("latin-1")


def _written(numbers: Integers) -> _Texts:
    """Whole numbers as text."""
    if not len(numbers):
        return _Texts(np.zeros(0, dtype=np.uint8), numbers, numbers)
    texts = pa.array(numbers.astype(np.int64, copy=False)).cast(pa.string())
    _, ends, data = texts.buffers()
    offsets = np.frombuffer(ends, dtype=np.int32)[: len(texts) + 1].astype(np.int64)
    found = np.frombuffer(data, dtype=np.uint8)
    return _Texts(found, offsets[:-1], np.diff(offsets))


def _latin_1(texts: _Texts) -> tuple[Any, Integers]:
    """The bytes that texts stand for in Latin-1, and where each begins and ends.

    Raises
    ------
    Unsure
        For other characters.
    """
    found, offsets = _gathered([(np.arange(len(texts.sizes)), texts)])
    begun = np.concatenate([[0], np.cumsum((found & 0xC0) != 0x80)])
    try:
        packed = found.tobytes().decode("utf-8").encode("latin-1")
    except UnicodeError:
        raise Unsure from None
    return np.frombuffer(packed, dtype=np.uint8), begun[offsets]


def _wide(code: _Code) -> _Texts:
    """The texts of NumPy, of four bytes a character, as UTF-8.

    Raises
    ------
    Unsure
        For another number of bytes than the type says, and what is no text.
    """
    places, characters = code.places, OF_TEXT - code.numbers
    if (code.data[places + 1] != 4 * characters).any():
        raise Unsure
    all_bytes = _Texts(code.data, places + 2, 4 * characters)
    wide, _ = _gathered([(np.arange(len(places)), all_bytes)])
    points = wide.view("<u4")
    try:
        text = wide.tobytes().decode("utf-32-le").encode("utf-8")
    except UnicodeError:
        raise Unsure from None
    widths = 1 + (points >= 0x80) + (points >= 0x800) + (points >= 0x10000)
    ends = np.concatenate([[0], np.cumsum(widths)])
    offsets = ends[np.concatenate([[0], np.cumsum(characters)])]
    found = np.frombuffer(text, dtype=np.uint8)
    return _Texts(found, offsets[:-1], np.diff(offsets))


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
