"""Documents of the shown queries, from the inputs of a ledger where they are the same.

A ledger names its inputs with their hashes, and the command that read them. Where every
file is still there and unchanged, the command is read again, and the page gets the
scores and distances behind each query's terms.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.cli import measure
from rankbound.cli.measure import options_from
from rankbound.commands.measure.inputs import Inputs, load_inputs
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.result import Ledger, StudentResult
from rankbound.commands.measure.students import RawScores, raw_scores
from rankbound.errors import FormatError, UsageError
from rankbound.estimators.distances import pair_distances
from rankbound.estimators.spread import clip_below_best
from rankbound.provenance import Input
from rankbound.read.opening import sha256

if TYPE_CHECKING:
    from rankbound.drawing.results import Found

Record = TypeVar("Record", MeasureOptions, StudentSource)
# Characters of JSON for the documents of all ledgers together
MOST_TEXT: Final = 3_000_000
MOST_DOCUMENTS: Final = 100  # of a group, for its distances to be in the page
PATHS = ("teacher", "groups", "target_groups", "embeddings", "ids", "qrels")
STUDENT_PATHS: Final = ("scores", "queries", "query_ids")


def documents_of(
    result: Found, source: Path, qids: Sequence[str], *, budget: int = MOST_TEXT
) -> dict[str, Any]:
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
    budget : int
        Characters of JSON.

    Returns
    -------
    dict
        ``result``, and either ``missing`` with the reason or ``queries`` by qid, each
        a list of groups with ``docs``, ``positive``, ``teacher`` and ``students`` in
        temperatures, and ``distances`` in the order of pairs (0, 1), (0, 2), ...
    """
    ledger: Ledger = result.content
    try:
        options, inputs, scores = _read_again(ledger, source)
    except (UsageError, FormatError, DomainError, OSError) as error:
        return {"result": result.name, "missing": str(error)}
    groups = _groups(ledger, options, inputs, scores, {*qids})
    by_query: dict[str, list[dict[str, Any]]] = {}
    for qid, group in groups:
        by_query.setdefault(qid, []).append(group)
    return {
        "result": result.name,
        "pairs": options.pairs,
        "metric": options.metric,
        "total": ledger.n_queries,
        "queries": _fitting(by_query, qids, budget),
    }


def _read_again(
    ledger: Ledger, source: Path
) -> tuple[MeasureOptions, Inputs, dict[str, RawScores]]:
    options = _options(ledger.command)
    root = _unchanged(ledger.inputs, source)
    options = _from(root, options, PATHS)
    students = tuple(_from(root, s, STUDENT_PATHS) for s in options.students)
    options = replace(options, students=students)
    inputs = load_inputs(options)
    return options, inputs, {s.name: raw_scores(s, inputs) for s in options.students}


class _Parser(argparse.ArgumentParser):
    """Raises where a program would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"the ledger's command cannot be read ({message})")


def _options(command: str) -> MeasureOptions:
    words = shlex.split(command)
    if words[:2] != ["rankbound", "measure"]:
        raise UsageError("the ledger names no command that could be read again")
    parser = _Parser(prog="rankbound", add_help=False)
    measure.add_parser(parser.add_subparsers())
    return options_from(parser.parse_args(words[1:]), command)


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


def _from(root: Path, record: Record, names: Sequence[str]) -> Record:
    """The same options with their paths read from a folder."""
    paths = {name: getattr(record, name) for name in names}
    moved: dict[str, Any] = {name: path and root / path for name, path in paths.items()}
    return replace(record, **moved)


def _groups(
    ledger: Ledger,
    options: MeasureOptions,
    inputs: Inputs,
    scores: Mapping[str, RawScores],
    wanted: set[str],
) -> Iterator[tuple[str, dict[str, Any]]]:
    groups, scale = inputs.groups, ledger.teacher.temperature
    for at, qid in enumerate(groups.group_qids()):
        if qid not in wanted:
            continue
        rows = slice(int(groups.offsets[at]), int(groups.offsets[at + 1]))
        docnos = groups.docnos[groups.codes[rows]]
        positive = groups.positive
        yield (
            str(qid),
            {
                "docs": [str(docno) for docno in docnos],
                "positive": None if positive is None else positive[rows].tolist(),
                "teacher": (inputs.values[rows] / scale).tolist(),
                "students": {
                    name: _student(raw, rows, ledger.students[name])
                    for name, raw in scores.items()
                },
                "distances": _distances(inputs, docnos, options.metric),
            },
        )


def _student(raw: RawScores, rows: slice, entry: StudentResult) -> list[float | None]:
    """Clipped scores in temperatures, as the certificate takes them; None unscored."""
    found = raw.found[rows]
    values = np.full(len(found), np.nan)
    if found.any():
        scaled = raw.values[rows][found] / entry.temperature
        values[found] = clip_below_best(scaled, score_range=entry.range.B)
    return [None if np.isnan(value) else float(value) for value in values]


def _distances(inputs: Inputs, docnos: Any, metric: str) -> list[float] | None:
    if inputs.embeddings is None or len(docnos) > MOST_DOCUMENTS:
        return None
    vectors = inputs.embeddings.take(inputs.embeddings.rows(docnos))
    found = pair_distances(vectors, metric=metric)
    return [float(f"{value:.6g}") for value in found.tolist()]


def _fitting(
    by_query: Mapping[str, list[dict[str, Any]]], qids: Sequence[str], budget: int
) -> dict[str, list[dict[str, Any]]]:
    kept: dict[str, list[dict[str, Any]]] = {}
    for qid in dict.fromkeys(qids):
        if qid not in by_query:
            continue
        budget -= len(json.dumps(by_query[qid], ensure_ascii=False))
        if budget < 0:
            break
        kept[qid] = by_query[qid]
    return kept
