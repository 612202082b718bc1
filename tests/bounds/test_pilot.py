"""bounds.pilot: the best single stake, clipped students, coverage and what it costs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.betting import betting, log_capital
from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemmas import cut_ratio_all_pairs, query_range
from rankbound.bounds.limits import kl_chernoff
from rankbound.bounds.pilot import (
    RANGES,
    STAKES,
    RangeChoice,
    choose_each_range,
    choose_range,
    choose_stake,
    clipped,
    common_range,
    pilot_limit,
)
from tests import oracles


def intervals_at(cut_ratio):
    return [query_range(score_range, cut_ratio=cut_ratio) for score_range in RANGES]


def predicted_by_hand(values, stake, target):
    """The mean at which a stake grows by the target per value, by bisection."""
    low, high = float(np.mean(values)), 1 - 1e-12
    for _ in range(100):
        middle = (low + high) / 2
        logs = [math.log(1 + stake * (middle - x) / (1 - middle)) for x in values]
        low, high = (low, middle) if np.mean(logs) >= target else (middle, high)
    return high


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("m", [16, 43, 400])
def test_choose_stake_minimises_the_predicted_limit(seed, m):
    rng = np.random.default_rng(seed)
    values = rng.beta(*rng.uniform(0.5, 4, 2), size=int(rng.integers(10, 40)))
    target = math.log(2 / 0.05) / m
    options = {"low": 1.0, "high": 3.0, "m": m, "delta": 0.05, "n_students": 2}
    found = choose_stake(1 + 2 * values, **options)
    by_hand = predicted_by_hand(values, found.stake, target)
    assert_allclose(found.predicted, 1 + 2 * by_hand, rtol=1e-8)
    assert not found.shrunk
    others = [predicted_by_hand(values, u, target) for u in np.linspace(0.01, 0.99, 60)]
    assert by_hand <= min(others) + 1e-4


def test_prediction_is_the_limit_of_the_pilot_repeated():
    pilot = np.random.default_rng(3).beta(2, 5, size=12)
    options = {"low": 0.0, "high": 1.0, "delta": 0.05}
    found = choose_stake(pilot, m=60, **options)
    limit = betting(np.tile(pilot, 5), stakes=[found.stake], **options)
    assert_allclose(found.predicted, limit, atol=1e-9)


def test_few_pilot_queries_shrink_the_stake():
    options = {"low": 0.0, "high": 1.0, "m": 40, "delta": 0.05}
    bold = choose_stake([0.1] * 10, **options)
    assert (bold.shrunk, bold.stake) == (False, STAKES[-1])
    careful = choose_stake([0.1] * 9, **options)
    assert (careful.shrunk, careful.stake) == (True, 0.95)
    assert careful.predicted > bold.predicted
    timid = choose_stake([0.0, 1.0], **(options | {"m": 100_000}))
    assert (timid.shrunk, timid.stake) == (True, 0.05)


def test_pilot_without_a_limit_predicts_the_top():
    found = choose_stake([1.0] * 12, low=0, high=1, m=40, delta=0.05)
    assert found.predicted == 1.0
    assert 0 < found.stake < 1


def test_one_good_stake_is_better_than_the_grid():
    """The grid pays for its average; the gain is that of the default at this size."""
    rng, gains = np.random.default_rng(5), []
    options = {"low": 0.0, "high": 1.0, "delta": 0.05}
    for _ in range(40):
        pilot, rest = np.split(rng.beta(2, 8, 54), [11])
        one = pilot_limit(pilot, rest, **options)
        gains.append(betting(rest, **options) - one)
    assert np.mean(gains) > 0
    assert min(gains) > -0.02


def law_two_point(_n):
    return np.array([0.2, 0.9]), np.array([0.8, 0.2])


def law_beta(_n):
    from scipy.stats import beta

    return beta.ppf((np.arange(200) + 0.5) / 200, 1, 9), np.full(200, 1 / 200)


def law_rare(n):
    return np.array([0.0, 1.0]), np.array([1 - 1 / n, 1 / n])


@pytest.mark.statistical
@pytest.mark.parametrize("n", [20, 43, 54, 250, 1500])
@pytest.mark.parametrize("law", [law_two_point, law_beta, law_rare])
def test_limits_with_a_stake_from_the_pilot_cover(law, n):
    """False-alarm rate at most 1e-6. Twenty samples for each of thirty pilots.

    Given a pilot the samples are independent and each misses with probability at most
    delta, so that the number of misses is at most binomial.
    """
    rng, delta = np.random.default_rng(23), 0.1
    values, chances = law(n)
    mean, aside, misses, runs = float(values @ chances), max(4, n // 5), 0, 0
    for _ in range(30):
        pilot = rng.choice(values, size=aside, p=chances)
        options = {"low": 0.0, "high": 1.0, "delta": delta}
        stake = choose_stake(pilot, m=n - aside, **options).stake
        for _ in range(20):
            sample = rng.choice(values, size=n - aside, p=chances)
            # the limit is below the mean exactly if the capital at the mean is enough
            found = log_capital(sample, np.ones(n - aside), np.array([stake]), mean)
            misses += found > math.log(1 / delta)
            runs += 1
    assert misses <= oracles.most_failures(runs, delta, 1e-6)


@pytest.mark.statistical
def test_pilot_coverage_can_fail():
    """A range read off the certificate's own queries misses 37 % of the time."""
    rng, n, misses, runs = np.random.default_rng(24), 43, 0, 300
    for _ in range(runs):
        sample = (rng.random(n) < 1 / n).astype(float)
        high = float(sample.max()) + 1e-6
        limit = pilot_limit([0.0] * 11, sample, low=0.0, high=high, delta=0.1)
        misses += limit < 1 / n
    assert misses > oracles.most_failures(runs, 0.1, 1e-6)


