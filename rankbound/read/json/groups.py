"""Training groups, and rankings without scores: a query and a list of document ids.

Training groups have query_id, doc_id_a (the positive) and doc_id_b (the negatives), and
perhaps the law that documents are drawn from, as `probabilities`.

Rankings have query_id and one ordered list. Two projects share such files: training
sets of listwise rerankers (doc_ids) and distillation sets of the rankers library
(doc_id_b), which derives scores from the ranks while training. No number in them comes
from a model, so the scores are minus the rank, of kind rank_only, and no entropy is
computed from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.shift import checked_law
from rankbound.data.scores import Kind
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.json.blocks import Unsure, groups_in_blocks
from rankbound.read.json.building import Builder
from rankbound.read.json.jsonl import (
    Row,
    RowFormat,
    first_object,
    rows,
    schema_of_record,
    write_records,
)
from rankbound.read.json.records import Record, lacking, list_records, one_positive
from rankbound.read.source import Source
from rankbound.read.tables.layouts import recognise

T = TypeVar("T")

# Rankings without scores

RANKED: Final = (
    "an ordered list without scores: a score here is minus the rank, nothing more"
)


def _read_ranking(
    name: str, key: str, builder: Builder, found: Iterable[Row]
) -> Contents:
    for row in found:
        row.need("query_id", key)
        _refuse_others(row, key)
        documents = row.documents(row.listed(key))
        query = row.query("query_id")
        if len(set(documents)) < len(documents):
            twice = next(one for one in documents if documents.count(one) > 1)
            raise row.fail(
                f"document {builder.where(query, twice)[1]!r} occurs twice in the "
                "ranking; keep its better rank"
            )
        builder.members(builder.group(query, row.line), documents)
        ranks = range(-1, -len(documents) - 1, -1)
        builder.scored(query, documents, list(ranks), row.line)
    builder.notes.append(RANKED)
    contents = builder.contents(name, kind=Kind.RANK_ONLY)
    if contents.scores is None:
        raise builder.fail("holds no documents")
    return replace(contents, ranks=np.rint(-contents.scores.values).astype(np.int64))


def _refuse_others(row: Row, key: str) -> None:
    for other in ("doc_id_a", "labels", "scores"):
        if other in row.fields:
            raise row.fail(
                f"a line with {other}, in a file whose first line has query_id and "
                f"{key} alone; all lines must have the same keys"
            )


def _matches_ranking(key: str, record: Mapping[str, Any]) -> str | None:
    others = {"doc_id_a", "labels", "scores"} & record.keys()
    if others or not isinstance(record.get(key), list) or "query_id" not in record:
        return None
    return f"lines of objects with query_id and {key} alone: rankings without scores"


def _write_ranking(title: str, key: str, contents: Contents, path: Path) -> None:
    if contents.scores is None:
        raise lacking(contents, title, "scores, for the order of the documents")
    write_records(path, _ordered(contents, title, key))


def _ordered(
    contents: Contents, title: str, key: str
) -> Iterator[dict[str, str | list[str]]]:
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
    """Documents by score, ties by docno, both descending, as in trec_eval."""
    pairs = list(zip(record.scores or [], record.docnos, strict=True))
    return [docno for _, docno in sorted(pairs, reverse=True)]


def _ranking_format(name: str, key: str, holder: str) -> RowFormat:
    title = f"rankings without scores ({holder}): query_id, {key}"
    return RowFormat(
        name,
        title,
        ("scores", "groups"),
        partial(_matches_ranking, key),
        partial(_read_ranking, name, key),
        partial(_write_ranking, title, key),
        ("ranks", "groups"),
        marks=False,
        keys=frozenset({"query_id", key}),
    )


ROW_FORMATS = (
    _ranking_format("ranked-groups", "doc_id_b", "rankers"),
    _ranking_format("ranked-list", "doc_ids", "sentence-transformers"),
)


# Training groups

KEYS: Final = "query_id, doc_id_a (the positive), doc_id_b (the list of negatives)"
NEEDED: Final = frozenset({"query_id", "doc_id_a", "doc_id_b"})
TITLE: Final = "training groups, one JSON object a line: query_id, doc_id_a, doc_id_b"

LAW: Final = "probabilities"
INCLUSION: Final = "sampling_probabilities"
MIXED: Final = {
    LAW: "some lines give probabilities and others do not; give them in every line, "
    "1 / k each where documents are drawn evenly",
    INCLUSION: f"some lines give {INCLUSION} and others do not; give them in every "
    "line or in none",
}


def read(source: Source) -> Contents:
    """Read training groups; the first document of each is the positive.

    Each line is ``{"query_id": q, "doc_id_a": d, "doc_id_b": [d, ...]}``. Whole-number
    ids are read as text. A query may have several groups. The optional key
    `probabilities` lists a probability for doc_id_a and each of doc_id_b, summing to 1,
    and `sampling_probabilities` the probabilities that each was drawn into the group;
    either all lines have such a key or none.

    Raises
    ------
    FormatError
        With path:line, for a line that is no such object, an id of another type, a
        document twice in one group, or probabilities that are no law.
    """
    try:
        groups, repairs = groups_in_blocks(source)
    except Unsure:
        return read_lines(source)
    except FormatError as error:
        if error.too_large:
            raise
        return read_lines(source)
    return Contents("groups", source.path, groups=groups, repairs=repairs)


def read_lines(source: Source) -> Contents:
    """Read training groups line by line; defines the format and names its errors."""
    builder = Builder(source)
    given: dict[str, list[float]] = {LAW: [], INCLUSION: []}
    for number, row in enumerate(rows(builder, KEYS)):
        size = _group(row)
        for key, numbers in given.items():
            if number and (key in row.fields) != bool(numbers):
                raise row.fail(MIXED[key])
            if key in row.fields:
                numbers += READ[key](row, row[key], size)
    contents = builder.contents("groups")
    if contents.groups is None or not any(given.values()):
        return contents
    law, chances = (
        np.array(numbers) if numbers else None for numbers in given.values()
    )
    known = replace(contents.groups, probabilities=law, inclusion=chances)
    return replace(contents, groups=known)


def _group(row: Row) -> int:
    """Take in the group of a line; returns its number of documents."""
    if not row.fields.keys() >= NEEDED:
        raise row.fail(
            f"expected an object with {KEYS}, found the keys {[*row.fields]}"
        )
    negatives = row.listed("doc_id_b", otherwise="put a single id in brackets")
    docs = row.documents([row["doc_id_a"], *negatives])
    query = row.query("query_id")
    if len(set(docs)) < len(docs):
        twice = next(doc for doc in docs if docs.count(doc) > 1)
        raise row.fail(
            f"document {row.builder.where(query, twice)[1]!r} occurs twice in the "
            f"group of query {row['query_id']!r}; it would count as a pair at distance "
            "0, so remove it"
        )
    group = row.builder.group(query, row.line)
    row.builder.member(group, docs[0], positive=True)
    row.builder.members(group, docs[1:])
    return len(docs)


def _law(row: Row, values: Any, size: int) -> list[float]:
    """The probabilities of a line's documents, normalised if rounding moved the sum."""
    numbers = isinstance(values, list) and all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in values
    )
    if not numbers:
        raise row.fail(f"probabilities must be a list of numbers, found {values!r}")
    try:
        return list(checked_law(values, name="probabilities", size=size))
    except DomainError as error:
        raise row.fail(str(error)) from None


