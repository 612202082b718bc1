"""Tables of effectiveness with a verdict for every pair of systems.

Equivalence is not transitive, so systems are compared pair by pair and never merged
into groups.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.validate.effectiveness import Judged
from rankbound.commands.validate.options import TEACHER, ValidateOptions
from rankbound.commands.validate.records import AVERAGE, Mean, SystemPair
from rankbound.commands.validate.tables import FACTORS
from rankbound.data.columns import strings
from rankbound.data.per_query import PerQuery
from rankbound.errors import FormatError, UsageError
from rankbound.validation.paired import Answer, Question, answer_family

# What a row of means says itself, so that no column of a design can
OWN: Final = ("dataset", "measure", "n", "mean")
NO_BOOTSTRAP: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class Equivalence:
    """Means and pairwise verdicts.

    `n_comparisons` is the size of the family over which the intervals hold together.
    """

    means: tuple[Mean, ...]
    pairs: tuple[SystemPair, ...]
    n_comparisons: int


def equivalence(judged: dict[str, Judged], options: ValidateOptions) -> Equivalence:
    """Means of all systems on all data sets, and verdicts of all pairs.

    Data sets are averaged with equal weights, as BEIR does, over the systems that all
    of them have; queries are keyed by data set and qid, since ids may repeat.
    """
    design = {} if options.design is None else read_design(options.design)
    tables = {name: _columns(found) for name, found in judged.items()}
    if len(judged) > 1:
        average = _averages(tables)
        if average:
            tables[AVERAGE] = average
    systems = list(dict.fromkeys(s for table in tables.values() for s, _ in table))
    _check_design(options.design, design, systems)
    means, questions = [], []
    for dataset, table in tables.items():
        means += [
            Mean(
                dataset=dataset,
                measure=measure,
                student=student,
                factors=design.get(student, {}),
                n=len(column),
                mean=float(column.mean()),
            )
            for (student, measure), column in table.items()
        ]
        questions += _questions(dataset, table, options.margin)
    answers: list[Answer] = []
    if questions:
        rng = np.random.default_rng([options.seed, 1_000_099])
        answers = answer_family(
            questions, delta=options.family.delta, rng=rng, resamples=NO_BOOTSTRAP
        )
    pairs = tuple(_pair(answer, options.margin) for answer in answers)
    return Equivalence(tuple(means), pairs, len(questions))


Table = dict[tuple[str, str], PerQuery]


def _columns(found: Judged) -> Table:
    table = {}
    for student, system in found.systems.items():
        keys = strings([f"{found.dataset}\t{qid}" for qid in system.qids])
        for index, measure in enumerate(found.measures):
            values = np.ascontiguousarray(system.values[:, index])
            table[student, measure] = PerQuery(measure, "1", keys, values)
    return table


def _averages(tables: dict[str, Table]) -> Table:
    """Values scaled so that their mean weighs every data set the same."""
    shared = set.intersection(*(set(table) for table in tables.values()))
    found = {}
    for key in next(iter(tables.values())):
        if key not in shared:
            continue
        columns = [table[key] for table in tables.values()]
        total = sum(len(column) for column in columns)
        scaled = [
            column.values * (total / (len(columns) * len(column))) for column in columns
        ]
        qids = strings([qid for column in columns for qid in column.qids])
        found[key] = PerQuery(key[1], "1", qids, np.concatenate(scaled))
    return found


def _questions(dataset: str, table: Table, margin: float) -> list[Question]:
    measures = dict.fromkeys(measure for _, measure in table)
    students = dict.fromkeys(student for student, _ in table)
    return [
        Question(
            sampling=f"{first}\t{second}",
            quantity=measure,
            pairs=dataset,
            values=table[first, measure],
            reference=table[second, measure],
            bounds=None,
            margin=margin,
        )
        for measure in measures
        for first, second in combinations(students, 2)
    ]


def _pair(answer: Answer, margin: float) -> SystemPair:
    ask, made = answer.question, answer.comparison
    first, second = ask.sampling.split("\t")
    return SystemPair(
        dataset=ask.pairs,
        measure=ask.quantity,
        first=first,
        second=second,
        n=made.n,
        difference=made.difference,
        lower=made.lower,
        upper=made.upper,
        effect_size=made.effect_size,
        p_holm=answer.p_holm,
        margin=margin,
        smallest_margin=answer.smallest_margin,
        n_for_margin=answer.n_for_margin,
        verdict=answer.verdict,
    )


def read_design(path: Path) -> dict[str, dict[str, str]]:
    """What each student is: a table with the columns student and others, by tabs.

    Raises
    ------
    FormatError
        Without a column `student`, for a column that the results have themselves, for
        a short line, or for a student twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(path, f"cannot be read ({error})") from None
    lines = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    header = _header(path, lines)
    found: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(header):
            raise FormatError(
                path,
                f"expected {counted(len(header), 'column')}, found {len(line)}",
                line=number,
            )
        row = dict(zip(header, line, strict=True))
        student = row.pop("student")
        if student in found:
            raise FormatError(path, f"student {student!r} stands twice", line=number)
        found[student] = row
    return found


def _header(path: Path, lines: Sequence[list[str]]) -> list[str]:
    if not lines or "student" not in lines[0]:
        raise FormatError(
            path,
            f"expected a header with the columns student, {', '.join(FACTORS)} by tabs",
            line=1,
        )
    for name in OWN:
        if name in lines[0]:
            raise FormatError(
                path,
                f"a column is called {name!r}, as one of the results; rename it",
                line=1,
            )
    return lines[0]


def _check_design(
    path: Path | None, design: dict[str, dict[str, str]], systems: Sequence[str]
) -> None:
    if path is None:
        return
    missing = [name for name in systems if name not in design and name != TEACHER]
    if missing:
        raise UsageError(
            f"`design` {path}: says nothing about student {missing[0]!r}; add a line"
        )
