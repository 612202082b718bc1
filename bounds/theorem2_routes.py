"""Theorem 2 (c) to (f): other routes from the sampling law to the target law.

(c) by the worst share of the pairs, (d) by transport, (e) by exact weights, and (f) the
same question for the teacher's entropy.
"""

from __future__ import annotations

from typing import Final

from sympy import Symbol, log

from rankbound.bounds.constants import c_phi
from rankbound.bounds.notation import (
    W_1,
    Delta,
    L,
    L_g,
    R,
    R_mu,
    c_ell,
    kappa,
    tau,
    theta,
)
from rankbound.bounds.reweighting import importance_weighted
from rankbound.bounds.statements import Statement
from rankbound.bounds.transport import line_transport, transport_shift
from rankbound.bounds.worst_share import cvar, cvar_limit

OURS: Final = "proved in the appendix"
CHANGE: Final = Symbol(r"|R_{\mu} - R_{\nu}|", nonnegative=True)
# total variation of the laws of a pair, at most
BY_THETA: Final = theta * (2 - theta)
_entropy_change: Final = Symbol(r"|H_{\mu} - H_{\nu}|", nonnegative=True)

WORST_SHARE: Final = (
    Statement(
        key="theorem-2c",
        title="Worst share of the pairs",
        words="The target risk of a query is at most the mean loss of the worst "
        "1 / kappa**2 of its pairs: the best bound that knows a cap of the pair "
        "densities and nothing else.",
        kind="tight",
        status="proved",
        assumptions=("A3",),
        source="linear programming duality: Rockafellar and Uryasev (2000); " + OURS,
        relation="<=",
        left=R_mu,
        procedure=cvar,
        attained_by="the law of pairs, in general not of independent documents, that "
        "is at the cap on the worst pairs",
    ),
    Statement(
        key="theorem-2c-ratio",
        title="Target risk by a factor",
        words="The target risk is at most the square of the density ratio times the "
        "risk under the sampling law: the better bound where the risk is small.",
        kind="upper",
        status="proved",
        assumptions=("A3",),
        source=OURS,
        relation="<=",
        left=R_mu,
        expression=kappa**2 * R,
        arguments=(kappa, R),
    ),
    Statement(
        key="theorem-2c-limit",
        title="Limit of the target risk from the worst share of the pairs",
        words="For each level of a grid fixed in advance the capped excess of the "
        "losses over the level has a limit by Theorem 1; the smallest of them holds "
        "at the failure probability shared by the grid. The worst share of the "
        "sampled pairs themselves is biased downwards.",
        kind="upper",
        status="proved",
        assumptions=("A0", "A1'", "A3"),
        source="Theorem 1 (d); " + OURS,
        relation="<=",
        left=R_mu,
        procedure=cvar_limit,
    ),
)

BY_TRANSPORT: Final = (
    Statement(
        key="theorem-2d",
        title="Shift of the risk by transport of scores",
        words="The risks differ by at most twice the cost of carrying one law to the "
        "other, where a document pays for its changes of student and teacher score. "
        "Needs scores alone, and no density ratio.",
        kind="upper",
        status="proved",
        assumptions=("A1'", "A2", "A3'"),
        source="Kantorovich; " + OURS,
        relation="<=",
        left=CHANGE,
        procedure=transport_shift,
    ),
    Statement(
        key="theorem-2d-lipschitz",
        title="Shift of the risk by transport of documents",
        words="For student and teacher that are Lipschitz on all the documents the "
        "cost is at most this, from the "
        "transport distance of documents, of which the mean over all queries is "
        "meant. The diameter is the larger one of the two laws.",
        kind="upper",
        status="proved",
        assumptions=("A1", "A2", "A3'"),
        source="Kantorovich; " + OURS,
        relation="<=",
        left=CHANGE,
        expression=2 * L * (c_ell + Delta * L_g / (4 * tau)) * W_1,
        arguments=(L, c_ell, Delta, L_g, tau, W_1),
    ),
    Statement(
        key="theorem-2d-line",
        title="Transport on a line",
        words="The transport distance of two laws on a line is the area between their "
        "distribution functions, which takes one sort.",
        kind="identity",
        status="proved",
        provenance="literature",
        source="Vallender (1974); " + OURS,
        left=W_1,
        procedure=line_transport,
    ),
)

REWEIGHTED: Final = (
    Statement(
        key="theorem-2e",
        title="Importance weighting",
        words="With known densities the weighted risk of a sampled query has the "
        "target risk as its expectation: there is no shift term. Prefer this, or "
        "groups drawn from the target law.",
        kind="identity",
        status="proved",
        assumptions=("A3",),
        source=OURS,
        left=R_mu,
        procedure=importance_weighted,
    ),
)

OF_ENTROPY: Final = (
    Statement(
        key="theorem-2f",
        title="Shift of the entropy by total variation",
        words="The teacher entropies of target and sampling law differ by at most "
        "this: the entropy that was measured is that of the sampling law.",
        kind="upper",
        status="proved",
        source=OURS,
        relation="<=",
        left=_entropy_change,
        expression=log(2) * BY_THETA,
        arguments=(theta,),
    ),
    Statement(
        key="theorem-2f-transport",
        title="Shift of the entropy by transport",
        words="For a teacher that is Lipschitz on the documents of both laws the "
        "entropies differ by at most this, too; the smaller one of the two holds.",
        kind="upper",
        status="proved",
        source="Kantorovich; " + OURS,
        relation="<=",
        left=_entropy_change,
        expression=2 * c_phi * L_g / tau * W_1,
        arguments=(L_g, tau, W_1),
    ),
)

STATEMENTS: Final = (*WORST_SHARE, *BY_TRANSPORT, *REWEIGHTED, *OF_ENTROPY)
