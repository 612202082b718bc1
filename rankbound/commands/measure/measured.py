"""Everything that `measure` computes: terms of every query, certificates, readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rankbound.bounds.certificate import Part, interval_part
from rankbound.bounds.wording import counted
from rankbound.commands.inspect.result import repeated
from rankbound.commands.measure.certifying import (
    CertifiedStudent,
    Level,
    QueryTerms,
    Readings,
    certified_student,
    geometry_of,
    query_terms,
    rows_of,
)
from rankbound.commands.measure.choosing import Wanted, least_size, too_small
from rankbound.commands.measure.comparators import comparators, ndcg
from rankbound.commands.measure.inputs import (
    Inputs,
    Split,
    TemperatureFit,
    check_comparable,
    load_inputs,
    split_queries,
    teacher_fit,
    teacher_temperature,
)
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.relevance import Evaluated, relevance
from rankbound.commands.measure.shift import Laws, LawScores, laws_of_queries, shift
from rankbound.commands.measure.space import Space, survey
from rankbound.commands.measure.students import (
    RawScores,
    Setting,
    Student,
    common_documents,
    evaluate_student,
    raw_scores,
)
from rankbound.commands.measure.trained import (
    Training,
    fresh,
    near_training,
    training_of,
    with_training,
    without_common,
)
from rankbound.data.clusters import units_of
from rankbound.data.columns import Booleans, distinct_codes, positions
from rankbound.errors import UsageError
from rankbound.estimators.group_terms import teacher_terms
from rankbound.estimators.near_copies import NearCopies, near_copies
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.memory import give_back
from rankbound.progress import Progress, counted_items

COMPLETE = (
    "complete judgements (asserted): documents of a judged query without a judgement "
    "are irrelevant, of grade 0; this holds for the comparators, too"
)
NOT_ALL_PAIRS = (
    "the laws speak of documents drawn independently; measure with `pairs='all'`"
)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Everything that was computed, from which the ledger is made.

    Attributes
    ----------
    options : MeasureOptions
    inputs : Inputs
    split : Split
        Which queries were set aside for calibration.
    temperature : float
        The teacher's.
    fit : TemperatureFit or None
        Where that comes from; None if it was not fitted.
    teacher : QueryTerms
        The teacher's terms on the certificate queries, all documents.
    teacher_units : QueryTerms
        The same averaged over clusters; equal to `teacher` without clusters.
    teacher_calibration : QueryTerms
        The same on the calibration queries.
    entropy : Part
        Mean teacher entropy in nats with its two-sided interval.
    space : Space or None
        Distances on the teacher's groups; None without vectors.
    copies : NearCopies
        Among all queries, those set aside included.
    students : tuple of CertifiedStudent
        In the order of the options.
    """

    options: MeasureOptions
    inputs: Inputs
    split: Split
    temperature: float
    fit: TemperatureFit | None
    teacher: QueryTerms
    teacher_units: QueryTerms
    teacher_calibration: QueryTerms
    entropy: Part
    space: Space | None
    copies: NearCopies
    students: tuple[CertifiedStudent, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know before using the numbers."""
        return (*self.own_warnings, *repeated(self.inputs.files.findings))

    @property
    def own_warnings(self) -> tuple[str, ...]:
        """The same without what `inspect` warns of in the files."""
        theirs = (w for result in self.students for w in result.warnings)
        told = (*self.inputs.warnings, *self.inputs.files.notes_told())
        copied = () if self.inputs.clusters is not None else _copied(self.copies)
        return (*told, *copied, *theirs)


def _copied(found: NearCopies) -> tuple[str, ...]:
    """What near-copies of queries mean for the limits; nothing if there are none."""
    number, n = int(found.copies.sum()), len(found.qids)
    if not number:
        return ()
    names = ", ".join(repr(str(qid)) for qid in found.largest[:2])
    return (
        f"{number:,} of {counted(n, 'query')} are near-copies of another one, in "
        f"{counted(found.n_sets, 'set')} (as {names}): limits take {n:,} independent "
        f"queries where there are {found.n_distinct:,} at most; give `clusters`",
    )


def measured(options: MeasureOptions, *, progress: Progress = str) -> Measured:
    """Compute the bound's terms per query and a certificate for every student.

    Raises
    ------
    FormatError, UsageError, DomainError
        When an input breaks its format, or the inputs do not fit together.
    """
    progress("reading")
    inputs = load_inputs(options)
    inputs, copies, training, near = _fresh_inputs(inputs, options.students)
    give_back()
    pairs = options.pairs
    raws: dict[str, RawScores] = {}
    if options.unscored == "common" and options.students:
        inputs, raws = on_common_documents(
            options.students, inputs, pairs=options.pairs
        )
    split = split_queries(
        inputs.groups,
        fits=options.fits,
        seed=options.seed,
        pilot=options.pilot if options.students else 0.0,
        clusters=inputs.clusters,
    )
    fit = teacher_fit(inputs, split, options.temperature)
    scale = teacher_temperature(inputs, split, options.temperature)
    with np.errstate(over="ignore"):  # overflow is refused later, with a message
        teacher_scores = inputs.values / scale
    alone = teacher_terms(inputs.groups, teacher_scores, pairs=pairs)
    level = Level(options.delta, max(1, len(options.students)))
    whole, students = Setting(inputs, split, scale, options.unscored), []
    settings: dict[str, Setting] = {}
    for source in options.students:
        progress(f"student {source.name}")
        raw = raws.pop(source.name, None)
        if raw is None:
            raw = raw_scores(source, inputs)
        settings[source.name], own = fresh(whole, raw, training, source.name)
        made = evaluate_student(
            source, settings[source.name], wanted_of(options, source.name), raw=own
        )
        made = replace(made, raw=raw)
        students.append(with_training(made, training, near.get(source.name, 0)))
        give_back()
    progress("distances")
    aside = split.calibration
    least = least_size(inputs.groups, aside, split, pairs)
    certified = ~(aside | too_small(inputs.groups, aside, least, pairs))
    space, spaces = _spaces(
        inputs, certified, students, metric=options.metric, pairs=pairs
    )
    give_back()
    progress("certificates")
    terms = query_terms(inputs.groups, alone, pairs=pairs, geometry=geometry_of(space))
    teacher = terms.only(rows_of(terms, inputs.groups, certified))
    units = teacher.of_units(units_of(teacher.qids, inputs.clusters))
    shared = Shared(
        inputs=inputs,
        temperature=scale,
        laws=_laws(inputs, split, pairs=pairs) if students else None,
        pairs=pairs,
        level=level,
        complete=options.unjudged == "irrelevant",
    )
    results = (
        certified_student(
            student,
            spaces[student.name],
            pairs=shared.pairs,
            level=shared.level,
            clusters=inputs.clusters,
        )
        for student in counted_items(students, "certificates", "students")
    )
    return Measured(
        options=options,
        inputs=inputs,
        split=split,
        temperature=scale,
        fit=fit,
        teacher=teacher,
        teacher_units=units,
        teacher_calibration=terms.only(rows_of(terms, inputs.groups, aside)),
        entropy=interval_part(
            "entropy", units.entropy_nats, high=NATS_PER_BIT, delta=options.delta
        ),
        space=space,
        copies=copies,
        students=tuple(
            replace(
                result,
                readings=readings(
                    shared_by(shared, settings[result.student.name]),
                    result.student,
                    high=result.certificate.range.high,
                ),
            )
            for result in results
        ),
    )


def _fresh_inputs(
    inputs: Inputs, sources: Sequence[StudentSource]
) -> tuple[Inputs, NearCopies, Training, dict[str, int]]:
    """The inputs without what all students were trained on, and what copies what."""
    texts = inputs.files.query_texts
    copies = near_copies(inputs.groups, inputs.values, texts)
    training = training_of(sources, inputs.groups, inputs.files, inputs.clusters)
    near = near_training(training, copies, texts)
    inputs = without_common(inputs, training, sources)
    left = inputs.groups.qids[distinct_codes(inputs.groups.queries)]
    copies = copies.only(positions(left, copies.qids) >= 0)
    return inputs, copies, training, near


def wanted_of(options: MeasureOptions, student: str) -> Wanted:
    """What a student is certified with, as far as the pilot queries do not choose."""
    level = Level(options.delta, max(1, len(options.students))).half
    return Wanted(
        pairs=options.pairs,
        score_range=options.score_range,
        stake=options.stake_of(student),
        delta=level.delta,
        n_students=level.n_students,
    )


def on_common_documents(
    students: Sequence[StudentSource], inputs: Inputs, *, pairs: str
) -> tuple[Inputs, dict[str, RawScores]]:
    """The inputs on documents that all students score, and these scores by student.

    Raises
    ------
    FormatError, UsageError, DomainError
        When a file breaks its format, or too few documents are common.
    """
    names = [source.name for source in students]
    raws = [raw_scores(source, inputs) for source in students]
    found, rows = common_documents(inputs, raws, names, pairs=pairs)
    kept = (raw.only(rows) for raw in raws)
    return found, dict(zip(names, kept, strict=True))


def _spaces(
    inputs: Inputs,
    certified: Booleans,
    students: list[Student],
    *,
    metric: str,
    pairs: str,
) -> tuple[Space | None, dict[str, Space | None]]:
    """Distances of the teacher's groups, and of every student's by name.

    Students that score every document share the teacher's pass over the vectors.
    """
    embeddings = inputs.embeddings
    if embeddings is None:
        return None, dict.fromkeys(s.name for s in students)
    whole = {
        s.name: s.terms.values
        for s in students
        if len(s.terms.values) == len(inputs.values)
    }
    kind = {"metric": metric, "pairs": pairs}
    facts = inputs.files.facts_of(embeddings)
    shared = survey(
        inputs.groups,
        embeddings,
        counted=certified,
        students=whole,
        clusters=inputs.clusters,
        facts=facts,
        **kind,
    )
    spaces: dict[str, Space | None] = dict.fromkeys(whole, shared)
    for student in students:
        if student.name not in spaces:
            spaces[student.name] = survey(
                student.groups,
                embeddings,
                counted=student.certified,
                students={student.name: student.terms.values},
                clusters=inputs.clusters,
                facts=facts,
                **kind,
            )
    return shared, spaces


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What the readings of all students have in common.

    Attributes
    ----------
    inputs : Inputs
    temperature : float
        The teacher's.
    laws : Laws or None
        None if no law was given.
    pairs : str
    level : Level
        Of limits that hold for all students at once.
    complete : bool
        Whether documents of a judged query without a judgement are irrelevant.
    """

    inputs: Inputs
    temperature: float
    laws: Laws | None
    pairs: str
    level: Level
    complete: bool


def shared_by(shared: Shared, setting: Setting) -> Shared:
    """The same for a student that was trained on some of the queries."""
    inputs = setting.inputs
    if inputs is shared.inputs:
        return shared
    laws = _laws(inputs, setting.split, pairs=shared.pairs)
    return replace(shared, inputs=inputs, laws=laws)


def _laws(inputs: Inputs, split: Split, *, pairs: str) -> Laws | None:
    """Both laws of the documents of each query; None if no law was given.

    Raises
    ------
    UsageError
        If the laws that were given do not fit the measurement.
    """
    laws = laws_of_queries(inputs.groups, inputs.target, aside=split.calibration)
    if laws is None:
        return None
    check_comparable(laws.documents, inputs.teacher)
    if pairs != "all":
        raise UsageError(
            f"{inputs.groups.name} gives probabilities, but `pairs` is "
            f"{pairs}: {NOT_ALL_PAIRS}, or leave the probabilities out"
        )
    return laws


def readings(shared: Shared, student: Student, *, high: float) -> Readings:
    """Shift, relevance, nDCG and earlier bounds of one student.

    `high` is the largest risk of one query of this student's groups, in nats.
    """
    found = Readings()
    if shared.laws is not None:
        bounded = shift(
            shared.laws,
            law_scores(shared, shared.laws, student),
            score_range=student.choices.score_range,
            level=shared.level,
            clusters=shared.inputs.clusters,
        )
        found = replace(found, shift=bounded)
    qrels = shared.inputs.qrels
    if qrels is not None:
        seen = evaluated(shared, student, high=high)
        asserted = (COMPLETE,) if seen.complete else ()
        found = replace(
            found,
            relevance=relevance(seen, qrels, asserted=asserted),
            ndcg=ndcg(seen, qrels, asserted=asserted),
            comparators=comparators(seen, qrels),
        )
    return found


def evaluated(shared: Shared, student: Student, *, high: float) -> Evaluated:
    """The student on the certificate's groups; arguments as of `readings`."""
    kept = student.certified
    rows = np.repeat(kept, student.groups.sizes)
    teacher, _ = student.groups.scores_of(shared.inputs.teacher)
    return Evaluated(
        groups=student.groups.keep_groups(kept),
        teacher=teacher[rows] / shared.temperature,
        student=student.terms.values[rows],
        pairs=shared.pairs,
        level=shared.level,
        high=high,
        score_range=student.choices.score_range,
        complete=shared.complete,
        clusters=shared.inputs.clusters,
    )


def law_scores(shared: Shared, laws: Laws, student: Student) -> LawScores:
    """Both models' scores of the documents of both laws."""
    inputs = replace(shared.inputs, groups=laws.documents)
    raw = raw_scores(student.source, inputs)
    teacher, known = laws.documents.scores_of(shared.inputs.teacher)
    return LawScores(
        teacher=teacher / shared.temperature,
        student=np.where(raw.found, raw.values, 0.0) / student.temperature,
        found=known & raw.found,
    )
