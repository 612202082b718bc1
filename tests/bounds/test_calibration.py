"""bounds.theorem3: the terms against loops over cells, and their order."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.theorem3 import (
    calibration_gap,
    calibration_shift,
    calibration_term,
    risk_shift,
)
from tests import oracles


def test_terms_against_loops():
    rng = np.random.default_rng(8)
    for _ in range(50):
        p, m = rng.integers(0, 5, 30) / 4, rng.integers(-1, 2, 30).astype(float)
        eta, weights = rng.random(30), rng.random(30)
        cells = oracles.calibration_cells(p, m, eta, weights)
        assert_allclose(calibration_term(p, m, eta, weights=weights), cells)
        shares = weights / weights.sum()
        sign = (m < 0).astype(float) - (m > 0)
        assert_allclose(
            calibration_shift(p, m, eta, weights=weights),
            float(shares @ ((eta - p) * sign)),
            atol=1e-15,
        )
        assert_allclose(
            calibration_gap(p, eta, weights=weights), float(shares @ abs(p - eta))
        )
        losses = [
            w * (oracles.pair_loss(e, y) - oracles.pair_loss(x, y))
            for w, e, x, y in zip(shares, eta, p, m, strict=True)
        ]
        assert_allclose(risk_shift(p, m, eta, weights=weights), sum(losses), atol=1e-14)


def test_judgements_estimate_the_shift_without_bias_and_the_gap_with():
    rng = np.random.default_rng(9)
    p, m = np.full(20_000, 0.7), rng.normal(size=20_000)
    judged = (rng.random(20_000) < 0.7).astype(float)
    assert abs(calibration_shift(p, m, judged)) < 0.02
    assert calibration_term(p, m, judged) < 0.02
    assert calibration_gap(p, judged) > 0.4


def test_one_truth_for_all_pairs_and_unused_cells():
    assert_allclose(calibration_term([0.2, 0.4], [1.0, 1.0], 0.5), 0.2)
    assert_allclose(
        calibration_term([0.2, 0.4], [1.0, 1.0], 0.5, weights=[1.0, 0.0]), 0.3
    )


def test_impossible_input_is_refused():
    for function in (calibration_shift, calibration_term, risk_shift):
        with pytest.raises(DomainError, match="`eta` must lie in"):
            function([0.5], [1.0], [1.5])
    with pytest.raises(DomainError, match="`m` must lie in"):
        risk_shift([0.5], [np.inf], [0.5])
