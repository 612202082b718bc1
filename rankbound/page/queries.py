"""The queries of a report: tables of their terms, and the documents behind them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.catalogue import COLUMNS, QUANTITIES, needing
from rankbound.commands.measure.inputs import Inputs, load_inputs
from rankbound.commands.measure.measured import on_common_documents
from rankbound.commands.measure.options import (
    MeasureOptions,
    StudentSource,
    in_command_words,
)
from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.commands.measure.students import RawScores, raw_scores
from rankbound.data.clusters import CLUSTER
from rankbound.data.columns import Floats
from rankbound.drawing.results import Found
from rankbound.errors import FormatError, UsageError, in_options
from rankbound.estimators.distances import pair_distances
from rankbound.estimators.spread import clip_below_best
from rankbound.page.sources import Sources
from rankbound.results import Record
from rankbound.rows import WORDS, Rows

MOST_ROWS: Final = 2_000
SEED: Final = 0
EFFECTS: Final = ("dataset", "student", "qid", "measure", "value")
# The fields of a table that the scripts of the page read
SENT: Final = ("name", "keys", "texts", "columns", "numbers", "total", "axes", "units")
# The first axis of a scatter, and what the second one needs, the best first
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
        One tuple for each text column.
    columns : tuple of str
        Names of the numeric columns.
    numbers : tuple of tuple of (float or None)
        One tuple for each numeric column; None where the file has a blank.
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
        """How many of the rows are shown, and which."""
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
    """The rows of all ledgers, with the effectiveness of each student and query."""
    full = [result for result in results if result.table]
    if not full:
        return None
    rows = Rows.joined([result.table for result in full])
    qids, students = rows.column("qid"), rows.column("student")
    names = [result.name for result in full for _ in range(len(result.table))]
    chosen = sampled(qids, limit)
    own = [name for name in rows.names if name not in WORDS]
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
    clusters = {CLUSTER: rows.column(CLUSTER)} if CLUSTER in rows.names else {}
    words = {"qid": qids, **several, "student": students, **clusters}
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
    """A table with one value in each row, pivoted so that each quantity is a column.

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
    """The columns that a scatter shows first: entropy, and one to plot against it.

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
    """Positions of at most `limit` rows, in order; all rows of a query, or none.

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
    do not say which data set they come from.
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


# Parses the command that a ledger records
OptionsOf = Callable[[str], MeasureOptions]
Options = TypeVar("Options", MeasureOptions, StudentSource)
# Characters of JSON for the documents of all ledgers together
MOST_TEXT: Final = 3_000_000
MOST_DOCUMENTS: Final = 100  # of a group, for its distances to be in the page
PATHS: Final = (
    *("teacher", "groups", "target_groups", "embeddings", "ids", "qrels"),
    "clusters",
)
STUDENT_PATHS: Final = ("scores", "queries", "query_ids")
UNREAD: Final = "only `rankbound report` can read the command of the ledger again"


class Group(Record, frozen=True, kw_only=True):
    """Documents of a query with their scores in temperatures.

    A student's scores are clipped, and None for a document without one. Distances are
    in the order of pairs (0, 1), (0, 2), ...; None where there are no vectors or too
    many documents.
    """

    docs: tuple[str, ...]
    positive: tuple[bool, ...] | None
    teacher: tuple[float, ...]
    students: dict[str, tuple[float | None, ...]]
    distances: tuple[float, ...] | None


class Documents(Record, frozen=True, kw_only=True):
    """The groups of each query of a ledger, or why they are missing.

    `total` counts the queries of the ledger, shown or not.
    """

    result: str
    missing: str | None = None
    pairs: str | None = None
    metric: str | None = None
    total: int | None = None
    queries: dict[str, tuple[Group, ...]] | None = None


