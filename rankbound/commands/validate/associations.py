"""Associations of terms and measures over queries, judged as one family.

All panels and pools are judged together. The module also tests whether locality and
entropy depend on each other, and runs the controls: terms and students that carry no
information.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.wording import counted
from rankbound.catalogue import QUANTITIES, TERMS
from rankbound.commands.measure.certifying import query_terms
from rankbound.commands.measure.choosing import DEFAULT_RANGE
from rankbound.commands.measure.measured import Measured
from rankbound.commands.validate.effectiveness import Judge, ranking_of
from rankbound.commands.validate.options import TEACHER, Case, Missing
from rankbound.commands.validate.panels import StudentPanel
from rankbound.commands.validate.records import (
    POOLED,
    Association,
    Control,
    Dependence,
    Heterogeneity,
)
from rankbound.data.clusters import units_of
from rankbound.data.columns import Floats, Integers, Strings
from rankbound.data.draws import generator
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import student_terms, teacher_terms
from rankbound.progress import Progress
from rankbound.validation import association as statistics
from rankbound.validation.association import (
    LEAST_QUERIES,
    DistanceCorrelation,
    Draws,
    Effort,
    Panel,
    Stopping,
    distance_correlation,
    draw,
    heterogeneity,
    pool,
    summary,
)
from rankbound.validation.judging import (
    LEVEL,
    Correction,
    Family,
    control,
    null_p_values,
)

# The smallest p-value of a test is 1 / (m + 1), and the correction multiplies it by the
# size of the family. So many permutations are drawn that the product is this many times
# below the level, but at most MOST_PERMUTATIONS.
ROOM: Final = 4
MOST_PERMUTATIONS: Final = 200_000
NAME: Final = "per query: every term x measure x student x sampling x data set"
PARTIAL_NAME: Final = "the same, given how hard the query is"
DRAWS: Final = 200  # of each random term of a control
CONSTANT: Final = "constant student"
CORRECTIONS: Final[tuple[Correction, Correction]] = ("holm", "bh")


@dataclass(frozen=True, slots=True)
class Associations:
    """The associations, and the numbers of tests and permutations behind them."""

    rows: tuple[Association, ...]
    n_tests: int
    n_partial_tests: int
    permutations: int
    least_permutations: int


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One term against one measure, before the family is judged.

    `same_as` is a term that has the same ranks, whose test this one repeats.
    """

    dataset: str
    sampling: str
    student: str
    term: str
    measure: str
    found: statistics.Association
    same_as: str | None
    heterogeneity: Heterogeneity | None = None

    def key(self, term: str) -> tuple[str, ...]:
        """The key of the cell in which this measure stands against a term."""
        return (self.dataset, self.sampling, self.student, term, self.measure)


def associations(
    panels: Sequence[StudentPanel],
    *,
    family: Family,
    resamples: int,
    permutations: int,
    seed: int,
    progress: Progress,
) -> Associations:
    """Correlate every term with every measure, by student and pooled over data sets.

    Parameters
    ----------
    panels : sequence of StudentPanel
    family : Family
        The error rate, correction and band by which all tests are judged together.
    resamples : int
        Number of bootstrap resamples.
    permutations : int
        Number of permutations of a test; more are drawn if the family is large, until
        they cannot change its decision.
    seed : int
    progress : callable
        Called with a short description before each student.
    """
    effort = _effort(
        panels, delta=family.delta, resamples=resamples, permutations=permutations
    )
    cells: list[Cell] = []
    for group in _alike(panels):
        progress(f"associations of {group[0].student}")
        # Draws of several data sets are pooled one by one, so that all have as many
        own = effort if len(group) == 1 else replace(effort, stopping=None)
        cells += _cells_of(group, own, delta=family.delta, seed=seed)
    rows, n_tests, n_partial = _judged(cells, family)
    drawn = [cell.found.permutations for cell in cells] or [effort.permutations]
    return Associations(rows, n_tests, n_partial, max(drawn), min(drawn))


def _alike(panels: Sequence[StudentPanel]) -> list[list[StudentPanel]]:
    """Collect the panels of each student and sampling over data sets."""
    found: dict[tuple[str, str], list[StudentPanel]] = {}
    for panel in panels:
        found.setdefault((panel.sampling, panel.student), []).append(panel)
    return list(found.values())


def _effort(
    panels: Sequence[StudentPanel], *, delta: float, resamples: int, permutations: int
) -> Effort:
    cells = sum(len(panel.names) * len(panel.targets) for panel in panels)
    pools = sum(
        len(group[0].names) * len(group[0].targets)
        for group in _alike(panels)
        if len(group) > 1
    )
    wanted = int(np.ceil(ROOM * (cells + pools) / delta))
    return Effort(
        resamples=resamples,
        permutations=permutations,
        rank_permutations=max(permutations, min(wanted, MOST_PERMUTATIONS)),
        stopping=Stopping(delta=delta, n_tests=max(1, cells + pools)),
    )


