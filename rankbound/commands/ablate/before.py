"""What is known of a sampling before training: the terms that might predict students.

`eci` follows the abstract of Sinha, Seetharaman and Bansal (arXiv 2603.20990): the
log-determinant of a matrix of information, to which every negative adds its residual
to the positive in the space of the frozen encoder, weighted by target consistency,
semantic locality and lexical residuality. Their formula was not at hand, so that the
weights, their product and the scale of the matrix are ours: it is no number of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.special import expit

from rankbound.commands.ablate.collections import TRAIN
from rankbound.commands.ablate.measuring import DELTA, PAIRS, Bench, Drawn
from rankbound.commands.ablate.result import SamplingTerms
from rankbound.commands.cards import Card, card_of
from rankbound.commands.measure.certifying import query_terms
from rankbound.data.columns import Floats
from rankbound.data.groups import Groups
from rankbound.data.per_query import PerQuery
from rankbound.estimators.group_terms import geometry, teacher_terms

# Fields of a card, and the names of their predictors
OF_CARD: Final = (
    *("suspected", "entropy", "entropy_pos_neg", "floor", "mean_distance"),
    *("largest_distance", "score_coverage", "variance_share"),
)


def terms_of(
    bench: Bench,
    architectures: Sequence[str],
    sampling: str,
    drawn: Sequence[Drawn],
    *,
    match: bool,
) -> Iterator[SamplingTerms]:
    """The terms of one sampling, means over the groups that seeds have drawn.

    All are of training queries; no student has been trained, and no test query seen.
    """
    name = bench.collection.name
    found = [_of_groups(bench, sampling, one.parts[TRAIN]) for one in drawn]
    yield SamplingTerms(
        collection=name, architecture="", sampling=sampling, terms=_means(found)
    )
    for architecture in architectures:
        lessons = bench.lessons(architecture, [*drawn])
        starts = []
        for seed, one in enumerate(drawn):
            first = bench.untrained(architecture, lessons, seed=seed, match=match)
            limit = bench.before(first, one)
            starts.append(
                {
                    "start_risk": float(limit.risk.mean()),
                    "start_divergence": float(limit.divergence.mean()),
                    "start_bound": limit.upper,
                }
            )
        yield SamplingTerms(
            collection=name,
            architecture=architecture,
            sampling=sampling,
            terms=_means(starts),
        )


def _means(found: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _of_groups(bench: Bench, sampling: str, groups: Groups) -> dict[str, float]:
    """The terms of the groups of one seed."""
    pool = bench.collection.pool
    values, _ = groups.scores_of(pool.teacher)
    card, diameter = _card(bench, sampling, groups, values)
    found = {name: getattr(card, name) for name in OF_CARD}
    known = {name: float(value) for name, value in found.items() if value is not None}
    k = int(groups.sizes[0])
    scores = values.reshape(-1, k)
    own: dict[str, float] = {}
    if card.n_negatives is not None:  # without positives there are none
        own = {"relevant": (card.relevant_negatives or 0) / max(card.n_negatives, 1)}
    own |= {
        "diameter": diameter,
        "score_variance": float(scores.var(axis=1).mean()),
    }
    if card.n_negatives is not None:
        own |= {"eci": _eci(bench, groups, scores)}
    return known | own


def _card(
    bench: Bench, sampling: str, groups: Groups, values: Floats
) -> tuple[Card, float]:
    """The sampling card, and the mean of the largest distance of a group."""
    space = geometry(groups, bench.vectors, pairs=PAIRS)
    every = query_terms(
        groups, teacher_terms(groups, values), pairs=PAIRS, geometry=space
    )
    qids = every.qids
    distances, diameters = every.mean_distance, every.diameter
    if distances is None or diameters is None:  # they were asked for
        raise AssertionError("no distances of groups with vectors")
    measured = {
        ("entropy", PAIRS): PerQuery("entropy", "nats", qids, every.entropy_nats),
        ("margin", PAIRS): PerQuery("margin", "", qids, every.mean_margin),
        ("mean_distance", PAIRS): PerQuery("mean_distance", "", qids, distances),
    }
    if groups.positive is not None:
        crossed = query_terms(
            groups, teacher_terms(groups, values, pairs="pos-neg"), pairs="pos-neg"
        ).entropy_nats
        of_positives = PerQuery("entropy", "nats", qids, crossed)
        measured |= {("entropy", "pos-neg"): of_positives}
    card = card_of(
        sampling,
        groups,
        values,
        teacher=bench.collection.pool.teacher,
        qrels=bench.collection.pool.relevant,
        clusters=None,
        measured=measured,
        largest_distance=float(space.diameter.max()),
        delta=DELTA,
    )
    return card, float(diameters.mean())


def _eci(bench: Bench, groups: Groups, scores: Floats) -> float:
    """The log-determinant of the weighted residuals of all negatives, see above."""
    queries, documents = bench.collection.codes(groups)
    retrieved = bench.collection.retrieved
    of_query = retrieved.query_vectors[queries].astype(np.float64)
    vectors = retrieved.doc_vectors[documents].astype(np.float64)
    cosines = np.einsum("nkd,nd->nk", vectors, of_query)
    consistent = expit(scores[:, :1] - scores[:, 1:])
    local = np.clip(cosines[:, 1:], 0.0, 1.0)
    shared = np.stack(
        [
            retrieved.index.overlap(retrieved.query_tokens[query])[1, row]
            for query, row in zip(queries.tolist(), documents[:, 1:], strict=True)
        ]
    )
    # Shares of rarity are sums, and may pass 1 by rounding
    weights = consistent * local * np.clip(1.0 - shared, 0.0, 1.0)
    residuals = vectors[:, :1] - vectors[:, 1:]
    flat = (np.sqrt(weights)[..., None] * residuals).reshape(-1, vectors.shape[-1])
    matrix = np.eye(vectors.shape[-1]) + flat.T @ flat / len(queries)
    return float(np.linalg.slogdet(matrix)[1])
