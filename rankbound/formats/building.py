"""`Builder`: scores and groups from records that arrive one by one, held as columns."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from estimators.groups import Groups
from estimators.scores import LARGEST, Integers, Kind, Scores, Strings, strings
from rankbound.formats.contents import Contents
from rankbound.formats.errors import FormatError
from rankbound.formats.fields import as_id, as_number, text_id
from rankbound.formats.merging import AGAIN, merged_members, merged_scores
from rankbound.formats.source import Source

INTEGER_IDS: Final = "whole-number ids read as text"
SECOND_TEXT: Final = "ids with a second text (the first is kept)"


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
        `rankbound.formats.merging.merged_scores`).
    repairs : dict of str to int
    notes : list of str
    texts, query_texts : dict of str
        Texts by docno and by qid. A query and a document may have the same id.

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
    texts: dict[str, str] = field(default_factory=dict)
    query_texts: dict[str, str] = field(default_factory=dict)
    _qids: dict[str, int] = field(default_factory=dict, repr=False)
    _docnos: dict[str, int] = field(default_factory=dict, repr=False)
    _keyed: dict[Any, int] = field(default_factory=dict, repr=False)
    _rows: tuple[Any, ...] = field(default_factory=lambda: _columns("iidq"), repr=False)
    _groups: tuple[Any, ...] = field(default_factory=lambda: _columns("iq"), repr=False)
    _members: tuple[Any, ...] = field(
        default_factory=lambda: _columns("iib"), repr=False
    )

    def query(self, value: Any, line: int) -> int:
        """The code of a query id."""
        return self._code(self._qids, self._id(value, "query", line))

    def document(self, value: Any, line: int) -> int:
        """The code of a document id."""
        return self._code(self._docnos, self._id(value, "document", line))

    def query_text(self, text: Any, line: int, *, qid: Any = None) -> int:
        """The code of a query by its text; without `qid`, its id is made from that."""
        name = self._named(text, qid, "query", line)
        self._keep(self.query_texts, name, text, made=qid is None, line=line)
        return self._code(self._qids, name)

    def document_text(self, text: Any, line: int, *, docno: Any = None) -> int:
        """As `query_text`, for a document."""
        name = self._named(text, docno, "document", line)
        self._keep(self.texts, name, text, made=docno is None, line=line)
        return self._code(self._docnos, name)

    def group(self, query: int, line: int, *, key: Any = None) -> int:
        """A new group of a query; with `key`, the group that has it if there is one."""
        new = len(self._groups[0])
        if key is not None:
            found: int = self._keyed.setdefault(key, new)
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
        for column, value in zip(
            self._members, (group, document, positive), strict=True
        ):
            column.append(value)

    def members(
        self, group: int, documents: Iterable[int], *, positive: bool = False
    ) -> None:
        """Put several documents into a group."""
        for document in documents:
            self.member(group, document, positive=positive)

    def score(self, query: int, document: int, value: Any, line: int) -> None:
        """Give the score of a document for a query."""
        number = as_number(value)
        if number is None or abs(number) > LARGEST:
            qid, docno = _nth(self._qids, query), _nth(self._docnos, document)
            raise self.source.fail(
                f"the score of query {qid!r}, document {docno!r} must be a finite "
                f"number, found {value!r}",
                line=line,
            )
        for column, entry in zip(
            self._rows, (query, document, number, line), strict=True
        ):
            column.append(entry)

    def count(self, what: str, number: int = 1) -> None:
        """Count something that was passed over or mended."""
        if number:
            self.repairs[what] = self.repairs.get(what, 0) + int(number)

    def fail(self, message: str, line: int | None = None) -> FormatError:
        """The error to raise about this file."""
        return self.source.fail(message, line=line)

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
            fail=lambda row, first, second: self._unequal(row, first, second),
        )
        self.count(AGAIN, again)
        # Codes are given in order of appearance, so sorted codes keep that order
        scored, queries = np.unique(queries[kept], return_inverse=True)
        docnos, rank = self._sorted_docnos()
        qids = strings(list(self._qids))[scored]
        return Scores.from_rows(
            queries, qids, rank[documents[kept]], docnos, values, name=self._name
        ).with_kind(kind)

    def groups(self) -> Groups | None:
        """The groups given so far, None if there is none.

        A document that stands in a group twice stands there once, as a positive if it
        is one; both cases are counted.
        """
        if not len(self._groups[0]):
            return None
        queries, lines = map(_column, self._groups)
        group, documents, positive = map(_column, self._members)
        merged = merged_members(group, documents, positive.astype(bool))
        for what, number in merged.repairs.items():
            self.count(what, number)
        sizes = np.bincount(merged.group, minlength=len(queries))
        docnos, rank = self._sorted_docnos()
        return Groups(
            queries=queries,
            qids=strings(list(self._qids)),
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            codes=rank[merged.documents],
            docnos=docnos,
            positive=merged.positive if self.marks else None,
            name=self._name,
            lines=lines,
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
        scores, groups = self.scores(kind), self.groups()
        if scores is None and groups is None and not more.get("qrels"):
            raise self.fail("the file holds no records", 1)
        metadata: Mapping[str, Any] = more.pop("metadata", {})
        if self.query_texts:
            metadata = {**metadata, "query_texts": self.query_texts}
        return Contents(
            format,
            self.source.path,
            scores=scores,
            groups=groups,
            texts=self.texts,
            metadata=metadata,
            repairs=self.repairs,
            notes=tuple(self.notes),
            **more,
        )

    @property
    def _name(self) -> str:
        return str(self.source.path)

    def _id(self, value: Any, what: str, line: int) -> str:
        name = as_id(value)
        if name is None:
            raise self.fail(
                f"a {what} id must be text without tabs or line ends, or a whole "
                f"number, found {value!r}",
                line,
            )
        if not isinstance(value, str):
            self.count(INTEGER_IDS)
        return name

    def _named(self, text: Any, given: Any, what: str, line: int) -> str:
        if not isinstance(text, str):
            raise self.fail(f"a {what} must be given as text, found {text!r}", line)
        if given is not None:
            return self._id(given, what, line)
        if not text.strip():
            raise self.fail(
                f"a {what} without a text; its id is made from the text, so there must "
                "be one",
                line,
            )
        return text_id(text)

    def _keep(
        self, texts: dict[str, str], name: str, text: str, *, made: bool, line: int
    ) -> None:
        if texts.setdefault(name, text) == text:
            return
        if made:
            raise self.fail(f"two texts have the same made id {name!r}", line)
        self.count(SECOND_TEXT)

    @staticmethod
    def _code(codes: dict[str, int], name: str) -> int:
        return codes.setdefault(name, len(codes))

    def _sorted_docnos(self) -> tuple[Strings, Integers]:
        """Document ids in order, and where each code stands among them."""
        names = pa.array(list(self._docnos), pa.string())
        order = pc.sort_indices(names).to_numpy()
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return strings(list(self._docnos))[order], rank

    def _unequal(self, number: int, first: int, second: int) -> FormatError:
        queries, documents, values, lines = self._rows
        low, high = sorted((first, second), key=lambda row: int(lines[row]))
        qid = _nth(self._qids, queries[low])
        docno = _nth(self._docnos, documents[low])
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


def _nth(codes: dict[str, int], code: int) -> str:
    return next(name for name, known in codes.items() if known == code)