def documents_of(
    result: Found,
    source: Path | Sources,
    qids: Sequence[str],
    *,
    options_of: OptionsOf | None,
    budget: int = MOST_TEXT,
) -> Documents:
    """Documents, scores and distances of some queries, for the page.

    Parameters
    ----------
    result : Found
        A ledger.
    source : Path or Sources
        The folder of the report, or where else inputs are looked for; see
        `Sources.found`.
    qids : sequence of str
        The queries that the page shows; as many of the first ones as fit are taken.
    options_of : callable or None
        Parses a ledger's command, and raises a UsageError where it cannot; without it,
        the documents are missing.
    budget : int
        Characters of JSON.
    """
    ledger = result.as_a(Ledger)
    if options_of is None:
        return Documents(result=result.name, missing=UNREAD)
    try:
        where = source if isinstance(source, Sources) else Sources(source)
        options, inputs, scores = _read_again(ledger, where, options_of)
    except (UsageError, FormatError, DomainError, OSError) as error:
        return Documents(
            result=result.name, missing=in_options(in_command_words(error), {"inputs"})
        )
    groups = _read_groups(ledger, options.metric, inputs, scores, {*qids})
    by_query: dict[str, tuple[Group, ...]] = {}
    for qid, group in groups:
        by_query[qid] = (*by_query.get(qid, ()), group)
    return Documents(
        result=result.name,
        pairs=options.pairs,
        metric=options.metric,
        total=ledger.n_queries,
        queries=_fitting(by_query, qids, budget),
    )


def _read_again(
    ledger: Ledger, source: Sources, options_of: OptionsOf
) -> tuple[MeasureOptions, Inputs, dict[str, RawScores]]:
    options = options_of(ledger.command)
    found = source.found(ledger.inputs)
    options = _from(found, options, PATHS)
    students = tuple(_from(found, s, STUDENT_PATHS) for s in options.students)
    options = replace(options, students=students)
    inputs = load_inputs(options)
    if options.unscored == "common" and options.students:
        return options, *on_common_documents(
            options.students, inputs, pairs=options.pairs
        )
    return options, inputs, {s.name: raw_scores(s, inputs) for s in options.students}


def _from(found: Mapping[str, Path], record: Options, names: Sequence[str]) -> Options:
    """The same options with their inputs where they lie now."""
    paths = {name: getattr(record, name) for name in names}
    return replace(
        record,
        **{name: path and found.get(str(path), path) for name, path in paths.items()},
    )


def _read_groups(
    ledger: Ledger,
    metric: str,
    inputs: Inputs,
    scores: Mapping[str, RawScores],
    wanted: set[str],
) -> Iterator[tuple[str, Group]]:
    groups, scale = inputs.groups, ledger.teacher.temperature
    vectors = inputs.embeddings
    places = None if vectors is None else vectors.rows(groups.docnos)
    for at, qid in enumerate(groups.group_qids()):
        if qid not in wanted:
            continue
        rows = slice(int(groups.offsets[at]), int(groups.offsets[at + 1]))
        codes = groups.codes[rows]
        positive = groups.positive
        yield (
            str(qid),
            Group(
                docs=tuple(map(str, groups.docnos[codes])),
                positive=None if positive is None else tuple(positive[rows].tolist()),
                teacher=tuple((inputs.values[rows] / scale).tolist()),
                students={
                    name: _student(raw, rows, ledger.students[name])
                    for name, raw in scores.items()
                },
                distances=(
                    None
                    if vectors is None or places is None or len(codes) > MOST_DOCUMENTS
                    else _distances(vectors.take(places[codes]), metric)
                ),
            ),
        )


def _student(
    raw: RawScores, rows: slice, entry: StudentResult
) -> tuple[float | None, ...]:
    """Clipped scores in temperatures, as the certificate uses them; None if missing.

    Documents without a score lie at the floor where the certificate places them there.
    """
    found = raw.found[rows]
    values = np.full(len(found), np.nan)
    if found.any():
        scaled = raw.values[rows][found] / entry.temperature
        values[found] = clip_below_best(scaled, score_range=entry.range.B)
    if entry.unscored == "floor":
        best = values[found].max() if found.any() else entry.range.B
        values[~found] = best - entry.range.B
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _distances(vectors: Floats, metric: str) -> tuple[float, ...]:
    found = pair_distances(vectors, metric=metric)
    return tuple(float(f"{value:.6g}") for value in found.tolist())


def _fitting(
    by_query: Mapping[str, tuple[Group, ...]], qids: Sequence[str], budget: int
) -> dict[str, tuple[Group, ...]]:
    kept: dict[str, tuple[Group, ...]] = {}
    for qid in dict.fromkeys(qids):
        if qid not in by_query:
            continue
        groups = [group.to_dict() for group in by_query[qid]]
        budget -= len(json.dumps(groups, ensure_ascii=False))
        if budget < 0:
            break
        kept[qid] = by_query[qid]
    return kept
