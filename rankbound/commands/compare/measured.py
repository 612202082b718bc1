"""Measure every quantity of every sampling by query, and answer the family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.quantities import (
    GroupMeans,
    Measured,
    Space,
    difference_range,
    entropies,
    space_quantities,
    student_quantities,
    teacher_quantities,
    value_range,
    widest_distance,
)
from rankbound.commands.compare.samplings import Loaded, Sampling, load
from rankbound.commands.inspect.result import repeated
from rankbound.commands.measure.given import Given
from rankbound.commands.measure.inputs import (
    Rule,
    count,
    known_temperature,
    student_temperature,
)
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.students import (
    WARN_ABOVE,
    StudentFile,
    matched,
    student_file,
)
from rankbound.commands.measure.trained import REASON, Training, training_of
from rankbound.data.clusters import units_of
from rankbound.data.columns import Booleans, distinct_codes, positions
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.errors import UsageError
from rankbound.estimators.shape import (
    DistanceCurve,
    VectorFacts,
    VectorShape,
    vector_shape,
)
from rankbound.memory import give_back
from rankbound.progress import Progress
from rankbound.validation.paired import Answer, Question, answer_family


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A student that was read, with one temperature for all samplings."""

    source: StudentSource
    file: StudentFile
    temperature: float
    warnings: tuple[str, ...]
    training: Training


@dataclass(frozen=True, slots=True, eq=False)
class OnSampling:
    """The quantities of a student on one sampling, and the groups that it scored."""

    measured: Measured
    groups: dict[str, Groups]
    dropped: dict[str, int]
    warnings: tuple[str, ...]


def read_students(
    sources: Sequence[StudentSource], loaded: Loaded
) -> tuple[Student, ...]:
    """Read every student; "fit" uses all pairs of the pooled calibration queries.

    Raises
    ------
    FormatError, UsageError, DomainError
        As `rankbound.measure` does.
    """
    return tuple(_student(source, loaded) for source in sources)


def measure_student(
    student: Student,
    sampling: Sampling,
    *,
    pair_sets: Sequence[str],
    score_range: float,
    missing: str | None,
    alone: bool,
) -> OnSampling:
    """Measure a student on one sampling, for every pair set.

    `alone` says that there is no other student, so that labels do not name this one.
    """
    dropped: dict[str, int] = {}
    raw = student.file.on(sampling.groups)
    rule = Rule("all", missing)
    groups, keep = matched(student.source, raw, sampling.groups, rule, dropped)
    groups, keep = _fresh(student, groups, keep, dropped)
    teacher = sampling.values[keep]
    with np.errstate(over="ignore"):  # refused later, with a message
        values = raw.values[keep] / student.temperature
    made = student_quantities(
        groups,
        teacher,
        values,
        clip_at=score_range,
        pair_sets=pair_sets,
        who="" if alone else student.source.name,
    )
    known = {pairs: groups.count_known_pairs(pairs) > 0 for pairs in pair_sets}
    kept = {pairs: groups.keep_groups(k) for pairs, k in known.items() if k.any()}
    return OnSampling(made, kept, dropped, _gaps(student, sampling, raw.found))


def _fresh(
    student: Student, groups: Groups, keep: Booleans, dropped: dict[str, int]
) -> tuple[Groups, Booleans]:
    """The groups without the student's training queries, and which rows they keep."""
    name = student.source.name
    mask = student.training.of(name, groups)
    if mask.all():
        raise UsageError(
            f"student {name!r} was trained on all of the queries that it has documents "
            "of (`trained_on`); compare on queries that it has not seen"
        )
    count(dropped, REASON, len(distinct_codes(groups.queries[mask])))
    kept = keep.copy()
    kept[np.flatnonzero(keep)[np.repeat(mask, groups.sizes)]] = False
    return groups.keep_groups(~mask), kept


def _gaps(student: Student, sampling: Sampling, found: Booleans) -> tuple[str, ...]:
    missing = float(np.mean(~found))
    if missing <= WARN_ABOVE:
        return ()
    return (
        f"student {student.source.name!r} has no score for {missing:.1%} of the "
        f"documents of {sampling.name}; it is compared on those that it scored, which "
        "are not a random choice and differ between samplings",
    )


