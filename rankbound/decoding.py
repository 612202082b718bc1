"""Decode a JSON file as a type, and say in one line what is wrong with it, and where.

For broken JSON the message gives the byte; for a value of a wrong type, its place in
the file, such as ``$.students['tasb'].risk``.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec

from rankbound.errors import FormatError
from rankbound.memory import check_holding

Found = TypeVar("Found", bound=msgspec.Struct)
REMEDY: Final = "run the command again with this version"
WIDENED: Final = 4  # bytes of memory for one of a file of results
# A step of a place inside a file, as msgspec writes it
STEP: Final = re.compile(r"\[\.\.\.\]|\[\d+\]|\.[^.\[]+")
PLACE: Final = re.compile(r" - at `\$(.*?)`(?= - at `|$)")
TYPES: Final = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "null",
    "object": "an object",
    "str": "text",
}


class _Tagged(msgspec.Struct):
    """What all results have in common."""

    schema: str


class _TwiceError(Exception):
    """An object holds a key more than once."""


def decoded(path: Path, kind: type[Found]) -> Found:
    """Decode a JSON file as a type.

    Raises
    ------
    FormatError
        With the byte at which JSON breaks, or the place whose type is wrong.
    """
    try:
        fail = partial(FormatError, path)
        check_holding(WIDENED * path.stat().st_size, "reading it", fail)
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(path, f"cannot be read ({error.strerror})") from None
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return _as(kind, data)
    except msgspec.ValidationError as error:
        said = _misfit(data, kind, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        said = _broken(data, error)
    raise FormatError(path, f"{said}; {REMEDY}")


def schema_in(path: Path) -> str:
    """The schema that a JSON file names, or the first object of its list; else none.

    Examples
    --------
    >>> schema_in(Path("no-such-file.json"))
    ''
    """
    try:
        check_holding(WIDENED * path.stat().st_size, "reading it", ValueError)
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        found = msgspec.json.decode(data, type=_Tagged | list[_Tagged])
    except (OSError, ValueError, RecursionError):
        return ""
    if isinstance(found, list):
        return found[0].schema if found else ""
    return found.schema


def fitting(plain: object, kind: Any, where: str) -> Any:
    """A value as a type; a ValueError says what does not fit, and where."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        message, outer, inner = _apart(str(error))
        place = where + outer + inner
        raise ValueError(f"{message} - at `${place}`" if place else message) from None


def _as(kind: type[Found], data: bytes) -> Found:
    return msgspec.json.decode(data, type=kind, dec_hook=_from_plain)


def _from_plain(kind: Any, plain: Any) -> Any:
    """A value of a type that msgspec does not know, from what a file holds."""
    return get_origin(kind).from_plain(*get_args(kind), plain)


def _apart(said: str) -> tuple[str, str, str]:
    """Split a message of msgspec: the text, the place, and the place within a hook."""
    inner = PLACE.findall(said)
    outer = inner.pop() if inner else ""
    return PLACE.sub("", said), outer, "".join(reversed(inner))


def _broken(data: bytes, error: Exception) -> str:
    """Say where the JSON is broken."""
    try:
        data.decode()
    except UnicodeDecodeError as unreadable:
        return f"cannot be read as JSON (not UTF-8, at byte {unreadable.start})"
    if isinstance(error, RecursionError):
        where = "nested too deeply"
    elif isinstance(error, json.JSONDecodeError):
        byte = len(error.doc[: error.pos].encode())
        where = f"{error.msg}, at byte {byte}"
    elif f"{error}" == "Input data was truncated":
        where = f"it ends too early, at byte {len(data)}"
    else:
        said = f"{error}".removeprefix("JSON is malformed: ")
        where = re.sub(r" \((byte \d+)\)$", r", at \1", said)
    return f"cannot be read as JSON ({where})"


def _misfit(data: bytes, kind: type[msgspec.Struct], said: str) -> str:
    """Say what does not fit its type, unless the JSON is broken further on."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
        # Numbers stay text: one out of range would break what is encoded again
        content = json.loads(
            data.decode(),
            parse_float=_raw,
            parse_int=_raw,
            object_pairs_hook=_once,
        )
    except _TwiceError as error:
        return f"holds the key {error} twice in one object"
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _broken(data, error)
    message, place, inner = _apart(said)
    if place == ".schema" and message.startswith("Invalid value"):
        wanted, there = kind.__struct_config__.tag, content["schema"]
        return f"expected the schema {wanted!r}, found {there!r}"
    exact = _exactly(content, kind, said, place) + inner
    told = _worded(message)
    # The whole file needs no place
    return f"{exact}: {told}" if exact != "$" else told


def _raw(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(repr(key))
        found[key] = value
    return found


def _worded(message: str) -> str:
    """What does not fit, in plain words.

    Examples
    --------
    >>> _worded("Expected `float | null`, got `str`")
    'expected a number or null, got text'
    >>> _worded("Object missing required field `risk`")
    "lacks 'risk'"
    """
    if lacking := re.fullmatch(r"Object missing required field `(.*)`", message):
        return f"lacks {lacking[1]!r}"
    if message.endswith("out of range"):
        return "the number is too large"
    if message == "Expected `int`, got `float`":
        return "expected a whole number, got one with a fraction"
    if unknown := re.fullmatch(r"Invalid (?:enum )?value (.*)", message):
        return f"unknown value {unknown[1]}"
    if message.startswith("Expected "):
        message = re.sub("`([a-z |]*)`", _type_words, message)
        return message[0].lower() + message[1:]
    return message


def _type_words(found: re.Match[str]) -> str:
    return " or ".join(TYPES.get(name, name) for name in found[1].split(" | "))


def _exactly(content: Any, kind: type[msgspec.Struct], said: str, place: str) -> str:
    """The place with the key in place of every ``[...]``.

    msgspec does not say which key of a mapping is meant, so each is tried alone.
    """
    named, inside = "$", content
    for step in STEP.findall(place):
        if step == "[...]":
            key = next(k for k in [*inside] if _fails(content, inside, k, kind, said))
            named, inside = f"{named}[{key!r}]", inside[key]
        else:
            where = int(step[1:-1]) if step.startswith("[") else step[1:]
            named, inside = named + step, inside[where]
    return named


def _fails(
    content: Any,
    inside: dict[str, object],
    key: str,
    kind: type[msgspec.Struct],
    said: str,
) -> bool:
    """Whether one key of a mapping is to blame; if so, the others are removed."""
    others = dict(inside)
    inside.clear()
    inside[key] = others[key]
    try:
        # `convert` might find another mistake first
        _as(kind, msgspec.json.encode(content))
    except msgspec.ValidationError as error:
        if str(error) == said:
            return True
    inside.clear()
    inside.update(others)
    return False
