"""Per-query tables as columns for the page, with an honest cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.catalogue import COLUMNS, QUANTITIES, needing
from rankbound.drawing.results import Found
from rankbound.rows import Rows

MOST_ROWS: Final = 2_000
SEED: Final = 0
EFFECTS: Final = ("dataset", "student", "qid", "measure", "value")
# What the page's scripts read of a table
SENT: Final = ("name", "keys", "texts", "columns", "numbers", "total", "axes", "units")
# What a table begins with, and the needs of what that is held against, best first
FIRST: Final = "entropy"
AGAINST: Final = ("student", "vectors", "scores")
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

    def text(self, key: str) -> tuple[str, ...] | None:
        """A text column; None where the table has none of that name."""
        named = zip(self.keys, self.texts, strict=True)
        return next((column for name, column in named if name == key), None)

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return {name: getattr(self, name) for name in SENT}


def ledger_queries(
    results: Sequence[Found], effects: Effects, *, limit: int = MOST_ROWS
) -> QueryTable | None:
    """The rows of all ledgers, with the effectiveness of the same student and query."""
    full = [result for result in results if result.table]
    if not full:
        return None
    rows = Rows.joined([result.table for result in full])
    qids, students = rows.column("qid"), rows.column("student")
    names = [result.name for result in full for _ in range(len(result.table))]
    chosen = sampled(qids, limit)
    own = [name for name in rows.names if name not in ("qid", "student")]
    columns = {name: rows.column(name) for name in own}
    numbers = {c: [_number(cells[i]) for i in chosen] for c, cells in columns.items()}
    mine = [effects.get((students[i], qids[i]), {}) for i in chosen]
    measures = list(dict.fromkeys(m for found in mine for m in found))
    numbers |= {m: [found.get(m) for found in mine] for m in measures}
    numbers = {c: v for c, v in numbers.items() if any(x is not None for x in v)}
    column = QUANTITIES[FIRST].column
    first = column if column in numbers else next(iter(numbers))
    known = {c: q for c, q in COLUMNS.items() if not (q.is_count or q.same_ranks_as)}
    second = [*measures, *(c for c in needing(*AGAINST, of=known) if c != first)]
    several = {"result": names} if len(results) > 1 else {}
    words = {"qid": qids, **several, "student": students}
    return QueryTable(
        name="queries",
        caption="Terms of every query" + (", with effectiveness" if measures else ""),
        keys=tuple(words),
        texts=tuple(tuple(column[i] for i in chosen) for column in words.values()),
        columns=tuple(numbers),
        numbers=tuple(map(tuple, numbers.values())),
        total=len(rows),
        axes=(first, next((c for c in second if c in numbers), first)),
        units={c: q.unit for c, q in COLUMNS.items() if c in numbers},
    )


def long_queries(
    rows: Rows,
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
    rows : Rows
        With the keys, the `column` fields, and ``value``; the first key is the query.
    keys : tuple of str
        Fields that name a row of the result.
    column : tuple of str
        Fields whose values, joined, name a column.
    """
    if not rows:
        return None
    every = list(dict.fromkeys(rows.cells(*keys)))
    kept = [every[i] for i in sampled([entry[0] for entry in every], limit)]
    found: dict[tuple[str, ...], dict[str, float | None]] = {key: {} for key in kept}
    names = {parts: ", ".join(parts) for parts in dict.fromkeys(rows.cells(*column))}
    three = zip(
        rows.cells(*keys), rows.cells(*column), rows.column("value"), strict=True
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


def effects_of(rows: Rows) -> dict[tuple[str, str], dict[str, float]]:
    """Effectiveness by student and query; empty for several data sets.

    The same qid may mean different queries in different data sets, and per-query files
    do not say which data set theirs are of.
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    if not rows or len({*rows.column("dataset")}) > 1:
        return found
    for _, student, qid, measure, cell in rows.cells(*EFFECTS):
        value = _number(cell)
        if value is not None:
            found.setdefault((student, qid), {})[measure] = value
    return found


def _number(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    return value if np.isfinite(value) else None
