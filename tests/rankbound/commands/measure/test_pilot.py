"""The queries set aside, what is chosen on them, and what it may not depend on."""

from __future__ import annotations

import functools
import json
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.inputs import split_queries
from rankbound.commands.measure.measured import measured
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.measure.run import measure
from rankbound.data.groups import top_documents
from rankbound.data.scores import Scores
from rankbound.errors import UsageError
from tests import oracles

RANGES = (0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)


def lists(n, *, seed=0, size=4, noise=1.0):
    """Scores of a teacher and of a student that follows it, by query."""
    rng = random.Random(seed)
    teacher, student = {}, {}
    for number in range(n):
        scores = {f"d{i}": rng.gauss(0, 2) for i in range(size)}
        teacher[f"q{number:03d}"] = scores
        student[f"q{number:03d}"] = {
            doc: score + rng.gauss(0, noise) for doc, score in scores.items()
        }
    return teacher, student


def shuffled(queries, seed=1):
    names = list(queries)
    random.Random(seed).shuffle(names)
    return {name: queries[name] for name in names}


def made(teacher, students, **settings):
    return measure(teacher, students=students, teacher_kind="logit", **settings)


def qids(found, name="per_query"):
    return [row["qid"] for row in found.beside[name]]


def risks(found):
    return [float(row["risk_nats"]) for row in found.beside["per_query"]]


def groups_of(n, seed=0):
    return top_documents(Scores.from_dict(lists(n, seed=seed)[0]), depth=4)


@given(n=st.integers(20, 60), share=st.floats(0.02, 0.9), seed=st.integers(0, 99))
def test_a_share_of_the_queries_is_set_aside_by_their_ids(n, share, seed):
    teacher, _ = lists(n)
    split = split_queries(groups_of(n), fits=False, seed=seed, pilot=share)
    assert split.n_calibration == min(n - 1, max(1, round(share * n)))
    assert split.n_calibration + split.n_certificate == n
    other = top_documents(Scores.from_dict(shuffled(teacher)), depth=4)
    again = split_queries(other, fits=False, seed=seed, pilot=share)
    drawn, redrawn = (
        set(groups.group_qids()[s.calibration])
        for groups, s in ((groups_of(n), split), (other, again))
    )
    assert drawn == redrawn


@pytest.mark.statistical
def test_every_query_is_set_aside_equally_often():
    """False-alarm rate at most 20 * 1e-7 by a binomial bound on each query."""
    runs, groups = 1000, groups_of(20)
    counts = sum(
        split_queries(groups, fits=False, seed=seed, pilot=0.3).calibration.astype(int)
        for seed in range(runs)
    )
    assert counts.sum() == 6 * runs
    assert counts.max() <= oracles.most_failures(runs, 0.3, 5e-8)
    assert runs - counts.min() <= oracles.most_failures(runs, 0.7, 5e-8)


def test_below_twenty_queries_nothing_is_set_aside_unless_a_temperature_is_fitted():
    assert split_queries(groups_of(19), fits=False, seed=0, pilot=0.2).share == 0
    fitting = split_queries(groups_of(19), fits=True, seed=0, pilot=0.5)
    assert (fitting.n_calibration, fitting.pilot) == (4, False)
    with pytest.raises(DomainError, match="at least 2 queries, got 1"):
        split_queries(groups_of(1), fits=True, seed=0)


def test_a_teacher_alone_uses_all_queries():
    teacher, _ = lists(30)
    found = measure(teacher, teacher_kind="logit")
    assert (found.n_queries, found.calibration.n_calibration) == (30, 0)


def test_a_students_pilot_queries_stand_in_a_table_of_their_own():
    teacher, student = lists(30)
    found = made(teacher, {"s": student})
    assert (found.n_queries, found.calibration.n_calibration) == (24, 6)
    certified, aside = set(qids(found)), set(qids(found, "calibration"))
    assert (len(certified), len(aside), certified & aside) == (24, 6, set())
    assert found.students["s"].chosen.pilot_queries == 6