def _inclusion(row: Row, values: Any, size: int) -> list[float]:
    """The probabilities that documents were drawn, each above 0 and at most 1."""
    found = isinstance(values, list) and len(values) == size
    if not found or not all(
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 < value <= 1
        for value in values
    ):
        raise row.fail(
            f"{INCLUSION} must be a list of {size} probabilities above 0, one for each "
            f"document, found {values!r}"
        )
    return [float(value) for value in values]


READ: Final = {LAW: _law, INCLUSION: _inclusion}


def write(contents: Contents, path: Path) -> None:
    """Write groups that have one positive each.

    Raises
    ------
    FormatError
        If there are no groups with marked positives, or a group has none or several.
    """
    found = (_written(record, good) for record, good in one_positive(contents, TITLE))
    write_records(path, found)


class Line(msgspec.Struct, omit_defaults=True):
    """A group as it is written."""

    query_id: str
    doc_id_a: str
    doc_id_b: list[str]
    probabilities: list[float] | None = None
    sampling_probabilities: list[float] | None = None


def _written(record: Record, good: int) -> Line:
    docnos = _first(record.docnos, good)
    law, chances = record.probabilities, record.inclusion
    return Line(
        record.qid,
        docnos[0],
        docnos[1:],
        None if law is None else _first(law, good),
        None if chances is None else _first(chances, good),
    )


def _first(held: list[T], place: int) -> list[T]:
    """The same, with one entry before the others."""
    return [held[place], *held[:place], *held[place + 1 :]]


def _sniff(source: Source) -> str | None:
    start = source.head.lstrip().split(b"\n", 1)[0]
    if not (start.startswith(b"{") and b'"doc_id_b"' in start):
        return None
    record = first_object(source)
    layout = recognise(schema_of_record(record))
    known = layout is None or NEEDED.issuperset(layout.columns)
    if not known or isinstance(record.get("doc_id_a"), list):
        return None  # scores or several positives, which this format has not
    return "lines of objects with query_id and doc_id_b"


FORMATS = (
    *(entry.as_format() for entry in ROW_FORMATS),
    Format(
        "groups",
        TITLE,
        ("groups",),
        _sniff,
        read,
        write,
        ("groups", "positives", "probabilities", "inclusion"),
    ),
)
