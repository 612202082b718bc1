"""Python objects as scores, groups, judgements and vectors: frames, dicts, arrays.

Libraries are recognised by the types of their objects, so none is imported for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.errors import FormatError, UsageError
from rankbound.read.contents import Contents, odd_in
from rankbound.read.fields import odd_words
from rankbound.read.json.jsonl import RowFormat
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
    vectors_of_index,
)
from rankbound.read.objects.hits import contents_of_hits, hits_of, records_of
from rankbound.read.registry import by_name, row_format, row_formats
from rankbound.read.source import Source, one_line
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import (
    KINDS,
    NAMED,
    NAMES,
    SYSTEM,
    plain,
    recognise,
)
from rankbound.read.tables.reading import contents_of
from rankbound.read.text.claims import LARGEST_GRADE

# Objects as Arrow tables

TAKEN = (
    "a path, a dict {qid: {docno: score}}, a pandas, polars or Arrow table, a ranx "
    "Run, ScoredDoc or Qrel tuples of ir_measures, a NumPy array"
)
# Columns that may be read; others, such as texts, are not even converted
COLUMNS = NAMES | {"group", "positive", "probability", "line", *SYSTEM, *NAMED}


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
        return table_of_records(records, fail, every=every)
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


def table_of_records(
    found: Iterable[Mapping[str, Any]], fail: Fail, *, every: bool = True
) -> Any:
    """An Arrow table of dictionaries, with all keys of the first, or the known ones."""
    rows = list(found)
    names = [name for name in rows[0] if every or _may_count(name)]
    return table_of_lists(
        {name: [row.get(name) for row in rows] for name in names}, fail
    )


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
    format: str | None = None,
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
        The ids of the rows and columns of an array of scores, numbers by default; or
        those of the queries and documents of a search.
    format : str, optional
        The format of the records or columns of an object.

    Raises
    ------
    FormatError
        Naming the row of a table that breaks a rule, or the types that are accepted.
    UsageError
        If no format has the given name, or an object cannot have it.

    Examples
    --------
    >>> part_of_object(np.array([[1.0, 2.0]]), "scores", qids=["q1"])
    Scores('numpy.ndarray': unknown, 1 query, 2 rows, 2 documents, 1 to 2)
    """
    if isinstance(value, TYPES[part]):
        held: Any = value
        _refuse_odd(odd_in(held), name or held.name)
        return held
    held = read_object(value, part, name=name, qids=qids, docnos=docnos, format=format)
    return _noted(getattr(held, part), held.notes)


def read_object(
    value: Any,
    part: str,
    *,
    name: str = "",
    qids: Ids | None = None,
    docnos: Ids | None = None,
    format: str | None = None,
) -> Contents:
    """What an object holds, with what was mended and not used; see `part_of_object`."""
    name = name or described(value)
    if not isinstance(value, Contents):
        fail = partial(FormatError, name)
        if format is not None:
            value = _in_format(value, format, name, fail)
        elif (hits := hits_of(value, fail)) is not None:
            value = contents_of_hits(hits, (qids, docnos), name=name, fail=fail)
        elif qids is None and docnos is None and not is_array(value):
            value = contents_of_object(value, part, name=name, fail=fail)
        else:
            value = _of_array(value, part, name, (qids, docnos))
    _refuse_odd(value.odd_id(), name)
    held = getattr(value, part)
    if held is None and part == "qrels" and _are_grades(value):
        judged: Contents = replace(value, qrels=value.scores, scores=None, ranks=None)
        return judged
    if held is None:
        parts = " and ".join(value.parts()) or "nothing"
        raise FormatError(name, f"holds {parts}, but {part} are expected here")
    found: Contents = value
    return found


def _refuse_odd(found: tuple[str, str] | None, name: str) -> None:
    if found is not None:
        raise FormatError(name, odd_words(*found))


def _noted(held: Any, notes: tuple[str, ...]) -> Any:
    takes_them = isinstance(held, Scores | Groups)
    return replace(held, notes=notes) if notes and takes_them else held


