"""Spreads over queries, read from the results of `measure` and `compare`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np

from rankbound.catalogue import (
    COLUMNS,
    QUANTITIES,
    TO_WIDEST,
    Quantity,
    Range,
    base,
)
from rankbound.commands.compare.result import Comparison
from rankbound.commands.measure.result import Ledger
from rankbound.data.clusters import CLUSTER, Clusters, units_of
from rankbound.data.columns import Floats, strings
from rankbound.errors import FormatError, UsageError
from rankbound.results import Beside, Result
from rankbound.rows import Row, Rows

# The other columns of measure count documents and pairs, or repeat one in bits
TOLD: Final = {
    column: known
    for column, known in COLUMNS.items()
    if not known.is_count and known.same_ranks_as is None
}
# Those whose difference between two students has a known range
PAIRED: Final = {c: known for c, known in TOLD.items() if known.is_bounded_by_lemma}
Found = TypeVar("Found", bound=Result)
TABLE: Final = "per_query"  # beside a ledger or a comparison
NEEDS: Final = "`folder` needs results of measure or compare"


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How much a per-query number varies.

    Attributes
    ----------
    source, unit : str
        What varies, and its unit, which may be empty.
    sd : float
        Above 0.
    n : int or None
        Queries, or clusters of them, that it was computed from; None for a number that
        was given.
    values : float64 array or None
        The numbers themselves.
    bounds : tuple of float or None
        The range of one number, if it is known before looking at the data.
    paired : bool
        Whether these are differences, so that a mean of 0 means no difference.
    """

    source: str
    unit: str
    sd: float
    n: int | None = None
    values: Floats | None = None
    bounds: Range | None = None
    paired: bool = True


class Spreads(NamedTuple):
    """The spreads of a folder, what does not vary, and the tables that were read.

    `clusters` are those that were averaged, and `qids` the queries of the tables.
    `piloted` says that a comparison chose its stakes on pilot queries.
    """

    moving: list[Spread]
    still: list[str]
    tables: list[Path]
    clusters: Clusters | None
    qids: frozenset[str]
    piloted: bool


def spreads_of(folder: Path, clusters: Clusters | None = None) -> Spreads:
    """Read the spreads of a folder of results, and what does not vary in it.

    Parameters
    ----------
    folder : Path
        What `measure` or `compare` wrote. Of `measure`: every column of every student,
        and the paired differences of students. Of `compare`: the paired differences
        of every sampling and the reference, by quantity and pair set.
    clusters : Clusters, optional
        Of the queries, whose values are then averaged by cluster; by default those that
        the folder was measured with, if any.

    Raises
    ------
    FormatError, UsageError
        When the folder has no such table, a table is damaged, or nothing in it varies.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; `folder` needs the folder of results")
    if not folder.exists():
        raise UsageError(f"{folder}: no such folder; {NEEDS}")
    spreads: list[Spread] = []
    tables: list[Path] = []
    qids: set[str] = set()
    comparison: Comparison | None = None
    if (table := _table(folder, Ledger)) is not None:
        tables.append(table)
        rows = Rows.read(table, needed=_beside(Ledger).columns)
        clusters = clusters or _clusters(table, rows)
        spreads += _measured(table, rows, _known(folder, Ledger), clusters)
        qids |= _qids(rows)
    if (table := _table(folder, Comparison)) is not None:
        tables.append(table)
        rows = Rows.read(table, needed=_beside(Comparison).columns)
        clusters = clusters or _clusters(table, rows)
        comparison = _known(folder, Comparison)
        spreads += _compared(table, rows, comparison, clusters)
        qids |= _qids(rows)
    if not tables:
        names = (name for kind in (Ledger, Comparison) for name in _beside(kind).files)
        files = " or ".join(dict.fromkeys(names))
        raise UsageError(f"{folder}: holds no {files}; {NEEDS}")
    still = [spread.source for spread in spreads if not spread.sd > 0]
    moving = [spread for spread in spreads if spread.sd > 0]
    if not moving:
        raise UsageError(
            f"{folder}: nothing varies over queries; there is nothing to do"
        )
    piloted = comparison is not None and comparison.pilot is not None
    return Spreads(moving, still, tables, clusters, frozenset(qids), piloted)


def _qids(rows: Rows) -> set[str]:
    return {qid for (qid,) in rows.cells("qid")}


def _clusters(path: Path, rows: Rows) -> Clusters | None:
    """The clusters that a table names; None if its queries are independent."""
    if CLUSTER not in rows.names:
        return None
    found = dict(zip(rows.column("qid"), rows.column(CLUSTER), strict=True))
    return Clusters.from_dict(found, name=str(path))


def _beside(kind: type[Result]) -> Beside:
    return next(beside for beside in kind.BESIDE if beside.name == TABLE)


def _table(folder: Path, kind: type[Result]) -> Path | None:
    """The table of queries of a kind of result; None if the folder holds none."""
    path = _beside(kind).path(folder)
    known = path is not None and {*_beside(kind).columns} <= {*Rows.header(path)}
    return path if known or (folder / kind.FILE).is_file() else None


def _known(folder: Path, kind: type[Found]) -> Found | None:
    """The result itself; None if the folder holds only its table."""
    return kind.load(folder) if (folder / kind.FILE).is_file() else None


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of a table with its line number, for messages."""

    path: Path
    number: int
    cells: Row

    def value(self, column: str) -> float | None:
        """A finite number; None if the cell is empty or absent."""
        cell = self.cells.get(column, "")
        if not cell:
            return None
        if not np.isfinite(value := float(cell)):
            raise FormatError(
                self.path,
                f"{column} must be a finite number, found {cell!r}",
                line=self.number,
            )
        return value


