"""Python objects as scores, groups, judgements and vectors: frames, dicts, arrays.

Libraries are recognised by the types of their objects, so none is imported for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.json.jsonl import table_records as records
from rankbound.read.objects.arrays import (
    Fail,
    Ids,
    embeddings_of_array,
    is_array,
    nested_of_array,
    scores_of_nested,
    stacked,
    texts,
)
from rankbound.read.registry import row_formats
from rankbound.read.source import Source, one_line
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import NAMES, plain, recognise
from rankbound.read.tables.reading import contents_of

# Objects as Arrow tables

TAKEN = (
    "a path, a dict {qid: {docno: score}}, a pandas, polars or Arrow table, a ranx "
    "Run, ScoredDoc or Qrel tuples of ir_measures, a NumPy array"
)
# Columns that may be read; others, such as texts, are not even converted
COLUMNS = NAMES | {"group", "positive", "probability", "line"}


def described(value: object) -> str:
    """The type of an object, for messages, such as "pandas.DataFrame" or "dict".

    Examples
    --------
    >>> described({}), described(pa.table({}))
    ('dict', 'pyarrow.Table')
    """
    kind = type(value)
    root = kind.__module__.partition(".")[0]
    return kind.__name__ if root == "builtins" else f"{root}.{kind.__name__}"


def table_of_object(value: Any, fail: Fail, *, every: bool = False) -> Any:
    """A frame, or an iterable of records, as an Arrow table.

    Parameters
    ----------
    value : object
    fail : callable
        Turns a message into the error to raise.
    every : bool
        Whether to convert all columns, rather than those that some layout reads.

    Raises
    ------
    Exception
        As made by `fail`, for an object of another type, and columns of mixed types.

    Examples
    --------
    >>> table_of_object([{"qid": "q", "docno": "d", "score": 1.0}], ValueError).shape
    (1, 3)
    """
    table = _of_frame(value, fail, every)
    return _collected(value, fail, every) if table is None else table


def _of_frame(value: Any, fail: Fail, every: bool) -> Any:
    """A frame of any library as an Arrow table, or None if the value is no frame."""
    root = type(value).__module__.partition(".")[0]
    try:
        if root == "pandas" and hasattr(value, "columns"):
            known = [name for name in value.columns if every or _may_count(name)]
            return pa.Table.from_pandas(value[known], preserve_index=False)
        if root == "polars" and hasattr(value, "collect"):
            value = value.collect()
        if root == "datasets" and hasattr(value, "with_format"):
            value = value.with_format("arrow")[:]
        if hasattr(value, "__arrow_c_stream__"):
            return pa.table(value)
    except (pa.ArrowException, ValueError, TypeError) as error:
        reason = " ".join(map(str, error.args)).split("\n", 1)[0]
        raise fail(f"cannot be read as a table ({reason})") from None
    return None


def _may_count(name: object) -> bool:
    return isinstance(name, str) and plain(name) in COLUMNS


def _collected(value: Any, fail: Fail, every: bool) -> Any:
    """An iterable of records, such as tuples of ir_measures, as an Arrow table."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise fail(f"is of an unknown type; give {TAKEN}")
    records = list(value)
    if not records:
        raise fail("holds no rows")
    first = records[0]
    if isinstance(first, Mapping):
        names = [name for name in first if every or _may_count(name)]
        columns = {name: [record.get(name) for record in records] for name in names}
        return table_of_lists(columns, fail)
    names = [f for f in ("score", "relevance") if hasattr(first, f)]
    if not (names and hasattr(first, "query_id") and hasattr(first, "doc_id")):
        raise fail(f"holds {described(first)}, an unknown type; give {TAKEN}")
    try:
        columns = {
            field: [getattr(record, field) for record in records]
            for field in ("query_id", "doc_id", names[0])
        }
    except AttributeError as error:
        raise fail(f"its records differ: {error}") from None
    return table_of_lists(columns, fail)


def table_of_lists(columns: dict[str, list[Any]], fail: Fail) -> Any:
    """An Arrow table from named columns."""
    try:
        return pa.table(columns)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise fail(f"mixes types in one column ({one_line(error)})") from None


# Objects as contents

TYPES: Mapping[str, type] = {
    "scores": Scores,
    "qrels": Scores,
    "groups": Groups,
    "embeddings": Embeddings,
}


