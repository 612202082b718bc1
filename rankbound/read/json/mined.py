"""Texts in columns, as sentence-transformers mines them and trains on them.

The first column is the query (anchor) and the second its positive. The other columns
depend on the shape:

- n-tuple and triplet: ``negative_1`` ... or ``negative``, with ``scores`` (the
  positive's first; ``score`` in older files);
- labeled-pair: one passage with ``label`` 0 or 1, and ``score``;
- labeled-list: a list of passages with ``labels``, and ``scores``.

Trainers also take n-tuples with ``label``, which may be a margin, a list of margins or
a list of a teacher's scores. The file does not say which, so the user does, with
``mined:margins`` or ``mined:scores``. Ids are made from the texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from rankbound.errors import UsageError
from rankbound.read.contents import Contents
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import Row, RowFormat, write_records
from rankbound.read.json.lists import add_labels, add_scores
from rankbound.read.json.margins import Triples
from rankbound.read.json.records import group_records, query_texts, text_of

TITLE: Final = "texts in columns (sentence-transformers): anchor, positive, negative_1"
NUMBERS: Final = ("label", "labels", "score", "scores")
DECLARE: Final = (
    "label may be a teacher's margin or scores, and the file does not say which; read "
    "it with `format='mined:margins'` or `format='mined:scores'`"
)


def _read_rows(label: str, builder: Builder, found: Iterable[Row]) -> Contents:
    """Read rows; `label` says what that column holds, "" if the user did not say."""
    triples = Triples(builder) if label == "margins" else None
    for row in found:
        anchor, *passages = _text_columns(row)
        query = builder.query_text(row[anchor], row.line)
        values = [row[key] for key in passages]
        if isinstance(values[0], list):
            _add_list(row, query, values[0])
        elif len(values) == 1:
            _add_pair(row, query, values[0], label)
        elif triples is not None:
            _add_margins(row, triples, query, row.document_texts(values))
        else:
            _add_tuple(row, query, values, label, merge="negative" in row.fields)
    return builder.contents("mined") if triples is None else triples.contents("mined")


def _text_columns(row: Row) -> list[str]:
    keys = [key for key in row.fields if key not in NUMBERS]
    if len(keys) < 2:
        raise row.fail(
            "expected at least a column of queries and one of passages, found "
            f"{[*row.fields]}"
        )
    return keys


def _add_list(row: Row, query: int, texts: list[Any]) -> None:
    documents = row.document_texts(texts)
    group = row.builder.group(query, row.line)
    add_labels(row, "mined", documents, group)
    if "scores" in row:
        add_scores(row, query, documents, "scores")


def _add_pair(row: Row, query: int, text: Any, label: str) -> None:
    """Add a passage of a query; the passages of a query make one group."""
    document = row.builder.document_text(text, row.line)
    group = row.builder.group(query, row.line, key=("pairs", query))
    mark = row.fields.get("label")
    if label == "scores":
        row.builder.score(query, document, mark, row.line)
        row.builder.marks, mark = False, 0  # nothing else marks positives
    if isinstance(mark, bool) or mark not in (0, 1):
        raise row.fail(f"label of a pair must be 0 or 1, found {mark!r}; {DECLARE}")
    row.builder.member(group, document, positive=mark == 1)
    if "score" in row:
        row.builder.score(query, document, row["score"], row.line)


def _add_tuple(
    row: Row, query: int, texts: list[Any], label: str, *, merge: bool
) -> None:
    """Add a positive and its negatives; triplets with one positive make one group."""
    if "label" in row and not label:
        raise row.fail(DECLARE)
    positive, *negatives = row.document_texts(texts)
    if merge:
        group = row.builder.positive_group(query, positive, row.line)
    else:
        group = row.builder.group(query, row.line)
        row.builder.member(group, positive, positive=True)
    row.builder.members(group, negatives)
    keys = ("label",) if label else ("scores", "score")
    key = next((key for key in keys if key in row), None)
    if key is not None:
        add_scores(row, query, [positive, *negatives], key)


def _add_margins(row: Row, triples: Triples, query: int, documents: list[int]) -> None:
    row.need("label")
    positive, *negatives = documents
    values = row["label"]
    if not isinstance(values, list):
        values = [values]
    if len(values) != len(negatives):
        raise row.fail(
            f"label has {len(values)} margins for {len(negatives)} negatives; there "
            "must be one for each (a teacher's scores have one more: mined:scores)"
        )
    for negative, margin in zip(negatives, values, strict=True):
        triples.add(query, positive, negative, margin, row.line)


def _label_as(argument: str) -> RowFormat:
    if argument not in ("margins", "scores"):
        raise UsageError(
            f"`format='mined:{argument}'`: after the colon stands what label holds, "
            "margins or scores"
        )
    read = partial(_read_rows, argument)
    return replace(MINED, name=f"mined:{argument}", read_rows=read)


def _matches(record: Mapping[str, Any]) -> str | None:
    keys = [key for key in record if key not in NUMBERS]
    if len(keys) < 2 or not isinstance(record[keys[0]], str):
        return None
    if keys[0].endswith("id") or keys[1].endswith(("id", "ids")):
        return None
    shape = _shape(record, keys)
    return None if shape is None else f"texts in the columns {', '.join(keys)}: {shape}"


def _shape(record: Mapping[str, Any], keys: list[str]) -> str | None:
    values = [record[key] for key in keys[1:]]
    if isinstance(values[0], list):
        return "labeled-list" if isinstance(record.get("labels"), list) else None
    if not all(isinstance(value, str) for value in values):
        return None
    if keys[2:] == ["negative"]:
        return "triplet"
    if keys[2:] and all(key.startswith("negative") for key in keys[2:]):
        return "n-tuple"
    return "labeled-pair" if len(keys) == 2 and "label" in record else None


def write(contents: Contents, path: Path) -> None:
    """Write labelled lists of texts.

    Raises
    ------
    FormatError
        If a text is missing, or positives are not marked.
    """
    write_records(path, _lines(contents))


class Line(msgspec.Struct, omit_defaults=True):
    """A labelled list as it is written."""

    anchor: str
    positive: list[str]
    labels: list[int]
    scores: list[float] | None = None


def _lines(contents: Contents) -> Iterator[Line]:
    queries, documents = query_texts(contents), dict(contents.texts)
    for record in group_records(contents, TITLE):
        yield Line(
            text_of(contents, queries, record.qid, TITLE),
            [text_of(contents, documents, name, TITLE) for name in record.docnos],
            [int(mark) for mark in record.positive or []],
            record.scores,
        )


MINED: Final = RowFormat(
    "mined",
    TITLE,
    ("scores", "groups"),
    _matches,
    partial(_read_rows, ""),
    write,
    ("groups", "positives", "scores", "texts", "query_texts", "made_ids"),
    _label_as,
)
ROW_FORMATS = (MINED,)
FORMATS = tuple(entry.as_format() for entry in ROW_FORMATS)