def test_without_a_pilot_everything_is_given_or_fixed_beforehand():
    teacher, student = lists(30)
    fixed = made(teacher, {"s": student}, pilot=0).students["s"]
    assert (fixed.n_queries, fixed.range.B, fixed.chosen.stake) == (30, 3.0, None)
    values = risks(made(teacher, {"s": student}, pilot=0))
    grid = oracles.betting_limit(
        values, fixed.range.low, fixed.range.high, 0.025, 1, 20_000
    )
    assert grid <= fixed.upper <= grid + fixed.range.width / 20_000 + 1e-9
    given = made(
        teacher, {"s": student}, pilot=0, score_range=1.5, stake={"s": 0.4}
    ).students["s"]
    assert (given.range.B, given.chosen.stake) == (1.5, 0.4)
    assert (given.chosen.score_range_by, given.chosen.stake_by) == ("given", "given")


def betting_by_bisection(values, low, high, target, stake):
    """The mean at which one stake's log capital reaches the target, by a loop."""
    rescaled = [(value - low) / (high - low) for value in values]
    lower, upper = sum(rescaled) / len(rescaled), 1 - 2**-40
    for _ in range(200):
        mean = (lower + upper) / 2
        grown = sum(math.log1p(stake * (mean - x) / (1 - mean)) for x in rescaled)
        lower, upper = (mean, upper) if grown < target else (lower, mean)
    return low + (high - low) * upper


def risk_of(teacher, student, score_range):
    clipped = oracles.clip_at(student, score_range)
    docs = list(teacher)
    pairs = [(a, b) for i, a in enumerate(docs) for b in docs[i + 1 :]]
    losses = []
    for a, b in pairs:
        p = oracles.sigmoid(teacher[a] - teacher[b])
        margin = clipped[a] - clipped[b]
        losses.append(
            p * oracles.softplus(-margin) + (1 - p) * oracles.softplus(margin)
        )
    return sum(losses) / len(losses)


def test_range_stake_and_limit_match_loops():
    teacher, student = lists(45, seed=3, noise=2.0)
    found = made(teacher, {"s": student})
    entry = found.students["s"]
    aside = sorted(set(qids(found, "calibration")))
    target = math.log(1 / 0.025)
    share = oracles.max_cut_share(4)
    predictions = {}
    for b in RANGES:
        low = oracles.softplus(-share * b)
        high = math.log(2) + share * (oracles.softplus(b) - math.log(2))
        values = [
            (risk_of(teacher[q], student[q], b) - low) / (high - low) for q in aside
        ]

        def limit(u, values=values, low=low, high=high):
            each = target * len(aside) / 36
            mean = betting_by_bisection(values, 0.0, 1.0, each, u)
            return low + (high - low) * mean

        stakes = [1 / (1 + math.exp(9.0 - 13.6 * i / 136)) for i in range(137)]
        # moved into [0.05, 0.95], as nine pilot queries are few
        stake = min(max(min(stakes, key=limit), 0.05), 0.95)
        predictions[limit(stake)] = b, stake
    best, stake = predictions[min(predictions)]
    assert best == entry.range.B
    assert_allclose(entry.chosen.stake, stake, rtol=1e-9)
    assert_allclose(entry.chosen.predicted, min(predictions), rtol=1e-6)
    values = risks(found)
    assert_allclose(
        entry.upper,
        betting_by_bisection(
            values, entry.range.low, entry.range.high, target, entry.chosen.stake
        ),
        rtol=1e-9,
    )


def test_the_order_of_rows_changes_no_byte():
    teacher, student = lists(30, seed=5)
    first = made(teacher, {"s": student})
    again = made(shuffled(teacher), {"s": shuffled(student, 2)})
    assert again.students == first.students
    for name in ("per_query", "calibration"):
        assert [*again.beside[name]] == [*first.beside[name]]


def test_certificate_queries_change_no_choice():
    teacher, student = lists(40, seed=6)
    first = made(teacher, {"s": student})
    aside = set(qids(first, "calibration"))
    changed = {
        qid: row if qid in aside else {doc: -score for doc, score in row.items()}
        for qid, row in student.items()
    }
    second = made(teacher, {"s": changed})
    assert second.students["s"].chosen == first.students["s"].chosen
    assert second.students["s"].range == first.students["s"].range
    assert second.students["s"].risk > first.students["s"].risk


