"""What a comparison found, row by row, as plain data; and what that rests on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rankbound.bounds.wording import counted
from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.compare.decomposition import METHOD
from rankbound.commands.compare.ranges import UNKNOWN
from rankbound.commands.compare.run import Comparison
from rankbound.commands.measure.temperatures import SHARE
from rankbound.estimators.pairwise import NATS_PER_BIT
from rankbound.validation.family import Answer

SCHEMA: Final = "rankbound.comparison/1"
NO_MARGIN: Final = "there is no agreed margin for this quantity: give --margin"
DEFINITIONS: Final = {
    "difference": "mean over the queries of both samplings of the paired difference, "
    "sampling minus reference; several groups of a query are averaged first",
    "lower, upper": "interval of the mean difference at level 1 - delta / family.size: "
    "all intervals of the family hold at once with probability at least 1 - delta, and "
    "with them all verdicts",
    "p_holm": "two-sided p-value of no difference, by the method of the interval, "
    "adjusted by Holm over the family",
    "effect_size": "d_z: mean difference in standard deviations of the differences",
    "smallest_margin": "the smallest margin at which the whole interval would lie "
    "within it, and the verdict be equivalent or negligible",
    "n_for_margin": "queries at which both ends of the interval would lie within the "
    "margin of the mean, were the differences spread as here; null without a margin",
    "verdict": "different: 0 outside the interval, some of it beyond the margin; "
    "negligible: 0 outside, all of it within the margin; equivalent: 0 inside, all of "
    "it within; inconclusive: 0 inside, some of it beyond",
    "p_equivalence": "two one-sided paired t tests at the margin, not adjusted",
    "orders, order_means": "on the queries that all samplings have",
    "decomposition": METHOD,
    "group_mean": "mean over groups, where a query with more groups weighs more",
    "supremum": "in spaces: the largest over groups, while mean and root_mean_square "
    "are over queries, whose groups are averaged first; of every query, per_query.tsv "
    "has the mean over its groups (value) and the largest of them (largest)",
    "shapes": "shares of all pairs at most so far apart, each query with the same "
    "weight; lengths, copies and TwoNN of the distinct documents, as in the ledger",
    "two_nn, knn_density": "of the documents of a group, copies left out; biased for "
    "so few documents, and comparable between samplings of one group size only",
}


def headline(comparison: Comparison) -> dict[str, Any]:
    """What `comparison.json` says of the verdicts, without what explains them.

    It is quickly made: temperatures are not swept and no control is run.
    """
    options = comparison.options
    return {
        "schema": SCHEMA,
        "reference": options.baseline,
        "family": family_record(comparison),
        "rows": [row(answer) for answer in comparison.answers],
        "delta": options.delta,
        "teacher": teacher_record(comparison),
        "samplings": sampling_records(comparison),
        "warnings": list(comparison.warnings),
        "assumptions": assumptions(comparison),
        "definitions": DEFINITIONS,
    }


def family_record(comparison: Comparison) -> dict[str, Any]:
    """What was compared, and how errors are controlled over it."""
    options, answers = comparison.options, comparison.answers
    size, quantities = len(answers), [a.question.quantity for a in answers]
    others = [name for name in options.names if name != options.baseline]
    return {
        "name": f"{counted(len(others), 'sampling')} against {options.baseline}, "
        f"{', '.join(dict.fromkeys(quantities))}, "
        f"{', '.join(options.pair_sets)} pairs",
        "size": size,
        "samplings": others,
        "quantities": list(dict.fromkeys(quantities)),
        "pairs": list(options.pair_sets),
        "delta": options.delta,
        "interval_level": 1 - options.delta / size,
        "intervals": "Bonferroni: each at level 1 - delta / size",
        "p_values": "Holm",
    }


def row(answer: Answer) -> dict[str, Any]:
    """One comparison."""
    made, ask = answer.comparison, answer.question
    student, bca = made.paired_t, made.bca
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
        "unit": COMPARED[base(ask.quantity)].unit,
        "method": made.method,
        "p": made.p,
        "margin_missing_because": NO_MARGIN if ask.margin is None else None,
        "effect_size_missing_because": None
        if made.effect_size is not None
        else "the differences do not vary",
        "range": None if made.bounds is None else list(made.bounds),
        "range_missing_because": UNKNOWN if made.bounds is None else None,
        "paired_t": {
            "statistic": student.statistic,
            "p": student.p,
            "lower": student.lower,
            "upper": student.upper,
            "p_equivalence": answer.p_equivalence,
        },
        "bca": {
            "lower": bca.lower,
            "upper": bca.upper,
            "resamples": bca.resamples,
            "missing_because": bca.missing_because,
        },
        "queries_only_in_sampling": answer.only_values,
        "queries_only_in_reference": answer.only_reference,
        "note": _note(answer),
    }


def assumptions(comparison: Comparison) -> list[str]:
    """What the verdicts rest on; the user asserts what is not enforced."""
    options = comparison.options
    found = [
        "A0 (asserted): the queries are independent draws, and teacher, samplings, "
        "temperature and margins were fixed without looking at them",
        "the family is everything that was asked for, and nothing was left out of it "
        "after looking",
    ]
    if any(a.comparison.method == "paired_t" for a in comparison.answers):
        found.append(
            "Student's t, where the range of a quantity is not known: the mean "
            "difference is nearly normal; this holds for large samples only"
        )
    if any(
        base(a.question.quantity) in ("divergence", "risk") for a in comparison.answers
    ):
        found.append(
            f"A1' (enforced): students are clipped at B = {options.score_range:g} "
            "temperatures below their best document of the group; group sizes of other "
            "queries are no smaller than those of the sample (asserted)"
        )
    return found


def teacher_record(comparison: Comparison) -> dict[str, Any]:
    """The teacher and the students: kinds of scores and temperatures."""
    loaded, options = comparison.loaded, comparison.options
    return {
        "kind": loaded.teacher.kind.value,
        "kind_evidence": loaded.teacher.evidence,
        "temperature": loaded.temperature,
        "fitted": options.temperature == "fit",
        "n_calibration": loaded.n_calibration,
        "calibration_share": SHARE if options.fits else 0.0,
        "students": {
            s.source.name: {
                "kind": s.file.kind.value,
                "kind_evidence": s.file.evidence,
                "temperature": s.temperature,
            }
            for s in comparison.students
        },
    }


def sampling_records(comparison: Comparison) -> list[dict[str, Any]]:
    """Every sampling: how much it holds, and the teacher on it."""
    files = dict(comparison.options.groups)
    return [
        {
            "sampling": name,
            "file": str(files[name]),
            "n_queries": len(np.unique(measures.sampling.groups.queries)),
            "n_groups": measures.sampling.groups.n_groups,
            "n_documents": len(measures.sampling.values),
            "dropped": _dropped(measures),
            "groups_without_dimension": measures.space.undefined
            if measures.space
            else None,
            "entropy": [
                {
                    "pairs": pairs,
                    "mean": measures.measured["entropy", pairs].mean(),
                    "group_mean": measures.group_entropy[pairs],
                    "group_mean_bits": measures.group_entropy[pairs] / NATS_PER_BIT,
                    "mean_margin": measures.measured["margin", pairs].mean(),
                    "ties": measures.measured["ties", pairs].mean(),
                    "share": measures.pair_shares[pairs],
                }
                for pairs in PAIR_SETS
                if ("entropy", pairs) in measures.measured
            ],
        }
        for name, measures in comparison.measures.items()
    ]


def _dropped(measures: Any) -> dict[str, int]:
    found = dict(measures.sampling.dropped)
    for student, made in measures.students.items():
        for reason, number in made.dropped.items():
            found[f"{student}: {reason}"] = number
    return found


def _note(answer: Answer) -> str | None:
    if not answer.holm_finds_more:
        return None
    return (
        f"Holm rejects equality (p = {answer.p_holm:.2g}) although the interval, which "
        "holds jointly with all others, still contains 0"
    )
