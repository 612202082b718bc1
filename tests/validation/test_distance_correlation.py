import numpy as np
import pytest
from statsmodels.stats.dist_dependence_measures import distance_statistics

from rankbound.bounds.errors import DomainError
from rankbound.validation.distances import distance_correlation


def found(x, y, count=99, seed=0):
    return distance_correlation(x, y, count=count, rng=np.random.default_rng(seed))


def test_value_is_statsmodels_and_our_centred_products():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    made = found(x, y)
    theirs = distance_statistics(x, y).distance_correlation
    assert made.value == pytest.approx(theirs, abs=1e-14)
    # the permutation by which nothing moves must give the value itself
    a, b = (np.abs(v[:, None] - v) for v in (x, y))
    a, b = (d - d.mean(0) - d.mean(1)[:, None] + d.mean() for d in (a, b))
    loop = np.sqrt((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
    assert made.value == pytest.approx(loop)


def test_dependence_without_correlation_is_found():
    x = np.linspace(-1, 1, 60)
    assert found(x, x**2).p == 1 / 100
    rng = np.random.default_rng(1)
    assert found(x, rng.normal(size=60)).p > 0.05


def test_expected_is_what_chance_gives():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 40))
    made = found(x, y, count=200)
    values = [
        distance_statistics(x, rng.permutation(y)).distance_correlation
        for _ in range(200)
    ]
    assert made.expected == pytest.approx(np.mean(values), abs=0.02)


def test_many_queries_get_fewer_permutations():
    rng = np.random.default_rng(3)
    assert found(*rng.normal(size=(2, 301)), count=400).permutations == 299


def test_what_has_no_distance_correlation_is_refused():
    with pytest.raises(DomainError, match="vary"):
        found(np.ones(9), np.arange(9.0))
    with pytest.raises(DomainError, match="4 queries"):
        found(np.arange(3.0), np.arange(3.0))
