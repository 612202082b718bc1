"""The reference's list entropies and list divergences, beside those of the softmax."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rankbound.commands.measure.student_scores import student_file
from rankbound.data.groups import Groups
from rankbound.data.scores import Kind, Scores
from rankbound.estimators.listwise import list_divergence_nats, list_entropy_nats
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.reference import lists
from rankbound.reference.measure_columns import (
    Column,
    Kindred,
    by_block,
    joined,
    on_groups,
    per_query,
)

if TYPE_CHECKING:
    from rankbound.commands.measure.certifying import StudentResult
    from rankbound.commands.measure.run import Measurement

NO_SCORES = "no corrected value: the student scores too few documents"


def list_entropies(
    measurement: Measurement, groups: Groups, scores: Scores
) -> Iterator[Column]:
    """The teacher's list entropies, in bits and in nats.

    `groups` are those of the measurement, `scores` the teacher's as its file has them.
    """
    raw, _ = groups.scores_of(scores)
    logits, _ = groups.scores_of(measurement.inputs.teacher)
    logits = logits / measurement.temperature
    nats = by_block(
        groups, lambda block: list_entropy_nats(logits[block.rows], mask=block.mask)
    )
    entropies = per_query(groups, nats)
    for name, unit, formula, why, reason in (
        (
            "list_entropy",
            "bits",
            lists.reference_list_entropy_bits,
            lists.why_list_entropy,
            lists.ENTROPY_REASON,
        ),
        (
            "list_entropy_nats",
            "nats",
            lists.reference_list_entropy_nats,
            lambda _: "",
            lists.NATS_REASON,
        ),
    ):
        scale = NATS_PER_BIT if unit == "bits" else 1.0
        reference, reasons = on_groups(groups, raw, formula, why)
        what = Kindred(name, unit, reason, "scores divided by their sum")
        corrected = {qid: value / scale for qid, value in entropies.items()}
        yield joined(what, reference, corrected, reasons)


def list_divergence(
    measurement: Measurement, result: StudentResult, groups: Groups, scores: Scores
) -> tuple[Column, int]:
    """One student's list divergence, and the documents counted as 0."""
    student = result.student
    options, inputs = measurement.options, measurement.inputs
    source = next(s for s in options.students if s.name == student.name)
    file = student_file(source, inputs.embeddings, inputs.files)
    teacher, _ = groups.scores_of(scores)
    raw = file
    if file.kind is Kind.PROBABILITY and source.scores is not None:
        read = inputs.files.part(source.scores, "scores").scores
        raw = replace(file, scores=read)
    known = raw.on(groups)
    given = np.where(known.found, known.values, 0.0)
    parts = np.stack([teacher, given], axis=-1)
    reference, why = on_groups(
        groups,
        parts,
        lambda pair: lists.reference_list_divergence_bits(pair[:, 0], pair[:, 1]),
        lambda pair: lists.why_list_divergence(pair[:, 0], pair[:, 1]),
    )
    kept = student.groups.keep_groups(~student.calibration)
    left = kept.scores_of(inputs.teacher)[0] / measurement.temperature
    right = file.on(kept).values / student.temperature
    nats = by_block(
        kept,
        lambda block: list_divergence_nats(
            left[block.rows], right[block.rows], mask=block.mask
        ),
    )
    corrected = {q: v / NATS_PER_BIT for q, v in per_query(kept, nats).items()}
    what = Kindred(
        f"list_divergence:{student.name}",
        "bits",
        lists.DIVERGENCE_REASON,
        "scores divided by their sum, missing scores as 0, epsilon",
    )
    for qid in reference.keys() - corrected.keys():
        why.setdefault(qid, NO_SCORES)
    return joined(what, reference, corrected, why), int((~known.found).sum())
