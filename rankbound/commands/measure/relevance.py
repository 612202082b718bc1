"""What a student's terms say about true relevance: Theorem 3, on the data.

From the teacher's preferences and the student's margins alone if the teacher is
calibrated; from judged pairs without that assumption.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rankbound.bounds.calibration import calibration_shift
from rankbound.bounds.certificate import LN2
from rankbound.bounds.misranking import misranking_ceiling, misranking_floor
from rankbound.commands.measure.evaluated import Evaluated, Level
from rankbound.commands.measure.judged import (
    UNJUDGED,
    JudgedPairs,
    binned_calibration_term,
    judged_pairs,
    misordered,
    reliability,
)
from rankbound.data.scores import Floats, Scores
from rankbound.estimators.pointwise import pair_divergence, pair_entropy, sigmoid

ASSUMPTIONS: Final = (
    "misranking, ceiling and floor rest on A0 and on a calibrated teacher: given the "
    "query and both documents (A4i) for the floor, given p and the sign of the "
    "student's margin (A4ii) for the others; asserted, since judgements can refute "
    "but not prove it",
    "limits from divergences rest on A1' and on the group size, as the certificate; "
    "those on judged pairs on A1' alone",
    "observed_misranking and calibration_shift rest on A0 alone, for queries with "
    "judged pairs; ceiling_with_calibration describes the sample and is no limit",
    "each interval and limit is valid by itself, for all students at once",
)

Terms = dict[str, Floats]


def relevance(student: Evaluated, qrels: Scores) -> dict[str, Any]:
    """Misranking of one student: from preferences, and on judged pairs.

    Returns
    -------
    dict
        `misranking`, `ceiling` and `floor` of all counted pairs, each with its limit;
        `judged` the same with what the judgements add, or None with
        `judged_missing_because`.
    """
    pairs = judged_pairs(student, qrels)
    return {
        **_reading(_all_terms(student), student.high, student.level),
        "judged": None if pairs is None else _judged(pairs, student),
        "judged_missing_because": UNJUDGED if pairs is None else None,
        "assumptions": list(ASSUMPTIONS),
    }


def pair_terms(teacher_margin: Floats, student_margin: Floats) -> Terms:
    """What is averaged over pairs, elementwise.

    Examples
    --------
    >>> terms = pair_terms(np.array([0.0]), np.array([1.0]))
    >>> [round(float(terms[key][0]), 4) for key in ("misranking", "bayes", "entropy")]
    [0.5, 0.5, 0.6931]
    """
    p = sigmoid(teacher_margin)
    divergence = pair_divergence(teacher_margin, student_margin)
    opposed = np.sign(teacher_margin) * np.sign(student_margin) < 0
    half = np.where(student_margin == 0, 0.5, opposed)
    return {
        "misranking": misordered(student_margin, np.asarray(p)),
        "bayes": np.minimum(p, sigmoid(-teacher_margin)),
        "entropy": pair_entropy(teacher_margin),
        "divergence": divergence,
        "discordant": half * divergence,
    }


def _all_terms(student: Evaluated) -> Terms:
    """Per query, over all counted pairs."""
    per_group: Terms = {}
    for block in student.blocks():
        terms = pair_terms(block.teacher_margin, block.student_margin)
        for name, values in terms.items():
            column = per_group.setdefault(name, np.empty(student.groups.n_groups))
            column[block.groups] = block.means(values)
    return {name: student.per_query(values) for name, values in per_group.items()}


def _reading(terms: Terms, high: float, level: Level) -> dict[str, Any]:
    """Misranking, ceiling and floor from one number per query of each term."""
    entropy, divergence, discordant = (
        float(terms[name].mean()) for name in ("entropy", "divergence", "discordant")
    )
    entropy = min(entropy, LN2)
    # Three limits hold at once, so each gets a third of delta
    limits = {
        name: level.upper(terms[name], high=top, share=1 / 3)
        for name, top in (("entropy", LN2), ("divergence", high), ("discordant", high))
    }
    half_bits = entropy / (2 * LN2)
    lowest = level.lower(terms["entropy"], high=LN2)
    return {
        "misranking": level.part(terms["misranking"], low=0.0, high=1.0),
        "ceiling": {
            "value": misranking_ceiling(entropy, divergence, discordant=discordant),
            "from_divergence": min(1.0, half_bits + float(np.sqrt(2 * divergence))),
            "from_risk": min(1.0, (entropy + divergence) / LN2),
            "limit": misranking_ceiling(
                limits["entropy"],
                limits["divergence"],
                discordant=limits["discordant"],
            ),
        },
        "floor": {
            "value": float(terms["bayes"].mean()),
            "limit": level.lower(terms["bayes"], high=0.5),
            "from_entropy": misranking_floor(entropy),
            "from_entropy_limit": misranking_floor(min(LN2, max(0.0, lowest))),
        },
    }


def _judged(pairs: JudgedPairs, student: Evaluated) -> dict[str, Any]:
    """The reading of judged pairs, their observed error, and the calibration term."""
    level, p = student.level, pairs.preference
    raw = pair_terms(pairs.teacher_margin, pairs.student_margin)
    terms = {name: pairs.means(values) for name, values in raw.items()}
    reading = _reading(terms, student.pair_high, level)
    observed = pairs.means(pairs.wrong)
    shift = level.part(observed - terms["misranking"], low=-1.0, high=1.0)
    term = binned_calibration_term(pairs)
    margins, labels, weights = pairs.student_margin, pairs.labels, pairs.weights
    shift["value"] = calibration_shift(p, margins, labels, weights=weights)
    return {
        "n_queries": pairs.n_queries,
        "n_pairs": len(pairs.queries),
        **reading,
        "observed_misranking": {
            **level.part(observed, low=0.0, high=1.0),
            "upper": level.upper(observed, high=1.0),
        },
        "calibration_shift": shift,
        "calibration_term": term,
        "ceiling_with_calibration": min(1.0, reading["ceiling"]["value"] + term),
        "reliability": reliability(pairs, level),
    }
