"""Triples with a margin: query_id, positive_id, negative_id, score.

The score is the teacher's margin, positive minus negative. Triples with one positive
make one group. Margins determine the scores up to a constant for each connected part of
a query's documents (see `rankbound.estimators.margins`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from rankbound.data.scores import Scores
from rankbound.estimators.margins import potentials_by_query
from rankbound.read.contents import Contents
from rankbound.read.fields import parsed_number
from rankbound.read.json.building import Builder, columns
from rankbound.read.json.jsonl import Row, RowFormat, first_object, rows, write_records
from rankbound.read.json.records import lacking, pair_records
from rankbound.read.source import Source, decoded
from rankbound.read.tables.containers import container

KEYS: Final = ("query_id", "positive_id", "negative_id", "score")
HEADER: Final = "\t".join(KEYS).encode()
TITLE: Final = "triples with a margin: query_id, positive_id, negative_id, score"
NOTE: Final = (
    "margins of pairs: scores are known up to a constant for each connected part of a "
    "query's documents, with the first positive at 0"
)


class Triples:
    """Collects triples with margins and turns them into scores up to constants.

    Parameters
    ----------
    builder : Builder
        Receives the groups, one for each query and positive.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._columns = columns("iiidq")

    def add(
        self, query: int, positive: int, negative: int, margin: Any, line: int
    ) -> None:
        """Add one triple, given by the codes of its query and documents."""
        number = margin if type(margin) is float else None
        if number is None:
            number = Row(self._builder, line, {}).number(margin, "a margin")
        elif not np.isfinite(number):
            raise self._builder.fail(f"a margin must be finite, found {margin!r}", line)
        group = self._builder.positive_group(query, positive, line)
        self._builder.member(group, negative)
        for column, value in zip(
            self._columns, (query, positive, negative, number, line), strict=True
        ):
            column.append(value)

    def contents(self, format: str) -> Contents:
        """Everything collected, with scores of kind margin_only and their origins.

        Raises
        ------
        FormatError
            If margins of a query contradict each other, naming the first line.
        """
        scores = self._scores()
        self._builder.notes.append(NOTE)
        return self._builder.contents(format, scores=scores)

    def _scores(self) -> Scores:
        query, upper, lower, margins, lines = map(np.asarray, self._columns)
        if not len(lines):
            raise self._builder.fail("the file holds no records", 1)
        found = potentials_by_query(query, upper, lower, margins)
        if found.contradicted.size:
            edge = int(found.contradicted[0])
            qid, docno = self._builder.where(int(query[edge]), int(upper[edge]))
            _, other = self._builder.where(int(query[edge]), int(lower[edge]))
            raise self._builder.fail(
                f"the margin {margins[edge]!s} of query {qid!r}, documents {docno!r} "
                f"and {other!r} is not the difference that other lines give for them "
                f"({found.contradicted.size:,} such lines in the file); the margins of "
                "one teacher add up, so these come from several, or are on another "
                "scale",
                int(lines[edge]),
            )
        del query, upper, lower, margins, lines
        self._columns = columns("iiidq")  # they would stand beside the scores
        return self._builder.of_margins(found)


def read_rows(builder: Builder, found: Iterable[Row]) -> Contents:
    """Read triples that are objects."""
    triples = Triples(builder)
    for row in found:
        row.need(*KEYS)
        upper, lower = row.documents((row["positive_id"], row["negative_id"]))
        triples.add(row.query("query_id"), upper, lower, row["score"], row.line)
    return triples.contents("margins")


def read(source: Source) -> Contents:
    """Read JSON lines, a table, or tab-separated columns with or without the header.

    Raises
    ------
    FormatError
        With path:line.
    """
    builder = Builder(source)
    if container(source) is not None:
        return ROW_FORMATS[0].read(source)
    if source.head.lstrip()[:1] == b"{":
        return read_rows(builder, rows(builder))
    triples = Triples(builder)
    for line, text in source.lines(builder.repairs):
        fields = text.split(b"\t")
        if not text or (line == 1 and text == HEADER):
            continue
        if len(fields) != len(KEYS):
            raise builder.fail(
                f"expected {len(KEYS)} tab-separated columns ({', '.join(KEYS)}), "
                f"found {len(fields)}",
                line,
            )
        _add(triples, builder, fields, line)
    return triples.contents("margins")


def _add(triples: Triples, builder: Builder, fields: list[bytes], line: int) -> None:
    path = builder.source.path
    qid, positive, negative = (decoded(field, path, line) for field in fields[:3])
    margin = parsed_number(fields[3])
    if margin is None:
        raise builder.fail(
            f"the margin must be a finite number, found "
            f"{fields[3].decode(errors='replace')!r}",
            line,
        )
    triples.add(
        builder.query(qid, line),
        builder.document(positive, line),
        builder.document(negative, line),
        margin,
        line,
    )


def _sniff(source: Source) -> str | None:
    start = source.head.lstrip().split(b"\n", 1)[0].rstrip(b"\r")
    if start == HEADER:
        return f"the header {', '.join(KEYS)}"
    return ROW_FORMATS[0].sniff(source) if first_object(source) else None


def _matches(record: Mapping[str, Any]) -> str | None:
    if not record.keys() >= set(KEYS):
        return None
    return f"objects with {', '.join(KEYS)}: margins of pairs"


def write(contents: Contents, path: Path) -> None:
    """Write a triple for each positive and negative of each group.

    Raises
    ------
    FormatError
        If there are no scores, or positives are not marked.
    """
    if contents.scores is None:
        raise lacking(contents, TITLE, "scores")
    write_records(path, _lines(contents))


class Line(msgspec.Struct):
    """A triple as it is written; its fields are `KEYS`."""

    query_id: str
    positive_id: str
    negative_id: str
    score: float


def _lines(contents: Contents) -> Iterator[Line]:
    for record, upper, lowers in pair_records(contents, TITLE):
        first, *others = record.scores_at([upper, *lowers])
        for lower, value in zip(lowers, others, strict=True):
            documents = (record.docnos[upper], record.docnos[lower])
            yield Line(record.qid, *documents, first - value)


ROW_FORMATS = (
    RowFormat(
        "margins",
        TITLE,
        ("scores", "groups"),
        _matches,
        read_rows,
        write,
        ("groups", "positives", "margins"),
        keys=frozenset(KEYS),
    ),
)
FORMATS = (replace(ROW_FORMATS[0].as_format(), sniff=_sniff, reader=read),)
