import json
import math

import numpy as np
import pytest

from rankbound.bounds.certificate import LN2
from rankbound.commands.measure.result import Ledger
from rankbound.commands.power.sources import spreads_of
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


RANGES = {"a": (0.1, 5.0), "b": (0.2, 4.0)}


def test_columns_of_measure_and_differences_of_students(measured):
    folder = measured({"a": RANGES["a"]}, MEASURED)
    found, still, tables, *_ = spreads_of(folder)
    spreads = {spread.source: spread for spread in found}
    assert list(spreads) == [
        "a: entropy_nats",
        "a: risk_nats",
        "b: entropy_nats",
        "b - a: risk_nats",
    ]
    assert still == ["b: risk_nats"]
    assert tables == [folder / "per_query.tsv"]
    first = spreads["a: entropy_nats"]
    assert first.sd == pytest.approx(math.sqrt(0.02))
    assert (first.n, first.unit, first.bounds) == (2, "nats", (0.0, LN2))
    assert spreads["a: risk_nats"].bounds == (0.1, 5.0)
    paired = spreads["b - a: risk_nats"]
    assert paired.values == pytest.approx(np.array([-0.1, -0.5]))
    assert paired.bounds is None  # the range of b is not recorded


def test_ranges_of_both_students_give_that_of_the_difference(measured):
    spreads = spreads_of(measured(RANGES, MEASURED)).moving
    found = {spread.source: spread for spread in spreads}
    assert found["b - a: risk_nats"].bounds == pytest.approx((0.2 - 5.0, 4.0 - 0.1))


def test_the_teacher_alone_has_no_name(measured):
    table = "qid\tstudent\tentropy_nats\nq1\t\t0.1\nq2\t\t0.2\n"
    found = spreads_of(measured({}, table)).moving
    assert [spread.source for spread in found] == ["entropy_nats"]


@pytest.mark.parametrize("name", ["comparison.per_query.tsv", "per_query.tsv"])
def test_paired_differences_of_compare(compared, name):
    found, still, tables, *_ = spreads_of(compared("random", COMPARED, name))
    assert [spread.source for spread in found] == ["bm25 - random: entropy, all"]
    assert still == ["bm25 - random: diameter, all"]
    assert [table.name for table in tables] == [name]
    assert found[0].values == pytest.approx(np.array([0.1, 0.3]))
    assert (found[0].n, found[0].bounds) == (2, (-LN2, LN2))
    turned = spreads_of(compared("bm25", COMPARED, name)).moving
    assert [spread.source for spread in turned] == ["random - bm25: entropy, all"]


def test_a_folder_of_both_gives_both(measured, compared):
    measured(RANGES, MEASURED)
    found, _, tables, *_ = spreads_of(compared("random", COMPARED))
    assert found[0].source == "a: entropy_nats"
    assert found[-1].source == "bm25 - random: entropy, all"
    assert [t.name for t in tables] == ["per_query.tsv", "comparison.per_query.tsv"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("q2\ta\t16\t0.3", "q2\ta\t16\tnan", "per_query.tsv:3: entropy_nats must be"),
        ("q2\ta\t16\t0.3", "q2\ta\t16\tx", "per_query.tsv:3: the column 'entropy_nats"),
        ("q1\tb\t16\t", "q1\tb\t", "per_query.tsv:4: expected 7 cells, found 6"),
        ("qid\tstudent", "query\tstudent", "the column 'qid' is missing"),
        (MEASURED, "qid\tstudent\tentropy_nats\n", "holds no queries"),
    ],
)
def test_broken_tables_are_refused(measured, old, new, message):
    assert old in MEASURED
    folder = measured(RANGES, MEASURED.replace(old, new, 1))
    assert message in refusal(spreads_of, folder)


def test_values_of_a_comparison_are_never_empty(compared):
    broken = COMPARED.replace("random\tentropy\tall\t0.1", "random\tentropy\tall\t")
    message = refusal(spreads_of, compared("random", broken))
    assert "comparison.per_query.tsv:2: value must not be empty" in message