def test_pilot_limit_equals_betting_with_the_chosen_stake():
    rng = np.random.default_rng(6)
    pilot, rest = rng.random(11), rng.random(43)
    options = {"low": 0.0, "high": 1.0, "delta": 0.05, "n_students": 3}
    stake = choose_stake(pilot, m=43, **options).stake
    assert pilot_limit(pilot, rest, **options) == betting(
        rest, stakes=[stake], **options
    )


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=12),
    st.floats(0.01, 20),
    st.floats(-100, 100),
)
def test_clipped_matches_a_loop_and_follows_a_shift(scores, score_range, shift):
    found = clipped(scores, score_range)
    by_loop = oracles.clip_at(dict(enumerate(scores)), score_range)
    assert found.tolist() == list(by_loop.values())
    assert np.ptp(found) <= score_range * (1 + 1e-12)
    moved = clipped(np.array(scores) + shift, score_range)
    assert_allclose(moved - shift, found, atol=1e-9)


def test_clipped_ties_what_was_not_returned():
    none = -math.inf
    found = clipped([[none, none], [3.0, none], [3.0, 2.5]], 1.0)
    assert found.tolist() == [[0.0, 0.0], [3.0, 2.0], [3.0, 2.5]]


def test_choose_range_takes_the_least_prediction():
    rng = np.random.default_rng(7)
    intervals = intervals_at(cut_ratio_all_pairs(16))
    risks = rng.uniform(0.6, 0.69, (3, len(RANGES), 11))
    options = {"m": 43, "delta": 0.05, "n_students": 2}
    found = choose_range(
        risks, temperatures=(0.5, 1.0, 2.0), intervals=intervals, **options
    )
    predictions = {}
    for i, temperature in enumerate((0.5, 1.0, 2.0)):
        for j, score_range in enumerate(RANGES):
            low, high = intervals[j]
            stake = choose_stake(risks[i, j], low=low, high=high, **options)
            predictions[temperature, score_range] = stake.predicted
    assert (found.temperature, found.score_range) == min(
        predictions, key=predictions.get
    )
    assert found.stake.predicted == min(predictions.values())


