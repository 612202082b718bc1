"""Tables as JSON: lines or an array of objects, and what pandas writes with `to_json`.

The names of columns and what they hold are those of any other table
(`rankbound.read.tables.layouts`). pandas writes a frame by `orient`: "records" is an
array of objects (with ``lines=True``, one a line), "columns" ``{name: {index:
value}}``, "index" ``{index: {name: value}}``, "split" ``{"columns": [...], "data":
[[...]]}``, "table" ``{"schema": {...}, "data": [...]}``; "values" has no names, and is
refused. ``{name: [value, ...]}`` is read, too.
"""

from __future__ import annotations

import itertools
import json
import re
from array import array
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from rankbound.errors import FormatError
from rankbound.memory import LONGEST_ID, check_json, has_long_number
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import INTEGER_IDS, as_id, as_number
from rankbound.read.json.blocks import Unsure, as_lines, table_of_lines
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import (
    JsonText,
    first_object,
    is_array,
    rows,
    schema_of_record,
)
from rankbound.read.source import MARK, Source, count
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import NAMES, Layout, RowColumns, plain, recognise
from rankbound.read.text.assembling import Repeat
from rankbound.read.text.blocks import Column, blocks
from rankbound.read.text.tables import TextFrame, contents_in_batches, contents_of_text

