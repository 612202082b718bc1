"""bounds.shift: laws are laws, distances match the loops, infinity is reported."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.registry import statement
from rankbound.bounds.shift import (
    DensityRatio,
    checked_law,
    checked_laws,
    density_ratio,
    product_total_variation,
    total_variation,
)
from tests import oracles


def random_laws(rng, size=None):
    """Two laws, sparse, equal or close to each other as often as not."""
    size = size or int(rng.integers(1, 8))
    mu, nu = rng.dirichlet(np.full(size, rng.choice([0.2, 1, 20])), 2)
    mood = rng.random()
    if mood < 0.3 and size > 1:
        mu[0] = 0
        mu = mu / mu.sum()
    elif mood < 0.4:
        mu = nu
    elif mood < 0.6:
        mu = (mu + 9 * nu) / 10
    return mu, nu


def test_distances_match_the_loops():
    rng = np.random.default_rng(1)
    for _ in range(300):
        mu, nu = random_laws(rng)
        expected = oracles.variation(mu.tolist(), nu.tolist())
        assert_allclose(total_variation(mu, nu), expected, atol=1e-14)
        pairs = oracles.variation(oracles.product_law(mu), oracles.product_law(nu))
        assert_allclose(product_total_variation(mu, nu), pairs, atol=1e-13)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(mu > 0, mu / nu, 0.0)
        assert_allclose(density_ratio(mu, nu).kappa, ratios.max(), rtol=1e-12)


def test_distances_of_laws_with_disjoint_and_equal_supports():
    assert product_total_variation([1, 0], [0, 1]) == 1.0
    assert total_variation([1, 0, 0], [0, 0.5, 0.5]) == 1.0
    assert product_total_variation([0.3, 0.7, 0], [0.3, 0.7, 0]) == 0.0
    assert density_ratio([0.3, 0.7, 0], [0.3, 0.7, 0]) == DensityRatio(1.0, 0)


def test_a_document_that_is_never_drawn_makes_kappa_infinite_and_is_counted():
    """Trap: a missing document given score 0 passes as a number nowhere."""
    found = density_ratio([0.25] * 4, [0.5, 0.5, 0.0, 0.0])
    assert found == DensityRatio(math.inf, 2)
    # and then the shift is the whole width of a pair
    assert statement("theorem-2b").numpy()(10.0, found.kappa) == 10.0
    # a document that is only sampled does no harm
    assert density_ratio([0.0, 1.0], [0.5, 0.5]) == DensityRatio(2.0, 0)


def test_kappa_of_uniform_over_normalised_scores_is_mean_over_minimum():
    scores = np.array([3.0, 1.0, 5.0, 7.0])
    found = density_ratio(np.full(4, 0.25), scores / scores.sum())
    assert_allclose(found.kappa, scores.mean() / scores.min(), rtol=1e-14)
    # not shift invariant, so scores have to be made a law by whoever draws
    moved = scores + 1
    other = density_ratio(np.full(4, 0.25), moved / moved.sum())
    assert other.kappa < found.kappa - 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([-1.0, 2.0], "must hold probabilities, got -1.0 at position 0; scores"),
        ([0.5, math.nan], "must hold probabilities, got nan at position 1"),
        ([3.0, 1.0], "must sum to 1, got 4.0; scores divided by their sum"),
        ([0.5, 0.49], "must sum to 1, got 0.99"),
        ([0.0, 0.0], "must sum to 1, got 0.0"),
        ([], "must be one vector of probabilities, got shape"),
        ([[0.5, 0.5]], "must be one vector of probabilities, got shape"),
    ],
)
@pytest.mark.parametrize(
    "function", [density_ratio, total_variation, product_total_variation]
)
def test_scores_are_refused_with_the_reason(function, values, message):
    fine = [0.5, 0.5]
    with pytest.raises(DomainError, match=f"`target` {message}"):
        function(values, fine)
    if np.shape(values) == (2,):
        with pytest.raises(DomainError, match=f"`sampler` {message}"):
            function(fine, values)


def test_laws_of_unequal_length_are_refused():
    with pytest.raises(DomainError, match="one probability for each of 2 entries"):
        checked_laws([0.5, 0.5], [1.0])


def test_single_precision_laws_are_laws():
    law = np.random.default_rng(2).dirichlet(np.ones(1000)).astype("float32")
    assert_allclose(checked_law(law, name="target").sum(), 1.0, rtol=1e-13)
    assert density_ratio(law, law) == DensityRatio(1.0, 0)


def test_ratio_beyond_every_float_is_refused():
    with pytest.raises(DomainError, match="ratio overflows"):
        density_ratio([0.5, 0.5], [1.0, 5e-324])
    assert product_total_variation([0.5, 0.5], [1.0, 5e-324]) == 0.75
