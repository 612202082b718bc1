import numpy as np
import pytest
import scipy.stats

from rankbound.validation.correlation import kendall_variance, permuted_kendall
from rankbound.validation.resampling import permutations


@pytest.mark.parametrize("ties", [False, True])
def test_permuted_coefficients_are_scipys(ties):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(9, 3))
    y = np.round(y) if ties else y
    orders = permutations(9, count=7, rng=rng)
    taus = permuted_kendall(x, y, orders)
    for m, order in enumerate(orders):
        for t in range(2):
            for k in range(3):
                tau = scipy.stats.kendalltau(x[:, t], y[order, k]).statistic
                assert taus[m, t, k] == pytest.approx(tau, abs=1e-6)


def test_kendalls_variance_is_that_of_all_permutations():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30).round(0), rng.normal(size=30).round(1)
    taus = [
        scipy.stats.kendalltau(x, rng.permutation(y)).statistic for _ in range(1_500)
    ]
    found = kendall_variance(x[:, None], y[:, None]).item()
    assert found == pytest.approx(np.var(taus), rel=0.2)
    assert np.isnan(kendall_variance(np.ones((9, 1)), y[:9, None])).all()


def test_kendalls_variance_with_many_ties_is_scipys():
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 2, size=40), rng.integers(0, 3, size=40)
    test = scipy.stats.kendalltau(x, y, method="asymptotic")
    z = scipy.stats.norm.isf(test.pvalue / 2)
    found = kendall_variance(x[:, None].astype(float), y[:, None].astype(float))
    assert found.item() == pytest.approx((test.statistic / z) ** 2)
