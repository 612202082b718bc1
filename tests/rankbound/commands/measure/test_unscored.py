"""Documents that a student does not score, groups that it ties, and what is said."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.catalogue import proviso
from rankbound.commands.measure.options import StudentSource
from rankbound.commands.measure.run import measure
from rankbound.errors import UsageError
from tests import oracles

LN2 = math.log(2)
TEACHER = {
    f"q{n:02d}": {"a": 2.0 + n / 9, "b": -1.0, "c": n / 5, "d": 0.3} for n in range(12)
}


def made(students, *, teacher=None, **settings):
    given = {"score_range": 1.5, "teacher_kind": "logit"} | settings
    sources = [
        StudentSource(name, scores=scores, kind="logit")
        for name, scores in students.items()
    ]
    return measure(teacher or TEACHER, students=sources, **given)


def without(gone, teacher=None):
    """A student like the teacher that lacks some documents, by query."""
    return {
        qid: {doc: x / 2 for doc, x in row.items() if doc not in gone.get(qid, ())}
        for qid, row in (teacher or TEACHER).items()
        if set(row) - set(gone.get(qid, ()))
    }


def risks(ledger, student):
    return {
        row["qid"]: float(row["risk_nats"])
        for row in ledger.beside["per_query"]
        if row["student"] == student
    }


def risk_of(teacher, student, score_range):
    """Risk of a query by loops: unscored documents lie B below the best one."""
    best = max(student.values(), default=0.0)
    placed = {
        doc: max(student.get(doc, -math.inf), best - score_range) for doc in teacher
    }
    if not student:
        placed = dict.fromkeys(teacher, 0.0)
    docs, losses = list(teacher), []
    for i, a in enumerate(docs):
        for b in docs[i + 1 :]:
            p = oracles.sigmoid(teacher[a] - teacher[b])
            m = placed[a] - placed[b]
            losses.append(p * oracles.softplus(-m) + (1 - p) * oracles.softplus(m))
    return sum(losses) / len(losses)


@given(seed=st.integers(0, 10_000), score_range=st.sampled_from([0.75, 1.5, 10.0]))
def test_the_floor_matches_a_loop(seed, score_range):
    rng = random.Random(seed)
    gone = {
        qid: [doc for doc in row if rng.random() < 0.5] for qid, row in TEACHER.items()
    }
    gone["q03"] = []
    student = without(gone)
    found = made({"s": student}, score_range=score_range)
    assert found.students["s"].n_queries == 12
    for qid, risk in risks(found, "s").items():
        expected = risk_of(TEACHER[qid], student.get(qid, {}), score_range)
        assert_allclose(risk, expected, rtol=1e-12)


def test_where_nothing_is_scored_all_are_tied_and_the_risk_is_ln_2_exactly():
    found = made({"s": without({"q00": "abcd", "q01": "abcd"})})
    assert [risks(found, "s")[qid] for qid in ("q00", "q01")] == [LN2, LN2]
    entry = found.students["s"]
    assert entry.missing_share == 2 / 12
    assert entry.share.below == 10


def test_one_scored_document_lies_b_above_all_others_whatever_its_score():
    for score in (-1000.0, 0.0, 7.0):
        student = without({})
        student["q05"] = {"b": score}
        found = made({"s": student})
        expected = risk_of(TEACHER["q05"], {"b": 0.0}, 1.5)
        assert_allclose(risks(found, "s")["q05"], expected, rtol=1e-9)


def test_a_constant_student_does_not_beat_guessing_in_any_query():
    flat = {qid: dict.fromkeys(row, 0.1) for qid, row in TEACHER.items()}
    entry = made({"s": flat}).students["s"]
    assert entry.share.below == 0
    assert entry.share.at_least == 0
    assert set(risks(made({"s": flat}), "s").values()) == {LN2}
    assert_allclose(entry.risk, LN2, rtol=1e-15)
    assert entry.vacuous


def test_shares_of_documents_are_counted_on_the_certificates_groups():
    student = without({"q00": "ab", "q01": "abcd"})
    student["q02"]["b"] = -50.0
    entry = made({"s": student}, score_range=10.0).students["s"]
    assert entry.missing_share == 6 / 48
    assert entry.clipped_share == 1 / 48
    assert entry.tied_share == 7 / 48
    plain = [
        risk_of({d: TEACHER[q][d] for d in row}, row, 1e6)
        for q, row in student.items()
        if len(row) > 1
    ]
    assert_allclose(entry.unclipped_risk, sum(plain) / len(plain), rtol=1e-12)


def test_all_students_are_measured_on_the_same_documents_by_default():
    gappy, whole = without({"q00": "ab"}), without({})
    found = made({"gappy": gappy, "whole": whole})
    for qid in ("q00", "q07"):
        entropies = {
            row["entropy_nats"]
            for row in found.beside["per_query"]
            if row["qid"] == qid
        }
        assert len(entropies) == 1
    assert found.students["gappy"].entropy == found.students["whole"].entropy


def test_the_floor_of_a_query_does_not_move_with_scores_that_are_scaled_and_shifted():
    gone = {"q00": "ab", "q04": "c"}
    first = made({"s": without(gone)})
    moved = {
        q: {d: x + 9.0 for d, x in row.items()} for q, row in without(gone).items()
    }
    second = made({"s": moved})
    assert_allclose(
        [*risks(second, "s").values()], [*risks(first, "s").values()], rtol=1e-9
    )


def test_common_documents_are_those_that_every_student_scores():
    gappy, whole = without({"q00": "ab", "q01": "a"}), without({"q02": "d"})
    found = made({"gappy": gappy, "whole": whole}, unscored="common")
    left = {
        qid: {d: x for d, x in row.items() if d in gappy[qid] and d in whole[qid]}
        for qid, row in TEACHER.items()
    }
    for name, student in (("gappy", gappy), ("whole", whole)):
        for qid, risk in risks(found, name).items():
            own = {doc: student[qid][doc] for doc in left[qid]}
            assert_allclose(risk, risk_of(left[qid], own, 1.5), rtol=1e-12)
        assert found.students[name].missing_share == 0
    assert found.dropped["documents_without_a_score_of_every_student"] == 4
    assert "all students score" in " ".join(found.students["whole"].sentences)


def test_common_is_refused_below_90_percent():
    gone = dict.fromkeys(list(TEACHER)[:5], "a")
    words = r"needs 90% .* 89.6% are \('s' scores 89.6%\)"
    with pytest.raises(UsageError, match=words):
        made({"s": without(gone), "t": without({})}, unscored="common")
    assert made({"s": without({"q00": "a"})}, unscored="common").n_queries == 12


def test_dropping_and_refusing_are_asked_for():
    gone = {"q00": "ab"}
    found = made({"s": without(gone)}, unscored="drop")
    assert found.dropped["s: documents_without_student_score"] == 2
    with pytest.raises(UsageError, match="or pass `unscored='floor'`"):
        made({"s": without(gone)}, unscored="error")


def test_missing_teacher_scores_are_never_floored():
    groups = [{"query_id": q, "doc_id_a": "a", "doc_id_b": ["b", "x"]} for q in TEACHER]
    with pytest.raises(UsageError, match="document 'x' of query 'q00' has no score"):
        made({"s": without({})}, groups=groups)
    found = made({"s": without({"q00": "b"})}, groups=groups, missing="drop")
    assert found.dropped == {"documents_without_teacher_score": 12}


def test_a_student_that_scores_nothing_is_an_error():
    with pytest.raises(UsageError, match="scores no document of any group"):
        made({"s": {"q00": {"z": 1.0, "y": 2.0}}})


def test_share_and_mean_are_said_in_this_order_with_the_proviso():
    flat = {qid: dict.fromkeys(row, 0.1) for qid, row in TEACHER.items()}
    for student in (without({}), flat):
        entry = made({"s": student}).students["s"]
        share, mean, tolerance, floor, median, *_ = entry.sentences
        assert share.startswith("on at least ")
        assert mean == entry.verdict
        assert mean.startswith(("vacuous", "not vacuous"))
        assert tolerance.startswith("instead of the share: ")
        assert floor.startswith("none of the limits offered here can be below ")
        assert median.startswith("any rule that is valid for all laws")
        assert all(
            line.endswith(proviso(trained=False)) for line in (share, mean, tolerance)
        )


def test_half_of_delta_is_for_the_share_and_half_for_the_mean():
    found = made({"s": without({}), "t": without({"q01": "a"})}, delta=0.2)
    for entry in found.students.values():
        below, n = entry.share.below, entry.share.of
        tail = sum(
            math.comb(n, i)
            * entry.share.at_least**i
            * (1 - entry.share.at_least) ** (n - i)
            for i in range(below, n + 1)
        )
        assert_allclose(tail, 0.1 / 2, rtol=1e-9)
        values = [*risks(found, "s" if entry is found.students["s"] else "t").values()]
        low, high = entry.range.low, entry.range.high
        grid = oracles.betting_limit(values, low, high, 0.1, 2, 20_000)
        assert grid <= entry.upper <= grid + (high - low) / 20_000 + 1e-9


def test_no_limit_is_below_its_floor():
    found = made({"s": without({}), "t": without({"q01": "abc"})})
    for entry in found.students.values():
        share = 1 - (0.025 / 2) ** (1 / 12)
        expected = entry.risk + share * (entry.range.high - entry.risk)
        assert_allclose(entry.floor.value, expected, rtol=1e-12)
        offered = {k: v for k, v in entry.limits.items() if k != "split"}
        assert min(offered.values()) >= entry.floor.value - 1e-9
        share = 1 - 0.025 ** (1 / 12)
        median = entry.risk + share * (entry.range.high - entry.risk)
        assert_allclose(entry.floor.median, median, rtol=1e-12)


def test_the_queries_at_which_the_floors_fall_below_ln_2():
    entry = made({"s": without({})}, score_range=10.0).students["s"]
    for needed, delta in (
        (entry.floor.n_needed, 0.025),
        (entry.floor.median_n_needed, 0.05),
    ):
        gap = entry.range.high - entry.risk
        values = [
            entry.risk + (1 - delta ** (1 / n)) * gap for n in (needed - 1, needed)
        ]
        assert values[0] >= LN2 > values[1]
    said = " ".join(entry.sentences)
    assert f"from {entry.floor.n_needed} queries on one may be below ln 2" in said
    assert f"from {entry.floor.median_n_needed} queries on this is below ln 2" in said