def _student(source: StudentSource, loaded: Loaded) -> Student:
    files = loaded.teacher.files
    file = student_file(source, loaded.embeddings, files, loaded.qrels)
    training = training_of(
        (source,), loaded.pool.groups, loaded.teacher.files, loaded.teacher.clusters
    )
    if source.temperature != "fit" or loaded.calibration is None:
        scale = known_temperature(
            None if source.temperature == "fit" else source.temperature,
            file.kind,
            who=f"student {source.name!r}",
            option="`StudentSource.temperature`",
        )
        return Student(source, file, scale, file.warnings, training)
    aside = loaded.calibration.groups
    raw = file.on(aside)
    mask = training.of(source.name, aside)
    found = raw.found & ~np.repeat(mask, aside.sizes)
    scale, warning = student_temperature(
        aside.keep_rows(found),
        loaded.calibration.values[found],
        raw.values[found],
        pairs="all",
        who=source.name,
    )
    said = () if warning is None else (warning,)
    return Student(source, file, scale, (*file.warnings, *said), training)


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """The quantities of one sampling.

    Attributes
    ----------
    sampling : Sampling
    measured : dict of (quantity, pair set) to PerQuery
    group_entropy, pair_shares : dict of str to float
        By pair set: the mean entropy over groups instead of queries (nats), and the
        share of all pairs, in which every query has the same weight.
    space : Space or None
    shape : VectorShape or None
        The shape of the documents' vectors.
    students : dict of str to OnSampling
    """

    sampling: Sampling
    measured: Measured
    group_entropy: dict[str, float]
    pair_shares: dict[str, float]
    space: Space | None
    shape: VectorShape | None = None
    students: dict[str, OnSampling] = field(default_factory=dict)

    def groups_of(self, name: str, pairs: str) -> Groups:
        """The groups from which a quantity was computed."""
        return groups_of(name, pairs, self.sampling, self.students)


def groups_of(
    name: str, pairs: str, sampling: Sampling, students: Mapping[str, OnSampling]
) -> Groups:
    """The groups from which a quantity was computed; a student may lack documents."""
    if COMPARED[base(name)].need != "student":
        return sampling.groups
    student = name.partition(":")[2] or next(iter(students))
    return students[student].groups[pairs]


def measure_sampling(  # noqa: PLR0913  what is measured, and how
    sampling: Sampling,
    embeddings: Embeddings | None,
    students: Sequence[Student],
    *,
    metric: str,
    score_range: float,
    missing: str | None,
    facts: VectorFacts | None = None,
) -> Measures:
    """Measure all quantities of one sampling, for all three pair sets.

    `facts` are those of all vectors, where they are known.
    """
    measured = teacher_quantities(sampling.groups, sampling.values, pair_sets=PAIR_SETS)
    space, shape = None, None
    if embeddings is not None:
        shape = vector_shape(sampling.groups, embeddings, metric=metric, facts=facts)
        space = space_quantities(
            sampling.groups,
            sampling.values,
            embeddings,
            metric=metric,
            pair_sets=PAIR_SETS,
            curve=DistanceCurve(shape.top(metric)),
            clusters=sampling.clusters,
        )
        measured.update(space.measured)
    theirs = {
        student.source.name: measure_student(
            student,
            sampling,
            pair_sets=PAIR_SETS,
            score_range=score_range,
            missing=missing,
            alone=len(students) == 1,
        )
        for student in students
    }
    for found in theirs.values():
        measured.update(found.measured)
    return Measures(
        sampling=sampling,
        measured=measured,
        group_entropy={
            pairs: group_mean(measured["entropy", pairs])
            for pairs in PAIR_SETS
            if ("entropy", pairs) in measured
        },
        pair_shares={pairs: pair_share(sampling, pairs) for pairs in PAIR_SETS},
        space=space,
        shape=shape,
        students=theirs,
    )


def group_mean(column: GroupMeans) -> float:
    """Mean over the groups that have a pair of the set."""
    values = column.by_group
    return float(values[np.isfinite(values)].mean())


def pair_share(sampling: Sampling, pairs: str) -> float:
    """Share of a pair set among all pairs; every query has the same weight.

    With clusters, every cluster has.
    """
    groups = sampling.groups
    share = groups.count_known_pairs(pairs) / groups.count_pairs("all")
    means = query_means(groups.queries, share, n_queries=len(groups.qids))
    present = distinct_codes(groups.queries)
    units = units_of(groups.qids[present], sampling.clusters)
    return float(units.means(means[present]).mean())


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Everything that was measured, and the answers to the family of questions.

    Attributes
    ----------
    options : CompareOptions
    loaded : Loaded
    students : tuple of Student
    measures : dict of str to Measures
        By sampling, in the order given.
    pilots : dict of str to Measured
        By sampling, on the queries set aside to choose stakes, if there are any.
    target : dict of (quantity, pair set) to PerQuery
        The teacher's entropy over the reference law of pairs.
    answers : tuple of Answer
        One for each comparison of the family.
    """

    options: CompareOptions
    loaded: Loaded
    students: tuple[Student, ...]
    measures: dict[str, Measures]
    pilots: dict[str, Measured]
    target: Measured
    answers: tuple[Answer, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before using the numbers."""
        theirs = (w for student in self.students for w in student.warnings)
        gaps = (
            warning
            for measures in self.measures.values()
            for made in measures.students.values()
            for warning in made.warnings
        )
        teacher = self.loaded.teacher
        unknown = (
            f"{name}: its positive documents are not known, so it is compared over all "
            "pairs, but not over pos-neg or neg-neg pairs; give groups with a doc_id_a"
            for name, measures in self.measures.items()
            if measures.sampling.groups.positive is None
        )
        told = (*teacher.warnings, *teacher.files.notes_told())
        again = repeated(teacher.files.findings)
        return (*told, *theirs, *gaps, *unknown, *again)

    @property
    def inputs(self) -> list[Given]:
        """All inputs, without repetition."""
        students = [path for s in self.students for path in s.file.paths]
        return list(dict.fromkeys([*self.loaded.paths, *students]))


