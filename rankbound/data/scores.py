"""`Scores`: what one model gave to the documents of each query, as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data import arrow
from rankbound.data.columns import (
    Booleans,
    DocnosField,
    Floats,
    Integers,
    LateStrings,
    Strings,
    as_held,
    positions,
    remembered,
    strings,
)
from rankbound.data.ordering import ranking, row_order, windows
from rankbound.rendering import Shown

# Differences of two larger scores would overflow
LARGEST: Final = float(np.finfo(np.float64).max) / 2
LOOKED_UP: Final = 1 << 20  # rows whose keys are made at once


Columns = tuple[Any, ...]


class Kind(StrEnum):
    """What the numbers of a score file are; entropy is meaningless without it."""

    LOGIT = "logit"
    PROBABILITY = "probability"
    LOG_PROBABILITY = "log-probability"
    SOFTMAX = "softmax"
    COSINE = "cosine"
    PROBABILITY_OR_COSINE = "probability or cosine"
    DOT = "dot"
    BM25 = "bm25"
    RANK_ONLY = "rank_only"
    MARGIN_ONLY = "margin_only"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False, repr=False)
class Scores(Shown):
    """Scores of one model, sorted by query and document.

    Attributes
    ----------
    qids : object array of str, shape (n_queries,)
        Distinct query ids, in order of first appearance.
    offsets : int64 array, shape (n_queries + 1,)
        Rows of query q are ``offsets[q]:offsets[q + 1]``.
    codes : int64 array, shape (n_rows,)
        Position of each row's document in `docnos`; ascending within a query.
    docnos : object array of str, shape (n_docs,)
        Distinct document ids, sorted, so that the order of codes is that of ids. They
        may be given as `data.columns.LateStrings`, and are then made when asked for.
    values : float64 array, shape (n_rows,)
        Finite scores; higher is better.
    kind : Kind
        What the values are.
    name : str
        Where they come from, for messages.
    origins : int64 array, shape (n_rows,), or None
        Where scores are known up to constants only (from margins): of one query, rows
        of the same number share their constant, and other differences mean nothing.
        None where all scores of a query can be compared.
    notes : tuple of str
        What the reader of an object left unused, or decided.

    Raises
    ------
    DomainError
        On a score that is not finite or a document scored twice, naming qid and docno.

    Examples
    --------
    >>> scores = Scores.from_dict({"q1": {"d2": 1.5, "d1": 0.5}}, name="toy")
    >>> scores.values.tolist(), scores.n_queries
    ([0.5, 1.5], 1)
    >>> Scores.from_dict({"q1": {"d2": float("nan")}}, name="toy")
    Traceback (most recent call last):
    ...
    rankbound.bounds.errors.DomainError: toy: score of query 'q1', document 'd2'...
    """

    qids: Strings
    offsets: Integers
    codes: Integers
    docnos: Strings
    values: Floats
    kind: Kind = Kind.UNKNOWN
    name: str = "scores"
    origins: Integers | None = None
    notes: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if not _within(self.values, LARGEST):
            bad = np.flatnonzero(~(np.abs(self.values) <= LARGEST))
            qid, docno = self.where(int(bad[0]))
            raise DomainError(
                f"{self.name}: score of query {qid!r}, document {docno!r} is "
                f"{self.values[bad[0]]}; scores must be finite (and at most "
                f"{LARGEST:.3g} in size), remove the row or score the document again"
            )
        if self.origins is not None and self.origins.shape != self.values.shape:
            raise DomainError(
                f"{self.name}: {self.origins.shape} origins for {self.values.shape} "
                "scores; every score needs one"
            )
        twice = self._scored_twice()
        if twice is not None:
            qid, docno = self.where(twice)
            raise DomainError(
                f"{self.name}: document {docno!r} is scored twice for query {qid!r}; "
                "keep one score"
            )
        docnos = as_held(self)
        if not isinstance(docnos, LateStrings):
            docnos.flags.writeable = False
        for array in (self.qids, self.offsets, self.codes, self.values):
            array.flags.writeable = False

    def _scored_twice(self) -> int | None:
        """The first row whose document is that of the next, in one query."""
        inner = self.offsets[1:-1]
        for start in range(0, len(self.codes) - 1, LOOKED_UP):
            codes = self.codes[start : start + LOOKED_UP + 1]
            same = codes[1:] == codes[:-1]
            if same.any():
                first, last = np.searchsorted(inner, [start + 1, start + len(codes)])
                same[inner[first:last] - start - 1] = False
                if same.any():
                    return start + int(np.argmax(same))
        return None

    @classmethod
    def from_rows(
        cls,
        query_codes: Integers,
        qids: Strings,
        doc_codes: Integers,
        docnos: Strings,
        values: Floats,
        *,
        name: str,
    ) -> Scores:
        """Build from encoded columns in any order; `docnos` must be sorted.

        `query_codes` and `doc_codes` have shape (n_rows,) and point into `qids` and
        `docnos`; every query must have a row.
        """
        order = row_order(query_codes, doc_codes, n_docs=len(docnos))
        counts = np.bincount(query_codes, minlength=len(qids))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(
            qids=qids,
            offsets=offsets,
            codes=doc_codes[order].astype(np.int64, copy=False),
            docnos=docnos,
            values=values[order].astype(np.float64, copy=False),
            name=name,
        )

    @classmethod
    def from_dict(
        cls, scores: Mapping[str, Mapping[str, float]], *, name: str = "scores"
    ) -> Scores:
        """Build from ``{qid: {docno: score}}``."""
        docnos = sorted({docno for row in scores.values() for docno in row})
        position = {docno: code for code, docno in enumerate(docnos)}
        filled = [(qid, row) for qid, row in scores.items() if row]
        sizes = [len(row) for _, row in filled]
        return cls.from_rows(
            np.repeat(np.arange(len(filled)), sizes).astype(np.int64),
            strings([qid for qid, _ in filled]),
            np.array([position[d] for _, row in filled for d in row], dtype=np.int64),
            strings(docnos),
            np.array([v for _, row in filled for v in row.values()], dtype=np.float64),
            name=name,
        )

    @property
    def n_queries(self) -> int:
        """Number of queries with at least one score."""
        return len(self.qids)

    @property
    def n_docs(self) -> int:
        """Number of distinct documents."""
        return len(as_held(self))

    @property
    def sizes(self) -> Integers:
        """Documents per query, shape (n_queries,)."""
        return np.diff(self.offsets)

    def row_query(self) -> Integers:
        """The query position of every row, shape (n_rows,)."""
        found: Integers = self._row_query(np.int64)
        return found

    def _row_query(self, dtype: Any) -> Any:
        return np.repeat(np.arange(self.n_queries, dtype=dtype), self.sizes)

    def where(self, row: int) -> tuple[str, str]:
        """The qid and docno of a row."""
        query = int(np.searchsorted(self.offsets, row, side="right")) - 1
        return self.qids[query], self.docnos[self.codes[row]]

    def documents_of(self, rows: Integers) -> tuple[Integers, Strings]:
        """The documents of some rows, as codes and the ids that these point into.

        Ids that no row has are left out where most are, as few of the documents that a
        teacher scores are among its best; then they need not be made into strings.

        Examples
        --------
        >>> scores = Scores.from_dict({"q": {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}})
        >>> codes, docnos = scores.documents_of(np.array([2]))
        >>> codes.tolist(), docnos.tolist()
        ([0], ['c'])
        """
        codes, held = self.codes[rows], as_held(self)
        used = np.zeros(len(held), dtype=bool)
        used[codes] = True
        places = np.flatnonzero(used)
        if 2 * len(places) > len(held):
            return codes, self.docnos
        new = np.cumsum(used, dtype=np.int32) - np.int32(1)
        if isinstance(held, LateStrings) and held.has_texts:
            found = strings(held.texts(places).to_pylist())
        else:
            found = self.docnos[places]
        return new[codes].astype(np.int64), found

    def with_values(self, values: Floats, *, kind: Kind) -> Scores:
        """The same rows with other values, for instance probabilities as logits."""
        return self._altered(values=values, kind=kind)

    def with_kind(self, kind: Kind) -> Scores:
        """The same scores, declared to be of another kind."""
        return self._altered(kind=kind)

    def _altered(self, **changes: Any) -> Scores:
        # `dataclasses.replace` would ask for the docnos
        same = {one.name: vars(self)[one.name] for one in fields(self) if one.init}
        return Scores(**(same | changes))

    def with_columns(self, change: Callable[[Columns], Columns]) -> Scores:
        """The same with the arrays of its rows held in another way."""
        codes, values, origins = change((self.codes, self.values, self.origins))
        return self._altered(codes=codes, values=values, origins=origins)

    def keep_rows(self, keep: Booleans) -> Scores:
        """Some rows, with the queries and documents that these have.

        Parameters
        ----------
        keep : boolean array, shape (n_rows,)
            At least one row is kept.

        Examples
        --------
        >>> scores = Scores.from_dict({"p": {"a": 1.0}, "q": {"a": 2.0, "b": 3.0}})
        >>> kept = scores.keep_rows(np.array([False, False, True]))
        >>> kept.qids.tolist(), kept.docnos.tolist(), kept.values.tolist()
        (['q'], ['b'], [3.0])
        """
        queries, places = np.unique(self.row_query()[keep], return_inverse=True)
        documents, codes = np.unique(self.codes[keep], return_inverse=True)
        return self._altered(
            qids=self.qids[queries],
            offsets=np.concatenate([[0], np.cumsum(np.bincount(places))]),
            codes=codes.astype(np.int64),
            docnos=self.docnos[documents],
            values=self.values[keep],
            origins=None if self.origins is None else self.origins[keep],
        )

    def lookup(
        self, row_qids: Integers, qids: Strings, row_docs: Integers, docnos: Strings
    ) -> tuple[Floats, Booleans]:
        """Scores of (query, document) rows coded against another file's ids.

        Parameters
        ----------
        row_qids, row_docs : int64 arrays, shape (n,)
            Positions in `qids` and `docnos`.
        qids, docnos : object arrays of str
            The ids of the asking file.

        Returns
        -------
        values : float64 array, shape (n,)
            0 where there is no score; look at `found` before using them.
        found : boolean array, shape (n,)
        """
        place = self._places(row_qids, qids, row_docs, docnos)
        return self._at(place)

    def _at(self, place: Integers) -> tuple[Floats, Booleans]:
        """The values of some rows, 0 where the place is -1, and where it is not."""
        found = place >= 0
        if not found.any():  # an empty file knows nothing
            return np.zeros(len(found)), found
        return np.where(found, self.values[place], 0.0), found

    def _places(
        self, row_qids: Integers, qids: Strings, row_docs: Integers, docnos: Strings
    ) -> Integers:
        """The row of each (query, document), -1 where there is none."""
        query = positions(self.qids, qids).astype(np.int32)[row_qids]
        doc = self._documents(docnos).astype(np.int32)[row_docs]
        known = (query >= 0) & (doc >= 0)
        places = np.full(len(known), -1, dtype=np.int64)
        # A window of queries at a time, so that little is held beside the columns
        asking = np.flatnonzero(known)
        if (query[asking[1:]] < query[asking[:-1]]).any():
            asking = asking[np.argsort(query[asking], kind="stable")]
        asked, width = query[asking], self.n_docs
        for first, last in windows(self.offsets, LOOKED_UP):
            start, stop = np.searchsorted(asked, [first, last])
            rows = asking[start:stop]
            if not len(rows):
                continue
            begin, end = self.offsets[first], self.offsets[last]
            sizes = np.diff(self.offsets[first : last + 1])
            own = np.repeat(np.arange(last - first) * width, sizes)
            own += self.codes[begin:end]
            keys = (query[rows].astype(np.int64) - first) * width + doc[rows]
            place = np.minimum(np.searchsorted(own, keys), len(own) - 1)
            same = own[place] == keys
            places[rows[same]] = begin + place[same]
        return places

    def of_groups(
        self, columns: tuple[Any, ...], row_query: Callable[[], Integers]
    ) -> tuple[Floats, Booleans]:
        """The scores of the rows of groups, as `lookup`; see `Groups.scores_of`.

        `columns` are the queries, offsets, codes, qids and docnos of the groups.
        """
        _, _, codes, qids, docnos = columns
        own = self.qids, self.offsets, self.codes, as_held(self)
        place = remembered(
            (*own, *columns), lambda: self._places(row_query(), qids, codes, docnos)
        )
        return self._at(place)

    def _documents(self, docnos: Strings) -> Integers:
        """Where each of other ids stands among `docnos`, -1 where it does not."""
        held = as_held(self)
        if isinstance(held, LateStrings) and held.has_texts:
            return arrow.places(held, docnos)
        return positions(self.docnos, docnos)

    def to_frame(self) -> Any:
        """A pandas frame in PyTerrier's columns: qid, docno, score, rank.

        Queries keep their order; within one, the best document comes first and ties are
        ordered by docno, descending, as in trec_eval. Ranks count from 0.

        Examples
        --------
        >>> frame = Scores.from_dict({"q": {"a": 1.0, "b": 3.0, "c": 1.0}}).to_frame()
        >>> frame[["docno", "rank"]].values.tolist()
        [['b', 0], ['c', 1], ['a', 2]]
        """
        import pandas as pd

        order, rank = self._best_first()
        return pd.DataFrame(
            {
                "qid": self.qids[self.row_query()[order]],
                "docno": self.docnos[self.codes[order]],
                "score": self.values[order],
                "rank": rank,
            }
        )

    def to_ir_measures(self, *, as_ranks: bool = False) -> Iterator[Any]:
        """``ir_measures.ScoredDoc`` tuples, best first in every query.

        Parameters
        ----------
        as_ranks : bool
            Give the number of documents ranked below instead of the score. The order
            is the same, and no two documents of a query tie: some measure providers
            hold scores in 32 bits, where different scores become equal.

        Examples
        --------
        >>> close = Scores.from_dict({"q": {"a": 1.0 + 5e-8, "b": 1.0}})
        >>> [doc.score for doc in close.to_ir_measures(as_ranks=True)]
        [1.0, 0.0]
        """
        from ir_measures import ScoredDoc

        order, rank = self._best_first()
        query = self.row_query()[order]
        values = self.values[order]
        if as_ranks:
            values = (self.sizes[query] - 1 - rank).astype(np.float64)
        documents = self.codes[order]
        for row in range(len(order)):
            yield ScoredDoc(
                self.qids[query[row]], self.docnos[documents[row]], float(values[row])
            )

    def to_ranx_dict(self) -> dict[str, dict[str, float]]:
        """The scores as ``{qid: {docno: score}}``, which ``ranx.Run`` takes.

        Examples
        --------
        >>> Scores.from_dict({"q": {"b": 1.0, "a": 2.0}}).to_ranx_dict()
        {'q': {'a': 2.0, 'b': 1.0}}
        """
        names, values = self.docnos[self.codes], self.values.tolist()
        bounds = zip(self.offsets[:-1], self.offsets[1:], strict=True)
        return {
            qid: dict(zip(names[start:stop], values[start:stop], strict=True))
            for qid, (start, stop) in zip(self.qids, bounds, strict=True)
        }

    def to_arrow(self) -> Any:
        """A `pyarrow.Table` with columns qid, docno and score.

        Ids are dictionary-encoded; the kind and the name stand in the metadata. Where
        scores are known up to constants, a column origin tells the parts.

        Examples
        --------
        >>> table = Scores.from_dict({"q": {"d": 0.5}}).to_arrow()
        >>> table.column_names, table["docno"].to_pylist()
        (['qid', 'docno', 'score'], ['d'])
        """
        import pyarrow as pa

        columns: dict[str, object] = {
            "qid": arrow.coded(self._row_query(np.int32), self.qids),
            "docno": arrow.coded(self.codes, as_held(self)),
            "score": pa.array(self.values),
        }
        if self.origins is not None:
            columns["origin"] = pa.array(self.origins)
        said = {"rankbound.kind": self.kind.value, "rankbound.name": self.name}
        return pa.table(columns, metadata={arrow.SCHEMA: arrow.SCORES_SCHEMA, **said})

    @classmethod
    def from_arrow(cls, table: Any, *, name: str = "") -> Scores:
        """Scores from a `pyarrow.Table` with columns qid, docno and score.

        Parameters
        ----------
        table : pyarrow.Table
            In any order; ids are text, dictionary-encoded or not.
            `rankbound.read_scores` takes tables with other names and types of columns.
        name : str, optional
            Instead of the one in the metadata.

        Raises
        ------
        DomainError
            For a column that is not there or lacks a value, and as `Scores` does.

        Examples
        --------
        >>> import pyarrow as pa
        >>> Scores.from_arrow(pa.table({"qid": ["q"], "docno": ["d"], "score": [2.0]}))
        Scores('scores': unknown, 1 query, 1 row, 1 document, all 2)
        """
        said = arrow.metadata(table)
        qids, queries = arrow.encode(arrow.ids(table, "qid"), ordered=False)
        docnos, documents = arrow.encode(arrow.ids(table, "docno"), ordered=True)
        values = arrow.numbers(table, "score")
        name = name or said.get("rankbound.name", "scores")
        built = cls.from_rows(queries, qids, documents, docnos, values, name=name)
        origins = None
        if "origin" in table.column_names:
            order = np.lexsort((documents, queries))  # as from_rows sorts
            origins = arrow.integers(table, "origin")[order]
        named = said.get("rankbound.kind", "unknown")
        if named not in {*Kind}:
            raise DomainError(
                f"the table's kind must be one of {', '.join(Kind)}; got {named!r}"
            )
        return replace(built, kind=Kind(named), origins=origins)

    def _best_first(self) -> tuple[Integers, Integers]:
        """Rows from best to worst in every query, and the rank of each, from 0."""
        order = ranking(self)
        return order, np.arange(len(order)) - self.offsets[self.row_query()]


# Given as `LateStrings`, docnos are strings for whoever reads them
Scores.docnos = DocnosField()  # type: ignore[assignment]


def _within(values: Floats, largest: float) -> bool:
    """Whether all sizes are at most that; NaN is not."""
    if len(values) == 0:
        return True
    return bool(values.min() >= -largest and values.max() <= largest)
