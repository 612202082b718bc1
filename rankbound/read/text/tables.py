"""CSV and TSV with a header, as pandas writes the frames of PyTerrier and others."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rankbound.data.columns import Integers
from rankbound.errors import FormatError
from rankbound.memory import has_long_number
from rankbound.read.contents import Contents, Format
from rankbound.read.fields import parsed_number
from rankbound.read.json.blocks import Unsure
from rankbound.read.json.records import lacking, ranked_records
from rankbound.read.source import MARK, Source, count, decoded
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import (
    Layout,
    ListColumns,
    RowColumns,
    TripleColumns,
    plain,
    recognise,
)
from rankbound.read.tables.reading import (
    Item,
    contents_of,
    lists_in_batches,
    rows_in_batches,
    triples_in_batches,
)
from rankbound.read.tables.systems import SystemsInBatches
from rankbound.read.text.blocks import (
    Irregular,
    blocks,
    in_order,
    is_short,
    is_utf_8,
    separated,
)
from rankbound.read.text.claims import BEIR_HEADER
from rankbound.read.text.layout import WHOLE, is_comment, words_of

DELIMITERS: Final = ("\t", ",", ";")
BLANK: Final = " "
NUMBERS: Final = frozenset({"score", "positive_score", "negative_score", "grade"})
BATCH: Final = 1 << 16  # rows that are typed together
SIZE: Final = 1 << 22  # or their characters
QUOTE, LINE_END = b'"', ord("\n")
LONGEST: Final = 1 << 17  # bytes of a line; the csv module takes no longer field
ARROW_WHOLE: Final = rf"^({WHOLE.pattern})$"


@dataclass(frozen=True, eq=False)
class TextFrame(Frame):
    """A frame that was read from text; `lines` says where each row begins."""

    lines: Integers | None = None

    def place(self, row: int) -> str:
        """The line of a row, in words."""
        return f"line {self._line(row)}"

    def fail(self, message: str, *, row: int | None = None) -> FormatError:
        """The error to raise, with the line of a row that is counted from 0."""
        line = None if row is None else self._line(row)
        return FormatError(self.name, message, line=line)

    def _line(self, row: int) -> int:
        row = self.row_of_all(row)
        return row + 2 if self.lines is None else int(self.lines[row])


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a text table.

    Attributes
    ----------
    delimiter : str
        Blank where any number of blanks and tabs parts the fields.
    names : tuple of str
    layout : Layout
        What its columns say.
    above : int
        Lines that it takes: 0 where the names were made for a text without a header.
    """

    delimiter: str
    names: tuple[str, ...]
    layout: Layout
    above: int = 1


def header_of(source: Source) -> Header | None:
    """The header of a text table whose columns are known; None for other content."""
    if source.is_folder:
        return None
    lines = (line for line in source.head.split(b"\n") if line.strip())
    line = next(lines, b"").rstrip(b"\r")
    for delimiter in DELIMITERS:
        if delimiter.encode() in line:
            found = _header(line, delimiter)
            if found is not None:
                return found
    return None


