"""A family: joint intervals, Holm, common queries."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import binom, binomtest
from statsmodels.stats.multitest import multipletests

from rankbound.bounds.betting import betting_p_value
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.bounds.shares import direction
from rankbound.data.columns import strings
from rankbound.data.per_query import PerQuery
from rankbound.validation.paired import Question, answer_family, common, verdict
from tests import oracles
from tests.optional import only_deep


def column(values, start=0):
    qids = strings([f"q{i:04d}" for i in range(start, start + len(values))])
    return PerQuery("entropy", "nats", qids, np.asarray(values, dtype=float))


def question(first, second, *, bounds=(-1.0, 1.0), margin=0.05, name="s"):
    return Question(name, "entropy", "all", first, second, bounds, margin)


def made(seed=0, n=200, shifts=(0.0, 0.02, 0.1)):
    rng = np.random.default_rng(seed)
    base = rng.uniform(0.3, 0.5, n)
    return [
        question(column(base + s + rng.normal(0, 0.05, n)), column(base))
        for s in shifts
    ]


def answered(questions, delta=0.05):
    return answer_family(questions, delta=delta, seed=0, resamples=0)


def test_intervals_are_bonferronis_and_p_values_holms():
    questions = made()
    answers = answered(questions)
    share = 0.05 / 3
    raw = []
    for ask, answer in zip(questions, answers, strict=True):
        differences = ask.values.values - ask.reference.values
        ends = two_sided(differences, low=-1, high=1, delta=share)
        assert (answer.comparison.lower, answer.comparison.upper) == ends
        assert answer.verdict == verdict(*ends, margin=0.05)
        assert answer.smallest_margin == max(map(abs, ends))
        raw.append(betting_p_value(differences, low=-1, high=1, mean=0.0, delta=share))
    theirs = multipletests(raw, method="holm")[1]
    found = [answer.p_holm for answer in answers]
    assert_allclose(found, theirs, rtol=0, atol=1e-10)
    assert [a.verdict for a in answers] == ["equivalent", "inconclusive", "different"]


def test_a_difference_outside_the_interval_is_one_that_holm_finds():
    for seed in range(5):
        for answer in answered(made(seed=seed, shifts=(0.0, 0.02, 0.03, 0.05))):
            outside = not answer.comparison.lower <= 0 <= answer.comparison.upper
            assert not outside or answer.p_holm <= 0.05
            assert answer.holm_finds_more == (not outside and answer.p_holm <= 0.05)


def test_holm_can_find_more_and_says_so():
    seen = [
        answered(made(n=60, shifts=(shift, 0.5, 0.5, 0.5)))[0].holm_finds_more
        for shift in np.linspace(0.1, 0.25, 8)
    ]
    assert 0 < sum(seen) < len(seen)


def test_only_common_queries_count():
    first, second = column(np.full(8, 0.4)), column(np.full(9, 0.1), start=3)
    [answer] = answered([question(first, second)])
    assert answer.comparison.n == 5
    assert (answer.only_values, answer.only_reference) == (3, 4)
    left, right = common(first, column(np.arange(9.0), start=3))
    assert left.tolist() == [0.4] * 5
    assert right.tolist() == [0, 1, 2, 3, 4]


def test_without_a_margin_nothing_is_equivalent():
    [answer] = answered(
        [question(column([0.1] * 300), column([0.1] * 300), margin=None)]
    )
    assert answer.verdict == "inconclusive"
    assert answer.n_for_margin is answer.p_equivalence is None


def test_refusals():
    with pytest.raises(DomainError, match="at least one comparison"):
        answered([])
    with pytest.raises(DomainError, match="no query in common"):
        answered([question(column([0.1]), column([0.1], start=9))])


@pytest.mark.statistical
def test_no_verdict_of_a_family_is_false_too_often():
    # 5 comparisons of 43 queries: three without a difference and two exactly at the
    # margin. A family is wrong where one verdict is; 60 families, false alarm 1e-3
    rng, delta, wrong = np.random.default_rng(11), 0.1, 0
    for _ in range(60):
        base = rng.uniform(0.2, 0.3, 43)
        noise = rng.choice([-0.12, 0.04], (5, 43), p=[0.25, 0.75])  # mean 0
        shifts = (0.0, 0.0, 0.0, 0.1, -0.1)
        asked = [
            question(column(base + s + e), column(base), margin=0.1)
            for s, e in zip(shifts, noise, strict=True)
        ]
        verdicts = [answer.verdict for answer in answered(asked, delta=delta)]
        wrong += any(v in ("different", "negligible") for v in verdicts[:3]) or any(
            v in ("equivalent", "negligible") for v in verdicts[3:]
        )
    assert wrong <= oracles.most_failures(60, delta, 1e-3)


def naive_share(count, n, delta):
    """Clopper and Pearson's lower limit, by bisection on a sum of binomial terms."""
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        tail = math.fsum(
            math.comb(n, k) * share**k * (1 - share) ** (n - k)
            for k in range(count, n + 1)
        )
        low, high = (share, high) if tail < delta else (low, share)
    return low if count else 0.0


