"""`compare`: from options to per-query quantities, verdicts and what explains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from estimators.entropies import group_entropies
from estimators.groups import Groups
from estimators.per_query import query_means
from estimators.scores import Floats
from estimators.shape import DistanceCurve, VectorShape, vector_shape
from rankbound.comparing.catalogue import PAIR_SETS, base
from rankbound.comparing.options import CompareOptions
from rankbound.comparing.quantities import (
    Measured,
    Space,
    entropies,
    space_quantities,
    teacher_quantities,
)
from rankbound.comparing.ranges import difference_range, value_range, widest_distance
from rankbound.comparing.samplings import Loaded, Sampling, load
from rankbound.comparing.students import (
    OnSampling,
    Student,
    measure_student,
    read_students,
)
from rankbound.errors import UsageError
from validation.family import Answer, Question, answer_family

Progress = Callable[[str], object]


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """One sampling, measured.

    Attributes
    ----------
    sampling : Sampling
    measured : dict of (quantity, pair set) to PerQuery
    group_entropy, pair_shares : dict of str to float
        By pair set: mean entropy over groups instead of queries (nats), and the share
        of all pairs, queries weighing the same.
    space : Space or None
    shape : VectorShape or None
        Of its documents' vectors.
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
        """The groups behind a quantity."""
        if base(name) not in ("divergence", "risk"):
            return self.sampling.groups
        student = name.partition(":")[2] or next(iter(self.students))
        return self.students[student].groups[pairs]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The outcome of `compare_samplings`.

    Attributes
    ----------
    options : CompareOptions
    loaded : Loaded
    students : tuple of Student
    measures : dict of str to Measures
        By sampling, in the order of the options.
    target : dict of (quantity, pair set) to PerQuery
        The teacher on the reference law of pairs.
    answers : tuple of Answer
        One per comparison of the family.
    """

    options: CompareOptions
    loaded: Loaded
    students: tuple[Student, ...]
    measures: dict[str, Measures]
    target: Measured
    answers: tuple[Answer, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know before using the numbers."""
        theirs = (w for student in self.students for w in student.warnings)
        gaps = (
            warning
            for measures in self.measures.values()
            for made in measures.students.values()
            for warning in made.warnings
        )
        teacher = self.loaded.teacher
        return (*teacher.warnings, *teacher.files.warnings(), *theirs, *gaps)


def compare_samplings(
    options: CompareOptions, *, progress: Progress = str
) -> Comparison:
    """Compare every sampling with the reference, paired by query.

    Parameters
    ----------
    options : CompareOptions
    progress : callable
        Called with a few words before each stage; the default does nothing.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule; nothing is written here in any case.
    """
    progress("reading")
    loaded = load(options)
    students = read_students(options, loaded)
    measures = {}
    for sampling in loaded.samplings:
        progress(f"sampling {sampling.name}")
        measures[sampling.name] = measure_sampling(sampling, loaded, students, options)
    progress("target form")
    target = entropies(loaded.target.groups, loaded.target.values, pair_sets=PAIR_SETS)
    progress("family of comparisons")
    questions = family(measures, loaded, options)
    answers = answer_family(
        questions,
        delta=options.delta,
        rng=np.random.default_rng(options.seed),
        resamples=options.resamples,
    )
    return Comparison(
        options=options,
        loaded=loaded,
        students=students,
        measures=measures,
        target=target,
        answers=tuple(answers),
    )


def measure_sampling(
    sampling: Sampling,
    loaded: Loaded,
    students: tuple[Student, ...],
    options: CompareOptions,
) -> Measures:
    """All quantities of one sampling, for all three pair sets."""
    measured = teacher_quantities(sampling.groups, sampling.values, pair_sets=PAIR_SETS)
    space, shape = None, None
    if loaded.embeddings is not None:
        shape = vector_shape(sampling.groups, loaded.embeddings, metric=options.metric)
        space = space_quantities(
            sampling.groups,
            sampling.values,
            loaded.embeddings,
            metric=options.metric,
            pair_sets=PAIR_SETS,
            curve=DistanceCurve(shape.top(options.metric)),
        )
        measured.update(space.measured)
    theirs = {
        student.source.name: measure_student(
            student, sampling, options, pair_sets=PAIR_SETS
        )
        for student in students
    }
    for found in theirs.values():
        measured.update(found.measured)
    groups, values = sampling.groups, sampling.values
    return Measures(
        sampling=sampling,
        measured=measured,
        group_entropy={
            pairs: group_mean_entropy(groups, values, pairs)
            for pairs in PAIR_SETS
            if ("entropy", pairs) in measured
        },
        pair_shares={pairs: pair_share(groups, pairs) for pairs in PAIR_SETS},
        space=space,
        shape=shape,
        students=theirs,
    )


def group_mean_entropy(groups: Groups, values: Floats, pairs: str) -> float:
    """Mean entropy over the groups that have such a pair, in nats."""
    keep = groups.count_pairs(pairs) > 0
    inside = values[np.repeat(keep, groups.sizes)]
    kept = groups.keep_groups(keep)
    return float(group_entropies(kept, inside, pairs=pairs).mean())


def pair_share(groups: Groups, pairs: str) -> float:
    """Share of a pair set among all pairs of a group, queries weighing the same."""
    share = groups.count_pairs(pairs) / groups.count_pairs("all")
    means = query_means(groups.queries, share, n_queries=len(groups.qids))
    return float(np.nanmean(means))


def family(
    measures: dict[str, Measures], loaded: Loaded, options: CompareOptions
) -> list[Question]:
    """Every comparison that was asked for: sampling by quantity by pair set."""
    widest = widest_distance(loaded.embeddings, options.metric)
    baseline = measures[options.baseline]
    questions = []
    for name in options.names:
        if name == options.baseline:
            continue
        for key in sorted(measures[name].measured, key=_order):
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
                )
            )
    if not questions:
        raise UsageError(
            f"nothing to compare: no sampling has {' or '.join(options.pair_sets)} "
            f"pairs that {options.baseline!r} has, too; give --pairs all"
        )
    return questions


def _check_common(
    name: str, key: tuple[str, str], mine: Measures, baseline: Measures
) -> None:
    """Raise unless the two samplings share a query that has the quantity."""
    first, second = mine.measured[key], baseline.measured[key]
    if set(first.qids) & set(second.qids):
        return
    raise UsageError(
        f"{name!r} and {baseline.sampling.name!r} have no query in common for "
        f"{key[0]} over {key[1]} pairs ({first.qids[0]!r} here, {second.qids[0]!r} "
        "there); a paired comparison needs the same queries on both sides"
    )


def _order(key: tuple[str, str]) -> tuple[str, int]:
    return key[0], PAIR_SETS.index(key[1])
