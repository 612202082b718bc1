"""`compat.tsv` and the ledger's `compat`: the reference's numbers beside ours."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from rankbound.commands.measure.table import number_text
from rankbound.data.scores import Floats
from rankbound.reference.measure import Compat
from rankbound.reference.measure_columns import Column
from rankbound.reference.ratios import INFINITE

COLUMNS = ("qid", "quantity", "reference", "corrected", "difference", "unit", "reason")
OTHER_UNIT = "no difference: the corrected value is in "
DEFINITIONS = {
    "reference": "by the reference study's formula, derived again from a description "
    "of its results; on the groups of this measurement, where its list quantities take "
    "a whole run, whose depth then sets them; mean over the groups of a query, but all "
    "its lines in one list for pairwise_entropy and its last line for kappa",
    "corrected": "this measurement's value: of per_query.tsv for pairwise_entropy and "
    "the diameter, of the softmax at the temperatures for the lists",
    "difference": "reference minus corrected",
    "reference_mean": "over the queries for which their formula has a value; the "
    "reference leaves the others out without counting them",
    "mean_difference": "over the queries with both values",
}


SPOILT = (
    "their formula has no value here: one query has none, so neither have the maximum "
    "and the median of the data set"
)


def compat_table(compat: Compat | None) -> str | None:
    """One row per query and quantity, as tab-separated text with a header.

    Blank cells are values that do not exist; the last column says why. None where the
    reference's numbers were not asked for.
    """
    if compat is None:
        return None
    rows = [row for column in compat.columns for row in _rows(column)]
    rows.sort(key=lambda row: row[0])  # stable: quantities keep their order
    return "".join("\t".join(row) + "\n" for row in [COLUMNS, *rows])


def compat_record(compat: Compat) -> dict[str, Any]:
    """The ledger's `compat` as plain data, ready for JSON."""
    return {
        "mode": "reference",
        "quantities": {column.quantity: _summary(column) for column in compat.columns},
        "kappa": _kappa(compat),
        "counts": {
            "documents_without_teacher_score_counted_as_0": compat.zeros[""],
            "documents_without_student_score_counted_as_0": {
                name: number for name, number in compat.zeros.items() if name
            },
            "queries_with_several_groups_pooled": compat.n_pooled,
        },
        "definitions": DEFINITIONS,
    }


def _rows(column: Column) -> list[tuple[str, ...]]:
    both = (column.reference, column.corrected, column.difference)
    cells = [[_cell(value) for value in side.tolist()] for side in both]
    other = ""
    if column.unit != column.corrected_unit:
        other = f"; {OTHER_UNIT}{column.corrected_unit}"
    return [
        (
            str(qid),
            column.quantity,
            *values,
            column.unit,
            column.why.get(qid) or column.short + other,
        )
        for qid, *values in zip(column.qids, *cells, strict=True)
    ]


def _cell(value: float) -> str:
    return number_text(value) if np.isfinite(value) else ""


def _summary(column: Column) -> dict[str, Any]:
    reference, corrected = column.reference, column.corrected
    lacking = column.qids[~np.isfinite(reference)]
    counted = Counter(column.why.get(qid, "no group") for qid in lacking)
    return {
        "unit": column.unit,
        "corrected_unit": column.corrected_unit,
        "n": len(column.qids),
        "reference_mean": _mean(reference),
        "corrected_mean": _mean(corrected),
        "mean_difference": _mean(column.difference),
        "n_reference_without_value": len(lacking),
        "n_corrected_without_value": int((~np.isfinite(corrected)).sum()),
        "without_value": dict(sorted(counted.items())),
        "reason": column.reason,
    }


def _kappa(compat: Compat) -> dict[str, Any]:
    """The reference's summaries, which one query without a value spoils."""
    values = next(c.reference for c in compat.columns if c.quantity == "kappa")
    largest, middle = float(np.max(values)), _median(values)
    reason = None
    if np.isnan(values).any():
        reason = SPOILT
    elif not np.isfinite(largest):
        reason = INFINITE
    return {
        "reference_max": largest if np.isfinite(largest) else None,
        "reference_median": middle if np.isfinite(middle) else None,
        "reason": reason,
    }


def _median(values: Floats) -> float:
    if np.isnan(values).any():
        return float("nan")
    with np.errstate(invalid="ignore"):  # the middle two may both be infinite
        return float(np.median(values))


def _mean(values: Floats) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else None
