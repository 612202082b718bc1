"""Lemma 2: how small and how large the loss of a pair, or the risk of a query, can be.

(a) at one preference, (b) for a pair with both margins in their ranges, (c) for the
mean over the pairs of one query, whose range is narrower than that of one pair.
"""

from __future__ import annotations

from typing import Final

from sympy import Min, Piecewise, Symbol, floor, log

from rankbound.bounds.notation import A, B, D_q, Z_q, a, c_E, k, m, p, w
from rankbound.bounds.special import (
    BinaryEntropy,
    MarginDivergence,
    PairEntropy,
    Sigmoid,
    Softplus,
)
from rankbound.bounds.statements import Statement

CONVEXITY: Final = "convexity of the log-loss; proved in the appendix"

_pair: Final = Symbol(r"\ell(p, m)", real=True)
_cut: Final = Symbol("c_k", positive=True)
_rare: Final = Min(p, 1 - p)
_z_low: Final = Softplus(-c_E * B)
_z_high: Final = log(2) + c_E * (Softplus(B) - log(2))

LEMMA_2A: Final = (
    Statement(
        key="lemma-2a-upper",
        title="Largest loss at one preference",
        words="At a fixed preference no admissible margin costs more.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=CONVEXITY,
        relation="<=",
        left=_pair,
        expression=Softplus(B) - _rare * B,
        arguments=(p, B),
        attained_by="the margin of size B that reverses the preference",
    ),
    Statement(
        key="lemma-2a-lower",
        title="Smallest loss at one preference",
        words="At a fixed preference no admissible margin costs less: the entropy, if "
        "the teacher's margin is admissible.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=CONVEXITY,
        relation=">=",
        left=_pair,
        expression=Piecewise(
            (BinaryEntropy(p), _rare >= Sigmoid(-B)),
            # the loss at the margin of size B that agrees with the teacher
            (_rare * Softplus(B) + (1 - _rare) * Softplus(-B), True),
        ),
        arguments=(p, B),
        attained_by="the admissible margin closest to the teacher's",
    ),
)

LEMMA_2B: Final = (
    Statement(
        key="lemma-2b-lower",
        title="Smallest loss of a pair",
        words="No pair costs less, whatever its two margins in their ranges.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source=CONVEXITY,
        relation=">=",
        left=_pair,
        expression=Piecewise(
            (PairEntropy(A), A <= B),
            (Sigmoid(-A) * Softplus(B) + Sigmoid(A) * Softplus(-B), True),
        ),
        arguments=(A, B),
        attained_by="teacher margin A and student margin min(A, B)",
    ),
    Statement(
        key="lemma-2b-upper",
        title="Largest loss of a pair",
        words="No pair costs more, whatever its two margins in their ranges.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source=CONVEXITY,
        relation="<=",
        left=_pair,
        expression=Softplus(B) - Sigmoid(-A) * B,
        arguments=(A, B),
        attained_by="teacher margin A and student margin -B",
    ),
    Statement(
        key="lemma-2b-divergence",
        title="Largest divergence of a pair",
        words="No student margin in its range diverges more from a teacher margin in "
        "its range.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source=CONVEXITY,
        relation="<=",
        left=MarginDivergence(a, m),
        expression=Softplus(B) - Sigmoid(-A) * B - PairEntropy(A),
        arguments=(A, B),
        attained_by="teacher margin A and student margin -B",
    ),
)

LEMMA_2C: Final = (
    Statement(
        key="lemma-2c-cut-ratio",
        title="Cut ratio of all pairs",
        words="Of all pairs of k documents the best cut separates this share. For a "
        "star of one positive and its negatives the share is one.",
        kind="identity",
        status="proved",
        source="maximum cut of a complete graph; proved in the appendix",
        left=_cut,
        expression=floor(k**2 / 4) / (k * (k - 1) / 2),
        arguments=(k,),
    ),
    Statement(
        key="lemma-2c-lower",
        title="Smallest risk of one query",
        words="The mean loss of the pairs of one query is never less.",
        kind="lower",
        status="proved",
        assumptions=("A1'",),
        source=CONVEXITY,
        relation=">=",
        left=Z_q,
        expression=_z_low,
        arguments=(B, c_E),
    ),
    Statement(
        key="lemma-2c-upper",
        title="Largest risk of one query",
        words="The mean loss of the pairs of one query is never more: not all pairs "
        "can have the largest margin at once.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=CONVEXITY,
        relation="<=",
        left=Z_q,
        expression=_z_high,
        arguments=(B, c_E),
        attained_by="two clusters of documents at score distance B, which the teacher "
        "ranks in reverse with certainty",
    ),
    Statement(
        key="lemma-2c-width",
        title="Width of the risk of one query",
        words="The risk of one query lies in an interval of this width, the range "
        "that the limits of Theorem 1 use; it is never wider than B, and narrower "
        "where the best cut does not separate all pairs.",
        kind="identity",
        status="proved",
        assumptions=("A1'",),
        source=CONVEXITY,
        left=w,
        expression=_z_high - _z_low,
        arguments=(B, c_E),
    ),
    Statement(
        key="lemma-2c-divergence",
        title="Largest divergence of one query",
        words="The mean divergence of the pairs of one query is never more than the "
        "largest risk.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=CONVEXITY,
        relation="<=",
        left=D_q,
        expression=_z_high,
        arguments=(B, c_E),
        attained_by="two clusters of documents at score distance B, which the teacher "
        "ranks in reverse, with certainty of every pair, also within a cluster",
    ),
)

STATEMENTS: Final = (*LEMMA_2A, *LEMMA_2B, *LEMMA_2C)
