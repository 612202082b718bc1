"""What we compute ourselves is what scikit-learn computes, where it can."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rankbound.bounds.numeric import sigmoid
from rankbound.commands.measure.certifying import Level
from rankbound.commands.measure.relevance import JudgedPairs, reliability
from rankbound.data.clusters import Units
from rankbound.estimators.calibration import fit_temperature
from rankbound.estimators.distances import pair_distances
from rankbound.estimators.shape import neighbour_distances
from rankbound.validation.correlation import RankedPanel, weighted_ranks
from rankbound.validation.systems import (
    ALPHAS,
    design_of,
    drawn_for,
    leave_system_out_ridge,
)

RNG = np.random.default_rng


@pytest.mark.parametrize("seed", range(3))
def test_temperature_is_a_logistic_regression_of_margins(seed):
    rng = RNG(seed)
    margins, weights = 6 * rng.normal(size=400), rng.random(400) + 0.1
    targets = sigmoid(margins / 3 + rng.normal(size=400))
    rows = np.concatenate([margins, margins])[:, None]
    shares = np.concatenate([weights * targets, weights * (1 - targets)])
    model = LogisticRegression(
        C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12
    ).fit(rows, np.repeat([1, 0], 400), sample_weight=shares)
    found = fit_temperature(margins, targets, weights)
    assert_allclose(found, 1 / model.coef_[0, 0], rtol=1e-9)


def test_reliability_is_the_calibration_curve_of_one_pair_a_query():
    n = 500
    rng = RNG(0)
    teacher = np.abs(2 * rng.normal(size=n))
    labels = (rng.random(n) < sigmoid(teacher)).astype(np.float64)
    units = Units(np.arange(n))
    pairs = JudgedPairs(np.arange(n), teacher, np.ones(n), labels, np.ones(n), units)
    rows = reliability(pairs, Level(0.05, 1))
    observed, predicted = calibration_curve(labels, pairs.preference, n_bins=20)
    assert_allclose([row.observed for row in rows], observed, rtol=1e-12)
    assert_allclose([row.mean_p for row in rows], predicted, rtol=1e-12)


def test_neighbours_of_a_group_are_its_nearest():
    groups = RNG(1).normal(size=(5, 9, 4))
    apart = pair_distances(groups)
    near = neighbour_distances(apart, np.ones(apart.shape, dtype=bool))
    for vectors, found in zip(groups, near, strict=True):
        model = NearestNeighbors(n_neighbors=8, algorithm="kd_tree").fit(vectors)
        assert_allclose(found, model.kneighbors()[0], rtol=1e-12)


def test_partial_coefficients_are_those_of_regression_residuals():
    rng = RNG(2)
    x, y, given = (rng.normal(size=(40, width)) for width in (2, 3, 2))
    uses = np.ones((3, 2), dtype=bool)
    _, partial = RankedPanel.of(x, y, given, uses).under(np.ones((1, 40)))
    ranks = [weighted_ranks(np.ones((1, 40)), side)[0] for side in (x, y, given)]
    left, right = (
        side - LinearRegression().fit(ranks[2], side).predict(ranks[2])
        for side in ranks[:2]
    )
    expected = np.corrcoef(left.T, right.T)[:2, 2:]
    assert_allclose(partial[0], expected, rtol=1e-12, atol=1e-12)


def test_predictions_in_one_data_set_are_cross_validated():
    rng = RNG(3)
    x, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=ALPHAS))
    systems = np.array([f"f{i}" for i in range(10)], dtype=object)
    guesses = cross_val_predict(
        model, x, y, groups=np.arange(10), cv=LeaveOneGroupOut()
    )
    same = np.full(10, "d", dtype=object)
    design = design_of(systems, same, same)
    drawn = drawn_for(design, delta=0.05, resamples=1, permutations=19, rng=rng)
    features = {"a": x[:, 0], "b": x[:, 1]}
    found = leave_system_out_ridge(features, y, design, drawn)
    assert_allclose(found.rmse, np.sqrt(np.mean((y - guesses) ** 2)), rtol=1e-10)
