"""estimators.calibration: the queries set aside and the pairs fitted on."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit

import rankbound.estimators.group_terms
from rankbound.bounds.errors import DomainError
from rankbound.catalogue import PAIR_SETS
from rankbound.estimators.calibration import (
    CalibrationPairs,
    ReliabilityBin,
    calibration_error,
    empirical_likelihood_ratio,
    fit_temperature,
    graded_pairs,
    teacher_pairs,
    temperature_interval,
)
from tests import oracles, strategies


def rows_of(groups):
    """Group number and row range of every group."""
    return list(enumerate(zip(groups.offsets[:-1], groups.offsets[1:], strict=True)))


def as_rows(pairs):
    """Margin, target and weight of every pair, in an order of their own."""
    return sorted(zip(pairs.margins, pairs.targets, pairs.weights, strict=True))


@given(sizes=strategies.group_sizes(), n_queries=st.integers(1, 4))
def test_graded_pairs_match_a_loop(sizes, n_queries):
    rng = np.random.default_rng(len(sizes))
    groups = strategies.ragged_groups(sizes, rng, n_queries=n_queries)
    scores = rng.normal(size=len(groups.codes))
    grades = rng.integers(0, 3, size=len(groups.codes)).astype(np.float64)
    expected = []
    for group, (start, stop) in rows_of(groups):
        margins = [
            scores[start + i] - scores[start + j]
            for i in range(stop - start)
            for j in range(stop - start)
            if grades[start + i] > grades[start + j]
        ]
        of_query = int(np.sum(groups.queries == groups.queries[group]))
        expected += [(m, 1.0, 1 / len(margins) / of_query) for m in margins]
    found = as_rows(graded_pairs(groups, scores, grades))
    assert_allclose(
        np.reshape(found, (-1, 3)), np.reshape(sorted(expected), (-1, 3)), rtol=1e-13
    )


@pytest.mark.parametrize("pairs", PAIR_SETS)
@pytest.mark.parametrize("budget", [1, 30, 2**20])
def test_teacher_pairs_match_a_loop_whatever_the_blocks(pairs, budget, monkeypatch):
    monkeypatch.setattr(rankbound.estimators.group_terms, "NUMBERS_PER_BLOCK", budget)
    rng = np.random.default_rng(3)
    groups = strategies.ragged_groups([4, 1, 7, 4, 2], rng, n_queries=3)
    groups = replace(groups, positive=rng.random(18) < 0.4)
    teacher, student = rng.normal(size=(2, 18)) * 2
    expected = []
    for group, (start, stop) in rows_of(groups):
        positive = groups.positive[start:stop].tolist()
        chosen = oracles.pairs_of(stop - start, positive, pairs)
        of_query = int(np.sum(groups.queries == groups.queries[group]))
        for i, j in chosen:
            p = oracles.sigmoid(teacher[start + i] - teacher[start + j])
            margin = student[start + i] - student[start + j]
            expected.append((margin, p, 1 / len(chosen) / of_query))
    found = as_rows(teacher_pairs(groups, teacher, student, pairs=pairs))
    assert_allclose(found, sorted(expected), rtol=1e-13)


def test_every_query_weighs_one():
    rng = np.random.default_rng(4)
    groups = strategies.ragged_groups([5, 2, 9, 3], rng, n_queries=2)
    scores = rng.normal(size=19)
    found = teacher_pairs(groups, scores, scores, pairs="all")
    assert_allclose(found.weights.sum(), 2, rtol=1e-14)


def simulated_pairs(rng, n_queries, *, temperature=2.0, per_query=12):
    """Pairs of documents whose relevance is drawn from the scores, by query."""
    margins, queries = [], []
    for query in range(n_queries):
        # Queries differ in spread, and the pairs of one share a document
        scores = rng.normal(size=per_query + 1) * rng.exponential(4)
        margins += [scores[0] - other for other in scores[1:]]
        queries += [query] * per_query
    margins = np.array(margins)
    targets = (rng.random(len(margins)) < expit(margins / temperature)).astype(float)
    return CalibrationPairs(
        margins, targets, np.full(len(margins), 1 / per_query), np.array(queries)
    )


@pytest.mark.statistical
@pytest.mark.parametrize(("n_queries", "least"), [(12, 0.88), (60, 0.92)])
def test_the_interval_of_a_temperature_holds_it(n_queries, least):
    """300 draws at 95 %; below `least` by chance with a probability of about 1e-3."""
    rng = np.random.default_rng(41)
    held = 0
    for _ in range(300):
        lower, upper = temperature_interval(simulated_pairs(rng, n_queries))
        held += lower <= 2 and (upper is None or upper >= 2)
    assert held / 300 >= least


def test_the_interval_is_about_queries_not_pairs():
    pairs = simulated_pairs(np.random.default_rng(3), 30)
    lower, upper = temperature_interval(pairs)
    fitted = fit_temperature(pairs.margins, pairs.targets, pairs.weights)
    assert lower < fitted < upper
    # Each pair ten times over is no more evidence
    often = CalibrationPairs(
        *(np.repeat(column, 10) for column in (pairs.margins, pairs.targets)),
        np.repeat(pairs.weights / 10, 10),
        np.repeat(pairs.queries, 10),
    )
    assert_allclose(temperature_interval(often), (lower, upper), rtol=1e-8)
    scaled = replace(pairs, margins=5 * pairs.margins)
    assert_allclose(temperature_interval(scaled), (5 * lower, 5 * upper), rtol=1e-8)
    wider = temperature_interval(pairs, level=0.99)
    assert wider[0] < lower
    assert wider[1] > upper


def test_intervals_without_an_end():
    rng = np.random.default_rng(8)
    noise = simulated_pairs(rng, 20, temperature=1e6)
    assert temperature_interval(noise)[1] is None
    ordered = replace(noise, targets=(noise.margins > 0).astype(float))
    assert temperature_interval(ordered)[0] == 0
    with pytest.raises(DomainError):
        temperature_interval(simulated_pairs(rng, 1))
    with pytest.raises(DomainError):
        temperature_interval(noise, level=1.0)


@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_ratio_is_that_of_statsmodels(seed):
    from statsmodels.emplike.api import DescStat

    values = np.random.default_rng(seed).normal(size=25) + 0.3
    expected, _ = DescStat(values).test_mean(0.0, result_object=False)
    assert_allclose(empirical_likelihood_ratio(values), expected, rtol=1e-6)


def error_by_loop(margins, n_bins=10):
    """Expected calibration error as papers define it, over both orders of each pair."""
    cases = []
    for margin in margins:
        p = 1 / (1 + math.exp(-margin))
        cases += [(p, 1.0), (1 - p, 0.0)]
    bins = [[] for _ in range(2 * n_bins)]
    for p, label in cases:
        bins[min(int(round(p * 2 * n_bins, 9)), 2 * n_bins - 1)].append((p, label))
    error = 0.0
    for held in filter(None, bins):
        confidence = sum(p for p, _ in held) / len(held)
        observed = sum(label for _, label in held) / len(held)
        error += len(held) / len(cases) * abs(confidence - observed)
    return error


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=40))
def test_the_calibration_error_is_that_of_a_plain_loop(margins):
    # A pair on the edge of a bin may fall on either side of it, in its two orders
    edges = [math.log(k / (20 - k)) for k in range(1, 20)]
    assume(all(abs(m - edge) > 1e-6 for m in margins for edge in edges))
    error, bins = calibration_error(np.array(margins))
    assert error == pytest.approx(error_by_loop(margins), abs=1e-12)
    assert sum(one.n_pairs for one in bins) == len(margins)
    weighed = sum(one.n_pairs * abs(one.observed - one.mean_p) for one in bins)
    assert error == pytest.approx(weighed / len(margins), abs=1e-12)


def test_a_calibrated_teacher_has_no_error_and_an_overconfident_one_has():
    # In 3 of 4 pairs with p = 3/4 the preferred document is better
    calm = np.log(3.0) * np.array([1.0, 1.0, 1.0, -1.0])
    assert calibration_error(calm)[0] == pytest.approx(0, abs=1e-12)
    loud = calibration_error(4 * calm)[0]
    assert loud == pytest.approx(1 / (1 + 3.0**-4) - 0.75)
    assert calibration_error(np.tile(calm, 7))[0] == pytest.approx(0, abs=1e-12)


def test_ties_are_half_right_and_no_pair_is_refused():
    assert calibration_error(np.zeros(3)) == (
        0.0,
        (ReliabilityBin(low=0.5, high=0.55, n_pairs=3, mean_p=0.5, observed=0.5),),
    )
    with pytest.raises(DomainError, match="needs a pair"):
        calibration_error(np.array([]))
