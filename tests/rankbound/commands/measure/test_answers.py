"""What a ledger answers: numbers of its fields, in an order that no value changes."""

import math
import re

import numpy as np
import pytest
from msgspec.structs import replace

import rankbound as rb
from rankbound.commands.measure.answers import answers_of

ORDER = ["share", "vacuous", "student", "temperature", "queries", "dominating"]
NUMBER = re.compile(r"\d+\.\d+")


def scores(noise, *, seed, queries=60):
    """Three documents a query, whose scores are 2, 0 and -2 with noise."""
    rng = np.random.default_rng(seed)
    return {
        f"q{n}": {
            doc: float(base + noise * rng.normal())
            for doc, base in (("a", 2.0), ("b", 0.0), ("c", -2.0))
        }
        for n in range(queries)
    }


def measured(*noises):
    return rb.measure(
        scores(0.3, seed=0),
        students={f"s{n}": scores(noise, seed=n + 1) for n, noise in enumerate(noises)},
        teacher_kind="logit",
        score_range=3,
    )


@pytest.fixture(scope="module")
def mixed():
    return measured(0.4, 6.0)


def of(ledger, question):
    [found] = [one for one in ledger.answers if one.question == question]
    return found


def test_the_order_does_not_depend_on_the_values(mixed):
    for ledger in (mixed, measured(0.1, 0.2), measured(9.0, 9.0)):
        assert [one.question for one in ledger.answers] == ORDER
    # A single student is not ranked
    assert [one.question for one in measured(0.4).answers] == [
        one for one in ORDER if one != "student"
    ]


def test_the_numbers_are_those_of_the_fields(mixed):
    good, bad = mixed.students["s0"], mixed.students["s1"]
    assert (good.vacuous, bad.vacuous) == (False, True)
    share = of(mixed, "share")
    assert share.outcome == "some"
    for name, one in mixed.students.items():
        least = math.floor(1000 * one.share.at_least) / 10
        counts = f"({one.share.below} of {one.share.of})"
        assert f"{name} {least:.1f}% {counts}" in share.sentence
    mean = of(mixed, "vacuous")
    assert mean.outcome == "some"
    assert f"s0 {good.upper:.4f} (mean {good.risk:.4f}, not vacuous)" in mean.sentence
    floor = math.floor(1e4 * bad.floor.value) / 1e4
    assert f"s1 {bad.upper:.4f} (vacuous, floor {floor:.4f}" in mean.sentence
    student = of(mixed, "student")
    assert student.outcome == "one"
    lower = mixed.ranking.students["s1"].against["s0"].lower
    assert f"s1 (at least {lower:.4f} nats worse than s0)" in student.sentence
    parts = of(mixed, "dominating").sentence
    largest = max(good.entropy, good.divergence, good.deviation)
    assert f"({largest:.4f} of {good.upper:.4f} nats)" in parts


def test_all_rest_on_the_queries_and_the_proviso(mixed):
    for question in ("share", "vacuous", "queries"):
        rests_on = of(mixed, question).rests_on
        assert rests_on.startswith(f"{mixed.n_queries} queries, all at once at 95%")
        assert rests_on.endswith(mixed.proviso)


@pytest.mark.parametrize(
    ("kept", "said"), [("a", "most documents unscored by s (66.7%), "), ("ab", "")]
)
def test_a_student_without_most_scores_is_named_beside_its_limits(kept, said):
    full = scores(0.4, seed=1)
    part = {
        qid: {doc: row[doc] for doc in (kept if place % 2 else kept.replace("a", "c"))}
        for place, (qid, row) in enumerate(full.items())
    }
    ledger = rb.measure(
        scores(0.3, seed=0), students={"s": part}, teacher_kind="logit", score_range=3
    )
    assert ledger.students["s"].missing_share == pytest.approx(1 - len(kept) / 3)
    for question in ("share", "vacuous", "queries", "dominating"):
        rests_on = of(ledger, question).rests_on
        assert rests_on.endswith(f"at once at 95%, {said}{ledger.proviso}")


def test_earlier_ledgers_have_no_answers_and_keep_their_content(mixed, tmp_path):
    path = mixed.save(tmp_path)
    text = path.read_text()
    assert '"answers"' in text
    old = mixed.__replace__(answers=())
    assert rb.Ledger.load(old.save(tmp_path / "old")).answers == ()


def test_a_lowest_limit_that_the_ranking_excludes_is_told(mixed):
    """As B is common there, and each student's own in its certificate."""
    assert of(mixed, "student").outcome == "one"
    ranking = replace(mixed.ranking, remaining=("s1",))
    [found] = [
        one
        for one in answers_of(replace(mixed, ranking=ranking))
        if one.question == "student"
    ]
    assert found.outcome == "disputed"
    assert "s0 has the lowest limit" in found.sentence
    assert f"B = {ranking.B:g}" in found.sentence
