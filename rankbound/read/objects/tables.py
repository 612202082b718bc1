"""Frames of pandas, polars and others, and records one by one, as Arrow tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from rankbound.read.objects.nested import Fail
from rankbound.read.tables import layouts

TAKEN = (
    "a path, a dict {qid: {docno: score}}, a pandas, polars or Arrow table, a ranx "
    "Run, ScoredDoc or Qrel tuples of ir_measures, a NumPy array"
)
# Columns that may count; others, such as texts and vectors, are not even converted
COLUMNS = frozenset(
    itertools.chain.from_iterable(
        value for name, value in vars(layouts).items() if isinstance(value, tuple)
    )
) | {"docid", "group", "positive", "probability", "line"}


def described(value: object) -> str:
    """What kind of object it is, for messages: "pandas.DataFrame", "dict".

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
        From a message to the error to raise.
    every : bool
        Take all columns, and not only those that the layouts of tables know.

    Raises
    ------
    Exception
        By `fail`, for an object of another kind, and columns of mixed types.

    Examples
    --------
    >>> table_of_object([{"qid": "q", "docno": "d", "score": 1.0}], ValueError).shape
    (1, 3)
    """
    table = _of_frame(value, fail, every)
    return _collected(value, fail, every) if table is None else table


def _of_frame(value: Any, fail: Fail, every: bool) -> Any:
    """A frame of any library as an Arrow table; None for what is no frame."""
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
    return isinstance(name, str) and name.replace("-", "_") in COLUMNS


def _collected(value: Any, fail: Fail, every: bool) -> Any:
    """Records one by one, such as ir_measures' tuples, as an Arrow table."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise fail(f"is not known; give {TAKEN}")
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
        raise fail(f"holds {described(first)}, which is not known; give {TAKEN}")
    try:
        columns = {
            field: [getattr(record, field) for record in records]
            for field in ("query_id", "doc_id", names[0])
        }
    except AttributeError as error:
        raise fail(f"its records differ: {error}") from None
    return table_of_lists(columns, fail)


def table_of_lists(columns: dict[str, list[Any]], fail: Fail) -> Any:
    """An Arrow table of named columns."""
    try:
        return pa.table(columns)
    except (pa.ArrowException, ValueError, TypeError) as error:
        reason = str(error).split("\n", 1)[0]
        raise fail(f"mixes types in one column ({reason})") from None
