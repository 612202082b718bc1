"""p-values of the betting capital: duals of the interval, and valid."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.betting import betting_p_value
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from tests import oracles


def naive(values, low, high, mean, delta):
    """Twice the smaller of one over the two capitals, by loops."""
    mirrored = [low + high - value for value in values]
    level = (mean - low) / (high - low)
    capitals = [
        oracles.betting_capital(values, low, high, delta / 2, level),
        oracles.betting_capital(mirrored, low, high, delta / 2, 1 - level),
    ]
    return min(1.0, 2 / max(capitals))


@pytest.mark.parametrize("n", [1, 7, 33, 43, 97, 250])  # grids change at 33, 97
@pytest.mark.parametrize("mean", [-0.2, 0.0, 0.4])
def test_matches_loops(n, mean):
    values = np.random.default_rng(n).uniform(-1, 0.9, n)
    found = betting_p_value(values, low=-1, high=1, mean=mean, delta=0.05)
    expected = naive(values.tolist(), -1, 1, mean, 0.05)
    assert math.isclose(found, expected, rel_tol=1e-9)


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=60),
    st.floats(-0.95, 0.95),
    st.sampled_from([0.05, 0.2, 0.005]),
)
def test_at_most_delta_exactly_outside_the_interval(values, mean, delta):
    p = betting_p_value(values, low=-1, high=1, mean=mean, delta=delta)
    lower, upper = two_sided(values, low=-1, high=1, delta=delta)
    if min(abs(mean - lower), abs(mean - upper)) > 1e-9:
        assert (p <= delta) == (not lower <= mean <= upper)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_a_mirrored_sample_has_the_same_p_value(values):
    settings = {"low": -1, "high": 1, "mean": 0.0, "delta": 0.05}
    mirrored = [-value for value in values]
    first, second = (betting_p_value(v, **settings) for v in (values, mirrored))
    assert math.isclose(first, second, rel_tol=1e-9)


def test_many_values_are_binned_on_the_safe_side():
    values = np.random.default_rng(0).uniform(-0.2, 0.203, 120_000)
    found = betting_p_value(values, low=-1, high=1, mean=0.0, delta=0.05)
    exact = naive(values.tolist(), -1, 1, 0.0, 0.05)
    assert exact <= found <= 2 * exact


def test_an_overwhelming_sample_stays_a_positive_number():
    found = betting_p_value(np.ones(90_000), low=-1, high=1, mean=0.0, delta=0.05)
    assert 0 < found < 1e-290


@pytest.mark.statistical
def test_rejects_true_means_at_most_delta():
    # p is at most delta with a chance of at most delta; 3,000 samples of which 192 and
    # more are counted by chance in less than one run of 1,000
    rng, delta = np.random.default_rng(5), 0.05
    rejected = sum(
        betting_p_value(
            rng.choice([-1.0, 0.25], 40, p=[0.2, 0.8]),
            low=-1, high=1, mean=0.0, delta=delta,
        ) <= delta
        for _ in range(3000)
    )  # fmt: skip
    assert rejected <= oracles.most_failures(3000, delta, 1e-3)


@pytest.mark.parametrize("mean", [-1.0, 1.0, 2.0, math.nan])
def test_a_mean_that_is_not_inside_is_refused(mean):
    with pytest.raises(DomainError, match="`mean` must lie inside"):
        betting_p_value([0.0], low=-1, high=1, mean=mean, delta=0.05)
