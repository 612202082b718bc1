import numpy as np
import pytest
from numpy.testing import assert_allclose
from statsmodels.stats.meta_analysis import combine_effects

from rankbound.bounds.errors import DomainError
from rankbound.validation.association import (
    Effort,
    Panel,
    draw,
    heterogeneity,
    pool,
    summary,
)


def drawn(n, seed, shift=0.0, effect=0.0, resamples=400):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) + shift
    y = effect * x + rng.normal(size=(n, 1)) + shift
    panel = Panel(x, y, np.empty((n, 0)), np.empty((1, 0), dtype=bool))
    return draw(panel, Effort(resamples, 499), rng)


def test_a_pool_is_the_mean_weighted_by_queries():
    first, second = drawn(20, 0), drawn(60, 1)
    pooled = pool([first, second])
    for kind in first.estimates:
        wanted = 0.25 * first.estimates[kind] + 0.75 * second.estimates[kind]
        assert_allclose(pooled.estimates[kind], wanted)
    assert pooled.n == 80
    assert len(pooled.jackknife["spearman"]) == 80


def test_differences_between_sets_are_no_association():
    sets = [drawn(40, 2, shift=-50.0), drawn(40, 3, shift=50.0)]
    [[cell]] = summary(pool(sets), delta=0.05)
    assert cell.spearman.p > 0.05
    assert cell.spearman.lower < 0 < cell.spearman.upper


def test_a_pool_finds_what_its_sets_cannot():
    sets = [drawn(25, seed, effect=0.45) for seed in range(4, 12)]
    singles = [summary(one, delta=0.05)[0][0].spearman.p for one in sets]
    [[cell]] = summary(pool(sets), delta=0.05)
    assert min(singles) > cell.spearman.p
    assert cell.partial.p < 0.05
    assert cell.kendall.p < 0.05
    width = cell.spearman.upper - cell.spearman.lower
    alone = summary(sets[0], delta=0.05)[0][0].spearman
    assert width < 0.6 * (alone.upper - alone.lower)


def test_kendalls_normal_p_of_a_pool_is_near_the_permutation_p():
    sets = [drawn(40, 20, effect=0.3), drawn(60, 21, effect=0.3)]  # 60: no permutations
    [[cell]] = summary(pool(sets), delta=0.05)
    assert cell.kendall_by == "normal"
    assert cell.kendall.p == pytest.approx(cell.spearman.p, abs=0.02)


def test_q_is_statsmodels():
    values, sizes = np.array([0.5, -0.1, 0.2]), np.array([40.0, 60.0, 90.0])
    found = heterogeneity(values, sizes)
    theirs = combine_effects(np.arctanh(values), 1.06 / (sizes - 3))
    assert found.q == pytest.approx(theirs.q)
    assert found.i2 == pytest.approx(max(0.0, 1 - 2 / theirs.q))
    assert 0 < found.p < 0.05


def test_a_pool_needs_alike_sets():
    with pytest.raises(DomainError, match="at least 2"):
        pool([drawn(20, 0)])
    with pytest.raises(DomainError, match="different shapes"):
        pool([drawn(20, 0), drawn(20, 0, resamples=401)])
    with pytest.raises(DomainError, match="two data sets"):
        heterogeneity(np.array([0.1]), np.array([9.0]))