def measure_all(options: CompareOptions, progress: Progress = str) -> Compared:
    """Measure every sampling, and answer the family.

    Raises
    ------
    FormatError, UsageError, DomainError
        As `load` and `read_students` do, and when there is nothing to compare.
    """
    progress("reading")
    loaded = load(options)
    students = read_students(options.students, loaded)
    measures = {}
    facts = None
    if loaded.embeddings is not None:
        facts = loaded.teacher.files.facts_of(loaded.embeddings)
    for sampling in loaded.samplings:
        progress(f"sampling {sampling.name}")
        measures[sampling.name] = measure_sampling(
            sampling,
            loaded.embeddings,
            students,
            metric=options.metric,
            score_range=options.score_range,
            missing=options.missing,
            facts=facts,
        )
        give_back()
    progress("target form")
    target = entropies(loaded.target.groups, loaded.target.values, pair_sets=PAIR_SETS)
    progress("family of comparisons")
    pilots = {
        sampling.name: measure_pilot(
            sampling,
            loaded.embeddings,
            students,
            metric=options.metric,
            score_range=options.score_range,
            missing=options.missing,
        )
        for sampling in loaded.pilots
    }
    answers = answer_family(
        family(measures, loaded, options, pilots),
        delta=options.delta,
        seed=options.seed,
        resamples=options.resamples,
    )
    return Compared(options, loaded, students, measures, pilots, target, tuple(answers))


def measure_pilot(
    sampling: Sampling,
    embeddings: Embeddings | None,
    students: Sequence[Student],
    *,
    metric: str,
    score_range: float,
    missing: str | None,
) -> Measured:
    """The quantities of a sampling on the queries set aside to choose stakes.

    A student that was trained on all of these, or scored none of their documents, has
    none here, and its stakes are those of the grid.
    """
    found = teacher_quantities(sampling.groups, sampling.values, pair_sets=PAIR_SETS)
    if embeddings is not None:
        space = space_quantities(
            sampling.groups,
            sampling.values,
            embeddings,
            metric=metric,
            pair_sets=PAIR_SETS,
        )
        found.update(space.measured)
    for student in students:
        with suppress(UsageError):
            made = measure_student(
                student,
                sampling,
                pair_sets=PAIR_SETS,
                score_range=score_range,
                missing=missing,
                alone=len(students) == 1,
            )
            found.update(made.measured)
    return found


def family(
    measures: dict[str, Measures],
    loaded: Loaded,
    options: CompareOptions,
    pilots: Mapping[str, Measured],
) -> list[Question]:
    """All comparisons of the family: samplings by quantities by pair sets."""
    widest = widest_distance(loaded.embeddings, options.metric)
    baseline = measures[options.baseline]
    questions = []
    for name in options.names:
        if name == options.baseline:
            continue
        for key in sorted(
            measures[name].measured,
            key=lambda key: (options.place(key[0]), PAIR_SETS.index(key[1])),
        ):
            quantity, pairs = key
            asked = base(quantity) in options.quantities and pairs in options.pair_sets
            if not asked or key not in baseline.measured:
                continue
            _check_common(name, key, measures[name], baseline)
            ranges = [
                value_range(
                    quantity,
                    side.groups_of(quantity, pairs),
                    pairs=pairs,
                    score_range=options.score_range,
                    widest=widest,
                )
                for side in (measures[name], baseline)
            ]
            questions.append(
                Question(
                    sampling=name,
                    quantity=quantity,
                    pairs=pairs,
                    values=measures[name].measured[key],
                    reference=baseline.measured[key],
                    bounds=difference_range(*ranges),
                    margin=options.margin(base(quantity)),
                    clusters=loaded.clusters,
                    pilot=_pilot(pilots, name, options.baseline, key),
                )
            )
    if not questions:
        raise UsageError(
            f"nothing to compare: no sampling shares {' or '.join(options.pair_sets)} "
            f"pairs with {options.baseline!r}; give `pairs='all'`"
        )
    return questions


def _pilot(
    pilots: Mapping[str, Measured], name: str, baseline: str, key: tuple[str, str]
) -> tuple[PerQuery, PerQuery] | None:
    """Both sides on the pilot queries; None if they share none."""
    first, second = (pilots.get(one, {}).get(key) for one in (name, baseline))
    if first is None or second is None or not {*first.qids} & {*second.qids}:
        return None
    return first, second


def _check_common(
    name: str, key: tuple[str, str], mine: Measures, baseline: Measures
) -> None:
    """Raise unless the two samplings share a query that has the quantity."""
    first, second = mine.measured[key], baseline.measured[key]
    if (positions(second.qids, first.qids) >= 0).any():
        return
    raise UsageError(
        f"{name!r} and {baseline.sampling.name!r} have no query in common for "
        f"{key[0]} over {key[1]} pairs ({first.qids[0]!r} here, {second.qids[0]!r} "
        "there); a paired comparison needs the same queries on both sides"
    )
