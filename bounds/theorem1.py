"""Theorem 1: the risk of all pairs from a sample of queries.

Every part holds with probability at least 1 - delta over n independent queries, each of
which counts once, as the mean loss of its pairs; the pairs of a query need not be
independent. The range of one observation is Lemma 2c's, not B.
"""

from __future__ import annotations

from typing import Final

from sympy import log, sqrt

from rankbound.bounds.betting import betting
from rankbound.bounds.limits import kl_chernoff, split_limit
from rankbound.bounds.notation import (
    K,
    R,
    R_hat,
    V_hat,
    delta,
    excess,
    n,
    rademacher,
    w,
)
from rankbound.bounds.statements import Statement

FIXED: Final = ("A0", "A1'")
RANGE: Final = " The range of one observation is that of Lemma 2c, not B."

LIMITS: Final = (
    Statement(
        key="theorem-1a",
        title="Hoeffding limit",
        words="The risks of K fixed students exceed their sample means by at most "
        "this much, all at once." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=FIXED,
        source="Hoeffding (1963), Theorem 2",
        relation="<=",
        left=R,
        expression=R_hat + w * sqrt(log(K / delta) / (2 * n)),
        arguments=(R_hat, w, n, K, delta),
    ),
    Statement(
        key="theorem-1b",
        title="Chernoff limit",
        words="The risk is at most the largest mean whose binary relative entropy "
        "from the sample mean is within log(K / delta) / n, on the scale of the range; "
        "never worse than (a)." + RANGE,
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=FIXED,
        source="Chernoff (1952); Hoeffding (1963), Theorem 1",
        relation="<=",
        left=R,
        procedure=kl_chernoff,
    ),
    Statement(
        key="theorem-1c",
        title="Empirical Bernstein limit",
        words="The width of the limit follows the variance of the risk over queries; "
        "the range enters at rate 1 / n only. With few queries it is worse than (a): "
        "at delta = 0.05 and for one student on every sample of fewer than 52 queries, "
        "even one without variance." + RANGE,
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=FIXED,
        source="Maurer and Pontil (2009), Theorem 4",
        relation="<=",
        left=R,
        expression=R_hat
        + sqrt(2 * V_hat * log(2 * K / delta) / n)
        + 7 * w * log(2 * K / delta) / (3 * (n - 1)),
        arguments=(R_hat, V_hat, w, n, K, delta),
    ),
    Statement(
        key="theorem-1d",
        title="Betting limit",
        words="The risk is at most the largest mean against which gamblers with fixed "
        "stakes have not, on average, multiplied their capital by K / delta. The "
        "default. On coins, where every query has the least or the largest risk, (b) "
        "is never above it, whatever the stakes: a grid pays for its average." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=FIXED,
        source="Ville (1939); Waudby-Smith and Ramdas (2024)",
        relation="<=",
        left=R,
        procedure=betting,
    ),
)

SPLIT: Final = (
    Statement(
        key="theorem-1g",
        title="Split limit",
        words="The risk is at most a limit for the teacher's entropy plus a limit for "
        "the divergence, each at half the failure probability. The range of the "
        "entropy is ln 2, that of the divergence the largest risk of Lemma 2c; only "
        "the latter grows with B.",
        kind="upper",
        status="proved",
        assumptions=FIXED,
        source="union bound over Lemma 1; proved in the appendix",
        relation="<=",
        left=R,
        procedure=split_limit,
    ),
)

EXCESS: Final = (
    Statement(
        key="theorem-1h",
        title="Excess risk of the best of K students",
        words="The student with the least sample risk among K fixed ones is this "
        "close to the best of them. The teacher's entropy cancels." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=FIXED,
        source="Hoeffding (1963); proved in the appendix",
        relation="<=",
        left=excess,
        expression=2 * w * sqrt(log(K / delta) / (2 * n)),
        arguments=(w, n, K, delta),
    ),
    Statement(
        key="theorem-1h-bilinear",
        title="Excess risk of the best bilinear student",
        words="The bilinear student with the least sample risk is this close to the "
        "best of its class. The teacher's entropy cancels." + RANGE,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("A0", "A1'", "BIL"),
        source="McDiarmid (1989); Bartlett and Mendelson (2002); proved in the "
        "appendix",
        relation="<=",
        left=excess,
        expression=2 * rademacher + 2 * w * sqrt(log(1 / delta) / (2 * n)),
        arguments=(rademacher, w, n, delta),
    ),
)

STATEMENTS: Final = (*LIMITS, *SPLIT, *EXCESS)
