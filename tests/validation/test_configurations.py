import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.linear_model import RidgeCV

from bounds.errors import DomainError
from validation.configurations import (
    ALPHAS,
    leave_one_out_ridge,
    ordering,
    sign_accuracy,
)


def order(x, y, rising=True):
    return ordering(
        np.array(x, dtype=float),
        np.array(y, dtype=float),
        rising=rising,
        delta=0.05,
        resamples=500,
        rng=np.random.default_rng(0),
    )


def test_tau_and_p_are_scipys():
    x, y = [1, 2, 3, 4, 5], [2, 1, 4, 3, 5]
    found = order(x, y)
    assert (found.tau, found.p) == pytest.approx(tuple(kendalltau(x, y)))
    assert found.smallest_p == pytest.approx(2 / 120)
    assert found.lower is None


def test_enough_configurations_have_an_interval():
    rng = np.random.default_rng(0)
    x = rng.normal(size=12)
    found = order(x, x + 0.3 * rng.normal(size=12))
    assert -1 <= found.lower < found.tau < found.upper <= 1


def test_accuracy_counts_pairs_by_hand():
    # pairs by target: (0,1) right, (0,2) right, (1,2) wrong, (.,3) ties of predictor
    x, y = np.array([1.0, 3, 2, 2]), np.array([1.0, 2, 3, 3])
    share, n_pairs = sign_accuracy(x, y, rising=True)
    assert n_pairs == 5
    assert share == pytest.approx(3 / 5)
    assert sign_accuracy(x, y, rising=False)[0] == pytest.approx(2 / 5)
    assert sign_accuracy(x, np.ones(4), rising=True) == (None, 0)


def test_one_side_without_spread_has_no_order():
    found = order([1, 1, 1], [1, 2, 3])
    assert found.tau is None
    assert found.accuracy == 0.5
    with pytest.raises(DomainError, match="two configurations"):
        order([1], [1])


def test_ridge_leaves_each_configuration_out():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 9))
    found = leave_one_out_ridge({"x": x}, y)
    errors = []
    for i in range(9):
        rest = np.arange(9) != i
        z = (x - x[rest].mean()) / x[rest].std()
        model = RidgeCV(alphas=ALPHAS).fit(z[rest, None], y[rest])
        errors.append(y[i] - model.predict(z[[i], None])[0])
    plain = [y[i] - y[np.arange(9) != i].mean() for i in range(9)]
    assert found.rmse == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    assert found.baseline_rmse == pytest.approx(np.sqrt(np.mean(np.square(plain))))
    assert found.r2 == pytest.approx(
        1 - np.sum(np.square(errors)) / np.sum(np.square(plain))
    )


def test_noise_predicts_nothing():
    rng = np.random.default_rng(1)
    r2 = [
        leave_one_out_ridge({"x": rng.normal(size=12)}, rng.normal(size=12)).r2
        for _ in range(5)
    ]
    assert max(r2) < 0.5
    assert min(r2) < 0.1


def test_too_few_configurations_are_refused():
    with pytest.raises(DomainError, match="too few configurations: 7"):
        leave_one_out_ridge({"x": np.arange(7.0)}, np.arange(7.0))
    with pytest.raises(DomainError, match="does not vary"):
        leave_one_out_ridge({"x": np.arange(8.0)}, np.ones(8))
