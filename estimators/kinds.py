"""What the numbers of a score file are, and how they become logits.

Pairwise entropy depends on the scale of the scores, so the kind has to be known: either
the user says it, or it is inferred from evidence that is reported with the guess. The
guess leans towards kinds that ask for a temperature, since a wrong "logit" or
"probability" would go unnoticed and a wrong "cosine" or "unknown" asks a question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.data.ordering import ranking
from rankbound.data.scores import Kind, Scores

NEEDS_TEMPERATURE = frozenset({Kind.COSINE, Kind.DOT, Kind.BM25, Kind.UNKNOWN})
# Logits of a relevance model rarely span more than this within a query; odds of e**60
# say that the scale is another one.
LARGEST_LOGIT_SPREAD = 60.0
# Coincidences of score gaps with another query's before a run counts as rank-only
LEAST_COINCIDENCES = 4


@dataclass(frozen=True, slots=True)
class KindGuess:
    """A kind and the sentence that says why.

    Attributes
    ----------
    kind : Kind
    evidence : str
        Ends a sentence such as "inferred: logit, since ...".
    """

    kind: Kind
    evidence: str


def infer_kind(scores: Scores) -> KindGuess:
    """Guess what the values of a score file are.

    Examples
    --------
    >>> infer_kind(Scores.from_dict({"q": {"a": 4.2, "b": -3.0}})).kind.value
    'logit'
    >>> infer_kind(Scores.from_dict({"q": {"a": 0.71, "b": 0.35}})).kind.value
    'cosine'
    """
    if is_rank_only(scores):
        return KindGuess(
            Kind.RANK_ONLY, "the score is the same function of the rank in every query"
        )
    low, high = float(scores.values.min()), float(scores.values.max())
    between = f"all scores lie in [{low:.4g}, {high:.4g}]"
    if low == high or (low >= -1 and high <= 1):
        return _within_one(low, high, between)
    if low >= 0:
        product = "none negative: an inner product, dense or BM25"
        return KindGuess(Kind.DOT, f"{between}, {product}")
    if high <= 0:
        return KindGuess(Kind.UNKNOWN, f"{between}, none positive")
    spread = float(_spreads(scores).max())
    if spread > LARGEST_LOGIT_SPREAD:
        apart = f"{between}, {spread:.4g} apart within one query"
        return KindGuess(Kind.UNKNOWN, apart)
    return KindGuess(Kind.LOGIT, f"{between}, of both signs")


def _within_one(low: float, high: float, between: str) -> KindGuess:
    if low == high:
        return KindGuess(Kind.UNKNOWN, f"all scores are {low:.4g}")
    if low < 0:
        return KindGuess(Kind.COSINE, f"{between}, some negative")
    if low <= 0.05 and high >= 0.95:
        return KindGuess(Kind.PROBABILITY, f"{between} and reach both ends")
    if high < 0.2:
        return KindGuess(Kind.UNKNOWN, f"{between}, which no usual model gives")
    return KindGuess(Kind.COSINE, f"{between} and do not reach both 0 and 1")


def is_rank_only(scores: Scores) -> bool:
    """Whether every query's scores are one and the same function of the rank.

    Such scores (N - rank, 1 / rank, 2**(-rank / 10)) have the same pairwise entropy for
    every query: it says nothing about the teacher. Shifts between queries are allowed,
    and constant scores are not called rank-only.

    Examples
    --------
    >>> run = {q: {f"{q}{r}": 1 / (r + 1) for r in range(9)} for q in "ab"}
    >>> is_rank_only(Scores.from_dict(run))
    True
    """
    values = scores.values[ranking(scores)]
    rank = np.arange(len(values)) - np.repeat(scores.offsets[:-1], scores.sizes)
    below_best = np.repeat(values[scores.offsets[:-1]], scores.sizes) - values
    longest = int(np.argmax(scores.sizes))
    start, stop = scores.offsets[longest], scores.offsets[longest + 1]
    pattern = below_best[start:stop]
    if pattern.max() == 0:
        return False
    tolerance = 1e-9 * np.abs(scores.values).max()
    same = np.abs(below_best - pattern[rank]) <= tolerance
    coincidences = int(np.sum(rank > 0)) - (len(pattern) - 1)
    return bool(same.all()) and coincidences >= LEAST_COINCIDENCES


def to_logits(scores: Scores, *, differences: bool = False) -> Scores:
    """Turn probabilities into logits; other kinds stay as they are.

    Margins of a teacher are differences of its scores, so they serve where only
    differences inside given groups count: pairwise entropy and divergence, and a
    softmax over a list, which a common shift does not change. They do not say which
    documents of a query are the best, since scores from margins are known up to a
    constant for each connected part of the documents (`estimators.margins`).

    Parameters
    ----------
    scores : Scores
    differences : bool
        Whether only differences inside given groups will be used.

    Raises
    ------
    DomainError
        For a probability outside (0, 1), naming it; for rank-only scores, which have
        no pairwise entropy of a teacher; for margins unless `differences`.

    Examples
    --------
    >>> half = Scores.from_dict({"q": {"a": 0.5}}).with_kind(Kind.PROBABILITY)
    >>> to_logits(half).values.tolist()
    [0.0]
    """
    if scores.kind is Kind.RANK_ONLY:
        raise DomainError(
            f"{scores.name}: rank-only scores are refused: the score is a function of "
            "the rank alone, so entropy and margins are the same constant for every "
            "query and say nothing about the model; give the model's own scores"
        )
    margins = scores.kind is Kind.MARGIN_ONLY or scores.origins is not None
    if margins and not differences:
        raise DomainError(
            f"{scores.name}: margins of chosen pairs are refused without their groups: "
            "they give scores up to an unknown constant for each connected part of a "
            "query's documents, so they cannot rank every document of a query; give "
            "groups of documents that the margins join, or the scores the margins were "
            "made from"
        )
    if scores.kind is not Kind.PROBABILITY:
        return scores
    if margins:
        raise DomainError(
            f"{scores.name}: margins of probabilities are refused: the difference of "
            "two logits does not follow from that of two probabilities; give the "
            "probabilities themselves"
        )
    return scores.with_values(_logits(scores), kind=Kind.LOGIT)


def _logits(scores: Scores) -> Floats:
    values = scores.values
    bad = np.flatnonzero((values <= 0) | (values >= 1))
    if bad.size:
        qid, docno = scores.where(int(bad[0]))
        raise DomainError(
            f"{scores.name}: {bad.size} probabilities are not strictly between 0 and "
            f"1, the first {float(values[bad[0]])!r} for query {qid!r}, document "
            f"{docno!r}; their logit is infinite: give the model's logits, write more "
            "digits, or, if these are similarities, say that their kind is cosine"
        )
    return np.asarray(np.log(values) - np.log1p(-values))


def _spreads(scores: Scores) -> Floats:
    starts = scores.offsets[:-1]
    high = np.maximum.reduceat(scores.values, starts)
    return np.asarray(high - np.minimum.reduceat(scores.values, starts))
