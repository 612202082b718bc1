"""JSON lines: records, checks of their fields, and formats that consist of them.

A file with one JSON array of objects counts as lines, too; it is how `json.dump` writes
a list. A `RowFormat` says what a record means, whether it comes from lines, from a row
of a table or from a Python object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import orjson
import pyarrow as pa

from rankbound.errors import FormatError
from rankbound.memory import (
    LONGEST_LINE,
    LONGEST_NUMBER,
    check_json,
    has_long_number,
    refuse_line,
)
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import as_number
from rankbound.read.json.blocks import Unsure
from rankbound.read.json.building import Builder
from rankbound.read.source import BOM, MARK, NUMPY_MAGIC, Source, count, decoded
from rankbound.read.tables.containers import container, first_row, open_table
from rankbound.read.tables.layouts import plain, recognise

T = TypeVar("T")
# The first record is read whole to detect the format, up to this many bytes
LONGEST_FIRST: Final = 1 << 22
LOOKUP: Final = re.compile(
    rb'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*-?\d'
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file; its methods read fields and name the line in errors.

    ``key in row`` is False for a field that is missing or null.

    Attributes
    ----------
    builder : Builder
        Receives the record.
    line : int
        Counted from 1.
    fields : mapping
        The record as it was parsed.
    """

    builder: Builder
    line: int
    fields: Mapping[str, object]

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def fail(self, message: str) -> FormatError:
        """An error about this line, to be raised."""
        return self.builder.fail(message, self.line)

    def need(self, *keys: str) -> None:
        """Check that all of these fields are present and not null.

        Raises
        ------
        FormatError
            Naming the missing fields and the keys that were found.
        """
        lacking = [key for key in keys if self.fields.get(key) is None]
        if lacking:
            raise self.fail(
                f"expected an object with {', '.join(keys)}; the keys "
                f"{[*self.fields]} lack {', '.join(lacking)}"
            )

    def listed(
        self, key: str, *, otherwise: str = "put a single one in brackets"
    ) -> list[Any]:
        """A field that must be a list.

        Raises
        ------
        FormatError
            If it is no list; `otherwise` ends the message with a remedy.
        """
        values = self.fields.get(key)
        if not isinstance(values, list):
            found = (
                "nothing"
                if values is None
                else f"{type(values).__name__} {_short(values)}"
            )
            raise self.fail(f"{key} must be a list, found {found}; {otherwise}")
        return values

    def parallel(self, key: str, size: int, of: str) -> list[Any]:
        """A list with one entry for each of the `size` items that `of` describes."""
        values = self.listed(key)
        if len(values) != size:
            raise self.fail(
                f"{key} has {len(values)} entries for {size} {of}; there must be one "
                "for each"
            )
        return values

    def nested(self, value: Any, kind: type[T], rule: str) -> T:
        """An object inside the record, as a `msgspec.Struct`.

        Raises
        ------
        FormatError
            With the rule that it breaks, and the value.
        """
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            raise self.fail(f"{rule}, found {value!r:.60}") from None

    def number(self, value: Any, what: str) -> float:
        """A finite number."""
        number = as_number(value)
        if number is None:
            raise self.fail(f"{what} must be a finite number, found {_short(value)}")
        return number

    def query(self, key: str) -> int:
        """The code of the query whose id is in a field."""
        return self.builder.query(self.fields[key], self.line)

    def documents(self, values: Iterable[Any]) -> list[int]:
        """The codes of document ids."""
        return self.builder.documents(values, self.line)

    def document_texts(self, values: Iterable[Any]) -> list[int]:
        """The codes of documents that are given by their texts."""
        return [self.builder.document_text(value, self.line) for value in values]


Numbered = tuple[int, Mapping[str, Any]]


def records(builder: Builder) -> Iterator[tuple[int, Any]]:
    """The records of a file with their line numbers.

    These are its lines, or the elements of its only array. What is skipped is counted
    in the builder's `repairs`.

    Raises
    ------
    FormatError
        For an empty file, or a line that is not JSON.
    """
    source = builder.source
    if source.head.startswith(NUMPY_MAGIC):
        raise source.fail("is a NumPy array, but text is expected here")
    if is_array(source):
        yield from elements(source, builder.repairs)
        return
    empty = True
    for number, line in source.lines(builder.repairs):
        if line:
            empty = False
            yield number, _parsed(source, line, number)
    if empty:
        raise source.fail("the file is empty", line=1)


