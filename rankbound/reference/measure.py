"""The reference study's quantities beside the corrected ones, query by query.

Both are taken on the same groups. The reference's are of the scores as the files give
them, at temperature 1, with 0 where a score is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rankbound.commands.measure.inputs import groups_of
from rankbound.commands.measure.laws import laws_of_queries
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from rankbound.reference import ratios
from rankbound.reference.entropy import REASON as ENTROPY_REASON
from rankbound.reference.measure_columns import Column, Kindred, Values, joined
from rankbound.reference.measure_formulas import (
    PooledEntropy,
    file_scores,
    pooled_entropy,
)
from rankbound.reference.measure_lists import list_divergence, list_entropies
from rankbound.reference.measure_space import reference_diameters

if TYPE_CHECKING:
    from rankbound.commands.measure.run import Measurement

NO_SCORES = "no corrected value: no teacher score, for which the reference counts 0"
NO_LAW = "no corrected value: the groups give no sampling probabilities"


@dataclass(frozen=True, slots=True, eq=False)
class Compat:
    """All columns, and what was counted on the way.

    `zeros` counts documents for which 0 was taken, by model ("" is the teacher);
    `n_pooled` queries whose groups the reference pools into one list.
    """

    columns: tuple[Column, ...]
    zeros: dict[str, int]
    n_pooled: int


def reference_columns(measurement: Measurement) -> Compat:
    """The reference's quantities on the measurement's queries, beside the corrected.

    Queries that were set aside to fit temperatures do not appear; queries that were
    dropped for want of scores do, since the reference counts them.
    """
    inputs, options = measurement.inputs, measurement.options
    scores = file_scores(inputs, options.teacher)
    whole = inputs.groups
    if options.groups is not None:
        whole = groups_of(options.groups, scores, inputs.files)
    aside = set(measurement.teacher_calibration.qids)
    whole = whole.keep_groups(_outside(whole, aside))
    groups = inputs.groups.keep_groups(_outside(inputs.groups, aside))
    pooled = pooled_entropy(whole, scores)
    columns = [
        _entropy(measurement, pooled),
        *list_entropies(measurement, groups, scores),
    ]
    zeros = {"": pooled.n_zeros}
    for result in measurement.students:
        column, n_zeros = list_divergence(measurement, result, groups, scores)
        columns.append(column)
        zeros[result.student.name] = n_zeros
    columns += reference_diameters(measurement, groups)
    columns.append(_kappa(measurement, whole, scores))
    return Compat(tuple(columns), zeros, pooled.n_pooled)


def _outside(groups: Groups, aside: set[str]) -> np.ndarray:
    return np.array([qid not in aside for qid in groups.group_qids()], dtype=bool)


def _entropy(measurement: Measurement, pooled: PooledEntropy) -> Column:
    terms, column = measurement.teacher, pooled.column
    corrected = dict(zip(terms.qids, terms.entropy_bits.tolist(), strict=True))
    reference = dict(zip(column.qids, column.values.tolist(), strict=True))
    pairs = measurement.options.pairs
    only = "" if pairs == "all" else f"; it knows all pairs only, corrected: {pairs}"
    why = {qid: NO_SCORES for qid in reference if qid not in corrected}
    why |= {
        qid: "their formula has no value here: the mean of no pair"
        for qid, value in reference.items()
        if not np.isfinite(value)
    }
    what = Kindred(
        "pairwise_entropy",
        "bits",
        ENTROPY_REASON + only,
        "epsilon, temperature 1, pooled lines, missing scores as 0",
    )
    return joined(what, reference, corrected, why)


def _kappa(measurement: Measurement, whole: Groups, scores: Scores) -> Column:
    """The reference keeps the last line of a query."""
    values, _ = whole.scores_of(scores)  # 0 where there is none
    reference, why = {}, {}
    for group, qid in enumerate(whole.group_qids()):
        part = values[whole.offsets[group] : whole.offsets[group + 1]]
        reference[qid] = ratios.reference_kappa(part)
        why[qid] = ratios.why_kappa(part) or NO_LAW
    corrected: Values = {}
    groups = measurement.inputs.groups
    if groups.probabilities is not None:
        laws = laws_of_queries(groups, None, aside=measurement.split.calibration)
        if laws is not None:
            corrected = dict(zip(laws.documents.qids, laws.ratio.tolist(), strict=True))
    given = {qid for qid, value in corrected.items() if np.isfinite(value)}
    why = {q: text for q, text in why.items() if text != NO_LAW or q not in given}
    what = Kindred("kappa", "ratio", ratios.REASON, "raw scores as probabilities")
    return joined(what, reference, corrected, why)
