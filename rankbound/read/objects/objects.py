"""Python objects as scores, groups, judgements and vectors: frames, dicts, arrays.

Libraries are recognised by the objects they make, and none is loaded for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.json.rowformats import records
from rankbound.read.objects.arrays import (
    Ids,
    embeddings_of_array,
    is_array,
    nested_of_array,
    stacked,
)
from rankbound.read.objects.nested import Fail, scores_of_nested, texts
from rankbound.read.objects.tables import described, table_of_lists, table_of_object
from rankbound.read.registry import row_formats
from rankbound.read.source import Source
from rankbound.read.tables.frames import Frame
from rankbound.read.tables.layouts import recognise
from rankbound.read.tables.tables import contents_of

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
        See the module; `Scores`, `Groups`, `Embeddings` and `Contents` are taken as
        they are.
    part : str
        Of `rankbound.read.contents.PARTS`.
    name : str
        For messages; the type of the object by default.
    qids, docnos : sequences of ids
        Of the rows and columns of an array of scores; numbers from 0 by default.

    Raises
    ------
    FormatError
        Naming the row of a table that breaks a rule, or what would be taken.

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
        raise FormatError(name, f"holds {parts}, and {part} are expected here")
    return held


def contents_of_object(value: Any, part: str, *, name: str, fail: Fail) -> Contents:
    """What a dictionary, table or iterable holds, as `Contents`."""
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
    return contents_of(frame, layout, Path(name), table.column_names)


def _of_records(table: Any, name: str, fail: Fail) -> Contents:
    """The rows of a table in one of the formats that JSON lines have, too."""
    first: dict[str, Any] = next(iter(table.slice(0, 1).to_pylist()), {})
    entry = next((one for one in row_formats() if one.matches(first)), None)
    if entry is None:
        raise fail(
            f"a table whose columns are not known: {', '.join(table.column_names)}; "
            "rename them, such as qid, docno, score"
        )
    return entry.read_records(Source(Path(name)), records(table))


def embeddings_of_object(
    vectors: Any, ids: Ids | None = None, *, name: str = ""
) -> Embeddings:
    """Embeddings from an array and the ids of its rows, a mapping, or a table.

    The array is used as it is, without a copy.

    Raises
    ------
    FormatError
        For another shape or type of numbers, or ids that do not fit.

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
    """A ranx Run or Qrels as the dictionary that it holds."""
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
        raise fail("qids and docnos name the rows and columns of an array of scores")
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
