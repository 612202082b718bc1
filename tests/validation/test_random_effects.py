"""Random effects over data sets: by hand, by statsmodels, and where nothing matters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from rankbound.bounds.errors import DomainError
from rankbound.validation.pooling import pool_effects

finite = st.floats(-2, 2).map(lambda x: round(x, 3))
variance = st.floats(1e-3, 1.0)


def test_two_data_sets_by_hand():
    """Effects 0 and 0.4 with variance 0.01: the spread is 0.08 - 0.01 = 0.07."""
    made = pool_effects(np.array([0.0, 0.4]), np.array([0.01, 0.01]), delta=0.05)
    assert made.value == pytest.approx(0.2)
    assert made.tau2 == pytest.approx(0.07)
    assert made.q == pytest.approx(8.0)
    assert made.i2 == pytest.approx(7 / 8)
    # t of one degree of freedom, and the variance of the mean (0.07 + 0.01) / 2
    half = 12.7062047 * 0.04**0.5
    assert made.upper - made.value == pytest.approx(half, rel=1e-6)
    assert made.weights == pytest.approx((0.5, 0.5))


def test_three_data_sets_of_one_effect_by_hand():
    """Weights 1 : 1 : 2; Q is below 2, so that nothing lies between them."""
    made = pool_effects(np.array([0.1, 0.2, 0.3]), np.array([2.0, 2.0, 1.0]), delta=0.1)
    assert made.value == pytest.approx((0.1 + 0.2 + 2 * 0.3) / 4)
    assert made.tau2 == 0
    assert made.i2 == 0
    assert made.upper - made.value == pytest.approx(2.9199856 * 0.5**0.5, rel=1e-6)


@pytest.mark.filterwarnings("ignore:`use_t=True` requires")
@pytest.mark.parametrize("k", [2, 3, 5, 12])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_statsmodels_agrees(k, spread):
    meta = pytest.importorskip("statsmodels.stats.meta_analysis")
    rng = np.random.default_rng(k)
    variances = rng.uniform(0.001, 0.05, k)
    effects = rng.normal(0.1, spread, k) + rng.normal(0, variances**0.5)
    made = pool_effects(effects, variances, delta=0.05)
    theirs = meta.combine_effects(effects, variances, "iterated", use_t=True)
    assert made.value == pytest.approx(theirs.mean_effect_re, abs=1e-6)
    assert made.tau2 == pytest.approx(max(0, theirs.tau2), abs=1e-5)
    assert made.q == pytest.approx(theirs.q)
    assert made.i2 == pytest.approx(max(0, theirs.i2))
    # Hartung and Knapp's error where it is the longer one, else the plain one
    scaled = theirs.sd_eff_w_re * max(1.0, theirs.scale_hksj_re) ** 0.5
    half = t.ppf(0.975, k - 1) * scaled
    assert made.upper - made.value == pytest.approx(half, rel=1e-4)


@given(st.lists(st.tuples(finite, variance), min_size=2, max_size=6), finite)
def test_moving_and_scaling_all_effects_moves_and_scales_the_estimate(rows, by):
    effects, variances = (np.array(column) for column in zip(*rows, strict=True))
    made = pool_effects(effects, variances, delta=0.05)
    moved = pool_effects(effects + by, variances, delta=0.05)
    assert moved.value == pytest.approx(made.value + by, abs=1e-6)
    assert moved.tau2 == pytest.approx(made.tau2, abs=1e-6)
    turned = pool_effects(-2 * effects, 4 * variances, delta=0.05)
    assert turned.value == pytest.approx(-2 * made.value, abs=1e-6)
    assert turned.tau2 == pytest.approx(4 * made.tau2, abs=1e-6)
    assert turned.lower == pytest.approx(-2 * made.upper, abs=1e-5)
    order = np.arange(len(effects))[::-1]
    again = pool_effects(effects[order], variances[order], delta=0.05)
    assert again.value == pytest.approx(made.value, abs=1e-9)


@pytest.mark.statistical
@pytest.mark.parametrize("k", [3, 6])
def test_the_interval_holds_the_mean(k):
    """Nominal 95 %. 2,000 draws below 92 % by chance: fewer than one run in 10^8."""
    rng = np.random.default_rng(7)
    variances = np.linspace(0.01, 0.05, k)
    held = 0
    for _ in range(2000):
        effects = 0.3 + rng.normal(0, 0.2, k) + rng.normal(0, variances**0.5)
        made = pool_effects(effects, variances, delta=0.05)
        held += made.lower <= 0.3 <= made.upper
    assert held / 2000 > 0.92


@pytest.mark.parametrize(
    ("effects", "variances", "said"),
    [
        ([0.1], [0.1], "2 data sets or more"),
        ([0.1, 0.2], [0.1, 0.0], "variance must be positive"),
        ([0.1, np.nan], [0.1, 0.1], "not finite"),
    ],
)
def test_what_cannot_be_pooled_is_refused(effects, variances, said):
    with pytest.raises(DomainError, match=said):
        pool_effects(np.array(effects), np.array(variances), delta=0.05)
