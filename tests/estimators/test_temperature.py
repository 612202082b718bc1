"""estimators.calibration.fit_temperature: the minimum of the plain likelihood."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.numeric import sigmoid
from rankbound.estimators.calibration import UnidentifiedError, fit_temperature
from tests import oracles


def sample(seed, n=60, scale=5.0, temperature=2.0):
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=n) * scale
    targets = (rng.random(n) < sigmoid(margins / temperature)).astype(float)
    return margins, targets, rng.random(n) + 0.1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [1e-4, 3.0, 1e4])
def test_fit_matches_a_golden_section(seed, scale):
    margins, targets, weights = sample(seed, scale=scale, temperature=scale / 2)
    found = fit_temperature(margins, targets, weights)
    expected = oracles.likeliest_temperature(
        margins.tolist(), targets.tolist(), weights.tolist(), scale / 100, scale * 100
    )
    assert_allclose(found, expected, rtol=1e-6)  # a minimum is flat to half the digits


@pytest.mark.parametrize("temperature", [0.05, 1.0, 7.0, 300.0])
def test_fit_round_trips_soft_targets(temperature):
    margins = np.random.default_rng(1).normal(size=50) * 3
    targets = sigmoid(margins / temperature)
    found = fit_temperature(margins, targets, np.ones(50))
    assert_allclose(found, temperature, rtol=1e-9)


@given(seed=st.integers(0, 99), power=st.integers(-20, 20), total=st.floats(1e-6, 1e6))
def test_fit_follows_the_unit_and_ignores_total_weight_and_orientation(
    seed, power, total
):
    margins, targets, weights = sample(seed)
    found = fit_temperature(margins, targets, weights)
    scaled = fit_temperature(margins * 2.0**power, targets, weights * total)
    assert_allclose(scaled, found * 2.0**power, rtol=1e-9)
    flip = np.random.default_rng(seed).random(len(margins)) < 0.5
    turned = fit_temperature(
        np.where(flip, -margins, margins), np.where(flip, 1 - targets, targets), weights
    )
    assert_allclose(turned, found, rtol=1e-9)


@given(seed=st.integers(0, 99), repeats=st.integers(2, 5))
def test_weights_are_counts(seed, repeats):
    margins, targets, weights = sample(seed, n=20)
    assume(0 < targets.sum() < 20)
    try:
        found = fit_temperature(margins, targets, weights)
    except UnidentifiedError:
        assume(False)
    again = fit_temperature(
        np.tile(margins, repeats), np.tile(targets, repeats), np.tile(weights, repeats)
    )
    assert_allclose(again, found, rtol=1e-9)


@pytest.mark.statistical
def test_fit_covers_the_true_temperature():
    """Within 5 standard errors; false-alarm rate 1e-6 (normal limit, n = 40,000)."""
    true, n = 3.0, 40_000
    margins, targets, _ = sample(7, n=n, scale=6.0, temperature=true)
    found = fit_temperature(margins, targets, np.ones(n))
    p = sigmoid(margins / true)
    information = np.sum(p * (1 - p) * margins**2) / true**4
    assert abs(found - true) < 5 / math.sqrt(information)


def test_fit_rejects_separated_and_worthless_scores():
    margins, ones = np.array([0.5, 2.0, 1.0]), np.ones(3)
    with pytest.raises(UnidentifiedError, match="without an error"):
        fit_temperature(margins, ones, ones)
    with pytest.raises(UnidentifiedError, match="no better than a coin"):
        fit_temperature(-margins, ones, ones)
    with pytest.raises(UnidentifiedError, match="no better than a coin"):
        fit_temperature(margins, np.full(3, 0.5), ones)
    with pytest.raises(UnidentifiedError, match="every pair is a tie"):
        fit_temperature(np.zeros(3), ones, ones)


def test_fit_rejects_no_pairs():
    with pytest.raises(DomainError, match="at least one calibration pair"):
        fit_temperature(np.empty(0), np.empty(0), np.empty(0))
