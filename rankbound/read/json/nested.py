"""Lookups of scores in other shapes than ``{qid: {docno: score}}``.

The documents of a query may be pairs (``[[docno, score], ...]``), objects (``[{"docno":
..., "score": ...}, ...]``), two lists (``{"docs": [...], "scores": [...]}``) or an
object of objects (``{docno: {"score": ..., "rank": ...}}``). Queries may be the keys of
one object, or come one a line, as ``{qid: ...}`` or as ``{"qid": ..., "scores": ...}``.

Predictions of MTEB are lookups by subset and split, ``{subset: {split: {qid: {docno:
score}}}}``, beside a key that names the model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import orjson

from rankbound.errors import FormatError, UsageError
from rankbound.memory import check_json
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import as_id, as_number
from rankbound.read.json.blocks import Unsure
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import JsonText, entries, first_object, records
from rankbound.read.json.tables import found_in
from rankbound.read.source import MARK, Source, text_of
from rankbound.read.tables.layouts import (
    DOCUMENT,
    LISTED,
    QUERY,
    SCORE,
    SCORES,
    plain,
)

NAME: Final = "lookup-lists"
IDS: Final = (*LISTED, "docs", "documents", "ids", "pids")
HELD: Final = (
    *("scores", "results", "docs", "documents", "candidates", "hits", "ranking", "run"),
)
DOCNO: Final = (*DOCUMENT, "docid", "id")
FIRST: Final = re.compile(rb'\s*\{\s*("(?:[^"\\]|\\.)*")\s*:\s*')
LONGEST: Final = 1 << 22

Pair = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Entries:
    """The scored documents of a query, how they are written, and unused keys."""

    shape: str
    pairs: Sequence[Pair]
    unused: tuple[str, ...] = ()


def entries_of(value: Any) -> Entries | None:
    """The documents and scores that a value holds, or None for another shape.

    Examples
    --------
    >>> entries_of([["d1", 2.5], ["d2", 1.0]]).pairs
    [('d1', 2.5), ('d2', 1.0)]
    >>> entries_of({"docs": ["d1"], "scores": [2.5]}).shape
    'two lists'
    """
    if isinstance(value, list):
        return _of_list(value)
    return _of_object(value) if isinstance(value, dict) and value else None


def _of_list(values: list[Any]) -> Entries | None:
    if not values:
        return None
    if all(isinstance(one, list) and len(one) == 2 for one in values):
        good = all(as_id(one) is not None for one, _ in values)
        scored = all(as_number(score) is not None for _, score in values)
        pairs = [(one, score) for one, score in values]
        return Entries("pairs", pairs) if good and scored else None
    if not all(isinstance(one, dict) for one in values):
        return None
    document, score = _key(values[0], DOCNO), _key(values[0], SCORE)
    if document is None or score is None:
        return None
    if not all(document in one and score in one for one in values):
        return None
    unused = tuple(key for key in values[0] if key not in (document, score))
    return Entries("objects", [(one[document], one[score]) for one in values], unused)


def _of_object(value: Mapping[str, object]) -> Entries | None:
    documents, scores = _key(value, IDS), _key(value, SCORES)
    if documents is not None and scores is not None:
        return _of_two_lists(value, documents, scores)
    if all(as_number(score) is not None for score in value.values()):
        return Entries("numbers", [*value.items()])
    inner = {docno: one for docno, one in value.items() if isinstance(one, dict)}
    if len(inner) < len(value):
        return None
    first = next(iter(inner.values()))
    score = _key(first, SCORE)
    if score is None or not all(score in one for one in inner.values()):
        return None
    unused = tuple(key for key in first if key != score)
    pairs = [(docno, one[score]) for docno, one in inner.items()]
    return Entries("an object of objects", pairs, unused)


def _of_two_lists(
    value: Mapping[str, object], documents: str, scores: str
) -> Entries | None:
    names, numbers = value[documents], value[scores]
    if not (isinstance(names, list) and isinstance(numbers, list)):
        return None
    if len(names) != len(numbers):
        return None
    unused = tuple(key for key in value if key not in (documents, scores))
    return Entries("two lists", [*zip(names, numbers, strict=True)], unused)


def _key(record: Mapping[str, Any], wanted: Sequence[str]) -> str | None:
    names = {plain(name): name for name in record}
    return next((names[name] for name in wanted if name in names), None)


# Which shape


@dataclass(frozen=True, slots=True)
class Shape:
    """Whether queries come one a line, and the keys of a line that names them."""

    lines: bool
    query: str | None = None
    held: str | None = None


def shape_of(source: Source) -> tuple[Shape, Entries] | None:
    """The shape of a lookup, and its first query; None for any other content."""
    if source.is_folder or source.head.lstrip()[:1] != b"{":
        return None
    record = first_object(source)
    query = _key(record, QUERY)
    if query is not None:
        found = {key: entries_of(record[key]) for key in record if plain(key) in HELD}
        held = [key for key, one in found.items() if one is not None]
        if len(held) == 1 and as_id(record[query]) is not None:
            entries = found[held[0]]
            return None if entries is None else (Shape(True, query, held[0]), entries)
        return None
    in_lines = _is_lines(source)
    value = next(iter(record.values()), None) if in_lines else _first_value(source)
    entries = entries_of(value)
    if entries is None or (entries.shape == "numbers" and not in_lines):
        return None
    return Shape(in_lines), entries


def _is_lines(source: Source) -> bool:
    """Whether the first line is an object, and another one follows it."""
    line, _, rest = source.head.lstrip().partition(b"\n")
    if not line.rstrip().endswith(b"}") or not rest.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _first_value(source: Source) -> Any:
    """The first value of one object, without parsing the others."""
    for size in (len(source.head), LONGEST):
        with source.stream() as stream:
            text = stream.read(size)
        start = FIRST.match(text)
        if start is None:
            return None
        try:
            rest = text[start.end() :].decode("utf-8", "ignore")
            return json.JSONDecoder(parse_int=float).raw_decode(rest)[0]
        except (json.JSONDecodeError, RecursionError):
            continue
    return None


# Reading


def read(source: Source) -> Contents:
    """Read the scores of all queries.

    Raises
    ------
    FormatError
        With path:line for queries in lines, otherwise with the query; for a value of
        another shape, a key that stands twice, and scores that are not finite.
    """
    found = shape_of(source)
    if found is None:
        raise source.fail(
            "expected the documents and scores of each query as pairs, objects or two "
            "lists: {qid: [[docno, score], ...]}",
            line=1,
        )
    shape, first = found
    if not shape.lines:
        try:
            return _read(source, first, _in_parts)
        except (Unsure, FormatError):
            pass  # the whole object says what is wrong
    return _read(source, first, partial(_queries, shape=shape))


Query = tuple[int, Any, Any]  # line, query and its documents


def _read(
    source: Source, first: Entries, queries: Callable[[Builder], Iterator[Query]]
) -> Contents:
    builder = Builder(source)
    for line, qid, value in queries(builder):
        held = entries_of(value)
        if held is None or (held.shape != first.shape and held.pairs):
            raise builder.fail(
                f"query {qid!r}: expected {first.shape} of documents and scores, as "
                f"the first query has, found {json.dumps(value):.60}",
                line,
            )
        query = builder.query(qid, line)
        for docno, score in held.pairs:
            builder.score(query, builder.document(docno, line), score, line)
    contents = builder.contents(NAME)
    return contents.with_unused(first.unused)


def _in_parts(builder: Builder) -> Iterator[Query]:
    """The queries of a single object, of which one is held at a time."""
    builder.count(MARK, builder.source.has_mark)
    yield from ((1, qid, value) for qid, value in entries(builder.source, {}))


def _queries(builder: Builder, *, shape: Shape) -> Iterator[Query]:
    """Line, query and its documents; the line is 1 for a single object."""
    if not shape.lines:
        builder.count(MARK, builder.source.has_mark)
        table = unique_object(builder.source)
        yield from ((1, qid, value) for qid, value in table.items())
        return
    for line, record in records(builder):
        if not isinstance(record, dict):
            raise builder.fail(f"expected an object, found {record!r:.60}", line)
        if shape.query is None or shape.held is None:
            yield from ((line, qid, value) for qid, value in record.items())
        elif shape.query in record and shape.held in record:
            yield line, record[shape.query], record[shape.held]
        else:
            raise builder.fail(
                f"expected an object with {shape.query} and {shape.held}, found the "
                f"keys {[*record]}",
                line,
            )


def unique_object(source: Source) -> dict[str, object]:
    """The object that a file holds.

    Raises
    ------
    FormatError
        For broken JSON, and a key that stands twice in one object.
    """

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        table = dict(pairs)
        if len(table) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise source.fail(
                f"key {twice!r} occurs twice in one object; keep one of the two",
                line=1,
            )
        return table

    text = text_of(source)
    check_json(text, source.fail)
    try:
        table = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise source.fail(
            f"broken JSON: {error.msg} (column {error.colno})", line=error.lineno
        ) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise source.fail(f"no JSON of text ({error})", line=1) from None
    if not isinstance(table, dict):
        raise source.fail("expected an object", line=1)
    return table


def _sniff(source: Source) -> str | None:
    found = shape_of(source)
    if found is None or found_in(source) is not None:
        return None
    shape, entries = found
    lines = "lines of queries" if shape.lines else "an object of queries"
    return f"{lines}, whose documents and scores are {entries.shape}"


# Predictions of MTEB

MTEB: Final = "mteb-predictions"
META: Final = "mteb_model_meta"


def _tables(source: Source) -> dict[str, Mapping[str, Any]]:
    """The lookups by "subset/split", or "split" where there are no subsets."""
    table = unique_object(source)
    found: dict[str, Mapping[str, Any]] = {}
    for name, value in table.items():
        if name == META or not isinstance(value, dict):
            continue
        if _is_table(value):
            found[name] = value
            continue
        for split, inner in value.items():
            if isinstance(inner, dict) and _is_table(inner):
                found[f"{name}/{split}"] = inner
    return found


def _is_table(value: Mapping[str, Any]) -> bool:
    """Whether a value is ``{qid: {docno: score}}``, by its first query."""
    first = next((row for row in value.values() if row), None)
    if not isinstance(first, dict):
        return False
    return as_number(next(iter(first.values()))) is not None


def read_mteb(source: Source, *, wanted: str = "") -> Contents:
    """Read the predictions of a subset and split.

    Raises
    ------
    FormatError
        Where there are several and none, or another one, is named.
    """
    try:
        return _mteb_in_parts(source, wanted)
    except (Unsure, FormatError):
        return _mteb_as_a_whole(source, wanted)  # which says what is wrong


BELOW: Final = r'\{\s*"(?:[^"\\]|\\.)*"\s*:\s*'
ROWS: Final = re.compile(rf"(?:{BELOW}){{2}}-?\d")
SPLITS: Final = re.compile(rf"(?:{BELOW}){{3}}-?\d")
OBJECT: Final = re.compile(r"\{")


def _mteb_in_parts(source: Source, wanted: str) -> Contents:
    """Read the predictions, of which one query is held at a time.

    Raises
    ------
    Unsure
        When the file has to be read as a whole.
    """
    builder = Builder(source)
    builder.count(MARK, source.has_mark)
    text, names = JsonText(source, {}), set[str]()
    for name in _splits(text):
        chosen = name == (wanted or name)
        if name in names or (names and not wanted):
            raise Unsure
        names.add(name)
        for qid in text.members():
            row = text.value()
            if chosen:
                _add_row(builder, qid, row)
    text.end()
    name = wanted or next(iter(names), "")
    if name not in names:
        raise Unsure
    return _mteb_contents(builder, name)


def _splits(text: JsonText) -> Iterator[str]:
    """The names of lookups, each of which begins there; the caller passes it."""
    for name in text.members():
        if name == META or not text.begins(OBJECT):
            text.value()
        elif text.begins(ROWS):
            yield name
        elif text.begins(SPLITS):
            for split in text.members():
                if text.begins(ROWS):
                    yield f"{name}/{split}"
                elif text.begins(OBJECT):
                    raise Unsure
                else:
                    text.value()
        else:
            raise Unsure


def _add_row(builder: Builder, qid: str, row: Any) -> None:
    query = builder.query(qid, 1)
    if not isinstance(row, dict):
        raise builder.fail(f"query {qid!r}: expected an object of scores", 1)
    for docno, score in row.items():
        builder.score(query, builder.document(docno, 1), score, 1)


def _mteb_contents(builder: Builder, name: str) -> Contents:
    builder.notes.append(f"predictions of {name}")
    return builder.contents(MTEB, metadata={"split": name})


def _mteb_as_a_whole(source: Source, wanted: str) -> Contents:
    tables = _tables(source)
    names = ", ".join(tables)
    if not tables:
        raise source.fail("holds no predictions {split: {qid: {docno: score}}}", line=1)
    if wanted and wanted not in tables:
        raise source.fail(f"holds no {wanted}; there are {names}", line=1)
    if not wanted and len(tables) > 1:
        raise source.fail(
            f"holds predictions of {names}; choose one with `format='{MTEB}:"
            f"{next(iter(tables))}'`",
            line=1,
        )
    builder = Builder(source)
    builder.count(MARK, source.has_mark)
    name = wanted or next(iter(tables))
    for qid, row in tables[name].items():
        _add_row(builder, qid, row)
    return _mteb_contents(builder, name)


def _configured(wanted: str) -> Format:
    if not wanted:
        raise UsageError(f"`format='{MTEB}:'` needs SUBSET/SPLIT after the colon")
    return replace(
        PREDICTIONS, name=f"{MTEB}:{wanted}", reader=partial(read_mteb, wanted=wanted)
    )


DEEP: Final = re.compile(
    rb'\s*\{(\s*"(?:[^"\\]|\\.)*"\s*:\s*\{){2,3}\s*"(?:[^"\\]|\\.)*"\s*:\s*-?\d'
)


def _sniff_mteb(source: Source) -> str | None:
    if source.is_folder:
        return None
    start = FIRST.match(source.head)
    if start is not None and start[1] == f'"{META}"'.encode():
        return f"an object with {META}: predictions by subset and split"
    if not DEEP.match(source.head) or shape_of(source) is not None:
        return None
    return "lookups of scores by split" if found_in(source) is None else None


PREDICTIONS: Final = Format(
    MTEB,
    "predictions of MTEB: {subset: {split: {qid: {docno: score}}}}",
    ("scores",),
    _sniff_mteb,
    read_mteb,
    configure=_configured,
)
FORMATS: Final = (
    Format(
        NAME,
        "JSON lookup of pairs, objects or lists, or one query a line",
        ("scores",),
        _sniff,
        read,
    ),
    PREDICTIONS,
)
