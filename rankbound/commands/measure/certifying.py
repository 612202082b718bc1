"""Terms of every query, and the certificate that is computed from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from rankbound.bounds.betting import betting
from rankbound.bounds.certificate import (
    CHOSEN,
    Certificate,
    LossRange,
    certify_student,
    lemma_2c_range,
)
from rankbound.bounds.floors import Floor, floor_of, rounded_down
from rankbound.bounds.limits import lower_limit, two_sided, upper_limit
from rankbound.bounds.shares import (
    ShareCertificate,
    ToleranceLimit,
    certify_share,
    tolerance_limit,
)
from rankbound.catalogue import COLUMNS
from rankbound.commands.measure.choosing import (
    Choices,
    group_range,
    group_sizes,
)
from rankbound.commands.measure.result import (
    Comparators,
    Estimate,
    LimitFloor,
    Ndcg,
    Relevance,
    Shift,
)
from rankbound.commands.measure.space import Space
from rankbound.commands.measure.students import Student
from rankbound.data.clusters import CLUSTER, QUERY, Clusters, Units, units_of
from rankbound.data.columns import (
    Booleans,
    Floats,
    Strings,
    distinct_codes,
    positions,
    strings,
)
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.estimators.group_terms import Geometry, StudentTerms, TeacherTerms
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.rows import Coded, Column, Rows


@dataclass(frozen=True, slots=True, eq=False)
class QueryTerms:
    """Terms of one student (or of the teacher alone), one number per query.

    Attributes
    ----------
    student : str
        Empty for the terms of the teacher alone.
    qids : object array of str, shape (n,)
        Sorted.
    n_docs, n_pairs, entropy_nats, teacher_range : float64 arrays, shape (n,)
        Means over the groups of a query.
    divergence_nats, risk_nats, student_range : float64 arrays, shape (n,), or None
        The same; None without a student.
    diameter, mean_distance : float64 arrays, shape (n,), or None
        The same; None without vectors.
    mean_margin : float64 array, shape (n,)
        Mean size of the teacher's margins, in temperatures.
    """

    student: str
    qids: Strings
    n_docs: Floats
    n_pairs: Floats
    entropy_nats: Floats
    teacher_range: Floats
    mean_margin: Floats
    divergence_nats: Floats | None = None
    risk_nats: Floats | None = None
    student_range: Floats | None = None
    diameter: Floats | None = None
    mean_distance: Floats | None = None

    @property
    def entropy_bits(self) -> Floats:
        """Entropy in bits, shape (n,)."""
        return self.entropy_nats / NATS_PER_BIT

    def __len__(self) -> int:
        """Number of queries."""
        return len(self.qids)

    def quantity(self, name: str) -> PerQuery:
        """One column as `PerQuery`; raises a `KeyError` if the column is empty."""
        values = getattr(self, name) if name in COLUMNS else None
        if values is None:
            raise KeyError(name)
        return PerQuery(name, COLUMNS[name].unit, self.qids, values)

    def only(self, keep: Booleans) -> QueryTerms:
        """The terms of the queries in `keep`, a boolean array of shape (n,)."""
        return self._changed(lambda values: values[keep], self.qids[keep])

    def of_units(self, units: Units) -> QueryTerms:
        """The terms of clusters, or of the queries themselves if these are the units.

        `units` are those of these queries; the ids are then `qids`.
        """
        return self._changed(units.means, units.ids)

    def _changed(self, change: Callable[[Floats], Floats], ids: Strings) -> QueryTerms:
        """The terms of `ids`, with every column changed."""
        known: dict[str, Any] = {
            field.name: change(values)
            for field in fields(self)
            if field.name != "qids"
            and isinstance(values := getattr(self, field.name), np.ndarray)
        }
        return replace(self, **known, qids=ids)


def query_terms(
    groups: Groups,
    teacher: TeacherTerms,
    *,
    pairs: str,
    student: str = "",
    terms: StudentTerms | None = None,
    geometry: Geometry | None = None,
) -> QueryTerms:
    """Average the terms of groups over the groups of each query."""
    present = distinct_codes(groups.queries)
    order = present[np.argsort(groups.qids[present])]

    def mean(values: Floats) -> Floats:
        means = query_means(groups.queries, values, n_queries=len(groups.qids))
        return np.asarray(means[order])

    return QueryTerms(
        student=student,
        qids=groups.qids[order],
        n_docs=mean(groups.sizes.astype(np.float64)),
        n_pairs=mean(groups.count_pairs(pairs).astype(np.float64)),
        entropy_nats=mean(teacher.entropy),
        teacher_range=mean(teacher.range),
        mean_margin=mean(teacher.mean_margin),
        divergence_nats=None if terms is None else mean(terms.divergence),
        risk_nats=None if terms is None else mean(terms.risk),
        student_range=None if terms is None else mean(terms.range),
        diameter=None if geometry is None else mean(geometry.diameter),
        mean_distance=None if geometry is None else mean(geometry.mean_distance),
    )


def table_of(parts: Sequence[QueryTerms], clusters: Clusters | None = None) -> Rows:
    """The table `per_query.tsv`: a row per query and student, in full precision.

    Where clusters are given, the last column names that of the query.
    """
    qids = np.concatenate([terms.qids for terms in parts])
    names = strings(sorted({terms.student for terms in parts}))
    sizes = [len(terms) for terms in parts]
    student = np.repeat(positions(names, strings([t.student for t in parts])), sizes)
    order = np.lexsort((student, np.unique(qids, return_inverse=True)[1]))
    columns: dict[str, Column] = {
        "qid": qids[order].tolist(),
        "student": Coded(names, student[order]),
    }
    for name in COLUMNS:
        held = [getattr(terms, name) for terms in parts]
        known = any(values is not None for values in held)
        columns[name] = np.concatenate(held)[order] if known else [""] * len(order)
    if clusters is not None:
        columns[CLUSTER] = clusters.of(qids[order]).tolist()
    return Rows(columns)


@dataclass(frozen=True, slots=True)
class Level:
    """Failure probability of limits that hold for `n_students` at once (Bonferroni)."""

    delta: float
    n_students: int

    @property
    def half(self) -> Level:
        """The level of the limit of the mean, and of the share of queries."""
        return replace(self, delta=self.delta / 2)

    def upper(self, values: Floats, *, high: float, share: float = 1.0) -> float:
        """Upper limit of the mean of values in [0, high], at a share of `delta`."""
        return upper_limit(
            values,
            low=0.0,
            high=high,
            delta=self.delta * share,
            n_students=self.n_students,
            method=CHOSEN,
        )

    def lower(self, values: Floats, *, high: float) -> float:
        """Lower limit of the mean of values in [0, high]."""
        return lower_limit(
            values,
            low=0.0,
            high=high,
            delta=self.delta,
            n_students=self.n_students,
            method=CHOSEN,
        )

    def floor(
        self, values: Floats, *, high: float, trivial: float, share: float = 1.0
    ) -> Floor:
        """How low the limit by `upper` can be on this sample."""
        return floor_of(
            float(values.mean()),
            len(values),
            high=high,
            delta=self.delta * share,
            n_students=self.n_students,
            trivial=trivial,
        )

    def part(
        self, values: Floats, *, low: float, high: float, trivial: float | None = None
    ) -> Estimate:
        """Mean and two-sided interval, and its floor if a trivial value is given.

        Examples
        --------
        >>> part = Level(0.05, 1).part(np.full(50, 0.5), low=0.0, high=1.0)
        >>> part.value, [round(x, 2) for x in part.interval]
        (0.5, [0.46, 0.54])
        """
        interval = two_sided(
            values,
            low=low,
            high=high,
            delta=self.delta,
            n_students=self.n_students,
            method=CHOSEN,
        )
        floor = None
        if trivial is not None:  # half of delta is spent on either end
            least = self.floor(values, high=high, trivial=trivial, share=0.5)
            floor = LimitFloor.of(least)
        return Estimate(value=float(values.mean()), interval=interval, floor=floor)


@dataclass(frozen=True, slots=True)
class Readings:
    """Results beside a certificate, each None unless its inputs were given."""

    shift: Shift | None = None
    relevance: Relevance | None = None
    ndcg: Ndcg | None = None
    comparators: Comparators | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedStudent:
    """One student with its terms, its certificates and their floors.

    `share` and the limit of the mean hold at once, each at half of delta; `tolerance`
    may take the place of `share`. `upper_any_size` is the chosen limit without the
    assertion that no query has a smaller group, with its floor; both are None if none
    is made. `space` is None without vectors. `terms` are those of
    queries, `units` what they are averaged to: clusters, or the same terms where the
    queries are independent.
    """

    student: Student
    terms: QueryTerms
    units: QueryTerms
    calibration: QueryTerms
    certificate: Certificate
    share: ShareCertificate
    tolerance: ToleranceLimit
    floor: Floor
    upper_any_size: float | None
    floor_any_size: Floor | None
    space: Space | None
    readings: Readings = Readings()
    noun: str = QUERY

    @property
    def n_left_out(self) -> int:
        """Queries that are left out since a group is too small."""
        student = self.student
        return len(distinct_codes(student.groups.queries[student.left_out]))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The student's own, and what is asserted if group sizes vary."""
        if self.upper_any_size is None:
            return self.student.warnings
        return (
            *self.student.warnings,
            f"student {self.student.name!r}: group sizes vary; its limits assert that "
            f"no query has a smaller group than this sample "
            f"({self.certificate.range.source}); without that assertion the upper "
            f"limit is {self.upper_any_size:.4f} nats{self._any_floor}; "
            f"{self.student.proviso}",
        )

    @property
    def _any_floor(self) -> str:
        found = self.floor_any_size
        return "" if found is None else f" (its floor is {rounded_down(found.value)})"


