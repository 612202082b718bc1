"""`Builder`: scores and groups from single records, with repeated rows merged."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, Final

import numpy as np

from rankbound.data.columns import Booleans, Floats, Integers, Strings
from rankbound.data.groups import Groups
from rankbound.data.ordering import parts, row_order, sorted_order
from rankbound.data.scores import LARGEST, Kind, Scores
from rankbound.errors import FormatError
from rankbound.estimators.margins import QueryPotentials
from rankbound.read.contents import Contents
from rankbound.read.fields import Ids, as_number, wanted_number
from rankbound.read.source import Source, count
from rankbound.read.text.blocks import Column

# Records

EMPTY = "groups without documents"


@dataclass(eq=False)
class Builder:
    """Collects the scores and groups of one file, held as columns.

    Ids, texts and scores are checked as they are added, and errors name path and line.
    `query`, `document`, `query_text`, `document_text` and `group` return codes, which
    the other methods take.

    Attributes
    ----------
    source : Source
        Named in errors; its path is the name of scores and groups.
    marks : bool
        Whether the format says which documents are positives.
    repeats : {"refuse", "mean"}
        Whether different scores of one query and document are an error or are averaged
        (see `merged_scores`).
    hint : str
        What to add to the error about different scores of one query and document.
    repairs : dict of str to int
        Counts of what was repaired.
    again : int
        How many scores were given again without being added, as they are the same.
    notes : list of str
        Decisions that a user should know of.

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
    hint: str = ""
    repairs: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    again: int = 0

    def __post_init__(self) -> None:
        self._queries = Ids("query", self.source, self.repairs)
        self._documents = Ids("document", self.source, self.repairs)
        self._keyed: dict[Any, int] = {}
        self._rows = columns("iidI")  # query, document, score, line
        self._groups = columns("iq")  # query, line
        self._members = columns("iib")  # group, document, positive
        self.rows = np.zeros(0, dtype=np.int64)

    @property
    def has_scores(self) -> bool:
        """Whether any scores were added."""
        return len(self._rows[0]) > 0

    @property
    def texts(self) -> dict[str, str]:
        """Texts by docno."""
        return self._documents.texts

    @property
    def query_texts(self) -> dict[str, str]:
        """Texts by qid, apart from `texts` since a document may have the same id."""
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
        """The code of a query with a text, from which its id is made by default."""
        return self._queries.of_text(text, line, given=qid)

    def document_text(self, text: Any, line: int, *, docno: Any = None) -> int:
        """The code of a document with a text, from which its id is made by default."""
        return self._documents.of_text(text, line, given=docno)

    def group(self, query: int, line: int, *, key: Any = None) -> int:
        """The code of a new group, or of the group made with the same `key`."""
        new = len(self._groups[0])
        if key is not None:
            found = self._keyed.setdefault(key, new)
            if found != new:
                return found
        self._groups[0].append(query)
        self._groups[1].append(line)
        return new

    def positive_group(self, query: int, positive: int, line: int) -> int:
        """The group of a query and one of its positives, which is its first member."""
        new = len(self._groups[0])
        group = self.group(query, line, key=(query, positive))
        if group == new:
            self.member(group, positive, positive=True)
        return group

    def member(self, group: int, document: int, *, positive: bool = False) -> None:
        """Add a document to a group."""
        groups, documents, marks = self._members
        groups.append(group)
        documents.append(document)
        marks.append(positive)

    def members(
        self, group: int, documents: Sequence[int], *, positive: bool = False
    ) -> None:
        """Add several documents to a group."""
        groups, codes, marks = self._members
        groups.extend(repeat(group, len(documents)))
        codes.extend(documents)
        marks.extend(repeat(positive, len(documents)))

    def score(self, query: int, document: int, value: Any, line: int) -> None:
        """Add the score of a document for a query."""
        number = value if type(value) is float else as_number(value)
        # Comparisons with NaN are false, so NaN is refused, too
        if number is None or not -LARGEST <= number <= LARGEST:
            qid, docno = self.where(query, document)
            raise self.fail(
                f"the score of query {qid!r}, document {docno!r} must be "
                f"{wanted_number(value)}, found {value!r}",
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
        """Add the scores of several documents for a query."""
        for document, value in zip(documents, values, strict=True):
            self.score(query, document, value, line)

    def count(self, what: str, number: int = 1) -> None:
        """Count something that was skipped or repaired."""
        count(self.repairs, what, number)

    def fail(self, message: str, line: int | None = None) -> FormatError:
        """An error about this file, to be raised."""
        return self.source.fail(message, line=line)

    def where(self, query: int, document: int) -> tuple[str, str]:
        """The qid and docno behind two codes."""
        return self._queries.name(query), self._documents.name(document)

    def scores(self, kind: Kind = Kind.UNKNOWN) -> Scores | None:
        """The scores added so far, which are let go here, or None if there are none.

        `rows` are then those that each score was added in, counted from 0.

        Raises
        ------
        FormatError
            If one query and document have different scores, naming both lines.
        """
        queries, documents, values, lines = map(np.asarray, self._rows)
        if not len(values):
            return None
        docnos, rank = self._documents.ranked()
        documents = rank.astype(np.int32)[documents]
        kept, values, again = merged_scores(
            (queries, documents, values, lines),
            mean=self.repeats == "mean",
            fail=self._unequal,
        )
        self.count(AGAIN, again + self.again)
        self._rows, self.rows = columns("iidI"), kept
        self.again = 0
        # Codes are numbered by appearance, so sorting by code keeps that order
        pairs = queries[kept], documents[kept], values
        return scores_of_pairs(
            pairs, self._queries.names(), docnos, name=self._name
        ).with_kind(kind)

    def of_margins(self, found: QueryPotentials) -> Scores:
        """Scores up to constants, by the codes of queries and documents."""
        docnos, rank = self._documents.ranked()
        documents = rank[found.documents]
        order = row_order(found.queries, documents, n_docs=len(docnos))
        # Codes are numbered by appearance, so sorting by code keeps that order
        scores = scores_of_pairs(
            (found.queries, documents[order], found.values[order]),
            self._queries.names(),
            docnos,
            name=self._name,
        )
        return replace(scores, kind=Kind.MARGIN_ONLY, origins=found.parts[order])

    def groups(self) -> Groups | None:
        """The groups added so far, or None if there are none.

        A document that was added to a group twice is kept once, as a positive if it was
        added as one, and counted. Groups without documents are left out and counted.
        """
        if not len(self._members[0]):
            return None
        queries, lines = map(_column, self._groups)
        group, documents, positive = map(np.asarray, self._members)
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
        self,
        format: str,
        *,
        kind: Kind = Kind.UNKNOWN,
        scores: Scores | None = None,
        qrels: Scores | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Contents:
        """Everything collected, as `Contents`.

        Parameters
        ----------
        format : str
        kind : Kind
            Of the collected scores.
        scores, qrels : Scores, optional
            `scores` replaces the collected ones.
        metadata : mapping, optional

        Raises
        ------
        FormatError
            If nothing was collected, or as `scores` does.
        """
        scores = self.scores(kind) if scores is None else scores
        groups = self.groups()
        if scores is None and groups is None and qrels is None:
            raise self.fail("the file holds no records", 1)
        queries = {"query_texts": self.query_texts} if self.query_texts else {}
        return Contents(
            format,
            self.source.path,
            scores=scores,
            groups=groups,
            qrels=qrels,
            texts=self.texts,
            metadata={**(metadata or {}), **queries},
            repairs=self.repairs,
            notes=tuple(self.notes),
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
            f"file); a pair must have one score{self.hint}",
            lines[high],
        )


def columns(types: str) -> tuple[Any, ...]:
    """Empty columns that grow, by the codes of the module `array`."""
    return tuple(array(code) for code in types)


def _column(values: Any) -> Any:
    """A column as a NumPy array, integers as int64."""
    found = np.array(values)
    return found if found.dtype == np.float64 else found.astype(np.int64)


# Repeated rows

AGAIN: Final = "scores given again"
TWICE: Final = "documents twice in one group"
POSITIVES: Final = "positives among the negatives of their group"
# Scores of one pair count as equal if they differ by at most this, relative to their
# size, or absolutely below 1: rounding, half precision and batching cause as much
TOLERANCE: Final = 1e-3

Rows = tuple[Integers, Integers, Floats, Integers]


def merged_scores(
    rows: Rows, *, mean: bool, fail: Callable[[int, int, int], Exception]
) -> tuple[Integers, Floats, int]:
    """One score for each query and document.

    Parameters
    ----------
    rows : queries, documents, values, lines
        Arrays of shape (n,).
    mean : bool
        Whether different scores of a pair are averaged. Otherwise they must agree up to
        `TOLERANCE`, and the first is kept.
    fail : callable
        Takes the number of pairs that disagree and two rows of the first such pair, and
        returns the error to raise.

    Returns
    -------
    kept : int64 array, shape (n_pairs,)
        The first row of each pair.
    values : float64 array, shape (n_pairs,)
    again : int
        The number of rows that repeat a pair.

    Examples
    --------
    >>> one, two = np.array([0, 0, 0]), np.array([5, 6, 5])
    >>> kept, values, again = merged_scores(
    ...     (one, two, np.array([1.0, 3.0, 2.0]), one), mean=True, fail=ValueError
    ... )
    >>> kept.tolist(), values.tolist(), again
    ([0, 1], [1.5, 3.0], 1)
    """
    queries, documents, values, _ = rows
    narrow = len(queries) < 1 << 31
    kept, found = Column(np.int32 if narrow else np.int64), Column(np.float64)
    apart: list[tuple[int, int, int, int]] = []
    for _, _, own, one in _windows(*_ascending(queries), documents):
        kept.append(own[one])
        ordered = values[own]
        if one.all():
            found.append(ordered)
            continue
        starts = np.flatnonzero(one)
        if not mean:
            apart += _apart(ordered, starts, own)
            found.append(ordered[starts])
            continue
        counts = np.diff(np.append(starts, len(ordered)))
        shares = ordered / np.repeat(counts, counts)  # the sum might overflow
        found.append(np.add.reduceat(shares, starts))
    if apart:
        _, _, low, high = min(apart)
        raise fail(sum(number for _, number, _, _ in apart), low, high)
    again = len(queries) - len(kept)
    return kept.taken(), found.taken(), again


def scores_of_pairs(
    pairs: tuple[Integers, Integers, Floats],
    qids: Strings,
    docnos: Strings,
    *,
    name: str,
) -> Scores:
    """Scores of pairs as `merged_scores` orders them, by queries that have some.

    Parameters
    ----------
    pairs : queries, documents, values
        Arrays of shape (n_pairs,); documents are places in `docnos`, which are sorted.
    qids, docnos : object arrays of str
    name : str
    """
    queries, documents, values = pairs
    counts = np.bincount(queries, minlength=len(qids))
    scored = np.flatnonzero(counts)
    return Scores(
        qids=qids[scored],
        offsets=np.concatenate([[0], np.cumsum(counts[scored])]).astype(np.int64),
        codes=documents.astype(np.int64, copy=False),
        docnos=docnos,
        values=values.astype(np.float64, copy=False),
        name=name,
    )


def _apart(
    ordered: Floats, starts: Integers, rows: Integers
) -> list[tuple[int, int, int, int]]:
    """The first pair whose scores differ, if there is one.

    That is its first row, the number of such pairs, and the rows of its least and its
    largest score.
    """
    firsts = ordered[starts]
    low, high = (f.reduceat(ordered, starts) for f in (np.minimum, np.maximum))
    differ = high / 2 - low / 2 > TOLERANCE / 2 * np.maximum(1, np.abs(firsts))
    if not differ.any():
        return []
    pair = int(np.flatnonzero(differ)[np.argmin(rows[starts[differ]])])
    own = slice(starts[pair], np.append(starts, len(ordered))[pair + 1])
    extremes = np.argmin(ordered[own]), np.argmax(ordered[own])
    least, largest = (int(rows[own][place]) for place in extremes)
    return [(int(rows[own][0]), int(differ.sum()), least, largest)]


def _ascending(major: Any) -> tuple[Integers | None, Any]:
    """The order that sorts a column stably, None if it ascends, and the sorted one."""
    if (major[1:] >= major[:-1]).all():
        return None, major
    order = sorted_order(major.astype(np.int64))
    return order, major[order]


def _windows(
    order: Integers | None, ascending: Any, documents: Any
) -> Iterator[tuple[int, Integers, Integers, Booleans]]:
    """Rows sorted by a column and by document, some values of the column at a time.

    `order` and `ascending` are those of `_ascending`. A window is its first place in
    the sorted column, the places behind that in order of the documents, the rows at
    these places, and which of them begin a new pair.
    """
    for start, stop in parts(ascending):
        own = np.arange(start, stop) if order is None else order[start:stop]
        rank = row_order(
            ascending[start:stop] - ascending[start],
            documents[own],
            n_docs=int(documents[own].max()) + 1,
        )
        rows = own[rank]
        yield start, rank, rows, _firsts(ascending[start:stop][rank], documents[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The documents of groups, each once, in columns of shape (n,) sorted by group."""

    group: Integers
    documents: Integers
    positive: Booleans
    repairs: dict[str, int]


def merged_members(group: Integers, documents: Integers, positive: Booleans) -> Members:
    """Each document of a group once, in the order of first appearance.

    A document that is both a positive and a negative counts as a positive, since a
    relevant negative would teach the opposite of what the label says.
    """
    order, ascending = _ascending(group)
    keep, positive = np.ones(len(group), dtype=bool), positive.copy()
    twice = mixed = 0
    for start, rank, own, one in _windows(order, ascending, documents):
        if one.all():
            continue
        keep[start + rank[~one]] = False
        starts = np.flatnonzero(one)
        sizes = np.diff(np.append(starts, len(one)))
        marks = positive[own].astype(np.int64)
        good = np.add.reduceat(marks, starts)
        both = int(((good > 0) & (good < sizes)).sum())
        mixed += both
        twice += int((~one).sum()) - both
        positive[own[starts]] = good > 0
    if keep.all():
        kept: Any = slice(None) if order is None else order
    else:
        kept = keep if order is None else order[keep]
    repairs = {} if keep.all() else {POSITIVES: mixed, TWICE: twice}
    return Members(group[kept], documents[kept], positive[kept], repairs)


def _firsts(major: Integers, minor: Integers) -> Booleans:
    """Which rows of sorted columns begin a new (major, minor)."""
    first = np.ones(len(major), dtype=bool)
    first[1:] = (major[1:] != major[:-1]) | (minor[1:] != minor[:-1])
    return first
