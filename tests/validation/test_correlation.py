"""Weighted correlations against scipy on the repeated rows."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rankbound import threads
from rankbound.bounds.errors import DomainError
from rankbound.validation import correlation, resampling
from rankbound.validation.correlation import (
    RankedPanel,
    kendall,
    kendall_resampled,
    pearson,
    spearman,
    unit,
)
from rankbound.validation.resampling import bootstrap_weights, permuted_products

OURS = {"pearson": pearson, "spearman": spearman, "kendall": kendall}
SCIPY = {
    "pearson": scipy.stats.pearsonr,
    "spearman": scipy.stats.spearmanr,
    "kendall": scipy.stats.kendalltau,
}


def sample(seed=0, n=15, t=2, k=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, t))
    y = np.round(x[:, :1] + rng.normal(size=(n, k)), 0)  # with ties
    return rng, x, y


@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize("seed", range(5))
def test_a_resample_is_scipys_on_repeated_rows(name, seed):
    rng, x, y = sample(seed)
    counts = rng.multinomial(15, np.full(15, 1 / 15), size=4)
    found = OURS[name](counts.astype(float), x, y)
    for b, times in enumerate(counts):
        left, right = np.repeat(x, times, axis=0), np.repeat(y, times, axis=0)
        for t in range(2):
            for k in range(3):
                wanted = SCIPY[name](left[:, t], right[:, k])[0]
                assert_allclose(found[b, t, k], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SCIPY)
def test_a_constant_column_has_no_coefficient(name):
    x = np.arange(6.0)[:, None]
    flat = np.full((6, 1), 0.1)
    assert np.isnan(OURS[name](np.ones((1, 6)), x, flat)).all()
    one_left = np.array([[6.0, 0, 0, 0, 0, 0]])
    assert np.isnan(OURS[name](one_left, x, x)).all()


@given(
    st.lists(
        st.floats(-9, 9, allow_subnormal=False), min_size=4, max_size=9, unique=True
    ),
    st.floats(0.1, 9),
)
def test_ranks_see_order_only(values, scale):
    x = np.array(values)[:, None]
    y = np.sin(x)
    whole = np.ones((1, len(x)))
    stretched = np.argsort(np.argsort(x, axis=0), axis=0) * scale
    assert_allclose(spearman(whole, x, y), spearman(whole, stretched, y))


def test_pearson_does_not_see_units():
    _, x, y = sample()
    whole = np.ones((1, 15))
    assert_allclose(pearson(whole, x * 1e9 + 3, y), pearson(whole, x, y), atol=1e-7)


def test_unit_columns_have_weighted_length_one():
    rng, x, _ = sample()
    weights = rng.integers(1, 4, size=(3, 15)).astype(float)
    made = unit(weights, np.broadcast_to(x, (3, 15, 2)))
    assert_allclose((weights[:, :, None] * made**2).sum(axis=1), 1.0)
    assert_allclose((weights[:, :, None] * made).sum(axis=1), 0.0, atol=1e-12)


@pytest.mark.parametrize(("at_once", "workers"), [(1, 1), (1, 3), (2**20, 2)])
def test_a_sample_does_not_depend_on_those_beside_it(monkeypatch, at_once, workers):
    rng, x, y = sample()
    weights = rng.multinomial(15, np.full(15, 1 / 15), size=40).astype(float)
    orders = rng.permuted(np.tile(np.arange(15), (40, 1)), axis=1)
    ranked = RankedPanel.of(x, y, x, np.ones((y.shape[1], x.shape[1]), dtype=bool))

    def found():
        left, right = (unit(np.ones((1, 15)), side[None])[0] for side in (x, y))
        return (
            pearson(weights, x, y),
            spearman(weights, x, y),
            *ranked.under(weights),
            permuted_products(left, right, orders),
        )

    wanted = found()
    monkeypatch.setattr(correlation, "SAMPLES_AT_ONCE", at_once)
    monkeypatch.setattr(resampling, "NUMBERS_IN_CACHE", at_once)
    monkeypatch.setattr(threads, "threads", lambda: workers)
    for one, two in zip(found(), wanted, strict=True):
        assert_array_equal(one, two)


def test_shapes_and_values_are_checked():
    with pytest.raises(DomainError, match="shapes"):
        pearson(np.ones((1, 3)), np.ones((4, 1)), np.ones((4, 1)))
    with pytest.raises(DomainError, match="not finite"):
        spearman(np.ones((1, 2)), np.array([[1.0], [np.nan]]), np.ones((2, 1)))


def ends_of(found):
    return np.quantile(found, [0.025, 0.975], axis=0)


def test_kendall_of_many_queries_has_the_intervals_of_the_exact_one():
    """Ends differ by less than a thirtieth of the length, ties or none."""
    rng = np.random.default_rng(3)
    n = 310
    common = rng.normal(size=(n, 1))
    x = common + rng.normal(size=(n, 3))
    x[:, 1] = np.round(x[:, 1])
    x[:, 2] = x[:, 2] > 2.5  # nearly all tied: stays exact
    y = np.round(common + rng.normal(size=(n, 2)), 1)
    weights = bootstrap_weights(n, resamples=2000, rng=rng)
    exact, quick = kendall(weights, x, y), kendall_resampled(weights, x, y)
    np.testing.assert_array_equal(quick[:, 2], exact[:, 2])
    ends = ends_of(exact), ends_of(quick)
    length = ends[0][1] - ends[0][0]
    assert (np.abs(ends[0] - ends[1]) < length / 30).all()


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1, 0.35, 0.5, 0.7])
@pytest.mark.parametrize("n", [310, 900])
def test_kendall_of_nearly_one_order_has_the_intervals_of_the_exact_one(n, noise):
    """Where few pairs are in the other order, their number counts instead of n."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 1))
    y = np.hstack([x + noise * rng.normal(size=(n, 1)), np.round(-x, 1)])
    weights = bootstrap_weights(n, resamples=2000, rng=rng)
    exact, quick = kendall(weights, x, y), kendall_resampled(weights, x, y)
    assert np.abs(exact - quick)[:, :, 1].max() < 1e-12
    if noise < 0.2:
        assert np.abs(exact - quick).max() < 1e-12
    ends = ends_of(exact), ends_of(quick)
    length = ends[0][1] - ends[0][0]
    assert (np.abs(ends[0] - ends[1]) <= length / 30).all()


