"""Theorem 4 (a): how certain a teacher can be whose margins are small."""

from __future__ import annotations

from typing import Final

from sympy import Piecewise, log

from bounds.constants import a_star, lambda_star
from bounds.notation import H_q, mean_a
from bounds.special import PairEntropy
from bounds.statements import Statement

STATEMENTS: Final = (
    Statement(
        key="theorem-4a",
        title="Entropy floor",
        words="A teacher whose margins have this mean absolute value has at least "
        "this entropy: small margins, as of documents close together, cannot be "
        "certain.",
        kind="tight",
        status="proved",
        source="convex minorant of the pair entropy and Jensen's inequality; "
        "proved in the appendix",
        relation=">=",
        left=H_q,
        expression=Piecewise(
            (log(2) - lambda_star * mean_a, mean_a <= a_star),
            (PairEntropy(mean_a), True),
        ),
        arguments=(mean_a,),
        attained_by="two clusters of documents at teacher margin a_star",
    ),
)
