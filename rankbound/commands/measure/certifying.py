"""A student's certificate: its terms, the range of its loss, and the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.certificate import (
    CHOSEN,
    Certificate,
    LossRange,
    certify_student,
    lemma_2c_range,
)
from rankbound.bounds.limits import upper_limit
from rankbound.bounds.ranges import cut_ratio_all_pairs
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.result import Comparators, Ndcg, Relevance, Shift
from rankbound.commands.measure.space import Space
from rankbound.commands.measure.students import Student
from rankbound.commands.measure.terms import QueryTerms, query_terms
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import Geometry


@dataclass(frozen=True, slots=True)
class Readings:
    """What is read beside a certificate, each where its inputs were given."""

    shift: Shift | None = None
    relevance: Relevance | None = None
    ndcg: Ndcg | None = None
    comparators: Comparators | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedStudent:
    """One student: where its numbers come from, its terms and its certificate.

    `upper_any_size` is the chosen limit without the assertion that no query has a
    smaller group, None where all groups have one size. `space` is None without vectors.
    """

    student: Student
    terms: QueryTerms
    calibration: QueryTerms
    certificate: Certificate
    upper_any_size: float | None
    space: Space | None
    readings: Readings = Readings()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The student's own, and the assertion about group sizes where they vary."""
        if self.upper_any_size is None:
            return self.student.warnings
        return (
            *self.student.warnings,
            f"student {self.student.name!r}: group sizes vary; its limits assert that "
            f"no query has a smaller group than this sample "
            f"({self.certificate.range.source}); without that assertion the upper "
            f"limit is {self.upper_any_size:.4f} nats",
        )


def certified_student(
    student: Student, space: Space | None, options: MeasureOptions
) -> CertifiedStudent:
    """The terms of a student on the queries that count, and its certificate."""
    terms = query_terms(
        student.groups,
        student.teacher,
        pairs=options.pairs,
        student=student.name,
        terms=student.terms,
        geometry=geometry_of(space),
    )
    used = certified_rows(terms, student.groups, student.calibration)
    kept = terms.only(used)
    certificate = certify_student(
        kept.risk_nats,  # type: ignore[arg-type]
        kept.entropy_nats,
        kept.divergence_nats,  # type: ignore[arg-type]
        loss_range=group_range(
            student.groups,
            pairs=options.pairs,
            score_range=options.score_range,
        ),
        delta=options.delta,
        n_students=len(options.students),
    )
    return CertifiedStudent(
        student=student,
        terms=kept,
        calibration=terms.only(~used),
        certificate=certificate,
        upper_any_size=limit_for_any_size(
            kept.risk_nats,  # type: ignore[arg-type]
            student.groups,
            options,
        ),
        space=space,
    )


def group_range(groups: Groups, *, pairs: str, score_range: float) -> LossRange:
    """Lemma 2c's range of one query's risk for these groups.

    Positive-negative pairs can all be cut at once, so their ratio c_E is 1. Otherwise
    it follows from the size of the smallest group, which the user asserts by using the
    limit where sizes vary.
    """
    if pairs == "pos-neg":
        source = "lemma-2c, pos-neg pairs, c_E = 1"
        return lemma_2c_range(score_range, cut_ratio=1.0, source=source)
    sizes, label = group_sizes(groups, pairs), "k" if pairs == "all" else "negatives"
    smallest, largest = int(sizes.min()), int(sizes.max())
    varied = "" if smallest == largest else f" (the smallest, of up to {largest})"
    return lemma_2c_range(
        score_range,
        cut_ratio=cut_ratio_all_pairs(smallest),
        source=f"lemma-2c, {pairs} pairs, {label} = {smallest}{varied}",
    )


def group_sizes(groups: Groups, pairs: str) -> Integers:
    """Documents of each group among which all pairs count, shape (n_groups,)."""
    if pairs == "all" or groups.positive is None:
        return groups.sizes
    negative = groups.row_group()[~groups.positive]
    return np.bincount(negative, minlength=groups.n_groups)


def limit_for_any_size(
    risk: Floats, groups: Groups, options: MeasureOptions
) -> float | None:
    """The chosen limit without an assertion about group sizes; None where none is made.

    Sizes that vary are an accident of the sample. The range of a group of any size
    needs no assertion, at the price of a wider interval.
    """
    sizes = group_sizes(groups, options.pairs)
    if options.pairs == "pos-neg" or sizes.min() == sizes.max():
        return None
    widest = lemma_2c_range(options.score_range, cut_ratio=1.0, source="any size")
    return upper_limit(
        risk,
        low=widest.low,
        high=widest.high,
        delta=options.delta,
        n_students=len(options.students),
        method=CHOSEN,
    )


def geometry_of(space: Space | None) -> Geometry | None:
    """Distances by group, where there are vectors."""
    return None if space is None else space.groups


def certified_rows(
    terms: QueryTerms, groups: Groups, calibration: Booleans
) -> Booleans:
    """Which rows of the terms belong to queries of the certificate."""
    aside = set(groups.group_qids()[calibration])
    return np.array([qid not in aside for qid in terms.qids], dtype=bool)