@pytest.mark.parametrize("seed", range(3))
def test_kendall_of_nearly_tied_columns_is_linear_where_enough_pairs_differ(seed):
    """What counts are the pairs that differ, over n: 52 queries make twice as many."""
    rng = np.random.default_rng(seed)
    n = 800
    common = rng.normal(size=n)
    values = common + rng.normal(size=n)
    y = np.round(0.2 * common + rng.normal(size=n), 1)[:, None]
    ranks = np.argsort(np.argsort(values))
    x = np.column_stack(
        [
            ranks >= n - 54,
            np.maximum(ranks, n - 54),
            ranks >= n - 48,
            np.maximum(ranks, n - 48),
        ]
    ).astype(float)
    weights = bootstrap_weights(n, resamples=1000, rng=rng)
    exact, quick = kendall(weights, x, y), kendall_resampled(weights, x, y)
    np.testing.assert_array_equal(quick[:, 2:], exact[:, 2:])
    ends = ends_of(exact), ends_of(quick)
    length = ends[0][1] - ends[0][0]
    assert (np.abs(ends[0] - ends[1]) < length / 30)[:, :2].all()
    assert (quick != exact)[:, :2].any()


def test_kendall_of_two_nearly_tied_columns_is_exact():
    rng = np.random.default_rng(4)
    n = 400
    x, y = np.zeros((2, n, 2))
    for side in (x, y):
        side[rng.choice(n, 9, replace=False), 0] = rng.normal(size=9)
        side[7, 1] = 1.0  # constant in resamples without it
    weights = bootstrap_weights(n, resamples=200, rng=rng)
    exact = kendall(weights, x, y)
    np.testing.assert_array_equal(kendall_resampled(weights, x, y), exact)
    assert np.isnan(exact[:, 1, 1]).any()
