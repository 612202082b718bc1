"""The reference's numbers, cuts and power on the real rankings, by plain loops."""

import csv
import json
import math
import statistics

import pytest

from rankbound.cli import main
from tests.rankbound import realdata
from tests.rankbound.reference.test_entropy import naive

pytestmark = [pytest.mark.realdata, realdata.needs_data]
# Mean entropy of the groups in bits, as the data folder's README has it
PUBLISHED = {
    "random": 0.6538,
    "bm25": 0.5538,
}


def run(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def compat(folder):
    with (folder / "compat.tsv").open(newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return {(row["qid"], row["quantity"]): row for row in rows}


def given(collection, sampling):
    root = realdata.DATA / collection
    teacher = root / "teacher" / "teacher.scores.json.gz"
    return teacher, root / "train" / f"{sampling}.16.jsonl.gz"


def test_one_line_a_query_agrees_with_ours_up_to_the_epsilon(tmp_path, capsys):
    """Cranfield's queries have one line each, so that nothing is pooled."""
    found = {}
    for sampling in PUBLISHED:
        teacher, groups = given("cranfield-titles", sampling)
        words = ["--teacher", teacher, "--groups", groups, "--out", tmp_path]
        run(capsys, "measure", *words, "--compat", "reference")
        ledger = json.loads((tmp_path / "ledger.json").read_text())
        row = ledger["compat"]["quantities"]["pairwise_entropy"]
        found[sampling] = round(row["reference_mean"], 4)
        assert row["mean_difference"] == pytest.approx(0, abs=1e-9)
        assert ledger["compat"]["counts"]["queries_with_several_groups_pooled"] == 0
    assert found == PUBLISHED


def test_pooled_lines_and_mixed_signs_on_vaswani(tmp_path, capsys):
    teacher, groups = given("vaswani", "bm25")
    words = ["--teacher", teacher, "--groups", groups, "--out", tmp_path]
    run(capsys, "measure", *words, "--compat", "reference")
    rows, scores = compat(tmp_path), realdata.lookup(teacher)
    lists = {}
    for qid, docs, _ in realdata.groups(groups):
        lists.setdefault(qid, []).append([scores[qid][doc] for doc in docs])
    for qid in sorted(lists)[:12]:
        pooled = [score for values in lists[qid] for score in values]
        row = rows[qid, "pairwise_entropy"]
        assert float(row["reference"]) == pytest.approx(naive(pooled), abs=1e-9)
        last = lists[qid][-1]
        kappa = max((1 / len(last)) / (s / math.fsum(last)) for s in last)
        assert float(rows[qid, "kappa"]["reference"]) == pytest.approx(kappa)
    for qid, several in lists.items():
        mixed = any(min(v) < 0 < max(v) for v in several)
        assert (rows[qid, "list_entropy"]["reference"] == "") == mixed


def test_a_run_as_teacher_and_power_on_dl19(tmp_path, capsys):
    runs = realdata.DATA / "dl19" / "runs"
    tasb = next(runs.glob("tasb.run*"))
    out = tmp_path / "out"
    words = ["--teacher", tasb, "--teacher-kind", "dot", "--temperature", 1]
    run(capsys, "measure", *words, "--out", out, "--compat", "reference")
    rows, scores = compat(out), realdata.run(tasb)
    for qid, row in scores.items():
        top = sorted(row.values(), reverse=True)[:16]
        shares = [score / math.fsum(top) for score in top]
        bits = -math.fsum(p * math.log2(p) for p in shares)
        found = rows[qid, "list_entropy"]
        assert float(found["reference"]) == pytest.approx(bits)
        assert float(found["difference"]) > 0  # nearly uniform: an offset of 100
    text = run(capsys, "power", "--from", out, "--margin", 0.02, "--json")
    power = {row["source"]: row for row in json.loads(text)["rows"]}
    measured = realdata.table(out / "per_query.tsv").values()
    sd = statistics.stdev(terms["entropy_nats"] for terms in measured)
    assert power["entropy_nats"]["sd"] == pytest.approx(sd)
    assert power["entropy_nats"]["n"] == 43
    assert round(power["entropy_nats"]["detectable_correlation"], 2) == 0.43


def test_comparison_to_power_on_vaswani(tmp_path, capsys):
    teacher, first = given("vaswani", "random")
    _, second = given("vaswani", "bm25")
    words = ["--teacher", teacher, "--groups", f"random={first}", f"bm25={second}"]
    more = ["--resamples", 99, "--compat", "reference", "--details"]
    more += ["--out", tmp_path]
    shown = run(capsys, "compare", *words, *more)
    assert "the reference study's TOST" in shown
    account = json.loads((tmp_path / "comparison.json").read_text())
    assert all(row["reference_p"] >= 0.5 for row in account["compat"]["rows"])
    text = run(capsys, "power", "--from", tmp_path, "--margin", 0.02, "--json")
    found = {row["source"]: row for row in json.loads(text)["needed"]}
    [row] = [r for r in account["rows"] if r["pairs"] == "all"]
    needed = found["bm25 - random: entropy, all"]
    assert needed["sd"] == pytest.approx(row["difference"] / row["effect_size"])
    assert needed["n_betting"] > 93
