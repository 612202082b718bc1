"""`Builder`: scores and groups from records that arrive one by one, held as columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.data.groups import Groups
from rankbound.data.scores import LARGEST, Kind, Scores
from rankbound.errors import FormatError
from rankbound.read.contents import Contents
from rankbound.read.fields import as_number
from rankbound.read.json.merging import AGAIN, merged_members, merged_scores
from rankbound.read.naming import Ids
from rankbound.read.source import Source, count

EMPTY = "groups without documents"


@dataclass(eq=False)
class Builder:
    """Collects (query, document, score) rows and groups of one file.

    Ids, texts and scores are checked as they come, and an error names path and line.
    `query`, `document`, `query_text`, `document_text` and `group` give codes for the
    other methods. What was mended is counted in `repairs`.

    Attributes
    ----------
    source : Source
        For messages and the names of scores and groups.
    marks : bool
        Whether the format says which documents are positives.
    repeats : {"refuse", "mean"}
        What becomes of different scores of one query and document (see
        `rankbound.read.json.merging.merged_scores`).
    repairs : dict of str to int
    notes : list of str

    Examples
    --------
    >>> from pathlib import Path
    >>> builder = Builder(Source(Path("mined.jsonl")))
    >>> query = builder.query(7, line=1)
    >>> group = builder.group(query, line=1)
    >>> for docno, score in (("p", 2.0), ("n", -1.0)):
    ...     document = builder.document(docno, line=1)
    ...     builder.member(group, document, positive=docno == "p")
    ...     builder.score(query, document, score, line=1)
    >>> contents = builder.contents("mined")
    >>> contents.scores.values.tolist(), contents.groups.positive.tolist()
    ([-1.0, 2.0], [True, False])
    >>> contents.repairs
    {'whole-number ids read as text': 1}
    """

    source: Source
    marks: bool = True
    repeats: str = "refuse"
    repairs: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._queries = Ids("query", self.source, self.repairs)
        self._documents = Ids("document", self.source, self.repairs)
        self._keyed: dict[Any, int] = {}
        self._rows = _columns("iidq")  # query, document, score, line
        self._groups = _columns("iq")  # query, line
        self._members = _columns("iib")  # group, document, positive

    @property
    def texts(self) -> dict[str, str]:
        """Texts by docno."""
        return self._documents.texts

    @property
    def query_texts(self) -> dict[str, str]:
        """Texts by qid; apart from `texts`, since a document may have the same id."""
        return self._queries.texts

    def query(self, value: Any, line: int) -> int:
        """The code of a query id."""
        return self._queries.code(value, line)

    def document(self, value: Any, line: int) -> int:
        """The code of a document id."""
        return self._documents.code(value, line)

    def documents(self, values: Iterable[Any], line: int) -> list[int]:
        """The codes of several document ids."""
        return self._documents.codes(values, line)

    def query_text(self, text: Any, line: int, *, qid: Any = None) -> int:
        """The code of a query by its text; without `qid`, its id is made from that."""
        return self._queries.of_text(text, line, given=qid)

    def document_text(self, text: Any, line: int, *, docno: Any = None) -> int:
        """As `query_text`, for a document."""
        return self._documents.of_text(text, line, given=docno)

    def group(self, query: int, line: int, *, key: Any = None) -> int:
        """A new group of a query; with `key`, the group that has it if there is one."""
        new = len(self._groups[0])
        if key is not None:
            found = self._keyed.setdefault(key, new)
            if found != new:
                return found
        self._groups[0].append(query)
        self._groups[1].append(line)
        return new

    def positive_group(self, query: int, positive: int, line: int) -> int:
        """The group of a query and one of its positives, begun with that positive."""
        new = len(self._groups[0])
        group = self.group(query, line, key=(query, positive))
        if group == new:
            self.member(group, positive, positive=True)
        return group

    def member(self, group: int, document: int, *, positive: bool = False) -> None:
        """Put a document into a group."""
        groups, documents, marks = self._members
        groups.append(group)
        documents.append(document)
        marks.append(positive)

    def members(
        self, group: int, documents: Sequence[int], *, positive: bool = False
    ) -> None:
        """Put several documents into a group."""
        groups, codes, marks = self._members
        groups.extend(repeat(group, len(documents)))
        codes.extend(documents)
        marks.extend(repeat(positive, len(documents)))

    def score(self, query: int, document: int, value: Any, line: int) -> None:
        """Give the score of a document for a query."""
        number = value if type(value) is float else as_number(value)
        # A comparison with NaN is false, so it is refused, too
        if number is None or not -LARGEST <= number <= LARGEST:
            qid, docno = self.where(query, document)
            raise self.fail(
                f"the score of query {qid!r}, document {docno!r} must be a finite "
                f"number, found {value!r}",
                line,
            )
        queries, documents, values, lines = self._rows
        queries.append(query)
        documents.append(document)
        values.append(number)
        lines.append(line)

    def scored(
        self, query: int, documents: Sequence[int], values: Sequence[Any], line: int
    ) -> None:
        """Give the scores of several documents for a query."""
        for document, value in zip(documents, values, strict=True):
            self.score(query, document, value, line)

    def count(self, what: str, number: int = 1) -> None:
        """Count something that was passed over or mended."""
        count(self.repairs, what, number)

    def fail(self, message: str, line: int | None = None) -> FormatError:
        """The error to raise about this file."""
        return self.source.fail(message, line=line)

    def where(self, query: int, document: int) -> tuple[str, str]:
        """The qid and docno behind two codes."""
        return self._queries.name(query), self._documents.name(document)

    def scores(self, kind: Kind = Kind.UNKNOWN) -> Scores | None:
        """The scores given so far, None if there is none.

        Raises
        ------
        FormatError
            When one query and document have different scores, naming both lines.
        """
        queries, documents, values, lines = map(_column, self._rows)
        if not len(values):
            return None
        kept, values, again = merged_scores(
            (queries, documents, values, lines),
            mean=self.repeats == "mean",
            fail=self._unequal,
        )
        self.count(AGAIN, again)
        return self.table(queries[kept], documents[kept], values).with_kind(kind)

    def table(self, queries: Integers, documents: Integers, values: Floats) -> Scores:
        """Scores of distinct pairs, by the codes of queries and documents."""
        # Codes are given in order of appearance, so sorted codes keep that order
        scored, queries = np.unique(queries, return_inverse=True)
        docnos, rank = self._documents.ranked()
        qids = self._queries.names()[scored]
        return Scores.from_rows(
            queries, qids, rank[documents], docnos, values, name=self._name
        )

    def groups(self) -> Groups | None:
        """The groups given so far, None if there is none.

        A document that stands in a group twice stands there once, as a positive if it
        is one; both cases are counted. Groups without documents are left out.
        """
        if not len(self._members[0]):
            return None
        queries, lines = map(_column, self._groups)
        group, documents, positive = map(_column, self._members)
        merged = merged_members(group, documents, positive.astype(bool))
        for what, number in merged.repairs.items():
            self.count(what, number)
        sizes = np.bincount(merged.group, minlength=len(queries))
        held = sizes > 0
        self.count(EMPTY, int((~held).sum()))
        docnos, rank = self._documents.ranked()
        return Groups(
            queries=queries[held],
            qids=self._queries.names(),
            offsets=np.concatenate([[0], np.cumsum(sizes[held])]).astype(np.int64),
            codes=rank[merged.documents],
            docnos=docnos,
            positive=merged.positive if self.marks else None,
            name=self._name,
            lines=lines[held],
        )

    def contents(
        self, format: str, *, kind: Kind = Kind.UNKNOWN, **more: Any
    ) -> Contents:
        """Everything collected, as `Contents`; `more` are further attributes of it.

        Raises
        ------
        FormatError
            When nothing was collected, or as `scores` does.
        """
        if "scores" not in more:
            more["scores"] = self.scores(kind)
        found: dict[str, Any] = {"groups": self.groups()}
        metadata: Mapping[str, Any] = more.pop("metadata", {})
        if self.query_texts:
            metadata = {**metadata, "query_texts": self.query_texts}
        found |= more
        if all(part is None for part in found.values()):
            raise self.fail("the file holds no records", 1)
        return Contents(
            format,
            self.source.path,
            texts=self.texts,
            metadata=metadata,
            repairs=self.repairs,
            notes=tuple(self.notes),
            **found,
        )

    @property
    def _name(self) -> str:
        return str(self.source.path)

    def _unequal(self, number: int, first: int, second: int) -> FormatError:
        queries, documents, values, lines = self._rows
        low, high = sorted((first, second), key=lambda row: int(lines[row]))
        qid, docno = self.where(queries[low], documents[low])
        return self.fail(
            f"query {qid!r}, document {docno!r} has the score {values[high]!r} here "
            f"and {values[low]!r} in line {lines[low]} ({number:,} such pairs in the "
            "file); a pair must have one score",
            lines[high],
        )


def _columns(types: str) -> tuple[Any, ...]:
    return tuple(array(code) for code in types)


def _column(values: Any) -> Any:
    """An array of numbers as a NumPy one, integers as int64."""
    found = np.array(values)
    return found if found.dtype == np.float64 else found.astype(np.int64)
