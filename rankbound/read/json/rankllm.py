"""RankLLM's lines: a query with its text, and candidates, the best first.

After a listwise reranking the scores are a function of the rank alone, which
`estimators.kinds.infer_kind` sees in the numbers; the file does not say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, write_records
from rankbound.read.json.merging import AGAIN
from rankbound.read.json.records import query_texts, ranked_records
from rankbound.read.json.rowformats import RowFormat

TITLE: Final = "rerankings (RankLLM): query {text, qid}, candidates [{docid, score}]"
TEXT_KEYS: Final = ("contents", "text", "passage", "segment", "body", "content")


def read_rows(builder: Builder, found: Iterable[Row]) -> Contents:
    """Scores and ranks of the candidates, and the texts that come with them."""
    ranks = Builder(builder.source, repeats="mean")
    for row in found:
        row.need("query", "candidates")
        query, qid = _query(row)
        for rank, candidate in enumerate(row.listed("candidates"), start=1):
            document = _document(row, candidate)
            builder.score(query, document, candidate["score"], row.line)
            place = ranks.document(candidate["docid"], row.line)
            ranks.score(ranks.query(qid, row.line), place, rank, row.line)
    contents, placed = builder.contents("rankllm"), ranks.scores()
    if placed is None or contents.repairs.get(AGAIN):
        return contents
    return replace(contents, ranks=np.rint(placed.values).astype(np.int64))


def _query(row: Row) -> tuple[int, Any]:
    query = row["query"]
    if not isinstance(query, dict) or query.get("qid") is None:
        raise row.fail(f"query must be an object with qid, found {query!r:.60}")
    qid = query["qid"]
    if query.get("text") in (None, ""):
        return row.builder.query(qid, row.line), qid
    return row.builder.query_text(query["text"], row.line, qid=qid), qid


def _document(row: Row, candidate: Any) -> int:
    if not isinstance(candidate, dict) or not candidate.keys() >= {"docid", "score"}:
        raise row.fail(
            "candidates must be a list of objects with docid and score, found "
            f"{candidate!r:.60}"
        )
    text = candidate.get("doc")
    if isinstance(text, dict):
        text = next((text[key] for key in TEXT_KEYS if key in text), None)
    if not isinstance(text, str):
        return row.builder.document(candidate["docid"], row.line)
    return row.builder.document_text(text, row.line, docno=candidate["docid"])


def _matches(record: Mapping[str, Any]) -> str | None:
    if not isinstance(record.get("candidates"), list) or "query" not in record:
        return None
    return "lines of objects with query and candidates"


def write(contents: Contents, path: Path) -> None:
    """Write the scored documents of each query, the best first, with known texts.

    Raises
    ------
    FormatError
        When there are no scores.
    """
    write_records(path, _lines(contents))


def _lines(contents: Contents) -> Iterator[dict[str, Any]]:
    queries, documents = query_texts(contents), contents.texts
    for record in ranked_records(contents, TITLE):
        pairs = zip(record.docnos, record.scores or [], strict=True)
        yield {
            "query": {"text": queries.get(record.qid, ""), "qid": record.qid},
            "candidates": [
                {
                    "docid": docno,
                    "score": score,
                    "doc": {"contents": documents[docno]} if docno in documents else {},
                }
                for docno, score in pairs
            ],
        }


ROW_FORMATS = (
    RowFormat(
        "rankllm",
        TITLE,
        ("scores",),
        _matches,
        read_rows,
        write,
        ("scores", "ranks", "texts", "query_texts"),
    ),
)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
