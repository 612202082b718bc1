"""Rows of a file, as they come, to `Scores`: little memory beside the result itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Floats, Integers, Strings, strings
from rankbound.data.ordering import row_order, windows
from rankbound.data.scores import Scores
from rankbound.read.text.blocks import ahead
from rankbound.read.text.growing import Growing
from rankbound.read.text.idcolumns import IdBlock, IdColumn

WINDOW = 1 << 16  # rows that are sorted at once, in the processor's cache


class Repeat(Exception):  # noqa: N818  not an error yet: the reader knows the lines
    """A document stands twice in a query: the two rows, counted in the file from 0."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"rows {first} and {second}")
        self.rows = first, second


class Sorted(NamedTuple):
    """Scores, and the ranks of their rows where every block had them."""

    scores: Scores
    ranks: Integers | None


@dataclass
class Assembly:
    """Blocks of rows in the order of a file.

    Examples
    --------
    >>> from rankbound.read.text.idcolumns import id_block
    >>> rows = Assembly("toy")
    >>> docnos = id_block(["d2", "d1"])
    >>> rows.add(["q"], np.array([2]), docnos, np.array([1.5, 0.5]))
    >>> rows.sorted().scores.values.tolist()
    [0.5, 1.5]
    """

    name: str
    places: dict[str, int] = field(default_factory=dict)
    runs: list[tuple[Integers, Integers]] = field(default_factory=list)
    docnos: IdColumn = field(default_factory=IdColumn)
    values: Growing = field(default_factory=lambda: Growing(np.float64))
    ranks: Growing | None = field(default_factory=lambda: Growing(np.int64))

    def add(
        self,
        qids: list[str],
        lengths: Integers,
        docnos: IdBlock,
        values: Floats,
        ranks: Integers | None = None,
    ) -> None:
        """Add a block.

        Parameters
        ----------
        qids : list of str
            The query of each run of rows; a query may come again.
        lengths : int64 array, shape (n_runs,)
        docnos : IdBlock of n rows
        values : float64 array, shape (n,)
        ranks : int64 array, shape (n,), optional
            If one block has none, the result has none.
        """
        places = self.places
        codes = [places.setdefault(qid, len(places)) for qid in qids]
        self.runs.append((np.array(codes, dtype=np.int64), lengths))
        self.docnos.append(docnos)
        self.values.extend(values)
        if ranks is None:
            self.ranks = None
        elif self.ranks is not None:
            self.ranks.extend(ranks)

    def sorted(self) -> Sorted:
        """All rows by query and document; to be asked for once.

        Raises
        ------
        Repeat
            When a document stands twice in a query; the first in the order of rows.
        """
        queries = np.concatenate([codes for codes, _ in self.runs])
        lengths = np.concatenate([lengths for _, lengths in self.runs])
        sizes = np.zeros(len(self.places), dtype=np.int64)
        np.add.at(sizes, queries, lengths)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        docnos, marks, codes = self.docnos.encoded()
        columns = [marks, self.values.taken()]
        if self.ranks is not None:
            columns.append(self.ranks.taken())
        if (queries[1:] < queries[:-1]).any():  # a query comes again later
            marks[:] = codes[marks]
            _sort(columns, np.repeat(queries, lengths), n_docs=len(docnos), start=0)
        else:
            sort = partial(_sort_window, columns, codes, offsets, n_docs=len(docnos))
            _two_at_a_time(sort, [*windows(offsets, WINDOW)])
        scores = Scores(
            qids=strings(list(self.places)),
            offsets=offsets,
            codes=marks,
            docnos=cast(Strings, docnos),  # made when they are asked for
            values=columns[1],
            name=self.name,
        )
        return Sorted(scores, None if self.ranks is None else columns[2])


def _two_at_a_time(
    sort: Callable[[tuple[int, int]], None], parts: list[tuple[int, int]]
) -> None:
    """Sort every other window in a thread; of several errors the first is raised."""

    def others() -> Generator[tuple[int, int]]:
        for window in parts[1::2]:
            sort(window)
            yield window

    with closing(ahead(others(), short=len(parts) < 2)) as done:
        for window in parts[::2]:
            sort(window)
            next(done, None)


def _sort_window(
    columns: list[NDArray[Any]],
    codes: NDArray[np.int32],
    offsets: Integers,
    queries: tuple[int, int],
    *,
    n_docs: int,
) -> None:
    """Sort the rows of a range of queries, their marks turned into codes."""
    start, stop = offsets[list(queries)].tolist()
    window = [column[start:stop] for column in columns]
    window[0][:] = codes[window[0]]
    sizes = np.diff(offsets[queries[0] : queries[1] + 1])
    _sort(window, np.repeat(np.arange(*queries), sizes), n_docs=n_docs, start=start)


def _sort(
    columns: list[NDArray[Any]], queries: Integers, *, n_docs: int, start: int
) -> None:
    """Sort columns in place by query and by the first of them, the documents."""
    order = row_order(queries, columns[0], n_docs=n_docs)
    for column in columns:
        column[:] = column[order]
    codes = columns[0]
    same = codes[1:] == codes[:-1]
    if not same.any():
        return
    queries = queries[order]
    same &= queries[1:] == queries[:-1]
    if same.any():
        first, second = order[:-1][same], order[1:][same]
        at = int(np.argmin(second))
        raise Repeat(start + int(first[at]), start + int(second[at]))