FIRST_KEY: Final = re.compile(rb'\s*\{\s*("(?:[^"\\]|\\.)*")\s*:\s*(.)', re.DOTALL)
FIRST_INNER: Final = re.compile(
    rb'\s*\{\s*"(?:[^"\\]|\\.)*"\s*:\s*(\{[^{}\[\]]*\})', re.DOTALL
)
NUMBERS: Final = frozenset({"score", "positive_score", "negative_score", "grade"})
LISTS: Final = frozenset({"scores", "labels", "positive_scores", "negative_scores"})
DATA: Final = "data"
IDS: Final = ("query", "document")
# Types of the values of regular records
VALUES: Final = {
    **{str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
}
# How a value begins
OBJECT: Final = re.compile(r"\{")
CONTAINER: Final = re.compile(r"[\[{]")
NESTED: Final = re.compile(r'[\[{]\s*("(?:[^"\\]|\\.)*"\s*:\s*)?[\[{]')
BY_COLUMN: Final = ("columns", "lists")
LARGE: Final = 1 << 22  # bytes of an object that is not parsed to tell what it is
CELLS: Final = 1 << 16  # values that are held as objects at a time
PLAIN: Final = frozenset({"query_id", "doc_id_a", "doc_id_b"})

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A table that was recognised: how it is written, its columns and their layout."""

    orient: str
    names: tuple[str, ...]
    layout: Layout


def found_in(source: Source) -> Found | None:
    """The table that a source holds as JSON; None for anything else.

    Examples
    --------
    >>> from pathlib import Path
    >>> text = b'{"qid": {"0": "q"}, "docno": {"0": "d"}, "score": {"0": 1.5}}'
    >>> found_in(Source(Path("x"), content=text)).orient
    'columns'
    """
    if source.is_folder or source.head.lstrip()[:1] not in (b"{", b"["):
        return None
    record = first_object(source)
    lines = is_array(source) or _is_lines(source)
    found = _recognised("records", record) if lines and record else None
    return found or (None if is_array(source) else _of_object(source))


def _is_lines(source: Source) -> bool:
    """Whether the first line is an object of values; a single one is a table, too."""
    record = first_object(source)
    return not any(isinstance(value, dict) for value in record.values())


def _recognised(orient: str, record: Record) -> Found | None:
    layout = recognise(schema_of_record(record))
    if layout is None or layout.kind == "embeddings":
        return None
    if {*layout.columns} == PLAIN and not isinstance(record.get("doc_id_a"), list):
        return None  # training groups, which have a format of their own
    return Found(orient, tuple(record), layout)


def _of_object(source: Source) -> Found | None:
    """A table that is one object, by its first key and value."""
    start = FIRST_KEY.match(source.head)
    if start is None:
        return None
    key = _text(start[1])
    inner = FIRST_INNER.match(source.head)
    if inner is not None:
        try:
            row = orjson.loads(inner[1])
        except orjson.JSONDecodeError:
            row = {}
        named = _recognised("index", row)
        if named is not None:
            return named
    if key in ("columns", "schema", "index", DATA) or plain(key) in NAMES:
        return _of_whole(_started(source))
    return None


def is_by_columns(source: Source) -> bool:
    """Whether an object has the names of columns as keys, and so no queries."""
    start = FIRST_KEY.match(source.head)
    if start is None or plain(_text(start[1])) not in NAMES:
        return False
    table = _started(source)
    return isinstance(table, dict) and all(plain(key) in NAMES for key in table)


def _text(literal: bytes) -> str:
    try:
        return str(orjson.loads(literal))
    except orjson.JSONDecodeError:
        return ""


def _started(source: Source) -> Any:
    """The object of a file; of a large one, the first item alone of each value."""
    if _started not in source.known:
        with source.stream() as stream:
            large = len(stream.read(LARGE)) == LARGE
        found = None
        if large:
            with suppress(Unsure, FormatError):
                found = _first_items(source)
            if found is None and first_object(source) and _has_lines(source):
                found = {}  # the first of several objects
        if found is None:
            return _parsed(source)
        source.known[_started] = found
    return source.known[_started]


def _has_lines(source: Source) -> bool:
    """Whether something stands on a second line."""
    filled = (number for number, line in source.lines() if line)
    return len([*islice(filled, 2)]) > 1


def _first_items(source: Source) -> dict[str, object]:
    """What `_of_whole` has to see of an object.

    Raises
    ------
    Unsure
        For any other object than a table.
    """
    text, found = JsonText(source, {}), dict[str, object]()
    for key in text.members():
        if key in ("columns", "schema"):
            found[key] = text.value()
        elif text.begins(NESTED):
            if key != DATA:
                raise Unsure
            text.take("[")
            return {**found, key: [text.value()]}  # where pandas ends
        elif text.begins(CONTAINER):
            keyed, first = text.begins(OBJECT), None
            for piece in text.cells():
                first = _cells(piece, keyed=keyed) if first is None else first
            found[key] = first and (dict([*first.items()][:1]) if keyed else first[:1])
        else:
            found[key] = text.value()
    text.end()
    return found


def _cells(piece: str, *, keyed: bool) -> Any:
    """What stands in a piece of an object or array.

    Raises
    ------
    Unsure
        If that is no JSON.
    """
    content = (f"{{{piece}}}" if keyed else f"[{piece}]").encode("utf-8", "replace")
    if has_long_number(content):
        raise Unsure
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Unsure from None


def _parsed(source: Source) -> Any:
    text = source.text()
    check_json(text, source.fail)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _of_whole(table: Any) -> Found | None:
    if not isinstance(table, dict):
        return None
    data, names = table.get(DATA), table.get("columns")
    if isinstance(data, list) and isinstance(names, list) and data:
        first = data[0]
        named = isinstance(first, list) and len(first) == len(names)
        row = dict(zip(map(str, names), first, strict=True)) if named else {}
        return _recognised("split", row)
    if isinstance(data, list) and "schema" in table and data:
        return _recognised("table", data[0]) if isinstance(data[0], dict) else None
    columns = table.values()
    if table and all(isinstance(one, dict) for one in columns):
        first = {name: next(iter(one.values()), None) for name, one in table.items()}
        same = len({tuple(one) for one in columns}) == 1
        return _recognised("columns", first) if same else None
    if table and all(isinstance(one, list) for one in columns):
        first = {name: next(iter(one), None) for name, one in table.items()}
        same = len({len(one) for one in columns}) == 1
        return _recognised("lists", first) if same else None
    return None


# Reading


@dataclass(frozen=True, eq=False)
class RecordFrame(TextFrame):
    """A frame of records, which are lines or else the rows of one object."""

    in_lines: bool = True

    def place(self, row: int) -> str:
        """The line or row, in words."""
        return super().place(row) if self.in_lines else Frame.place(self, row)

    def fail(self, message: str, *, row: int | None = None) -> FormatError:
        """The error to raise, about a row that is counted from 0."""
        if self.in_lines:
            return super().fail(message, row=row)
        return Frame.fail(self, message, row=row)


def read(source: Source, kind: str) -> Contents:
    """Read a table of one kind of layout.

    Raises
    ------
    FormatError
        With path:line for records, and the row for other orients.
    """
    found = found_in(source)
    if found is None or found.layout.kind != kind:
        raise source.fail(
            f"expected objects with the keys of a table of {kind}, as qid, docno, "
            "score",
            line=1,
        )
    with source.fitting_into_memory():
        for quicker in (_in_blocks, _in_parts, _by_column):
            try:
                return quicker(source, found, kind)
            except Repeat:
                break  # which only the reader of all rows merges
            except Unsure:
                continue
        return _by_record(source, found, kind)


def _in_blocks(source: Source, found: Found, kind: str) -> Contents:
    """Read the scores of regular records by blocks of text.

    Raises
    ------
    Unsure
        When the records need a careful look.
    """
    schema = _schema_of_scores(source, found)
    array, repairs = is_array(source), dict[str, int]()
    text = blocks(source, end=b"}" if array else b"\n")
    text = as_lines(text) if array else text
    facts = (found.layout, f"json-{kind}", found.names)
    made = contents_in_batches(
        text,
        partial(_table_of_scores, schema=schema, used=found.layout.columns),
        *(source, facts, repairs),
        lines=_itself,  # of groups, which rows of scores are not
    )
    rows = 0 if made.scores is None else len(made.scores.values)
    for role, name in found.layout.roles.items():
        if role in IDS and schema.field(name).type == pa.int64():
            count(repairs, INTEGER_IDS, rows)
    return made


def _schema_of_scores(source: Source, found: Found) -> Any:
    """The keys and types of the first record, which all records must have."""
    record, layout = first_object(source), found.layout.by_role
    if (
        found.orient != "records"
        or source.has_mark
        or not isinstance(layout, RowColumns)
    ):
        raise Unsure
    types = {name: VALUES.get(type(value)) for name, value in record.items()}
    whole = {layout.query, layout.document, layout.rank}
    types |= {
        name: pa.float64()
        for name, kind in types.items()
        if kind == pa.int64() and name not in whole
    }
    ids = (types.get(layout.query), types.get(layout.document))
    if None in types.values() or not {*ids} <= {pa.string(), pa.int64()}:
        raise Unsure
    return pa.schema([*types.items()])


def _table_of_scores(text: bytes, *, schema: Any, used: Sequence[str]) -> Any:
    table = table_of_lines(text, schema).select(used)
    for column in table.columns:
        if column.null_count:
            raise Unsure
        if column.type == pa.float64() and _has_negative_zero(column):
            raise Unsure  # which the careful reader takes for 0 if no point follows
    return table


def _has_negative_zero(column: Any) -> bool:
    values = column.to_numpy()
    return bool((np.signbit(values) & (values == 0)).any())


def _itself(given: Any) -> Any:
    return given


def _in_parts(source: Source, found: Found, kind: str) -> Contents:
    """Read records or rows of any spelling, of which a few are objects at a time.

    Raises
    ------
    Unsure
        When the table has to be read as a whole.
    """
    builder = Builder(source)
    lines, names = array("q"), dict.fromkeys(found.names)
    if found.orient in BY_COLUMN:
        raise Unsure

    def parts() -> Generator[Any]:
        numbered: Iterable[tuple[int, Record]]
        if found.orient == "records":
            numbered = ((row.line, row.fields) for row in rows(builder))
        else:
            numbered = enumerate(_rows_in_parts(source, found), start=1)
            count(builder.repairs, MARK, source.has_mark)
        schema = None
        for some in _portions(numbered):
            try:
                frame, more = _frame(source, found, some, builder.repairs)
            except OverflowError:
                raise Unsure from None
            # What a column holds is told by all its cells
            if schema not in (None, frame.table.schema):
                raise Unsure
            schema = frame.table.schema
            lines.extend(line for line, _ in some)
            names.update(dict.fromkeys(more))
            yield frame.table

    facts = (found.layout, f"json-{kind}", names)
    return contents_in_batches(
        parts(),
        _itself,
        *(source, facts, builder.repairs),
        lines=lambda places: np.array(lines, dtype=np.int64)[places],
    )


def _rows_in_parts(source: Source, found: Found) -> Iterator[Record]:
    """The rows of a table that is written row by row.

    Raises
    ------
    Unsure
        When the table has to be read as a whole.
    FormatError
        Where it is cut.
    """
    for piece in _pieces_of_rows(source, found):
        for row in piece:
            if not isinstance(row, dict):
                raise Unsure
            yield row


def _pieces_of_rows(source: Source, found: Found) -> Iterator[Iterable[Any]]:
    """The rows of a table, some at a time; None for one that is no row."""
    text, before = JsonText(source, {}), -1
    if found.orient == "index":
        for piece in text.rows("}", "}"):
            table = _cells(piece, keyed=True)
            before = _ascending(table, before)[-1]
            yield table.values()
        return
    for key in text.members():
        if key == DATA:
            break
        _pass(text)
    if found.orient == "table":
        for piece in text.rows("}", "]}"):
            yield _cells(piece, keyed=False)
        return
    for piece in text.rows("]", "]}"):
        yield (_named(found.names, row) for row in _cells(piece, keyed=False))


def _named(names: Sequence[str], row: Any) -> Record | None:
    fits = isinstance(row, list) and len(row) == len(names)
    return dict(zip(names, row, strict=True)) if fits else None


def _pass(text: JsonText) -> None:
    """Pass the value that begins here."""
    if text.begins(CONTAINER) and not text.begins(NESTED):
        for _ in text.cells():
            pass
    else:
        text.value()


def _ascending(keys: Iterable[str], before: int) -> list[int]:
    """Keys that are the numbers of rows, so that none stands twice.

    Raises
    ------
    Unsure
        For others.
    """
    try:
        found = [*map(int, keys)]
    except ValueError:
        raise Unsure from None
    if not found or before >= found[0]:
        raise Unsure
    if any(one >= other for one, other in itertools.pairwise(found)):
        raise Unsure
    return found


def _by_column(source: Source, found: Found, kind: str) -> Contents:
    """Read a table of columns one after another, which are held as columns of Arrow.

    Raises
    ------
    Unsure
        When the table has to be read as a whole.
    """
    if found.orient not in BY_COLUMN:
        raise Unsure
    repairs = dict[str, int]()
    count(repairs, MARK, source.has_mark)
    made = _Columns(source, None, found, repairs)
    try:
        table, names = _columns_in_parts(source, found, made)
    except (FormatError, OverflowError):
        raise Unsure from None
    return contents_in_batches(
        (batch for batch in table.to_batches(CELLS)),
        _itself,
        *(source, (found.layout, f"json-{kind}", names), repairs),
        lines=lambda places: places + 1,
    )


def _columns_in_parts(
    source: Source, found: Found, made: _Columns
) -> tuple[Any, list[str]]:
    roles = {name: role for role, name in found.layout.roles.items()}
    text, columns, names = JsonText(source, {}), list[Any](), list[str]()
    places = _Places()
    for name in text.members():
        if not text.begins(CONTAINER) or text.begins(NESTED):
            raise Unsure
        chunks = []
        for cells in places.cells(text, keyed=found.orient == "columns"):
            if name in roles:
                chunk = made.of(name, roles[name], cells)
                repeated = roles[name] in ("query", "system")
                chunks.append(chunk.dictionary_encode() if repeated else chunk)
        if len({chunk.type for chunk in chunks}) > 1:
            raise Unsure
        names.append(name)
        if name in roles:
            columns.append(pa.chunked_array(chunks))
    text.end()
    return pa.table(columns, [name for name in names if name in roles]), names


class _Places:
    """The rows of columns, which must be the same in all."""

    def __init__(self) -> None:
        self._keys, self._size = Column(np.int64), -1

    def cells(self, text: JsonText, *, keyed: bool) -> Iterator[list[Any]]:
        """The values of a column, some at a time.

        Raises
        ------
        Unsure
            Where they are in other rows than those of the columns before.
        """
        size = 0
        for piece in text.cells():
            found = _cells(piece, keyed=keyed)
            if keyed:
                self._check(found, size)
            size += len(found)
            yield [*found.values()] if keyed else found
        if self._size not in (-1, size):
            raise Unsure
        self._size = size

    def _check(self, keys: Iterable[str], size: int) -> None:
        before = int(self._keys.held[size - 1]) if size else -1
        numbers = np.array(_ascending(keys, before), dtype=np.int64)
        if self._size < 0:
            self._keys.append(numbers)
        elif not np.array_equal(self._keys.held[size:][: len(numbers)], numbers):
            raise Unsure


def _portions(
    numbered: Iterable[tuple[int, Record]],
) -> Iterator[list[tuple[int, Record]]]:
    """Some records at a time, with about `CELLS` values."""
    some: list[tuple[int, Record]] = []
    cells = 0
    for line, record in numbered:
        some.append((line, record))
        cells += sum(len(v) if isinstance(v, list) else 1 for v in record.values())
        if cells > CELLS:
            yield some
            some, cells = [], 0
    if some:
        yield some


def _by_record(source: Source, found: Found, kind: str) -> Contents:
    """Read any table, and name the line of what is wrong with it."""
    builder = Builder(source)
    numbered: Iterable[tuple[int, Record]]
    if found.orient == "records":
        numbered = ((row.line, row.fields) for row in rows(builder))
    else:
        numbered = enumerate(_whole_records(source, found), start=1)
        count(builder.repairs, MARK, source.has_mark)
    frame, names = _frame(source, found, numbered, builder.repairs)
    facts = (found.layout, f"json-{kind}", names)
    return contents_of_text(frame, source, facts, builder.repairs)


def _whole_records(source: Source, found: Found) -> list[Record]:
    """The rows of a whole table, of which only the start has been looked at.

    Raises
    ------
    FormatError
        Where the rest is no JSON, or of another shape.
    """
    rows: list[Any]
    check_json(source.text(), source.fail)
    try:
        rows = [*_records(found, orjson.loads(source.data()))]
    except orjson.JSONDecodeError as error:
        raise source.fail(f"broken JSON: {error.msg}", line=error.lineno) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        rows = [None]
    if not all(isinstance(row, dict) for row in rows):
        raise source.fail(
            f"begins as a table in pandas' orient {found.orient!r}, but not all of it "
            "has that shape; write the table again"
        )
    return rows


def _records(found: Found, table: Any) -> Iterable[Record]:
    """The rows of a whole table as objects."""
    if found.orient == "index":
        return list(table.values())
    if found.orient == "table":
        return list(table[DATA])
    if found.orient == "split":
        return (dict(zip(found.names, row, strict=True)) for row in table[DATA])
    columns = [one.values() if isinstance(one, dict) else one for one in table.values()]
    return (dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True))


def _frame(
    source: Source,
    found: Found,
    numbered: Iterable[tuple[int, Record]],
    repairs: dict[str, int],
) -> tuple[RecordFrame, Sequence[str]]:
    """The columns that are read, and the names of all."""
    layout = found.layout
    columns: dict[str, list[Any]] = {name: [] for name in layout.columns}
    filled = [(name, cells.append) for name, cells in columns.items()]
    lines = array("q")
    names = dict.fromkeys(found.names)
    for line, record in numbered:
        lines.append(line)
        for name, append in filled:
            append(record.get(name))
        if len(record) > len(found.names) or not record.keys() <= names.keys():
            names.update(dict.fromkeys(record))
    roles = {name: role for role, name in layout.roles.items()}
    made = _Columns(source, np.array(lines, dtype=np.int64), found, repairs)
    table = pa.table(
        {name: made.of(name, roles[name], cells) for name, cells in columns.items()}
    )
    in_lines = found.orient == "records"
    frame = RecordFrame(table, str(source.path), lines=made.lines, in_lines=in_lines)
    return frame, [*names]


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Cells of JSON as Arrow columns; errors name the line, or the row."""

    source: Source
    lines: Any
    found: Found
    repairs: dict[str, int]

    def of(self, name: str, role: str, cells: list[Any]) -> Any:
        """A column of the type that its role asks for."""
        if role in NUMBERS:
            return self._numbers(name, cells, may_lack=self._may_lack(role))
        if role == "rank":
            whole = all(type(cell) is int for cell in cells)
            return pa.array(cells if whole else [str(cell) for cell in cells])
        if role == "system":
            texts = [None if cell is None else str(cell) for cell in cells]
            return pa.array(texts, pa.string())
        if role in LISTS and not any(isinstance(cell, list) for cell in cells):
            return self._numbers(name, cells)
        if any(isinstance(cell, list) for cell in cells):
            return self._lists(name, role, cells)
        return pa.array(self._ids(name, cells, range(len(cells))), pa.string())

    def _may_lack(self, role: str) -> bool:
        # Beside scores a document may be unjudged
        return role == "grade" and "score" in self.found.layout.roles

    def _numbers(self, name: str, cells: list[Any], *, may_lack: bool = False) -> Any:
        values = [cell if type(cell) is float else as_number(cell) for cell in cells]
        if None in values:
            for row, (cell, value) in enumerate(zip(cells, values, strict=True)):
                if value is None and not (may_lack and cell is None):
                    raise self._fail(f"{name} must be a finite number", cell, row)
        return pa.array(values, pa.float64())

    def _lists(self, name: str, role: str, cells: list[Any]) -> Any:
        for row, cell in enumerate(cells):
            if not isinstance(cell, list):
                raise self._fail(f"{name} must be a list", cell, row)
        sizes = [len(cell) for cell in cells]
        flat = [*chain.from_iterable(cells)]
        rows = np.repeat(np.arange(len(cells)), sizes)
        if role in LISTS:
            values = self._flat_numbers(name, flat, rows)
        else:
            values = pa.array(self._ids(name, flat, rows), pa.large_string())
        offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int64())
        return pa.LargeListArray.from_arrays(offsets, values)

    def _flat_numbers(self, name: str, flat: list[Any], rows: Any) -> Any:
        values = [
            float(cell) if isinstance(cell, bool) else as_number(cell) for cell in flat
        ]
        if None in values:
            place = values.index(None)
            message = f"{name} must hold finite numbers"
            raise self._fail(message, flat[place], int(rows[place]))
        return pa.array(values, pa.float64())

    def _ids(self, name: str, cells: Sequence[Any], rows: Any) -> list[str]:
        if all(type(cell) is str and len(cell) <= LONGEST_ID for cell in cells):
            return list(cells)
        texts = [as_id(cell) for cell in cells]
        if None in texts:
            place = texts.index(None)
            rule = (
                f"{name} must be an id, text of at most {LONGEST_ID:,} characters or a "
                "whole number"
            )
            raise self._fail(rule, cells[place], int(rows[place]))
        count(self.repairs, INTEGER_IDS, sum(type(cell) is int for cell in cells))
        return [text for text in texts if text is not None]

    def _fail(self, rule: str, cell: Any, row: int) -> Exception:
        found = json.dumps(cell, ensure_ascii=False)
        if self.found.orient == "records":
            line = int(self.lines[row])
            return self.source.fail(f"{rule}, found {found:.60}", line=line)
        return self.source.fail(f"row {row + 1}: {rule}, found {found:.60}")


def _sniff(source: Source, kind: str) -> str | None:
    found = found_in(source)
    if found is None or found.layout.kind != kind:
        return None
    written = "objects" if found.orient == "records" else f"a table ({found.orient})"
    return f"{written} with the keys {', '.join(found.layout.columns)}"


def _format(kind: str, title: str, parts: tuple[str, ...]) -> Format:
    return Format(
        f"json-{kind}",
        f"{title}, as JSON: lines, an array, or an orient of pandas",
        parts,
        partial(_sniff, kind=kind),
        partial(read, kind=kind),
    )


FORMATS: Final = (
    _format("scores", "table of query, document, score", ("scores", "qrels")),
    _format("qrels", "table of query, document, grade (MTEB, BEIR)", ("qrels",)),
    _format("lists", "table of query and lists of documents", ("scores", "groups")),
    _format("margins", "table of query, positive, negative", ("scores", "groups")),
)