def test_a_fitted_temperature_is_near_the_likelihoods_and_depends_on_the_pilot():
    teacher, student = lists(60, seed=7)
    stretched = {
        qid: {doc: 5 * score for doc, score in row.items()}
        for qid, row in student.items()
    }
    source = StudentSource("s", scores=stretched, temperature="fit")
    entry = made(teacher, (source,)).students["s"]
    assert 2 < entry.temperature < 20
    assert entry.chosen.temperature_by == "fit"


def varied(n, seed=0):
    """Groups of three to six documents, with a student that scores all."""
    rng = random.Random(seed)
    teacher, student = lists(n, seed=seed, size=6)
    groups = [
        {"query_id": q, "doc_id_a": "d0",
         "doc_id_b": [f"d{i}" for i in range(1, rng.choice((3, 4, 5, 6)))]}
        for q in teacher
    ]  # fmt: skip
    return teacher, student, groups


def test_a_wide_student_is_flattened_enough_for_a_small_range():
    """At a small B the fitted temperature ties nearly all; a far larger one is best."""
    teacher, _ = lists(60, size=8)
    student = StudentSource("s", scores=teacher, temperature="fit", kind="logit")
    found = made(teacher, [student], score_range=0.75, pilot=0.5).students["s"]
    pilot = split_queries(
        top_documents(Scores.from_dict(teacher, name="t"), depth=16).in_order(),
        fits=True,
        seed=0,
        pilot=0.5,
    ).calibration
    chosen = [q for q, aside in zip(sorted(teacher), pilot, strict=True) if aside]
    assert len(chosen) == 30

    def mean_risk(temperature):
        return np.mean([own_risk(teacher[q], temperature, 0.75) for q in chosen])

    here = mean_risk(found.temperature)
    assert found.temperature > 2.5
    assert here <= 1.02 * min(mean_risk(0.5 * 1.2**step) for step in range(22))


def own_risk(scores, temperature, score_range):
    """Of a student with the teacher's scores on one query, by loops."""
    values = [*scores.values()]
    floor = max(values) / temperature - score_range
    clipped = [max(value / temperature, floor) for value in values]
    losses = []
    for i in range(len(values)):
        for j in range(i):
            sure = 1 / (1 + math.exp(values[j] - values[i]))
            gap = clipped[i] - clipped[j]
            losses.append(
                sure * math.log1p(math.exp(-gap))
                + (1 - sure) * math.log1p(math.exp(gap))
            )
    return sum(losses) / len(losses)


def test_group_sizes_follow_the_pilot_and_smaller_groups_are_left_out():
    teacher, student, groups = varied(40, seed=4)
    found = made(teacher, {"s": student}, groups=groups)
    sizes = {g["query_id"]: 1 + len(g["doc_id_b"]) for g in groups}
    aside, used = set(qids(found, "calibration")), set(qids(found))
    least = min(sizes[qid] for qid in aside)
    entry = found.students["s"]
    assert entry.chosen.least_group == least
    assert used == {q for q in sizes if q not in aside and sizes[q] >= least}
    left = len(sizes) - len(aside) - len(used)
    assert entry.chosen.queries_left_out == left
    assert entry.upper_any_size is None
    assert found.n_queries == entry.n_queries == len(used)


