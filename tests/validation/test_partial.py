"""Partial coefficients against statsmodels and by the textbook formula."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose
from scipy.stats import rankdata

from bounds.errors import DomainError
from validation.correlation import spearman
from validation.partial import independent, partial_p, rank_correlations


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
    rho, partial = rank_correlations(counts.astype(float), x, y, given, uses)
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


def test_p_is_that_of_the_coefficient_in_a_linear_model():
    _, x, y, given = sample(4)
    _, partial = rank_correlations(
        np.ones((1, 20)), x, y, given, np.ones((3, 2), dtype=bool)
    )
    ranked = [rankdata(column) for column in (x[:, 0], *given.T)]
    model = sm.OLS(rankdata(y[:, 0]), sm.add_constant(np.column_stack(ranked))).fit()
    p = partial_p(partial[0, :1, 0], n=20, n_given=2)
    assert_allclose(p, model.pvalues[1], rtol=1e-8)
    assert np.isnan(partial_p(np.array([0.1]), n=4, n_given=2)).all()


def test_what_a_covariate_explains_is_gone():
    rng = np.random.default_rng(2)
    hard = rng.normal(size=(400, 1))
    x, y = (
        hard + 0.1 * rng.normal(size=(400, 1)),
        hard + 0.1 * rng.normal(size=(400, 1)),
    )
    rho, partial = rank_correlations(
        np.ones((1, 400)), x, y, hard, np.ones((1, 1), dtype=bool)
    )
    assert rho.item() > 0.95
    assert abs(partial.item()) < 0.2


def test_a_constant_covariate_changes_nothing():
    _, x, y, _ = sample()
    flat = np.ones((20, 1))
    uses = np.ones((3, 1), dtype=bool)
    rho, partial = rank_correlations(np.ones((1, 20)), x, y, flat, uses)
    assert_allclose(rho, partial)
    assert not independent(flat).any()


def test_covariates_that_repeat_others_are_left_out():
    _, _, _, given = sample()
    repeated = np.column_stack([given, np.exp(given[:, 0])])
    assert independent(repeated).tolist() == [True, True, False]


def test_shapes_are_checked():
    _, x, y, given = sample()
    with pytest.raises(DomainError, match="uses must be"):
        rank_correlations(np.ones((1, 20)), x, y, given, np.ones((1, 2), dtype=bool))
