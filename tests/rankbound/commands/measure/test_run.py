"""The main job against loops over nested dictionaries, on a random world."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure_with
from tests import oracles
from tests.rankbound.commands.measure.world import make_world
from tests.rankbound.realdata import table

ONE = {"strong": 1.0, "gappy": 1.0}


def expected(world, groups, name, *, pairs="all", score_range=10.0, scale=1.0):
    student = None if name == "" else world.students[name]
    teacher = {
        qid: {doc: score / scale for doc, score in row.items()}
        for qid, row in world.teacher.items()
    }
    vectors = {doc: vector.tolist() for doc, vector in world.vectors.items()}
    return oracles.measured_rows(
        groups, teacher, student, vectors, pairs=pairs, score_range=score_range
    )


def assert_rows_match(found, wanted, name):
    mine = {qid: row for (qid, student), row in found.items() if student == name}
    assert mine.keys() == wanted.keys()
    for qid, row in wanted.items():
        assert mine[qid].keys() == row.keys()
        for column, value in row.items():
            assert_allclose(
                mine[qid][column],
                value,
                rtol=1e-10,
                atol=1e-15,
                err_msg=f"{qid} {column}",
            )


@pytest.mark.parametrize("pairs", ["all", "pos-neg", "neg-neg"])
@pytest.mark.parametrize("seed", [0, 1])
def test_measure_matches_loops_on_groups(tmp_path, pairs, seed):
    world = make_world(tmp_path, seed=seed)
    words = world.arguments(
        *world.with_groups(), *world.with_vectors(), "--pairs", pairs,
        "--student-kind", "logit", "--score-range", "6",
    )  # fmt: skip
    assert main(words) == 0
    found = table(tmp_path / "out/per_query.tsv")
    for name in ("strong", "gappy"):
        wanted = expected(world, world.groups, name, pairs=pairs, score_range=6.0)
        assert_rows_match(found, wanted, name)


def test_measure_matches_loops_on_the_teachers_top(world):
    words = world.arguments("--depth", "5", *world.with_vectors(), "--temperature", "2")
    assert main([*words, "--student-kind", "logit"]) == 0
    found = table(world.folder / "out/per_query.tsv")
    groups = [(q, oracles.top(row, 5), set()) for q, row in world.teacher.items()]
    for name in ("strong", "gappy"):
        assert_rows_match(found, expected(world, groups, name, scale=2.0), name)


def test_measure_takes_positives_from_qrels_at_a_depth(world):
    words = world.arguments(
        "--depth", "8", "--qrels", world.path("qrels.txt"), "--pairs", "pos-neg",
        "--student-kind", "logit", *world.with_vectors(), students=("strong",),
    )  # fmt: skip
    assert main(words) == 0
    groups = [
        (
            qid,
            oracles.top(row, 8),
            {doc for doc, grade in world.qrels[qid].items() if grade >= 1},
        )
        for qid, row in world.teacher.items()
    ]
    wanted = expected(world, groups, "strong", pairs="pos-neg")
    assert_rows_match(table(world.folder / "out/per_query.tsv"), wanted, "strong")


def test_measure_without_students_leaves_their_cells_blank(world):
    assert main(world.arguments(students=())) == 0
    text = (world.folder / "out/per_query.tsv").read_text().splitlines()
    cells = dict(zip(text[0].split("\t"), text[1].split("\t"), strict=True))
    assert cells["student"] == cells["risk_nats"] == cells["divergence_nats"] == ""
    groups = [(q, oracles.top(row, 16), set()) for q, row in world.teacher.items()]
    found = dict(table(world.folder / "out/per_query.tsv").items())
    wanted = {
        qid: {k: v for k, v in row.items() if k not in ("diameter", "mean_distance")}
        for qid, row in expected(world, groups, "").items()
    }
    assert_rows_match(found, wanted, "")


def test_bi_encoder_matches_dot_products(world):
    words = world.arguments(
        *world.with_groups(), *world.with_vectors(), "--student-temperature", "1.5",
        "--bi-encoder", f"encoder={world.path('queries.npy')}",
        "--query-ids", world.path("queries.txt"), students=(),
    )  # fmt: skip
    assert main(words) == 0
    world.students["encoder"] = {
        qid: {
            doc: sum(
                x * y
                for x, y in zip(
                    world.queries[qid].tolist(),
                    world.vectors[doc].tolist(),
                    strict=True,
                )
            )
            / 1.5
            for doc in row
        }
        for qid, row in world.teacher.items()
    }
    wanted = expected(world, world.groups, "encoder")
    assert_rows_match(table(world.folder / "out/per_query.tsv"), wanted, "encoder")


def test_risk_is_entropy_plus_divergence_in_every_row(world):
    words = world.arguments(*world.with_groups(), "--student-temperature", "fit")
    assert main(words) == 0
    for name in ("per_query.tsv", "calibration.tsv"):
        for row in table(world.folder / "out" / name).values():
            assert_allclose(
                row["risk_nats"], row["entropy_nats"] + row["divergence_nats"],
                rtol=1e-12, atol=0,
            )  # fmt: skip


def test_ledger_is_the_mean_of_the_rows(world):
    words = world.arguments(*world.with_groups(), *world.with_vectors())
    assert main([*words, "--student-kind", "logit"]) == 0
    ledger = json.loads((world.folder / "out/ledger.json").read_text())
    rows = table(world.folder / "out/per_query.tsv")
    for name, student in ledger["students"].items():
        mine = [row for (_, owner), row in rows.items() if owner == name]
        assert student["n_queries"] == len(mine)
        for key in ("risk", "entropy", "divergence"):
            mean = sum(row[f"{key}_nats"] for row in mine) / len(mine)
            assert_allclose(student[key], mean, rtol=1e-12)
        values = [row["risk_nats"] for row in mine]
        low, high = student["range"]["low"], student["range"]["high"]
        assert_allclose(
            student["limits"]["hoeffding"],
            oracles.hoeffding_limit(values, low, high, 0.05 / 2, 2),
            rtol=1e-12,
        )
        grid = oracles.betting_limit(values, low, high, 0.05 / 2, 2, 20_000)
        assert grid <= student["upper"] <= grid + (high - low) / 20_000 + 1e-9
        assert student["vacuous"] == (student["upper"] >= np.log(2))


def test_distances_of_the_ledger_weigh_queries_equally(world):
    words = world.arguments(*world.with_groups(), *world.with_vectors(), students=())
    assert main(words) == 0
    found = json.loads((world.folder / "out/ledger.json").read_text())["diameter"]
    usable = [(q, docs) for q, docs, _ in world.groups if len(docs) > 1]
    per_query = {}
    for qid, docs in usable:
        per_query.setdefault(qid, []).append(docs)
    weighted = []
    for groups in per_query.values():
        for docs in groups:
            pairs = [(x, y) for i, x in enumerate(docs) for y in docs[i + 1 :]]
            share = 1 / (len(per_query) * len(groups) * len(pairs))
            for x, y in pairs:
                distance = np.linalg.norm(
                    world.vectors[x].astype(float) - world.vectors[y].astype(float)
                )
                weighted.append((float(distance), share))
    weighted.sort(reverse=True)
    assert_allclose(found["max"], weighted[0][0], rtol=1e-12)
    above, quantile = 0.0, None
    for distance, share in weighted:
        if quantile is None and above + share > 0.01 + 1e-9:
            quantile = distance
        above += share
    assert_allclose(found["quantile_99"], quantile, rtol=1e-12)
    mean = sum(distance * share for distance, share in weighted)
    assert_allclose(found["mean_distance"], mean, rtol=1e-12)
    square = sum(distance**2 * share for distance, share in weighted)
    assert_allclose(found["rms_distance"], square**0.5, rtol=1e-12)
    shape = found["shape"]
    total = sum(share for _, share in weighted)
    for distance, share in zip(shape["distances"], shape["shares"], strict=True):
        below = sum(s for d, s in weighted if d <= distance)
        near = sum(s for d, s in weighted if abs(d - distance) < 1e-9)
        assert abs(share - below / total) <= near + 1e-9
    zero = sum(s for d, s in weighted if d == 0)
    assert_allclose(shape["share_at_distance_0"], zero / total, atol=1e-12)
    every = {doc for docs in (d for _, d in usable) for doc in docs}
    assert shape["documents"] == len(every) == sum(shape["norms"]["counts"])


def test_plug_in_lipschitz_constant_matches_loops(world):
    words = world.arguments(
        *world.with_groups(), *world.with_vectors(), "--student-kind", "logit",
        students=("strong",),
    )  # fmt: skip
    assert main(words) == 0
    ledger = json.loads((world.folder / "out/ledger.json").read_text())
    locality = ledger["students"]["strong"]["locality"]
    steepest, apart = 0.0, 0
    for qid, docs, _ in world.groups:
        scores = oracles.clip_at(
            {d: world.students["strong"][qid][d] for d in docs}, 10
        )
        for i, x in enumerate(docs):
            for y in docs[i + 1 :]:
                distance = np.linalg.norm(
                    world.vectors[x].astype(float) - world.vectors[y].astype(float)
                )
                if distance > 0:
                    steepest = max(steepest, abs(scores[x] - scores[y]) / distance)
                else:
                    apart += scores[x] != scores[y]
    assert_allclose(locality["lipschitz"], steepest, rtol=1e-10)
    assert locality["pairs_at_distance_0_with_different_scores"] == apart
    assert_allclose(
        locality["lipschitz_times_diameter"],
        locality["lipschitz"] * ledger["diameter"]["max"],
    )


def test_clipped_share_counts_documents(world):
    options = MeasureOptions(
        teacher=world.path("teacher.json.gz"),
        groups=world.path("groups.jsonl"),
        students=(StudentSource("strong", world.path("strong.run"), temperature=1.0),),
        score_range=5.0,
    )
    result = measured(options).students[0]
    total = clipped = 0
    for qid, docs, _ in world.groups:
        if len(docs) > 1:
            scores = {d: world.students["strong"][qid][d] for d in docs}
            kept = oracles.clip_at(scores, 5.0)
            clipped += sum(kept[d] != scores[d] for d in docs)
            total += len(docs)
    assert clipped > 0
    assert_allclose(result.student.clipped_share, clipped / total)
    assert result.terms.student_range is not None
    assert result.terms.student_range.max() <= 5.0 + 1e-12


def test_measure_names_its_stages(world):
    stages = []
    options = MeasureOptions(teacher=world.path("teacher.json.gz"))
    measure_with(options, progress=stages.append)
    assert stages == ["reading", "distances", "certificates"]
