"""`Groups`: the documents of each query that a loss, or a certificate, looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import PAIR_SETS
from rankbound.data import arrow
from rankbound.data.columns import (
    Booleans,
    Floats,
    Integers,
    Strings,
    distinct_codes,
    positions,
    ranks,
)
from rankbound.data.ordering import ranked_windows, row_order
from rankbound.data.scores import Columns, Scores
from rankbound.rendering import Shown

Scalar = TypeVar("Scalar", bound=np.generic)
# What a table may hold of each document beside its group, and how it is read
OF_DOCUMENTS: Final[dict[str, Callable[[Any, str], NDArray[Any]]]] = {
    "positive": arrow.booleans,
    "probability": arrow.numbers,
    "inclusion": arrow.numbers,
    "line": arrow.integers,
}
MIXING: Final = np.uint64(0x9E3779B97F4A7C15)  # odd: no two places are mixed alike


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Groups(Shown):
    """Groups of documents, one after another; a query may have several.

    Attributes
    ----------
    queries : int64 array, shape (n_groups,)
        The query of each group, as a position in `qids`.
    qids : object array of str, shape (n_queries,)
        Distinct query ids.
    offsets : int64 array, shape (n_groups + 1,)
        Documents of group g are ``offsets[g]:offsets[g + 1]``.
    codes : int64 array, shape (n_rows,)
        Positions in `docnos`.
    docnos : object array of str, shape (n_docs,)
        Distinct document ids.
    positive : boolean array, shape (n_rows,), or None
        Which documents are positives; None where that is not known.
    name : str
        Where the groups come from, for messages.
    lines : int64 array, shape (n_groups,), or None
        The line of each group in its file.
    probabilities : float64 array, shape (n_rows,), or None
        The probability of drawing each document, where the groups give it.
    inclusion : float64 array, shape (n_rows,), or None
        The probability that each document is drawn into the group, where that is known;
        1 for a positive.
    notes : tuple of str
        What the reader of an object left unused, or decided.

    Examples
    --------
    >>> from rankbound.data.scores import Scores
    >>> teacher = Scores.from_dict({"q": {"a": 2.0, "b": 1.0, "c": 2.0}})
    >>> groups = top_documents(teacher, depth=2)
    >>> groups.docnos[groups.codes].tolist()  # ties: the larger docno first
    ['c', 'a']
    """

    queries: Integers
    qids: Strings
    offsets: Integers
    codes: Integers
    docnos: Strings
    positive: Booleans | None = None
    name: str = "groups"
    lines: Integers | None = None
    probabilities: Floats | None = None
    inclusion: Floats | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.positive is not None and self.positive.shape != self.codes.shape:
            raise DomainError(
                f"`positive` must mark every document, got {self.positive.shape} for "
                f"{self.codes.shape}"
            )
        for array in (self.queries, self.qids, self.offsets, self.codes, self.docnos):
            array.flags.writeable = False

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.queries)

    @property
    def sizes(self) -> Integers:
        """Documents per group, shape (n_groups,)."""
        return np.diff(self.offsets)

    def row_group(self) -> Integers:
        """The group of every document row, shape (n_rows,)."""
        return np.repeat(np.arange(self.n_groups, dtype=np.int64), self.sizes)

    def row_query(self) -> Integers:
        """The query (position in `qids`) of every document row, shape (n_rows,)."""
        return self.queries[self.row_group()]

    def group_qids(self) -> Strings:
        """The qid of every group, shape (n_groups,)."""
        return self.qids[self.queries]

    def where(self, row: int) -> tuple[str, str, str]:
        """Where a document row stands (file and line), its qid and its docno."""
        group = int(np.searchsorted(self.offsets, row, side="right")) - 1
        line = "" if self.lines is None else f":{self.lines[group]}"
        qid = self.qids[self.queries[group]]
        return f"{self.name}{line}", qid, self.docnos[self.codes[row]]

    def scores_of(self, scores: Scores) -> tuple[Floats, Booleans]:
        """The scores of all document rows, and which of them exist."""
        columns = self.queries, self.offsets, self.codes, self.qids, self.docnos
        return scores.of_groups(columns, self.row_query)

    def keep_rows(self, keep: Booleans) -> Groups:
        """The groups without some documents; groups left empty disappear."""
        counts = np.bincount(self.row_group()[keep], minlength=self.n_groups)
        return self._rebuilt(keep, counts, counts > 0)

    def keep_groups(self, keep: Booleans) -> Groups:
        """Only the chosen groups; `keep` has shape (n_groups,)."""
        if keep.all():
            return self
        return self._rebuilt(np.repeat(keep, self.sizes), self.sizes, keep)

    def with_columns(self, change: Callable[[Columns], Columns]) -> Groups:
        """The same with the arrays of its rows held in another way."""
        known = (self.codes, self.positive, self.probabilities, self.inclusion)
        codes, positive, probabilities, inclusion = change(known)
        return replace(
            self,
            codes=codes,
            positive=positive,
            probabilities=probabilities,
            inclusion=inclusion,
        )

    def between(self, some: slice) -> Groups:
        """Groups that follow each other, without copies of their rows.

        Examples
        --------
        >>> from rankbound.data.scores import Scores
        >>> scores = Scores.from_dict({q: {"a": 2.0, "b": 1.0} for q in "pq"})
        >>> part = top_documents(scores, depth=2).between(slice(1, 2))
        >>> part.group_qids().tolist(), part.offsets.tolist()
        (['q'], [0, 2])
        """
        first, last = self.offsets[[some.start, some.stop]].tolist()
        rows = slice(first, last)
        offsets = self.offsets[some.start : some.stop + 1] - first
        return self._of_rows(rows, some, offsets)

    def count_pairs(self, pairs: str) -> Integers:
        """Pairs of each group, shape (n_groups,), of the kind wanted.

        Raises
        ------
        DomainError
            For an unknown pair set, or when positives are needed and not known.
        """
        sizes = self.sizes
        if pairs not in PAIR_SETS:
            raise DomainError(f"`pairs` must be one of {PAIR_SETS}, got {pairs!r}")
        if pairs == "all":
            return sizes * (sizes - 1) // 2
        if self.positive is None:
            raise DomainError(
                f"pairs={pairs!r} needs to know the positive documents; give groups "
                "with a doc_id_a, or relevance judgements with the teacher's top"
            )
        good = np.bincount(self.row_group()[self.positive], minlength=self.n_groups)
        bad = sizes - good
        return good * bad if pairs == "pos-neg" else bad * (bad - 1) // 2

    def count_known_pairs(self, pairs: str) -> Integers:
        """As `count_pairs`, and none of a kind that nobody can tell.

        Examples
        --------
        >>> from rankbound.data.scores import Scores
        >>> scores = Scores.from_dict({"q": {"a": 2.0, "b": 0.0, "c": 0.0}})
        >>> groups = top_documents(scores, depth=3)
        >>> [groups.count_known_pairs(kind).tolist() for kind in ("all", "pos-neg")]
        [[3], [0]]
        """
        if self.positive is None and pairs != "all":
            return np.zeros(self.n_groups, dtype=np.int64)
        return self.count_pairs(pairs)

    def in_order(self) -> Groups:
        """The same groups in an order that no file decides.

        Queries are ordered by id, the groups of a query by their documents, and the
        documents of a group by id with the positives first. So numbers that depend on
        the order, such as sums in floating point, are those of the groups alone.

        Examples
        --------
        >>> from rankbound.data.scores import Scores
        >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 2.0}})
        >>> groups = top_documents(scores, depth=2)
        >>> groups.docnos[groups.in_order().codes].tolist()
        ['b', 'c']
        """
        document, query = ranks(self.docnos), ranks(self.qids)
        place = document[self.codes]
        first = np.zeros(len(place), dtype=np.int64)
        if self.positive is not None:
            first = np.asarray(~self.positive, dtype=np.int64)
        width = max(1, len(document))
        rows = row_order(self.row_group(), first * width + place, n_docs=2 * width)
        place, starts = place[rows], self.offsets[:-1]
        # Groups that share their first document are told apart by all of them
        mixed = place.astype(np.uint64) * MIXING
        mixed = np.add.reduceat(mixed ^ (mixed >> np.uint64(29)), starts)
        groups = np.lexsort((mixed, place[starts], query[self.queries]))
        sizes = self.sizes[groups]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        within = np.arange(len(rows)) - np.repeat(offsets[:-1], sizes)
        rows = rows[np.repeat(starts[groups], sizes) + within]
        qids = np.empty_like(self.qids)
        qids[query] = self.qids
        made = self._of_rows(rows, groups, offsets)
        return replace(made, queries=query[made.queries], qids=qids)

    def _of_rows(
        self,
        rows: Booleans | Integers | slice,
        groups: Booleans | Integers | slice,
        offsets: Integers,
    ) -> Groups:
        """The chosen rows, of the chosen groups, with what is known of both."""
        return replace(
            self,
            queries=self.queries[groups],
            offsets=offsets,
            codes=self.codes[rows],
            positive=_chosen(self.positive, rows),
            probabilities=_chosen(self.probabilities, rows),
            inclusion=_chosen(self.inclusion, rows),
            lines=_chosen(self.lines, groups),
        )

    def to_frame(self) -> Any:
        """A pandas frame with one row per document: qid, group, docno.

        With the columns positive, probability and inclusion where they are known.

        Examples
        --------
        >>> from rankbound.data.scores import Scores
        >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 2.0}})
        >>> top_documents(scores, depth=2).to_frame().values.tolist()
        [['q', 0, 'b'], ['q', 0, 'c']]
        """
        import pandas as pd

        columns: dict[str, object] = {
            "qid": self.qids[self.row_query()],
            "group": self.row_group(),
            "docno": self.docnos[self.codes],
        }
        return pd.DataFrame(columns | self._known())

    def to_arrow(self) -> Any:
        """A `pyarrow.Table` with one row per document of a group.

        Columns are qid, group, docno; positive, probability, inclusion and line where
        they are known. Ids are dictionary-encoded.

        Raises
        ------
        DomainError
            When a group has no document, which no row could tell.
        """
        import pyarrow as pa

        if (self.sizes == 0).any():
            raise DomainError(f"{self.name}: a group without documents makes no row")
        columns: dict[str, object] = {
            "qid": arrow.coded(self.row_query(), self.qids),
            "group": pa.array(self.row_group()),
            "docno": arrow.coded(self.codes, self.docnos),
        }
        columns |= {name: pa.array(it) for name, it in self._known().items()}
        if self.lines is not None:
            columns["line"] = pa.array(self.lines[self.row_group()])
        said = {arrow.SCHEMA: arrow.GROUPS_SCHEMA, "rankbound.name": self.name}
        return pa.table(columns, metadata=said)

    def _known(self) -> dict[str, object]:
        """Columns of the rows that are known, by their names in tables."""
        named = {
            "positive": self.positive,
            "probability": self.probabilities,
            "inclusion": self.inclusion,
        }
        return {name: it for name, it in named.items() if it is not None}

    @classmethod
    def from_arrow(cls, table: Any, *, name: str = "") -> Groups:
        """Groups from a `pyarrow.Table` as `to_arrow` makes it.

        Raises
        ------
        DomainError
            For a column that is not there or lacks a value, and rows of one group that
            do not follow each other or differ in the query.
        """
        qids, queries = arrow.encode(arrow.ids(table, "qid"), ordered=False)
        docnos, documents = arrow.encode(arrow.ids(table, "docno"), ordered=False)
        group = arrow.integers(table, "group")
        starts = np.flatnonzero(np.diff(group, prepend=group[:1] - 1)).astype(np.int64)
        if len(np.unique(group)) < len(starts):
            raise DomainError("the rows of a group must follow each other in the table")
        offsets = np.append(starts, len(group)).astype(np.int64)
        if (queries != np.repeat(queries[starts], np.diff(offsets))).any():
            raise DomainError("the documents of a group must have one query")
        known = {
            column: column_of(table, column)
            for column, column_of in OF_DOCUMENTS.items()
            if column in table.column_names
        }
        return cls(
            queries=queries[starts],
            qids=qids,
            offsets=offsets,
            codes=documents,
            docnos=docnos,
            positive=known.get("positive"),
            name=name or arrow.metadata(table).get("rankbound.name", "groups"),
            lines=known["line"][starts] if "line" in known else None,
            probabilities=known.get("probability"),
            inclusion=known.get("inclusion"),
        )

    def _rebuilt(self, rows: Booleans, counts: Integers, groups: Booleans) -> Groups:
        offsets = np.concatenate([[0], np.cumsum(counts[groups])]).astype(np.int64)
        return self._of_rows(rows, groups, offsets)


def _chosen(
    known: NDArray[Scalar] | None, which: Booleans | Integers | slice
) -> NDArray[Scalar] | None:
    return None if known is None else known[which]


def top_documents(scores: Scores, *, depth: int) -> Groups:
    """One group per query: its `depth` best documents.

    Ties are ordered as trec_eval does, by docno descending; the order in the file and
    its rank column play no part.

    Raises
    ------
    DomainError
        When `depth` is below 2, since one document makes no pair.
    """
    if depth < 2:
        raise DomainError(f"`depth` must be at least 2 to form a pair, got {depth}")
    best = [part.order[part.places < depth] for part in ranked_windows(scores)]
    rows = np.concatenate(best)
    sizes = np.minimum(scores.sizes, depth)
    codes, docnos = scores.documents_of(rows)
    return Groups(
        queries=np.arange(scores.n_queries, dtype=np.int64),
        qids=scores.qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        codes=codes,
        docnos=docnos,
        name=scores.name,
    )


def with_judged_positives(groups: Groups, qrels: Scores, *, least_grade: int) -> Groups:
    """The groups with positives taken from relevance judgements.

    Parameters
    ----------
    groups : Groups
    qrels : Scores
        Grades as values; a document that was not judged is not a positive.
    least_grade : int
        The smallest grade that counts as relevant.
    """
    grades, judged = groups.scores_of(qrels)
    return replace(groups, positive=judged & (grades >= least_grade))


def shares_queries(groups: Groups, scores: Scores) -> bool:
    """Whether at least one query of the groups is known to the scores."""
    asked = groups.qids[distinct_codes(groups.queries)]
    return bool(np.any(positions(scores.qids, asked) >= 0))
