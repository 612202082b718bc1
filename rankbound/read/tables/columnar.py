"""Our own tables: Arrow files, or the same as parquet.

To any other reader they are tables with columns qid, docno, score (rank, origin), or
qid, group, docno. The schema version, kind and name are in the metadata. Arrow files
are read where they lie, by memory map: `write_scores_table` sorts rows by query and by
document, writes them as one batch, and sorts the dictionary of documents, so that
nothing is left to do but to look at every row once. A file that is in any other order,
and parquet, is read as a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rankbound.bounds.errors import DomainError
from rankbound.data.arrow import (
    GROUPS_SCHEMA,
    SCHEMA,
    SCORES_SCHEMA,
    metadata,
    whole,
)
from rankbound.data.columns import Integers, Strings, late_of, strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.read.contents import ABOUT_THE_FILE, UNUSED, Contents, Format
from rankbound.read.json.records import lacking
from rankbound.read.source import Source, one_line
from rankbound.read.tables.containers import container, open_table, schema_of
from rankbound.read.tables.frames import BAD_ID
from rankbound.read.text.blocks import floats
from rankbound.read.text.ids import integers

RANK = "rank"
ORIGIN = "origin"
MORE = "rankbound.metadata"
PARQUET: Final = ".parquet"
CODED: Final = tuple(
    pa.dictionary(pa.int32(), text) for text in (pa.string(), pa.large_string())
)
PART: Final = 1 << 20  # rows that are looked at together


def read_scores_table(source: Source) -> Contents:
    """Read ``.scores.parquet``.

    Raises
    ------
    FormatError
        For a damaged file, another schema version, or missing values.
    """
    table = _table(source, SCORES_SCHEMA)
    try:
        scores = _as_written(table, str(source.path))
        ranks = None
        if RANK in table.column_names and source.whole:
            ranks = _ranks(table, in_order=scores is not None)
        if scores is None:
            scores = Scores.from_arrow(table, name=str(source.path))
    except (DomainError, ValueError, pa.ArrowException) as error:
        raise source.fail(one_line(error)) from None
    part = "qrels" if metadata(table).get("rankbound.part") == "qrels" else "scores"
    return Contents(
        SCORES_NAME,
        source.path,
        scores=scores if part == "scores" else None,
        qrels=scores if part == "qrels" else None,
        ranks=ranks if part == "scores" else None,
        metadata=_said(table, source),
    )


def _ranks(table: Any, *, in_order: bool) -> Integers:
    """The ranks, in the order of the scores.

    Raises
    ------
    DomainError
        If they are no whole numbers, or one is missing.
    """
    found = whole(table, RANK)
    if not pa.types.is_integer(found.type):
        raise DomainError(f"column {RANK!r} must hold whole numbers, got {found.type}")
    if not in_order:
        place = table.column_names.index("score")
        ranked = table.set_column(place, "score", found.cast(pa.float64()))
        return Scores.from_arrow(ranked).values.astype(np.int64)
    column = found.chunk(0).cast(pa.int64())
    return integers(column)


def _columns(table: Any) -> list[Any] | None:
    """Queries, documents and scores, each in one piece and of the type we write."""
    names = ("qid", "docno", "score")
    if not {*names} <= {*table.column_names}:
        return None
    found = [table.column(name) for name in names]
    queries, documents, values = (one.type for one in found)
    typed = queries in CODED and documents in CODED and values == pa.float64()
    whole = all(one.num_chunks == 1 and not one.null_count for one in found)
    return [one.chunk(0) for one in found] if typed and whole else None


def _as_written(table: Any, name: str) -> Scores | None:
    """Scores of a table in the order that we write; None for any other table.

    Values stay where they are, in the memory map.
    """
    columns, origins = _columns(table), _origins(table)
    kind = metadata(table).get("rankbound.kind", Kind.UNKNOWN.value)
    if columns is None or kind not in {*Kind}:
        return None
    if origins is None and ORIGIN in table.column_names:
        return None
    queries, documents, values = columns
    qids, docnos = queries.dictionary.to_pylist(), documents.dictionary
    distinct = None not in qids and len({*qids}) == len(qids)
    if not distinct or docnos.null_count or not _ascend(docnos):
        return None
    rows, codes = _indices(queries), _indices(documents)
    if not _in_order(rows, codes, len(qids), len(docnos)):
        return None
    offsets = np.searchsorted(rows, np.arange(len(qids) + 1, dtype=np.int32))
    odd = pc.any(pc.match_substring_regex(docnos, BAD_ID)).as_py()
    late = late_of(docnos, plain=not odd)
    return Scores(
        qids=strings(qids),
        offsets=offsets.astype(np.int64),
        codes=codes.astype(np.int64),
        docnos=cast(Strings, late),  # made when they are asked for
        values=floats(values),
        kind=Kind(kind),
        name=name,
        origins=origins,
    )


def _origins(table: Any) -> Integers | None:
    """Which margins compare, where they lie; None where they are not as we write."""
    if ORIGIN not in table.column_names:
        return None
    found = table.column(ORIGIN)
    plain = found.type == pa.int64() and found.num_chunks == 1 and not found.null_count
    return integers(found.chunk(0)) if plain else None


def _indices(column: Any) -> Any:
    """The codes of a dictionary-encoded column, where they lie."""
    codes = np.frombuffer(column.indices.buffers()[1], dtype=np.int32)
    return codes[column.offset : column.offset + len(column)]


def _ascend(names: Any) -> bool:
    """Whether ids ascend by code point, each once."""
    if len(names) < 2:
        return True
    after, before = names.slice(1), names.slice(0, len(names) - 1)
    return bool(pc.all(pc.greater(after, before)).as_py())


def _in_order(rows: Any, codes: Any, n_queries: int, n_docs: int) -> bool:
    """Whether rows ascend by query, then by document, and every id is used."""
    if rows[0] != 0 or rows[-1] != n_queries - 1:
        return False
    used = np.zeros(n_docs, dtype=bool)
    for start in range(0, len(rows), PART):
        query, document = (one[start : start + PART + 1] for one in (rows, codes))
        step, new = query[1:] - query[:-1], document[1:] > document[:-1]
        if not ((step == 1) | ((step == 0) & new)).all():
            return False
        used[document] = True
    return bool(used.all())


def read_groups_table(source: Source) -> Contents:
    """Read ``.groups.parquet``; errors as for `read_scores_table`."""
    table = _table(source, GROUPS_SCHEMA)
    try:
        groups = Groups.from_arrow(table, name=str(source.path))
    except (DomainError, ValueError, pa.ArrowException) as error:
        raise source.fail(one_line(error)) from None
    return Contents(
        GROUPS_NAME, source.path, groups=groups, metadata=_said(table, source)
    )


def write_scores_table(contents: Contents, path: Path) -> None:
    """Write scores with the ranks that their file gave, or judgements."""
    part = "scores" if contents.scores is not None else "qrels"
    scores = contents.scores if part == "scores" else contents.qrels
    if scores is None:
        raise lacking(contents, "scores.arrow", "scores or judgements")
    table = scores.to_arrow()
    if contents.ranks is not None:
        table = table.append_column(RANK, pa.array(_narrow(contents.ranks)))
    _write(table, path, {"rankbound.part": part, MORE: _more(contents)})


def _narrow(ranks: Integers) -> Any:
    """Ranks in 32 bits where they fit."""
    limits = np.iinfo(np.int32)
    fit = limits.min <= ranks.min(initial=0) and ranks.max(initial=0) <= limits.max
    return ranks.astype(np.int32) if fit else ranks


def write_groups_table(contents: Contents, path: Path) -> None:
    """Write groups with all that is known about their documents."""
    if contents.groups is None:
        raise lacking(contents, "groups.arrow", "groups")
    _write(contents.groups.to_arrow(), path, {MORE: _more(contents)})


def _write(table: Any, path: Path, more: dict[str, str]) -> None:
    table = table.replace_schema_metadata({**metadata(table), **more})
    if path.suffix.casefold() != PARQUET:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)  # a batch for each chunk: one
        return
    pq.write_table(
        table,
        path,
        compression="none",
        use_dictionary=["qid", "docno"],
        write_page_checksum=True,
        row_group_size=max(1, len(table)),  # makes one dictionary for each column
    )


def _table(source: Source, schema: str) -> Any:
    found = metadata(schema_of(source)).get(SCHEMA, "")
    if found != schema:
        raise source.fail(
            f"expected a table of schema {schema}, found {found or 'none'}"
            + ("; update rankbound" if found.startswith(schema[:-1]) else "")
        )
    table = open_table(source).table
    if not len(table):
        raise source.fail("holds no rows")
    return table


def _said(table: Any, source: Source) -> Mapping[str, object]:
    """The name and the metadata of the scores or groups that were written."""
    said = metadata(table)
    try:
        more = json.loads(said.get(MORE, "{}"))
    except ValueError:
        more = None
    if not isinstance(more, dict):
        raise source.fail(f"{MORE} in its metadata is not a JSON object")
    return {**more, "name": said.get("rankbound.name", "")}


def _more(contents: Contents) -> str:
    """The metadata to keep, such as a tag or an ir_metadata block, as JSON."""
    about = {*ABOUT_THE_FILE, UNUSED}
    kept = {key: it for key, it in contents.metadata.items() if key not in about}
    return json.dumps(kept, sort_keys=True)


def _sniff(source: Source, schema: str) -> str | None:
    if source.is_folder or container(source) not in ("parquet", "an Arrow file"):
        return None
    found = metadata(schema_of(source)).get(SCHEMA, "")
    same = found.partition("/")[0] == schema.partition("/")[0]
    return f"the schema {found} in its metadata" if same else None


SCORES_NAME = "rankbound-scores"
GROUPS_NAME = "rankbound-groups"
FORMATS = (
    Format(
        SCORES_NAME,
        "rankbound's own table of scores, .arrow or .scores.parquet",
        ("scores", "qrels"),
        lambda source: _sniff(source, SCORES_SCHEMA),
        read_scores_table,
        write_scores_table,
        keeps=("scores", "kind", "origins", "ranks", "grades", "metadata"),
    ),
    Format(
        GROUPS_NAME,
        "rankbound's own table of groups, .arrow or .groups.parquet",
        ("groups",),
        lambda source: _sniff(source, GROUPS_SCHEMA),
        read_groups_table,
        write_groups_table,
        keeps=(
            *("groups", "positives", "probabilities", "inclusion", "lines"),
            "metadata",
        ),
    ),
)
