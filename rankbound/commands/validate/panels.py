"""Join terms and effectiveness: one panel for each data set, sampling and student.

The terms of a case are measured first. Temperatures that nobody gave are fitted, since
a validation has judgements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.catalogue import QUANTITIES, TERMS
from rankbound.commands.measure.certifying import CertifiedStudent
from rankbound.commands.measure.given import Files, Given
from rankbound.commands.measure.measured import Measured, measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.shift import laws_of_queries
from rankbound.commands.validate.effectiveness import Judged
from rankbound.commands.validate.options import TEACHER, Case
from rankbound.commands.validate.records import LOSS
from rankbound.data.clusters import Units, units_of
from rankbound.data.columns import Booleans, Floats, Strings
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.estimators.kinds import NEEDS_TEMPERATURE
from rankbound.validation.association import LEAST_QUERIES, Panel

Known = dict[tuple[Given, Kind | None, str], bool]


def measured_case(case: Case, known: Known) -> Measured:
    """Measure the terms and certificates of a case; `known` as in `with_scales`."""
    return measured(with_scales(case.measure, known))


def with_scales(options: MeasureOptions, known: Known | None = None) -> MeasureOptions:
    """Set temperatures to "fit" where none is given and the scores have no unit.

    Differences of cosines, inner products or unknown scores are not log-odds. Other
    commands ask for a temperature; a validation has judgements to fit it with.

    Parameters
    ----------
    options : MeasureOptions
    known : dict, optional
        What earlier calls found out about files. This call adds to it.

    Raises
    ------
    FormatError
        When a file breaks its format.
    UsageError
        When a file does not hold scores.
    """
    known = {} if known is None else known
    files = Files(options.formats, options.teacher, options.answers, looks=False)

    def unitless(given: Given, kind: Kind | None, name: str) -> bool:
        if (given, kind, name) not in known:
            found = files.scores(given, kind, of=name).scores.kind
            known[given, kind, name] = found in NEEDS_TEMPERATURE
        return known[given, kind, name]

    def scaled(source: StudentSource) -> StudentSource:
        if source.temperature is not None:
            return source
        if source.scores is not None:
            needs = unitless(source.scores, source.kind, source.name)
        else:
            needs = source.kind is None or source.kind in NEEDS_TEMPERATURE
        return replace(source, temperature="fit") if needs else source

    temperature = options.temperature
    kind = options.teacher_kind
    if temperature is None and unitless(options.teacher, kind, TEACHER):
        temperature = "fit"
    students = tuple(scaled(source) for source in options.students)
    return replace(options, temperature=temperature, students=students)


def fitted_unasked(asked: MeasureOptions, used: MeasureOptions) -> str | None:
    """Say whose temperatures were fitted without a request; None if there are none."""
    pairs = zip(asked.students, used.students, strict=True)
    names = [TEACHER] if asked.temperature != used.temperature else []
    names += [a.name for a, b in pairs if a.temperature != b.temperature]
    if not names:
        return None
    return (
        f"no temperature is given for {', '.join(names)}, whose scores have no unit; "
        "they are fitted on the pilot queries, which have no terms; give "
        "`temperature` and `StudentSource.temperature` numbers to fix them"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms of one student, with a row for each query, or cluster of queries.

    Attributes
    ----------
    qids : object array of str, shape (n,)
    columns : dict of float64 arrays, shape (n,)
        Keyed by names from `rankbound.catalogue.TERMS`.
    group_size : float64 array, shape (n,)
        Mean number of documents in the query's groups.
    absent : dict of str to str
        Terms that could not be computed, with the reason.
    """

    qids: Strings
    columns: dict[str, Floats]
    group_size: Floats
    absent: dict[str, str]

    def of_units(self, rows: Booleans, units: Units) -> Terms:
        """The terms of some rows, averaged over the units of their queries."""
        columns = {k: units.means(v[rows]) for k, v in self.columns.items()}
        size = units.means(self.group_size[rows])
        return Terms(units.ids, columns, size, self.absent)

    def table(self, names: tuple[str, ...]) -> Floats:
        """Return some columns side by side, shape (n, t)."""
        return np.column_stack([self.columns[name] for name in names])


