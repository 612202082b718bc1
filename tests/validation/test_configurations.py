import numpy as np
import pytest
from scipy.stats import kendalltau

from rankbound.bounds.errors import DomainError
from rankbound.validation.configurations import (
    Drawing,
    ordering,
    sign_accuracy,
)

ONE = np.zeros(12, dtype=int)


def order(x, y, datasets=None, rising=True):
    return ordering(
        np.array(x, dtype=float),
        np.array(y, dtype=float),
        np.zeros(len(x), dtype=int) if datasets is None else np.array(datasets),
        rising=rising,
        drawing=Drawing(0.05, 500, 499, np.random.default_rng(0)),
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
    share, n_pairs = sign_accuracy(x, y, ONE[:4], rising=True)
    assert n_pairs == 5
    assert share == pytest.approx(3 / 5)
    assert sign_accuracy(x, y, ONE[:4], rising=False)[0] == pytest.approx(2 / 5)
    assert sign_accuracy(x, np.ones(4), ONE[:4], rising=True) == (None, 0)


def test_one_side_without_spread_has_no_order():
    found = order([1, 1, 1], [1, 2, 3])
    assert found.tau is None
    assert found.accuracy == 0.5
    with pytest.raises(DomainError, match="two configurations"):
        order([1], [1])


def test_data_sets_that_differ_make_no_order():
    datasets = [0] * 6 + [1] * 6
    x = np.concatenate([[3, 1, 5, 2, 6, 4], [13, 11, 15, 12, 16, 14]])
    y = np.concatenate([[1, 2, 3, 4, 5, 6], [16, 15, 14, 13, 12, 11]])
    together, within = order(x, y), order(x, y, datasets)
    assert together.p < 0.05 < within.p
    assert within.tau == pytest.approx(
        (kendalltau(x[:6], y[:6])[0] + kendalltau(x[6:], y[6:])[0]) / 2
    )
    assert within.n_pairs == 30
    assert within.lower < within.tau < within.upper
    assert within.smallest_p == pytest.approx(1 / 500)


def test_an_order_within_every_data_set_is_found():
    datasets = [0] * 6 + [1] * 6
    x = np.concatenate([np.arange(6), 50 - np.arange(6)])
    y = np.concatenate([np.arange(6), -50 - np.arange(6)])
    found = order(x, y, datasets)
    assert (found.tau, found.accuracy) == (1.0, 1.0)
    assert found.p == pytest.approx(1 / 500)
