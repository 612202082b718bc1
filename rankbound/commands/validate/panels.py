"""Join terms and effectiveness: one panel for each data set, sampling and student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.given import Files
from rankbound.commands.measure.measured import Measured
from rankbound.commands.validate.effectiveness import Effectiveness, Judge
from rankbound.commands.validate.options import TEACHER, Case, ValidateOptions
from rankbound.commands.validate.rankings import ranking_of
from rankbound.commands.validate.terms import Baselines, Terms, baselines_of, terms_of
from rankbound.data.scores import Floats, Scores, Strings
from rankbound.errors import UsageError
from rankbound.validation.association import LEAST_QUERIES, Panel

LOSS = "loss of "


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Effectiveness of all systems of a data set.

    Attributes
    ----------
    dataset : str
    measures : tuple of str
    systems : dict of str to Effectiveness
        By student, and "teacher".
    relevant : dict of str to int
        Relevant documents by query.
    """

    dataset: str
    measures: tuple[str, ...]
    systems: dict[str, Effectiveness]
    relevant: dict[str, int]


def judge(case: Case, options: ValidateOptions) -> Judged:
    """Evaluate the teacher and all students of a case.

    Raises
    ------
    FormatError, UsageError
        When a file breaks a rule or a measure is not known.
    """
    files = Files(case.measure.formats, case.measure.teacher)
    qrels = cast(Scores, files.part(case.measure.qrels, "qrels").qrels)
    judging = Judge(qrels, options.measure_names, missing=options.missing_queries)
    names = (TEACHER, *(source.name for source in case.measure.students))
    return Judged(
        dataset=case.dataset,
        measures=judging.measures,
        systems={name: judging.evaluate(ranking_of(case, name)) for name in names},
        relevant=_relevant(qrels, options.relevant),
    )


def _relevant(qrels: Scores, least: int) -> dict[str, int]:
    counts = np.add.reduceat(qrels.values >= least, qrels.offsets[:-1], dtype=np.int64)
    return dict(zip(qrels.qids.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class StudentPanel:
    """One student under one sampling of one data set, query by query.

    Attributes
    ----------
    dataset, sampling, student : str
    qids : object array of str, shape (n,)
        Queries with terms and effectiveness.
    names, targets : tuple of str
        Columns of the panel's terms and targets.
    panel : Panel
        Targets are the student's measures, then the teacher's minus the student's.
    baselines : Baselines
    result : CertifiedStudent
    terms : Terms
    dropped : dict of str to int
        Queries with terms that are not in the panel, by reason.
    """

    dataset: str
    sampling: str
    student: str
    qids: Strings
    names: tuple[str, ...]
    targets: tuple[str, ...]
    panel: Panel
    baselines: Baselines
    result: CertifiedStudent
    terms: Terms
    dropped: dict[str, int]

    def column(self, name: str) -> Floats:
        """A term by name, shape (n,)."""
        return np.asarray(self.panel.terms[:, self.names.index(name)])


def panels_of(
    case: Case, measurement: Measured, judged: Judged, options: ValidateOptions
) -> list[StudentPanel]:
    """The panels of all students of a case.

    Raises
    ------
    UsageError
        When fewer than 8 queries have terms and effectiveness.
    """
    return [
        _panel(case, measurement, result, judged, options)
        for result in measurement.students
    ]


def _panel(
    case: Case,
    measurement: Measured,
    result: CertifiedStudent,
    judged: Judged,
    options: ValidateOptions,
) -> StudentPanel:
    name, terms = result.student.name, terms_of(measurement, result)
    theirs, known = judged.systems[name].of(terms.qids)
    teachers, known_too = judged.systems[TEACHER].of(terms.qids)
    both = known & known_too
    if both.sum() < LEAST_QUERIES:
        raise UsageError(
            f"{case.dataset}, {case.sampling}, student {name!r}: "
            f"{counted(int(both.sum()), 'query has', 'queries have')} terms and "
            f"effectiveness, and {LEAST_QUERIES} are needed"
            f"{_set_aside(measurement)}"
        )
    names = tuple(terms.columns)
    student, teacher = theirs[both], teachers[both]
    qids = terms.qids[both]
    n_relevant = np.array([judged.relevant[qid] for qid in qids], dtype=np.float64)
    given = np.column_stack([teacher, n_relevant, terms.group_size[both]])
    own = np.tile(np.eye(len(judged.measures), dtype=bool), (2, 1))
    return StudentPanel(
        dataset=case.dataset,
        sampling=case.sampling,
        student=name,
        qids=qids,
        names=names,
        targets=(*judged.measures, *(f"{LOSS}{m}" for m in judged.measures)),
        panel=Panel(
            terms=terms.table(names)[both],
            targets=np.column_stack([student, teacher - student]),
            given=given,
            uses=np.column_stack([own, np.ones((len(own), 2), dtype=bool)]),
        ),
        baselines=baselines_of(measurement, result, relevant=options.relevant),
        result=result,
        terms=terms,
        dropped=_dropped(terms.qids, both, judged),
    )


def _set_aside(measurement: Measured) -> str:
    aside = measurement.split.n_calibration
    if not aside:
        return ""
    return (
        f"; {counted(aside, 'other')} served to fit temperatures: give numbers to "
        "keep them"
    )


def _dropped(qids: Strings, both: np.ndarray, judged: Judged) -> dict[str, int]:
    left = [qid for qid in qids[~both] if qid in judged.relevant]
    counts = {
        "queries_without_judgements": int((~both).sum()) - len(left),
        "queries_without_ranking": len(left),
    }
    return {reason: number for reason, number in counts.items() if number}


def effectiveness_text(judged: Mapping[str, Judged]) -> str:
    """`effectiveness.tsv`: dataset, student, qid, measure, value in full precision."""
    lines = ["dataset\tstudent\tqid\tmeasure\tvalue\n"]
    for name, found in judged.items():
        for student, system in found.systems.items():
            for qid, row in zip(system.qids, system.values.tolist(), strict=True):
                lines += [
                    f"{name}\t{student}\t{qid}\t{measure}\t{value!r}\n"
                    for measure, value in zip(found.measures, row, strict=True)
                ]
    return "".join(lines)