def _are_grades(contents: Contents) -> bool:
    """Whether the numbers of a table of scores may be grades, as in a frame of ranx."""
    scores = contents.scores
    if contents.format != "table-scores" or scores is None:
        return False
    whole = (scores.values == np.trunc(scores.values)).all()
    known = scores.kind is not Kind.UNKNOWN
    return bool(whole and (np.abs(scores.values) <= LARGEST_GRADE).all() and not known)


def contents_of_object(value: Any, part: str, *, name: str, fail: Fail) -> Contents:
    """`Contents` of a dictionary, table or iterable."""
    value = _unwrapped(value, fail)
    if isinstance(value, Iterator) and not hasattr(value, "__arrow_c_stream__"):
        value = list(value)
    if isinstance(value, Mapping):
        return _of_mapping(value, part, name, fail)
    own = records_of(value)
    if own is not None:
        return _of_records(own, name, fail)
    table = table_of_object(value, fail)
    if {"qid", "group", "docno"} <= set(table.column_names) and part == "groups":
        groups = Groups.from_arrow(table, name=name)
        return Contents("object", Path(name), groups=groups)
    layout = recognise(table.schema)
    if layout is None:
        every = table_of_object(value, fail, every=True)
        return _of_records(records(every), name, fail)
    frame = Frame(table.select(layout.columns), name)
    kind = f"table-{layout.kind}"
    return contents_of(frame, layout, kind, Path(name), _names(value, table))


def _names(value: object, table: Any) -> list[str]:
    """The names of all columns of an object, of which a table has those that count."""
    for attribute in ("column_names", "columns"):
        found = getattr(value, attribute, None)
        if found is not None and not callable(found):
            return [str(name) for name in found]
    first = value[0] if isinstance(value, list) and value else None
    return [*map(str, first)] if isinstance(first, Mapping) else table.column_names


def _of_records(found: Iterable[Mapping[str, Any]], name: str, fail: Fail) -> Contents:
    """`Contents` of records of a format of JSON lines."""
    rows = iter(found)
    first = next(rows, {})
    entry = next((one for one in row_formats() if one.matches(first)), None)
    if entry is None:
        raise fail(
            f"a table with unknown columns: {', '.join(map(str, first))}; rename "
            "them, for instance to qid, docno, score"
        )
    return entry.read_records(Source(Path(name)), itertools.chain([first], rows))


def _in_format(value: Any, format: str, name: str, fail: Fail) -> Contents:
    """`Contents` of an object in a format that the user names."""
    entry: RowFormat | None = row_format(format)
    kinds = {f"table-{kind}" for kind in KINDS}
    if entry is None and by_name(format).name not in kinds:
        known = [one.name for one in row_formats()]
        raise UsageError(
            f"`format={format!r}` is for files; an object may be in "
            f"{', '.join([*known, *sorted(kinds)])}"
        )
    value = _unwrapped(value, fail)
    own = records_of(value)
    if own is not None and entry is not None:
        return entry.read_records(Source(Path(name)), own)
    if isinstance(value, Mapping):
        table = table_of_lists({key: list(one) for key, one in value.items()}, fail)
    else:
        table = table_of_object(value, fail, every=entry is not None)
    if entry is not None:
        return entry.read_records(Source(Path(name)), records(table))
    layout = recognise(table.schema)
    if layout is None or f"table-{layout.kind}" != format:
        raise fail(
            f"expected the columns of {format}, found {', '.join(table.column_names)}"
        )
    frame = Frame(table.select(layout.columns), name)
    return contents_of(frame, layout, format, Path(name), _names(value, table))


