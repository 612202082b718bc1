"""`Contents` as parquet or Arrow files in the layouts of the field."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rankbound.data.embeddings import Embeddings
from rankbound.data.ordering import ranking
from rankbound.data.scores import Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.json.records import lacking, list_records

ROW_GROUP: Final = 1 << 24  # numbers
LARGEST_FLOAT: Final = 8  # bytes
ARROW: Final = (".arrow", ".feather", ".ipc")


def write_rows(contents: Contents, path: Path) -> None:
    """Write PyTerrier's columns: qid, docno, score, rank, the best document first.

    Ranks are those of the file that was read, else counted from 0.

    Raises
    ------
    FormatError
        When there are no scores.
    """
    scores = contents.scores
    if scores is None:
        raise lacking(contents, "a table of scores", "scores")
    query = scores.row_query()
    if contents.ranks is None:
        order = ranking(scores)
    else:
        order = np.lexsort((contents.ranks, -scores.values, query))
    rank = np.arange(len(order)) - scores.offsets[query]
    if contents.ranks is not None:
        rank = contents.ranks[order]
    columns = {**_ids(scores, order, "qid", "docno"), "score": scores.values[order]}
    _save(pa.table({**columns, "rank": rank}), path)


def write_qrels(contents: Contents, path: Path) -> None:
    """Write judgements in BEIR's and MTEB's columns: query-id, corpus-id, score."""
    qrels = contents.qrels
    if qrels is None:
        raise lacking(contents, "a table of judgements", "judgements")
    order = np.arange(len(qrels.values))
    ids = _ids(qrels, order, "query-id", "corpus-id")
    _save(pa.table({**ids, "score": qrels.values.astype(np.int64)}), path)


def write_lists(contents: Contents, path: Path) -> None:
    """Write one row a group: query_id, document_ids, and scores or labels.

    Scores have 64 bits here, so that nothing is lost. Without groups, every query is
    one, with all its documents.

    Raises
    ------
    FormatError
        When there are neither scores nor positives: lists alone are taken for rankings.
    """
    records = list(list_records(contents, "a table of lists"))
    if all(one.scores is None and one.positive is None for one in records):
        raise lacking(contents, "a table of lists", "scores or positives")
    columns: dict[str, Any] = {
        "query_id": [record.qid for record in records],
        "document_ids": [record.docnos for record in records],
    }
    if records and records[0].scores is not None:
        columns["scores"] = [record.scores for record in records]
    if records and records[0].positive is not None:
        columns["labels"] = [[int(p) for p in r.positive or []] for r in records]
    _save(pa.table(columns), path)


def write_vectors(contents: Contents, path: Path) -> None:
    """Write vectors as a fixed-size list beside their ids: docid, embedding."""
    embeddings = contents.embeddings
    if embeddings is None:
        raise lacking(contents, "a table of vectors", "embeddings")
    kind = embeddings.vectors.dtype.newbyteorder("=")
    if kind.itemsize > LARGEST_FLOAT:
        raise FormatError(
            path, f"parquet and Arrow hold no {kind.name} numbers; convert to .npz"
        )
    whole = path.suffix.casefold() in ARROW
    # In one batch an Arrow file is mapped; parquet is written in parts, to save memory
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
    """An Arrow file where the suffix says so, else parquet with checksums."""
    if path.suffix.casefold() in ARROW:
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
        return
    pq.write_table(table, path, write_page_checksum=True)


def _ids(scores: Scores, order: Any, query: str, document: str) -> dict[str, Any]:
    qids = scores.qids[scores.row_query()[order]]
    docnos = scores.docnos[scores.codes[order]]
    return {query: pa.array(qids, pa.string()), document: pa.array(docnos, pa.string())}
