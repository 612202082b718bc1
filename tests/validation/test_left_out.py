"""Correlations without each query against those under weights that leave it out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.validation.concordance import row_sums
from rankbound.validation.correlation import (
    RankedPanel,
    kendall,
    pearson,
)
from rankbound.validation.left_out import (
    kendall_left_out,
    pearson_left_out,
    ranks_left_out,
)

SMALL = st.integers(0, 3).map(float)
ANY = SMALL | st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


def weights_without_each(n):
    return np.array([[float(i != j) for j in range(n)] for i in range(n)])


def compare(x, y, covariates, uses):
    """All coefficients with those of the weights, also where there are none."""
    rows, weights = row_sums(x, y), weights_without_each(len(x))
    found = ranks_left_out(x, y, covariates, uses, rows)
    wanted = RankedPanel.of(x, y, covariates, uses).under(weights)
    for one, other in zip(found, wanted, strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-12)
    assert_allclose(pearson_left_out(x, y), pearson(weights, x, y), rtol=0, atol=1e-12)
    assert_allclose(kendall_left_out(rows), kendall(weights, x, y), rtol=0, atol=1e-12)


@given(st.data(), st.sampled_from([SMALL, ANY]), st.integers(0, 3))
@settings(max_examples=60)
def test_leaving_queries_out_is_what_weights_do(data, values, n_given):
    n = data.draw(st.integers(5, 12))
    column = st.lists(values, min_size=n, max_size=n)
    x, y, covariates = (
        np.array([data.draw(column) for _ in range(count)]).reshape(count, n).T
        for count in (2, 2, n_given)
    )
    uses = data.draw(
        st.lists(st.booleans(), min_size=2 * n_given, max_size=2 * n_given)
    )
    compare(x, y, covariates, np.array(uses, dtype=bool).reshape(2, n_given))


@pytest.mark.parametrize("large", [1.0, 1e9])
def test_a_column_that_one_query_alone_varies_has_no_coefficient_without_it(large):
    rng = np.random.default_rng(0)
    x, y, covariates = (rng.normal(size=(9, count)) for count in (2, 3, 2))
    for side in (x, y, covariates):
        side[:, 1] = 0.0
        side[4, 1] = large
    uses = np.array([[True, True], [False, True], [False, False]])
    compare(x, y, covariates, uses)
    rho, partial = ranks_left_out(x, y, covariates, uses, row_sums(x, y))
    for found in (rho, partial, pearson_left_out(x, y)):
        assert np.isnan(found[4, 1]).all()
        assert np.isnan(found[4, :, 1]).all()
        assert np.isfinite(found[4, 0, [0, 2]]).all()


def test_an_outlier_takes_no_digits_of_the_others():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 12, 1))
    x[3], y[3] = 1e6, -1e6
    without = np.delete(x[:, 0], 3), np.delete(y[:, 0], 3)
    wanted = np.corrcoef(*without)[0, 1]
    assert pearson_left_out(x, y)[3, 0, 0] == pytest.approx(wanted, abs=1e-7)
    compare(x, y, np.empty((12, 0)), np.empty((1, 0), dtype=bool))
