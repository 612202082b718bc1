"""Theorem 7: a bound with a quantile of the distance, and the price of it."""

from __future__ import annotations

from typing import Final

from rankbound.bounds.notation import Delta_max, L, R, R_t, beta_t, excess_t, t
from rankbound.bounds.statements import Statement
from rankbound.bounds.truncation import truncated_limit

OURS: Final = "proved in the appendix"

STATEMENTS: Final = (
    Statement(
        key="theorem-7a",
        title="Risk with the distances cut at a threshold",
        words="The risk is at most the risk in which every pair farther apart than t "
        "is charged the worst loss at t, plus L times the mean distance beyond t.",
        kind="tight",
        status="proved",
        assumptions=("A1",),
        source=OURS,
        relation="<=",
        left=R,
        expression=R_t + L * excess_t,
        arguments=(R_t, L, excess_t),
        attained_by="no pair beyond t",
    ),
    Statement(
        key="theorem-7a-mass",
        title="Risk with the distances cut at a quantile",
        words="The same with the share of the pairs beyond t, each at the largest "
        "distance: the price of a quantile diameter.",
        kind="tight",
        status="proved",
        assumptions=("A1",),
        source=OURS,
        relation="<=",
        left=R,
        expression=R_t + L * (Delta_max - t) * beta_t,
        arguments=(R_t, L, Delta_max, t, beta_t),
        attained_by="no pair beyond t",
    ),
    Statement(
        key="theorem-7b",
        title="Limit with a quantile diameter",
        words="A limit for the truncated risk plus L times a limit for the mean "
        "distance beyond the threshold, each at half the failure probability. The "
        "threshold comes from elsewhere, or from a grid of M with delta / M. A "
        "quantile diameter without this tail term certifies nothing.",
        kind="upper",
        status="proved",
        assumptions=("A0", "A1"),
        source="union bound over Theorem 1; " + OURS,
        relation="<=",
        left=R,
        procedure=truncated_limit,
    ),
)
