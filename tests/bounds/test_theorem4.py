"""bounds.theorem4: the entropy floor holds, is attained, and is the largest convex."""

import math

import numpy as np
from numpy.testing import assert_allclose

from bounds.ranges import entropy_floor_constants
from bounds.registry import statement
from tests import oracles

FLOOR = statement("theorem-4a").numpy()


def entropy_and_margin(scores):
    k = len(scores)
    margins = [abs(scores[i] - scores[j]) for i in range(k) for j in range(i)]
    entropies = [oracles.entropy_of(oracles.sigmoid(margin)) for margin in margins]
    return sum(entropies) / len(margins), sum(margins) / len(margins)


def test_floor_holds_against_a_random_search():
    rng = np.random.default_rng(5)
    closest = math.inf
    for _ in range(1000):
        k = int(rng.integers(2, 9))
        scale = math.exp(rng.uniform(-3, 3))
        scores = rng.normal(size=k) if rng.random() < 0.5 else rng.integers(0, 2, k)
        entropy, margin = entropy_and_margin((scale * scores).tolist())
        floor = FLOOR(margin)
        assert entropy >= floor - 1e-12
        closest = min(closest, entropy - floor)
    assert closest < 1e-4


def test_floor_is_attained_by_two_clusters_at_a_star():
    a_star, _ = entropy_floor_constants()
    for left, right in ((1, 1), (2, 2), (8, 8), (1, 4), (3, 0)):
        entropy, margin = entropy_and_margin([a_star] * left + [0.0] * right)
        assert_allclose(FLOOR(margin), entropy, rtol=1e-14)


def test_floor_is_the_convex_minorant_on_a_grid():
    grid = np.linspace(0, 30, 3001)
    floor = FLOOR(grid)
    entropy = [oracles.entropy_of(oracles.sigmoid(x)) for x in grid]
    assert np.all(floor <= np.array(entropy) + 1e-12)
    assert np.all(np.diff(floor) < 0)
    assert np.all(np.diff(floor, 2) >= -1e-13)
    assert FLOOR(0.0) == math.log(2)


def test_floor_is_continuous_with_its_slope_at_a_star():
    a_star, slope = entropy_floor_constants()
    step = 1e-6
    left, middle, right = FLOOR([a_star - step, a_star, a_star + step])
    assert_allclose((middle - left) / step, -slope, rtol=1e-8)
    assert_allclose((right - middle) / step, -slope, rtol=1e-5)


def test_floor_at_ten_and_sixteen():
    assert_allclose(FLOOR(10 * 8 / 15), 0.0304, atol=5e-5)
    assert_allclose(FLOOR(10.0), 0.0005, atol=5e-5)
