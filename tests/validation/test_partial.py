"""Partial coefficients against statsmodels and by the textbook formula."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy.stats import rankdata

from rankbound.bounds.errors import DomainError
from rankbound.validation.correlation import (
    RankedPanel,
    flipped_partials,
    independent,
    spearman,
)
from rankbound.validation.resampling import permutation_p


def sample(seed=0, n=20):
    rng = np.random.default_rng(seed)
    given = rng.normal(size=(n, 2)).round(1)
    x = given[:, :1] + rng.normal(size=(n, 2))
    y = given.sum(axis=1, keepdims=True) + rng.normal(size=(n, 3))
    return rng, x, y, given


def by_residuals(x, y, given):
    base = sm.add_constant(np.apply_along_axis(rankdata, 0, given))
    left, right = (sm.OLS(rankdata(side), base).fit().resid for side in (x, y))
    return np.corrcoef(left, right)[0, 1]


def test_partial_is_that_of_residual_ranks_in_every_resample():
    rng, x, y, given = sample()
    counts = rng.multinomial(20, np.full(20, 0.05), size=3)
    uses = np.array([[True, True], [True, False], [False, False]])
    rho, partial = RankedPanel.of(x, y, given, uses).under(counts.astype(float))
    assert_allclose(rho, spearman(counts.astype(float), x, y), atol=1e-9)
    for b, times in enumerate(counts):
        repeated = [np.repeat(side, times, axis=0) for side in (x, y, given)]
        for t in range(2):
            for k in range(2):
                wanted = by_residuals(
                    repeated[0][:, t], repeated[1][:, k], repeated[2][:, uses[k]]
                )
                assert partial[b, t, k] == pytest.approx(wanted, abs=1e-8)
    assert_allclose(partial[:, :, 2], rho[:, :, 2], atol=1e-9)


def flips_by_loop(x, y, given, signs):
    base = np.column_stack([np.ones(len(x)), *map(rankdata, given.T)])
    left, right = (sm.OLS(rankdata(side), base).fit().resid for side in (x, y))
    hat = base @ np.linalg.inv(base.T @ base) @ base.T
    size = np.sqrt((left**2).sum() * (right**2).sum())
    found = []
    for row in signs:
        total = 0.0
        for query, sign in enumerate(row):
            spread = np.sqrt(1 - hat[query, query])
            total += sign * left[query] * right[query] / spread
        found.append(total / size)
    return found


def test_flips_are_those_of_products_of_residuals():
    _, x, y, given = sample(4)
    uses = np.array([[True, True], [True, False], [False, False]])
    panel = x, y, given, uses
    found = flipped_partials(panel, count=7, rng=np.random.default_rng(5))
    drawn = np.random.default_rng(5).integers(0, 2, size=(7, 20), dtype=np.int8)
    for t in range(2):
        for k in range(3):
            wanted = flips_by_loop(
                x[:, t], y[:, k], given[:, uses[k]], drawn * 2.0 - 1.0
            )
            assert_allclose(found[:, t, k], wanted, atol=1e-9)


def test_false_alarms_given_difficulty_stay_rare_whatever_the_spread():
    rng = np.random.default_rng(11)
    n, runs, rejected = 100, 250, 0
    for _ in range(runs):
        hard = rng.normal(size=(n, 1))
        # Both spread most where difficulty is middling: a t-test rejects 14 % of these
        wide = 0.2 + 2 * np.exp(-2 * hard**2)
        x, y = (hard + wide * rng.normal(size=(n, 4)) for _ in range(2))
        uses = np.ones((4, 1), dtype=bool)
        _, partial = RankedPanel.of(x, y, hard, uses).under(np.ones((1, n)))
        null = flipped_partials((x, y, hard, uses), count=199, rng=rng)
        rejected += np.sum(permutation_p(partial[0], null) <= 0.05)
    assert rejected / (16 * runs) < 0.07


def test_a_constant_column_has_no_p():
    _, _, y, given = sample()
    flat = np.ones((20, 1))
    panel = flat, y, given, np.ones((3, 2), dtype=bool)
    _, partial = RankedPanel.of(*panel).under(np.ones((1, 20)))
    null = flipped_partials(panel, count=9, rng=np.random.default_rng(0))
    assert np.isnan(permutation_p(partial[0], null)).all()


def test_what_a_covariate_explains_is_gone():
    rng = np.random.default_rng(2)
    hard = rng.normal(size=(400, 1))
    x, y = (
        hard + 0.1 * rng.normal(size=(400, 1)),
        hard + 0.1 * rng.normal(size=(400, 1)),
    )
    rho, partial = RankedPanel.of(x, y, hard, np.ones((1, 1), dtype=bool)).under(
        np.ones((1, 400))
    )
    assert rho.item() > 0.95
    assert abs(partial.item()) < 0.2


def test_a_constant_covariate_changes_nothing():
    _, x, y, _ = sample()
    flat = np.ones((20, 1))
    uses = np.ones((3, 1), dtype=bool)
    rho, partial = RankedPanel.of(x, y, flat, uses).under(np.ones((1, 20)))
    assert_allclose(rho, partial)
    assert not independent(flat).any()


def test_covariates_that_repeat_others_are_left_out():
    _, _, _, given = sample()
    repeated = np.column_stack([given, np.exp(given[:, 0])])
    assert independent(repeated).tolist() == [True, True, False]


def test_shapes_are_checked():
    _, x, y, given = sample()
    with pytest.raises(DomainError, match="uses must be"):
        RankedPanel.of(x, y, given, np.ones((1, 2), dtype=bool)).under(np.ones((1, 20)))
