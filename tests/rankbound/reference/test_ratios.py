import math

import numpy as np
import pytest

from rankbound.bounds.shift import density_ratio
from rankbound.reference.formulas import reference_kappa, why_kappa


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5, -1, -1], 0.20),
        ([1, -2, -3], 0.6667),
        ([2, -1, -1], 0.0),
        ([-1, -9], 5.0),
        ([1, 2, 3], 2.0),
        ([101, 102, 103], 1.0099),
    ],
)
def test_ratios_of_scores_are_no_density_ratios(scores, expected):
    assert reference_kappa(np.array(scores)) == pytest.approx(expected, abs=5e-5)
    assert why_kappa(np.array(scores)) == ""


def test_the_softmax_ratio_ignores_the_origin():
    for start in (1, 101):
        weights = np.exp(np.arange(start, start + 3) - start - 2.0)
        ratio = density_ratio(np.full(3, 1 / 3), weights / weights.sum())
        assert round(ratio.kappa, 2) == 3.70


def test_missing_documents_make_it_infinite_and_all_missing_nothing():
    assert reference_kappa(np.array([3.0, 0.0, 1.0])) == math.inf
    assert "infinite" in why_kappa(np.array([3.0, 0.0, 1.0]))
    for nothing in (np.zeros(3), np.array([])):
        assert math.isnan(reference_kappa(nothing))
        assert "0 / 0" in why_kappa(nothing)


def test_the_sign_of_zero_is_not_shown():
    assert math.copysign(1, reference_kappa(np.array([2.0, -1.0, -1.0]))) == 1
