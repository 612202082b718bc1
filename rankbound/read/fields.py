"""Single fields of records: checks of ids, numbers and texts, and ids as codes."""

from __future__ import annotations

import hashlib
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankbound.data.columns import Integers, Strings, strings
from rankbound.data.scores import LARGEST
from rankbound.memory import LONGEST_ID, LONGEST_NUMBER
from rankbound.read.source import Source, count

# Counters of what was repaired
INTEGER_IDS: Final = "whole-number ids read as text"
SECOND_TEXT: Final = "ids with a second text (the first is kept)"

COMPOSED: Final = "ids brought to Unicode's composed form (NFC)"

# What no id may hold: control characters (tabs and line ends are some), separators of
# lines and paragraphs, what turns the direction of text, and halves of surrogate pairs
NOT_IN_IDS: Final = (
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
ODD: Final = re.compile(NOT_IN_IDS)
PART: Final = 100_000  # ids that are looked at together
LARGEST_ID: Final = 1 << 8192  # of whole numbers, which CPython writes as text
UNDERSCORE: dict[type, Any] = {str: "_", bytes: b"_"}


def as_id(value: Any) -> str | None:
    """An id as text, or None if the value cannot be an id.

    An id is text that is not blank, holds nothing of `NOT_IN_IDS` and has at most
    `LONGEST_ID` characters, or a whole number. Booleans and floats are refused, since
    they come from a table that was read with the wrong types.

    Examples
    --------
    >>> as_id("D1"), as_id(7), as_id(True), as_id(7.0), as_id(" ")
    ('D1', '7', None, None, None)
    """
    if isinstance(value, str):
        if len(value) > LONGEST_ID:
            return None
        return value if value.strip() and not is_odd(value) else None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(value) if abs(int(value)) < LARGEST_ID else None
    return None


def are_ids(names: list[str]) -> bool:
    """Whether all texts can be ids, as `as_id` says of one.

    Examples
    --------
    >>> are_ids(["D1", "7"]), are_ids(["D1", " "])
    (True, False)
    """
    return (
        max(map(len, names), default=0) <= LONGEST_ID
        and all(map(str.strip, names))
        and odd_id(names) is None
    )


def is_odd(name: str) -> bool:
    r"""Whether a text holds what no id may hold.

    Examples
    --------
    >>> is_odd("caf\u00e9 7"), is_odd("a\x00"), is_odd("a\tb"), is_odd("\u202ea")
    (False, True, True, True)
    """
    return not name.isprintable() and ODD.search(name) is not None


def odd_id(names: Iterable[str]) -> str | None:
    """The first text that holds what no id may hold; None if there is none."""
    left = iter(names)
    while part := list(islice(left, PART)):
        if is_odd("".join(part)):
            return next(filter(is_odd, part))
    return None


def odd_words(what: str, name: str) -> str:
    r"""What is wrong with such an id, and what to do.

    Examples
    --------
    >>> print(odd_words("a query id", "q\x00"))
    a query id must be text without control characters, found 'q\x00', which holds
    U+0000; take it out of all files
    """
    if not name.strip():
        return f"{what} must be text that is not blank, found {name!r}; fill it in"
    found = ODD.search(name)
    code = "" if found is None else f", which holds U+{ord(found[0]):04X}"
    return (
        f"{what} must be text without control characters, found {name!r}{code}; take "
        "it out of all files"
    )


def check_code_points(values: Any, fail: Callable[[str], Exception]) -> None:
    """Raise for an array of text with numbers that are no characters of Unicode."""
    if values.dtype.kind == "U" and values.size:
        codes = np.ascontiguousarray(values).view(values.dtype.byteorder + "u4")
        if int(codes.max()) > sys.maxunicode:
            raise fail(
                f"holds text with U+{int(codes.max()):X}, which is no character of "
                "Unicode; write the file again"
            )


def too_long(name: str) -> str:
    """What is wrong with an id of too many characters."""
    return (
        f"an id of {len(name):,} characters, which begins with {name[:20]!r}; an id "
        f"has at most {LONGEST_ID:,}"
    )


def check_lengths(names: Iterable[str], fail: Callable[[str], Exception]) -> None:
    """Raise for the first id of too many characters."""
    held = list(names)
    if max(map(len, held), default=0) > LONGEST_ID:
        raise fail(too_long(next(name for name in held if len(name) > LONGEST_ID)))


def as_number(value: Any) -> float | None:
    """A finite number as float, or None for any other value, booleans included.

    Examples
    --------
    >>> as_number(2), as_number(True), as_number(float("nan")), as_number("2")
    (2.0, None, None, None)
    """
    if isinstance(value, bool | np.bool_):
        return None
    if not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def parsed_number(text: bytes | str) -> float | None:
    """A finite number written in plain digits, or None.

    Examples
    --------
    >>> parsed_number("-1.5e3"), parsed_number("1_000"), parsed_number("nan")
    (-1500.0, None, None)
    """
    try:
        number = float(text) if len(text) <= LONGEST_NUMBER else math.nan
    except ValueError:
        return None
    if not math.isfinite(number) or not text.isascii():
        return None
    return None if UNDERSCORE[type(text)] in text else number


def wanted_number(value: object) -> str:
    """What a score must be that a reader refuses: finite, or not that large.

    Examples
    --------
    >>> wanted_number("1.5"), wanted_number(float("nan")), wanted_number(1e308)
    ('a finite number', 'a finite number', 'at most 8.99e+307 in size')
    """
    found = parsed_number(value) if isinstance(value, str) else as_number(value)
    if found is None or abs(found) <= LARGEST:  # a number as text is none in JSON
        return "a finite number"
    return f"at most {LARGEST:.3g} in size"


def composed(name: str) -> str:
    """An id in Unicode's composed form (NFC), in which ids are compared.

    An accented letter may be one character, or a letter and an accent, which look
    alike; files from different systems would not share such ids.

    Examples
    --------
    >>> composed("cafe\u0301") == "caf\u00e9"
    True
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def all_composed(names: Iterable[str], repairs: dict[str, int] | None) -> list[str]:
    """Ids in Unicode's composed form; those that were not are counted."""
    given = list(names)
    # No letter combines with a line end, so that one look tells of most files
    if unicodedata.is_normalized("NFC", "\n".join(given)):
        return given
    found = [composed(name) for name in given]
    if repairs is not None:
        changed = sum(a != b for a, b in zip(given, found, strict=True))
        count(repairs, COMPOSED, changed)
    return found


def text_id(text: str) -> str:
    """The id made for a text: "t" and 16 hex digits of its SHA-256.

    The same text has the same id in every file. Nothing is normalised, so texts that
    differ by a blank are different documents.

    Examples
    --------
    >>> text_id("What is a manatee?")
    't0c0aeb9fe118d28a'
    """
    return "t" + hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(eq=False, slots=True)
class Ids:
    """Distinct ids of queries or documents, numbered in order of appearance.

    Attributes
    ----------
    what : str
        "query" or "document", for messages.
    source : Source
        Named in errors.
    repairs : dict of str to int
        Counts of what was repaired; shared with the reader.
    texts : dict of str to str
        The text of each id that has one.
    """

    what: str
    source: Source
    repairs: dict[str, int]
    texts: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, int] = field(default_factory=dict, repr=False)
    _ranked: tuple[Strings, Integers] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self._codes)

    def code(self, value: Any, line: int) -> int:
        """The code of an id.

        Raises
        ------
        FormatError
            If the value is no id; see `as_id`.
        """
        if type(value) is str:
            known = self._codes.get(value)
            if known is not None:
                return known
        return self._number(self._checked(value, line))

    def codes(self, values: Iterable[Any], line: int) -> list[int]:
        """The codes of several ids."""
        known = self._codes
        return [
            known[value]
            if type(value) is str and value in known
            else self.code(value, line)
            for value in values
        ]

    def of_text(self, text: Any, line: int, *, given: Any = None) -> int:
        """The code of a query or document with a text; without an id, one is made.

        Raises
        ------
        FormatError
            If the text is missing or blank, or another text has the same made id.
        """
        if not isinstance(text, str):
            raise self.source.fail(
                f"a {self.what} must be given as text, found {text!r}", line=line
            )
        if given is not None:
            name = self._checked(given, line)
            if self.texts.setdefault(name, text) != text:
                count(self.repairs, SECOND_TEXT)
            return self._number(name)
        if not text.strip():
            raise self.source.fail(
                f"a {self.what} with a blank text; its id is made from the text, so it "
                "must not be blank",
                line=line,
            )
        name = text_id(text)
        if self.texts.setdefault(name, text) != text:
            raise self.source.fail(
                f"two texts have the same made id {name!r}", line=line
            )
        return self._number(name)

    def name(self, code: int) -> str:
        """The id that has a code."""
        return next(name for name, known in self._codes.items() if known == code)

    def names(self) -> Strings:
        """All ids in the order of their codes."""
        return strings(list(self._codes))

    def ranked(self) -> tuple[Strings, Integers]:
        """All ids sorted by code point, and the position of each code among them."""
        if self._ranked is not None and len(self._ranked[1]) == len(self):
            return self._ranked
        names = self.names()
        order = pc.sort_indices(pa.array(names, pa.string())).to_numpy()
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        self._ranked = names[order], rank
        return self._ranked

    def _number(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def _checked(self, value: Any, line: int) -> str:
        name = as_id(value)
        if isinstance(value, str) and len(value) > LONGEST_ID:
            raise self.source.fail(too_long(value), line=line)
        if name is None:
            raise self.source.fail(
                odd_words(f"a {self.what} id", value)
                if isinstance(value, str) and value.strip()
                else f"a {self.what} id must be text without control characters, or a "
                f"whole number, found {value!r}",
                line=line,
            )
        if not isinstance(value, str):
            count(self.repairs, INTEGER_IDS)
        whole = composed(name)
        count(self.repairs, COMPOSED, whole != name)
        return whole
