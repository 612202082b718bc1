"""The sampling card: what scores, vectors and judgements say before any training."""

from __future__ import annotations

from typing import Final

import numpy as np

from rankbound.bounds.limits import two_sided
from rankbound.commands.compare.measured import Compared, Measures
from rankbound.commands.compare.result import Card, Coupling
from rankbound.commands.compare.samplings import Sampling
from rankbound.data.clusters import units_of
from rankbound.data.columns import Floats
from rankbound.data.groups import Groups
from rankbound.data.per_query import query_means
from rankbound.data.scores import Scores
from rankbound.estimators.cards import score_coverage, suspected_shares
from rankbound.results import Named

RELEVANT: Final = 1  # the smallest grade that makes a negative a false one
UNKNOWN_EFFECT: Final = (
    "whether a student gains from that is not known from these numbers: train both "
    "ways and compare"
)


def cards(compared: Compared, floors: Coupling) -> Named[Card]:
    """A card for each sampling; intervals hold jointly at 1 - delta."""
    delta = compared.options.delta / len(compared.measures)
    qrels, teacher = compared.loaded.teacher.qrels, compared.loaded.teacher.teacher
    floor = {row.sampling: row.floor for row in floors.rows if row.pairs == "all"}
    return Named(
        _card(name, made, teacher, qrels, floor.get(name), delta)
        for name, made in compared.measures.items()
    )


def _card(
    name: str,
    made: Measures,
    teacher: Scores,
    qrels: Scores | None,
    floor: float | None,
    delta: float,
) -> Card:
    groups, mean = made.sampling.groups, made.sampling.mean
    hit, variance = score_coverage(groups, teacher)
    suspected, lower, upper, n = _suspected(made.sampling, delta)
    judged, relevant = _judged(groups, qrels)
    measured, space = made.measured, made.space
    entropy = measured.get(("entropy", "pos-neg"))
    distance = measured.get(("mean_distance", "all"))
    widest = measured.get(("diameter", "all"))
    negatives = None if groups.positive is None else int((~groups.positive).sum())
    return Card(
        sampling=name,
        n_negatives=negatives,
        suspected=suspected,
        suspected_lower=lower,
        suspected_upper=upper,
        suspected_n=n,
        judged_negatives=judged,
        relevant_negatives=relevant,
        entropy=mean(measured["entropy", "all"]),
        entropy_pos_neg=None if entropy is None else mean(entropy),
        floor=floor,
        mean_distance=None if distance is None else mean(distance),
        largest_distance=None
        if space is None or widest is None
        else float(widest.largest.max()),
        score_coverage=_mean(made.sampling, hit),
        variance_share=_mean(made.sampling, variance),
        advice=_advice(suspected, lower, judged, relevant),
    )


def _suspected(
    sampling: Sampling, delta: float
) -> tuple[float | None, float | None, float | None, int]:
    """The mean over queries or clusters with its interval, and their number."""
    groups = sampling.groups
    if groups.positive is None:
        return None, None, None, 0
    shares = _per_unit(sampling, suspected_shares(groups, sampling.values))
    if not len(shares):
        return None, None, None, 0
    lower, upper = two_sided(shares, low=0.0, high=1.0, delta=delta)
    return float(shares.mean()), lower, upper, len(shares)


def _judged(groups: Groups, qrels: Scores | None) -> tuple[int | None, int | None]:
    """Negatives that were judged, and those of them that are relevant."""
    if qrels is None or groups.positive is None:
        return None, None
    grades, known = groups.scores_of(qrels)
    judged = known & ~groups.positive
    return int(judged.sum()), int((judged & (grades >= RELEVANT)).sum())


def _per_unit(sampling: Sampling, values: Floats) -> Floats:
    """The mean over the groups of each query with a value, then over its cluster."""
    groups = sampling.groups
    known = ~np.isnan(values)
    means = query_means(
        groups.queries[known], values[known], n_queries=len(groups.qids)
    )
    there = np.flatnonzero(~np.isnan(means))
    return units_of(groups.qids[there], sampling.clusters).means(means[there])


def _mean(sampling: Sampling, values: Floats) -> float | None:
    means = _per_unit(sampling, values)
    return float(means.mean()) if len(means) else None


def _advice(
    suspected: float | None,
    lower: float | None,
    judged: int | None,
    relevant: int | None,
) -> tuple[str, ...]:
    """What follows for the choice of negatives, and what does not."""
    said = []
    if suspected and lower:
        said.append(
            f"the teacher prefers {suspected:.1%} of the negatives to the positive: "
            "they are relevant, or the teacher is wrong; rankbound sample "
            f"--drop-suspected leaves such documents out, and {UNKNOWN_EFFECT}"
        )
    if judged and relevant:
        said.append(
            f"{relevant:,} of {judged:,} judged negatives are relevant, and a student "
            "is taught to rank them low; what was judged is what systems retrieved, so "
            "the share says nothing of the others"
        )
    return tuple(said)
