"""Judged pairs against loops, and the reliability table by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.calibration import calibration_shift
from rankbound.commands.measure.evaluated import Evaluated, Level
from rankbound.commands.measure.relevance import (
    JudgedPairs,
    binned_calibration_term,
    judged_pairs,
    reliability,
)
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores, strings
from tests import oracles
from tests.rankbound.commands.measure.naive import lists
from tests.rankbound.commands.measure.world import make_world


def by_hand(margins, students, labels, queries):
    queries = np.array(queries)
    weights = 1 / np.bincount(queries)[queries]
    return JudgedPairs(
        queries, np.array(margins), np.array(students), np.array(labels), weights,
        len(set(queries.tolist())),
    )  # fmt: skip


def evaluated(world):
    """The world's groups and the student "strong", built without the program."""
    rows = list(lists(world))
    qids = sorted(world.teacher)
    docnos = sorted(d for row in world.teacher.values() for d in row)
    flat = [(q, d, clip[d]) for q, docs, _, clip in rows for d in docs]
    sizes = [len(docs) for _, docs, _, _ in rows]
    groups = Groups(
        queries=np.array([qids.index(q) for q, *_ in rows]),
        qids=strings(qids),
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        codes=np.array([docnos.index(d) for _, d, _ in flat]),
        docnos=strings(docnos),
    )
    return Evaluated(
        groups=groups,
        teacher=np.array([world.teacher[q][d] for q, d, _ in flat]),
        student=np.array([score for _, _, score in flat]),
        pairs="all", level=Level(0.05, 1), high=10.0, score_range=10.0,
    )  # fmt: skip


def loops(world):
    """Judged pairs, teacher's choice first: qid, group, a, m, label."""
    for number, (qid, docs, _, clip) in enumerate(lists(world)):
        grades = world.qrels[qid]
        for i, x in enumerate(docs):
            for y in docs[i + 1 :]:
                if x in grades and y in grades and grades[x] != grades[y]:
                    a = world.teacher[qid][x] - world.teacher[qid][y]
                    m, label = clip[x] - clip[y], float(grades[x] > grades[y])
                    if a < 0 or (a == 0 and m < 0):
                        a, m, label = -a, -m, 1 - label
                    if a == m == 0:
                        label = 0.5
                    yield qid, number, a, m, label


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_judged_pairs_match_loops(tmp_path, seed):
    world = make_world(tmp_path, seed=seed, n_queries=20)
    pairs = judged_pairs(evaluated(world), Scores.from_dict(world.qrels))
    wanted = list(loops(world))
    found = zip(pairs.teacher_margin, pairs.student_margin, pairs.labels, strict=True)
    assert_allclose(sorted(found), sorted(row[2:] for row in wanted), atol=1e-12)
    per_query = {}
    for qid, number, _, m, label in wanted:
        wrong = 0.5 if m == 0 else float((m > 0) != (label == 1))
        per_query.setdefault(qid, {}).setdefault(number, []).append(wrong)
    means = [
        np.mean([np.mean(group) for group in groups.values()])
        for groups in per_query.values()
    ]
    assert pairs.n_queries == len(means)
    assert_allclose(sorted(pairs.means(pairs.wrong)), sorted(means), atol=1e-12)


def test_judged_pairs_is_none_where_grades_do_not_differ(world):
    flat = {q: dict.fromkeys(row, 1) for q, row in world.qrels.items()}
    assert judged_pairs(evaluated(world), Scores.from_dict(flat)) is None


def test_a_pair_on_which_both_models_tie_has_no_first_document(world):
    student = evaluated(world)
    student.student[:] = 0.0
    student.teacher[:] = 0.0
    pairs = judged_pairs(student, Scores.from_dict(world.qrels))
    assert set(pairs.labels) == {0.5}
    assert set(pairs.wrong) == {0.5}


def test_reliability_by_hand():
    # p = 0.75 exactly at the margin ln 3; two queries agree, one pair disagrees
    a = np.log(3.0)
    pairs = by_hand([a] * 4, [1.0, 1.0, 1.0, -1.0], [1.0, 0.0, 1.0, 1.0], [0, 0, 1, 1])
    agrees, disagrees = reliability(pairs, Level(0.05, 1))
    assert (agrees["student"], disagrees["student"]) == ("agrees", "disagrees")
    assert (agrees["n_pairs"], agrees["n_queries"]) == (3, 2)
    assert (agrees["from"], agrees["to"]) == (0.75, 0.8)
    assert_allclose(agrees["mean_p"], 0.75)
    assert agrees["observed"] == 0.75  # a half and a whole: queries weigh the same
    assert disagrees["observed"] == 1.0
    low, high = agrees["interval"]
    assert 0 <= low < 0.75 < high <= 1


def test_binned_calibration_term_by_hand():
    a = np.log(3.0)
    pairs = by_hand([a] * 4, [1.0] * 3 + [-1.0], [1.0, 0.0, 1.0, 1.0], [0, 0, 1, 1])
    # weights 1/2 each: the agreeing pairs' gaps 1/4, -3/4, 1/4 sum to -1/8 of mass 2
    assert_allclose(binned_calibration_term(pairs), (0.125 + 0.125) / 2)


@pytest.mark.parametrize("seed", range(5))
def test_binned_calibration_term_bounds_the_shift(seed):
    rng = np.random.default_rng(seed)
    n = 300
    pairs = by_hand(
        np.abs(rng.normal(0, 2, n)), rng.normal(size=n),
        rng.integers(0, 2, n).astype(float),
        np.concatenate([np.arange(10), rng.integers(0, 10, n - 10)]),
    )  # fmt: skip
    p = np.array([oracles.sigmoid(a) for a in pairs.teacher_margin])
    shift = calibration_shift(
        p, pairs.student_margin, pairs.labels, weights=pairs.weights
    )
    assert abs(shift) <= binned_calibration_term(pairs) + 1e-12
