"""Tables of parquet and Arrow in the field's layouts, recognised by their columns."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import PARTS, Contents, Format
from rankbound.read.json.records import best_first, lacking, list_records
from rankbound.read.registry import row_formats
from rankbound.read.source import Source
from rankbound.read.tables.containers import container, first_row, open_table, schema_of
from rankbound.read.tables.layouts import recognise
from rankbound.read.tables.reading import contents_of


def read_table(source: Source, kind: str) -> Contents:
    """Read a table of one kind of layout.

    Raises
    ------
    FormatError
        For columns of another layout, or naming the row that breaks a rule.
    """
    schema = schema_of(source)
    layout = recognise(schema)
    if layout is None or layout.kind != kind:
        raise source.fail(
            f"expected a table of {kind}, found the columns {', '.join(schema.names)}"
        )
    frame = open_table(source, layout.columns)
    name = f"table-{kind}"
    return contents_of(frame, layout, name, source.path, schema.names, source=source)


def _sniff(source: Source, kind: str) -> str | None:
    what = container(source)
    layout = None if what is None else recognise(schema_of(source))
    if layout is None or layout.kind != kind:
        return None
    return f"{what} with the {layout.evidence()}"


def _format(
    kind: str,
    title: str,
    parts: tuple[str, ...],
    write: Callable[[Contents, Path], None] | None,
    keeps: tuple[str, ...],
) -> Format:
    return Format(
        f"table-{kind}",
        f"{title}, parquet or Arrow",
        parts,
        partial(_sniff, kind=kind),
        partial(read_table, kind=kind),
        write,
        keeps,
    )


# Writing

ROW_GROUP: Final = 1 << 24  # numbers
LARGEST_FLOAT: Final = 8  # bytes
ARROW: Final = (".arrow", ".feather", ".ipc")


def write_rows(contents: Contents, path: Path) -> None:
    """Write PyTerrier's columns: qid, docno, score, rank, the best document first.

    Ranks are those of the file that was read, or else are counted from 0.

    Raises
    ------
    FormatError
        If there are no scores.
    """
    scores = contents.scores
    if scores is None:
        raise lacking(contents, "a table of scores", "scores")
    order = best_first(contents, scores)
    if contents.ranks is None:
        rank = np.arange(len(order)) - scores.offsets[scores.row_query()]
    else:
        rank = contents.ranks[order]
    table = _ids(scores, order, "qid", "docno")
    table = table.append_column("score", pa.array(scores.values[order]))
    _save(table.append_column("rank", pa.array(rank)), path)


def write_qrels(contents: Contents, path: Path) -> None:
    """Write judgements in BEIR's and MTEB's columns: query-id, corpus-id, score."""
    qrels = contents.qrels
    if qrels is None:
        raise lacking(contents, "a table of judgements", "judgements")
    order = np.arange(len(qrels.values))
    table = _ids(qrels, order, "query-id", "corpus-id")
    grades = pa.array(qrels.values.astype(np.int64))
    _save(table.append_column("score", grades), path)


def write_lists(contents: Contents, path: Path) -> None:
    """Write one row for each group: query_id, document_ids, and scores or labels.

    Scores have 64 bits, so that nothing is lost. Without groups, each query is a group
    of all its documents.

    Raises
    ------
    FormatError
        If there are neither scores nor positives, since lists alone are read as
        rankings.
    """
    records = list(list_records(contents, "a table of lists"))
    if all(one.scores is None and one.positive is None for one in records):
        raise lacking(contents, "a table of lists", "scores or positives")
    table = pa.table(
        {
            "query_id": [record.qid for record in records],
            "document_ids": [record.docnos for record in records],
        }
    )
    if records and records[0].scores is not None:
        scores = pa.array([record.scores for record in records])
        table = table.append_column("scores", scores)
    if records and records[0].positive is not None:
        labels = pa.array([[int(p) for p in r.positive or []] for r in records])
        table = table.append_column("labels", labels)
    _save(table, path)


def write_vectors(contents: Contents, path: Path) -> None:
    """Write ids and vectors, as fixed-size lists, in the columns docid, embedding."""
    embeddings = contents.embeddings
    if embeddings is None:
        raise lacking(contents, "a table of vectors", "embeddings")
    kind = embeddings.vectors.dtype.newbyteorder("=")
    if kind.itemsize > LARGEST_FLOAT:
        raise FormatError(
            path, f"parquet and Arrow cannot hold {kind.name}; convert to .npz"
        )
    whole = path.suffix.casefold() in ARROW
    # An Arrow file of one batch can be mapped; parquet is written in parts, which
    # takes less memory
    step = len(embeddings.ids) if whole else max(1, ROW_GROUP // embeddings.dim)
    parts = (
        _vector_batch(embeddings, kind, start, step)
        for start in range(0, len(embeddings.ids), step)
    )
    first = next(parts)
    with _writer(path, first.schema) as writer:
        for batch in itertools.chain([first], parts):
            writer.write_batch(batch)


def _vector_batch(embeddings: Embeddings, kind: Any, start: int, step: int) -> Any:
    rows = slice(start, start + step)
    flat = pa.array(np.ascontiguousarray(embeddings.vectors[rows], kind).reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, embeddings.dim)
    ids = pa.array(embeddings.ids[rows], pa.string())
    return pa.record_batch({"docid": ids, "embedding": vectors})


def _writer(path: Path, schema: Any) -> Any:
    if path.suffix.casefold() in ARROW:
        return pa.ipc.new_file(str(path), schema)
    return pq.ParquetWriter(
        path, schema, use_dictionary=False, write_page_checksum=True
    )


def _save(table: Any, path: Path) -> None:
    """Write an Arrow file if the suffix says so, otherwise parquet with checksums."""
    if path.suffix.casefold() in ARROW:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
        return
    pq.write_table(table, path, write_page_checksum=True)


def _ids(scores: Scores, order: Any, query: str, document: str) -> Any:
    qids = scores.qids[scores.row_query()[order]]
    docnos = scores.docnos[scores.codes[order]]
    columns = [pa.array(names, pa.string()) for names in (qids, docnos)]
    return pa.table(columns, [query, document])


# Unknown tables

EXAMPLES = (
    "qid, docno, score; query-id, corpus-id, score; query_id, doc_ids, scores; "
    "query_id, positive_id, negative_id, score; docid, embedding"
)


def refuse(source: Source) -> Contents:
    """Refuse a table, naming its columns and some that are known.

    Raises
    ------
    FormatError
        Always.
    """
    raise source.fail(
        f"a table with unknown columns: {', '.join(schema_of(source).names)}; "
        f"rename them as in one of: {EXAMPLES}"
    )


def _sniff_other(source: Source) -> str | None:
    what = container(source)
    if what is None or recognise(schema_of(source)) is not None:
        return None
    first = first_row(source)
    if first and any(entry.matches(first) for entry in row_formats()):
        return None
    return f"{what} with the columns {', '.join(schema_of(source).names)}"


FORMATS = (
    _format(
        "scores",
        "table of query, document, score (PyTerrier, ranx, Rank-DistiLLM, HF msmarco)",
        ("scores", "qrels"),
        write_rows,
        ("scores", "ranks"),
    ),
    _format(
        "qrels",
        "table of query, document, grade (MTEB, BEIR, ir_datasets)",
        ("qrels",),
        write_qrels,
        ("grades",),
    ),
    _format(
        "lists",
        "table of query, document list, score or label list (PyLate, HF msmarco)",
        ("scores", "groups"),
        write_lists,
        ("scores", "groups", "positives"),
    ),
    _format(
        "margins",
        "table of query, positive, negative and margin (HF msmarco, ir_datasets)",
        ("scores", "groups"),
        None,
        (),
    ),
    _format(
        "embeddings",
        "table of id and vector",
        ("embeddings",),
        write_vectors,
        ("vectors", "dtype", "precision"),
    ),
    Format(
        "table", "table of other columns, parquet or Arrow", PARTS, _sniff_other, refuse
    ),
)
