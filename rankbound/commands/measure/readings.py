"""What is read beside a certificate, where the inputs for it were given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rankbound.commands.measure.comparators import comparators
from rankbound.commands.measure.evaluated import Evaluated, Level
from rankbound.commands.measure.inputs import Inputs
from rankbound.commands.measure.laws import Laws, laws_of_queries
from rankbound.commands.measure.ndcg import ndcg
from rankbound.commands.measure.options import MeasureOptions
from rankbound.commands.measure.origins import check_comparable
from rankbound.commands.measure.relevance import relevance
from rankbound.commands.measure.shift import LawScores, shift
from rankbound.commands.measure.sources import StudentSource
from rankbound.commands.measure.student_scores import raw_scores
from rankbound.commands.measure.students import Student
from rankbound.commands.measure.temperatures import Split
from rankbound.errors import UsageError

COMPLETE = (
    "complete judgements (asserted): documents of a judged query without a judgement "
    "are irrelevant, of grade 0; this holds for the comparators, too"
)
NOT_ALL_PAIRS = (
    "the laws speak of documents drawn independently; measure with --pairs all"
)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What all students share: inputs, options, the teacher's temperature, the laws.

    `laws` is None where no law was given.
    """

    inputs: Inputs
    options: MeasureOptions
    temperature: float
    laws: Laws | None

    @property
    def level(self) -> Level:
        """Of limits that hold for all students at once."""
        return Level(self.options.delta, max(1, len(self.options.students)))


def setting(
    inputs: Inputs, options: MeasureOptions, split: Split, *, temperature: float
) -> Setting:
    """Prepare what the students share.

    Raises
    ------
    UsageError
        If the laws that were given do not fit the measurement.
    """
    laws = None
    if options.students:
        laws = laws_of_queries(inputs.groups, inputs.target, aside=split.calibration)
    if laws is not None:
        check_comparable(laws.documents, inputs.teacher)
    if laws is not None and options.pairs != "all":
        raise UsageError(
            f"{inputs.groups.name} gives probabilities, but --pairs is "
            f"{options.pairs}: {NOT_ALL_PAIRS}, or leave the probabilities out"
        )
    return Setting(inputs, options, temperature, laws)


def readings(shared: Setting, student: Student, *, high: float) -> dict[str, Any]:
    """The blocks of one student's ledger entry beyond its certificate.

    `high` is the largest risk of one query of this student's groups, in nats.
    """
    blocks: dict[str, Any] = {}
    if shared.laws is not None:
        blocks["shift"] = shift(
            shared.laws,
            law_scores(shared, shared.laws, student),
            score_range=shared.options.score_range,
            level=shared.level,
        )
    if shared.inputs.qrels is not None:
        seen = evaluated(shared, student, high=high)
        blocks["relevance"] = relevance(seen, shared.inputs.qrels)
        blocks["ndcg"] = ndcg(seen, shared.inputs.qrels)
        if seen.complete:
            for name in ("relevance", "ndcg"):
                blocks[name]["assumptions"].append(COMPLETE)
        blocks["comparators"] = comparators(seen, shared.inputs.qrels)
    return blocks


def evaluated(shared: Setting, student: Student, *, high: float) -> Evaluated:
    """The student on the groups that were not set aside; arguments of `readings`."""
    kept = ~student.calibration
    rows = np.repeat(kept, student.groups.sizes)
    teacher, _ = student.groups.scores_of(shared.inputs.teacher)
    return Evaluated(
        groups=student.groups.keep_groups(kept),
        teacher=teacher[rows] / shared.temperature,
        student=student.terms.values[rows],
        pairs=shared.options.pairs,
        level=shared.level,
        high=high,
        score_range=shared.options.score_range,
        complete=shared.options.unjudged == "irrelevant",
    )


def law_scores(shared: Setting, laws: Laws, student: Student) -> LawScores:
    """Both models' scores of the documents of both laws."""
    inputs = replace(shared.inputs, groups=laws.documents)
    raw = raw_scores(_source(shared.options, student.name), inputs)
    teacher, known = laws.documents.scores_of(shared.inputs.teacher)
    return LawScores(
        teacher=teacher / shared.temperature,
        student=np.where(raw.found, raw.values, 0.0) / student.temperature,
        found=known & raw.found,
    )


def _source(options: MeasureOptions, name: str) -> StudentSource:
    return next(source for source in options.students if source.name == name)
