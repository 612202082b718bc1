"""Theorem 3: what risk, divergence and entropy say about true relevance.

A calibrated teacher turns its preferences into probabilities of being wrong. Marginal
calibration, given the value of p, is not enough for any part.
"""

from __future__ import annotations

from typing import Final

from sympy import Symbol, log, sqrt

from rankbound.bounds.calibration import calibration_term
from rankbound.bounds.misranking import (
    bayes_error,
    misranking,
    misranking_ceiling,
    misranking_floor,
)
from rankbound.bounds.notation import B, D, H, R, cal_gap, err
from rankbound.bounds.statements import Statement

OURS: Final = "proved in the appendix"
SIGN: Final = (
    " Pointwise calibration implies the assumption; calibration given the value of p "
    "does not."
)

_excess_error: Final = Symbol(r"\operatorname{err}(f) - \operatorname{err}_p(f)")
_risk_change: Final = Symbol(r"|R_{Y} - R|", nonnegative=True)

CEILINGS: Final = (
    Statement(
        key="theorem-3a",
        title="Misranking from preferences and margins",
        words="The student misranks a pair with the teacher's probability of the order "
        "it does not choose; a tie is wrong half the time. No label is needed." + SIGN,
        kind="identity",
        status="proved",
        assumptions=("A4ii",),
        source=OURS,
        left=err,
        procedure=misranking,
    ),
    Statement(
        key="theorem-3b",
        title="Misranking from entropy and discordant divergence",
        words="Misranking is at most half the entropy in bits, plus the certainty that "
        "the divergence of the discordant pairs can turn around; computed as the least "
        "of this and part (c), each of which holds." + SIGN,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("A4ii",),
        source="Pinsker (1964) for Bernoulli laws, in its exact form; " + OURS,
        relation="<=",
        left=err,
        procedure=misranking_ceiling,
    ),
    Statement(
        key="theorem-3b-root",
        title="Misranking from entropy and divergence",
        words="The simpler and weaker form, with all of the divergence and Pinsker's "
        "inequality." + SIGN,
        kind="upper",
        status="proved",
        provenance="literature",
        assumptions=("A4ii",),
        source="Pinsker (1964); " + OURS,
        relation="<=",
        left=err,
        expression=H / (2 * log(2)) + sqrt(2 * D),
        arguments=(H, D),
    ),
    Statement(
        key="theorem-3c",
        title="Misranking from the risk",
        words="Misranking is at most the risk in bits; below the form of part (b) "
        "where the divergence is large." + SIGN,
        kind="upper",
        status="proved",
        assumptions=("A4ii",),
        source="the log-loss in bits is above the zero-one loss; " + OURS,
        relation="<=",
        left=err,
        expression=R / log(2),
        arguments=(R,),
    ),
)

FLOORS: Final = (
    Statement(
        key="theorem-3d",
        title="Floor of misranking",
        words="No ranker that sees only query and documents misranks less than the "
        "teacher itself. Only pointwise calibration gives this.",
        kind="tight",
        status="proved",
        assumptions=("A4i",),
        source="Bayes error; " + OURS,
        relation=">=",
        left=err,
        procedure=bayes_error,
        attained_by="the order of the teacher",
    ),
    Statement(
        key="theorem-3d-entropy",
        title="Floor of misranking from the entropy",
        words="No ranker that sees only query and documents misranks less than the "
        "preference whose entropy is the teacher's. Insert a lower limit of the "
        "entropy.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A4i",),
        source="Fano (1961) for two outcomes; " + OURS,
        relation=">=",
        left=err,
        procedure=misranking_floor,
        attained_by="the order of a teacher with one preference, up to orientation, "
        "for all pairs",
    ),
)

MISCALIBRATION: Final = (
    Statement(
        key="theorem-3e",
        title="Misranking under a miscalibrated teacher",
        words="True misranking exceeds what parts (a) to (c) say by at most the mean "
        "gap between the teacher's preference and the true one, given that preference "
        "and the sign of the student's margin.",
        kind="tight",
        status="proved",
        source=OURS,
        relation="<=",
        left=_excess_error,
        procedure=calibration_term,
        attained_by="a teacher who is overconfident wherever it agrees with the "
        "student and underconfident wherever it does not",
    ),
    Statement(
        key="theorem-3e-risk",
        title="Risk under a miscalibrated teacher",
        words="The risk against true preferences differs from that against the teacher "
        "by at most this much.",
        kind="tight",
        status="proved",
        assumptions=("A1'",),
        source="the loss is linear in the preference; " + OURS,
        relation="<=",
        left=_risk_change,
        expression=B * cal_gap,
        arguments=(B, cal_gap),
        attained_by="margins of size B in favour of the document that the teacher "
        "overrates",
    ),
)

STATEMENTS: Final = (*CEILINGS, *FLOORS, *MISCALIBRATION)
