"""`measure`: from options to per-query terms and certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.certificate import (
    CHOSEN,
    Certificate,
    LossRange,
    Part,
    certify,
    interval_part,
    lemma_2c_range,
)
from bounds.limits import upper_limit
from bounds.ranges import cut_ratio_all_pairs
from estimators.group_terms import Geometry, teacher_terms
from estimators.groups import Booleans, Groups
from estimators.pairwise import NATS_PER_BIT
from estimators.scores import Floats, Integers
from rankbound.measuring.inputs import Inputs, load_inputs
from rankbound.measuring.options import MeasureOptions
from rankbound.measuring.readings import readings, setting
from rankbound.measuring.showing import measurement_repr, student_repr
from rankbound.measuring.space import Space, survey
from rankbound.measuring.students import Student, evaluate_student
from rankbound.measuring.temperatures import Split, split_queries, teacher_temperature
from rankbound.measuring.terms import QueryTerms, query_terms
from rankbound.settings import made_options

if TYPE_CHECKING:
    from rankbound.measuring.compat import Compat

Progress = Callable[[str], object]


@dataclass(frozen=True, slots=True, eq=False)
class StudentResult:
    """One student: where its numbers come from, its terms and its certificate.

    `upper_any_size` is the chosen limit without the assertion that no query has a
    smaller group, None where all groups have one size. `space` is None without vectors.
    `readings` are the ledger's blocks beyond the certificate.
    """

    student: Student
    terms: QueryTerms
    calibration: QueryTerms
    certificate: Certificate
    upper_any_size: float | None
    space: Space | None
    readings: dict[str, Any] = field(default_factory=dict)

    __repr__ = student_repr

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


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """The outcome of `measure`.

    Attributes
    ----------
    options : MeasureOptions
    inputs : Inputs
    split : Split
        Calibration and certificate queries.
    temperature : float
        The teacher's.
    teacher : QueryTerms
        The teacher's terms on the certificate queries, all documents.
    teacher_calibration : QueryTerms
        The same on the calibration queries.
    entropy : Part
        Mean teacher entropy in nats with its two-sided interval.
    space : Space or None
        Distances on the teacher's groups; None without vectors.
    students : tuple of StudentResult
        In the order of the options.
    compat : Compat or None
        The reference study's numbers, where they were asked for.
    """

    options: MeasureOptions
    inputs: Inputs
    split: Split
    temperature: float
    teacher: QueryTerms
    teacher_calibration: QueryTerms
    entropy: Part
    space: Space | None
    students: tuple[StudentResult, ...]
    compat: Compat | None = None

    __repr__ = measurement_repr

    def _repr_html_(self) -> str:
        """Verdicts and the ledger, for a notebook."""
        from rankbound.measuring.ledger import ledger
        from rankbound.reporting.pieces import ledger_html

        return ledger_html(ledger(self, hashed=False))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know before using the numbers."""
        theirs = (w for result in self.students for w in result.warnings)
        return (*self.inputs.warnings, *self.inputs.files.warnings(), *theirs)


def measure(
    options: MeasureOptions | None = None, *, progress: Progress = str, **settings: Any
) -> Measurement:
    """Compute the bound's terms per query and a certificate for every student.

    Parameters
    ----------
    options : MeasureOptions, optional
    progress : callable
        Called with a few words before each stage; the default does nothing.
    **settings
        Instead of `options`: what `MeasureOptions` takes, ``teacher=...`` at least.
        Data may be paths or objects; `students` may be a mapping of names to either.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule; nothing is written here in any case.

    Examples
    --------
    >>> queries = {f"q{n}": {"a": 2.0 + n / 9, "b": -1.0} for n in range(9)}
    >>> result = measure(teacher=queries, students={"same": queries})
    >>> len(result.teacher), [one.student.name for one in result.students]
    (9, ['same'])
    """
    options = made_options(MeasureOptions, options, settings)
    progress("reading")
    inputs = load_inputs(options)
    split = split_queries(inputs.groups, fits=options.fits, seed=options.seed)
    scale = teacher_temperature(inputs, split, options.temperature)
    with np.errstate(over="ignore"):  # refused with a message where it matters
        teacher_scores = inputs.values / scale
    alone = teacher_terms(inputs.groups, teacher_scores, pairs=options.pairs)
    students = []
    for source in options.students:
        progress(f"student {source.name}")
        students.append(
            evaluate_student(source, inputs, split, options, teacher_scale=scale)
        )
    progress("distances")
    spaces = _spaces(inputs, split, students, options)
    progress("certificates")
    terms = query_terms(
        inputs.groups, alone, pairs=options.pairs, geometry=_geometry(spaces[""])
    )
    used = _certified(terms, inputs.groups, split.calibration)
    teacher = terms.only(used)
    shared = setting(inputs, options, split, temperature=scale)
    results = (_result(s, spaces[s.name], options) for s in students)
    measurement = Measurement(
        options=options,
        inputs=inputs,
        split=split,
        temperature=scale,
        teacher=teacher,
        teacher_calibration=terms.only(~used),
        entropy=interval_part(
            "entropy", teacher.entropy_nats, high=NATS_PER_BIT, delta=options.delta
        ),
        space=spaces[""],
        students=tuple(
            replace(
                result,
                readings=readings(
                    shared, result.student, high=result.certificate.range.high
                ),
            )
            for result in results
        ),
    )
    if options.compat is None:
        return measurement
    from rankbound.measuring.compat import reference_columns

    progress("reference")
    return replace(measurement, compat=reference_columns(measurement))


def _spaces(
    inputs: Inputs, split: Split, students: list[Student], options: MeasureOptions
) -> dict[str, Space | None]:
    """Distances for the teacher's groups ("") and for every student's.

    Students that score every document share the teacher's pass over the vectors.
    """
    embeddings = inputs.embeddings
    if embeddings is None:
        return dict.fromkeys(["", *(s.name for s in students)])
    whole = {
        s.name: s.terms.values
        for s in students
        if len(s.terms.values) == len(inputs.values)
    }
    kind = {"metric": options.metric, "pairs": options.pairs}
    shared = survey(
        inputs.groups, embeddings, counted=~split.calibration, students=whole, **kind
    )
    spaces: dict[str, Space | None] = dict.fromkeys(["", *whole], shared)
    for student in students:
        if student.name not in spaces:
            spaces[student.name] = survey(
                student.groups,
                embeddings,
                counted=~student.calibration,
                students={student.name: student.terms.values},
                **kind,
            )
    return spaces


def _result(
    student: Student, space: Space | None, options: MeasureOptions
) -> StudentResult:
    terms = query_terms(
        student.groups,
        student.teacher,
        pairs=options.pairs,
        student=student.name,
        terms=student.terms,
        geometry=_geometry(space),
    )
    used = _certified(terms, student.groups, student.calibration)
    kept = terms.only(used)
    certificate = certify(
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
    return StudentResult(
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


def _geometry(space: Space | None) -> Geometry | None:
    return None if space is None else space.groups


def _certified(terms: QueryTerms, groups: Groups, calibration: Booleans) -> Booleans:
    """Which rows of the terms belong to queries of the certificate."""
    aside = set(groups.group_qids()[calibration])
    return np.array([qid not in aside for qid in terms.qids], dtype=bool)
