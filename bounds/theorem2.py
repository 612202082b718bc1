"""Theorem 2: the risk under a target law from documents of another sampling law.

(a) bounds the distances of the two laws, and (b) the difference of the two risks by
these distances. Other routes from one law to the other are (c) the worst share of the
pairs, (d) transport and (e) exact weights; (f) answers the question for the teacher's
entropy. The last part is the whole bound in one line: entropy, divergence, locality
times shift and complexity, and deviation. The procedures are in `bounds.shift`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from sympy import Expr, Rational, Symbol, expand, factor_terms, log, sqrt

from rankbound.bounds.lemmas import cut_ratio_all_pairs, query_range
from rankbound.bounds.notation import (
    W_1,
    B,
    D_hat,
    Delta,
    H_hat,
    L,
    L_g,
    R,
    R_mu,
    c_ell,
    delta,
    kappa,
    n,
    tau,
    theta,
    w,
    w_pair,
)
from rankbound.bounds.numeric import Array
from rankbound.bounds.shift import (
    cvar,
    cvar_limit,
    importance_weighted,
    line_transport,
    shifted_limit,
    transport_shift,
)
from rankbound.bounds.special import Softplus, c_phi
from rankbound.bounds.statements import OURS, Statement

CHANGE: Final = Symbol(r"|R_{\mu} - R_{\nu}|", nonnegative=True)
# Upper bound of the total variation distance of the laws of a pair
BY_THETA: Final = theta * (2 - theta)
_entropy_change: Final = Symbol(r"|H_{\mu} - H_{\nu}|", nonnegative=True)

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
        "this, which is vacuous for an infinite density ratio.",
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
        "averaged over all queries, not over the sample. The density ratio may be "
        "infinite, but the ranges must hold under both laws.",
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

WORST_SHARE: Final = (
    Statement(
        key="theorem-2c",
        title="Worst share of the pairs",
        words="The target risk of a query is at most the mean loss of the worst "
        "1 / kappa**2 of its pairs, the best bound from a cap on the densities of "
        "pairs alone.",
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
        "risks differ by at most this, from the transport distance of documents, "
        "averaged over all queries. The diameter is the larger one of the two laws.",
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

HEADLINE: Final = "theorem-2-prime"
_parts: Final = H_hat + D_hat + L * Delta * (_BY_KAPPA + 2 / sqrt(n))
_deviation: Final = sqrt(log(1 / delta) * Rational(1, 2) / n)
_ASSUMED: Final = ("A0", "A1", "A1'", "A3", "BIL")

WHOLE: Final = (
    Statement(
        key=HEADLINE,
        title="Locality, entropy, divergence",
        words="The target risk of every bilinear student at once: the teacher's "
        "entropy, the divergence from the teacher, locality times shift and "
        "complexity, and the deviation of the sample. The range of one observation "
        "is that of Lemma 2c at B = L times the diameter.",
        kind="upper",
        status="proved",
        assumptions=_ASSUMED,
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
        assumptions=_ASSUMED,
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
    *WORST_SHARE,
    *BY_TRANSPORT,
    *REWEIGHTED,
    *OF_ENTROPY,
    *WHOLE,
)

# A summand of the statement belongs to the first part whose symbol it contains
PART_SYMBOLS: Final = {
    "entropy": H_hat,
    "divergence": D_hat,
    "deviation": w,
    "locality x complexity": n,
    "locality x shift": L,
}
PARTS: Final = (
    "entropy",
    "divergence",
    "locality x shift",
    "locality x complexity",
    "deviation",
)


@cache
def part_expressions() -> dict[str, Expr]:
    r"""The parts of the bound as expressions, taken from that of the statement.

    Examples
    --------
    >>> part_expressions()["locality x shift"]
    L*\Delta*(1 - 1/\kappa**2)
    """
    summands = expand(WHOLE[0].expression).args
    found: dict[str, Expr] = {}
    for name, symbol in PART_SYMBOLS.items():
        mine = [s for s in summands if symbol in s.free_symbols]
        summands = tuple(s for s in summands if s not in mine)
        found[name] = factor_terms(sum(mine))
    return {name: found[name] for name in PARTS}


def headline_width(locality: float, *, group_size: int) -> float:
    """Width in nats of one query's risk at B = L times diameter, by Lemma 2c.

    Examples
    --------
    >>> round(headline_width(7.0, group_size=16), 3)
    4.034
    """
    low, high = query_range(locality, cut_ratio=cut_ratio_all_pairs(group_size))
    return high - low


def headline_parts(  # noqa: PLR0913  one argument for each symbol
    *,
    entropy: Array,
    divergence: Array,
    locality: Array,
    n: Array,
    delta: float,
    kappa: Array,
    width: Array,
) -> dict[str, Array]:
    """The parts of the bound in nats; their sum is the value of the statement.

    Parameters
    ----------
    entropy, divergence : float or array
        Means over the sampled queries, in nats.
    locality : float or array
        L times the essential diameter.
    n : float or array
        Number of independent queries.
    delta : float
        Failure probability.
    kappa : float or array
        Largest density ratio, at least 1.
    width : float or array
        Width of the range of one query's risk, in nats; see `headline_width`.

    Examples
    --------
    >>> parts = headline_parts(entropy=0.4, divergence=0.1, locality=7.0, n=10**6,
    ...     delta=0.05, kappa=1.0, width=headline_width(7.0, group_size=16))
    >>> [round(float(part), 4) for part in parts.values()]
    [0.4, 0.1, 0.0, 0.014, 0.0049]
    """
    return {
        "entropy": entropy,
        "divergence": divergence,
        "locality x shift": locality * (1 - np.asarray(kappa, dtype=float) ** -2),
        "locality x complexity": 2 * locality / np.sqrt(n),
        "deviation": width * np.sqrt(-np.log(delta) / (2 * np.asarray(n))),
    }
