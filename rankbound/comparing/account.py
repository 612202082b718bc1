"""`comparison.json`: the account of a comparison, for programs and for the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from estimators.pairwise import NATS_PER_BIT
from rankbound.comparing.catalogue import CATALOGUE, PAIR_SETS, base
from rankbound.comparing.controls import FALSE_ALARM, run_controls
from rankbound.comparing.coupling import coupling, target_form
from rankbound.comparing.decomposition import (
    METHOD,
    decomposition,
    order_means,
    orders,
)
from rankbound.comparing.overlap import overlap
from rankbound.comparing.ranges import UNKNOWN
from rankbound.comparing.reference import reference_record
from rankbound.comparing.run import Comparison
from rankbound.comparing.sentences import advice, cannot_say, sentences
from rankbound.comparing.spaces import STATEMENTS, shapes, spaces
from rankbound.comparing.sweep import ranks_only, sweep
from rankbound.inspecting.findings import plural
from rankbound.measuring.given import Given
from rankbound.measuring.ledger import input_records, repairs_record, versions
from rankbound.measuring.temperatures import SHARE
from validation.family import Answer

SCHEMA: Final = "rankbound.comparison/1"
NO_MARGIN: Final = "there is no agreed margin for this quantity: give --margin"
NO_VECTORS: Final = "no vectors were given (--embeddings)"
NOT_ASKED: Final = "not run; --controls runs them"
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
    "shapes": "shares of all pairs at most so far apart, each query with the same "
    "weight; lengths, copies and TwoNN of the distinct documents, as in the ledger",
    "two_nn, knn_density": "of the documents of a group, copies left out; biased for "
    "so few documents, and comparable between samplings of one group size only",
}


def comparison_json(
    comparison: Comparison, *, root: Path | None = None
) -> dict[str, Any]:
    """The comparison as plain data, ready for JSON.

    Parameters
    ----------
    comparison : Comparison
    root : Path, optional
        Folder that recorded paths are relative to; as given without it.
    """
    options, means = comparison.options, order_means(comparison)
    account: dict[str, Any] = {
        "schema": SCHEMA,
        "reference": options.baseline,
        "family": family_record(comparison),
        "rows": [row(answer) for answer in comparison.answers],
        "delta": options.delta,
        "teacher": _teacher(comparison),
        "samplings": _samplings(comparison),
        "target": target_form(comparison),
        "orders": orders(means),
        "order_means": means,
        "decomposition": decomposition(comparison),
        "coupling": coupling(comparison),
        "shift": overlap(comparison),
        "spaces": spaces(comparison),
        "shapes": shapes(comparison),
        "spaces_missing_because": None
        if comparison.loaded.embeddings is not None
        else NO_VECTORS,
        "spaces_statements": STATEMENTS,
        "sweep": sweep(comparison),
        "ranks_only": ranks_only(comparison),
        "controls": _controls(comparison),
    }
    if options.compat is not None:
        account["compat"] = reference_record(comparison)
    return {
        **account,
        "sentences": sentences(account),
        "advice": advice(account),
        "cannot_say": cannot_say(account),
        "repairs": repairs_record(comparison.loaded.teacher.files, root),
        "warnings": list(comparison.warnings),
        "assumptions": assumptions(comparison),
        "definitions": DEFINITIONS,
        "inputs": input_records(comparison_paths(comparison), root),
        "command": options.command,
        "seed": options.seed,
        "versions": versions(),
    }


def family_record(comparison: Comparison) -> dict[str, Any]:
    """What was compared, and how errors are controlled over it."""
    options, answers = comparison.options, comparison.answers
    size, quantities = len(answers), [a.question.quantity for a in answers]
    others = [name for name in options.names if name != options.baseline]
    return {
        "name": f"{plural(len(others), 'sampling')} against {options.baseline}, "
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
        "unit": CATALOGUE[base(ask.quantity)].unit,
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


def comparison_paths(comparison: Comparison) -> list[Given]:
    """Every input file, once."""
    students = [path for s in comparison.students for path in s.file.paths]
    return list(dict.fromkeys([*comparison.loaded.paths, *students]))


def _note(answer: Answer) -> str | None:
    if not answer.holm_finds_more:
        return None
    return (
        f"Holm rejects equality (p = {answer.p_holm:.2g}) although the interval, which "
        "holds jointly with all others, still contains 0"
    )


def _teacher(comparison: Comparison) -> dict[str, Any]:
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


def _samplings(comparison: Comparison) -> list[dict[str, Any]]:
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


def _controls(comparison: Comparison) -> dict[str, Any]:
    if not comparison.options.controls:
        return {"rows": [], "passed": None, "missing_because": NOT_ASKED}
    rows = [control.record() for control in run_controls(comparison)]
    return {
        "rows": rows,
        "passed": all(r["passed"] is not False for r in rows),
        "false_alarm": FALSE_ALARM,
        "missing_because": None,
    }