def certified_student(
    student: Student,
    space: Space | None,
    *,
    pairs: str,
    level: Level,
    clusters: Clusters | None = None,
) -> CertifiedStudent:
    """The terms of a student on the certificate's queries, and its certificate.

    Half of delta is spent on the limit of the mean, half on the share of queries. With
    clusters, these are means over clusters and shares of clusters.
    """
    terms = query_terms(
        student.groups,
        student.teacher,
        pairs=pairs,
        student=student.name,
        terms=student.terms,
        geometry=geometry_of(space),
    )
    choices, groups = student.choices, student.groups
    kept = terms.only(rows_of(terms, groups, student.certified))
    mean, whole = level.half, units_of(kept.qids, clusters)
    units = kept.of_units(whole)
    certificate = certify_student(
        units.risk_nats,  # type: ignore[arg-type]
        units.entropy_nats,
        units.divergence_nats,  # type: ignore[arg-type]
        loss_range=group_range(
            groups,
            pairs=pairs,
            score_range=choices.score_range,
            least=choices.least,
        ),
        delta=mean.delta,
        n_students=mean.n_students,
        stakes=None if choices.stake is None else (choices.stake,),
        interval_delta=level.delta,
    )
    high, n = certificate.range.high, certificate.n_queries
    risk = certificate.risk
    widest = _widest(groups, pairs=pairs, choices=choices)
    return CertifiedStudent(
        student=student,
        terms=kept,
        units=units,
        noun=whole.noun,
        share=certify_share(
            units.risk_nats,  # type: ignore[arg-type]
            delta=mean.delta,
            n_students=mean.n_students,
        ),
        tolerance=tolerance_limit(
            units.risk_nats,  # type: ignore[arg-type]
            delta=mean.delta,
            n_students=mean.n_students,
        ),
        floor=floor_of(
            risk, n, high=high, delta=mean.delta, n_students=mean.n_students
        ),
        calibration=terms.only(rows_of(terms, groups, student.calibration)),
        certificate=certificate,
        upper_any_size=limit_for_any_size(
            units.risk_nats,  # type: ignore[arg-type]
            widest,
            stake=choices.stake,
            level=mean,
        ),
        floor_any_size=None
        if widest is None
        else floor_of(
            risk, n, high=widest.high, delta=mean.delta, n_students=mean.n_students
        ),
        space=space,
    )


