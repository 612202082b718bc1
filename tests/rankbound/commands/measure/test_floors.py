"""Every upper limit stands beside its own floor, computed by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import rankbound as rb
from rankbound.terminal.measure import list_rows, part_rows, relevance_rows, shift_rows

LN2 = np.log(2)
DELTA = 0.1


def least(mean, n, high, delta):
    keep = delta ** (1 / n)
    return keep * mean + (1 - keep) * high


def needed(mean, high, delta, trivial):
    """The first n in a loop."""
    if mean >= trivial:
        return None
    return next(n for n in range(1, 10**5) if least(mean, n, high, delta) < trivial)


@pytest.fixture(scope="module")
def ledger():
    rng = np.random.default_rng(5)
    docs = [f"d{i}" for i in range(6)]
    teacher = {
        f"q{n}": dict(zip(docs, rng.normal(0, 2, 6), strict=False)) for n in range(60)
    }

    def near(noise):
        return {
            q: {d: s + rng.normal(0, noise) for d, s in row.items()}
            for q, row in teacher.items()
        }

    def some(q, size):
        picked = [docs[i] for i in rng.permutation(6)[:size]]
        return {
            "query_id": q,
            "doc_id_a": picked[0],
            "doc_id_b": picked[1:],
            "probabilities": [1 / size] * size,
        }

    qrels = {
        q: {d: int(s + rng.normal(0, 1) > 1) for d, s in row.items()}
        for q, row in teacher.items()
    }
    vectors = rng.normal(size=(6, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rb.measure(
        teacher,
        students={"a": near(1.0), "b": near(3.0)},
        teacher_kind="logit",
        temperature=1.0,
        groups=[some(q, 5) for q in teacher],
        target_groups=[
            {"query_id": q, "doc_id_a": docs[0], "doc_id_b": docs[1:]} for q in teacher
        ],
        qrels=qrels,
        embeddings=vectors,
        ids=docs,
        pilot=0,
        score_range=3.0,
        lipschitz={"a": 60.0, "b": 60.0},
        delta=DELTA,
    )


def check(floor, mean, n, high, delta, trivial):
    assert_allclose(floor.value, least(mean, n, high, delta), rtol=1e-9)
    assert floor.n_needed == needed(mean, high, delta, trivial)
    assert_allclose(floor.trivial, trivial)


def test_the_floors_of_means_are_those_of_the_theorem(ledger):
    each = DELTA / 2  # for the teacher alone, on either side of the interval
    teacher = ledger.teacher
    check(teacher.floor, teacher.entropy, 60, LN2, each, LN2)
    assert teacher.floor.value <= teacher.entropy_upper
    for one in ledger.students.values():
        high, share = one.range.high, DELTA / 2 / 2  # two students
        check(one.floor, one.risk, 60, high, share, LN2)
        assert one.floor.value <= min(one.limits.values()) + 1e-12
        check(one.intervals.entropy_floor, one.entropy, 60, LN2, share, LN2)
        check(one.intervals.divergence_floor, one.divergence, 60, high, share, LN2)
        assert one.intervals.divergence_floor.value <= one.intervals.divergence[1]
        assert one.floor.value <= one.intervals.risk[1]
        assert one.headline.floor.value <= one.headline.limit
        assert one.headline.floor == one.floor  # the clip holds


def test_the_floors_of_shares_and_lists_are_those_of_their_level(ledger):
    for one in ledger.students.values():
        part, judged = one.relevance.misranking, one.relevance.judged
        check(part.floor, part.value, 60, 1.0, DELTA / 2 / 2, 0.5)
        assert part.floor.value <= part.interval[1]
        seen = judged.observed_misranking
        check(seen.floor, seen.value, judged.n_queries, 1.0, DELTA / 2, 0.5)
        assert seen.floor.value <= seen.upper
        for ceiling in (one.relevance.ceiling, judged.ceiling):
            assert ceiling.value <= ceiling.limit_floor.value <= ceiling.limit
        assert one.ndcg.loss.floor.value <= one.ndcg.loss.interval[1]
        assert one.ndcg.least.limit_floor.value <= one.ndcg.least.limit
        bound = one.comparators.teacher
        assert bound.value <= bound.limit_floor.value <= bound.limit


def test_the_floors_of_the_shift_are_in_its_own_range(ledger):
    for one in ledger.students.values():
        forms = one.shift.forms
        for form in (forms.total_variation, one.shift.least_per_query, one.shift.exact):
            if form.limit is None:
                continue
            check(
                form.floor,
                form.value,
                one.shift.n_queries,
                one.shift.range.high,
                DELTA / 2,
                LN2,
            )
            assert form.floor.value <= form.limit + 1e-12


def test_every_printed_limit_has_a_floor_beside_it(ledger):
    parts = [row for section in part_rows(ledger) for row in section]
    for _, part, _, interval, floor, *_ in parts:
        if " to " in interval or part.startswith(("= upper", "  by ")):
            assert floor, part
    for one in ledger.students.values():
        for part, _, _, limit, floor in (*shift_rows(one), *list_rows(one)):
            # Those of single lists are averages of limits, by another rule
            if limit not in ("", "-") and not part.startswith(("AUC", "wrong pairs")):
                assert floor, part
        for part, _, interval, limit, floor in relevance_rows(one):
            upper = (limit and "floor" not in part) or (
                interval and "minus" not in part
            )
            assert floor if upper else not floor, part


def test_a_wider_range_has_a_floor_of_its_own():
    """Without an assertion about group sizes the range is that of two documents."""
    rng = np.random.default_rng(1)
    sizes = [3 + n % 3 for n in range(12)]
    teacher = {
        f"q{n}": {f"d{i}": float(s) for i, s in enumerate(rng.normal(size=k))}
        for n, k in enumerate(sizes)
    }
    one = rb.measure(
        teacher, students={"s": teacher}, teacher_kind="logit", score_range=3.0
    ).students["s"]
    high = LN2 + (np.log1p(np.exp(3.0)) - LN2)
    check(one.floor_any_size, one.risk, 12, high, 0.025, LN2)
    assert one.floor.value < one.floor_any_size.value <= one.upper_any_size