def test_directions_are_counted_and_limited_by_hand():
    base = np.full(40, 0.4)
    moved = base + np.r_[np.full(30, 0.01), np.full(6, -0.01), np.full(4, 5e-10)]
    first, second = answered(
        [question(column(moved), column(base)), question(column(base), column(moved))]
    )
    found = first.comparison.direction
    assert (found.rises, found.falls, found.of) == (30, 6, 40)
    assert found.tolerance == 1e-9
    # Two comparisons and two sides share the error rate
    up, down = (naive_share(count, 40, 0.05 / 4) for count in (30, 6))
    assert_allclose(found.share_rising, (up, 1 - down), atol=1e-9)
    assert_allclose(found.share_falling, (down, 1 - up), atol=1e-9)
    assert found.certain == "rises"
    assert second.comparison.direction.certain == "falls"


def test_a_quantity_without_a_range_has_a_direction():
    base = np.linspace(0.0, 30.0, 40)
    [answer] = answered([question(column(base + 5), column(base), bounds=None)])
    assert answer.comparison.method == "paired_t"
    assert answer.comparison.direction.certain == "rises"
    assert answer.verdict == "mostly higher"
    assert answer.n_for_margin is None


def test_without_a_range_nothing_is_equivalent_or_different():
    """Constant differences would settle any interval by Student's t."""
    base = np.linspace(0.0, 30.0, 60)
    still, one_less = np.zeros(60), np.r_[np.full(31, 1e-6), np.full(29, -1e-6)]
    verdicts = [
        answer.verdict
        for answer in answered(
            [
                question(column(base + d), column(base), bounds=None, margin=99.0)
                for d in (still, one_less, still + 1e-6, still - 5.0)
            ]
        )
    ]
    expected = ["inconclusive", "inconclusive", "mostly higher", "mostly lower"]
    assert verdicts == expected


def test_p_values_of_one_family_are_those_of_the_rules_that_decide():
    base = np.full(40, 0.4)
    moved = base + np.r_[np.full(30, 0.01), np.full(6, -0.01), np.zeros(4)]
    known = question(column(moved), column(base))
    unknown = replace(known, bounds=None)
    first, second = answered([known, unknown])
    assert_allclose(second.comparison.p, binomtest(30, 36).pvalue, rtol=1e-9)
    assert first.comparison.p == 1.0
    assert_allclose(second.p_holm, 2 * binomtest(30, 36).pvalue, rtol=1e-9)
    assert (first.verdict, second.verdict) == ("inconclusive", "mostly higher")


def skewed(rng, n):
    """Few large and many small differences, with mean 0: most of them fall."""
    return np.where(rng.random(n) < 0.1, 0.18, -0.02)


def twins(rng, n):
    """Both sides are draws of one skewed law, so that they are exchangeable."""
    return rng.exponential(1.0, n) ** 2 - rng.exponential(1.0, n) ** 2


@pytest.mark.statistical
@pytest.mark.parametrize("draw", [skewed, pytest.param(twins, marks=only_deep)])
def test_families_without_a_range_are_wrong_at_most_so_often(draw):
    """300 families of nine at 43 queries: false alarm 1e-3.

    Wrong is a direction that is not the law's, and any word of means or margins.
    """
    rng, wrong = np.random.default_rng(3), 0
    right = {"inconclusive"} | ({"mostly lower"} if draw is skewed else set())
    for _ in range(300):
        asked = [
            question(column(draw(rng, 43)), column(np.zeros(43)), bounds=None)
            for _ in range(9)
        ]
        wrong += any(answer.verdict not in right for answer in answered(asked))
    assert wrong <= binom.ppf(1 - 1e-3, 300, 0.05)


def bootstraps(questions):
    answers = answer_family(questions, delta=0.05, seed=3, resamples=999)
    return {answer.question.sampling: answer.comparison.bca for answer in answers}


def test_every_question_has_random_numbers_of_its_own():
    asked = [
        replace(ask, sampling=name)
        for ask, name in zip(made(n=30), ("a", "b", "c"), strict=True)
    ]
    there, back = bootstraps(asked), bootstraps(asked[::-1])
    assert there == back
    same = [replace(asked[0], sampling=name) for name in ("a", "b")]
    twins = bootstraps(same)
    assert twins["a"] != twins["b"]
    alone = answer_family(asked[:1], delta=0.05 / 3, seed=3, resamples=999)
    assert alone[0].comparison.bca == there["a"]


def test_the_order_of_the_queries_changes_no_bootstrap():
    ask = made(n=30)[2]
    order = np.random.default_rng(1).permutation(30)
    values, reference = (
        PerQuery("entropy", "nats", side.qids[order], side.values[order])
        for side in (ask.values, ask.reference)
    )
    moved = replace(ask, values=values, reference=reference)
    assert bootstraps([ask]) == bootstraps([moved])


@pytest.mark.statistical
def test_directions_of_a_family_hold_together():
    """At most delta of 1,500 families; a false alarm has a chance below 1e-3."""
    rng = np.random.default_rng(5)
    shares, wrong, families = (0.5, 0.8, 0.05), 0, 1500
    for _ in range(families):
        signs = [np.where(rng.random(43) < share, 0.1, -0.1) for share in shares]
        found = [direction(d, delta=0.05, n_comparisons=3) for d in signs]
        wrong += any(
            not (made.share_rising[0] <= share <= made.share_rising[1])
            for made, share in zip(found, shares, strict=True)
        )
    assert wrong <= binom.ppf(1 - 1e-3, families, 0.05)
