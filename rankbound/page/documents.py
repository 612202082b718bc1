"""Documents of the shown queries, from the inputs of a ledger where they are the same.

A ledger names its inputs with their hashes, and the command that read them. Where every
file is still there and unchanged, the command is read again, and the page gets the
scores and distances behind each query's terms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.inputs import Inputs, load_inputs
from rankbound.commands.measure.options import (
    MeasureOptions,
    StudentSource,
    in_command_words,
)
from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.commands.measure.students import RawScores, raw_scores
from rankbound.drawing.results import Found
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.distances import pair_distances
from rankbound.estimators.spread import clip_below_best
from rankbound.provenance import Input
from rankbound.read.source import sha256
from rankbound.results import Record

# Reads the command of a ledger again
OptionsOf = Callable[[str], MeasureOptions]
Options = TypeVar("Options", MeasureOptions, StudentSource)
# Characters of JSON for the documents of all ledgers together
MOST_TEXT: Final = 3_000_000
MOST_DOCUMENTS: Final = 100  # of a group, for its distances to be in the page
PATHS = ("teacher", "groups", "target_groups", "embeddings", "ids", "qrels")
STUDENT_PATHS: Final = ("scores", "queries", "query_ids")
UNREAD: Final = "`rankbound report` alone reads the ledger's command again"


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
    """Groups by query of the ledger in a folder, or why they are missing.

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
    source: Path,
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
    source : Path
        The folder of the report: relative paths are looked for from the working
        folder, from there, and from the two folders above.
    qids : sequence of str
        The queries that the page shows; the first ones that fit are taken.
    options_of : callable or None
        Reads a ledger's command, and raises a UsageError where it cannot; without it
        the documents are missing.
    budget : int
        Characters of JSON.
    """
    ledger = result.as_a(Ledger)
    if options_of is None:
        return Documents(result=result.name, missing=UNREAD)
    try:
        options, inputs, scores = _read_again(ledger, source, options_of)
    except (UsageError, FormatError, DomainError, OSError) as error:
        return Documents(result=result.name, missing=in_command_words(error))
    groups = _groups(ledger, options, inputs, scores, {*qids})
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
    ledger: Ledger, source: Path, options_of: OptionsOf
) -> tuple[MeasureOptions, Inputs, dict[str, RawScores]]:
    options = options_of(ledger.command)
    root = _unchanged(ledger.inputs, source)
    options = _from(root, options, PATHS)
    students = tuple(_from(root, s, STUDENT_PATHS) for s in options.students)
    options = replace(options, students=students)
    inputs = load_inputs(options)
    return options, inputs, {s.name: raw_scores(s, inputs) for s in options.students}


def _unchanged(inputs: Sequence[Input], source: Path) -> Path:
    """The folder from which all inputs are there with the hashes of the ledger."""
    here = source.resolve()
    problems = []
    for root in (Path(), here, here.parent, here.parent.parent):
        problem = next(filter(None, (_problem(root, entry) for entry in inputs)), None)
        if problem is None:
            return root
        problems.append(problem)
    # A file that is there and differs says more than one that is not
    changed = [problem for problem in problems if "changed" in problem]
    raise UsageError((changed or problems)[0])


def _problem(root: Path, entry: Input) -> str | None:
    if entry.path is None:
        return f"the input {entry.object} was an object, which cannot be read again"
    path = root / entry.path
    if not path.is_file():
        return f"the input {entry.path} is not there any more"
    if entry.sha256 is None:
        return f"the input {entry.path} was a pipe, which cannot be read again"
    if sha256(path) != entry.sha256:
        return f"the input {entry.path} has changed since the measurement"
    return None


def _from(root: Path, record: Options, names: Sequence[str]) -> Options:
    """The same options with their paths read from a folder."""
    paths = {name: getattr(record, name) for name in names}
    return replace(
        record, **{name: path and root / path for name, path in paths.items()}
    )


def _groups(
    ledger: Ledger,
    options: MeasureOptions,
    inputs: Inputs,
    scores: Mapping[str, RawScores],
    wanted: set[str],
) -> Iterator[tuple[str, Group]]:
    groups, scale = inputs.groups, ledger.teacher.temperature
    for at, qid in enumerate(groups.group_qids()):
        if qid not in wanted:
            continue
        rows = slice(int(groups.offsets[at]), int(groups.offsets[at + 1]))
        docnos = groups.docnos[groups.codes[rows]]
        positive = groups.positive
        yield (
            str(qid),
            Group(
                docs=tuple(map(str, docnos)),
                positive=None if positive is None else tuple(positive[rows].tolist()),
                teacher=tuple((inputs.values[rows] / scale).tolist()),
                students={
                    name: _student(raw, rows, ledger.students[name])
                    for name, raw in scores.items()
                },
                distances=_distances(inputs, docnos, options.metric),
            ),
        )


def _student(
    raw: RawScores, rows: slice, entry: StudentResult
) -> tuple[float | None, ...]:
    """Clipped scores in temperatures, as the certificate takes them; None unscored."""
    found = raw.found[rows]
    values = np.full(len(found), np.nan)
    if found.any():
        scaled = raw.values[rows][found] / entry.temperature
        values[found] = clip_below_best(scaled, score_range=entry.range.B)
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _distances(inputs: Inputs, docnos: Any, metric: str) -> tuple[float, ...] | None:
    if inputs.embeddings is None or len(docnos) > MOST_DOCUMENTS:
        return None
    vectors = inputs.embeddings.take(inputs.embeddings.rows(docnos))
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