def embeddings_of_object(
    vectors: Any,
    ids: Ids | None = None,
    *,
    name: str = "",
    format: str | None = None,
) -> Embeddings:
    """Embeddings from an array and the ids of its rows, a mapping, an index or a table.

    An array is used without a copy.

    Raises
    ------
    FormatError
        For another shape or type of numbers, or ids that do not fit the rows.
    UsageError
        If no format has the given name, or an object cannot have it.

    Examples
    --------
    >>> embeddings_of_object(np.eye(2), ["a", "b"])
    Embeddings('numpy.ndarray': 2 vectors of dimension 2, float64)
    """
    name = name or described(vectors)
    fail = partial(FormatError, name)
    if hasattr(vectors, "ntotal") and hasattr(vectors, "reconstruct_n"):
        vectors, own = vectors_of_index(vectors, fail)
        ids = own if ids is None else ids
    if ids is None and isinstance(vectors, Mapping) and not _has_splits(vectors):
        ids, vectors = list(vectors), stacked(list(vectors.values()), fail)
    if ids is None:
        found: Embeddings = part_of_object(
            vectors, "embeddings", name=name, format=format
        )
        return found
    return embeddings_of_array(vectors, ids, fail, name=name)


def _has_splits(value: Mapping[Any, Any]) -> bool:
    """Whether a dictionary maps splits to tables, as a DatasetDict does."""
    return any(hasattr(one, "column_names") for one in value.values())


def _unwrapped(value: Any, fail: Fail) -> Any:
    """What a ranx Run or Qrels, or a DatasetDict, holds; any other value as it is."""
    if isinstance(value, Mapping):
        return _only_split(value, fail) if _has_splits(value) else value
    ranx = next((f for f in ("run", "qrels") if hasattr(value, f)), None)
    if ranx is None:
        return value
    as_dict = getattr(value, "to_dict", None)
    return as_dict() if callable(as_dict) else getattr(value, ranx)


def _only_split(splits: Mapping[Any, Any], fail: Fail) -> Any:
    """The only table of a DatasetDict."""
    if len(splits) > 1:
        names = ", ".join(map(str, splits))
        raise fail(f"holds the splits {names}; give one of them")
    return next(iter(splits.values()))


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


def _columns_of(value: Mapping[Any, Any], name: str, fail: Fail) -> Contents | None:
    """What a dictionary of columns holds; None unless a format has such columns."""
    lists = [one for one in value.values() if isinstance(one, list | tuple)]
    if len(lists) < len(value) or len(set(map(len, lists))) != 1 or len(value) < 2:
        return None
    first = {key: one[0] for key, one in value.items() if one}
    if not first or not all(isinstance(key, str) for key in value):
        return None
    if any(entry.matches(first) for entry in row_formats()):
        columns = {key: list(one) for key, one in value.items()}
        return _of_records(records(table_of_lists(columns, fail)), name, fail)
    return None


def _of_mapping(value: Mapping[Any, Any], part: str, name: str, fail: Fail) -> Contents:
    columns = _columns_of(value, name, fail)
    if columns is not None:
        return columns
    repairs: dict[str, int] = {}
    if part == "groups":
        if any(isinstance(documents, str) for documents in value.values()):
            raise fail(
                "expected {qid: [docno, ...]}; put a single document in brackets"
            )
        lists: dict[str, list[Any]] = {
            "query_id": texts(list(value), fail, what="a query id", repairs=repairs),
            "doc_ids": [
                texts(list(documents), fail, what="a document id", repairs=repairs)
                for documents in value.values()
            ],
        }
        table = table_of_lists(lists, fail)
        found = contents_of_object(table, part, name=name, fail=fail)
        return replace(found, repairs={**repairs, **found.repairs})
    scores = scores_of_nested(value, fail, name=name, repairs=repairs)
    if part == "qrels":
        broken = scores.values != np.trunc(scores.values)
        if broken.any():
            row = int(np.argmax(broken))
            qid, docno = scores.where(row)
            raise fail(
                f"the grade of query {qid!r}, document {docno!r} must be a whole "
                f"number, found {scores.values[row]}"
            )
        return Contents("object", Path(name), qrels=scores, repairs=repairs)
    return Contents("object", Path(name), scores=scores, repairs=repairs)
