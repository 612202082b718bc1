"""BCa and permutations against scipy and by hand."""

import itertools

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose, assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.validation import resampling
from rankbound.validation.correlation import spearman, unit, weighted_ranks
from rankbound.validation.resampling import (
    acceleration,
    bca_interval,
    bootstrap_weights,
    heads_in_parts,
    leave_one_out,
    permutation_p,
    permutations,
    permutations_in_parts,
    permuted_products,
    weights_in_parts,
)


def rho(x, y):
    return scipy.stats.spearmanr(x, y).statistic


def test_bca_is_scipys_on_the_same_resamples():
    rng = np.random.default_rng(3)
    x = rng.normal(size=40)
    y = x + rng.normal(size=40)
    weights = bootstrap_weights(40, resamples=999, rng=rng)
    columns = x[:, None], y[:, None]
    replicates = spearman(weights, *columns)[:, 0, 0]
    jackknife = spearman(leave_one_out(40), *columns)[:, 0]
    lower, upper = bca_interval(
        np.array([rho(x, y)]), replicates[:, None], acceleration(jackknife), delta=0.1
    )
    theirs = scipy.stats.bootstrap(
        (x, y),
        rho,
        paired=True,
        vectorized=False,
        n_resamples=0,
        bootstrap_result=type("Made", (), {"bootstrap_distribution": replicates})(),
        confidence_level=0.9,
        method="BCa",
    ).confidence_interval
    assert_allclose([lower[0], upper[0]], [theirs.low, theirs.high], atol=1e-9)


def test_bca_leaves_resamples_without_an_estimate_out():
    sample = np.concatenate([np.arange(101.0), np.full(50, np.nan)])[:, None]
    ends = bca_interval(np.array([50.0]), sample, np.zeros(1), delta=0.1)
    assert [round(float(end[0]), 6) for end in ends] == [5.0, 95.0]
    mostly = np.concatenate([np.arange(10.0), np.full(50, np.nan)])[:, None]
    assert np.isnan(bca_interval(np.array([5.0]), mostly, np.zeros(1), delta=0.1)).all()


def test_bca_without_spread_is_a_point():
    ends = bca_interval(np.ones(1), np.ones((50, 1)), np.zeros(1), delta=0.05)
    assert [end[0] for end in ends] == [1.0, 1.0]


def test_bca_has_no_interval_where_it_would_not_hold_the_estimate():
    """One query alone differs in the term, and has the largest of all values."""
    x, y = np.zeros(30), np.arange(30.0) // 2 * 2
    x[-1], y[-1] = 1.0, 30.0
    weights = bootstrap_weights(30, resamples=2_000, rng=np.random.default_rng(0))
    columns = x[:, None], y[:, None]
    replicates = spearman(weights, *columns)[:, 0, 0]
    skew = acceleration(spearman(leave_one_out(30), *columns)[:, 0])
    known = replicates[np.isfinite(replicates)]
    assert (known > rho(x, y)).mean() > 0.99
    ends = bca_interval(np.array([rho(x, y)]), replicates[:, None], skew, delta=0.05)
    assert np.isnan(ends).all()


def test_acceleration_is_the_skewness_of_the_influences():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    d = values.mean() - values
    wanted = (d**3).sum() / (6 * (d**2).sum() ** 1.5)
    assert acceleration(values) == pytest.approx(wanted)
    assert acceleration(np.ones(4)) == 0.0


def test_every_permutation_is_one_and_orders_are_even():
    orders = permutations(3, count=6_000, rng=np.random.default_rng(0))
    assert (np.sort(orders, axis=1) == np.arange(3)).all()
    counts = [
        np.all(orders == o, axis=1).sum() for o in itertools.permutations(range(3))
    ]
    assert min(counts) > 850
    with pytest.raises(DomainError, match="at least 1"):
        permutations(3, count=0, rng=np.random.default_rng(0))


DRAWN = {
    "weights": (
        lambda n, count, rng: bootstrap_weights(n, resamples=count, rng=rng),
        lambda n, count, rng: weights_in_parts(n, resamples=count, rng=rng),
    ),
    "orders": (
        lambda n, count, rng: permutations(n, count=count, rng=rng),
        lambda n, count, rng: permutations_in_parts(n, count=count, rng=rng),
    ),
    "heads": (
        lambda n, count, rng: rng.integers(0, 2, size=(count, n), dtype=np.int8),
        lambda n, count, rng: heads_in_parts(n, count=count, rng=rng),
    ),
}


@pytest.mark.parametrize("what", DRAWN)
@pytest.mark.parametrize("n", [7, 12, 333])
@pytest.mark.parametrize("at_once", [1, 40, 1000])
def test_what_is_drawn_in_parts_is_what_one_call_draws(what, n, at_once, monkeypatch):
    """Also what is drawn from the same generator afterwards."""
    whole, parted = DRAWN[what]
    monkeypatch.setattr(resampling, "NUMBERS_AT_ONCE", at_once)
    ours, theirs = np.random.default_rng(n), np.random.default_rng(n)
    for count in (161, 5):
        found = [*parted(n, count, ours)]
        assert len(found) > 1 or count == 5
        assert_array_equal(np.concatenate(found), whole(n, count, theirs))
    assert ours.random() == theirs.random()


@pytest.mark.parametrize("ties", [False, True])
def test_permuted_coefficients_are_scipys(ties):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(9, 3))
    y = np.round(y) if ties else y
    orders = permutations(9, count=7, rng=rng)
    whole = np.ones((1, 9))
    left, right = (unit(whole, weighted_ranks(whole, side))[0] for side in (x, y))
    found = permuted_products(left, right, orders)
    for m, order in enumerate(orders):
        for t in range(2):
            for k in range(3):
                moved = y[order, k]
                assert found[m, t, k] == pytest.approx(rho(x[:, t], moved), abs=1e-9)


def test_p_counts_the_sample_itself_and_ties():
    null = np.array([0.5, -0.5, 0.1, 0.2])
    assert permutation_p(np.array(0.5), null) == 3 / 5
    assert permutation_p(np.array(0.9), null) == 1 / 5
    assert np.isnan(permutation_p(np.array(np.nan), null))


def test_p_is_the_exact_one_over_all_orders():
    x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])
    orders = np.array(list(itertools.permutations(range(4))))
    null = np.array([rho(x, y[order]) for order in orders])
    exact = np.mean(np.abs(null) >= abs(rho(x, y)) - 1e-9)
    assert permutation_p(np.array(rho(x, y)), null) == (24 * exact + 1) / 25
