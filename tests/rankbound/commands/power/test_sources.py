import json
import math

import numpy as np
import pytest

from rankbound.commands.power.sources import LN2, spreads_of
from rankbound.errors import UsageError
from tests.rankbound.files import refusal, written

MEASURED = (
    "qid\tstudent\tn_docs\tentropy_nats\tentropy_bits\trisk_nats\tdiameter\n"
    "q1\ta\t16\t0.1\t0.2\t0.5\t\n"
    "q2\ta\t16\t0.3\t0.4\t0.9\t\n"
    "q1\tb\t16\t0.1\t0.2\t0.4\t\n"
    "q3\tb\t16\t0.2\t0.4\t0.4\t\n"
    "q2\tb\t16\t0.3\t0.4\t0.4\t\n"
)
COMPARED = (
    "qid\tsampling\tquantity\tpairs\tvalue\n"
    "q1\trandom\tentropy\tall\t0.1\n"
    "q2\trandom\tentropy\tall\t0.3\n"
    "q1\tbm25\tentropy\tall\t0.2\n"
    "q2\tbm25\tentropy\tall\t0.6\n"
    "q3\tbm25\tentropy\tall\t0.6\n"
    "q1\ttarget\tentropy\tall\t0.5\n"
    "q1\trandom\tdiameter\tall\t1\n"
    "q2\trandom\tdiameter\tall\t2\n"
    "q1\tbm25\tdiameter\tall\t2\n"
    "q2\tbm25\tdiameter\tall\t3\n"
)


def test_columns_of_measure_and_differences_of_students(tmp_path):
    written(tmp_path, MEASURED, "per_query.tsv")
    ledger = {"students": {"a": {"range": {"low": 0.1, "high": 5.0}}}}
    written(tmp_path, json.dumps(ledger), "ledger.json")
    found, still = spreads_of(tmp_path)
    spreads = {spread.source: spread for spread in found}
    assert list(spreads) == [
        "a: entropy_nats",
        "a: risk_nats",
        "b: entropy_nats",
        "b - a: risk_nats",
    ]
    assert still == ["b: risk_nats"]
    first = spreads["a: entropy_nats"]
    assert first.sd == pytest.approx(math.sqrt(0.02))
    assert (first.n, first.unit, first.bounds) == (2, "nats", (0.0, LN2))
    assert spreads["a: risk_nats"].bounds == (0.1, 5.0)
    paired = spreads["b - a: risk_nats"]
    assert paired.values == pytest.approx(np.array([-0.1, -0.5]))
    assert paired.bounds is None  # the range of b is not recorded


def test_ranges_of_both_students_give_that_of_the_difference(tmp_path):
    written(tmp_path, MEASURED, "per_query.tsv")
    ranges = {"a": {"low": 0.1, "high": 5.0}, "b": {"low": 0.2, "high": 4.0}}
    ledger = {"students": {name: {"range": r} for name, r in ranges.items()}}
    written(tmp_path, json.dumps(ledger), "ledger.json")
    found = {spread.source: spread for spread in spreads_of(tmp_path)[0]}
    assert found["b - a: risk_nats"].bounds == pytest.approx((0.2 - 5.0, 4.0 - 0.1))


def test_the_teacher_alone_has_no_name(tmp_path):
    written(
        tmp_path, "qid\tstudent\tentropy_nats\nq1\t\t0.1\nq2\t\t0.2\n", "per_query.tsv"
    )
    assert [spread.source for spread in spreads_of(tmp_path)[0]] == ["entropy_nats"]


def test_paired_differences_of_compare(tmp_path):
    written(tmp_path, COMPARED, "per_query.tsv")
    found, still = spreads_of(tmp_path)
    assert [spread.source for spread in found] == ["bm25 - random: entropy, all"]
    assert still == ["bm25 - random: diameter, all"]
    assert found[0].values == pytest.approx(np.array([0.1, 0.3]))
    assert (found[0].n, found[0].bounds) == (2, (-LN2, LN2))
    written(tmp_path, json.dumps({"reference": "bm25"}), "comparison.json")
    turned, _ = spreads_of(tmp_path)
    assert [spread.source for spread in turned] == ["random - bm25: entropy, all"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("q2\ta\t16\t0.3", "q2\ta\t16\tnan", "per_query.tsv:3: entropy_nats must be"),
        ("q2\ta\t16\t0.3", "q2\ta\t16\tx", "found 'x'"),
        ("q1\tb\t16\t", "q1\tb\t", "per_query.tsv:4: expected 7 columns, found 6"),
        (
            "qid\tstudent",
            "query\tstudent",
            "expected the columns of measure or compare",
        ),
    ],
)
def test_broken_tables_are_refused(tmp_path, old, new, message):
    assert old in MEASURED
    written(tmp_path, MEASURED.replace(old, new, 1), "per_query.tsv")
    assert message in refusal(spreads_of, tmp_path)


def test_a_header_alone_and_a_broken_record_are_refused(tmp_path):
    written(tmp_path, "qid\tstudent\n", "per_query.tsv")
    assert "holds no queries" in refusal(spreads_of, tmp_path)
    written(tmp_path, MEASURED, "per_query.tsv")
    written(tmp_path, "{", "ledger.json")
    assert "broken JSON" in refusal(spreads_of, tmp_path)


def test_folders_without_results_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no such folder"):
        spreads_of(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is a file"):
        spreads_of(written(tmp_path, "x"))
    written(
        tmp_path, "qid\tstudent\tentropy_nats\nq1\t\t.1\nq2\t\t.1\n", "per_query.tsv"
    )
    with pytest.raises(UsageError, match="nothing varies"):
        spreads_of(tmp_path)
    alone = "\n".join(COMPARED.splitlines()[:3])
    written(tmp_path, alone, "per_query.tsv")
    with pytest.raises(UsageError, match="no sampling has a query in common"):
        spreads_of(tmp_path)