def _header(line: bytes, delimiter: str) -> Header | None:
    try:
        fields = next(csv.reader([line.decode("utf-8")], delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error):
        return None
    names = tuple(name.strip() for name in fields)
    if len(set(names)) < len(names):
        return None
    if delimiter == "\t" and len(names) == 3 and names[0].encode() == BEIR_HEADER:
        return None  # BEIR's judgements have a reader of their own
    layout = recognise(pa.schema([(name, pa.string()) for name in names]))
    return None if layout is None else Header(delimiter, names, layout)


def open_delimited(
    source: Source, header: Header, repairs: dict[str, int]
) -> TextFrame:
    """The columns that count, of a text table.

    Fields may stand in quotation marks, doubled inside, as pandas writes them; cells
    are text as they stand, so NA or 007 is an id like any other.

    Parameters
    ----------
    source : Source
    header : Header
    repairs : dict
        Counts what was passed over.

    Raises
    ------
    FormatError
        With path:line, for a row of another length, broken quotation, text that is not
        UTF-8, and what should be a number and is none.
    """
    with source.fitting_into_memory():
        try:
            return _in_blocks(source, header, repairs)
        except Irregular:
            return _line_by_line(source, header, repairs)


def _line_by_line(source: Source, header: Header, repairs: dict[str, int]) -> TextFrame:
    """Read any file, and name the line of what is wrong with it."""
    lines = array("q")
    table = pa.concat_tables(_batches(source, header, repairs, lines))
    return TextFrame(table, str(source.path), lines=np.array(lines, dtype=np.int64))


def _batches(
    source: Source, header: Header, repairs: dict[str, int], lines: array[int]
) -> Generator[Any]:
    """The columns of some rows after others; `lines` gets the line of each row."""
    layout = header.layout
    kinds = {name: role for role, name in layout.roles.items()}
    places = {name: header.names.index(name) for name in layout.columns}

    def typed(batch: list[list[str]]) -> Any:
        where = lines[len(lines) - len(batch) :]
        cells = {name: [row[at] for row in batch] for name, at in places.items()}
        return pa.table(
            {
                name: _typed(column, kinds[name], layout, source, where)
                for name, column in cells.items()
            }
        )

    batch: list[list[str]] = []
    size = 0
    for line, row in _rows(source, header, repairs):
        lines.append(line)
        batch.append(row)
        size += sum(map(len, row))
        if len(batch) == BATCH or size > SIZE:
            yield typed(batch)
            batch.clear()
            size = 0
    if batch or not lines:
        yield typed(batch)


def _in_blocks(source: Source, header: Header, repairs: dict[str, int]) -> TextFrame:
    """Read a file without quotes and blank lines by pyarrow.

    Raises
    ------
    Irregular
        If reading it line by line might give something else.
    """
    first = source.head.partition(b"\n")[0]
    work = partial(_columns, header=header)
    parts: list[list[Any]] = []
    returns = 0
    marks: dict[str, int] = {}  # of later lines; they count if this way of reading does
    text = _regular(source, header, marks)
    with closing(in_order(work, text, short=is_short(source))) as done:
        for block, columns in done:
            parts.append(columns)
            returns += block.count(b"\r\n")
    if not parts:
        raise Irregular
    joined = map(_joined, zip(*parts, strict=True))
    table = pa.table(dict(zip(header.layout.columns, joined, strict=True)))
    count(repairs, MARK, source.has_mark + marks.get(MARK, 0))
    above = header.above
    count(repairs, "CRLF line ends", returns + (above and first.endswith(b"\r")))
    lines = np.arange(1 + above, len(table) + 1 + above)
    return TextFrame(table, str(source.path), lines=lines)


def _regular(
    source: Source, header: Header, repairs: dict[str, int]
) -> Generator[bytes]:
    """The blocks of lines below the header, which must stand in a line of its own."""
    first, end, _ = source.head.partition(b"\n")
    if not (end and first.strip()) or QUOTE in first:
        raise Irregular
    text = blocks(source, end=b"\n", repairs=repairs)
    return _below(text) if header.above else text


def _below(blocks: Generator[bytes]) -> Generator[bytes]:
    """The blocks without the first line."""
    with closing(blocks):
        for place, block in enumerate(blocks):
            rest = block[block.find(b"\n") + 1 :] if place == 0 else block
            if rest:
                yield rest


def _columns(block: bytes, *, header: Header) -> list[Any]:
    """The columns of a block that are read."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if any(mark in block for mark in (QUOTE, b"\r", b"\0", b"\n\n")):
        raise Irregular
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == LINE_END)
    longest = np.diff(ends, prepend=-1, append=len(block)).max()
    long = longest > LONGEST or has_long_number(block)
    if block.startswith(b"\n") or long or not is_utf_8(block):
        raise Irregular
    roles = {name: role for role, name in header.layout.roles.items()}
    types = {
        name: pa.float64() if roles[name] in NUMBERS - {"grade"} else pa.string()
        for name in header.layout.columns
    }
    found = separated(block, header.names, types, by=header.delimiter)
    may_lack = "score" in header.layout.roles
    try:
        return [
            _cast(column, roles[name], may_lack=may_lack)
            for name, column in zip(types, found, strict=True)
        ]
    except pa.ArrowInvalid:
        raise Irregular from None


def _cast(column: Any, role: str, *, may_lack: bool) -> Any:
    """Convert a column to the type of its role, as `_typed` does."""
    if role == "rank":
        if not pc.all(pc.match_substring_regex(column, ARROW_WHOLE)).as_py():
            raise Irregular
        return column.cast(pa.int64())
    if role == "grade":
        if may_lack:
            column = pc.if_else(pc.equal(column, ""), None, column)
        column = column.cast(pa.float64())
    if role in NUMBERS and not pc.all(pc.is_finite(column)).as_py():
        raise Irregular
    return column


def _rows(
    source: Source, header: Header, repairs: dict[str, int]
) -> Iterator[tuple[int, list[str]]]:
    """Rows below the header with the line in which each begins."""
    if header.delimiter == BLANK:
        yield from _words(source, header, repairs)
        return
    reader = csv.reader(
        _decoded(source, repairs), delimiter=header.delimiter, strict=True
    )
    before, first = 0, header.above > 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise source.fail(
                f"broken quotation or field ({error}); quotation marks inside of a "
                "quoted field are doubled",
                line=max(1, before + 1),
            ) from None
        if row is None:
            return
        start, before = before + 1, reader.line_num
        if not row:
            continue
        if first:
            first = False
            continue
        if len(row) != len(header.names):
            raise source.fail(
                f"expected {len(header.names)} fields as in the header "
                f"({', '.join(header.names)}), found {len(row)}",
                line=start,
            )
        yield start, row


def _words(
    source: Source, header: Header, repairs: dict[str, int]
) -> Iterator[tuple[int, list[str]]]:
    """Rows of words; a line that begins with "# " is a comment."""
    wanted = f"{len(header.names)} columns ({' '.join(header.names)})"
    for number, line in source.lines(repairs):
        if is_comment(line):
            count(repairs, "comment lines")
            continue
        row = words_of(line, source.path, number)
        if row and len(row) != len(header.names):
            raise source.fail(f"expected {wanted}, found {len(row)}", line=number)
        if row:
            yield number, row


def _decoded(source: Source, repairs: dict[str, int]) -> Iterator[str]:
    for number, line in source.lines(repairs):
        yield decoded(line, source.path, number) + ("\n" if line else "")


def _typed(
    cells: list[str], role: str, layout: Layout, source: Source, lines: Any
) -> Any:
    """Cells of a column as Arrow values of the type that its role asks for."""
    if role == "rank":
        return _whole_numbers(
            cells, lambda row, cell: _refused(source, role, cell, lines[row])
        )
    if role not in NUMBERS:
        return pa.array(cells, pa.string())
    # Beside scores a document may be unjudged
    may_lack = role == "grade" and "score" in layout.roles
    values = [
        None if may_lack and not cell.strip() else parsed_number(cell) for cell in cells
    ]
    for row, (cell, value) in enumerate(zip(cells, values, strict=True)):
        if value is None and not (may_lack and not cell.strip()):
            raise _refused(source, layout.roles[role], cell, lines[row])
    return pa.array(values, pa.float64())


def _whole_numbers(cells: list[str], refused: Callable[[int, str], FormatError]) -> Any:
    for row, cell in enumerate(cells):
        if not WHOLE.fullmatch(cell.strip()):
            raise refused(row, cell)
    return pa.array([int(cell) for cell in cells], pa.int64())


def _refused(source: Source, column: str, cell: str, line: int) -> FormatError:
    kind = "a whole number" if column == "rank" else "a finite number"
    written = "; write numbers with a point, and nothing between their digits"
    comma = written if re.fullmatch(r"-?[0-9][0-9.,]*", cell) and "," in cell else ""
    return source.fail(f"{column} must be {kind}, found {cell!r}{comma}", line=line)


def _joined(parts: Sequence[Any]) -> Any:
    return pa.chunked_array(parts)


DELIMITER_NAMES: Final = {"\t": "tabs", ",": "commas", ";": "semicolons"}
DOCID: Final = (
    "the column docid is taken for the docno; if it numbers the documents of one "
    "PyTerrier index, write the docno instead"
)


def read_text_table(source: Source, kind: str) -> Contents:
    """Read a text table of one kind of layout.

    Raises
    ------
    FormatError
        With path:line; for a header of another layout, too.
    """
    header = header_of(source)
    if header is None or header.layout.kind != kind:
        raise source.fail(
            f"expected a header of a table of {kind}, parted by tabs, commas or "
            "semicolons, as qid, docno, score",
            line=1,
        )
    return contents_of_delimited(source, header, f"csv-{kind}")


def contents_of_delimited(source: Source, header: Header, name: str) -> Contents:
    """What a text table holds, in the format of a name.

    Raises
    ------
    FormatError
        With path:line.
    """
    found = (header.layout, name, header.names)
    with source.fitting_into_memory():
        try:
            return _scores_in_blocks(source, header, found)
        except (Irregular, Unsure):
            pass
        try:
            return _scores_by_line(source, header, found)
        except Unsure:
            repairs: dict[str, int] = {}
            frame = open_delimited(source, header, repairs)
            return contents_of_text(frame, source, found, repairs)


def _scores_by_line(
    source: Source, header: Header, found: tuple[Layout, str, Sequence[str]]
) -> Contents:
    """Read a table of scores line by line, without holding its text.

    Raises
    ------
    Unsure
        When the table has to be read as a whole.
    """
    repairs, lines = dict[str, int](), array("q")
    return contents_in_batches(
        _batches(source, header, repairs, lines),
        _itself,
        *(source, found, repairs),
        lines=lambda rows: np.array(lines, dtype=np.int64)[rows],
    )


def _itself(table: Any) -> Any:
    return table


def _scores_in_blocks(
    source: Source, header: Header, found: tuple[Layout, str, Sequence[str]]
) -> Contents:
    """Read a table of scores by blocks, without holding its text.

    Raises
    ------
    Irregular, Unsure
        When the table has to be read as a whole.
    """
    repairs: dict[str, int] = {}

    def parsed(block: bytes) -> Any:
        return pa.table(dict(zip(columns, _columns(block, header=header), strict=True)))

    columns = header.layout.columns
    text = _counted(_regular(source, header, repairs), source, header, repairs)
    return contents_in_batches(
        text, parsed, source, found, repairs, lines=lambda rows: rows + 1 + header.above
    )


def _counted(
    blocks: Generator[bytes], source: Source, header: Header, repairs: dict[str, int]
) -> Generator[bytes]:
    """The blocks; line ends of two characters and marks are counted."""
    first = source.head.partition(b"\n")[0]
    above = header.above and first.endswith(b"\r")
    count(repairs, MARK, source.has_mark)
    count(repairs, "CRLF line ends", above)
    with closing(blocks):
        for block in blocks:
            count(repairs, "CRLF line ends", block.count(b"\r\n"))
            yield block


def contents_in_batches(
    items: Generator[Item],
    parsed: Callable[[Item], Any],
    source: Source,
    found: tuple[Layout, str, Iterable[str]],
    repairs: dict[str, int],
    *,
    lines: Callable[[Integers], Integers],
) -> Contents:
    """What a table of scores holds whose parts are read one after another.

    Parameters
    ----------
    items : generator
        Closed at the end.
    parsed : callable
        Makes a table of an item.
    source, found, repairs
        As for `contents_of_text`.
    lines : callable
        The lines of some rows, which are counted from 0; asked when all are read.

    Raises
    ------
    Unsure
        When the table has to be read as a whole.
    """
    layout, name, columns = found
    systems = SystemsInBatches(layout, source)

    def of_systems(item: Item) -> Any:
        return systems.chosen(parsed(item))

    with closing(items):
        frame, short = Frame(pa.table({}), str(source.path)), is_short(source)
        match layout.by_role:
            case RowColumns() as roles:
                parts = rows_in_batches(items, of_systems, roles, frame, short=short)
            case ListColumns() as roles:
                parts = lists_in_batches(items, of_systems, roles, frame, short=short)
            case TripleColumns() as roles:
                parts = triples_in_batches(items, of_systems, roles, frame, short=short)
            case _:
                raise Unsure
    tag = systems.tag()
    for what, number in parts.repairs.items():
        count(repairs, what, number)
    groups = parts.groups
    if groups is not None and groups.lines is not None:
        groups = replace(groups, lines=lines(groups.lines - 1))
    contents = Contents(
        name,
        source.path,
        scores=parts.scores,
        groups=groups,
        qrels=parts.qrels,
        ranks=parts.ranks,
        repairs=repairs,
        notes=parts.notes,
    ).with_unused([column for column in columns if column not in layout.columns])
    if tag is not None:
        contents = contents.with_metadata(tag=tag)
    notes = (DOCID,) if "docid" in map(plain, layout.columns) else ()
    return replace(contents, notes=(*contents.notes, *notes))


def contents_of_text(
    frame: TextFrame,
    source: Source,
    found: tuple[Layout, str, Sequence[str]],
    repairs: dict[str, int],
) -> Contents:
    """What a table that was read from text holds; its groups name their lines.

    Parameters
    ----------
    frame : TextFrame
    source : Source
    found : Layout, str, sequence of str
        The layout, the name of the format, and all columns.
    repairs : dict
        Counts of what was passed over; added to.
    """
    layout, name, columns = found
    contents = contents_of(frame, layout, name, source.path, columns, source=source)
    groups, notes = contents.groups, contents.notes
    if groups is not None and groups.lines is not None and frame.lines is not None:
        groups = replace(groups, lines=frame.lines[groups.lines - 1])
    if "docid" in map(plain, layout.columns):
        notes += (DOCID,)
    repairs |= contents.repairs
    return replace(contents, groups=groups, repairs=repairs, notes=notes)


def _sniff(source: Source, kind: str) -> str | None:
    header = header_of(source)
    if header is None or header.layout.kind != kind:
        return None
    parted = DELIMITER_NAMES[header.delimiter]
    return f"a header parted by {parted} with the {header.layout.evidence()}"


def write_scores(contents: Contents, path: Path) -> None:
    """Write PyTerrier's columns qid, docno, score, rank, the best document first.

    A name in .csv gives commas, any other tabs. Ranks are those of the file that was
    read, else counted from 0.

    Raises
    ------
    FormatError
        When there are no scores.
    """
    rows = [("qid", "docno", "score", "rank")]
    given = contents.ranks is not None
    ranks = _ranks(contents) if given else {}
    for record in ranked_records(contents, "a table of scores"):
        for place, docno in enumerate(record.docnos):
            score = (record.scores or [])[place]
            rank = ranks[record.qid, docno] if given else place
            rows.append((record.qid, docno, repr(score), str(rank)))
    _write(rows, path)


def _ranks(contents: Contents) -> dict[tuple[str, str], int]:
    scores = contents.scores
    if scores is None or contents.ranks is None:
        return {}
    qids = scores.qids[scores.row_query()].tolist()
    docnos = scores.docnos[scores.codes].tolist()
    pairs = zip(qids, docnos, strict=True)
    return dict(zip(pairs, contents.ranks.tolist(), strict=True))


def write_qrels(contents: Contents, path: Path) -> None:
    """Write judgements in PyTerrier's columns: qid, docno, label."""
    qrels = contents.qrels
    if qrels is None:
        raise lacking(contents, "a table of judgements", "judgements")
    qids = qrels.qids[qrels.row_query()].tolist()
    docnos = qrels.docnos[qrels.codes].tolist()
    grades = [f"{grade:.0f}" for grade in qrels.values.tolist()]
    _write([("qid", "docno", "label"), *zip(qids, docnos, grades, strict=True)], path)


def _write(rows: Iterable[tuple[str, ...]], path: Path) -> None:
    delimiter = "," if path.suffix.casefold() == ".csv" else "\t"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerows(rows)


def _format(
    kind: str,
    title: str,
    parts: tuple[str, ...],
    write: Callable[[Contents, Path], None] | None = None,
    keeps: tuple[str, ...] = (),
) -> Format:
    return Format(
        f"csv-{kind}",
        f"{title}, CSV or TSV with a header",
        parts,
        partial(_sniff, kind=kind),
        partial(read_text_table, kind=kind),
        write,
        keeps,
    )


FORMATS = (
    _format(
        "scores",
        "table of query, document, score (PyTerrier, pandas)",
        ("scores", "qrels"),
        write_scores,
        ("scores", "ranks"),
    ),
    _format(
        "qrels",
        "table of query, document, grade (PyTerrier, BEIR)",
        ("qrels",),
        write_qrels,
        ("grades",),
    ),
    _format(
        "lists",
        "table of query, document list, score or label list",
        ("scores", "groups"),
    ),
    _format(
        "margins",
        "table of query, positive, negative and margin",
        ("scores", "groups"),
    ),
)
