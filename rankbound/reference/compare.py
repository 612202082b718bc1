"""The reference study's equivalence test and entropy, beside those of a comparison."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.catalogue import VERDICTS
from rankbound.commands.compare.measured import Compared
from rankbound.commands.compare.result import (
    Compat,
    CompatEntropy,
    CompatGroups,
    CompatRow,
)
from rankbound.commands.measure.inputs import groups_of
from rankbound.data.columns import Floats
from rankbound.data.per_query import PerQuery
from rankbound.reference.equivalence import (
    ALPHA,
    REASON,
    ReferenceTost,
    reference_equivalence_groups,
    reference_tost,
)
from rankbound.reference.formulas import NO_VALUE, PAIRWISE_REASON
from rankbound.reference.measure import file_scores, pooled_entropy
from rankbound.results import Named
from rankbound.validation.paired import Answer, common

TOO_FEW: Final = f"{NO_VALUE}a t-test needs two queries"
CONSTANT: Final = f"{NO_VALUE}0 / 0, since no value varies over queries"
GROUPS_REASON: Final = (
    "connected components of pairs marked as equivalent; equivalence within a margin "
    "is not transitive, so that members of one group may differ"
)


def reference_record(compared: Compared) -> Compat:
    """Compute what the reference study would print, for `compat` of the result.

    This is its test of every comparison of the family, its groups of "equivalent"
    samplings, and its entropy of every sampling.
    """
    return Compat(
        mode="reference",
        alpha=ALPHA,
        rows=tuple(map(_row, compared.answers)),
        reason=REASON,
        equivalence_groups=tuple(_groups(compared)),
        equivalence_groups_reason=GROUPS_REASON,
        entropy=Named(_entropies(compared)),
        entropy_reason=PAIRWISE_REASON,
    )


def _row(answer: Answer) -> CompatRow:
    ask = answer.question
    made, reason = _tost(*common(ask.values, ask.reference))
    equal = VERDICTS[answer.verdict].within
    return CompatRow(
        sampling=ask.sampling,
        quantity=ask.quantity,
        pairs=ask.pairs,
        difference=answer.comparison.difference,
        reference_margin=None if made is None else made.margin,
        reference_p_low=None if made is None else made.p_low,
        reference_p_high=None if made is None else made.p_high,
        reference_p=None if made is None else made.p,
        reference_marked_equivalent=None if made is None else made.marked_equivalent,
        reference_shows_equivalence=None if made is None else made.shows_equivalence,
        reference_reason=reason,
        margin=ask.margin,
        p_equivalence=answer.p_equivalence,
        verdict=answer.verdict,
        agree=None if made is None else made.marked_equivalent == equal,
    )


def _tost(first: Floats, second: Floats) -> tuple[ReferenceTost | None, str | None]:
    """Run the reference's test, or say why it has no value."""
    if len(first) < 2:
        return None, TOO_FEW
    made = reference_tost(first, second)
    return made, CONSTANT if made is None else None


def _groups(compared: Compared) -> Iterator[CompatGroups]:
    """Yield the reference's marks and groups, by quantity and pair set."""
    keys = dict.fromkeys(
        (answer.question.quantity, answer.question.pairs) for answer in compared.answers
    )
    names = compared.options.names
    for key in keys:
        marked = []
        for left, right in itertools.combinations(names, 2):
            sides = [
                compared.measures[name].measured.get(key) for name in (left, right)
            ]
            if _marked(*sides):
                marked.append((left, right))
        groups = reference_equivalence_groups(names, marked)
        yield CompatGroups(
            quantity=key[0],
            pairs=key[1],
            marked=tuple(marked),
            groups=tuple(tuple(members) for members in groups),
        )


def _marked(first: PerQuery | None, second: PerQuery | None) -> bool:
    if first is None or second is None or not set(first.qids) & set(second.qids):
        return False
    made, _ = _tost(*common(first, second))
    return made is not None and made.marked_equivalent


def _entropies(compared: Compared) -> Iterator[CompatEntropy]:
    """Yield the mean entropy of every sampling by the reference's formula and ours."""
    loaded, options = compared.loaded, compared.options
    teacher = loaded.teacher
    scores = file_scores(teacher, options.teacher)
    aside: set[str] = set()
    if loaded.calibration is not None:
        aside = set(loaded.calibration.groups.group_qids())
    for name, path in options.groups:
        whole = groups_of(path, scores, teacher.files)
        kept = np.array([qid not in aside for qid in whole.group_qids()], dtype=bool)
        pooled = pooled_entropy(whole.keep_groups(kept), scores)
        values = pooled.column.values
        finite = values[np.isfinite(values)]
        theirs = float(finite.mean()) if finite.size else None
        ours = compared.measures[name].measured["entropy", "all"].mean() / LN2
        yield CompatEntropy(
            sampling=name,
            unit="bits",
            reference_mean=theirs,
            corrected_mean=ours,
            difference=None if theirs is None else theirs - ours,
            n_without_value=int(values.size - finite.size),
            documents_counted_as_0=pooled.n_zeros,
            queries_pooled=pooled.n_pooled,
        )
