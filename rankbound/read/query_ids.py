"""The query ids of any file: a list of ids, groups, a run, judgements, texts, columns.

Formats that are known are read as everywhere. What none of them recognises is a list:
one id a line, columns, or JSON with an id of a query in every row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from rankbound.bounds.wording import counted
from rankbound.data.columns import Strings, distinct_codes, strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.memory import check_json
from rankbound.read.contents import Contents
from rankbound.read.fields import composed, is_odd, odd_words
from rankbound.read.json.records import query_texts
from rankbound.read.registry import by_name, detect
from rankbound.read.source import NUMPY_MAGIC, Source, decoded
from rankbound.read.vectors.row_ids import read_ids

# Keys and headers of an id of a query, the surest first
QID: Final = ("query_id", "qid", "query-id", "queryid", "topic", "_id", "id", "query")
SURE: Final = 4  # of them name nothing else
TRIPLE: Final = 3  # query, document, document or score: the query comes first
COMMENT: Final = "# "
FEATURES: Final = re.compile(r"(?:^|\s)qid:(\S+)")  # as in LETOR's files of features


@dataclass(frozen=True, slots=True, eq=False)
class QueryIds:
    """Distinct ids of queries, and where they come from.

    Attributes
    ----------
    ids : object array of str, shape (n,)
        Sorted.
    name : str
        For messages.
    texts : mapping of str to str
        Texts by id, where the file has them.

    Examples
    --------
    >>> QueryIds.of([3, "q1", 3], "trained").ids.tolist()
    ['3', 'q1']
    """

    ids: Strings
    name: str
    texts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, ids: Iterable[Any], name: str, texts: Mapping[str, str] | None = None
    ) -> QueryIds:
        """Distinct ids, sorted; each is text or a whole number.

        Raises
        ------
        FormatError
            For an id that is neither, with its place, and without any id.
        """
        found = {_as_id(one, name, row) for row, one in enumerate(ids, start=1)}
        if not found:
            raise FormatError(name, "holds no query id")
        return cls(strings(sorted(found)), name, texts or {})

    def __len__(self) -> int:
        """Number of ids."""
        return len(self.ids)


def query_ids(
    source: Any, *, name: str = "queries", format: str | None = None
) -> QueryIds:
    r"""The query ids of a file, or of an object.

    Parameters
    ----------
    source : path or object
        Any file with ids of queries. An object may be `Scores`, `Groups`, a frame with
        a column of query ids, a mapping by query id, or an iterable of ids.
    name : str
        Of an object, for messages.
    format : str, optional
        The format of a file, instead of detection.

    Returns
    -------
    QueryIds

    Raises
    ------
    FormatError
        With path:line, for a row without an id.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ids.tsv")
    ...     _ = path.write_text("fold\tqid\n1\tq7\n1\tq2\n")
    ...     found = query_ids(path)
    >>> found.ids.tolist()
    ['q2', 'q7']
    """
    if isinstance(source, QueryIds):
        return source
    if isinstance(source, str | Path):
        return _of_file(Source(Path(source), named=format is not None), format)
    if isinstance(source, Scores | Groups):
        return QueryIds.of(_present(source), source.name)
    columns = getattr(source, "columns", None)
    if columns is not None and not isinstance(source, Mapping):
        key = next((one for one in QID if one in list(columns)), None)
        if key is None:
            raise FormatError(
                name, f"must have a column of query ids ({', '.join(QID)})"
            )
        return QueryIds.of(list(source[key]), name)
    return QueryIds.of(source, name)


def _present(part: Scores | Groups) -> Strings:
    """Ids of the queries that have a row."""
    if isinstance(part, Groups):
        return part.qids[distinct_codes(part.queries)]
    return part.qids


def _of_file(source: Source, format: str | None) -> QueryIds:
    if format is not None:
        return _of_contents(by_name(format).read(source), source)
    bare = None
    if not source.is_folder and source.dataset is None:
        bare = _bare(source)
    if bare is not None:
        return QueryIds.of(bare, str(source.path))
    try:
        entry = detect(source)[0]
    except FormatError:
        if source.is_folder or not source.head.strip():
            raise
        return _listed(source)
    return _of_contents(entry.read(source), source)


def _bare(source: Source) -> Iterable[Any] | None:
    """Ids of a file that a format would take for something else; None for others."""
    start = source.head.lstrip()
    if source.head.startswith(NUMPY_MAGIC):
        return read_ids(source.path) if _is_list(source) else None
    if start.startswith(b"["):
        return _json_list(source)
    if start.startswith(b"{"):
        return None
    line = start.split(b"\n", 1)[0].decode("utf-8", "replace")
    # Under a header, a format of two columns would take names for ids
    named = _is_header(line.split("\t")) or _is_header(next(csv.reader([line]), []))
    return _rows(source) if named or len(_cells(line)) == TRIPLE else None


def _of_contents(contents: Contents, source: Source) -> QueryIds:
    parts = (contents.groups, contents.scores, contents.qrels)
    held = [_present(part) for part in parts if part is not None]
    texts = query_texts(contents)
    if not held and contents.embeddings is not None:
        held = [contents.embeddings.ids]
    if not held:
        held, texts = [strings([*contents.texts])], dict(contents.texts)
    return QueryIds.of(np.concatenate(held).tolist(), str(source.path), texts)


def _is_list(source: Source) -> bool:
    """Whether a .npy file has one dimension, as ids have, and not vectors."""
    try:
        return bool(np.load(source.path, mmap_mode="r", allow_pickle=False).ndim == 1)
    except (ValueError, OSError, EOFError):
        return False


def _json_list(source: Source) -> list[Any] | None:
    """The ids of one JSON list; None for anything else that begins like one."""
    text = source.text()
    check_json(text, source.fail)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    plain = isinstance(found, list) and all(isinstance(x, str | int) for x in found)
    return found if plain else None


def _listed(source: Source) -> QueryIds:
    """Ids of a file that no format recognises."""
    name = str(source.path)
    if not source.head.lstrip().startswith(b"{"):
        return QueryIds.of(_rows(source), name)
    data = source.text()
    check_json(data, source.fail)
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError:
        whole = None
    if isinstance(whole, dict) and not set(QID) & set(whole):
        texts = {k: v for k, v in whole.items() if isinstance(v, str)}
        return QueryIds.of(whole, name, texts)
    texts = {}
    found = []
    for number, row in _json_rows(source):
        key = next((one for one in QID if one in row), None)
        if key is None:
            raise source.fail(
                f"expected an object with an id of a query ({', '.join(QID)}), found "
                f"the keys {[*row]}",
                line=number,
            )
        found.append(_as_id(row[key], name, number))
        text = next((row[k] for k in ("text", "query") if k in row and k != key), None)
        if isinstance(text, str):
            texts[found[-1]] = text
    return QueryIds.of(found, name, texts)


def _json_rows(source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in source.lines():
        if not line:
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise source.fail(
                f"not a JSON object ({error.msg} in column {error.colno})", line=number
            ) from None
        if not isinstance(row, dict):
            raise source.fail(
                f"expected an object with an id of a query, found {type(row).__name__}",
                line=number,
            )
        yield number, row


def _rows(source: Source) -> Iterator[str]:
    """The first column of each line, or the one that a header calls a query id."""
    first: list[str] | None = None
    place = 0
    for number, cells in _records(source):
        if first is None:
            first, named = cells, _heading(cells)
            place = named or 0
            if named is not None:
                continue
        width = len(first)
        if len(cells) <= place or (width == TRIPLE and len(cells) != width):
            raise source.fail(
                f"expected {width} columns as in the first line, found {len(cells)}",
                line=number,
            )
        if not cells[place].strip():
            raise source.fail("a blank where a query id should be", line=number)
        yield cells[place].strip()


def _records(source: Source) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row with its line: parted by commas only under a header."""
    lines = _lines(source)
    start = source.head.lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
    if b"\t" in source.head or not _is_header(next(csv.reader([start]), [])):
        yield from _split(source, lines)
        return
    reader = csv.reader(f"{line}\n" for _, line in lines)  # cells may have line ends
    for cells in reader:
        if cells:
            yield reader.line_num, cells


