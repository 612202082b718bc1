"""Students compared on the same queries, documents and B: loops and simulation."""

from __future__ import annotations

import math
import random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.catalogue import EXCLUDED, REMAINS, proviso
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.run import measure
from tests import oracles
from tests.rankbound.commands.measure.test_unscored import risk_of
from tests.rankbound.realdata import DATA, needs_data

RANGES = (0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
NOISE = {"near": 0.4, "middle": 1.0, "far": 3.0}


def models(n, *, seed=0, size=5, noise=None, worse=0.0):
    """A teacher and students that follow it with noise, by query."""
    rng = random.Random(seed)
    teacher = {
        f"q{i:03d}": {f"d{j}": rng.gauss(0, 2) for j in range(size)} for i in range(n)
    }
    students = {
        name: {
            qid: {
                doc: (-worse if name == "far" else 1) * x + rng.gauss(0, sd)
                for doc, x in row.items()
            }
            for qid, row in teacher.items()
        }
        for name, sd in (noise or NOISE).items()
    }
    return teacher, students


def made(teacher, students, **settings):
    return measure(teacher, students=students, teacher_kind="logit", **settings)


def as_logits(students, temperature=None):
    return [
        StudentSource(name, scores=scores, kind="logit", temperature=temperature)
        for name, scores in students.items()
    ]


def width_of(k, score_range):
    """Lemma 2c by hand: of k documents, at most this share of the pairs is cut."""
    low_side = k // 2
    cut = low_side * (k - low_side) / (k * (k - 1) / 2)
    low = oracles.softplus(-cut * score_range)
    high = math.log(2) + cut * (oracles.softplus(score_range) - math.log(2))
    return high - low


def lacking(students, gone, name="far"):
    """The students, of which one lacks the documents in `gone`, by query."""
    kept = {
        qid: {doc: x for doc, x in row.items() if doc not in gone.get(qid, ())}
        for qid, row in students[name].items()
    }
    return students | {name: {qid: row for qid, row in kept.items() if row}}


@pytest.mark.parametrize("gone", [{}, {"q002": ["d1"], "q004": ["d0", "d3", "d4"]}])
def test_paired_limits_match_loops(gone):
    """Risks, differences and limits by loops, without a pilot and at a given B."""
    n, b, delta = 19, 1.5, 0.1
    teacher, students = models(n, worse=1.0)
    students = lacking(students, gone)
    found = made(teacher, as_logits(students), score_range=b, delta=delta).ranking
    risks = {
        name: [risk_of(teacher[q], scores.get(q, {}), b) for q in teacher]
        for name, scores in students.items()
    }
    width = width_of(5, b)
    assert_allclose(found.width, width, rtol=1e-12)
    assert (found.n_queries, found.pilot_queries, found.B) == (n, 0, b)
    assert (found.B_by, found.stakes_by) == ("given", "default")
    for name, one in found.students.items():
        assert_allclose(one.risk, fmean(risks[name]), rtol=1e-12)
        assert set(one.against) == set(students) - {name}
        for other, limit in one.against.items():
            differences = [
                x - y for x, y in zip(risks[name], risks[other], strict=True)
            ]
            assert_allclose(limit.difference, fmean(differences), atol=1e-12)
            upper = oracles.betting_limit(
                [-x for x in differences], -width, width, delta / 2, 1, 4000
            )
            assert_allclose(limit.lower, -upper, atol=2 * width / 2000)
        capital = max(
            oracles.betting_capital(
                [y - x for x, y in zip(risks[name], risks[other], strict=True)],
                *(-width, width, delta / 2, 0.5),
            )
            for other in one.against
        )
        assert_allclose(one.p_value, min(1, 2 / capital), rtol=1e-9)
        lowest = max(limit.lower for limit in one.against.values())
        assert (one.verdict == EXCLUDED) == (lowest > 0) == (one.p_value < delta)
        assert (one.excluded_by is None) == (one.verdict == REMAINS)


def test_those_that_remain_are_in_the_order_of_their_risk_and_the_others_are_not():
    teacher, students = models(300, worse=1.0)
    found = made(teacher, as_logits(students)).ranking
    risks = {name: one.risk for name, one in found.students.items()}
    assert found.remaining == ("near",)
    assert found.students["far"].excluded_by == "near"
    assert found.students["far"].against["near"].lower > 0.1
    assert sorted(risks, key=risks.get) == ["near", "middle", "far"]
    first, *others = found.sentences
    assert first.startswith("1 of 3 students cannot be excluded as best, on 240 quer")
    assert first.endswith(proviso(trained=False))
    assert sum(line.startswith("excluded as best is") for line in others) == 2


@pytest.mark.parametrize("unscored", ["floor", "drop"])
@pytest.mark.parametrize("temperature", [None, "fit"])
def test_one_b_is_that_of_the_least_predicted_limits_on_average(unscored, temperature):
    teacher, students = models(60, seed=3, worse=0.2)
    students = lacking(students, {"q010": ["d0"], "q011": ["d2"]})
    sources = as_logits(students, temperature)
    found = made(teacher, sources, unscored=unscored)
    predicted = {}
    for b in RANGES:
        at = made(teacher, sources, unscored=unscored, score_range=b).students
        predicted[b] = fmean(one.chosen.predicted for one in at.values())
    best = min(predicted, key=predicted.get)
    assert (found.ranking.B, found.ranking.B_by) == (best, "pilot")
    assert len({one.range.B for one in found.students.values()}) > 1
    there = made(teacher, sources, unscored=unscored, score_range=best)
    assert {name: one.temperature for name, one in found.ranking.students.items()} == {
        name: one.temperature for name, one in there.students.items()
    }
    assert found.ranking.students == there.ranking.students
    if unscored == "floor":
        for name, one in there.students.items():
            assert_allclose(found.ranking.students[name].risk, one.risk, rtol=1e-12)


def test_stakes_come_from_the_pilot_queries_and_limits_from_the_others():
    teacher, students = models(50, seed=4)
    found = made(teacher, as_logits(students), score_range=2.0)
    ranking = found.ranking
    assert (ranking.n_queries, ranking.pilot_queries) == (40, 10)
    assert ranking.stakes_by == "pilot"
    risks = {name: {} for name in students}
    for row in found.beside["per_query"]:  # at a given B those of the certificates
        risks[row["student"]][row["qid"]] = float(row["risk_nats"])
    # one stake for each pair: the log of the capital at the limit is ln((K - 1)/delta)
    limit = ranking.students["far"].against["near"].lower
    w = ranking.width
    values = [(risks["near"][q] - risks["far"][q] + w) / (2 * w) for q in risks["far"]]
    mean = (w - limit) / (2 * w)
    grown = {
        u: sum(math.log1p(u * (mean - x) / (1 - mean)) for x in values)
        for u in np.linspace(0.001, 0.999, 999)
    }
    assert max(grown.values()) >= math.log(2 / 0.05) - 1e-6
    nearest = min(grown, key=lambda u: abs(grown[u] - math.log(2 / 0.05)))
    assert abs(grown[nearest] - math.log(2 / 0.05)) < 0.02


def test_differences_of_divergences_are_those_of_risks():
    teacher, students = models(40, seed=5)
    found = made(teacher, as_logits(students), score_range=2.0)
    divergences = {name: [] for name in students}
    for row in found.beside["per_query"]:
        divergences[row["student"]].append(float(row["divergence_nats"]))
    for name, one in found.ranking.students.items():
        assert_allclose(one.divergence, fmean(divergences[name]), rtol=1e-12)
        for other, limit in one.against.items():
            expected = fmean(divergences[name]) - fmean(divergences[other])
            assert_allclose(limit.difference, expected, atol=1e-12)


@settings(max_examples=6)
@given(seed=st.integers(0, 1000), order=st.permutations(list(NOISE)))
def test_the_order_and_the_names_of_students_change_nothing(seed, order):
    teacher, students = models(25, seed=seed, size=3)
    first = made(teacher, as_logits(students)).ranking
    again = made(
        teacher, as_logits({f"{name} again": students[name] for name in order})
    ).ranking
    assert again.B == first.B
    for name, one in first.students.items():
        other = again.students[f"{name} again"]
        assert (other.risk, other.p_value) == (one.risk, one.p_value)
        assert {key.removesuffix(" again"): x for key, x in other.against.items()} == (
            one.against
        )


def test_more_students_make_limits_lower_and_leave_the_certificates_level():
    teacher, students = models(60, seed=6)
    fewer = {name: students[name] for name in ("near", "far")}
    given_b = {"score_range": 2.0, "pilot": 0}
    few = made(teacher, as_logits(fewer), **given_b)
    many = made(teacher, as_logits(students), **given_b)
    for name, other in (("near", "far"), ("far", "near")):
        pair = [found.ranking.students[name].against[other] for found in (few, many)]
        assert pair[0].difference == pair[1].difference
        assert pair[0].lower > pair[1].lower
    alone = made(teacher, as_logits({"near": students["near"]}), **given_b)
    assert alone.ranking is None
    assert alone.students["near"].upper < few.students["near"].upper


def test_the_ledger_says_that_the_ranking_has_a_delta_of_its_own():
    teacher, students = models(30)
    found = made(teacher, as_logits(students), delta=0.1)
    told = [line for line in found.assumptions if "ranking" in line]
    assert len(told) == 1
    assert "0.1" in told[0]
    assert "0.8" in told[0]
    assert found.ranking.delta == 0.1
    assert "ranking" in found.definitions
    assert "ranking" in found.statements


def test_students_with_documents_of_their_own_are_compared_on_those_they_share():
    teacher, students = models(40, seed=7)
    gone = {"q001": ["d0"], "q002": ["d1", "d2"], "q003": ["d0", "d1", "d2", "d3"]}
    students = lacking(students, gone)
    settings = {"score_range": 2.0, "pilot": 0}
    dropped = made(teacher, as_logits(students), unscored="drop", **settings).ranking
    common = made(teacher, as_logits(students), unscored="common", **settings).ranking
    assert dropped.students == common.students
    assert dropped.n_queries == 39  # a single document of q003 is left
    floored = made(teacher, as_logits(students), **settings).ranking
    assert floored.n_queries == 40


def test_below_nine_tenths_of_the_documents_there_is_no_ranking_but_a_reason():
    teacher, students = models(40, seed=8)
    students = lacking(students, {q: ["d0"] for q in teacher})
    found = made(teacher, as_logits(students | {"copy": students["far"]}),
                 unscored="drop")  # fmt: skip
    ranking = found.ranking
    assert (ranking.students, ranking.remaining, ranking.B) == ({}, (), None)
    assert "80.0%" in ranking.missing_because
    assert "'far'" in ranking.missing_because
    assert [one.student for one in ranking.equal] == ["copy"]


def test_queries_that_one_students_certificate_leaves_out_are_left_out_for_all():
    """A query with a smaller group than those of the pilot, of one student alone."""
    teacher, students = models(60, seed=9, size=12)
    found = made(teacher, as_logits(students), unscored="drop")
    certified = sorted({row["qid"] for row in found.beside["per_query"]})
    students = lacking(students, {certified[0]: ["d0"], certified[1]: ["d1"]})
    again = made(teacher, as_logits(students), unscored="drop", score_range=2.0)
    assert again.ranking.n_queries == again.students["far"].n_queries == 46
    assert again.students["near"].n_queries == 48
    near = [
        float(row["risk_nats"])
        for row in again.beside["per_query"]
        if row["student"] == "near" and row["qid"] not in certified[:2]
    ]
    assert_allclose(again.ranking.students["near"].risk, fmean(near), rtol=1e-12)


# Equal students


def equals(students, **settings):
    teacher, _ = models(12, seed=1)
    sources = [
        one if isinstance(one, StudentSource) else as_logits({name: one})[0]
        for name, one in students.items()
    ]
    return made(teacher, sources, **settings).ranking


def changed(scores, function):
    return {
        qid: {doc: function(x, qid + doc) for doc, x in row.items()}
        for qid, row in scores.items()
    }


def far_scores():
    return models(12, seed=1)[1]["far"]


@pytest.mark.parametrize("factor", [1.0, 3.7, 1e-6, 2e5])
@pytest.mark.parametrize("temperature", ["own", "fit"])
def test_scores_that_differ_by_a_factor_are_one_student(factor, temperature):
    scores = far_scores()
    scaled = changed(scores, lambda x, _: factor * x)
    temperatures = ("fit", "fit") if temperature == "fit" else (1.0, factor)
    sources = {
        name: StudentSource(name, scores=held, kind="logit", temperature=t)
        for name, held, t in zip("ab", (scores, scaled), temperatures, strict=True)
    }
    found = equals(sources)
    (one,) = found.equal
    assert (one.student, one.equals, one.same_risks) == ("b", "a", True)
    assert_allclose(one.factor, factor, rtol=1e-12)
    assert (one.documents, one.scored_by_one) == (60, 0)
    assert_allclose(found.students["a"].against["b"].difference, 0, atol=1e-6)
    assert set(found.remaining) == {"a", "b"}
    assert "'b' is the same student as 'a'" in found.sentences[-1]


def test_a_constant_of_each_query_and_rounding_make_no_other_student():
    scores = far_scores()
    for function in (
        lambda x, at: x + 17.0 * int(at[2:4]),
        lambda x, _: round(2 * x, 6),
        lambda x, _: float(np.float32(x)),
    ):
        (one,) = equals({"a": scores, "b": changed(scores, function)}).equal
        assert one.student == "b"


@pytest.mark.parametrize(
    "function",
    [
        lambda x, _: -x,
        lambda x, _: x**3,
        lambda x, at: x + 0.01 * (at == "q005d3"),
        lambda x, at: x * (1 + at.startswith("q004")),
        lambda x, _: 0.0 * x,
    ],
)
def test_other_scores_are_another_student(function):
    scores = far_scores()
    students = {"a": scores, "b": changed(scores, function)}
    assert equals(students, score_range=40.0).equal == ()


def test_a_placeholder_far_below_hides_no_difference():
    """Scores near -10,000 for what was not retrieved, in both students."""
    scores = far_scores()
    sunk = changed(scores, lambda x, at: x - 1e4 if "d4" in at else x)
    other = changed(sunk, lambda x, at: x + 0.04 * ("d1" in at))
    assert equals({"a": sunk, "b": other}).equal == ()
    (one,) = equals({"a": sunk, "b": changed(sunk, lambda x, _: x + 1)}).equal
    assert one.factor == pytest.approx(1)


def test_one_student_at_two_temperatures_is_said_to_be_one():
    scores = far_scores()
    sources = {
        name: StudentSource(name, scores=scores, kind="logit", temperature=t)
        for name, t in (("a", 1.0), ("b", 2.0))
    }
    found = equals(sources)
    (one,) = found.equal
    assert (one.factor, one.same_risks) == (1.0, False)
    assert found.students["a"].risk != found.students["b"].risk
    assert "temperatures make their risks differ" in found.sentences[-1]


def test_a_shorter_run_of_a_student_is_equal_where_both_have_scores():
    scores = far_scores()
    short = lacking({"far": scores}, {"q001": ["d0"], "q002": ["d3"]})["far"]
    (one,) = equals({"a": scores, "b": short}).equal
    assert (one.documents, one.scored_by_one) == (58, 2)
    assert one.same_risks is False


def test_students_without_a_common_document_are_compared_and_not_equal():
    scores = far_scores()
    docs = [f"d{i}" for i in range(5)]
    parts = {
        name: lacking({"far": scores}, dict.fromkeys(scores, gone))["far"]
        for name, gone in (("a", docs[2:]), ("b", docs[:2]))
    }
    found = equals(parts)
    assert found.equal == ()
    assert found.n_queries == 12


def test_several_copies_are_told_beside_the_first_of_them():
    scores, near = far_scores(), models(12, seed=1)[1]["near"]
    found = equals({"a": near, "b": scores, "c": scores, "d": near})
    told = [(one.student, one.equals) for one in found.equal]
    assert told == [("c", "b"), ("d", "a")]
    assert len(found.students) == 4


def test_clipped_to_the_same_student_counts_as_equal_and_two_margins_do_not():
    """Two documents a query: beyond B only the order is left."""
    teacher = {f"q{i}": {"a": 1.0, "b": 0.0} for i in range(6)}
    scores = {q: {"a": 3.0 + i, "b": 0.0} for i, q in enumerate(teacher)}
    other = {q: {"a": 9.0 - i, "b": 0.0} for i, q in enumerate(teacher)}
    found = made(teacher, as_logits({"a": scores, "b": other}), score_range=1.0)
    (one,) = found.ranking.equal
    assert (one.factor, one.same_risks) == (None, True)
    assert "same risk on every query" in found.ranking.sentences[-1]
    few = {q: teacher[q] for q in ("q0", "q1")}
    near, nearer = ({q: {"a": x, "b": 0.0} for q in few} for x in (0.5, 0.7))
    assert made(few, as_logits({"a": near, "b": nearer})).ranking.equal == ()


# Results, words, and simulation


def test_files_have_the_ranking_and_older_ones_none(tmp_path):
    teacher, students = models(30)
    found = made(teacher, as_logits(students))
    found.save(tmp_path)
    again = rb.Ledger.load(tmp_path)
    assert again.ranking == found.ranking
    frame = again.to_frame("ranking")
    assert list(frame.columns) == ["student", "verdict", "against", "difference",
                                   "lower"]  # fmt: skip
    assert len(frame) == 6
    made(teacher, as_logits({"near": students["near"]})).save(tmp_path)
    assert rb.Ledger.load(tmp_path).ranking is None


@pytest.mark.statistical
def test_a_best_student_is_rarely_excluded():
    """Three students of equal law, each a best one; false-alarm rate 1e-6 for each.

    Queries have one of two difficulties and students err at random, so that
    differences are far from normal.
    """
    runs, delta, wrong = 60, 0.2, 0
    excluded = dict.fromkeys("abc", 0)
    for seed in range(runs):
        rng = random.Random(seed)
        teacher = {f"q{i:02d}": {"x": 3.0, "y": 0.0, "z": -1.0} for i in range(30)}
        students = {
            name: {
                qid: row if rng.random() < 0.9 else {"x": -2.0, "y": 1.0, "z": 0.0}
                for qid, row in teacher.items()
            }
            for name in "abc"
        }
        found = made(teacher, as_logits(students), score_range=2.0, delta=delta).ranking
        for name in set("abc") - set(found.remaining):
            excluded[name] += 1
        wrong += not found.remaining
    assert max(excluded.values()) <= oracles.most_failures(runs, delta, 1e-6)
    assert wrong == 0


@needs_data
@pytest.mark.parametrize("depth", [16, 100])
def test_bm25_does_not_beat_tas_b_on_common_documents_of_dl19(depth):
    """On the judged pairs it does not; nor does it on any quantity of both."""
    runs = DATA / "dl19" / "runs"
    sources = [
        StudentSource(name, scores=runs / f"{name}.run", temperature="fit")
        for name in ("tasb", "bm25")
    ]
    settings = {
        "qrels": DATA / "dl19" / "qrels.trec", "temperature": "fit", "depth": depth
    }  # fmt: skip
    found = measure(runs / "repllama.run.gz", students=sources, **settings)
    tasb, bm25 = found.students["tasb"], found.students["bm25"]
    assert tasb.n_queries == bm25.n_queries == found.ranking.n_queries == 34
    judged = [one.relevance.judged for one in (tasb, bm25)]
    better = judged[0].observed_misranking.value < judged[1].observed_misranking.value
    assert better
    for theirs, others in (
        (tasb.risk, bm25.risk),
        (tasb.divergence, bm25.divergence),
        (tasb.relevance.misranking.value, bm25.relevance.misranking.value),
        (judged[0].misranking.value, judged[1].misranking.value),
        (tasb.ndcg.loss.value, bm25.ndcg.loss.value),
        (found.ranking.students["tasb"].risk, found.ranking.students["bm25"].risk),
    ):
        assert theirs < others
    assert "tasb" in found.ranking.remaining
    left_out = measure(
        runs / "repllama.run.gz", students=sources, unscored="drop", **settings
    )
    assert left_out.ranking.missing_because is not None
