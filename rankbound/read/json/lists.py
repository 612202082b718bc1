"""Lists of documents of a query, with ids: labelled lists, PyLate, ColBERT.

A labelled list marks its positives by 1 and the others by 0. Labels that are other
numbers may be grades or a teacher's scores, which the file cannot say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from rankbound.errors import UsageError
from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, write_records
from rankbound.read.json.records import Record, group_records, lacking, list_records
from rankbound.read.json.rowformats import RowFormat

LABELED: Final = "labelled lists: query_id, doc_ids, labels and perhaps scores"
PYLATE: Final = "lists with scores (PyLate): query_id, document_ids, scores"
OF_PYLATE: Final = (
    "an export wrote the list as one text; parse it into a list before reading it here"
)
AMBIGUOUS: Final = (
    "labels must be 1 for a positive and 0 for others, found {value!r}; other numbers "
    "may be a teacher's scores: if they are, say so with --format {name}:scores"
)


def add_labels(row: Row, name: str, documents: list[int], group: int) -> None:
    """Put documents into a group, with the positives that the labels of a row mark."""
    labels = row.parallel("labels", len(documents), "documents")
    for document, label in zip(documents, labels, strict=True):
        if isinstance(label, bool) or label not in (0, 1):
            raise row.fail(AMBIGUOUS.format(value=label, name=name))
        row.builder.member(group, document, positive=label == 1)


def add_scores(row: Row, query: int, documents: list[int], key: str) -> None:
    """The scores of documents, from a list in a row."""
    values = row.parallel(key, len(documents), "documents")
    row.builder.scored(query, documents, values, row.line)


def _read_labeled(as_scores: bool, builder: Builder, found: Iterable[Row]) -> Contents:
    for row in found:
        row.need("query_id", "doc_ids", "labels")
        documents = row.documents(row.listed("doc_ids"))
        query = row.query("query_id")
        group = builder.group(query, row.line)
        if as_scores:
            builder.members(group, documents)
            add_scores(row, query, documents, "labels")
            continue
        add_labels(row, "labeled-list", documents, group)
        if "scores" in row:
            add_scores(row, query, documents, "scores")
    return builder.contents("labeled-list")


def _labels_as(argument: str) -> RowFormat:
    if argument != "scores":
        raise UsageError(
            f"--format labeled-list:{argument}: after the colon only 'scores' may "
            "stand (the labels are a teacher's scores)"
        )
    return replace(
        LABELED_LIST,
        name="labeled-list:scores",
        read_rows=partial(_read_labeled, True),
        options={"marks": False},
    )


def _read_pylate(builder: Builder, found: Iterable[Row]) -> Contents:
    for row in found:
        row.need("query_id", "document_ids", "scores")
        listed = row.listed("document_ids", otherwise=OF_PYLATE)
        documents = row.documents(listed)
        query = row.query("query_id")
        builder.members(builder.group(query, row.line), documents)
        add_scores(row, query, documents, "scores")
    return builder.contents("pylate")


def _keys(record: Mapping[str, Any], *keys: str) -> str | None:
    if not record.keys() >= set(keys):
        return None
    return f"lines of objects with {', '.join(keys)}"


def _write_labeled(contents: Contents, path: Path) -> None:
    write_records(path, map(_labeled, group_records(contents, LABELED)))


def _labeled(record: Record) -> dict[str, Any]:
    marks = [int(mark) for mark in record.positive or []]
    row = {"query_id": record.qid, "doc_ids": record.docnos, "labels": marks}
    return row if record.scores is None else {**row, "scores": record.scores}


def _write_pylate(contents: Contents, path: Path) -> None:
    if contents.scores is None:
        raise lacking(contents, PYLATE, "scores")
    write_records(path, _pylate(list_records(contents, PYLATE)))


def _pylate(found: Iterable[Record]) -> Iterator[dict[str, Any]]:
    for record in found:
        yield {
            "query_id": record.qid,
            "document_ids": record.docnos,
            "scores": record.scores,
        }


LABELED_LIST: Final = RowFormat(
    "labeled-list",
    LABELED,
    ("scores", "groups"),
    lambda record: _keys(record, "query_id", "doc_ids", "labels"),
    partial(_read_labeled, False),
    _write_labeled,
    ("groups", "positives", "scores"),
    _labels_as,
)
ROW_FORMATS = (
    LABELED_LIST,
    RowFormat(
        "pylate",
        PYLATE,
        ("scores", "groups"),
        lambda record: _keys(record, "query_id", "document_ids", "scores"),
        _read_pylate,
        _write_pylate,
        ("groups", "scores"),
        options={"marks": False},
    ),
)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
