"""Theorem 12: sums over all pairs of a list by an accelerated alternating series."""

from __future__ import annotations

from typing import Final

from sympy import Symbol, sqrt

from rankbound.bounds.notation import n_terms
from rankbound.bounds.statements import OURS, Statement

_error: Final = Symbol("r_J", nonnegative=True)  # |S - S_J| / S
_root: Final = 3 + 2 * sqrt(2)

STATEMENTS: Final = (
    Statement(
        key="theorem-12",
        title="Error of sums over pairs by an accelerated series",
        words="Sums over the pairs of a list of softplus(-|d|), of the pair entropy, "
        "and of the pair risk once its discordant margins are summed exactly, have at "
        "most the relative error r_J by J terms of the accelerated series, for all "
        "scores; rounding comes on top.",
        kind="tight",
        status="proved",
        source="Cohen, Villegas and Zagier (2000); " + OURS,
        relation="<=",
        left=_error,
        expression=2 / (_root**n_terms + _root**-n_terms),
        arguments=(n_terms,),
        attained_by="one pair, its sigmoid and d = -2 ln sin(i pi / (2 J)), 0 < i <= J",
    ),
)