def _split(
    source: Source, lines: Iterable[tuple[int, str]]
) -> Iterator[tuple[int, list[str]]]:
    """Cells parted by tabs, or by blanks, of which every line then has as many."""
    width = 0
    for number, line in lines:
        if not line or line.startswith(COMMENT):
            continue
        cells = _cells(line)
        width = width or len(cells)
        if "\t" not in line and len(cells) != width:
            raise source.fail(
                f"expected {counted(width, 'column')} as in the first line, found "
                f"{len(cells)}; give one id of a query a line, or a tab behind it",
                line=number,
            )
        yield number, cells


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    for number, raw in source.lines():
        yield number, decoded(raw, source.path, number)


def _heading(cells: list[str]) -> int | None:
    """Where a header names the id of a query; None for a line without such a name."""
    names = [cell.strip().casefold() for cell in cells]
    # A query may be called "topic" or "query", but not "query_id"
    sure = QID if len(names) > 1 else QID[:SURE]
    key = next((one for one in sure if one in names), None)
    return None if key is None else names.index(key)


def _is_header(cells: list[str]) -> bool:
    """Whether several columns have names, one of which can only be a query's id."""
    names = {cell.strip().casefold() for cell in cells}
    return len(cells) > 1 and not names.isdisjoint(QID[:SURE])


def _cells(line: str) -> list[str]:
    marked = FEATURES.search(line)
    if marked is not None:
        return [marked[1]]
    return line.split("\t") if "\t" in line else line.split()


def _as_id(value: Any, name: str, row: int) -> str:
    if isinstance(value, str) and is_odd(value.strip()):
        raise FormatError(name, odd_words("an id of a query", value), line=row)
    if isinstance(value, str) and value.strip():
        return composed(value.strip())
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(int(value))
    raise FormatError(
        name,
        f"an id of a query must be text or a whole number, got {value!r}",
        line=row,
    )
