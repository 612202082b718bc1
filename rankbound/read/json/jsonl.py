"""Files of JSON lines: one record a line, read as a stream, checked by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from rankbound.errors import FormatError
from rankbound.read.fields import as_number
from rankbound.read.json.arrays import elements, is_array
from rankbound.read.json.building import Builder
from rankbound.read.source import Source

# The first record is read whole to tell the format, up to this size
LONGEST_FIRST: Final = 1 << 22
LOOKUP: Final = re.compile(
    rb'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*-?\d'
)


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file, for reading its fields with errors that name the line.

    Attributes
    ----------
    builder : Builder
    line : int
    fields : dict
    """

    builder: Builder
    line: int
    fields: dict[str, Any]

    def __contains__(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def fail(self, message: str) -> FormatError:
        """The error to raise about this line."""
        return self.builder.fail(message, self.line)

    def need(self, *keys: str) -> None:
        """Raise unless all of these keys are there."""
        lacking = [key for key in keys if self.fields.get(key) is None]
        if lacking:
            raise self.fail(
                f"expected an object with {', '.join(keys)}; {', '.join(lacking)} "
                f"lacks, found the keys {[*self.fields]}"
            )

    def listed(
        self, key: str, *, otherwise: str = "put a single one in brackets"
    ) -> list[Any]:
        """A field that must be a list.

        Raises
        ------
        FormatError
            With the remedy, or what would go wrong, as `otherwise` says it.
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
        """A list with one entry for each of `size` others, described by `of`."""
        values = self.listed(key)
        if len(values) != size:
            raise self.fail(
                f"{key} has {len(values)} entries for {size} {of}; there must be one "
                "for each"
            )
        return values

    def number(self, value: Any, what: str) -> float:
        """A finite number."""
        number = as_number(value)
        if number is None:
            raise self.fail(f"{what} must be a finite number, found {_short(value)}")
        return number

    def query(self, key: str) -> int:
        """The code of the query whose id a field holds."""
        return self.builder.query(self.fields[key], self.line)

    def documents(self, values: Iterable[Any]) -> list[int]:
        """Codes of document ids."""
        return self.builder.documents(values, self.line)

    def document_texts(self, values: Iterable[Any]) -> list[int]:
        """Codes of documents that are given by their texts."""
        return [self.builder.document_text(value, self.line) for value in values]


def records(builder: Builder) -> Iterator[tuple[int, Any]]:
    """Line numbers and parsed lines of a file; what is passed over is counted.

    An array of objects counts as its elements.

    Raises
    ------
    FormatError
        On an empty file, or a line that is no JSON.
    """
    source = builder.source
    if source.head.startswith(b"\x93NUMPY"):
        raise source.fail("is a NumPy array, and text is expected here")
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
    """Records that must be JSON objects, with `keys` as a message describes them."""
    wanted = f"an object with {keys}" if keys else "a JSON object"
    for number, record in records(builder):
        if not isinstance(record, dict):
            found = type(record).__name__
            raise builder.fail(f"expected {wanted}, found {found}", number)
        yield Row(builder, number, record)


def first_record(source: Source) -> Any:
    """The first line or element, parsed, for telling the format; else None."""
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


def first_object(source: Source) -> dict[str, Any]:
    """As `first_record`, with an empty object for everything that is no object."""
    record = first_record(source)
    return record if isinstance(record, dict) else {}


def write_records(path: Path, found: Iterable[Any]) -> None:
    """Write records, one JSON text a line."""
    with path.open("wb") as stream:
        for record in found:
            stream.write(orjson.dumps(record))
            stream.write(b"\n")


def _parsed(source: Source, line: bytes, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise source.fail(
            f"not a JSON object ({error.msg} in column {error.colno})", line=number
        ) from None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