def test_each_range_has_its_best_temperature_and_students_share_the_best_on_average():
    rng = np.random.default_rng(9)
    intervals = intervals_at(cut_ratio_all_pairs(16))
    temperatures, options = (0.5, 1.0, 2.0), {"m": 43, "delta": 0.05, "n_students": 3}
    students, predicted = [], []
    for _ in range(3):
        risks = rng.uniform(0.55, 0.69, (3, 1, 1)) * np.ones((3, len(RANGES), 11))
        risks += rng.uniform(-0.05, 0.05, risks.shape)
        found = choose_each_range(
            risks, temperatures=temperatures, intervals=intervals, **options
        )
        table = [
            [
                choose_stake(row[j], low=low, high=high, **options).predicted
                for row in risks
            ]
            for j, (low, high) in enumerate(intervals)
        ]
        for choice, limits, score_range in zip(found, table, RANGES, strict=True):
            assert choice.score_range == score_range
            assert choice.stake.predicted == min(limits)
            assert choice.temperature == temperatures[limits.index(min(limits))]
        students.append(found)
        predicted.append([min(limits) for limits in table])
    common = common_range(students)
    best = int(np.argmin(np.sum(predicted, axis=0)))
    assert common == tuple(student[best] for student in students)


def test_a_student_that_says_nothing_gets_the_smallest_range():
    risks = np.full((1, len(RANGES), 20), math.log(2))
    intervals = intervals_at(1.0)
    found = choose_range(
        risks, temperatures=[1.0], intervals=intervals, m=80, delta=0.05
    )
    assert found.score_range == 0.75
    assert found.stake.predicted > math.log(2)


def test_fifty_queries_are_enough_with_a_small_range():
    """At the default range no limit of 43 queries is below ln 2, by its floor."""
    rng, made = np.random.default_rng(8), []
    ratio = cut_ratio_all_pairs(16)
    for _ in range(20):
        pilot, rest = (np.clip(rng.normal(0.47, 0.08, n), 0.38, 0.9) for n in (11, 43))
        low, high = query_range(1.5, cut_ratio=ratio)
        made.append(pilot_limit(pilot, rest, low=low, high=high, delta=0.05))
    assert np.mean(np.array(made) < math.log(2)) > 0.9
    low, high = query_range(10.0, cut_ratio=ratio)
    assert kl_chernoff([0.45] * 43, low=low, high=high, delta=0.05) > math.log(2)


STAKE = choose_stake([0.3] * 12, low=0, high=1, m=43, delta=0.05)
CHOICES = (RangeChoice(1.0, 2.0, STAKE), RangeChoice(1.0, 3.0, STAKE))


@pytest.mark.parametrize(
    "call",
    [
        lambda: choose_stake([], low=0, high=1, m=9, delta=0.05),
        lambda: choose_stake([2.0], low=0, high=1, m=9, delta=0.05),
        lambda: choose_stake([0.5], low=0, high=1, m=0, delta=0.05),
        lambda: choose_stake([0.5], low=0, high=1, m=9, delta=0.05, n_students=0),
        lambda: pilot_limit([0.5], [], low=0, high=1, delta=0.05),
        lambda: common_range([]),
        lambda: common_range([(), ()]),
        lambda: common_range([CHOICES, CHOICES[:1]]),
        lambda: clipped([1.0, 2.0], 0.0),
        lambda: clipped([1.0, math.inf], 1.0),
        lambda: clipped([1.0, math.nan], 1.0),
        lambda: clipped([], 1.0),
        lambda: choose_range(
            np.full((1, 3, 4), 0.6),
            temperatures=[1.0],
            intervals=intervals_at(1.0),
            m=9,
            delta=0.05,
        ),
        lambda: choose_range(
            np.ones((0, 8, 4)),
            temperatures=[],
            intervals=intervals_at(1.0),
            m=9,
            delta=0.05,
        ),
        lambda: choose_range(
            np.full((1, 8, 4), 0.6),
            temperatures=[1.0],
            intervals=[(0.0, 1.0)],
            m=9,
            delta=0.05,
        ),
    ],
)
def test_choices_reject_what_they_cannot_use(call):
    with pytest.raises(DomainError):
        call()