def rows(builder: Builder, keys: str = "") -> Iterator[Row]:
    """The records of a file, which must be objects; `keys` describes them in errors."""
    wanted = f"an object with {keys}" if keys else "a JSON object"
    for number, record in records(builder):
        if not isinstance(record, dict):
            found = type(record).__name__
            raise builder.fail(f"expected {wanted}, found {found}", number)
        yield Row(builder, number, record)


def first_record(source: Source) -> Any:
    """The first line or element, parsed, to detect the format; None if it is broken.

    It is parsed once for all formats that look at it, and is not to be changed.
    """
    if first_record not in source.known:
        source.known[first_record] = _first_record(source)
    return source.known[first_record]


def _first_record(source: Source) -> Any:
    if source.is_folder or source.head.lstrip()[:1] not in (b"{", b"["):
        return None
    if is_array(source):
        return _first_element(source)
    line = source.head.lstrip().partition(b"\n")[0]
    if b"\n" not in source.head.lstrip() and not LOOKUP.match(line):
        with source.stream() as stream:
            line = stream.read(LONGEST_FIRST).lstrip().partition(b"\n")[0]
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _first_element(source: Source) -> Any:
    try:
        return next(elements(source, {}))[1]
    except FormatError:
        return None


def first_object(source: Source) -> Mapping[str, object]:
    """The first record if it is an object, otherwise an empty one."""
    record = first_record(source)
    return record if isinstance(record, dict) else {}


def write_records(path: Path, found: Iterable[object]) -> None:
    """Write records as JSON, one a line."""
    with path.open("wb") as stream:
        for record in found:
            stream.write(
                orjson.dumps(
                    record,
                    default=msgspec.to_builtins,
                    option=orjson.OPT_APPEND_NEWLINE,
                )
            )


def _parsed(source: Source, line: bytes, number: int) -> Any:
    check_json(line, source.fail, number)
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise source.fail(
            f"not a JSON object ({error.msg} in column {error.colno})", line=number
        ) from None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# One JSON array of objects

ARRAY: Final = re.compile(rb"\s*\[\s*\{")
NOT_BLANK: Final = re.compile(r"[^ \t\r\n]")
CLOSED: Final = re.compile(r"\}")
LONGEST_VALUE: Final = 1 << 23  # of a table that is read in pieces
FAR: Final = 1 << 16  # characters that are looked at to tell what begins
FINDER: Final = json.JSONDecoder(parse_int=float)  # int() refuses very many digits


def is_array(source: Source) -> bool:
    """Whether a file begins as an array of objects."""
    return not source.is_folder and ARRAY.match(source.head) is not None


def elements(source: Source, repairs: dict[str, int]) -> Iterator[tuple[int, Any]]:
    """The elements of an array, with the line in which each begins.

    The text is taken piece by piece, so that the array is never held as a whole.

    Parameters
    ----------
    source : Source
    repairs : dict
        Counts what is skipped.

    Raises
    ------
    FormatError
        With path:line, where the text is not JSON, ends inside the array, or goes on
        behind it.
    """
    text = JsonText(source, repairs)
    text.take("[")
    while True:
        text.go_on()
        yield text.line, text.element()
        if text.take("],") == "]":
            break
    text.skip()
    if not text.is_over:
        raise source.fail(
            "text follows the end of the JSON array; a file holds one array",
            line=text.line,
        )


def entries(source: Source, repairs: dict[str, int]) -> Iterator[tuple[str, Any]]:
    """The keys and values of the only object in a file, one after another.

    The values are those of `json.loads`, and the object is never held as a whole.

    Raises
    ------
    Unsure
        For a key that stands twice in one object, and a very long number.
    FormatError
        Where the text is not JSON, ends inside the object, or goes on behind it.
    """
    text = JsonText(source, repairs)
    for key in text.members():
        yield key, text.value()
    text.end()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise Unsure
    return table


WHOLE: Final = json.JSONDecoder(object_pairs_hook=_once)
PIECE: Final = 1 << 20


