"""Lemmas 0, 1 and 3: the diameter, the two parts of the loss, and its slopes.

A pair of documents of one query has a teacher margin a, a preference p = sigmoid(a) and
a student margin m; its loss is -p log sigmoid(m) - (1 - p) log sigmoid(-m).
"""

from __future__ import annotations

from typing import Final

from sympy import Derivative, Rational, Symbol, log

from rankbound.bounds.notation import (
    A,
    B,
    Delta,
    Delta_supp,
    N,
    R_off,
    R_product,
    a,
    m,
    p,
)
from rankbound.bounds.special import (
    BinaryEntropy,
    Divergence,
    MarginDivergence,
    Sigmoid,
    Softplus,
)
from rankbound.bounds.statements import Statement

OURS: Final = "proved in the appendix"

# The loss by its definition; every term is non-negative, so nothing cancels.
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

STATEMENTS: Final = (*LEMMA_0, *LEMMA_1, *LEMMA_3)