def test_a_broken_record_is_refused(measured):
    folder = measured(RANGES, MEASURED)
    written(folder, "{", "ledger.json")
    assert "ends too early, at byte 1" in refusal(spreads_of, folder)
    written(folder, "{}", "ledger.json")
    assert "lacks '" in refusal(spreads_of, folder)


def test_a_table_of_an_earlier_compare_over_measures_is_a_comparisons(
    measured, compared
):
    folder = compared("random", COMPARED)
    alone = spreads_of(folder)
    (folder / "comparison.per_query.tsv").unlink()
    measured(RANGES, COMPARED)
    assert [s.sd for s in spreads_of(folder).moving] == [s.sd for s in alone.moving]
    assert Ledger.load(folder).beside == {}


def test_a_table_alone_is_read_without_the_ranges_of_students(measured, compared):
    folder = measured(RANGES, MEASURED)
    whole = spreads_of(folder)
    (folder / "ledger.json").unlink()
    alone = spreads_of(folder)
    assert [s.sd for s in alone.moving] == [s.sd for s in whole.moving]
    assert any(s.bounds is not None for s in alone.moving)  # of the entropy
    assert [s.bounds for s in alone.moving] != [s.bounds for s in whole.moving]
    (folder / "per_query.tsv").unlink()
    folder = compared("random", COMPARED)
    whole = spreads_of(folder)
    (folder / "comparison.json").unlink()  # the first sampling is the reference then
    assert [s.source for s in spreads_of(folder).moving] == [
        s.source for s in whole.moving
    ]


def test_folders_without_results_are_refused(tmp_path, measured, compared):
    with pytest.raises(UsageError, match=r"no such folder"):
        spreads_of(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is a file"):
        spreads_of(written(tmp_path, "x"))
    with pytest.raises(UsageError, match=r"holds no per_query\.tsv or comparison"):
        spreads_of(tmp_path)
    still = "qid\tstudent\tentropy_nats\nq1\t\t.1\nq2\t\t.1\n"
    with pytest.raises(UsageError, match="nothing varies"):
        spreads_of(measured({}, still))
    (tmp_path / "ledger.json").unlink()
    alone = "\n".join(COMPARED.splitlines()[:3]) + "\n"
    with pytest.raises(UsageError, match="no sampling has a query in common"):
        spreads_of(compared("random", alone))


DISTANCES = (
    "q1\trandom\tmean_distance\tall\t1\n"
    "q2\trandom\tmean_distance\tall\t2\n"
    "q1\tbm25\tmean_distance\tall\t1\n"
    "q2\tbm25\tmean_distance\tall\t3\n"
    "q1\tbm25\tdiameter\tpos-neg\t1\n"
    "q2\tbm25\tdiameter\tpos-neg\t2\n"
    "q1\trandom\tdiameter\tpos-neg\t1\n"
    "q2\trandom\tdiameter\tpos-neg\t1\n"
)


@pytest.mark.parametrize("known", [[-2.0, 2.0], None])
def test_a_comparison_says_by_which_range_it_was_decided(compared, known):
    folder = compared("random", COMPARED + DISTANCES)
    path = folder / "comparison.json"
    content = json.loads(path.read_text())
    decided = {"sampling": "bm25", "quantity": "diameter", "pairs": "pos-neg"}
    content["rows"] = [content["rows"][0] | decided | {"range": known}]
    written(folder, json.dumps(content), "comparison.json")
    bounds = {spread.source: spread.bounds for spread in spreads_of(folder).moving}
    expected = None if known is None else (-2.0, 2.0)
    assert bounds == {
        "bm25 - random: entropy, all": (-LN2, LN2),
        "bm25 - random: diameter, pos-neg": expected,
        # Not compared, but all distances have one range
        "bm25 - random: mean_distance, all": expected,
    }


def test_columns_are_single_numbers_and_differences_are_paired(measured):
    spreads = spreads_of(measured(RANGES, MEASURED)).moving
    paired = {spread.source: spread.paired for spread in spreads}
    assert paired == {
        "a: entropy_nats": False,
        "a: risk_nats": False,
        "b: entropy_nats": False,
        "b - a: risk_nats": True,
    }
