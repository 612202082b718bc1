"""Training groups, one JSON object a line: query_id, doc_id_a, doc_id_b.

A line may give the law that its documents are drawn from, as `probabilities`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.shift import checked_law
from rankbound.data.groups import Groups
from rankbound.errors import FormatError
from rankbound.read.contents import Contents, Format
from rankbound.read.json.building import Builder
from rankbound.read.json.cutting import Unsure
from rankbound.read.json.groups_in_blocks import groups_in_blocks
from rankbound.read.json.jsonl import Row, rows, write_records
from rankbound.read.json.records import Record, one_positive
from rankbound.read.source import Source

KEYS: Final = "query_id, doc_id_a (the positive), doc_id_b (the list of negatives)"
NEEDED: Final = frozenset({"query_id", "doc_id_a", "doc_id_b"})
TITLE: Final = "training groups, one JSON object a line: query_id, doc_id_a, doc_id_b"

MIXED = (
    "some lines give probabilities and others do not; give them in every line, "
    "1 / k each where documents are drawn evenly"
)


def read_groups(path: Path | str) -> Groups:
    """Read training groups; the first document of each is the positive.

    Every line is ``{"query_id": q, "doc_id_a": d, "doc_id_b": [d, ...]}``. Whole-number
    ids are read as text. A query may have several groups. The optional key
    `probabilities` lists one for each of doc_id_a and doc_id_b, summing to 1; if a line
    has it, all have.

    Raises
    ------
    FormatError
        With path:line, on a line that is no such object, an id of another type, a
        document that stands twice in one group, or probabilities that are no law.
    """
    found = read(Source(Path(path))).groups
    assert found is not None  # noqa: S101  a file without lines is refused
    return found


def read(source: Source) -> Contents:
    """As `read_groups`, with what was mended on the way."""
    try:
        groups, repairs = groups_in_blocks(source)
    except (Unsure, FormatError):
        return read_lines(source)
    return Contents("groups", source.path, groups=groups, repairs=repairs)


def read_lines(source: Source) -> Contents:
    """As `read`, line by line, which defines the format and finds what breaks it."""
    builder = Builder(source)
    chances: list[float] = []
    for number, row in enumerate(rows(builder, KEYS)):
        law = _group(row)
        if number and (law is None) == bool(chances):
            raise row.fail(MIXED)
        chances += law or []
    contents = builder.contents("groups")
    if not chances or contents.groups is None:
        return contents
    with_law = replace(contents.groups, probabilities=np.array(chances))
    return replace(contents, groups=with_law)


def _group(row: Row) -> list[float] | None:
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
            f"document {row.builder.where(query, twice)[1]!r} stands twice in the "
            f"group of query {row['query_id']!r}; it would count as a pair at distance "
            "0, remove it"
        )
    group = row.builder.group(query, row.line)
    row.builder.member(group, docs[0], positive=True)
    row.builder.members(group, docs[1:])
    if "probabilities" not in row.fields:
        return None
    return _law(row, row["probabilities"], len(docs))


def _law(row: Row, values: Any, size: int) -> list[float]:
    """Probabilities of the documents of a line, whose sum may miss 1 by rounding."""
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


def write(contents: Contents, path: Path) -> None:
    """Write groups that have one positive each.

    Raises
    ------
    FormatError
        When the contents hold no groups with marked positives, or a group has none or
        several of them.
    """
    found = (_written(record, good) for record, good in one_positive(contents, TITLE))
    write_records(path, found)


def _written(record: Record, good: int) -> dict[str, Any]:
    _, bad = record.split()
    row: dict[str, Any] = {
        "query_id": record.qid,
        "doc_id_a": record.docnos[good],
        "doc_id_b": record.pick(bad),
    }
    if record.probabilities is not None:
        row["probabilities"] = [record.probabilities[n] for n in (good, *bad)]
    return row


def _sniff(source: Source) -> str | None:
    start = source.head.lstrip().split(b"\n", 1)[0]
    found = start.startswith(b"{") and b'"doc_id_b"' in start
    return "lines of objects with query_id and doc_id_b" if found else None


FORMATS = (
    Format(
        "groups",
        TITLE,
        ("groups",),
        _sniff,
        read,
        write,
        ("groups", "positives", "probabilities"),
    ),
)