def _cells_of(
    group: list[StudentPanel], effort: Effort, *, delta: float, seed: int
) -> list[Cell]:
    shared = tuple(
        name for name in TERMS if all(name in panel.names for panel in group)
    )
    draws, cells = [], []
    for panel in group:
        rng = _draws_for("associations", panel, seed)
        made = draw(_only(panel, shared), effort, rng)
        draws.append(made)
        found = summary(made, delta=delta)
        cells += _cells(panel.dataset, panel, shared, found)
        if set(panel.names) > set(shared):
            others = tuple(name for name in panel.names if name not in shared)
            extra = draw(_only(panel, others), effort, rng)
            found = summary(extra, delta=delta)
            cells += _cells(panel.dataset, panel, others, found)
    if len(group) > 1:
        found = summary(pool(draws), delta=delta)
        pooled = _cells(POOLED, group[0], shared, found)
        cells += _with_heterogeneity(pooled, draws)
    return cells


def _draws_for(purpose: str, panel: StudentPanel, seed: int) -> np.random.Generator:
    """Random numbers that only the names of a panel and the purpose decide."""
    return generator(seed, purpose, panel.dataset, panel.sampling, panel.student)


def _only(panel: StudentPanel, names: tuple[str, ...]) -> Panel:
    whole = panel.panel
    columns = [panel.names.index(name) for name in names]
    return Panel(whole.terms[:, columns], whole.targets, whole.given, whole.uses)


def _cells(
    dataset: str,
    panel: StudentPanel,
    names: tuple[str, ...],
    found: list[list[statistics.Association]],
) -> list[Cell]:
    twins = {name: QUANTITIES[name].same_ranks_as for name in names}
    return [
        Cell(
            dataset=dataset,
            sampling=panel.sampling,
            student=panel.student,
            term=term,
            measure=measure,
            found=cell,
            same_as=twins[term] if twins[term] in names else None,
        )
        for term, line in zip(names, found, strict=True)
        for measure, cell in zip(panel.targets, line, strict=True)
    ]


def _with_heterogeneity(cells: list[Cell], draws: list[Draws]) -> list[Cell]:
    sizes = np.array([made.n for made in draws], dtype=np.float64)
    tables = [made.estimates["spearman"].ravel() for made in draws]
    made = []
    for index, cell in enumerate(cells):
        values = np.array([table[index] for table in tables])
        spread = None
        if np.isfinite(values).all():
            found = heterogeneity(values, sizes)
            spread = Heterogeneity(q=found.q, p=found.p, i2=found.i2)
        made.append(replace(cell, heterogeneity=spread))
    return made


@dataclass(frozen=True, slots=True)
class _Adjusted:
    """A p-value, corrected in both ways."""

    p: float | None
    holm: float | None
    bh: float | None

    def by(self, correction: Correction) -> float | None:
        return self.holm if correction == "holm" else self.bh


def _judged(
    cells: list[Cell], family: Family
) -> tuple[tuple[Association, ...], int, int]:
    """Return rows with verdicts, and the numbers of tests and of partial tests."""
    plain = _adjusted(cells, [cell.found.spearman.p for cell in cells], family)
    partial = _adjusted(cells, [cell.found.partial.p for cell in cells], family)
    n_tests, n_partial = (
        sum(
            one.p is not None and cell.same_as is None
            for cell, one in zip(cells, found, strict=True)
        )
        for found in (plain, partial)
    )
    rows = (
        _row(cell, ranks, given, family, n_tests)
        for cell, ranks, given in zip(cells, plain, partial, strict=True)
    )
    return tuple(rows), n_tests, n_partial


def _adjusted(
    cells: list[Cell], p_values: list[float | None], family: Family
) -> list[_Adjusted]:
    """Correct in both ways; a twin has the values of the term that it repeats."""
    own = [place for place, cell in enumerate(cells) if cell.same_as is None]
    tested = [p_values[place] for place in own]
    holm, bh = (
        replace(family, correction=correction).adjusted(tested)
        for correction in CORRECTIONS
    )
    known = {
        cells[place].key(cells[place].term): _Adjusted(*values)
        for place, values in zip(own, zip(tested, holm, bh, strict=True), strict=True)
    }
    return [known[cell.key(cell.same_as or cell.term)] for cell in cells]


