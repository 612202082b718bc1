"""Scores and groups as Arrow tables and back; pyarrow is loaded when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted

if TYPE_CHECKING:
    from rankbound.data.groups import Groups
    from rankbound.data.scores import Integers, Scores, Strings

# Schema, kind and name stand in the metadata of the table, under these keys
SCHEMA: Final = "rankbound.schema"
SCORES_SCHEMA: Final = "rankbound.scores/1"
GROUPS_SCHEMA: Final = "rankbound.groups/1"


def scores_to_arrow(scores: Scores) -> Any:
    """The scores as a `pyarrow.Table` with columns qid, docno and score.

    Ids are dictionary-encoded; the kind and the name stand in the metadata. Where
    scores are known up to constants, a column origin tells the parts.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> table = Scores.from_dict({"q": {"d": 0.5}}).to_arrow()
    >>> table.column_names, table["docno"].to_pylist()
    (['qid', 'docno', 'score'], ['d'])
    """
    import pyarrow as pa

    columns: dict[str, Any] = {
        "qid": _coded(scores.row_query(), scores.qids),
        "docno": _coded(scores.codes, scores.docnos),
        "score": pa.array(scores.values),
    }
    if scores.origins is not None:
        columns["origin"] = pa.array(scores.origins)
    said = {"rankbound.kind": scores.kind.value, "rankbound.name": scores.name}
    return pa.table(columns, metadata={SCHEMA: SCORES_SCHEMA, **said})


def scores_from_arrow(cls: type[Scores], table: Any, *, name: str = "") -> Scores:
    """Scores from a `pyarrow.Table` with columns qid, docno and score.

    Parameters
    ----------
    table : pyarrow.Table
        In any order; ids are text, dictionary-encoded or not. `rankbound.read_scores`
        takes tables with other names and types of columns.
    name : str, optional
        Instead of the one in the metadata.

    Raises
    ------
    DomainError
        For a column that is not there or lacks a value, and as `Scores` does.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from rankbound.data.scores import Scores
    >>> Scores.from_arrow(pa.table({"qid": ["q"], "docno": ["d"], "score": [2.0]}))
    Scores('scores': unknown, 1 query, 1 row, 1 document, all 2)
    """
    from rankbound.data.scores import Kind

    said = metadata(table)
    qids, queries = encode(_ids(table, "qid"), ordered=False)
    docnos, documents = encode(_ids(table, "docno"), ordered=True)
    values = _numbers(table, "score")
    built = cls.from_rows(
        queries,
        qids,
        documents,
        docnos,
        values,
        name=name or said.get("rankbound.name", "scores"),
    )
    origins = None
    if "origin" in table.column_names:
        order = np.lexsort((documents, queries))  # as from_rows sorts
        origins = _whole(table, "origin").to_numpy()[order].astype(np.int64)
    named = said.get("rankbound.kind", "unknown")
    if named not in {*Kind}:
        raise DomainError(
            f"the table's kind must be one of {', '.join(Kind)}; got {named!r}"
        )
    kind = Kind(named)
    return replace(built, kind=kind, origins=origins)


def groups_to_arrow(groups: Groups) -> Any:
    """The groups as a `pyarrow.Table`, one row per document of a group.

    Columns are qid, group and docno; positive, probability and line where they are
    known. Ids are dictionary-encoded.

    Raises
    ------
    DomainError
        When a group has no document, which no row could tell.
    """
    import pyarrow as pa

    if (groups.sizes == 0).any():
        raise DomainError(f"{groups.name}: a group without documents makes no row")
    columns: dict[str, Any] = {
        "qid": _coded(groups.row_query(), groups.qids),
        "group": pa.array(groups.row_group()),
        "docno": _coded(groups.codes, groups.docnos),
    }
    if groups.positive is not None:
        columns["positive"] = pa.array(groups.positive)
    if groups.probabilities is not None:
        columns["probability"] = pa.array(groups.probabilities)
    if groups.lines is not None:
        columns["line"] = pa.array(groups.lines[groups.row_group()])
    said = {SCHEMA: GROUPS_SCHEMA, "rankbound.name": groups.name}
    return pa.table(columns, metadata=said)


def groups_from_arrow(cls: type[Groups], table: Any, *, name: str = "") -> Groups:
    """Groups from a `pyarrow.Table` as `to_arrow` makes it.

    Raises
    ------
    DomainError
        For a column that is not there or lacks a value, and rows of one group that do
        not follow each other or differ in the query.
    """
    qids, queries = encode(_ids(table, "qid"), ordered=False)
    docnos, documents = encode(_ids(table, "docno"), ordered=False)
    group = _whole(table, "group").to_numpy()
    starts = np.flatnonzero(np.diff(group, prepend=group[:1] - 1)).astype(np.int64)
    if len(np.unique(group)) < len(starts):
        raise DomainError("the rows of a group must follow each other in the table")
    sizes = np.diff(np.append(starts, len(group)))
    if (queries != np.repeat(queries[starts], sizes)).any():
        raise DomainError("the documents of a group must have one query")
    more = {
        field: _whole(table, column).to_numpy()
        for field, column in (
            ("positive", "positive"),
            ("probabilities", "probability"),
        )
        if column in table.column_names
    }
    if "line" in table.column_names:
        more["lines"] = _whole(table, "line").to_numpy()[starts]
    return cls(
        queries=queries[starts],
        qids=qids,
        offsets=np.append(starts, len(group)).astype(np.int64),
        codes=documents,
        docnos=docnos,
        name=name or metadata(table).get("rankbound.name", "groups"),
        **more,
    )


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


def _coded(codes: Integers, ids: Strings) -> Any:
    import pyarrow as pa

    indices = pa.array(codes.astype(np.int32, copy=False))
    return pa.DictionaryArray.from_arrays(indices, pa.array(ids, pa.string()))


def _ids(table: Any, column: str) -> Any:
    """A column of text, dictionary-encoded or not."""
    import pyarrow as pa

    found = _whole(table, column)
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


def _numbers(table: Any, column: str) -> np.ndarray:
    import pyarrow as pa

    found = _whole(table, column)
    if not (pa.types.is_floating(found.type) or pa.types.is_integer(found.type)):
        raise DomainError(f"column {column!r} must hold numbers, found {found.type}")
    return np.asarray(found.to_numpy(), dtype=np.float64)


def _whole(table: Any, column: str) -> Any:
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
