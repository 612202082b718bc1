"""bounds.samples: what may enter a limit."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta, checked_sample


def test_checked_sample_rescales_to_the_unit_interval():
    sample = checked_sample([2.0, 3.0, 6.0], low=2, high=6)
    assert_allclose(sample.values, [0, 0.25, 1], rtol=0, atol=0)
    assert sample.n == 3
    assert_allclose(sample.mean, 5 / 12, rtol=1e-15)


def test_restore_round_trips_and_never_exceeds_high():
    sample = checked_sample([2.0, 3.0], low=2, high=6)
    assert_allclose(sample.restore(sample.mean), 2.5, rtol=1e-15)
    assert sample.restore(1.7) == 6


@pytest.mark.parametrize("beyond", [1e-6, math.inf, math.nan])
@pytest.mark.parametrize("sign", [1, -1])
def test_checked_sample_rejects_values_outside_and_names_them(beyond, sign):
    edge = 5.0 if sign > 0 else 1.0
    with pytest.raises(DomainError, match="position 1"):
        checked_sample([2.0, edge + sign * beyond], low=1, high=5)


def test_checked_sample_forgives_rounding_only():
    sample = checked_sample([1 - 1e-10, 5 + 1e-10], low=1, high=5)
    assert sample.values.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], 1.0])
def test_checked_sample_rejects_other_shapes(values):
    with pytest.raises(DomainError, match="flat, non-empty"):
        checked_sample(values, low=0, high=2)


@pytest.mark.parametrize(
    ("low", "high"), [(1, 1), (2, 1), (0, math.inf), (math.nan, 1), (-math.inf, 0)]
)
def test_checked_sample_rejects_intervals(low, high):
    with pytest.raises(DomainError, match="low < high"):
        checked_sample([1.0], low=low, high=high)


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, 5.0, math.nan])
def test_checked_delta_rejects_values_outside(delta):
    with pytest.raises(DomainError, match="delta"):
        checked_delta(delta)


def test_checked_sample_does_not_change_its_input():
    values = np.array([1.0, 2.0])
    checked_sample(values, low=0, high=4)
    assert values.tolist() == [1.0, 2.0]