def _row(
    cell: Cell, ranks: _Adjusted, given: _Adjusted, family: Family, n_tests: int
) -> Association:
    found = cell.found
    spearman, partial = found.spearman, found.partial
    missing = None
    if spearman.value is None:
        missing = "the term or the measure is the same for every query"
    return Association(
        dataset=cell.dataset,
        sampling=cell.sampling,
        student=cell.student,
        term=cell.term,
        unit=QUANTITIES[cell.term].unit,
        measure=cell.measure,
        n=found.n,
        pearson=found.pearson.value,
        spearman=spearman.value,
        kendall=found.kendall.value,
        lower=spearman.lower,
        upper=spearman.upper,
        p=ranks.p,
        p_holm=ranks.holm,
        partial=partial.value,
        detectable=family.detectable(found.n, n_tests=n_tests),
        verdict=family.verdict(spearman, ranks.by(family.correction)),
        pearson_lower=found.pearson.lower,
        pearson_upper=found.pearson.upper,
        pearson_p=found.pearson.p,
        kendall_lower=found.kendall.lower,
        kendall_upper=found.kendall.upper,
        kendall_p=found.kendall.p,
        kendall_p_by=found.kendall_by,
        partial_lower=partial.lower,
        partial_upper=partial.upper,
        partial_p=given.p,
        partial_p_holm=given.holm,
        partial_verdict=family.verdict(partial, given.by(family.correction)),
        p_bh=ranks.bh,
        partial_p_bh=given.bh,
        within_band=family.within(spearman),
        same_as=cell.same_as,
        missing_because=missing,
        heterogeneity=cell.heterogeneity,
        permutations=found.permutations,
        partial_permutations=found.flips,
    )


def dependence(
    panels: Sequence[StudentPanel], *, family: Family, permutations: int, seed: int
) -> tuple[Dependence, ...]:
    """Test whether locality and entropy depend on each other, by distance correlation.

    Locality is L times the diameter with one L for all queries, so it depends on the
    entropy exactly as the diameter does. There is one row per panel with vectors;
    p-values are corrected over the rows.
    """
    tested: list[tuple[StudentPanel, DistanceCorrelation | None]] = []
    known: dict[bytes, DistanceCorrelation] = {}
    for panel in panels:
        if "diameter" not in panel.names:
            continue
        locality, entropy = panel.column("diameter"), panel.column("entropy")
        if np.ptp(locality) == 0 or np.ptp(entropy) == 0:
            tested.append((panel, None))
            continue
        key = np.concatenate([locality, entropy]).tobytes()
        if key not in known:
            known[key] = distance_correlation(
                locality,
                entropy,
                count=permutations,
                # The students of a sampling share documents, and then the test
                rng=generator(seed, "dependence", panel.dataset, panel.sampling),
            )
        tested.append((panel, known[key]))
    p_values = [None if found is None else found.p for _, found in tested]
    adjusted = family.adjusted(p_values)
    return tuple(
        _dependence_row(panel, found, p)
        for (panel, found), p in zip(tested, adjusted, strict=True)
    )


def _dependence_row(
    panel: StudentPanel, found: DistanceCorrelation | None, adjusted: float | None
) -> Dependence:
    why = "the diameter or the entropy is the same for every query"
    return Dependence(
        dataset=panel.dataset,
        sampling=panel.sampling,
        student=panel.student,
        n=len(panel.qids),
        distance_correlation=None if found is None else found.value,
        expected=None if found is None else found.expected,
        p=None if found is None else found.p,
        permutations=None if found is None else found.permutations,
        missing_because=why if found is None else None,
        p_adjusted=adjusted,
    )


def random_controls(
    panels: Sequence[StudentPanel],
    measurements: dict[tuple[str, str], Measured],
    *,
    family: Family,
    permutations: int,
    seed: int,
) -> list[Control]:
    """Test shuffled entropies, and entropies of a teacher with random scores.

    Both have the distribution of a real term and are independent of effectiveness.
    """
    shuffled, random = [], []
    for panel in panels:
        targets = panel.panel.targets
        entropy = panel.column("entropy")
        if np.ptp(entropy) > 0:
            rng = _draws_for("shuffled entropies", panel, seed)
            draws = rng.permuted(np.tile(entropy, (DRAWS, 1)), axis=1)
            shuffled.append(null_p_values(draws, targets, count=permutations, rng=rng))
        measurement = measurements[panel.dataset, panel.sampling]
        rng = _draws_for("random scores", panel, seed)
        noise = _entropies_of_noise(panel, measurement, rng)
        random.append(null_p_values(noise, targets, count=permutations, rng=rng))
    found = []
    for name, p_values in (
        ("shuffled entropies", shuffled),
        ("entropies of random scores", random),
    ):
        if p_values:
            outcome = control(name, p_values, family, count=permutations)
            found.append(
                Control(
                    name=outcome.name,
                    n_tests=outcome.n_tests,
                    n_families=outcome.n_families,
                    rate=outcome.rate,
                    standard_error=outcome.standard_error,
                    family_rate=outcome.family_rate,
                    nominal=outcome.nominal,
                    passed=outcome.passed,
                    lower=outcome.lower,
                    upper=outcome.upper,
                    family_lower=outcome.family_lower,
                    family_upper=outcome.family_upper,
                    level=LEVEL,
                )
            )
    return found


