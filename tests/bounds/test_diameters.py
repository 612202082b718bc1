"""bounds.lemma5: exact ranks, coverage with atoms, the refuted limits."""

import math

import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemma5 import (
    MONOTONE,
    QuantileDiameter,
    group_diameter_limit,
    order_statistic_rank,
    pair_quantile_limit,
    pair_tail_limit,
    queries_for_level,
    single_query_deviation,
)
from rankbound.bounds.lemmas import query_range
from tests import oracles


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("delta", [0.05, 0.3])
def test_rank_is_the_least_by_exact_sums(level, delta):
    for n in (5, 20, 77, 150):
        if level**n > delta:
            with pytest.raises(DomainError, match=f"needs .* queries, got {n}"):
                order_statistic_rank(n, level=level, delta=delta)
            continue
        rank = order_statistic_rank(n, level=level, delta=delta)
        # P(Bin >= r) <= delta, and not for r - 1
        assert oracles.binomial_tail(n, level, rank) <= delta + 1e-12
        assert oracles.binomial_tail(n, level, rank - 1) > delta - 1e-12


def test_least_number_of_queries_is_exact():
    assert queries_for_level(0.99, 0.05) == 299
    assert order_statistic_rank(299, level=0.99, delta=0.05) == 299
    with pytest.raises(DomainError, match="needs 299 queries, got 298"):
        order_statistic_rank(298, level=0.99, delta=0.05)
    # exactly at the boundary: 0.5**3 = 0.125
    assert queries_for_level(0.5, 0.125) == 3
    assert order_statistic_rank(3, level=0.5, delta=0.125) == 3


@pytest.mark.statistical
@pytest.mark.parametrize("atoms", [0, 1, 3, 20])
def test_group_diameter_limit_covers_the_quantile(atoms):
    """False-alarm rate at most 1e-6 per law; continuous and with atoms."""
    rng, runs, n, level, delta = np.random.default_rng(70), 2000, 60, 0.9, 0.2
    draws = rng.random((runs, n))
    if atoms:
        draws = np.ceil(draws * atoms) / atoms
    rank = order_statistic_rank(n, level=level, delta=delta)
    limits = np.sort(draws, axis=1)[:, rank - 1]
    first = group_diameter_limit(draws[0], level=level, delta=delta)
    assert first == QuantileDiameter(limits[0], level, delta, n)
    # F(y) = y on the support of both kinds of law
    misses = int((limits < level - 1e-12).sum())
    assert misses <= oracles.most_failures(runs, delta, 1e-6)
    if atoms == 0:  # tight: one rank lower is not enough
        lower = np.sort(draws, axis=1)[:, rank - 2]
        assert (lower < level).mean() > delta


@pytest.mark.statistical
def test_sample_quantile_is_no_limit():
    """Refuted: the plain 0.99-quantile of the sample misses about half the time."""
    rng = np.random.default_rng(71)
    draws = rng.random((2000, 400))
    plain = np.quantile(draws, 0.99, axis=1, method="inverted_cdf")
    assert (plain < 0.99).mean() > 0.4
    # and the sample maximum is never the end of the support
    assert np.all(draws.max(axis=1) < 1.0)


def clustered(rng, n, pairs):
    """Groups whose pairs all have the one distance of their query."""
    return [np.full(pairs, x) for x in rng.random(n)]


@pytest.mark.statistical
def test_pair_quantile_limit_covers_dependent_pairs():
    """False-alarm rate at most 1e-6; pooled pairs miss far too often."""
    rng, runs, n, level, delta = np.random.default_rng(72), 300, 60, 0.8, 0.1
    misses = pooled = 0
    for _ in range(runs):
        groups = clustered(rng, n, 120)
        limit = pair_quantile_limit(groups, level=level, delta=delta, method="kl")
        misses += limit.value < level  # the law of a distance is uniform
        everything = np.sort(np.concatenate(groups))
        rank = order_statistic_rank(everything.size, level=level, delta=delta)
        pooled += everything[rank - 1] < level
    assert misses <= oracles.most_failures(runs, delta, 1e-6)
    # refuted: n * 120 pairs are no sample size (nominal 10 %)
    assert pooled > oracles.most_failures(runs, delta, 1e-6)
    assert pooled / runs > 0.35


