"""Theorem 2: the risk under a target law from documents of another sampling law.

(a) relates the distances of the laws, (b) goes from one risk to the other by them;
`bounds.theorem2_routes` holds the other ways, (c) to (f). The last part is the whole
bound in one line: locality times shift and complexity, plus entropy, divergence and
deviation.
"""

from __future__ import annotations

from typing import Final

from sympy import Rational, Symbol, log, sqrt

from rankbound.bounds import theorem2_routes
from rankbound.bounds.notation import (
    B,
    D_hat,
    Delta,
    H_hat,
    L,
    R_mu,
    delta,
    kappa,
    n,
    theta,
    w,
    w_pair,
)
from rankbound.bounds.reweighting import shifted_limit
from rankbound.bounds.special import Softplus
from rankbound.bounds.statements import Statement
from rankbound.bounds.theorem2_routes import BY_THETA, CHANGE, OURS

_pairs: Final = Symbol(
    r"\mathrm{TV}(\mu \otimes \mu, \nu \otimes \nu)", nonnegative=True
)
_BY_KAPPA: Final = 1 - kappa**-2

DISTANCES: Final = (
    Statement(
        key="theorem-2a",
        title="Distance of the laws of a pair by the density ratio",
        words="Two independent documents of the target law and two of the sampling "
        "law can be drawn so that they differ at most this often.",
        kind="tight",
        status="proved",
        assumptions=("A3",),
        source="coupling; " + OURS,
        relation="<=",
        left=_pairs,
        expression=_BY_KAPPA,
        arguments=(kappa,),
        attained_by="a uniform sampling law and a target that is uniform on the share "
        "1 / kappa of its documents",
    ),
    Statement(
        key="theorem-2a-pair",
        title="Distance of the laws of a pair",
        words="The total variation distance of the laws of two independent documents, "
        "from that of the laws of one.",
        kind="tight",
        status="proved",
        source="coupling; " + OURS,
        relation="<=",
        left=_pairs,
        expression=BY_THETA,
        arguments=(theta,),
        attained_by="a uniform sampling law and a target that is uniform on some of "
        "its documents",
    ),
    Statement(
        key="theorem-2a-single",
        title="Distance of the laws of a document",
        words="The total variation distance of target and sampling law is at most "
        "this; an infinite density ratio says nothing.",
        kind="tight",
        status="proved",
        assumptions=("A3",),
        source=OURS,
        relation="<=",
        left=theta,
        expression=1 - 1 / kappa,
        arguments=(kappa,),
        attained_by="a uniform sampling law and a target that is uniform on the share "
        "1 / kappa of its documents",
    ),
)

BY_VARIATION: Final = (
    Statement(
        key="theorem-2b",
        title="Shift of the risk by the density ratio",
        words="The risks under target and sampling law differ by at most this. The "
        "width of one pair's loss is B, or less by Lemma 2b; with B = 10 a density "
        "ratio of 1.1 already costs more than guessing.",
        kind="upper",
        status="proved",
        assumptions=("A1'", "A3", "A3'"),
        source=OURS,
        relation="<=",
        left=CHANGE,
        expression=w_pair * _BY_KAPPA,
        arguments=(w_pair, kappa),
    ),
    Statement(
        key="theorem-2b-variation",
        title="Shift of the risk by total variation",
        words="The same from the total variation distance of the laws of a document, "
        "of which the mean over all queries, not over the sample, is meant. No "
        "density ratio has to exist, but the ranges must hold under both laws.",
        kind="upper",
        status="proved",
        assumptions=("A1'", "A3'"),
        source=OURS,
        relation="<=",
        left=CHANGE,
        expression=w_pair * BY_THETA,
        arguments=(w_pair, theta),
    ),
    Statement(
        key="theorem-2b-cap",
        title="Largest shift of the risk",
        words="Whatever the two laws, the risks of independent pairs differ by no "
        "more, about half of B: not all pairs can have the largest margin at once.",
        kind="upper",
        status="proved",
        assumptions=("A1'", "A3'"),
        source="Lemma 2c; " + OURS,
        relation="<=",
        left=CHANGE,
        expression=(Softplus(B) + log(2)) / 2 - Softplus(-B / 2),
        arguments=(B,),
    ),
    Statement(
        key="theorem-2b-limit",
        title="Limit of the target risk with distances measured per query",
        words="If the distance of the laws is computed for each sampled query, the "
        "shift is added to the risk of that query, and one limit of Theorem 1 bounds "
        "the mean of the sum; its range is wider by the width of one pair.",
        kind="upper",
        status="proved",
        assumptions=("A0", "A1'", "A3'"),
        source="Theorem 1 (d); " + OURS,
        relation="<=",
        left=R_mu,
        procedure=shifted_limit,
    ),
)

_parts: Final = H_hat + D_hat + L * Delta * (_BY_KAPPA + 2 / sqrt(n))
_deviation: Final = sqrt(log(1 / delta) * Rational(1, 2) / n)
_HEADLINE: Final = ("A0", "A1", "A1'", "A3", "BIL")

HEADLINE: Final = (
    Statement(
        key="theorem-2-prime",
        title="Locality, entropy, divergence",
        words="The target risk of every bilinear student at once: the teacher's "
        "entropy, the divergence from the teacher, locality times shift and "
        "complexity, and the deviation of the sample. The range of one observation "
        "is that of Lemma 2c at B = L times the diameter.",
        kind="upper",
        status="proved",
        assumptions=_HEADLINE,
        source="Lemma 4, Theorem 1 (e) and Theorem 2 (b); " + OURS,
        relation="<=",
        left=R_mu,
        expression=_parts + w * _deviation,
        arguments=(H_hat, D_hat, L, Delta, kappa, n, delta, w),
    ),
    Statement(
        key="theorem-2-prime-coarse",
        title="Locality times everything but entropy and divergence",
        words="The same with the width of one pair for that of one query: then "
        "locality multiplies all of the bound that is not measured.",
        kind="upper",
        status="proved",
        assumptions=_HEADLINE,
        source="Lemma 4, Theorem 1 (e) and Theorem 2 (b); " + OURS,
        relation="<=",
        left=R_mu,
        expression=H_hat + D_hat + L * Delta * (_BY_KAPPA + 2 / sqrt(n) + _deviation),
        arguments=(H_hat, D_hat, L, Delta, kappa, n, delta),
    ),
)

STATEMENTS: Final = (
    *DISTANCES,
    *BY_VARIATION,
    *theorem2_routes.STATEMENTS,
    *HEADLINE,
)
