"""Misranking on data against loops: from preferences and on judged pairs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.limits import upper_limit
from rankbound.bounds.theorem3 import calibration_shift, misranking_ceiling
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.relevance import (
    Evaluated,
    JudgedPairs,
    binned_calibration_term,
    judged_pairs,
    reliability,
)
from rankbound.data.clusters import Units
from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.data.scores import Scores
from tests import oracles
from tests.rankbound.commands.measure.naive import (
    by_query,
    lists,
    student_entry,
    with_qrels,
)
from tests.rankbound.commands.measure.world import make_world

LN2 = math.log(2)


def pair_values(a, m):
    p = oracles.sigmoid(a)
    loss = oracles.pair_loss(p, m)
    wrong = 0.5 if m == 0 else (p if m < 0 else 1 - p)
    divergence = loss - oracles.entropy_of(p)
    share = 0.5 if m == 0 else float(a * m < 0)
    return {
        "wrong": wrong, "bayes": min(p, 1 - p), "entropy": oracles.entropy_of(p),
        "divergence": divergence, "discordant": share * divergence,
    }  # fmt: skip


def loops(world, name, pairs, score_range=10.0):
    """Mean over queries, and one number per query, of each term."""
    found = {}
    for qid, docs, positives, clip in lists(world, name, score_range):
        chosen = oracles.wanted_pairs(docs, positives, pairs)
        rows = [
            pair_values(
                world.teacher[qid][x] - world.teacher[qid][y], clip[x] - clip[y]
            )
            for x, y in chosen
        ]
        for key in rows[0] if rows else ():
            value = sum(row[key] for row in rows) / len(rows)
            found.setdefault(key, []).append((qid, value))
    return {key: by_query(values) for key, values in found.items()}


@pytest.mark.parametrize("name", ["strong", "gappy"])
@pytest.mark.parametrize("pairs", ["all", "pos-neg"])
def test_relevance_matches_loops(world, name, pairs):
    entry = student_entry(world, *with_qrels(world), "--pairs", pairs, name=name)
    block, wanted = entry["relevance"], loops(world, name, pairs)
    mean = {key: value for key, (value, _) in wanted.items()}
    assert_allclose(block["misranking"]["value"], mean["wrong"], rtol=1e-9)
    assert_allclose(block["floor"]["value"], mean["bayes"], rtol=1e-9)
    ceiling = misranking_ceiling(
        mean["entropy"], mean["divergence"], discordant=mean["discordant"]
    )
    assert_allclose(block["ceiling"]["value"], ceiling, rtol=1e-7)
    risk = min(1, (mean["entropy"] + mean["divergence"]) / LN2)
    assert_allclose(block["ceiling"]["from_risk"], risk, rtol=1e-9)
    pinsker = mean["entropy"] / (2 * LN2) + math.sqrt(2 * mean["divergence"])
    assert_allclose(block["ceiling"]["from_divergence"], min(1, pinsker), rtol=1e-9)


def test_relevance_orders_floor_misranking_and_ceiling(world):
    block = student_entry(world, *with_qrels(world))["relevance"]
    for part in (block, block["judged"]):
        floor, ceiling = part["floor"], part["ceiling"]
        low, high = part["misranking"]["interval"]
        assert floor["from_entropy"] <= floor["value"] <= part["misranking"]["value"]
        assert part["misranking"]["value"] <= ceiling["value"] <= ceiling["limit"]
        assert low <= part["misranking"]["value"] <= high
        assert floor["limit"] <= floor["value"]
        assert floor["from_entropy_limit"] <= floor["from_entropy"]
    assert any("A4ii" in line for line in block["assumptions"])


def soften(world):
    """A teacher of small entropy and a student close to it, so that limits say much."""
    for qid, row in world.teacher.items():
        world.students["strong"][qid] = dict(row)
    Path(world.path("strong.run")).write_text(
        "".join(
            f"{qid} Q0 {doc} 0 {score!r} strong\n"
            for qid, row in world.students["strong"].items()
            for doc, score in row.items()
        )
    )


def test_the_ceilings_limit_pays_for_three_limits(tmp_path):
    world = make_world(tmp_path, seed=4, n_queries=60, sizes=(9, 9))
    soften(world)
    alone = ("--score-range", "1", "--pilot", "0")
    entry = student_entry(world, *with_qrels(world), *alone)
    wanted = loops(world, "strong", "all", 1.0)
    limits = {
        key: upper_limit(wanted[key][1], low=0, high=high, delta=0.05 / 3)
        for key, high in (
            ("entropy", LN2),
            ("divergence", entry["range"]["high"]),
            ("discordant", entry["range"]["high"]),
        )
    }
    expected = misranking_ceiling(
        limits["entropy"], limits["divergence"], discordant=limits["discordant"]
    )
    assert expected < 1
    assert_allclose(entry["relevance"]["ceiling"]["limit"], expected, rtol=1e-6)


def test_observed_misranking_is_the_computed_one_plus_the_shift(world):
    judged = student_entry(world, *with_qrels(world))["relevance"]["judged"]
    observed, computed = judged["observed_misranking"], judged["misranking"]
    shift = judged["calibration_shift"]
    assert_allclose(observed["value"], computed["value"] + shift["value"], rtol=1e-9)
    assert abs(shift["value"]) <= judged["calibration_term"] + 1e-12
    assert shift["interval"][0] <= shift["value"] <= shift["interval"][1]
    assert observed["value"] <= observed["upper"] <= observed["interval"][1]
    assert judged["n_pairs"] == sum(row["n_pairs"] for row in judged["reliability"])
    # the observed share of a correct order is what the table adds up to
    assert judged["ceiling_with_calibration"] >= observed["value"]


def test_relevance_without_a_judged_pair_says_why(world):
    flat = world.folder / "flat.txt"
    flat.write_text(
        "".join(f"{q} 0 {d} 1\n" for q, r in world.qrels.items() for d in r)
    )
    block = student_entry(world, "--qrels", str(flat))["relevance"]
    assert block["judged"] is None
    assert "do not count as irrelevant" in block["judged_missing_because"]


def test_calibration_queries_stay_out_of_the_reading(tmp_path):
    world = make_world(tmp_path, seed=7, n_queries=40)
    entry = student_entry(world, *with_qrels(world), "--student-temperature", "fit")
    aside = (world.folder / "out/calibration.tsv").read_text()
    for qid in [line.split("\t")[0] for line in aside.splitlines()[1:]]:
        world.qrels[qid] = {doc: 2 - grade for doc, grade in world.qrels[qid].items()}
    changed = world.folder / "changed.txt"
    changed.write_text(
        "".join(
            f"{q} 0 {d} {g}\n" for q, r in world.qrels.items() for d, g in r.items()
        )
    )
    again = student_entry(
        world, "--qrels", str(changed), "--student-temperature", "fit"
    )
    for name in ("relevance", "ndcg", "comparators"):
        assert again[name] == entry[name]


def test_the_teachers_temperature_reaches_the_preferences(world):
    cold = student_entry(world, *with_qrels(world))["relevance"]
    warm = student_entry(world, *with_qrels(world), "--temperature", "4")["relevance"]
    for qid, row in world.teacher.items():
        world.teacher[qid] = {doc: score / 4 for doc, score in row.items()}
    mean = {key: value for key, (value, _) in loops(world, "strong", "all").items()}
    assert_allclose(warm["floor"]["value"], mean["bayes"], rtol=1e-9)
    assert warm["floor"]["value"] > cold["floor"]["value"]


def by_hand(margins, students, labels, queries):
    queries = np.array(queries)
    weights = 1 / np.bincount(queries)[queries]
    return JudgedPairs(
        queries, np.array(margins), np.array(students), np.array(labels), weights,
        Units(np.unique(queries)),
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


def pair_loops(world):
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
    wanted = list(pair_loops(world))
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
    assert (agrees.student, disagrees.student) == ("agrees", "disagrees")
    assert (agrees.n_pairs, agrees.n_queries) == (3, 2)
    assert (agrees.from_, agrees.to) == (0.75, 0.8)
    assert_allclose(agrees.mean_p, 0.75)
    assert agrees.observed == 0.75  # a half and a whole: queries weigh the same
    assert disagrees.observed == 1.0
    low, high = agrees.interval
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
