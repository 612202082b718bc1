"""Associations of terms and measures over queries, judged as one family.

All panels and pools are judged together. The module also tests whether locality and
entropy depend on each other, and runs the controls: terms and students that carry no
information.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from rankbound.data.draws import generator, state_of
from rankbound.data.groups import Groups
from rankbound.engine import pieces, unkept
from rankbound.estimators.group_terms import student_terms, teacher_terms
from rankbound.progress import Progress
from rankbound.validation import association as statistics
from rankbound.validation.association import (
    LEAST_QUERIES,
    Effort,
    Panel,
    Stopping,
)
from rankbound.validation.distances import DistanceCorrelation, distance_correlation
from rankbound.validation.drawn import (
    DrawnAssociations,
    DrawnPValues,
    drawn_associations,
    drawn_p_values,
)
from rankbound.validation.judging import (
    LEVEL,
    Correction,
    Family,
    control,
)

# The smallest p-value of a test is 1 / (m + 1), and the correction multiplies it by the
# size of the family. So many permutations are drawn that the product is this many times
# below the level, but at most MOST_PERMUTATIONS.
ROOM: Final = 4
MOST_PERMUTATIONS: Final = 200_000
NAME: Final = "per query: every term x measure x student x sampling x data set"
PARTIAL_NAME: Final = "the same, given how hard the query is"
DRAWS: Final = 200  # of each random term of a control
SHUFFLED: Final = "shuffled entropies"
NOISE: Final = "entropies of random scores"
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
    groups = _alike(panels)

    def asked() -> Iterator[partial[DrawnAssociations]]:
        for group in groups:
            progress(f"associations of {group[0].student}")
            # Draws of several data sets are pooled one by one, so all have as many
            own = effort if len(group) == 1 else replace(effort, stopping=None)
            yield partial(_drawn_for(group), seed=seed, effort=own, delta=family.delta)

    drawn_for = pieces(asked(), total=len(groups), what="associations", unit="students")
    cells = [
        cell
        for group, found in zip(groups, drawn_for, strict=True)
        for cell in _cells_of(group, found)
    ]
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


def _shared(group: list[StudentPanel]) -> tuple[str, ...]:
    """The terms that all panels have."""
    return tuple(name for name in TERMS if all(name in panel.names for panel in group))


def _others(panel: StudentPanel, shared: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in panel.names if name not in shared)


def _drawn_for(group: list[StudentPanel]) -> Callable[..., DrawnAssociations]:
    """`drawn_associations` of the panels of a student."""
    shared = _shared(group)
    others = [_others(panel, shared) for panel in group]
    return partial(
        drawn_associations,
        panels=tuple(_only(panel, shared) for panel in group),
        further=tuple(
            _only(panel, names) if names else None
            for panel, names in zip(group, others, strict=True)
        ),
        keys=tuple(_keys("associations", panel) for panel in group),
    )


def _cells_of(group: list[StudentPanel], found: DrawnAssociations) -> Iterator[Cell]:
    shared, rows = _shared(group), found.rows()
    for panel in group:
        yield from _cells(panel.dataset, panel, shared, rows)
        yield from _cells(panel.dataset, panel, _others(panel, shared), rows)
    if len(group) > 1:
        pooled = _cells(POOLED, group[0], shared, rows)
        for cell, spread in zip(pooled, found.heterogeneities(), strict=True):
            made = None
            if spread is not None:
                made = Heterogeneity(q=spread.q, p=spread.p, i2=spread.i2)
            yield replace(cell, heterogeneity=made)


def _keys(purpose: str, panel: StudentPanel) -> tuple[str, ...]:
    """What random numbers depend on: the purpose and the names of a panel alone."""
    return purpose, panel.dataset, panel.sampling, panel.student


def _only(panel: StudentPanel, names: tuple[str, ...]) -> Panel:
    whole = panel.panel
    columns = [panel.names.index(name) for name in names]
    return Panel(whole.terms[:, columns], whole.targets, whole.given, whole.uses)


def _cells(
    dataset: str,
    panel: StudentPanel,
    names: tuple[str, ...],
    found: Iterator[statistics.Association],
) -> list[Cell]:
    made = {(term, measure): next(found) for term in names for measure in panel.targets}

    def twin(term: str, measure: str) -> str | None:
        other = QUANTITIES[term].same_ranks_as
        if other not in names:
            return None
        # A locality of 0, as of a student without steepness, has no ranks at all
        there = (made[name, measure].spearman.value is None for name in (term, other))
        return None if len({*there}) > 1 else other

    return [
        Cell(
            dataset=dataset,
            sampling=panel.sampling,
            student=panel.student,
            term=term,
            measure=measure,
            found=one,
            same_as=twin(term, measure),
        )
        for (term, measure), one in made.items()
    ]


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
    varied = [np.ptp(panel.column("entropy")) > 0 for panel in panels]

    def asked() -> Iterator[partial[DrawnPValues]]:
        for panel, varies in zip(panels, varied, strict=True):
            targets = panel.panel.targets
            tested = partial(drawn_p_values, targets=targets, count=permutations)
            if varies:
                rng = generator(seed, *_keys(SHUFFLED, panel))
                entropy = panel.column("entropy")
                whole = np.broadcast_to(entropy, (DRAWS, len(entropy)))
                draws = rng.permuted(whole, axis=1)
                yield partial(tested, terms=draws, state=state_of(rng))
            measurement = measurements[panel.dataset, panel.sampling]
            rng = generator(seed, *_keys("random scores", panel))
            noise = _entropies_of_noise(panel, measurement, rng)
            yield partial(tested, terms=noise, state=state_of(rng))

    names = [
        name
        for varies in varied
        for name in ((SHUFFLED, NOISE) if varies else (NOISE,))
    ]
    drawn = pieces(asked(), total=len(names), what="controls", unit="tests")
    p_of: dict[str, list[Floats]] = {SHUFFLED: [], NOISE: []}
    for name, made in zip(names, drawn, strict=True):
        p_of[name].append(made.p)
    found = []
    for name, p_values in p_of.items():
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
    found = np.empty((DRAWS, len(panel.units)))
    with unkept():
        for one in found:
            noise = rng.normal(0.0, scale, size=int(document.max()) + 1)[document]
            terms = teacher_terms(groups, noise, pairs=pairs)
            drawn = query_terms(groups, terms, pairs=pairs).entropy_nats[rows]
            one[:] = panel.units.means(drawn)
    return found


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
    asked = partial(
        drawn_associations,
        panels=(panel,),
        further=(None,),
        keys=((CONSTANT, case.dataset, case.sampling),),
        seed=seed,
        effort=Effort(200, 999),
        delta=family.delta,
    )
    [made] = pieces([asked], total=1, what="constant student", unit="parts")
    cells = [row.spearman for row in made.rows()]
    p_values = family.adjusted([cell.p for cell in cells])
    associated = sum(p is not None and p <= family.delta for p in p_values)
    return Control(
        name=f"{CONSTANT}: {case.dataset}, {case.sampling}",
        n_rows=len(cells),
        n_tests=sum(cell.p is not None for cell in cells),
        associated=associated,
        passed=associated == 0,
    )
