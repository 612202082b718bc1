"""Collect the rows of a file, in the order of the file, into `Scores`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Floats, Integers, Strings, strings
from rankbound.data.ordering import WINDOW, parts, row_order
from rankbound.data.scores import Scores
from rankbound.read.fields import all_composed
from rankbound.read.json.blocks import Unsure
from rankbound.read.text.blocks import Column, in_order
from rankbound.read.text.ids import IdColumn

PART: Final = 1 << 20  # rows that are counted at once


class Repeat(Unsure):
    """A document occurs twice in a query; `rows` are the two, counted from 0."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"rows {first} and {second}")
        self.rows = first, second


class Sorted(NamedTuple):
    """Scores, and the ranks of their rows if every block had ranks."""

    scores: Scores
    ranks: Integers | None


@dataclass
class Assembly:
    """Blocks of rows in the order of a file.

    Examples
    --------
    >>> from rankbound.read.text.ids import ids_of
    >>> rows = Assembly("toy")
    >>> docnos = ids_of(["d2", "d1"])
    >>> rows.add(["q"], np.array([0, 0]), docnos, np.array([1.5, 0.5]))
    >>> rows.sorted().scores.values.tolist()
    [0.5, 1.5]
    """

    name: str
    places: dict[str, int] = field(default_factory=dict)
    queries: Column = field(default_factory=lambda: Column(np.int32))
    docnos: IdColumn = field(default_factory=IdColumn)
    values: Column = field(default_factory=lambda: Column(np.float64))
    ranks: Column | None = field(default_factory=lambda: Column(np.int64))
    grades: Column = field(default_factory=lambda: Column(np.float64))
    composed: int = 0  # rows whose query id was brought to the composed form
    again: int = 0  # rows that were left out, as they repeat a pair

    def add(
        self,
        qids: Sequence[str],
        queries: NDArray[Any],
        docnos: Any,
        values: Floats,
        ranks: Integers | None = None,
        grades: Floats | None = None,
    ) -> None:
        """Add a block.

        Parameters
        ----------
        qids : sequence of str
            Query ids by first appearance in the block.
        queries : integer array, shape (n,)
            The position of each row's query in `qids`.
        docnos : pyarrow array of n rows
            As `rankbound.read.text.ids` makes it.
        values : float64 array, shape (n,)
        ranks : int64 array, shape (n,), optional
            If one block has none, the result has none.
        grades : float64 array, shape (n,), optional
            Given for all blocks or none; NaN for a document that was not judged.
        """
        places = self.places
        whole = all_composed(qids, None)
        if whole != list(qids):
            odd = [a != b for a, b in zip(whole, qids, strict=True)]
            self.composed += int(np.array(odd)[queries].sum())
        codes = [places.setdefault(qid, len(places)) for qid in whole]
        self.queries.append(np.array(codes, dtype=np.int32)[queries])
        self.docnos.append(docnos)
        self.values.append(values)
        if grades is not None:
            self.grades.append(grades)
        if ranks is None:
            self.ranks = None
        elif self.ranks is not None:
            self.ranks.append(ranks)

    @property
    def ids_composed(self) -> int:
        """Ids that were brought to the composed form, by row."""
        return self.composed + self.docnos.composed

    def sorted(self, *, tolerance: float | None = None) -> Sorted:
        """All rows, sorted by query and document. To be called once.

        Grades are left in `grades`, in the same order.

        Parameters
        ----------
        tolerance : float, optional
            Keep the first of some rows of one pair whose scores differ by no more,
            relative to their size, or absolutely below 1; not beside grades.

        Raises
        ------
        Repeat
            If a document occurs twice in a query; the first such row of the file.
        """
        docnos, codes = self.docnos.encoded()
        queries, values = self.queries.taken(), self.values.taken()
        ranks = None if self.ranks is None else self.ranks.taken()
        columns = [codes, values, *([] if ranks is None else [ranks])]
        columns += [self.grades.held] if len(self.grades) else []

        def arranged(part: tuple[int, int]) -> tuple[int, int] | None:
            rows = slice(*part)
            order = row_order(queries[rows], codes[rows], n_docs=len(docnos))
            for column in columns:
                column[rows] = column[rows][order]
            return _repeated(queries[rows], codes[rows], order)

        short = len(queries) <= WINDOW
        with closing(in_order(arranged, parts(queries), short=short)) as done:
            found = [(start + f[0], start + f[1]) for (start, _), f in done if f]
        counts = _counts(queries, len(self.places))
        if found:
            starts = None
            if tolerance is not None and not len(self.grades):
                of_row = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
                starts = _firsts(of_row, codes, values, tolerance)
            if starts is None:
                raise Repeat(*min(found, key=itemgetter(1)))
            counts = np.bincount(of_row[starts], minlength=len(counts))
            self.again = len(codes) - len(starts)
            codes, values = codes[starts], values[starts]
            ranks = None if ranks is None else ranks[starts]
        offsets = np.zeros(len(self.places) + 1, dtype=np.int64)
        np.cumsum(counts, out=offsets[1:])
        scores = Scores(
            qids=strings(list(self.places)),
            offsets=offsets,
            codes=codes,
            docnos=cast(Strings, docnos),  # made when they are asked for
            values=values,
            name=self.name,
        )
        return Sorted(scores, ranks)


def _counts(queries: NDArray[np.int32], n_queries: int) -> Integers:
    """Rows of each query, counted in parts, since NumPy widens what it counts."""
    found = np.zeros(n_queries, dtype=np.int64)
    for start in range(0, len(queries), PART):
        found += np.bincount(queries[start : start + PART], minlength=n_queries)
    return found


def _firsts(
    queries: NDArray[np.int32], codes: Integers, values: Floats, tolerance: float
) -> Integers | None:
    """The first of the sorted rows of each pair; None if scores of a pair differ."""
    first = np.ones(len(codes), dtype=bool)
    first[1:] = (codes[1:] != codes[:-1]) | (queries[1:] != queries[:-1])
    starts = np.flatnonzero(first)
    low, high = (f.reduceat(values, starts) for f in (np.minimum, np.maximum))
    limits = tolerance / 2 * np.maximum(1, np.abs(values[starts]))
    return None if (high / 2 - low / 2 > limits).any() else starts


def _repeated(
    queries: NDArray[np.int32], codes: Integers, order: Integers
) -> tuple[int, int] | None:
    """The first row that has the document of an earlier row of its query, after that.

    `codes` are already in `order`, which keeps equal rows in the order of the file.
    """
    same = codes[1:] == codes[:-1]
    same[same] = queries[order[1:][same]] == queries[order[:-1][same]]
    if not same.any():
        return None
    first, second = order[:-1][same], order[1:][same]
    at = int(np.argmin(second))
    return int(first[at]), int(second[at])