def _entropies_of_noise(
    panel: StudentPanel, measurement: Measured, rng: np.random.Generator
) -> Floats:
    """Entropies (nats) of a teacher that scores at random, shape (draws, n).

    The random scores have the standard deviation of the real teacher's. A document has
    one score for a query, in whatever groups and in whatever order it stands.
    """
    student = panel.result.student
    groups = student.groups.keep_groups(student.certified)
    scores, _ = groups.scores_of(measurement.inputs.teacher)
    scale = float(scores.std()) / measurement.temperature or 1.0
    rows = _order(groups, panel.queries)
    pairs = measurement.options.pairs
    document = _documents(groups)
    found = []
    for _ in range(DRAWS):
        noise = rng.normal(0.0, scale, size=int(document.max()) + 1)[document]
        terms = teacher_terms(groups, noise, pairs=pairs)
        drawn = query_terms(groups, terms, pairs=pairs).entropy_nats[rows]
        found.append(panel.units.means(drawn))
    return np.array(found)


def _documents(groups: Groups) -> Integers:
    """A number of every row's query and document, in the order of their ids."""
    ids = groups.row_query(), groups.codes
    ranks = [
        np.argsort(np.argsort(names, kind="stable"), kind="stable")[codes]
        for names, codes in zip((groups.qids, groups.docnos), ids, strict=True)
    ]
    keys = ranks[0].astype(np.int64) * len(groups.docnos) + ranks[1]
    return np.asarray(np.unique(keys, return_inverse=True)[1]).reshape(-1)


def _order(groups: Groups, qids: Strings) -> np.ndarray:
    """Positions of some queries among the sorted queries of the groups."""
    known = sorted(set(groups.group_qids()))
    place = {qid: row for row, qid in enumerate(known)}
    return np.array([place[qid] for qid in qids], dtype=np.int64)


def constant_control(
    case: Case,
    measurement: Measured,
    *,
    measures: Sequence[str],
    missing_queries: Missing,
    family: Family,
    seed: int,
) -> Control:
    """Test a student that gives every document the same score.

    In every query its risk is ln 2 nats and its range 0, so that nothing can be tested:
    the control passes if no row is associated.
    """
    inputs, split = measurement.inputs, measurement.split
    groups = inputs.groups.keep_groups(~split.calibration)
    rows = np.repeat(~split.calibration, inputs.groups.sizes)
    scores = inputs.values[rows] / measurement.temperature
    pairs = measurement.options.pairs
    terms = query_terms(
        groups,
        teacher_terms(groups, scores, pairs=pairs),
        student=CONSTANT,
        terms=student_terms(
            groups,
            scores,
            np.zeros_like(scores),
            clip_at=DEFAULT_RANGE,
            pairs=pairs,
        ),
        pairs=pairs,
    )
    if inputs.qrels is None or terms.risk_nats is None or terms.student_range is None:
        raise DomainError("the constant student needs judgements; give `qrels`")
    ranking = ranking_of(case, TEACHER)
    flat = ranking.with_values(np.zeros_like(ranking.values), kind=ranking.kind)
    judge = Judge(inputs.qrels, measures, missing=missing_queries)
    values, known = judge.evaluate(flat).of(terms.qids)
    units = units_of(terms.qids[known], inputs.clusters)
    if len(units) < LEAST_QUERIES:
        raise DomainError(
            f"the constant student needs {counted(LEAST_QUERIES, units.noun)} with "
            f"judgements, got {len(units)}"
        )
    targets = units.means(values[known])
    columns = np.column_stack([terms.risk_nats, terms.student_range])[known]
    panel = Panel(
        terms=units.means(columns),
        targets=targets,
        given=np.empty((len(targets), 0)),
        uses=np.empty((targets.shape[1], 0), dtype=bool),
    )
    rng = generator(seed, CONSTANT, case.dataset, case.sampling)
    made = summary(draw(panel, Effort(200, 999), rng), delta=family.delta)
    cells = [cell.spearman for line in made for cell in line]
    p_values = family.adjusted([cell.p for cell in cells])
    associated = sum(p is not None and p <= family.delta for p in p_values)
    return Control(
        name=f"{CONSTANT}: {case.dataset}, {case.sampling}",
        n_rows=len(cells),
        n_tests=sum(cell.p is not None for cell in cells),
        associated=associated,
        passed=associated == 0,
    )
