"""`comparison.json`: the account of a comparison, for programs and for the record."""

from __future__ import annotations

from typing import Any

from rankbound.comparing.catalogue import CATALOGUE, base
from rankbound.comparing.run import Comparison
from validation.family import Answer

SCHEMA = "rankbound.comparison/1"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data, ready for JSON."""
    options = comparison.options
    return {
        "schema": SCHEMA,
        "reference": options.baseline,
        "family": family_record(comparison),
        "rows": [row(answer) for answer in comparison.answers],
    }


def family_record(comparison: Comparison) -> dict[str, Any]:
    """What was compared, and how errors are controlled over it."""
    options, answers = comparison.options, comparison.answers
    return {
        "size": len(answers),
        "samplings": [n for n in options.names if n != options.baseline],
        "quantities": list(dict.fromkeys(a.question.quantity for a in answers)),
        "pairs": list(options.pair_sets),
        "delta": options.delta,
        "interval_level": 1 - options.delta / len(answers),
    }


def row(answer: Answer) -> dict[str, Any]:
    """One comparison."""
    made, ask = answer.comparison, answer.question
    return {
        "sampling": ask.sampling,
        "quantity": ask.quantity,
        "pairs": ask.pairs,
        "n": made.n,
        "mean": made.mean,
        "reference_mean": made.reference_mean,
        "difference": made.difference,
        "lower": made.lower,
        "upper": made.upper,
        "p_holm": answer.p_holm,
        "effect_size": made.effect_size,
        "margin": ask.margin,
        "smallest_margin": answer.smallest_margin,
        "n_for_margin": answer.n_for_margin,
        "verdict": answer.verdict,
        "unit": CATALOGUE[base(ask.quantity)].unit,
        "method": made.method,
    }