def _pieces(source: Source, repairs: dict[str, int]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers as `Source.lines` gives them, long ones in pieces.

    The last piece of each ends with a line end.
    """
    count(repairs, MARK, source.has_mark)
    number, begins, left = 1, True, b""
    with source.stream() as stream:
        while True:
            read = stream.readline(PIECE)
            piece, left = left + read, b""
            if not piece:
                return
            ended = piece.endswith(b"\n") or not read
            if begins and piece.startswith(BOM):  # files with marks were joined
                count(repairs, MARK)
                piece = piece.removeprefix(BOM)
            count(repairs, "CRLF line ends", piece.endswith(b"\r\n"))
            count(repairs, "blank lines", begins and ended and not piece.strip())
            if ended:
                yield number, piece.rstrip(b"\r\n") + b"\n"
                number += 1
            else:  # no character is divided
                at = max(0, len(piece) - 3)
                cut = next((i for i in range(at, len(piece)) if piece[i] >= 0xC0), None)
                piece, left = piece[:cut], b"" if cut is None else piece[cut:]
                yield number, piece
            begins = ended


class JsonText:
    """The text of a file from the current place on, as far as it was read.

    Parameters
    ----------
    source : Source
    repairs : dict
        Counts what is skipped.
    """

    def __init__(self, source: Source, repairs: dict[str, int]) -> None:
        self._source = source
        self._pieces = _pieces(source, repairs)
        self._text, self._place, self.line = "", 0, 1

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of what was read."""
        return self._place >= len(self._text)

    def skip(self) -> None:
        """Go to the next character that is not blank."""
        while True:
            found = NOT_BLANK.search(self._text, self._place)
            self._move(len(self._text) if found is None else found.start())
            if not self.is_over or not self._more(1):
                return

    def go_on(self) -> None:
        """Go to the next character that is not blank, which must exist."""
        before = self.line
        self.skip()
        if self.is_over:
            raise self._source.fail(
                "the JSON array is cut: the file ends inside it; copy or write it "
                "again",
                line=before,
            )

    def take(self, wanted: str) -> str:
        """Pass the next character, which must be among those `wanted`."""
        self.go_on()
        found = self._text[self._place]
        if found not in wanted:
            raise self._fail(
                f"expected {' or '.join(wanted)} in a JSON array, found {found!r}"
            )
        self._move(self._place + 1)
        return found

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; the caller passes each value.

        Raises
        ------
        Unsure
            For a key that stands twice.
        """
        self.take("{")
        seen = set[str]()
        self.go_on()
        if self.begins(CLOSED):
            self.take("}")
            return
        while True:
            self.go_on()
            key = self.value()
            if not isinstance(key, str) or key in seen:
                raise Unsure
            seen.add(key)
            self.take(":")
            self.go_on()
            yield key
            if self.take("},") == "}":
                return

    def begins(self, pattern: re.Pattern[str]) -> bool:
        """Whether the next 64 KiB begin as a pattern says."""
        if len(self._text) - self._place < FAR:
            self._more(FAR)
        end = self._place + FAR
        return pattern.match(self._text, self._place, end) is not None

    def end(self) -> None:
        """Raise `Unsure` unless nothing follows."""
        self.skip()
        if not self.is_over:
            raise Unsure

    def cells(self) -> Iterator[str]:
        """The values in the array or object that begins here, some at a time.

        They are no arrays and objects themselves; whoever parses a piece finds out.
        """
        close = {"{": "}", "[": "]"}[self.take("{[")]
        while True:
            stop = self._text.find(close, self._place)
            if stop < 0:
                stop = self._last_comma(keyed=close == "}")
                if stop > self._place:
                    yield self._text[self._place : stop]
                    self._move(stop + 1)
                if not self._goes_on():
                    raise Unsure
                continue
            yield self._text[self._place : stop]
            self._move(stop + 1)
            return

    def _goes_on(self) -> bool:
        """Read another piece; whether there was something left.

        Raises
        ------
        Unsure
            Where a value is very long.
        """
        if len(self._text) - self._place > LONGEST_VALUE:
            raise Unsure
        return self._more(PIECE)

    def _last_comma(self, *, keyed: bool) -> int:
        """The last comma that probably stands between two values; -1 without one."""
        if keyed:
            return max(self._text.rfind(mark, self._place) for mark in (',"', ', "'))
        quoted = self._text.find('"', self._place) >= 0
        found = self._text.rfind('",' if quoted else ",", self._place)
        return found + 1 if quoted and found >= 0 else found

    def rows(self, end: str, close: str) -> Iterator[str]:
        """The arrays or objects in the one that begins here, some at a time.

        Parameters
        ----------
        end : str
            The mark at the end of each.
        close : str
            The marks after the last one, with which the file ends.
        """
        self.take("{[")
        while self._goes_on():
            stop = self._text.rfind(f"{end},", self._place) + 1
            if stop > self._place:
                yield self._text[self._place : stop]
                self._move(stop + 1)
        text = self._text[self._place :]
        for mark in reversed(close):
            text = text.rstrip(" \t\r\n")
            if not text.endswith(mark):
                raise Unsure
            text = text[:-1]
        yield text
        self._move(len(self._text))

    def element(self) -> Any:
        """The value that begins here."""
        _, end = self._found(FINDER)
        return self._parsed(end)

    def value(self) -> Any:
        """The value that begins here, as `json.loads` gives it.

        Raises
        ------
        Unsure
            For a key that stands twice in one object, and a very long number.
        """
        value, end = self._found(WHOLE)
        if has_long_number(self._text[self._place : end].encode("utf-8", "replace")):
            raise Unsure
        self._move(end)
        return value

    def _found(self, decoder: json.JSONDecoder) -> tuple[Any, int]:
        """The value that begins here, and where it ends."""
        size = 1 << 16
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                # The element may go on in the next lines; read twice as much each time
                place = error.pos - self._place
                if not self._more(size):
                    raise self._broken(error.msg, place) from None
                size *= 2
                continue
            except RecursionError:
                raise self._fail("nested too deeply for a record") from None
            except ValueError:  # a number of more digits than int() takes
                raise Unsure from None
            short = end - self._place <= LONGEST_NUMBER
            number = isinstance(value, int | float)
            if end == len(self._text) and (short or not number) and self._more(size):
                continue  # a number may go on
            return value, end

    def _parsed(self, end: int) -> Any:
        piece = self._text[self._place : end].encode("utf-8")
        check_json(piece, self._source.fail, self.line)
        try:
            value = orjson.loads(piece)
        except orjson.JSONDecodeError as error:
            raise self._fail(f"not JSON ({error.msg})") from None
        self._move(end)
        return value

    def _move(self, place: int) -> None:
        self.line += self._text.count("\n", self._place, place)
        self._place = place

    def _more(self, size: int) -> bool:
        """Read about `size` more characters; whether there was something left."""
        if len(self._text) - self._place > LONGEST_LINE:
            refuse_line(self._source.fail, self.line)
        added: list[str] = []
        length = 0
        for number, piece in self._pieces:
            added.append(decoded(piece, self._source.path, number))
            length += len(added[-1])
            if length >= size:
                break
        self._text = self._text[self._place :] + "".join(added)
        self._place = 0
        return bool(added)

    def _broken(self, reason: str, place: int) -> Exception:
        if place >= len(self._text.rstrip()) or "Unterminated" in reason:
            return self._fail(
                "the JSON array is cut: the file ends inside this record; copy or "
                "write it again"
            )
        line = self.line + self._text.count("\n", 0, place)
        return self._source.fail(f"not JSON ({reason})", line=line)

    def _fail(self, message: str) -> Exception:
        return self._source.fail(message, line=self.line)


# Formats of records

BATCH = 1024


@dataclass(frozen=True, slots=True)
class RowFormat:
    """A format whose records are objects with keys.

    Attributes
    ----------
    name, title, parts, write, keeps
        As in `rankbound.read.contents.Format`.
    matches : callable
        Takes the first record and returns the evidence as a phrase, or None.
    read_rows : callable
        Takes a builder and its rows and returns `Contents`. For rows that do not come
        from lines, `Row.line` counts the rows from 1.
    configure : callable or None
        As in `Format`, but returns a `RowFormat`.
    marks : bool
        Whether the format says which documents are positives.
    keys : frozenset of str
        The keys that a record of this format may give a meaning to; a record in which
        other keys hold documents, labels or scores is of another format. Empty if the
        format is alone in having its keys.
    others : callable or None
        Takes a `Source` that holds neither JSON nor a table, and counters of what is
        passed over; yields its records with their lines, of text with a header.
    """

    name: str
    title: str
    parts: tuple[str, ...]
    matches: Callable[[Mapping[str, Any]], str | None]
    read_rows: Callable[[Builder, Iterable[Row]], Contents]
    write: Callable[[Contents, Path], None] | None = None
    keeps: tuple[str, ...] = ()
    configure: Callable[[str], RowFormat] | None = None
    marks: bool = True
    keys: frozenset[str] = frozenset()
    others: Callable[[Source, dict[str, int]], Iterator[Numbered]] | None = None

    def builder(self, source: Source) -> Builder:
        """An empty builder for this format."""
        return Builder(source, marks=self.marks)

    def read(self, source: Source) -> Contents:
        """Read a file of JSON lines, or a table."""
        if container(source) is not None:
            return self.read_records(source, table_records(open_table(source).table))
        builder = self.builder(source)
        if self.others is not None and not _is_json(source):
            found = self.others(source, builder.repairs)
            return self._read(builder, (Row(builder, *one) for one in found))
        return self._read(builder, rows(builder))

    def read_records(
        self, source: Source, records: Iterable[Mapping[str, Any]]
    ) -> Contents:
        """Read records from elsewhere, numbered from 1."""
        builder = self.builder(source)
        numbered = enumerate(records, start=1)
        return self._read(
            builder, (Row(builder, number, found) for number, found in numbered)
        )

    def _read(self, builder: Builder, found: Iterable[Row]) -> Contents:
        watched = Watched()
        contents = self.read_rows(builder, watched.over(found))
        return contents.with_unused(watched.unused())

    def sniff(self, source: Source) -> str | None:
        """The evidence that a file is of this format, or None."""
        record = first_record_of(source)
        if not record and self.others is not None and not _is_json(source):
            record = _first(self.others(source, {}))
        found = self.matches(record)
        if found is None or not self.keys:
            return found
        layout = recognise(schema_of_record(record))
        meant = set() if layout is None else {*map(plain, layout.columns)}
        return found if meant <= self.keys else None

    def as_format(self) -> Format:
        """The file format whose lines are such records."""
        configure = self.configure
        return Format(
            self.name,
            self.title,
            self.parts,
            self.sniff,
            self.read,
            self.write,
            self.keeps,
            None if configure is None else lambda text: configure(text).as_format(),
        )


def _is_json(source: Source) -> bool:
    return source.is_folder or source.head.lstrip()[:1] in (b"{", b"[")


def _first(found: Iterator[Numbered]) -> Mapping[str, Any]:
    try:
        return next(found, (1, {}))[1]
    except FormatError:
        return {}


WATCHED: Final = 64  # records whose keys are watched, as many as tell them all


class Watched:
    """The keys of the first records, and which of them a reader asks for."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self._asked: set[object] = set()

    def over(self, found: Iterable[Row]) -> Iterator[Row]:
        """The rows, of which the first are watched."""
        for place, row in enumerate(found):
            if place < WATCHED:
                self._seen.update(dict.fromkeys(row.fields))
                yield Row(row.builder, row.line, Asked(row.fields, self._asked))
            else:
                yield row

    def unused(self) -> list[str]:
        """The keys that nobody asked for."""
        return [key for key in self._seen if key not in self._asked]


class Asked(dict[str, object]):
    """A record that remembers the keys that it is asked for."""

    def __init__(self, fields: Mapping[str, object], asked: set[object]) -> None:
        super().__init__(fields)
        self._asked = asked

    def __getitem__(self, key: str) -> object:
        self._asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, which counts as asked for."""
        self._asked.add(key)
        return super().get(key, default)


def schema_of_record(record: Mapping[str, object]) -> Any:
    """The columns that a record has as a row of a table; all ids count as text.

    Examples
    --------
    >>> schema_of_record({"qid": 7, "doc_ids": ["a"], "score": 0.5}).types
    [DataType(string), ListType(list<item: string>), DataType(double)]
    """
    kinds: dict[type, Any] = {float: pa.float64(), bool: pa.bool_()}
    return pa.schema(
        [
            (name, pa.list_(pa.string()))
            if isinstance(value, list)
            else (name, kinds.get(type(value), pa.string()))
            for name, value in record.items()
            if not isinstance(value, dict)
        ]
    )


def first_record_of(source: Source) -> Mapping[str, object]:
    """The first record of JSON lines or of a table; empty for any other content."""
    if container(source) is None:
        return first_object(source)
    return first_row(source)


def table_records(table: Any) -> Iterator[Mapping[str, object]]:
    """The rows of an Arrow table as objects, converted in batches."""
    for batch in table.to_batches(max_chunksize=BATCH):
        yield from batch.to_pylist()
