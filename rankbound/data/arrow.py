"""Columns of Arrow tables and back; pyarrow is loaded when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.data.columns import Booleans, Floats, Integers, LateStrings, Strings

# Schema, kind and name stand in the metadata of the table, under these keys
SCHEMA: Final = "rankbound.schema"
SCORES_SCHEMA: Final = "rankbound.scores/1"
GROUPS_SCHEMA: Final = "rankbound.groups/1"
AT_ONCE: Final = 1 << 19  # ids that are made into text and looked up at once


def metadata(table: Any) -> Mapping[str, str]:
    """What a table or schema says of itself, as text."""
    found = getattr(table, "schema", table).metadata or {}
    return {
        key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
        for key, value in found.items()
    }


def encode(column: Any, *, ordered: bool) -> tuple[Strings, Integers]:
    """Distinct values and the code of each row; sorted by code point if `ordered`.

    Otherwise the values stand in the order of their first appearance. Values of a
    dictionary that no row uses are left out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> encode(pa.array(["b", "a", "b"]), ordered=True)[1].tolist()
    [1, 0, 1]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = pc.dictionary_encode(column)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # older pyarrow keeps the wrapper
        encoded = encoded.chunk(0)
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = encoded.dictionary
    if pa.types.is_dictionary(column.type):
        distinct, codes = _used(distinct, codes)
    if ordered:
        order = pc.sort_indices(distinct).to_numpy()
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        codes, distinct = rank[codes], distinct.take(pa.array(order))
    return distinct.to_numpy(zero_copy_only=False), codes


def _used(distinct: Any, codes: Integers) -> tuple[Any, Integers]:
    """The values of a foreign dictionary that rows use, by first appearance."""
    import pyarrow as pa

    first = np.full(len(distinct), len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    order = np.argsort(first, kind="stable")[: int(np.sum(first < len(codes)))]
    place = np.empty(len(distinct), dtype=np.int64)
    place[order] = np.arange(len(order))
    return distinct.take(pa.array(order)), place[codes]


def coded(codes: Any, ids: Strings | LateStrings) -> Any:
    """A dictionary-encoded column of text; `codes` are integers."""
    import pyarrow as pa

    indices = pa.array(codes.astype(np.int32, copy=False))
    return pa.DictionaryArray.from_arrays(indices, as_text(ids))


def as_text(ids: Strings | LateStrings) -> Any:
    """Ids as an Arrow array of text; strings that were not made are not made now.

    Examples
    --------
    >>> as_text(np.array(["d1"], dtype=object)).to_pylist()
    ['d1']
    """
    import pyarrow as pa

    if isinstance(ids, LateStrings):
        found = ids.texts()
        if found is not None:
            return found
        ids = ids.strings
    return pa.array(ids, pa.string())


def places(known: Strings | LateStrings, wanted: Strings) -> Integers:
    """Where each wanted id stands among the known ones, -1 where it does not.

    Both are distinct. The smaller side is hashed, outside of Python.

    Examples
    --------
    >>> known = np.array(["a", "b"], dtype=object)
    >>> places(known, np.array(["b", "x", "y"], dtype=object)).tolist()
    [1, -1, -1]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = as_text(wanted).cast(pa.large_string())
    at = np.full(len(asked), -1, dtype=np.int64)
    if len(asked) >= len(known):
        inside = as_text(known).cast(pa.large_string())
        found = pc.fill_null(pc.index_in(asked, value_set=inside), -1)
        return np.asarray(found).astype(np.int64)
    for start in range(0, len(known), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        some = known.texts(part) if isinstance(known, LateStrings) else None
        if some is None:
            held = known.strings if isinstance(known, LateStrings) else known
            some = as_text(held[part])
        inside = some.cast(pa.large_string())
        rows = np.asarray(pc.fill_null(pc.index_in(inside, value_set=asked), -1))
        there = np.flatnonzero(rows >= 0)
        at[rows[there]] = start + there
    return at


def ids(table: Any, column: str) -> Any:
    """A column of text, dictionary-encoded or not."""
    import pyarrow as pa

    found = whole(table, column)
    kind = found.type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if kind == pa.string_view():
        return found.cast(pa.large_string())
    if kind not in (pa.string(), pa.large_string()):
        raise DomainError(
            f"column {column!r} must hold text, found {kind}; rankbound.read_scores "
            "and read_groups take tables of other types"
        )
    return found


def numbers(table: Any, column: str) -> Floats:
    """A column of numbers without missing values, as float64."""
    import pyarrow as pa

    found = whole(table, column)
    if not (pa.types.is_floating(found.type) or pa.types.is_integer(found.type)):
        raise DomainError(f"column {column!r} must hold numbers, found {found.type}")
    return np.asarray(found.to_numpy(), dtype=np.float64)


def integers(table: Any, column: str) -> Integers:
    """A column of whole numbers without missing values, as int64."""
    import pyarrow as pa

    found = whole(table, column)
    if not pa.types.is_integer(found.type):
        raise DomainError(
            f"column {column!r} must hold whole numbers, found {found.type}"
        )
    return found.to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def booleans(table: Any, column: str) -> Booleans:
    """A column of true and false without missing values."""
    import pyarrow as pa

    found = whole(table, column)
    if not pa.types.is_boolean(found.type):
        raise DomainError(
            f"column {column!r} must hold true or false, found {found.type}"
        )
    return found.to_numpy()  # type: ignore[no-any-return]


def whole(table: Any, column: str) -> Any:
    """A column without missing values."""
    if column not in table.column_names:
        raise DomainError(
            f"expected a column {column!r}, found {', '.join(table.column_names)}"
        )
    found = table.column(column)
    if found.null_count:
        raise DomainError(
            f"column {column!r} lacks {counted(found.null_count, 'value')}"
        )
    return found
