"""`compare`: from options to per-query quantities, verdicts and what explains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankbound.catalogue import PAIR_SETS, base
from rankbound.commands.compare.measures import Measures, measure_sampling
from rankbound.commands.compare.options import CompareOptions
from rankbound.commands.compare.quantities import (
    Measured,
    entropies,
)
from rankbound.commands.compare.ranges import (
    difference_range,
    value_range,
    widest_distance,
)
from rankbound.commands.compare.samplings import Loaded, load
from rankbound.commands.compare.students import (
    Student,
    read_students,
)
from rankbound.commands.settings import made_options
from rankbound.errors import UsageError
from rankbound.validation.family import Answer, Question, answer_family

Progress = Callable[[str], object]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
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

    def __repr__(self) -> str:
        """The verdicts, a line each."""
        from rankbound.terminal.compare_repr import comparison_repr

        return comparison_repr(self)

    def _repr_html_(self) -> str:
        """Verdicts and differences, for a notebook."""
        from rankbound.commands.compare.records import headline
        from rankbound.page.pieces import comparison_html

        return comparison_html(headline(self))

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
        unknown = (
            f"{name}: its positive documents are not known, so all its pairs are "
            "compared, and no pos-neg or neg-neg pairs; give groups with a doc_id_a"
            for name, measures in self.measures.items()
            if measures.sampling.groups.positive is None
        )
        told = (*teacher.warnings, *teacher.files.warnings())
        return (*told, *theirs, *gaps, *unknown)


def compare_samplings(
    options: CompareOptions | None = None,
    *,
    progress: Progress = str,
    **settings: Any,
) -> Comparison:
    """Compare every sampling with the reference, paired by query.

    Parameters
    ----------
    options : CompareOptions, optional
    progress : callable
        Called with a few words before each stage; the default does nothing.
    **settings
        Instead of `options`: what `CompareOptions` takes, `teacher` and `groups` at
        least. Data may be paths or objects.

    Raises
    ------
    FormatError, UsageError, DomainError
        On input that breaks a rule; nothing is written here in any case.

    Examples
    --------
    >>> scores = {f"q{n}": {"a": n + 4.0, "b": n + 3.5, "c": 0.0} for n in range(9)}
    >>> groups = {
    ...     name: [{"query_id": q, "doc_id_a": "a", "doc_id_b": [d]} for q in scores]
    ...     for name, d in (("random", "c"), ("hard", "b"))
    ... }
    >>> found = compare_samplings(
    ...     teacher=scores, teacher_kind="logit", groups=groups, pairs="all",
    ...     resamples=0,
    ... )
    >>> [(a.question.sampling, a.verdict) for a in found.answers]
    [('hard', 'different')]
    """
    options = made_options(CompareOptions, options, settings)
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


# As the command is called
compare = compare_samplings


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
