"""Per-query tables as columns for the page, with an honest cap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.catalogue import COLUMNS, QUANTITIES, needing
from rankbound.drawing.results import Found
from rankbound.rows import Rows

MOST_ROWS: Final = 2_000
SEED: Final = 0
# What a table begins with, and the needs of what that is held against, best first
FIRST: Final = "entropy"
AGAINST: Final = ("student", "vectors", "scores")
Row = Mapping[str, str]
# (student, qid) to {measure: value}, as `effectiveness.tsv` has it
Effects = Mapping[tuple[str, str], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class QueryTable:
    """One table of queries: text columns that name a row, and columns of numbers.

    Attributes
    ----------
    name, caption : str
    keys : tuple of str
        Names of the text columns.
    texts : tuple of tuple of str
        One tuple a text column.
    columns : tuple of str
        Names of the numeric columns.
    numbers : tuple of tuple of (float or None)
        One tuple a numeric column; None where the file has a blank.
    total : int
        Rows of the files, shown or not.
    axes : tuple of str
        The two columns that the scatter shows first.
    units : mapping
        Unit of the columns that have one.
    """

    name: str
    caption: str
    keys: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    numbers: tuple[tuple[float | None, ...], ...]
    total: int
    axes: tuple[str, str]
    units: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Rows shown."""
        return len(self.texts[0])

    @property
    def cap(self) -> str:
        """How many rows of how many are here, and which."""
        if len(self) == self.total:
            return f"all {counted(self.total, 'row')}"
        return (
            f"{len(self):,} of {counted(self.total, 'row')} shown: all rows of "
            "queries drawn at "
            f"random (seed {SEED}); the files have the others"
        )

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "keys": self.keys,
            "texts": self.texts,
            "columns": self.columns,
            "numbers": self.numbers,
            "total": self.total,
            "axes": self.axes,
            "units": dict(self.units),
        }


def ledger_queries(
    results: Sequence[Found], effects: Effects, *, limit: int = MOST_ROWS
) -> QueryTable | None:
    """The rows of all ledgers, with the effectiveness of the same student and query."""
    rows = [(r.name, row) for r in results for row in r.table]
    if not rows:
        return None
    several = len(results) > 1
    keys = ("qid", *(["result"] if several else []), "student")
    chosen = sampled([row["qid"] for _, row in rows], limit)
    kept = [rows[i] for i in chosen]
    own = [name for name in rows[0][1] if name not in ("qid", "student")]
    numbers = {c: [_number(row.get(c)) for _, row in kept] for c in own}
    mine = [effects.get((row["student"], row["qid"]), {}) for _, row in kept]
    measures = list(dict.fromkeys(m for found in mine for m in found))
    numbers |= {m: [found.get(m) for found in mine] for m in measures}
    numbers = {c: v for c, v in numbers.items() if any(x is not None for x in v)}
    column = QUANTITIES[FIRST].column
    first = column if column in numbers else next(iter(numbers))
    known = {c: q for c, q in COLUMNS.items() if not (q.is_count or q.same_ranks_as)}
    second = [*measures, *(c for c in needing(*AGAINST, of=known) if c != first)]
    words = {
        "qid": [row["qid"] for _, row in kept],
        "result": [name for name, _ in kept],
        "student": [row["student"] for _, row in kept],
    }
    return QueryTable(
        name="queries",
        caption="Terms of every query" + (", with effectiveness" if measures else ""),
        keys=keys,
        texts=tuple(tuple(words[key]) for key in keys),
        columns=tuple(numbers),
        numbers=tuple(map(tuple, numbers.values())),
        total=len(rows),
        axes=(first, next((c for c in second if c in numbers), first)),
        units={c: q.unit for c, q in COLUMNS.items() if c in numbers},
    )


def long_queries(
    rows: Sequence[Row],
    *,
    name: str,
    caption: str,
    keys: tuple[str, ...],
    column: tuple[str, ...],
    limit: int = MOST_ROWS,
) -> QueryTable | None:
    """A table with one value a row, turned so that every quantity is a column.

    Parameters
    ----------
    rows : sequence of mapping
        With the keys, the `column` fields, and ``value``; the first key is the query.
        It is gone through several times, so that only the rows shown are held.
    keys : tuple of str
        Fields that name a row of the result.
    column : tuple of str
        Fields whose values, joined, name a column.
    """
    if not rows:
        return None
    every = list(dict.fromkeys(_tuples(rows, keys)))
    kept = [every[i] for i in sampled([entry[0] for entry in every], limit)]
    found: dict[tuple[str, ...], dict[str, float | None]] = {key: {} for key in kept}
    names = {parts: ", ".join(parts) for parts in dict.fromkeys(_tuples(rows, column))}
    three = zip(
        _tuples(rows, keys), _tuples(rows, column), _column(rows, "value"), strict=True
    )
    for key, parts, value in three:
        if key in found:
            found[key][names[parts]] = _number(value)
    columns = tuple(names.values())
    return QueryTable(
        name=name,
        caption=caption,
        keys=keys,
        texts=tuple(zip(*kept, strict=True)),
        columns=columns,
        numbers=tuple(tuple(found[key].get(c) for key in kept) for c in columns),
        total=len(every),
        axes=_axes(columns),
    )


def _axes(columns: Sequence[str]) -> tuple[str, str]:
    """The columns that a scatter begins with: entropy, and what it is held against.

    Examples
    --------
    >>> _axes(("diameter, all", "diameter, pos-neg", "entropy, all"))
    ('entropy, all', 'diameter, all')
    """
    first = next((c for c in columns if c.startswith(FIRST)), columns[0])
    kinds = {c.split(",")[0]: c for c in reversed(columns)}
    others = [kinds[w] for w in needing(*AGAINST) if w in kinds] + [*columns]
    return first, next((c for c in others if c != first), first)


def sampled(qids: Sequence[str], limit: int) -> list[int]:
    """Positions of at most `limit` rows, all rows of a query or none, in order.

    Examples
    --------
    >>> sampled(["a", "b", "a"], 5)
    [0, 1, 2]
    >>> sampled(["a", "b", "a"], 1)
    [1]
    """
    if len(qids) <= limit:
        return list(range(len(qids)))
    names, where = np.unique(np.array(qids, dtype=object), return_inverse=True)
    counts = np.bincount(where)
    order = np.random.default_rng(SEED).permutation(len(names))
    left, chosen = limit, np.zeros(len(names), dtype=bool)
    for place in order:
        if counts[place] <= left:
            chosen[place] = True
            left -= int(counts[place])
        if left == 0:
            break
    return np.flatnonzero(chosen[where]).tolist()


def effects_of(rows: Iterable[Row]) -> dict[tuple[str, str], dict[str, float]]:
    """Effectiveness by student and query; empty for several data sets.

    The same qid may mean different queries in different data sets, and per-query files
    do not say which data set theirs are of.
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    datasets = set()
    for row in rows:
        datasets.add(row["dataset"])
        value = _number(row["value"])
        if value is not None:
            found.setdefault((row["student"], row["qid"]), {})[row["measure"]] = value
    return found if len(datasets) == 1 else {}


def _tuples(rows: Sequence[Row], names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(_column(rows, name) for name in names), strict=True)


def _column(rows: Sequence[Row], name: str) -> list[str]:
    if isinstance(rows, Rows):
        return rows.column(name)  # a tenth of the time for millions of rows
    return [row[name] for row in rows]


def _number(text: str | None) -> float | None:
    if not text:
        return None
    value = float(text)
    return value if np.isfinite(value) else None
