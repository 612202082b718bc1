"""bounds.limits: the inverse is where the relative entropy crosses the budget."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import binary_kl, kl_inverse
from tests import oracles


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.1, 0.5, 0.9, 1 - 1e-9])
@pytest.mark.parametrize("budget", [1e-9, 1e-3, 0.1, 2.0])
def test_kl_inverse_is_the_crossing(x, budget):
    y = kl_inverse(x, budget)
    assert x <= y <= 1
    if y < 1:
        assert_allclose(oracles.bernoulli_kl(x, y), budget, rtol=1e-4, atol=1e-13)
        assert oracles.bernoulli_kl(x, min(1.0, y * (1 + 1e-6))) > budget


def test_kl_inverse_matches_the_closed_form_at_zero():
    # kl(0 || y) = -log(1 - y)
    for budget in (1e-6, 0.3, 5.0):
        assert_allclose(kl_inverse(0.0, budget), -math.expm1(-budget), rtol=1e-8)


def test_kl_inverse_is_monotone_in_both_arguments():
    xs = np.linspace(0, 1, 41)
    for budget in (0.0, 0.01, 0.4):
        assert np.all(np.diff([kl_inverse(x, budget) for x in xs]) >= 0)
    for x in (0.0, 0.3, 0.99):
        assert np.all(np.diff([kl_inverse(x, b) for b in np.linspace(0, 3, 41)]) >= 0)


@pytest.mark.parametrize(("x", "budget"), [(-0.1, 1), (1.1, 1), (0.5, -1)])
def test_kl_inverse_rejects_values_outside(x, budget):
    with pytest.raises(DomainError, match="kl_inverse"):
        kl_inverse(x, budget)


def test_binary_kl_matches_a_loop_and_its_extremes():
    for x in (0.0, 0.2, 0.5, 1.0):
        for y in (0.1, 0.5, 0.9):
            expected = oracles.bernoulli_kl(x, y)
            assert_allclose(binary_kl(x, y), expected, rtol=1e-13, atol=1e-16)
    assert binary_kl(0.5, 0.0) == math.inf
    assert binary_kl(0.5, 1.0) == math.inf
    assert binary_kl(1.0, 1.0) == 0.0