def _widest(groups: Groups, *, pairs: str, choices: Choices) -> LossRange | None:
    """The range without an assertion about group sizes; None if none is made.

    The smallest size of a sample says nothing about queries that were not drawn. The
    range for groups of any size needs no assertion, but the limit is then higher.
    """
    sizes = group_sizes(groups, pairs)
    if choices.least is not None or pairs == "pos-neg" or sizes.min() == sizes.max():
        return None
    return lemma_2c_range(choices.score_range, cut_ratio=1.0, source="any size")


def limit_for_any_size(
    risk: Floats, widest: LossRange | None, *, stake: float | None, level: Level
) -> float | None:
    """The chosen limit in the range for groups of any size, if there is one."""
    if widest is None:
        return None
    return betting(
        risk,
        low=widest.low,
        high=widest.high,
        delta=level.delta,
        n_students=level.n_students,
        stakes=None if stake is None else [stake],
    )


def geometry_of(space: Space | None) -> Geometry | None:
    """Distances by group; None without vectors."""
    return None if space is None else space.groups


def rows_of(terms: QueryTerms, groups: Groups, chosen: Booleans) -> Booleans:
    """Which queries of the terms the chosen groups belong to, shape (n,)."""
    queries = set(groups.group_qids()[chosen])
    return np.array([qid in queries for qid in terms.qids], dtype=bool)