@pytest.mark.parametrize("method", MONOTONE)
def test_pair_quantile_limit_matches_a_scan_from_the_top(method):
    rng = np.random.default_rng(73)
    for level in (0.5, 0.7, 0.9, 0.999):
        rows = [rng.choice([0.1, 0.2, 0.5, 0.9, 1.4], size=6) for _ in range(40)]
        limit = pair_quantile_limit(rows, level=level, delta=0.1, method=method)
        best = math.inf
        for t in sorted({float(x) for row in rows for x in row}, reverse=True):
            tail = pair_tail_limit(rows, threshold=t, delta=0.1, method=method)
            if tail > 1 - level:
                break
            best = t
        assert limit.value == best
        assert (limit.level, limit.delta, limit.n_queries) == (level, 0.1, 40)


def test_each_query_weighs_the_same():
    rows = [np.ones(1000)] + [np.zeros(1)] * 99
    few = pair_tail_limit(rows, threshold=0.5, delta=0.05, method="hoeffding")
    assert math.isclose(few, 0.01 + math.sqrt(math.log(20) / 200))
    # pairs at the threshold are not beyond it
    assert pair_tail_limit(rows, threshold=1.0, delta=0.05, method="kl") < 0.03


def test_default_quantile_of_numpy_covers_less_than_it_says():
    """A trap: on 120 distances the interpolated 0.99-quantile covers 118 of them."""
    distances = np.arange(120.0)
    assert (distances <= np.quantile(distances, 0.99)).sum() == 118
    exact = np.quantile(distances, 0.99, method="inverted_cdf")
    assert (distances <= exact).sum() == 119


def test_quantile_diameter_is_not_a_number_that_a_bound_would_take():
    limit = group_diameter_limit(np.arange(400.0), level=0.99, delta=0.05)
    for use in (
        lambda: query_range(limit, cut_ratio=1.0),
        lambda: 5.0 * limit,
        lambda: float(limit),
    ):
        with pytest.raises(TypeError):
            use()


def test_single_query_deviation():
    assert round(single_query_deviation(16, delta=0.05), 2) == 0.43
    assert single_query_deviation(16, delta=0.05) == single_query_deviation(
        17, delta=0.05
    )
    for k in (2, 3, 8):
        epsilon = single_query_deviation(k, delta=0.1)
        assert math.isclose(math.exp(-2 * (k // 2) * epsilon**2), 0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: group_diameter_limit([], level=0.5, delta=0.1), "needs .* got 0"),
        (lambda: group_diameter_limit([[1.0]], level=0.5, delta=0.1), "one finite"),
        (lambda: group_diameter_limit([math.nan], level=0.5, delta=0.1), "one finite"),
        (lambda: queries_for_level(1.0, 0.1), "`level` must lie"),
        (lambda: queries_for_level(0.9, 1.0), "`delta` must lie"),
        (lambda: pair_quantile_limit([], level=0.9, delta=0.1), "at least one query"),
        (lambda: pair_quantile_limit([[]], level=0.9, delta=0.1), "query 0 must have"),
        (
            lambda: pair_quantile_limit([[1.0], [math.inf]], level=0.9, delta=0.1),
            "query 1 must have",
        ),
        (
            lambda: pair_quantile_limit(
                [[1.0]], level=0.9, delta=0.1, method="empirical_bernstein"
            ),
            "`method` must be one of",
        ),
        (lambda: pair_quantile_limit([[1.0]], level=0.0, delta=0.1), "`level`"),
        (lambda: single_query_deviation(1, delta=0.1), "at least 2 documents"),
    ],
)
def test_impossible_input_is_refused(call, message):
    with pytest.raises(DomainError, match=message):
        call()
