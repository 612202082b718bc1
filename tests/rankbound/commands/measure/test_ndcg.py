"""The nDCG block against loops, by hand, and where it is vacuous or silent."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.commands.measure.comparators import ndcg
from rankbound.commands.measure.evaluated import Evaluated, Level
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from tests import oracles
from tests.rankbound.commands.measure.naive import (
    by_query,
    lists,
    student_entry,
    with_qrels,
)


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
    assert_allclose(found["loss"]["value"], 1 - 1 / math.log2(3))
    assert_allclose(found["bounds"]["inversions"]["value"], 1 - 1 / math.log2(3))
    assert not found["least"]["vacuous"]


def test_a_bound_above_one_is_called_vacuous():
    docs = {f"d{i}": float(-i) for i in range(9)}
    worst = {doc: -score for doc, score in docs.items()}
    grades = {doc: int(doc == "d0") for doc in docs}
    found = ndcg(evaluated({"q": docs}, {"q": worst}), Scores.from_dict({"q": grades}))
    assert found["bounds"]["pair_losses"]["vacuous"]
    assert found["bounds"]["pair_losses"]["share_of_lists_below_1"] == 0.0
    assert not found["bounds"]["ranks"]["vacuous"]


@pytest.mark.parametrize(
    "grades", [{"a": 0, "b": 0}, {"a": 1}, {"a": 1, "b": 1}, {"a": -1, "b": 0}]
)
def test_without_a_list_the_block_says_why(grades):
    student = evaluated({"q": {"a": 1.0, "b": 0.0}}, {"q": {"a": 0.0, "b": 1.0}})
    found = ndcg(student, Scores.from_dict({"q": grades}))
    assert "different gains" in found["missing_because"]
    assert "loss" not in found


def test_documents_without_a_judgement_take_no_part():
    teacher = {"q": {"a": 1.0, "b": 0.0, "c": 5.0}}
    student = evaluated(teacher, {"q": {"a": 2.0, "b": 1.0, "c": 9.0}})
    found = ndcg(student, Scores.from_dict({"q": {"a": 1, "b": 0}}))
    assert found["loss"]["value"] == 0.0
    assert np.isclose(found["bounds"]["inversions"]["value"], 0.0)