def _lines(path: Path, rows: Rows) -> list[_Line]:
    if not len(rows):
        raise FormatError(path, "holds no queries", line=1)
    return [_Line(path, number, row) for number, row in enumerate(rows, start=2)]


def _measured(
    path: Path, rows: Rows, ledger: Ledger | None, clusters: Clusters | None
) -> list[Spread]:
    tables: dict[str, dict[str, _Line]] = defaultdict(dict)
    named = zip(_lines(path, rows), rows.cells("student", "qid"), strict=True)
    for line, (student, qid) in named:
        tables[student][qid] = line
    spreads = []
    for name, table in tables.items():
        for column, known in TOLD.items():
            cells = ((qid, line.value(column)) for qid, line in table.items())
            values = {qid: value for qid, value in cells if value is not None}
            if values:
                label = f"{name}: {column}" if name else column
                bounds = _bounds(known, ledger, name)
                spread = _spread(label, known.unit, _of_units(values, clusters), bounds)
                spreads.append(replace(spread, paired=False))
    first, *others = tables
    for name in others:
        for column, known in PAIRED.items():
            values = _shared(tables[name], tables[first], column)
            if values:
                sides = [_bounds(known, ledger, one) for one in (name, first)]
                label = f"{name} - {first}: {column}"
                bounds = _difference(*sides)
                found = _of_units(values, clusters)
                spreads.append(_spread(label, known.unit, found, bounds))
    return spreads


def _shared(
    table: dict[str, _Line], other: dict[str, _Line], column: str
) -> dict[str, float]:
    """Paired differences of a column, over the queries for which both have it."""
    return {
        qid: value - against
        for qid, line in table.items()
        if qid in other
        if (value := line.value(column)) is not None
        if (against := other[qid].value(column)) is not None
    }


def _of_units(values: dict[str, float], clusters: Clusters | None) -> Floats:
    """The values of queries, or the means of clusters."""
    numbers = np.array(list(values.values()))
    return units_of(strings([*values]), clusters).means(numbers)


def _bounds(known: Quantity, ledger: Ledger | None, student: str) -> Range | None:
    if ledger is None or student not in ledger.students:
        return known.limits()
    lemma = ledger.students[student].range
    return known.limits(lemma=(lemma.low, lemma.high))


def _compared(
    path: Path, rows: Rows, comparison: Comparison | None, clusters: Clusters | None
) -> list[Spread]:
    values: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    named = rows.cells("quantity", "pairs", "sampling", "qid")
    for line, (quantity, pairs, sampling, qid) in zip(
        _lines(path, rows), named, strict=True
    ):
        value = line.value("value")
        if value is None:
            raise FormatError(path, "value must not be empty", line=line.number)
        values[quantity, pairs, sampling][qid] = value
    first = next(sampling for _, _, sampling in values)
    baseline = first if comparison is None else comparison.reference
    compared = () if comparison is None else comparison.rows
    told = {(row.quantity, row.pairs, row.sampling): row.range for row in compared}
    # All distances have the range that one of them was compared with
    kinds = {QUANTITIES[base(row.quantity)].range: row.range for row in compared}
    spreads = []
    for key, column in values.items():
        quantity, pairs, sampling = key
        against = values.get((quantity, pairs, baseline), {})
        shared = [qid for qid in column if qid in against]
        if sampling in (baseline, "target") or not shared:
            continue
        known = QUANTITIES[base(quantity)]
        side = known.limits()
        bounds = told.get(key, _difference(side, side))
        if bounds is None and known.range == TO_WIDEST:
            bounds = kinds.get(TO_WIDEST)
        spreads.append(
            _spread(
                f"{sampling} - {baseline}: {quantity}, {pairs}",
                known.unit if side else "",
                _of_units({q: column[q] - against[q] for q in shared}, clusters),
                bounds,
            )
        )
    if not spreads:
        raise UsageError(
            f"{path}: no sampling has a query in common with the reference {baseline!r}"
        )
    return spreads


def _difference(first: Range | None, second: Range | None) -> Range | None:
    if first is None or second is None:
        return None
    return first[0] - second[1], first[1] - second[0]


def _spread(label: str, unit: str, array: Floats, bounds: Range | None) -> Spread:
    sd = float(array.std(ddof=1)) if len(array) > 1 else 0.0
    if sd <= 1e-13 * max(1.0, float(np.abs(array).max())):  # rounding of one number
        sd = 0.0
    return Spread(label, unit, sd, len(array), array, bounds)
