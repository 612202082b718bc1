import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from rankbound.bounds.errors import DomainError
from rankbound.validation.configurations import ALPHAS, leave_one_out_ridge

ONE = np.zeros(12, dtype=int)


def test_ridge_leaves_each_configuration_out():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 9))
    found = leave_one_out_ridge({"x": x}, y, ONE[:9])
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
        leave_one_out_ridge({"x": rng.normal(size=12)}, rng.normal(size=12), ONE).r2
        for _ in range(5)
    ]
    assert max(r2) < 0.5
    assert min(r2) < 0.1


def test_too_few_configurations_are_refused():
    with pytest.raises(DomainError, match="too few configurations: 7"):
        leave_one_out_ridge({"x": np.arange(7.0)}, np.arange(7.0), ONE[:7])
    with pytest.raises(DomainError, match="does not vary"):
        leave_one_out_ridge({"x": np.arange(8.0)}, np.ones(8), ONE[:8])


def test_ridge_does_not_see_the_level_of_a_data_set():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 12))
    datasets = np.repeat([0, 1], 6)
    first = leave_one_out_ridge({"x": x}, y, datasets)
    moved = leave_one_out_ridge({"x": x + 9 * datasets}, y - 5 * datasets, datasets)
    assert moved.r2 == pytest.approx(first.r2)
    with pytest.raises(DomainError, match="single configuration"):
        leave_one_out_ridge({"x": x}, y, np.repeat([0, 1], [11, 1]))
