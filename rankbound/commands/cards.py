"""The sampling card: what scores, vectors and judgements say before any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rankbound.bounds.limits import two_sided
from rankbound.bounds.wording import (
    listed,
    percent,
    percent_at_least,
    percent_at_most,
)
from rankbound.commands.following import OUT, following
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Floats, sorted_places
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery, query_means
from rankbound.data.scores import Scores
from rankbound.estimators.cards import score_coverage, suspected_shares
from rankbound.estimators.spread import entropy_floor
from rankbound.results import Answer, Record

RELEVANT: Final = 1  # the smallest grade that makes a negative a false one
MOST: Final = 3  # samplings named in a sentence
SO: Final = ": "  # between a number and what follows from it
UNKNOWN_EFFECT: Final = (
    "whether a student gains from that is not known from these numbers: train both "
    "ways and compare"
)


class Card(Record, frozen=True, kw_only=True, omit_defaults=False):
    """What is known of a sampling before any training; None where data are missing.

    Attributes
    ----------
    sampling : str
    n_negatives : int or None
        Of all groups.
    suspected : float or None
        Share of negatives that the teacher scores above the positive, as a mean over
        queries, with its confidence interval (betting; all samplings at once).
    suspected_n : int
        Queries with a positive and a negative.
    judged_negatives, relevant_negatives : int or None
        Negatives that were judged, and those of them that are relevant.
    entropy, entropy_pos_neg, floor : float or None
        Mean entropies over all pairs and over pairs of a positive and a negative, and
        the floor of the former by Theorem 4 (nats); None where the teacher's
        temperature is not known.
    mean_distance, largest_distance : float or None
        Between documents of a group: mean over queries, and the largest of any group.
    score_coverage : float or None
        Share of ten strata of equal width over the teacher's scores of the query that a
        group's documents lie in, as a mean over queries.
    variance_share : float or None
        Variance of a group's scores by that of the query's, likewise.
    advice : tuple of str
    """

    sampling: str
    n_negatives: int | None
    suspected: float | None
    suspected_lower: float | None
    suspected_upper: float | None
    suspected_n: int
    judged_negatives: int | None
    relevant_negatives: int | None
    entropy: float | None
    entropy_pos_neg: float | None
    floor: float | None
    mean_distance: float | None
    largest_distance: float | None
    score_coverage: float | None
    variance_share: float | None
    advice: tuple[str, ...]


def card_of(  # noqa: PLR0913  what a card is made from
    name: str,
    groups: Groups,
    values: Floats,
    *,
    teacher: Scores,
    qrels: Scores | None,
    clusters: Clusters | None,
    measured: Mapping[tuple[str, str], PerQuery],
    largest_distance: float | None,
    delta: float,
    are_all: bool = False,
) -> Card:
    """The card of one sampling.

    Parameters
    ----------
    name : str
    groups : Groups
    values : float64 array, shape (n_rows,)
        Teacher scores of the groups' rows.
    teacher : Scores
        All scores of the teacher.
    qrels : Scores or None
    clusters : Clusters or None
        Of the queries, if these are not independent.
    measured : mapping of (quantity, pair set) to PerQuery
        What is known of entropy, margin and mean_distance.
    largest_distance : float or None
        Of any group.
    delta : float
        Failure probability of the interval.
    are_all : bool
        Whether `values` are those in `teacher`, undivided, of all documents.
    """
    drawn = values if are_all else None
    hit, variance = score_coverage(groups, teacher, values=drawn)
    suspected, lower, upper, n = _suspected(groups, values, clusters, delta)
    judged, relevant = _judged(groups, qrels)

    def mean(quantity: str, pairs: str = "all") -> float | None:
        column = measured.get((quantity, pairs))
        if column is None:
            return None
        return float(units_of(column.qids, clusters).means(column.values).mean())

    margin = mean("margin")
    return Card(
        sampling=name,
        n_negatives=None if groups.positive is None else int((~groups.positive).sum()),
        suspected=suspected,
        suspected_lower=lower,
        suspected_upper=upper,
        suspected_n=n,
        judged_negatives=judged,
        relevant_negatives=relevant,
        entropy=mean("entropy"),
        entropy_pos_neg=mean("entropy", "pos-neg"),
        floor=None if margin is None else float(entropy_floor(np.array(margin))),
        mean_distance=mean("mean_distance"),
        largest_distance=largest_distance,
        score_coverage=_mean(groups, hit, clusters),
        variance_share=_mean(groups, variance, clusters),
        advice=_advice(suspected, lower, judged, relevant),
    )


def _suspected(
    groups: Groups, values: Floats, clusters: Clusters | None, delta: float
) -> tuple[float | None, float | None, float | None, int]:
    """The mean over queries or clusters with its interval, and their number."""
    if groups.positive is None:
        return None, None, None, 0
    shares = _per_unit(groups, suspected_shares(groups, values), clusters)
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


def _per_unit(groups: Groups, values: Floats, clusters: Clusters | None) -> Floats:
    """The mean over the groups of each query with a value, then over its cluster."""
    # In an order that is not the file's, on which the last digits of sums depend
    known = np.lexsort((values, groups.queries))
    known = known[~np.isnan(values[known])]
    means = query_means(
        groups.queries[known], values[known], n_queries=len(groups.qids)
    )
    there = np.flatnonzero(~np.isnan(means))
    there = there[sorted_places(groups.qids[there])]
    return units_of(groups.qids[there], clusters).means(means[there])


def _mean(groups: Groups, values: Floats, clusters: Clusters | None) -> float | None:
    means = _per_unit(groups, values, clusters)
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
            f"the teacher prefers {suspected:.1%} of the negatives to the positive"
            f"{SO}negatives that the teacher scores above their positive are relevant, "
            "or the teacher is wrong; rankbound sample --drop-suspected leaves them "
            f"out, and {UNKNOWN_EFFECT}"
        )
    if judged and relevant:
        said.append(
            f"{relevant:,} of {judged:,} judged negatives are relevant{SO}a student is "
            "taught to rank relevant negatives low; what was judged is what systems "
            "retrieved, so judgements say nothing of the other negatives"
        )
    return tuple(said)


def card_advice(cards: Sequence[Card]) -> tuple[str, ...]:
    """The advice of several cards without their numbers, each kind said once.

    Examples
    --------
    >>> card_advice(())
    ()
    """
    by_kind: dict[str, list[str]] = {}
    for card in cards:
        for said in card.advice:
            by_kind.setdefault(said.partition(SO)[2], []).append(card.sampling)
    return tuple(f"{', '.join(of)}{SO}{follows}" for follows, of in by_kind.items())


def false_negatives(
    cards: Sequence[Card],
    files: Mapping[str, str],
    *,
    rests_on: str,
    command: str,
    teacher: str = "",
) -> Answer:
    """How many negatives the teacher scores above the positive, of some samplings.

    Parameters
    ----------
    cards : sequence of Card
        With `suspected`.
    files : mapping of str to str
        The file of each sampling.
    rests_on : str
    command : str
        The command line of the result.
    teacher : str
        The file of its scores, if the command line does not say it.
    """
    parts, judged = [], []
    for card in cards:
        part = f"{card.sampling} {percent(card.suspected or 0.0)}"
        if card.suspected_lower is not None and card.suspected_upper is not None:
            lower = percent_at_least(card.suspected_lower).rstrip("%")
            part += f" [{lower}, {percent_at_most(card.suspected_upper)}]"
        parts.append(part)
        if card.judged_negatives:
            judged.append(
                f"{card.sampling} {card.relevant_negatives or 0:,} of "
                f"{card.judged_negatives:,}"
            )
    sure = [card for card in cards if card.suspected_lower]
    # What to draw again are the groups with the most of them
    worst = max(sure or cards, key=lambda card: card.suspected or 0.0)
    groups = files[worst.sampling]
    return Answer.to(
        "false-negatives",
        "suspected" if sure else "none suspected",
        rests_on=rests_on,
        listed=listed(parts, MOST),
        judged=f"; judged relevant: {listed(judged, MOST)}" if judged else "",
        sample=following(
            command,
            "sample",
            "",
            *([("--teacher", (teacher,))] if teacher else []),
            ("--groups", (groups,)),
            ("--sampling", ("top",)),
            ("--drop-suspected", ()),
            (OUT, (f"{Path(groups).name.partition('.')[0] or 'groups'}-kept.jsonl",)),
        ),
    )
