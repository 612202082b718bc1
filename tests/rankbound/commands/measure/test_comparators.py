"""nDCG, its bounds and earlier bounds against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.limits import upper_limit
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.comparators import ndcg, pool_error
from rankbound.commands.measure.relevance import Evaluated
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from tests import oracles
from tests.rankbound.commands.measure.naive import (
    by_query,
    lists,
    student_entry,
    with_qrels,
)
from tests.rankbound.commands.measure.world import make_world

DELTA = 0.05


def area(score, relevant):
    wins = [
        float(score[u] > score[v]) + 0.5 * (score[u] == score[v])
        for u in relevant
        for v in score
        if v not in relevant
    ]
    return sum(wins) / len(wins)


def judged_lists(world, name="strong"):
    for qid, docs, _, clip in lists(world, name):
        grades = {d: g for d, g in world.qrels[qid].items() if d in docs}
        yield qid, grades, {d: clip[d] for d in grades}


@pytest.fixture
def block(world):
    return student_entry(world, *with_qrels(world))["comparators"]


def test_auc_matches_loops(world, block):
    values, limits = [], []
    for qid, grades, score in judged_lists(world):
        good = {d for d, g in grades.items() if g >= 1}
        if 0 < len(good) < len(grades):
            value = area(score, good)
            bad = len(grades) - len(good)
            slack = math.sqrt(math.log(1 / DELTA) / 2 * (1 / len(good) + 1 / bad))
            values.append((qid, value))
            limits.append((qid, value - slack))
    assert block["auc"]["n_lists"] == len(values)
    assert_allclose(block["auc"]["value"], by_query(values)[0], rtol=1e-9)
    assert_allclose(block["auc"]["limit"], by_query(limits)[0], rtol=1e-9)
    assert any("IID-DOCS" in line for line in block["auc"]["assumptions"])


def test_pool_matches_loops(world, block):
    values, limits = [], []
    for qid, grades, score in judged_lists(world):
        if len(set(grades.values())) < 2:
            continue
        docs, wrong, count = list(grades), 0.0, 0
        for i, x in enumerate(docs):
            for y in docs[i + 1 :]:
                count += 1
                better = (grades[x] - grades[y]) * (score[x] - score[y])
                if grades[x] != grades[y]:
                    wrong += 0.5 if score[x] == score[y] else float(better < 0)
        value = wrong / count
        values.append((qid, value))
        slack = math.sqrt(math.log(1 / DELTA) / (2 * (len(docs) // 2)))
        limits.append((qid, value + slack))
    assert_allclose(block["pool"]["value"], by_query(values)[0], rtol=1e-9)
    assert_allclose(block["pool"]["limit"], by_query(limits)[0], rtol=1e-9)


def test_teacher_and_margin_match_loops(tmp_path):
    world = make_world(tmp_path, seed=2, n_queries=40)
    block = student_entry(world, *with_qrels(world), "--pilot", "0")["comparators"]
    error, gap, short = [], [], []
    for qid, grades, score in judged_lists(world):
        rows = [
            (world.teacher[qid][x] - world.teacher[qid][y], score[x] - score[y])
            for x in grades
            for y in grades
            if grades[x] > grades[y]
        ]
        if rows:
            p = [(oracles.sigmoid(-a), oracles.sigmoid(-m)) for a, m in rows]
            error.append((qid, sum(t for t, _ in p) / len(p)))
            gap.append((qid, sum(abs(t - s) for t, s in p) / len(p)))
            short.append((qid, sum(m < 1 for _, m in rows) / len(rows)))
    assert_allclose(block["margin"]["value"], by_query(short)[0], rtol=1e-9)
    assert block["margin"]["limit"] is None
    assert "fixed in advance" in block["margin"]["missing_because"]
    (t, ts), (g, gs) = by_query(error), by_query(gap)
    assert_allclose(block["teacher"]["value"], 2 * (t + g), rtol=1e-9)
    limits = [upper_limit(x, low=0, high=1, delta=DELTA / 2) for x in (ts, gs)]
    assert_allclose(block["teacher"]["limit"], 2 * sum(limits), rtol=1e-6)


def test_the_teachers_bound_is_above_the_observed_misranking(world):
    entry = student_entry(world, *with_qrels(world))
    observed = entry["relevance"]["judged"]["observed_misranking"]["value"]
    assert observed <= entry["comparators"]["teacher"]["value"] + 1e-12


def test_variance_has_two_parts_and_no_limit(block):
    part = block["variance"]
    assert_allclose(part["value"], part["soft_labels"] + part["added_by_labels"])
    assert part["limit"] is None
    assert part["added_by_labels"] > 0


def test_without_judged_pairs_every_comparator_is_null_with_a_reason(world):
    flat = world.folder / "flat.txt"
    flat.write_text(
        "".join(f"{q} 0 {d} 1\n" for q, r in world.qrels.items() for d in r)
    )
    block = student_entry(world, "--qrels", str(flat))["comparators"]
    assert set(block) == {"auc", "pool", "margin", "teacher", "variance"}
    for entry in block.values():
        assert entry["value"] is entry["limit"] is None
        assert "different grades" in entry["missing_because"]


def test_auc_says_why_where_all_judged_documents_are_relevant(world):
    graded = world.folder / "graded.txt"
    graded.write_text(
        "".join(f"{q} 0 {d} {g + 1}\n" for q, r in world.qrels.items()
                for d, g in r.items())
    )  # fmt: skip
    block = student_entry(world, "--qrels", str(graded))["comparators"]
    assert block["auc"]["value"] is None
    assert "grade 1 and more, and of less" in block["auc"]["missing_because"]
    assert block["pool"]["value"] is not None


def test_pool_error_counts_ties_half_and_equal_grades_never():
    assert pool_error(np.array([2.0, 1.0]), np.array([0.0, 0.0])) == 0.5
    assert pool_error(np.array([1.0, 1.0]), np.array([0.0, 3.0])) == 0.0
    assert pool_error(np.array([2.0, 1.0]), np.array([0.0, 3.0])) == 1.0


def dcg(gains):
    return sum(gain / math.log2(2 + rank) for rank, gain in enumerate(gains))


def naive(gain, score):
    """1 - nDCG, ties against the student, and the three bounds."""
    docs = list(gain)
    order = sorted(docs, key=lambda d: (-score[d], gain[d]))
    ideal = dcg(sorted(gain.values(), reverse=True))
    step = (1 - 1 / math.log2(3)) / ideal
    wrong = loss = reached = 0.0
    for u in docs:
        behind = 0.0
        for v in docs:
            part = oracles.softplus(score[v] - score[u]) / math.log(2)
            if v != u:
                behind += part
            if gain[u] > gain[v]:
                wrong += (gain[u] - gain[v]) * (score[u] <= score[v])
                loss += (gain[u] - gain[v]) * part
        reached += gain[u] / math.log2(2 + behind)
    return (
        1 - dcg([gain[d] for d in order]) / ideal,
        step * wrong,
        step * loss,
        1 - reached / ideal,
    )


@pytest.mark.parametrize("name", ["strong", "gappy"])
def test_ndcg_matches_loops(world, name):
    block = student_entry(world, *with_qrels(world), name=name)["ndcg"]
    rows = []
    for qid, docs, _, clip in lists(world, name):
        gain = {d: 2.0**g - 1 for d, g in world.qrels[qid].items() if d in docs}
        if len(set(gain.values())) > 1:
            rows.append((qid, naive(gain, clip)))
    assert block["n_lists"] == len(rows)
    parts = [by_query([(q, row[i]) for q, row in rows])[0] for i in range(4)]
    assert_allclose(block["loss"]["value"], parts[0], atol=1e-12)
    for bound, wanted in zip(block["bounds"].values(), parts[1:], strict=True):
        assert_allclose(bound["value"], wanted, rtol=1e-9)
        assert bound["vacuous"] == (wanted >= 1)
    least, _ = by_query([(q, min(row[2:])) for q, row in rows])
    assert_allclose(block["least"]["value"], least, rtol=1e-9)
    assert block["loss"]["value"] <= least <= block["least"]["limit"]


def evaluated(teacher, scores):
    rows = Scores.from_dict(teacher)
    groups = top_documents(rows, depth=9)
    values, _ = groups.scores_of(Scores.from_dict(scores))
    return Evaluated(
        groups=groups, teacher=groups.scores_of(rows)[0], student=values, pairs="all",
        level=Level(0.05, 1), high=10.0, score_range=10.0,
    )  # fmt: skip


def test_one_wrong_pair_by_hand():
    student = evaluated({"q": {"a": 1.0, "b": 0.0}}, {"q": {"a": 0.0, "b": 1.0}})
    found = ndcg(student, Scores.from_dict({"q": {"a": 1, "b": 0}}))
    assert_allclose(found.loss.value, 1 - 1 / math.log2(3))
    assert_allclose(found.bounds["inversions"].value, 1 - 1 / math.log2(3))
    assert not found.least.vacuous


def test_a_bound_above_one_is_called_vacuous():
    docs = {f"d{i}": float(-i) for i in range(9)}
    worst = {doc: -score for doc, score in docs.items()}
    grades = {doc: int(doc == "d0") for doc in docs}
    found = ndcg(evaluated({"q": docs}, {"q": worst}), Scores.from_dict({"q": grades}))
    assert found.bounds["pair_losses"].vacuous
    assert found.bounds["pair_losses"].share_of_lists_below_1 == 0.0
    assert not found.bounds["ranks"].vacuous


@pytest.mark.parametrize(
    "grades", [{"a": 0, "b": 0}, {"a": 1}, {"a": 1, "b": 1}, {"a": -1, "b": 0}]
)
def test_without_a_list_the_block_says_why(grades):
    student = evaluated({"q": {"a": 1.0, "b": 0.0}}, {"q": {"a": 0.0, "b": 1.0}})
    found = ndcg(student, Scores.from_dict({"q": grades}))
    assert "different gains" in found.missing_because
    assert found.loss is None
    assert found.to_dict().keys() == {"missing_because", "assumptions"}


def test_documents_without_a_judgement_take_no_part():
    teacher = {"q": {"a": 1.0, "b": 0.0, "c": 5.0}}
    student = evaluated(teacher, {"q": {"a": 2.0, "b": 1.0, "c": 9.0}})
    found = ndcg(student, Scores.from_dict({"q": {"a": 1, "b": 0}}))
    assert found.loss.value == 0.0
    assert np.isclose(found.bounds["inversions"].value, 0.0)
