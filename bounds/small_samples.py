"""Theorems 8 to 11: what can be said with few queries.

Shares of queries instead of means, the floor below which no limit can be, choices made
on queries that are set aside, and students compared on the same queries.
"""

from __future__ import annotations

from typing import Final

from sympy import Symbol, log, tanh

from rankbound.bounds.contenders import difference_limit
from rankbound.bounds.floors import median_floor
from rankbound.bounds.notation import (
    B,
    B_other,
    K,
    R,
    R_hat,
    c_E,
    delta,
    level,
    n,
    rare,
    z_high,
)
from rankbound.bounds.pilot import pilot_limit
from rankbound.bounds.shares import rising_share, share_limit, tolerance_rank
from rankbound.bounds.special import Softplus
from rankbound.bounds.statements import OURS, Statement

_share: Final = Symbol(r"P(Z_{q} \le x)", nonnegative=True)
_rank: Final = Symbol("r", positive=True)
_rising: Final = Symbol(r"P(\xi_{q} > 0)", nonnegative=True)
_limit: Final = Symbol(r"U", real=True)
_low: Final = Symbol(r"P(U < (1 - \epsilon) R + \epsilon z_{+})", nonnegative=True)
_median: Final = Symbol(r"\operatorname{med} U", real=True)
_margin: Final = Symbol(r"\max |m|", nonnegative=True)
_difference: Final = Symbol(r"Z_{q}(f) - Z_{q}(f')", real=True)
_apart: Final = Symbol(r"R(f) - R(f')", real=True)

# 1 - (delta / K)**(1 / n) without cancellation
_half: Final = tanh(log(K / delta) / (2 * n))
_missed: Final = 2 * _half / (1 + _half)

SHARES: Final = (
    Statement(
        key="theorem-8a",
        title="Share of queries with a small risk",
        words="From how many of n queries have a risk of at most x, a lower limit of "
        "the share of all queries that do, for K students at once. It needs no range: "
        "not even the scores have to be bounded.",
        kind="lower",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Clopper and Pearson (1934); " + OURS,
        relation=">=",
        left=_share,
        procedure=share_limit,
    ),
    Statement(
        key="theorem-8b",
        title="Rank of a tolerance limit",
        words="The risk of this rank among the n queries is not exceeded on a share "
        "alpha of all queries, for K students at once; atoms do no harm.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Wilks (1941); " + OURS,
        relation=">=",
        left=_rank,
        procedure=tolerance_rank,
        attained_by="a continuous law, for which no smaller rank will do",
    ),
    Statement(
        key="theorem-8b-queries",
        title="Queries that a tolerance limit needs",
        words="With fewer queries than this not even the largest risk of the sample is "
        "a tolerance limit: for a share of 90 % at delta = 0.05 it takes 29 queries "
        "for one student, 39 for three and 53 for twelve.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Wilks (1941); " + OURS,
        relation=">=",
        left=n,
        expression=log(K / delta) / log(1 / level),
        arguments=(K, delta, level),
        attained_by="a continuous law and the sample maximum",
    ),
    Statement(
        key="theorem-8c",
        title="Share of queries in which a quantity rises",
        words="A lower limit of the share of queries in which a paired difference is "
        "positive, at half the failure probability; that of the negative differences "
        "holds together with it. No change counts against both.",
        kind="lower",
        status="proved",
        assumptions=("A0",),
        source="Clopper and Pearson (1934); " + OURS,
        relation=">=",
        left=_rising,
        procedure=rising_share,
    ),
)

FLOORS: Final = (
    Statement(
        key="theorem-9a",
        title="Floor of the limits on a sample",
        words="No limit offered here, betting with any stakes, kl, Hoeffding's, "
        "empirical Bernstein or split, is below this on a sample with this mean risk. "
        "It is about these limits and this range, not about every method.",
        kind="tight",
        status="proved",
        source=OURS,
        relation=">=",
        left=_limit,
        expression=R_hat + _missed * (z_high - R_hat),
        arguments=(R_hat, z_high, n, K, delta),
        attained_by="the kl limit, where every query has the least risk",
    ),
    Statement(
        key="theorem-9b",
        title="Chance of a limit below the floor, for any rule",
        words="Whatever rule gives a limit that misses with probability at most delta "
        "under every law in the range, its limit is below this mixture of the risk and "
        "the largest risk with at most this probability.",
        kind="upper",
        status="proved",
        assumptions=("A0",),
        source=OURS,
        relation="<=",
        left=_low,
        expression=delta / (1 - rare) ** n,
        arguments=(delta, rare, n),
    ),
    Statement(
        key="theorem-9b-median",
        title="Floor of the median limit, for any rule",
        words="The median of the limits of any such rule is not below this; delta must "
        "be below one half.",
        kind="lower",
        status="proved",
        assumptions=("A0",),
        source=OURS,
        relation=">=",
        left=_median,
        procedure=median_floor,
    ),
)

PILOT: Final = (
    Statement(
        key="theorem-10a",
        title="Betting limit with a stake from pilot queries",
        words="One stake, the temperature and the score range may depend in any way on "
        "queries that are set aside: given these, the limit from the other queries "
        "fails with probability at most delta, and so it does altogether.",
        kind="upper",
        status="proved",
        assumptions=("A0", "A1'"),
        source="Theorem 1; " + OURS,
        relation="<=",
        left=R,
        procedure=pilot_limit,
    ),
    Statement(
        key="theorem-10b",
        title="Margins of the clipped student",
        words="A student whose scores are raised to at least B below the best document "
        "of the group has margins of at most B, so that the range of Lemma 2c holds "
        "for it. It depends on the group: only limits for fixed students are about it.",
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=_margin,
        expression=B,
        arguments=(B,),
        attained_by="a document that is scored B or more below the best one",
    ),
)

PAIRED: Final = (
    Statement(
        key="theorem-11a",
        title="Largest difference of the risks of two students",
        words="On one query the risks of two students differ by at most the largest "
        "risk of the first less the least risk of the second; for equal ranges this is "
        "the width of Lemma 2c, in either direction. The entropy cancels.",
        kind="upper",
        status="proved",
        assumptions=("A1'",),
        source=OURS,
        relation="<=",
        left=_difference,
        expression=log(2) + c_E * (Softplus(B) - log(2)) - Softplus(-c_E * B_other),
        arguments=(B, B_other, c_E),
    ),
    Statement(
        key="theorem-11b",
        title="Students that cannot be excluded as best",
        words="Lower limits of the risk of one student less that of each of the other "
        "K - 1, which hold together. A student is excluded as best where one of them "
        "is above 0; any best student stays with probability at least 1 - delta.",
        kind="lower",
        status="proved",
        assumptions=("A0", "A1'"),
        source="Theorem 1; " + OURS,
        relation=">=",
        left=_apart,
        procedure=difference_limit,
    ),
)

STATEMENTS: Final = (*SHARES, *FLOORS, *PILOT, *PAIRED)
