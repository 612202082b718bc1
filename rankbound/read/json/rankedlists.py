"""Rankings without scores: query_id and an ordered list of document ids.

Two holders use them: training sets of listwise rerankers (query_id, doc_ids) and
distillation sets of the rankers library (query_id, doc_id_b), which make scores of the
ranks while training. No number in such a file comes from a model, so the scores are
minus the rank, of kind rank_only, and no entropy is computed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from rankbound.data.scores import Kind
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, write_records
from rankbound.read.json.records import Record, lacking, list_records
from rankbound.read.json.rowformats import RowFormat

NOTE = "an ordered list without scores: a score here is minus the rank, nothing more"


def _read(name: str, key: str, builder: Builder, found: Iterable[Row]) -> Contents:
    for row in found:
        row.need("query_id", key)
        _refuse_others(row, key)
        documents = row.documents(row.listed(key))
        query = row.query("query_id")
        if len(set(documents)) < len(documents):
            twice = next(one for one in documents if documents.count(one) > 1)
            raise row.fail(
                f"document {builder.where(query, twice)[1]!r} stands twice in the "
                "ranking; keep its better rank"
            )
        builder.members(builder.group(query, row.line), documents)
        ranks = range(-1, -len(documents) - 1, -1)
        builder.scored(query, documents, list(ranks), row.line)
    builder.notes.append(NOTE)
    contents = builder.contents(name, kind=Kind.RANK_ONLY)
    if contents.scores is None:
        raise builder.fail("holds no documents")
    return replace(contents, ranks=np.rint(-contents.scores.values).astype(np.int64))


def _refuse_others(row: Row, key: str) -> None:
    for other in ("doc_id_a", "labels", "scores"):
        if other in row.fields:
            raise row.fail(
                f"a line with {other}, in a file whose first line has query_id and "
                f"{key} alone; all lines must be of one format"
            )


def _matches(key: str, record: Mapping[str, Any]) -> str | None:
    others = {"doc_id_a", "labels", "scores"} & record.keys()
    if others or not isinstance(record.get(key), list) or "query_id" not in record:
        return None
    return f"lines of objects with query_id and {key} alone: rankings without scores"


def _write(title: str, key: str, contents: Contents, path: Path) -> None:
    if contents.scores is None:
        raise lacking(contents, title, "scores, for the order of the documents")
    write_records(path, _ordered(contents, title, key))


def _ordered(contents: Contents, title: str, key: str) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for record in list_records(contents, title):
        if record.qid in seen:
            raise FormatError(
                contents.path,
                f"query {record.qid!r} has several groups, and {title} hold one "
                "ranking of each query",
            )
        seen.add(record.qid)
        yield {"query_id": record.qid, key: _best_first(record)}


def _best_first(record: Record) -> list[str]:
    """Documents by score; of equal ones the larger docno first, as in trec_eval."""
    pairs = list(zip(record.scores or [], record.docnos, strict=True))
    return [docno for _, docno in sorted(pairs, reverse=True)]


def _format(name: str, key: str, holder: str) -> RowFormat:
    title = f"rankings without scores ({holder}): query_id, {key}"
    return RowFormat(
        name,
        title,
        ("scores", "groups"),
        partial(_matches, key),
        partial(_read, name, key),
        partial(_write, title, key),
        ("ranks", "groups"),
        options={"marks": False},
    )


ROW_FORMATS = (
    _format("ranked-groups", "doc_id_b", "rankers"),
    _format("ranked-list", "doc_ids", "sentence-transformers"),
)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
