"""The main job on real rankings: it runs, and a naive double loop gets the same.

Loops over all queries would take minutes, so a seeded sample of queries is compared;
the risk's decomposition is checked on every row.
"""

import json
import random
import re

import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from tests import oracles
from tests.optional import only_deep
from tests.rankbound.realdata import (
    COLLECTIONS,
    DATA,
    SAMPLINGS,
    groups,
    lookup,
    needs_data,
    qrels,
    run,
    table,
    vectors,
)

pytestmark = [pytest.mark.realdata, needs_data]
CHECKED = 12  # queries of each measurement that the loops repeat
MEAN_ENTROPY_BITS = {  # over groups, as the data's own README states them
    ("vaswani", "random"): 0.7277,
    ("vaswani", "bm25"): 0.7120,
    ("vaswani", "crossencoder"): 0.8568,
    ("vaswani", "ensemble"): 0.7077,
    ("cranfield-titles", "random"): 0.6538,
    ("cranfield-titles", "bm25"): 0.5538,
    ("cranfield-titles", "crossencoder"): 0.6422,
    ("cranfield-titles", "ensemble"): 0.5998,
}


def collection_arguments(name, sampling, out):
    home = DATA / name
    vectors_of = home / "embeddings"
    return [
        "measure", "--teacher", str(home / "teacher/teacher.scores.json.gz"),
        "--groups", str(home / f"train/{sampling}.16.jsonl.gz"),
        "--embeddings", str(vectors_of / "minilm.corpus.npy"),
        "--ids", str(vectors_of / "minilm.corpus.ids.txt"),
        "--bi-encoder", f"encoder={vectors_of / 'minilm.queries.npy'}",
        "--query-ids", str(vectors_of / "minilm.queries.ids.txt"),
        "--student", f"minilm={home / 'runs/minilm.run.gz'}",
        "--student", f"bm25={home / 'runs/bm25.run.gz'}",
        "--student-temperature", "fit", "--out", str(out),
    ]  # fmt: skip


def scaled(scores, temperature):
    return {
        qid: {docno: score / temperature for docno, score in row.items()}
        for qid, row in scores.items()
    }


def on_the_floor(scores, chosen):
    """Scores in which documents that have none are far below all others."""
    found = {qid: dict(scores.get(qid, {})) for qid, _, _ in chosen}
    for qid, docs, _ in chosen:
        for docno in docs:
            found[qid].setdefault(docno, -1e9)
    return found


def assert_matches(out, wanted, name):
    """Rows of some queries, from either table, equal the loops' rows."""
    found = table(out / "per_query.tsv") | table(out / "calibration.tsv")
    for qid, row in wanted.items():
        for column, value in row.items():
            assert_allclose(
                found[qid, name][column],
                value,
                rtol=1e-10,
                # the loop's own divergence is a difference of two larger numbers
                atol=1e-14 if column == "divergence_nats" else 0,
                err_msg=f"{qid} {name} {column}",
            )


def assert_decomposes(out):
    for name in ("per_query.tsv", "calibration.tsv"):
        for row in table(out / name).values():
            total = row["entropy_nats"] + row["divergence_nats"]
            assert_allclose(row["risk_nats"], total, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "sampling"),
    [
        pytest.param(name, sampling, marks=only_deep if (place + turn) % 2 else ())
        for turn, name in enumerate(COLLECTIONS)
        for place, sampling in enumerate(SAMPLINGS)
    ],
)
def test_measure_matches_loops_on_a_collection(tmp_path, name, sampling):
    assert main(collection_arguments(name, sampling, tmp_path / "out")) == 0
    home, out = DATA / name, tmp_path / "out"
    teacher = lookup(home / "teacher/teacher.scores.json.gz")
    everything = groups(home / f"train/{sampling}.16.jsonl.gz")
    qids = random.Random(0).sample(sorted({g[0] for g in everything}), CHECKED)
    chosen = [g for g in everything if g[0] in qids]
    npy = home / "embeddings"
    points = vectors(npy / "minilm.corpus.npy", npy / "minilm.corpus.ids.txt")
    asked = vectors(npy / "minilm.queries.npy", npy / "minilm.queries.ids.txt")
    students = {s: run(home / f"runs/{s}.run.gz") for s in ("minilm", "bm25")}
    students["encoder"] = {qid: {} for qid in qids}
    for qid, docs, _ in chosen:
        for docno in docs:
            students["encoder"][qid][docno] = sum(
                x * y for x, y in zip(asked[qid], points[docno], strict=True)
            )
    ledger = json.loads((out / "ledger.json").read_text())
    for student, scores in students.items():
        made = ledger["students"][student]
        own = on_the_floor(scaled(scores, made["temperature"]), chosen)
        wanted = oracles.measured_rows(
            chosen, teacher, own, points, score_range=made["range"]["B"]
        )
        assert_matches(out, wanted, student)
    assert_decomposes(out)
    if name == "cranfield-titles":
        encoder = ledger["students"]["encoder"]
        assert encoder["upper"] < ledger["trivial"]
        assert encoder["vacuous"] is False


@pytest.mark.parametrize(("name", "sampling"), MEAN_ENTROPY_BITS)
def test_entropy_matches_the_datas_own_table(tmp_path, name, sampling):
    words = collection_arguments(name, sampling, tmp_path / "out")[:5]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    rows = table(tmp_path / "out/per_query.tsv")
    counts = {}
    for qid, _, _ in groups(DATA / name / f"train/{sampling}.16.jsonl.gz"):
        counts[qid] = counts.get(qid, 0) + 1
    total = sum(counts[qid] * row["entropy_bits"] for (qid, _), row in rows.items())
    mean = total / sum(counts.values())
    assert abs(mean - MEAN_ENTROPY_BITS[name, sampling]) < 6e-5


DL19_STUDENTS = ("tasb", "splade_ed", "ada2", "bm25")


def test_measure_on_trec_dl_is_vacuous_and_says_so(tmp_path, capsys):
    runs = DATA / "dl19/runs"
    words = ["measure", "--teacher", str(runs / "repllama.run.gz")]
    words += ["--qrels", str(DATA / "dl19/qrels.trec"), "--temperature", "fit"]
    for name in DL19_STUDENTS:
        words += ["--student", f"{name}={runs / name}.run"]
    out = tmp_path / "out"
    words += ["--student-temperature", "fit"]
    assert main([*words, "--out", str(out)]) == 0
    ledger = json.loads((out / "ledger.json").read_text())
    assert ledger["calibration"]["n_calibration"] == 9
    assert ledger["calibration"]["n_certificate"] == ledger["n_queries"] == 34
    shown = " ".join(capsys.readouterr().out.split())
    assert "Is the certificate vacuous? yes" in shown
    teacher = scaled(run(runs / "repllama.run.gz"), ledger["teacher"]["temperature"])
    chosen = [(qid, oracles.top(row, 16), set()) for qid, row in teacher.items()]
    for name in DL19_STUDENTS:
        student = ledger["students"][name]
        assert student["vacuous"] is True
        assert student["upper"] >= ledger["trivial"]
        assert re.search(rf"\b{name} \d+\.\d% \(\d+ of 34\)", shown)
        own = scaled(run(runs / f"{name}.run"), student["temperature"])
        wanted = oracles.measured_rows(
            chosen,
            teacher,
            on_the_floor(own, chosen),
            None,
            score_range=student["range"]["B"],
        )
        assert_matches(out, wanted, name)
    assert_decomposes(out)
    judged = qrels(DATA / "dl19/qrels.trec")
    assert set(judged) >= {qid for qid, _ in table(out / "per_query.tsv")}
