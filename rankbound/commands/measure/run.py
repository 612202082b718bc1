"""`measure`: from options to per-query terms and certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rankbound.bounds.certificate import (
    Part,
    interval_part,
)
from rankbound.commands.measure.certifying import (
    StudentResult,
    certified_rows,
    certified_student,
    geometry_of,
)
from rankbound.commands.measure.inputs import Inputs, load_inputs
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.readings import readings, setting
from rankbound.commands.measure.space import Space, survey
from rankbound.commands.measure.students import Student, evaluate_student
from rankbound.commands.measure.temperatures import (
    Split,
    split_queries,
    teacher_temperature,
)
from rankbound.commands.measure.terms import QueryTerms, query_terms
from rankbound.commands.settings import made_options
from rankbound.estimators.group_terms import teacher_terms
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.terminal.measure_repr import measurement_repr

if TYPE_CHECKING:
    from rankbound.reference.measure import Compat

Progress = Callable[[str], object]


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
        from rankbound.commands.measure.ledger import ledger
        from rankbound.page.pieces import ledger_html

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
        inputs.groups, alone, pairs=options.pairs, geometry=geometry_of(spaces[""])
    )
    used = certified_rows(terms, inputs.groups, split.calibration)
    teacher = terms.only(used)
    shared = setting(inputs, options, split, temperature=scale)
    results = (certified_student(s, spaces[s.name], options) for s in students)
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
    from rankbound.reference.measure import reference_columns

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
