import json
import math

import numpy as np
import pytest

from rankbound.data.scores import strings
from rankbound.reference.measure import Compat
from rankbound.reference.measure_account import (
    COLUMNS,
    SPOILT,
    compat_record,
    compat_table,
)
from rankbound.reference.measure_columns import Column
from rankbound.reference.ratios import INFINITE
from rankbound.writing import json_text

NAN, INF = math.nan, math.inf


def made(
    reference, corrected, *, quantity="kappa", unit="ratio", corrected_unit="", why=None
):
    qids = strings([f"q{i}" for i in range(len(reference))])
    return Column(
        quantity,
        unit,
        "long",
        "short",
        qids,
        np.array(reference),
        np.array(corrected),
        why or {},
        corrected_unit or unit,
    )


def compat(*columns):
    return Compat(columns, {"": 2, "s": 1}, 3)


def test_the_table_has_blanks_and_reasons():
    found = compat(
        made([1.5, NAN], [1.0, 2.0], why={"q1": "nothing there"}),
        made([1.0], [2.0], quantity="x", unit="1 - cos", corrected_unit="distance"),
    )
    lines = [line.split("\t") for line in compat_table(found).splitlines()]
    assert lines == [
        list(COLUMNS),
        ["q0", "kappa", "1.5", "1", "0.5", "ratio", "short"],
        [
            "q0",
            "x",
            "1",
            "2",
            "",
            "1 - cos",
            "short; no difference: the corrected value is in distance",
        ],
        ["q1", "kappa", "", "2", "", "ratio", "nothing there"],
    ]
    assert compat_table(None) is None


def test_means_over_what_exists_and_counts_of_the_rest():
    record = compat_record(
        compat(made([1.0, NAN, 3.0], [0.5, 1.0, NAN], why={"q1": "0 log 0"}))
    )
    row = record["quantities"]["kappa"]
    assert row["reference_mean"] == 2.0
    assert row["corrected_mean"] == 0.75
    assert row["mean_difference"] == 0.5
    assert row["n_reference_without_value"] == 1
    assert row["n_corrected_without_value"] == 1
    assert row["without_value"] == {"0 log 0": 1}
    assert record["counts"] == {
        "documents_without_teacher_score_counted_as_0": 2,
        "documents_without_student_score_counted_as_0": {"s": 1},
        "queries_with_several_groups_pooled": 3,
    }


@pytest.mark.parametrize(
    ("values", "largest", "median", "reason"),
    [
        ([1.0, 2.0, 4.0], 4.0, 2.0, None),
        ([1.0, 2.0, INF], None, 2.0, INFINITE),
        ([1.0, INF, INF, INF], None, None, INFINITE),
        ([1.0, 2.0, NAN], None, None, SPOILT),
    ],
)
def test_summaries_of_kappa(values, largest, median, reason):
    found = compat(made(values, [NAN] * len(values)))
    record = compat_record(found)
    assert record["kappa"] == {
        "reference_max": largest,
        "reference_median": median,
        "reason": reason,
    }
    assert json.loads(json_text(record)) == record
