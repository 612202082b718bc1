"""Tevatron's training lines: passages with texts (version 1), or ids alone (version 2).

Version 1 has ``positive_passages`` and ``negative_passages``, lists of objects with
docid, title, text and, for distillation, score. Version 2 has
``positive_document_ids`` and ``negative_document_ids``. Where a query has too few
negatives the trainer draws with replacement, and files made from its batches name a
document twice; it stands in its group once and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, write_records
from rankbound.read.json.records import Record, group_records, query_texts, text_of
from rankbound.read.json.rowformats import RowFormat

PASSAGES: Final = ("positive_passages", "negative_passages")
IDS: Final = ("positive_document_ids", "negative_document_ids")
V1: Final = f"passages (Tevatron 1): query_id, query, {', '.join(PASSAGES)}"
V2: Final = f"document ids (Tevatron 2): query_id, query_text, {', '.join(IDS)}"
UNSCORED: Final = "passages without a score, in a file whose others have one"


def read_passages(builder: Builder, found: Iterable[Row]) -> Contents:
    """Version 1: groups of passages with texts, and what scores they have."""
    passages, scored = 0, 0
    for row in found:
        row.need("query_id", *PASSAGES)
        query = _query(row, "query")
        group = builder.group(query, row.line)
        for key in PASSAGES:
            for passage in row.listed(key):
                document = _passage(row, passage, key)
                builder.member(group, document, positive=key == PASSAGES[0])
                passages += 1
                if passage.get("score") is not None:
                    builder.score(query, document, passage["score"], row.line)
                    scored += 1
    builder.count(UNSCORED, passages - scored if scored else 0)
    return builder.contents("tevatron")


def read_ids(builder: Builder, found: Iterable[Row]) -> Contents:
    """Version 2: groups of ids."""
    for row in found:
        row.need("query_id", *IDS)
        group = builder.group(_query(row, "query_text"), row.line)
        for key in IDS:
            documents = row.documents(row.listed(key))
            builder.members(group, documents, positive=key == IDS[0])
    return builder.contents("tevatron-v2")


def _query(row: Row, key: str) -> int:
    if row.fields.get(key) is None:
        return row.query("query_id")
    return row.builder.query_text(row[key], row.line, qid=row["query_id"])


def _passage(row: Row, passage: Any, key: str) -> int:
    if not isinstance(passage, dict) or passage.get("docid") is None:
        raise row.fail(
            f"{key} must be a list of objects with docid, found {passage!r:.60}"
        )
    if passage.get("text") is None:
        return row.builder.document(passage["docid"], row.line)
    title, text = passage.get("title") or "", passage["text"]
    whole = f"{title} {text}" if title and isinstance(text, str) else text
    return row.builder.document_text(whole, row.line, docno=passage["docid"])


def _matches(keys: tuple[str, ...], record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= {"query_id", *keys}:
        return None
    return f"lines of objects with query_id, {', '.join(keys)}"


def write_passages(contents: Contents, path: Path) -> None:
    """Write version 1; a title is not told from its text, so titles are empty.

    Raises
    ------
    FormatError
        When a text is lacking, or positives are not marked.
    """
    write_records(path, _with_passages(contents))


def _with_passages(contents: Contents) -> Iterator[dict[str, Any]]:
    queries, documents = query_texts(contents), dict(contents.texts)
    for record in group_records(contents, V1):
        passages = [
            {
                "docid": name,
                "title": "",
                "text": text_of(contents, documents, name, V1),
                **({} if record.scores is None else {"score": record.scores[place]}),
            }
            for place, name in enumerate(record.docnos)
        ]
        good, bad = record.split()
        yield {
            "query_id": record.qid,
            "query": text_of(contents, queries, record.qid, V1),
            PASSAGES[0]: [passages[place] for place in good],
            PASSAGES[1]: [passages[place] for place in bad],
        }


def write_ids(contents: Contents, path: Path) -> None:
    """Write version 2, with the texts of the queries that have one.

    Raises
    ------
    FormatError
        When positives are not marked.
    """
    texts = query_texts(contents)
    write_records(
        path, (_with_ids(record, texts) for record in group_records(contents, V2))
    )


def _with_ids(record: Record, texts: Mapping[str, str]) -> dict[str, Any]:
    text = {"query_text": texts[record.qid]} if record.qid in texts else {}
    good, bad = record.split()
    found = {IDS[0]: record.pick(good), IDS[1]: record.pick(bad)}
    return {"query_id": record.qid, **text, **found}


ROW_FORMATS = (
    RowFormat(
        "tevatron",
        V1,
        ("scores", "groups"),
        lambda record: _matches(PASSAGES, record),
        read_passages,
        write_passages,
        ("groups", "positives", "scores", "texts", "query_texts"),
    ),
    RowFormat(
        "tevatron-v2",
        V2,
        ("groups",),
        lambda record: _matches(IDS, record),
        read_ids,
        write_ids,
        ("groups", "positives", "query_texts"),
    ),
)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