def test_queries_that_are_left_out_are_counted_and_said():
    teacher, student, groups = varied(40, seed=4)
    aside = set(qids(made(teacher, {"s": student}), "calibration"))
    for group in groups:
        if group["query_id"] in aside:
            group["doc_id_b"] = [f"d{i}" for i in range(1, 5)]
    sizes = {g["query_id"]: 1 + len(g["doc_id_b"]) for g in groups}
    found = made(teacher, {"s": student}, groups=groups)
    entry, small = found.students["s"], sum(size < 5 for size in sizes.values())
    assert entry.chosen.queries_left_out == small > 0
    counter = "s: queries_with_fewer_than_5_documents_in_a_group"
    assert found.dropped[counter] == small
    assert f"at least 5 documents, as those of the pilot queries; {small} others" in (
        " ".join(entry.sentences)
    )
    # what they hold has no say
    for group in groups:
        if sizes[group["query_id"]] < 5:
            group["doc_id_b"] = ["d1"]
    again = made(teacher, {"s": student}, groups=groups)
    assert again.students["s"].upper == entry.upper


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pilot": 1.0}, "`pilot` must be"),
        ({"pilot": -0.1}, "`pilot` must be"),
        ({"pilot": math.nan}, "`pilot` must be"),
        ({"stake": 1.0}, "`stake` must be"),
        ({"stake": {"t": 0.5}}, "names no student 't'"),
        ({"unscored": "zero"}, "`unscored` is one of floor, common, drop, error"),
        ({"pilot": 0.0, "temperature": "fit"}, "`pilot=0` sets no query aside"),
    ],
)
def test_options_that_make_no_sense(settings, words):
    with pytest.raises((DomainError, UsageError), match=words):
        MeasureOptions(
            teacher="t.run", qrels="q.txt", students={"s": "s.run"}, **settings
        )


def test_a_stake_without_a_student_is_a_mistake():
    with pytest.raises(UsageError, match="`stake` is given, but no student"):
        MeasureOptions(teacher="t.run", stake=0.5)


def populations(rng, n):
    """Students that err by much, seldom or evenly, whose risks are known by name."""
    teacher, students = {}, {"coin": {}, "rare": {}, "noisy": {}}
    for number in range(n):
        scores = {f"d{i}": x for i, x in enumerate(rng.normal(0, 2, 4))}
        qid = f"q{number}"
        teacher[qid] = scores
        students["coin"][qid] = {
            d: x if rng.random() < 0.5 else -x for d, x in scores.items()
        }
        wrong = -3 if rng.random() < 1 / 54 else 1
        students["rare"][qid] = {d: wrong * x for d, x in scores.items()}
        students["noisy"][qid] = {d: x + rng.normal(0, 2) for d, x in scores.items()}
    return teacher, students


@pytest.mark.statistical
def test_limits_hold_although_everything_is_chosen_on_the_pilot():
    """Coverage of share and mean of three students at once, 60 samples of 54.

    The truth is the certified student's risk on 3,000 fresh queries, less 4 standard
    errors, so the false-alarm rate is at most 1e-4 by a binomial bound.
    """
    misses, runs = 0, 60
    rng = np.random.default_rng(12)
    fresh, fresh_students = populations(np.random.default_rng(0), 3000)

    @functools.cache
    def truth(name, score_range):
        options = MeasureOptions(
            teacher=fresh, teacher_kind="logit", pilot=0.0, score_range=score_range,
            students=(StudentSource(name, scores=fresh_students[name]),),
        )  # fmt: skip
        risk = measured(options).students[0].terms.risk_nats
        four = 4 / math.sqrt(risk.size)
        share = float(np.mean(risk < math.log(2)))
        return risk.mean() - four * risk.std(), share + four * 0.5

    for _ in range(runs):
        teacher, students = populations(rng, 54)
        found = made(teacher, students)
        missed = False
        for name, entry in found.students.items():
            least, most = truth(name, entry.range.B)
            missed |= least > entry.upper or most < entry.share.at_least
        misses += missed
    assert misses <= oracles.most_failures(runs, 0.05, 1e-4)


def test_the_command_line_takes_all_of_it(tmp_path):
    from rankbound.cli.program import main

    teacher, student = lists(30, seed=8)
    for name, lookup in (("t", teacher), ("s", student)):
        (tmp_path / f"{name}.json").write_text(json.dumps(lookup))
    out = tmp_path / "out"
    line = (
        f"measure --teacher {tmp_path}/t.json --teacher-kind logit --student "
        f"s={tmp_path}/s.json --student-kind logit --pilot 0.3 --score-range 2 --stake "
        f"s=0.5 --unscored error --out {out}"
    )
    assert main(line.split()) == 0
    found = json.loads((out / "ledger.json").read_text())
    entry = found["students"]["s"]
    assert (entry["range"]["B"], entry["chosen"]["stake"]) == (2.0, 0.5)
    assert found["calibration"]["share"] == 0.3
    assert entry["share"].keys() == {"below", "of", "at_least"}
