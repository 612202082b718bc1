"""Lemmas 0 to 3: the diameter, the two parts of the loss, its range and its slopes.

A pair of documents of one query has a teacher margin a, a preference p = sigmoid(a) and
a student margin m; its loss is -p log sigmoid(m) - (1 - p) log sigmoid(-m).

Lemma 2 bounds the loss (a) at one preference, (b) for a pair whose two margins lie in
their ranges, and (c) for the mean over the pairs of one query, whose range is narrower
than that of one pair.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from sympy import Derivative, Min, Piecewise, Rational, Symbol, floor, log

from rankbound.bounds.notation import (
    A,
    B,
    D_q,
    Delta,
    Delta_supp,
    N,
    R_off,
    R_product,
    Z_q,
    a,
    c_E,
    k,
    m,
    p,
    w,
)
from rankbound.bounds.special import (
    BinaryEntropy,
    Divergence,
    MarginDivergence,
    PairEntropy,
    Sigmoid,
    Softplus,
)
from rankbound.bounds.statements import OURS, Statement
from rankbound.bounds.views import View

# The loss by its definition. No term is negative, so nothing cancels.
LOSS: Final = p * Softplus(-m) + (1 - p) * Softplus(m)
_short: Final = Softplus(m) - p * m
_bregman: Final = Softplus(m) - Softplus(a) - Sigmoid(a) * (m - a)
_slope: Final = Symbol(r"|\partial_{m}\ell|", nonnegative=True)
_teacher_slope: Final = Symbol(r"|\partial_{a}\ell|", nonnegative=True)

LEMMA_0: Final = (
    Statement(
        key="lemma-0",
        title="Essential diameter",
        words="For a separable space and independent draws, the essential diameter of "
        "a query is the diameter of the support of its sampler.",
        kind="identity",
        status="proved",
        source=OURS,
        left=Delta,
        expression=Delta_supp,
        arguments=(Delta_supp,),
    ),
    Statement(
        key="lemma-0-pool",
        title="Drawing with and without replacement",
        words="Pairs drawn with replacement from N documents coincide with chance "
        "1 / N and then cost ln 2. The same holds for the entropy; the divergence has "
        "no last term.",
        kind="identity",
        status="proved",
        source=OURS,
        left=R_product,
        expression=(1 - 1 / N) * R_off + log(2) / N,
        arguments=(R_off, N),
    ),
)

LEMMA_1: Final = (
    Statement(
        key="lemma-1",
        title="Entropy plus divergence",
        words="The loss of a pair is the teacher's entropy plus the divergence of "
        "the student from the teacher; so, exactly, for means over pairs and queries.",
        kind="identity",
        status="proved",
        source="Bregman form of the log-loss: Gneiting and Raftery (2007); " + OURS,
        left=LOSS,
        expression=BinaryEntropy(p) + Divergence(p, m),
        arguments=(p, m),
    ),
    Statement(
        key="lemma-1-loss",
        title="Loss in the margin",
        words="The loss is a softplus minus a linear term; as written on the right, "
        "no large terms cancel.",
        kind="identity",
        status="proved",
        source=OURS,
        left=_short,
        expression=LOSS,
        arguments=(p, m),
    ),
    Statement(
        key="lemma-1-margin",
        title="Divergence as a Bregman divergence",
        words="The divergence of two preferences is the Bregman divergence of "
        "softplus at their margins. The right-hand side is evaluated without "
        "forming 1 - sigmoid, by a series for close margins.",
        kind="identity",
        status="proved",
        provenance="literature",
        source="Banerjee et al. (2005); " + OURS,
        left=_bregman,
        expression=MarginDivergence(a, m),
        arguments=(a, m),
    ),
)

LEMMA_3: Final = (
    Statement(
        key="lemma-3-slope",
        title="Slope of the loss",
        words="The slope of the loss in the student margin is the difference of the "
        "two preferences.",
        kind="identity",
        status="proved",
        source=OURS,
        left=Derivative(_short, m),
        expression=Sigmoid(m) - p,
        arguments=(m, p),
    ),
    Statement(
        key="lemma-3-curvature",
        title="Curvature of the loss",
        words="The loss is convex in the student margin, with a curvature of at most "
        "one quarter that does not depend on the teacher.",
        kind="identity",
        status="proved",
        source=OURS,
        left=Derivative(_short, (m, 2)),
        expression=Sigmoid(m) * Sigmoid(-m),
        arguments=(m,),
    ),
    Statement(
        key="lemma-3-lipschitz",
        title="Largest slope in the student margin",
        words="On the box of both ranges the loss changes by at most this much per "
        "unit of student margin, and by less than one.",
        kind="tight",
        status="proved",
        assumptions=("A1'", "A2"),
        source=OURS,
        relation="<=",
        left=_slope,
        expression=Sigmoid(B) - Sigmoid(-A),
        arguments=(A, B),
        attained_by="student margin B and teacher margin -A",
    ),
    Statement(
        key="lemma-3-teacher",
        title="Largest slope in the teacher margin",
        words="The loss changes by at most B / 4 per unit of teacher margin.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source=OURS,
        relation="<=",
        left=_teacher_slope,
        expression=B * Rational(1, 4),
        arguments=(B,),
        attained_by="student margin B and teacher margin 0",
    ),
)


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
            # The loss at the margin of size B that agrees with the teacher
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

STATEMENTS: Final = (
    *LEMMA_0,
    *LEMMA_1,
    *LEMMA_2A,
    *LEMMA_2B,
    *LEMMA_2C,
    *LEMMA_3,
)


def query_range(score_range: float, *, cut_ratio: float) -> tuple[float, float]:
    """Smallest and largest risk (z_-, z_+) of one query, in nats.

    Parameters
    ----------
    score_range : float
        B >= 0, the largest absolute student margin of a pair.
    cut_ratio : float
        c_E in (0, 1]: `cut_ratio_all_pairs(k)`, or 1 for a star of one positive and
        its negatives. If the number of documents varies, use that of the smallest.

    Returns
    -------
    tuple of float
        0 <= z_- <= ln 2 <= z_+. The divergence of one query lies in [0, z_+].

    Raises
    ------
    DomainError
        If an argument is outside its domain.

    Notes
    -----
    ``z_- = softplus(-c_E B)``, ``z_+ = ln 2 + c_E (softplus(B) - ln 2)``.
    Source: Lemma 2c.

    Examples
    --------
    >>> low, high = query_range(10.0, cut_ratio=cut_ratio_all_pairs(16))
    >>> round(low, 4), round(high, 4)
    (0.0048, 5.6568)
    """
    low = _view("lemma-2c-lower")(score_range, cut_ratio)
    return float(low), float(_view("lemma-2c-upper")(score_range, cut_ratio))


def cut_ratio_all_pairs(k: int) -> float:
    """Share of all pairs of k documents that the best cut separates.

    Parameters
    ----------
    k : int
        Number of documents of the query, at least 2.

    Returns
    -------
    float
        ``floor(k**2 / 4) / (k (k - 1) / 2)``, which falls from 1 to 1/2 with k.

    Raises
    ------
    DomainError
        If k < 2, since there is no pair then.

    Notes
    -----
    Source: Lemma 2c.

    Examples
    --------
    >>> [round(cut_ratio_all_pairs(k), 4) for k in (2, 3, 4, 16)]
    [1.0, 0.6667, 0.6667, 0.5333]
    """
    return float(_view("lemma-2c-cut-ratio")(k))


@cache
def _view(key: str) -> View:
    return next(entry for entry in LEMMA_2C if entry.key == key).numpy()
