"""Per-query terms: what certificates are computed from, and `per_query.tsv` holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from rankbound.catalogue import COLUMNS
from rankbound.data.columns import Booleans, Floats, Strings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.estimators.group_terms import Geometry, StudentTerms, TeacherTerms
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.rows import Rows


@dataclass(frozen=True, slots=True, eq=False)
class QueryTerms:
    """Terms of one student (or of the teacher alone), one number per query.

    Attributes
    ----------
    student : str
        Empty where no student was given.
    qids : object array of str, shape (n,)
        Sorted.
    n_docs, n_pairs, entropy_nats, teacher_range : float64 arrays, shape (n,)
        Means over the groups of a query.
    divergence_nats, risk_nats, student_range, diameter, mean_distance : or None
        The same, where there is a student or there are vectors.
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
        """One column as `PerQuery`; a `KeyError` where the column is blank."""
        values = getattr(self, name) if name in COLUMNS else None
        if values is None:
            raise KeyError(name)
        return PerQuery(name, COLUMNS[name].unit, self.qids, values)

    def only(self, keep: Booleans) -> QueryTerms:
        """The terms of some queries; `keep` has shape (n,)."""
        arrays = {
            field.name: getattr(self, field.name)[keep]
            for field in fields(self)
            if isinstance(getattr(self, field.name), np.ndarray)
        }
        return replace(self, **arrays)


def query_terms(
    groups: Groups,
    teacher: TeacherTerms,
    *,
    pairs: str,
    student: str = "",
    terms: StudentTerms | None = None,
    geometry: Geometry | None = None,
) -> QueryTerms:
    """Average the groups of each query."""
    present = np.unique(groups.queries)
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


def table_of(parts: Sequence[QueryTerms]) -> Rows:
    """Terms as a table: a row per query and student, in full precision."""
    qids = [str(qid) for terms in parts for qid in terms.qids]
    students = [terms.student for terms in parts for _ in terms.qids]
    columns = {"qid": qids, "student": students}
    for name in COLUMNS:
        columns[name] = [
            cell for t in parts for cell in _cells(getattr(t, name), len(t))
        ]
    order = sorted(range(len(qids)), key=lambda row: (qids[row], students[row]))
    return Rows({name: [column[i] for i in order] for name, column in columns.items()})


def _cells(values: Floats | None, count: int) -> list[str]:
    if values is None:
        return [""] * count
    return [number_text(value) for value in values.tolist()]


def number_text(value: float) -> str:
    """A number in repr precision; whole numbers without a decimal point.

    Examples
    --------
    >>> number_text(16.0), number_text(0.1)
    ('16', '0.1')
    """
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return str(int(value)) if whole else repr(value)