def terms_of(measurement: Measured, result: CertifiedStudent) -> Terms:
    """Collect the terms of one student."""
    terms = result.terms
    # The remaining terms are not columns of the measured terms
    columns = {
        name: getattr(terms, column)
        for name in TERMS
        if hasattr(terms, column := QUANTITIES[name].column or name)
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
    """Return the density ratio of every query, or None and the reason."""
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
    """Simple descriptions of a student's groups, with a row for each query or cluster.

    `negative_score` and `score_variance` refer to the teacher's scores, divided by the
    temperature.
    """

    qids: Strings
    negative_score: Floats
    score_variance: Floats

    def of_units(self, rows: Booleans, units: Units) -> Baselines:
        """The baselines of some rows, averaged over the units of their queries.

        A query without a negative has no negative score, and does not count.
        """
        negative = self.negative_score[rows]
        known = np.isfinite(negative)
        found = np.full(len(units), np.nan)
        place = np.unique(units.of_query[known])
        found[place] = units.only(np.flatnonzero(known)).means(negative[known])
        return Baselines(units.ids, found, units.means(self.score_variance[rows]))


def baselines_of(
    measurement: Measured, result: CertifiedStudent, *, relevant: int
) -> Baselines:
    """Compute the mean score of negatives and the variance of scores, by query.

    Negatives are the documents of a group that are not its positives. If positives are
    unknown, they are the documents not judged `relevant` or better.
    """
    student, inputs = result.student, measurement.inputs
    groups = student.groups.keep_groups(student.certified)
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
    """Mean of the chosen rows of each group; NaN if a group has none."""
    group = groups.row_group()[rows]
    return query_means(group, values[rows], n_queries=groups.n_groups)


def _by_query(groups: Groups, values: Floats, qids: Strings) -> Floats:
    known = np.isfinite(values)
    means = query_means(
        groups.queries[known], values[known], n_queries=len(groups.qids)
    )
    place = {qid: row for row, qid in enumerate(groups.qids)}
    return np.asarray(means[[place[qid] for qid in qids]])


@dataclass(frozen=True, slots=True, eq=False)
class StudentPanel:
    """One student under one sampling of one data set, by query or cluster.

    Attributes
    ----------
    dataset, sampling, student : str
    qids : object array of str, shape (n,)
        Queries that have both terms and effectiveness, or their clusters.
    queries : object array of str, shape (n_queries,)
        The queries themselves.
    units : Units
        Which row of the panel each query belongs to.
    names, targets : tuple of str
        Names of the columns of the panel's terms and targets.
    panel : Panel
        Its targets are the student's measures, then the teacher's minus the student's.
    baselines : Baselines
    result : CertifiedStudent
    terms : Terms
    dropped : dict of str to int
        Number of queries that have terms but are not in the panel, by reason.
    """

    dataset: str
    sampling: str
    student: str
    qids: Strings
    queries: Strings
    units: Units
    names: tuple[str, ...]
    targets: tuple[str, ...]
    panel: Panel
    baselines: Baselines
    result: CertifiedStudent
    terms: Terms
    dropped: dict[str, int]

    def column(self, name: str) -> Floats:
        """Return a term by its name, shape (n,)."""
        return np.asarray(self.panel.terms[:, self.names.index(name)])


def panels_of(
    case: Case, measurement: Measured, judged: Judged, *, relevant: int
) -> list[StudentPanel]:
    """Make the panels of all students of a case.

    Documents judged `relevant` or better are not negatives, where groups do not say
    which documents are positive.

    Raises
    ------
    UsageError
        When fewer than 8 queries have both terms and effectiveness.
    """
    return [
        _panel(case, measurement, result, judged, relevant)
        for result in measurement.students
    ]


def _panel(
    case: Case,
    measurement: Measured,
    result: CertifiedStudent,
    judged: Judged,
    relevant: int,
) -> StudentPanel:
    name, terms = result.student.name, terms_of(measurement, result)
    theirs, known = judged.systems[name].of(terms.qids)
    teachers, known_too = judged.systems[TEACHER].of(terms.qids)
    both = known & known_too
    qids = terms.qids[both]
    units = units_of(qids, measurement.inputs.clusters)
    if len(units) < LEAST_QUERIES:
        raise UsageError(
            f"{case.dataset}, {case.sampling}, student {name!r}: "
            f"at least {counted(LEAST_QUERIES, units.noun)} need both terms and "
            f"effectiveness, got {len(units)}"
            f"{_set_aside(measurement)}"
        )
    dropped = _dropped(terms.qids, both, judged)
    baselines = baselines_of(measurement, result, relevant=relevant).of_units(
        both, units
    )
    terms = terms.of_units(both, units)
    names = tuple(terms.columns)
    student, teacher = units.means(theirs[both]), units.means(teachers[both])
    relevant_of = np.array([judged.relevant[qid] for qid in qids], dtype=np.float64)
    n_relevant = units.means(relevant_of)
    given = np.column_stack([teacher, n_relevant, terms.group_size])
    own = np.tile(np.eye(len(judged.measures), dtype=bool), (2, 1))
    return StudentPanel(
        dataset=case.dataset,
        sampling=case.sampling,
        student=name,
        qids=units.ids,
        queries=qids,
        units=units,
        names=names,
        targets=(*judged.measures, *(f"{LOSS}{m}" for m in judged.measures)),
        panel=Panel(
            terms=terms.table(names),
            targets=np.column_stack([student, teacher - student]),
            given=given,
            uses=np.column_stack([own, np.ones((len(own), 2), dtype=bool)]),
        ),
        baselines=baselines,
        result=result,
        terms=terms,
        dropped=dropped,
    )


def _set_aside(measurement: Measured) -> str:
    aside = measurement.split.n_calibration
    if not aside:
        return ""
    return (
        f"; {counted(aside, 'other')} served to choose settings, and `pilot=0` with "
        "numbers as temperatures would keep them"
    )


def _dropped(qids: Strings, both: np.ndarray, judged: Judged) -> dict[str, int]:
    left = [qid for qid in qids[~both] if qid in judged.relevant]
    counts = {
        "queries_without_judgements": int((~both).sum()) - len(left),
        "queries_without_ranking": len(left),
    }
    return {reason: number for reason, number in counts.items() if number}
