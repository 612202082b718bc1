"""Four samplings of two real collections, compared in one command."""

import json
import math
import random
import time

import pytest
from numpy.testing import assert_allclose
from scipy.stats import ttest_rel

from rankbound.cli import main
from tests import oracles
from tests.rankbound.realdata import (
    COLLECTIONS,
    DATA,
    SAMPLINGS,
    groups,
    lookup,
    needs_data,
)

pytestmark = [pytest.mark.realdata, needs_data]
MEAN_ENTROPY_BITS = {  # over groups, as the data's own README states them
    "vaswani": {
        "random": 0.7277, "bm25": 0.7120, "crossencoder": 0.8568, "ensemble": 0.7077,
    },
    "cranfield-titles": {
        "random": 0.6538, "bm25": 0.5538, "crossencoder": 0.6422, "ensemble": 0.5998,
    },
}  # fmt: skip
CHECKED = 10  # queries that the loops repeat


@pytest.fixture(scope="module", params=COLLECTIONS)
def compared(request, tmp_path_factory):
    home = DATA / request.param
    out = tmp_path_factory.mktemp(request.param)
    files = [f"{name}={home / f'train/{name}.16.jsonl.gz'}" for name in SAMPLINGS]
    start = time.perf_counter()
    code = main(
        [
            "compare", "--teacher", str(home / "teacher/teacher.scores.json.gz"),
            "--groups", *files, "--out", str(out), "--controls", "--qrels",
            str(home / "qrels.trec"), "--embeddings",
            str(home / "embeddings/minilm.corpus.npy"), "--ids",
            str(home / "embeddings/minilm.corpus.ids.txt"),
        ]
    )  # fmt: skip
    seconds = time.perf_counter() - start
    account = json.loads((out / "comparison.json").read_text())
    return request.param, account, out, code, seconds


def test_it_is_quick_and_the_controls_pass(compared):
    _, account, _, code, seconds = compared
    assert code == 0
    assert account["controls"]["passed"] is True
    assert all(row["passed"] is True for row in account["controls"]["rows"])
    assert seconds < 60


def test_all_pairs_means_are_the_readmes(compared):
    name, account, *_ = compared
    for record in account["samplings"]:
        [found] = [e for e in record["entropy"] if e["pairs"] == "all"]
        expected = MEAN_ENTROPY_BITS[name][record["sampling"]]
        assert abs(found["group_mean_bits"] - expected) <= 5e-5


def test_the_orders_differ_and_the_reason_is_said(compared):
    _, account, *_ = compared
    orders = account["orders"]
    assert orders["all"] != orders["pos-neg"]
    assert orders["pos-neg"][0] == "random"
    assert orders["all"][0] != "random"
    line = account["sentences"][-1]
    assert "The order depends on the pairs" in line
    assert "87.5% of them that join two negatives" in line
    assert "random has more entropy than" in line
    assert "closer to each other in score" in line
    assert "farther from the positives" in line


def test_a_naive_loop_gets_the_same_differences(compared):
    name, account, out, *_ = compared
    home = DATA / name
    teacher = lookup(home / "teacher/teacher.scores.json.gz")
    per_query = {}
    for line in (out / "comparison.per_query.tsv").read_text().splitlines()[1:]:
        qid, sampling, quantity, pairs, value, _ = line.split("\t")
        if quantity == "entropy":
            per_query.setdefault((sampling, pairs), {})[qid] = float(value)
    picked = random.Random(3).sample(sorted(teacher), CHECKED)
    for sampling in SAMPLINGS:
        read = groups(home / f"train/{sampling}.16.jsonl.gz")
        for pairs in ("all", "pos-neg", "neg-neg"):
            rows = oracles.measured_rows(
                [row for row in read if row[0] in picked], teacher, None, None,
                pairs=pairs,
            )  # fmt: skip
            for qid, row in rows.items():
                assert_allclose(
                    per_query[sampling, pairs][qid],
                    row["entropy_nats"],
                    rtol=1e-10,
                    atol=1e-14,
                )
    for row in account["rows"]:
        mine, base = (per_query[s, row["pairs"]] for s in (row["sampling"], "random"))
        assert row["n"] == len(mine) == len(base)
        test = ttest_rel([mine[q] for q in mine], [base[q] for q in mine])
        assert_allclose(row["paired_t"]["statistic"], test.statistic, rtol=1e-8)
        assert_allclose(
            row["difference"], math.fsum(mine[q] - base[q] for q in mine) / len(mine),
            atol=1e-12,
        )  # fmt: skip


def test_parts_of_the_change_and_every_scale_are_there(compared):
    _, account, *_ = compared
    for row in account["decomposition"]:
        assert row["share_pos_neg"] == pytest.approx(2 / 16)
        assert row["spread"]["pos-neg"] > 0
    assert len(account["sweep"]["tables"]) == 6
    by_rank = [r for r in account["ranks_only"]["rows"] if r["pairs"] == "all"]
    assert all(abs(r["difference"]) < 1e-3 for r in by_rank)
    assert account["sweep"]["flips"]


def test_mined_spaces_are_more_compact_on_average(compared):
    _, account, *_ = compared
    table = {
        (s["sampling"], s["quantity"]): s
        for s in account["spaces"]
        if s["pairs"] == "all"
    }
    for sampling in SAMPLINGS[1:]:
        mined, drawn = table[sampling, "diameter"], table["random", "diameter"]
        mean, supremum = (mined[k] / drawn[k] for k in ("mean", "supremum"))
        assert mean < 0.96
        assert abs(supremum - 1) < 1 - mean  # the supremum moves less


def test_verdicts_at_the_default_margin(compared):
    name, account, *_ = compared
    verdicts = {(r["sampling"], r["pairs"]): r["verdict"] for r in account["rows"]}
    for sampling in SAMPLINGS[1:]:
        assert verdicts[sampling, "pos-neg"] == "different"
    expected = {"vaswani": "different", "cranfield-titles": "equivalent"}
    assert verdicts["crossencoder", "all"] == expected[name]