def part_of_object(
    value: Any,
    part: str,
    *,
    name: str = "",
    qids: Ids | None = None,
    docnos: Ids | None = None,
) -> Any:
    """The scores, groups, judgements ("qrels") or embeddings that an object holds.

    Parameters
    ----------
    value : object
        A frame, dictionary, array or iterable of records; `Scores`, `Groups`,
        `Embeddings` and `Contents` are used as they are.
    part : str
        One of `rankbound.read.contents.PARTS`.
    name : str
        For messages; by default the type of the object.
    qids, docnos : sequences of ids
        The ids of the rows and columns of an array of scores; numbers by default.

    Raises
    ------
    FormatError
        Naming the row of a table that breaks a rule, or the types that are accepted.

    Examples
    --------
    >>> part_of_object(np.array([[1.0, 2.0]]), "scores", qids=["q1"])
    Scores('numpy.ndarray': unknown, 1 query, 2 rows, 2 documents, 1 to 2)
    """
    name = name or described(value)
    if isinstance(value, TYPES[part]):
        return value
    if not isinstance(value, Contents):
        fail = partial(FormatError, name)
        if qids is None and docnos is None and not is_array(value):
            value = contents_of_object(value, part, name=name, fail=fail)
        else:
            value = _of_array(value, part, name, (qids, docnos))
    held = getattr(value, part)
    if held is None:
        parts = " and ".join(value.parts()) or "nothing"
        raise FormatError(name, f"holds {parts}, but {part} are expected here")
    return held


def contents_of_object(value: Any, part: str, *, name: str, fail: Fail) -> Contents:
    """`Contents` of a dictionary, table or iterable."""
    value = _unwrapped(value)
    if isinstance(value, Iterator) and not hasattr(value, "__arrow_c_stream__"):
        value = list(value)
    if isinstance(value, Mapping):
        return _of_mapping(value, part, name, fail)
    table = table_of_object(value, fail)
    if {"qid", "group", "docno"} <= set(table.column_names) and part == "groups":
        groups = Groups.from_arrow(table, name=name)
        return Contents("object", Path(name), groups=groups)
    layout = recognise(table.schema)
    if layout is None:
        return _of_records(table_of_object(value, fail, every=True), name, fail)
    frame = Frame(table.select(layout.columns), name)
    kind = f"table-{layout.kind}"
    return contents_of(frame, layout, kind, Path(name), table.column_names)


def _of_records(table: Any, name: str, fail: Fail) -> Contents:
    """`Contents` of a table whose rows are records of a format of JSON lines."""
    first = next(records(table.slice(0, 1)), {})
    entry = next((one for one in row_formats() if one.matches(first)), None)
    if entry is None:
        raise fail(
            f"a table with unknown columns: {', '.join(table.column_names)}; rename "
            "them, for instance to qid, docno, score"
        )
    return entry.read_records(Source(Path(name)), records(table))


def embeddings_of_object(
    vectors: Any, ids: Ids | None = None, *, name: str = ""
) -> Embeddings:
    """Embeddings from an array and the ids of its rows, a mapping, or a table.

    An array is used without a copy.

    Raises
    ------
    FormatError
        For another shape or type of numbers, or ids that do not fit the rows.

    Examples
    --------
    >>> embeddings_of_object(np.eye(2), ["a", "b"])
    Embeddings('numpy.ndarray': 2 vectors of dimension 2, float64)
    """
    name = name or described(vectors)
    fail = partial(FormatError, name)
    if ids is None and isinstance(vectors, Mapping):
        ids, vectors = list(vectors), stacked(list(vectors.values()), fail)
    if ids is None:
        found: Embeddings = part_of_object(vectors, "embeddings", name=name)
        return found
    return embeddings_of_array(vectors, ids, fail, name=name)


def _unwrapped(value: Any) -> Any:
    """The dictionary in a ranx Run or Qrels; any other value as it is."""
    ranx = next((f for f in ("run", "qrels") if hasattr(value, f)), None)
    if ranx is None or isinstance(value, Mapping):
        return value
    as_dict = getattr(value, "to_dict", None)
    return as_dict() if callable(as_dict) else getattr(value, ranx)


def _of_array(
    value: Any, part: str, name: str, ids: tuple[Ids | None, Ids | None]
) -> Contents:
    fail = partial(FormatError, name)
    if not is_array(value):
        raise fail(
            "`qids` and `docnos` are for the rows and columns of an array of scores"
        )
    if part not in ("scores", "qrels"):
        ids_too = "; give the ids of its rows" if part == "embeddings" else ""
        raise fail(f"an array alone holds no {part}{ids_too}")
    return _of_mapping(nested_of_array(value, *ids, fail), part, name, fail)


def _of_mapping(value: Mapping[Any, Any], part: str, name: str, fail: Fail) -> Contents:
    if part == "groups":
        if any(isinstance(documents, str) for documents in value.values()):
            raise fail(
                "expected {qid: [docno, ...]}; put a single document in brackets"
            )
        lists: dict[str, list[Any]] = {
            "query_id": texts(list(value), fail, what="a query id"),
            "doc_ids": [
                texts(list(documents), fail, what="a document id")
                for documents in value.values()
            ],
        }
        return contents_of_object(
            table_of_lists(lists, fail), part, name=name, fail=fail
        )
    scores = scores_of_nested(value, fail, name=name)
    if part == "qrels":
        broken = scores.values != np.trunc(scores.values)
        if broken.any():
            row = int(np.argmax(broken))
            qid, docno = scores.where(row)
            raise fail(
                f"the grade of query {qid!r}, document {docno!r} must be a whole "
                f"number, found {scores.values[row]}"
            )
        return Contents("object", Path(name), qrels=scores)
    return Contents("object", Path(name), scores=scores)
