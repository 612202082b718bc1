"""Everything that `inspect` measures on the scores of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rankbound.data.groups import top_documents
from rankbound.data.scores import Integers, Kind, Scores
from rankbound.estimators.group_terms import teacher_terms
from rankbound.estimators.kinds import KindGuess, infer_kind
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.estimators.signatures import (
    SQUASHED_BITS,
    Ties,
    close_by_chance,
    constant_queries,
    decimals,
    lattice,
    min_max_queries,
    rank_function,
    smallest_pair_entropy,
    softmax_queries,
    ties,
    top_entropy,
    usual_depth,
)
from rankbound.read.contents import Contents

TOP = 16
# Two logits often lie within 1 of each other; six pairs that all do are evidence
LEAST_PAIRS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ScoreFacts:
    """Everything measured on one file's scores.

    Attributes
    ----------
    scores : Scores
        With the kind that the format says or the values suggest.
    evidence : str
        Why that kind.
    ties : Ties
    by_chance : int
        Of the close neighbours, those that dense scores have by chance.
    constant : int64 array
        Positions of queries with one score for all their documents.
    min_max, softmax : int
        Queries normalised so.
    bits : float or None
        Least pair entropy as if the scores were logits; None without a pair.
    pairs : int
        Pairs of documents of a query.
    decimals : int or None
    precision : str or None
        The floating-point format that the values come from.
    zeros, ends : int
        Scores that are exactly 0; those that are exactly 0 or 1.
    depth : tuple of (int, bool)
        The usual number of documents, and whether that is a cut-off.
    top_bits : float or None
        Mean pairwise entropy in bits of the best 16 of each query, as if the scores
        were logits; None without a query of two documents.
    """

    scores: Scores
    evidence: str
    ties: Ties
    by_chance: int
    constant: Integers
    min_max: int
    softmax: int
    bits: float | None
    pairs: int
    decimals: int | None
    precision: str | None
    zeros: int
    ends: int
    depth: tuple[int, bool]
    top_bits: float | None

    @property
    def kind(self) -> Kind:
        """What the scores are."""
        return self.scores.kind

    def as_dict(self) -> dict[str, Any]:
        """The facts for JSON."""
        alike = self.ties
        return {
            "documents": self.scores.n_docs,
            "usual_depth": self.depth[0],
            "neighbours": alike.neighbours,
            "equal_neighbours": alike.equal,
            "close_neighbours": alike.close,
            "queries_with_ties": alike.queries,
            "largest_tie": alike.largest,
            "documents_sharing_a_score": alike.shared,
            "exact_zeros": self.zeros,
            "constant_queries": len(self.constant),
            "min_max_queries": self.min_max,
            "top_entropy_bits": self.top_bits,
            "smallest_pair_entropy_bits": self.bits,
            "decimals": self.decimals,
            "precision": self.precision,
        }


def score_facts(contents: Contents) -> ScoreFacts:
    """Measure the scores of a file; it must hold some."""
    scores = contents.scores
    if scores is None:
        raise ValueError(f"{contents.path} holds no scores")
    scores, evidence = _with_kind(scores)
    values = scores.values
    return ScoreFacts(
        scores=scores,
        evidence=evidence,
        ties=ties(scores),
        by_chance=close_by_chance(scores),
        constant=constant_queries(scores),
        min_max=min_max_queries(scores),
        softmax=softmax_queries(scores),
        bits=smallest_pair_entropy(scores) if _pairs(scores) else None,
        pairs=_pairs(scores),
        decimals=decimals(values),
        precision=lattice(values),
        zeros=int(np.sum(values == 0)),
        ends=int(np.sum((values == 0) | (values == 1))),
        depth=usual_depth(scores.sizes),
        top_bits=_top_bits(scores),
    )


def _pairs(scores: Scores) -> int:
    """Pairs of documents of one query, over all queries."""
    return int(np.sum(scores.sizes * (scores.sizes - 1)) // 2)


def _top_bits(scores: Scores) -> float | None:
    groups = top_documents(scores, depth=TOP)
    groups = groups.keep_groups(groups.sizes > 1)
    if not groups.n_groups:
        return None
    values, _ = groups.scores_of(scores)
    return float(teacher_terms(groups, values).entropy.mean() / NATS_PER_BIT)


def _with_kind(scores: Scores) -> tuple[Scores, str]:
    """Scores with their kind, and all evidence for it in one sentence."""
    if scores.kind is not Kind.UNKNOWN:
        guess = KindGuess(scores.kind, "the format says so")
    else:
        guess = infer_kind(scores)
    kind, evidence = guess.kind, guess.evidence
    if kind is Kind.RANK_ONLY and scores.sizes.max() > 1:
        shape = rank_function(scores)
        evidence += f" ({shape})" if shape else ""
        evidence += (
            f"; the pairwise entropy of the best 16 is {top_entropy(scores):.3f} bit "
            "in every query"
        )
    bits = smallest_pair_entropy(scores)
    told = _pairs(scores) > 0 and kind is not Kind.RANK_ONLY
    if bits >= SQUASHED_BITS and told:
        evidence += f"; as logits no pair would have less than {bits:.3f} bit"
    return scores.with_kind(kind), evidence
