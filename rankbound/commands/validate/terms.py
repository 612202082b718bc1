"""The terms of one student per query, by the names that a validation reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.laws import laws_of_queries
from rankbound.commands.measure.measured import Measured
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Floats, Strings


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Terms of one student, one row per query of its certificate.

    Attributes
    ----------
    qids : object array of str, shape (n,)
    columns : dict of float64 arrays, shape (n,)
        By the names of `TERMS`.
    group_size : float64 array, shape (n,)
        Documents of the query's groups, mean.
    absent : dict of str to str
        Terms that do not exist here, and why.
    """

    qids: Strings
    columns: dict[str, Floats]
    group_size: Floats
    absent: dict[str, str]

    def table(self, names: tuple[str, ...]) -> Floats:
        """Columns side by side, shape (n, t)."""
        return np.column_stack([self.columns[name] for name in names])


def terms_of(measurement: Measured, result: CertifiedStudent) -> Terms:
    """Collect the terms of one student."""
    terms = result.terms
    columns = {
        "entropy": terms.entropy_nats,
        "divergence": terms.divergence_nats,
        "risk": terms.risk_nats,
        "mean_margin": terms.mean_margin,
        "teacher_range": terms.teacher_range,
        "student_range": terms.student_range,
        "diameter": terms.diameter,
        "mean_distance": terms.mean_distance,
    }
    absent = {name: "no vectors" for name, column in columns.items() if column is None}
    found = {name: column for name, column in columns.items() if column is not None}
    if result.space is not None and terms.diameter is not None:
        steepness = result.space.steepness[result.student.name]
        found["locality"] = steepness.lipschitz * terms.diameter
    else:
        absent["locality"] = "no vectors"
    kappa, why = _kappa(measurement, terms.qids)
    if kappa is None:
        absent["kappa"] = why
    else:
        found["kappa"] = kappa
    return Terms(terms.qids, found, terms.n_docs, absent)


def _kappa(measurement: Measured, qids: Strings) -> tuple[Floats | None, str]:
    """The density ratio of every query, where both laws are known and it is finite."""
    inputs = measurement.inputs
    laws = laws_of_queries(
        inputs.groups, inputs.target, aside=measurement.split.calibration
    )
    if laws is None:
        return None, "no probabilities in the groups and no target groups"
    of_query = dict(zip(laws.documents.group_qids(), laws.ratio, strict=True))
    values = np.array([of_query.get(qid, np.nan) for qid in qids])
    missing = int((~np.isfinite(values)).sum())
    if missing:
        return None, f"infinite or unknown in {counted(missing, 'query')}"
    return values, ""


@dataclass(frozen=True, slots=True, eq=False)
class Baselines:
    """One-line descriptions of a student's groups, one row per query.

    `negative_score` and `score_variance` are of the teacher's scores in temperatures.
    """

    qids: Strings
    negative_score: Floats
    score_variance: Floats


def baselines_of(
    measurement: Measured, result: CertifiedStudent, *, relevant: int
) -> Baselines:
    """Mean score of the negatives, and variance of all scores, group by group.

    Negatives are the documents that are no positives of their group; where positives
    are unknown, those that are not judged `relevant` or better.
    """
    student, inputs = result.student, measurement.inputs
    groups = student.groups.keep_groups(~student.calibration)
    values = groups.scores_of(inputs.teacher)[0] / measurement.temperature
    if groups.positive is not None:
        negative = ~groups.positive
    elif inputs.qrels is not None:
        grades, judged = groups.scores_of(inputs.qrels)
        negative = ~(judged & (grades >= relevant))
    else:
        negative = np.ones(len(values), dtype=bool)
    whole = np.ones(len(values), dtype=bool)
    mean = _group_means(groups, values, whole)
    spread = _group_means(groups, values**2, whole) - mean**2
    return Baselines(
        qids=result.terms.qids,
        negative_score=_by_query(
            groups, _group_means(groups, values, negative), result.terms.qids
        ),
        score_variance=_by_query(groups, np.maximum(spread, 0.0), result.terms.qids),
    )


def _group_means(groups: Groups, values: Floats, rows: np.ndarray) -> Floats:
    """Mean of the chosen rows of each group; NaN without any."""
    group = groups.row_group()[rows]
    return query_means(group, values[rows], n_queries=groups.n_groups)


def _by_query(groups: Groups, values: Floats, qids: Strings) -> Floats:
    known = np.isfinite(values)
    means = query_means(
        groups.queries[known], values[known], n_queries=len(groups.qids)
    )
    place = {qid: row for row, qid in enumerate(groups.qids)}
    return np.asarray(means[[place[qid] for qid in qids]])
