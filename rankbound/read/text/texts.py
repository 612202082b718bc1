"""Texts of documents or queries: JSON lines with an id, or two tabbed columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

import orjson

from rankbound.read.contents import Contents, Format
from rankbound.read.fields import composed
from rankbound.read.source import Source, decoded

IDS = ("_id", "docno", "doc_id", "docid", "qid", "query_id")
TEXTS = ("text", "contents", "body")
# Searched one by one: a single pattern takes minutes on a long line of one letter
LETTER = re.compile(rb"[A-Za-z]")
BEFORE_WORD = re.compile(rb"\s\S")
AFTER_WORD = re.compile(rb"\S\s")
NUMBERS = re.compile(rb"[-+0-9.eE\s]*")

Row = tuple[str, str | None, str]


def read_json_texts(source: Source) -> Contents:
    """Read ``{"_id": ..., "title": ..., "text": ...}``, one object a line, as in BEIR.

    A title is put before its text, on a line of its own. Where rows have the key, the
    metadata count those whose title is not empty, as `titles`.

    Raises
    ------
    FormatError
        With path:line, on a line that is no such object or an id that stands twice.
    """
    return _read(source, "texts", _json_row)


def read_tabbed_texts(source: Source) -> Contents:
    """Read ``id TAB text`` lines: topics, or a collection as in MS MARCO.

    Raises
    ------
    FormatError
        With path:line, on a line of another form or an id that stands twice.
    """
    return _read(source, "topics", _tabbed_row)


def some_texts(source: Source, name: str, wanted: Collection[str]) -> dict[str, str]:
    """The texts of some ids, of a file of which nothing else is kept in memory.

    Parameters
    ----------
    source : Source
    name : {"texts", "topics"}
        Its format.
    wanted : collection of str
        Ids; those that the file does not hold are left out.

    Raises
    ------
    FormatError
        With path:line, on a line that holds no text.
    """
    found: dict[str, str] = {}
    for _, key, title, text in _rows(source, PARSERS[name], {}):
        if key in wanted and key not in found:
            found[key] = f"{title}\n{text}" if title else text
            if len(found) == len(wanted):
                break
    return found


def _rows(
    source: Source,
    parse: Callable[[Source, int, bytes], Row],
    repairs: dict[str, int],
) -> Iterator[tuple[int, str, str | None, str]]:
    for number, raw in source.lines(repairs):
        if raw:
            yield number, *parse(source, number, raw)


def _read(
    source: Source, name: str, parse: Callable[[Source, int, bytes], Row]
) -> Contents:
    repairs: dict[str, int] = {}
    texts: dict[str, str] = {}
    places: dict[str, int] = {}
    titles: list[bool] = []
    for number, key, title, text in _rows(source, parse, repairs):
        before = places.setdefault(key, number)
        if before != number:
            raise source.fail(
                f"id {key!r} stands a second time (first in line {before}); keep one "
                "of the two",
                line=number,
            )
        if title is not None:
            titles.append(bool(title))
        texts[key] = f"{title}\n{text}" if title else text
    if not texts:
        raise source.fail("holds no texts", line=1)
    metadata = {"titles": sum(titles)} if titles else {}
    return Contents(name, source.path, texts=texts, metadata=metadata, repairs=repairs)


def _json_row(source: Source, number: int, raw: bytes) -> Row:
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise source.fail(
            f"not a JSON object ({error.msg} in column {error.colno})", line=number
        ) from None
    if not isinstance(row, dict):
        raise source.fail(
            f"expected an object with an id and a text, found {type(row).__name__}",
            line=number,
        )
    key, text = _first(row, IDS), _first(row, TEXTS)
    title = row.get("title", "") or ""
    whole = isinstance(key, int) and not isinstance(key, bool)
    good = (whole or (isinstance(key, str) and key.strip())) and isinstance(title, str)
    if not good or not isinstance(text, str):
        raise source.fail(
            f"expected an id ({', '.join(IDS)}) and a text ({', '.join(TEXTS)}), found "
            f"the keys {[*row]}",
            line=number,
        )
    return composed(str(key)), title.strip() if "title" in row else None, text.strip()


def _first(row: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((row[name] for name in names if name in row), None)


def _tabbed_row(source: Source, number: int, raw: bytes) -> Row:
    key, separator, text = raw.partition(b"\t")
    if not (separator and key.strip()):
        raise source.fail("expected an id, a tab and a text", line=number)
    name, words = (decoded(one.strip(), source.path, number) for one in (key, text))
    return composed(name), None, words


PARSERS: Final[dict[str, Callable[[Source, int, bytes], Row]]] = {
    "texts": _json_row,
    "topics": _tabbed_row,
}


def _head_lines(source: Source) -> Iterator[bytes]:
    """Whole lines of the head that are not blank."""
    lines = source.head.split(b"\n")
    whole = lines[:-1] if len(lines) > 1 else lines
    return (line.rstrip(b"\r") for line in whole if line.strip())


def _sniff_json(source: Source) -> str | None:
    first = next(_head_lines(source), b"")
    try:
        row = orjson.loads(first)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict):
        return None
    found = [next((n for n in names if n in row), None) for names in (IDS, TEXTS)]
    if None in found or not isinstance(row[found[1]], str):
        return None
    return f"lines of objects with {found[0]} and {found[1]}"


def _sniff_tabbed(source: Source) -> str | None:
    lines = list(_head_lines(source))
    if not lines or any(line.count(b"\t") != 1 for line in lines):
        return None
    parted = [line.split(b"\t") for line in lines]
    keys = [key.strip() for key, _ in parted]
    if not all(keys):
        return None
    numbers = (NUMBERS.fullmatch(text) for _, text in parted)
    wordy = sum(_has_words(text) for _, text in parted)
    if any(b" " in key for key in keys) or all(numbers) or 2 * wordy < len(lines):
        return None
    return "2 columns parted by one tab: id, text"


def _has_words(text: bytes) -> bool:
    """Whether it is two words or more, one with a letter, and so no id or number."""
    letters = [found.start() for found in LETTER.finditer(text)]
    if not letters:
        return False
    begins = [found.start() for found in BEFORE_WORD.finditer(text)]
    ended = AFTER_WORD.search(text)
    return (bool(begins) and letters[0] < begins[-1]) or (
        ended is not None and letters[-1] > ended.start() + 1
    )


FORMATS = (
    Format(
        "texts",
        "texts, one JSON object a line: id, title, text",
        (),
        _sniff_json,
        read_json_texts,
        keeps=("texts",),
    ),
    Format(
        "topics",
        "texts, two tabbed columns: id, text",
        (),
        _sniff_tabbed,
        read_tabbed_texts,
        keeps=("texts",),
    ),
)
