"""bounds.theorem4: the entropy floor holds, is attained, and is the largest convex."""

import math

import numpy as np
from numpy.testing import assert_allclose

from rankbound.bounds.notation import A, B, D, Delta, H, L, complexity, n, shift
from rankbound.bounds.registry import statement
from rankbound.bounds.special import entropy_floor_constants
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


# the other forms of the coupling


def line(scores, lipschitz, temperature):
    """Mean distance and diameter of documents on a line that gives these margins."""
    k = len(scores)
    distances = [
        abs(scores[i] - scores[j]) * temperature / lipschitz
        for i in range(k)
        for j in range(i)
    ]
    return sum(distances) / len(distances), max(distances)


def test_lipschitz_floors_hold_and_are_not_ordered():
    rng = np.random.default_rng(6)
    views = {
        name: statement(f"theorem-4a-{name}").numpy()
        for name in ("distance", "diameter", "pair")
    }
    larger = set()
    for _ in range(200):
        k = int(rng.integers(2, 8))
        scores = math.exp(rng.uniform(-2, 3)) * rng.normal(size=k)
        lipschitz, temperature = np.exp(rng.uniform(-1, 1, 2))
        entropy, _ = entropy_and_margin(scores.tolist())
        mean, largest = line(scores, lipschitz, temperature)
        if rng.random() < 0.3:  # in a plane the mean can be closer to the diameter
            mean = largest
        ratio = oracles.max_cut_share(k)
        floors = {
            "distance": views["distance"](mean, lipschitz, temperature),
            "diameter": views["diameter"](largest, lipschitz, temperature, ratio),
            "pair": views["pair"](largest, lipschitz, temperature),
        }
        assert max(floors.values()) <= entropy + 1e-12
        larger.add(max(floors, key=floors.get))
    assert {"distance", "diameter"} <= larger


def test_lipschitz_floors_are_attained():
    a_star, _ = entropy_floor_constants()
    scores = [a_star] * 4 + [0.0] * 4
    entropy, _ = entropy_and_margin(scores)
    mean, largest = line(scores, 3.0, 0.7)
    by_distance = statement("theorem-4a-distance").numpy()
    assert_allclose(by_distance(mean, 3.0, 0.7), entropy, rtol=1e-14)
    by_diameter = statement("theorem-4a-diameter").numpy()
    share = oracles.max_cut_share(8)
    assert_allclose(by_diameter(largest, 3.0, 0.7, share), entropy, rtol=1e-14)
    pair = statement("theorem-4a-pair").numpy()
    for margin in (0.3, 5.0):
        exact = oracles.entropy_of(oracles.sigmoid(margin))
        assert_allclose(pair(margin * 0.7 / 3.0, 3.0, 0.7), exact, rtol=1e-12)


# the separated forms


def two_laws(rng):
    """Two laws of pairs on one finite set, with margins in their ranges."""
    size = int(rng.integers(2, 7))
    teacher, student = 5 * rng.random(2)
    a = rng.uniform(-teacher, teacher, size)
    m = rng.uniform(-student, student, size)
    if rng.random() < 0.5:
        a, m = teacher * np.sign(a), student * np.sign(m)
    laws = rng.dirichlet(np.full(size, 0.5), size=2)
    return a, m, laws, teacher, student


def test_target_form_holds_and_its_entropy_ignores_the_sampler():
    rng = np.random.default_rng(7)
    view = statement("theorem-4c").numpy()
    closest = math.inf
    for _ in range(300):
        a, m, (target, sampled), teacher, student = two_laws(rng)
        p = [oracles.sigmoid(x) for x in a]
        entropies = np.array([oracles.entropy_of(x) for x in p])
        losses = [oracles.pair_loss(x, y) for x, y in zip(p, m, strict=True)]
        apart = float(np.abs(target - sampled).sum() / 2)
        divergence = max(0.0, float(sampled @ (losses - entropies)))
        entropy = float(target @ entropies)
        bound = view(entropy, divergence, apart, teacher, student)
        assert float(target @ losses) <= bound + 1e-12
        closest = min(closest, bound - float(target @ losses))
    assert closest < 0.02


def test_target_form_fails_with_the_entropy_of_the_sampler():
    """Mining near documents raises the sampled entropy: it is not the target's."""
    near, far = (oracles.entropy_of(oracles.sigmoid(a)) for a in (0.1, 6.0))
    # a target of near pairs, sampled by far ones, by a student equal to the teacher
    bound = statement("theorem-4c").numpy()(far, 0.0, 0.0, 6.0, 6.0)
    assert near > bound + 0.5


def test_separation_is_a_property_of_the_formula():
    entry = statement("theorem-4d")
    assert entry.derivative(H).diff(Delta) == 0
    assert entry.derivative(H) == 1
    assert entry.derivative(Delta).free_symbols == {L, n, shift, complexity}


def test_sharper_constants_lose_the_separation():
    """With the slope of Lemma 3 in place of 1, A and the diameter meet."""
    slope = statement("lemma-3-lipschitz").expression
    sharper = statement("theorem-4d").expression.subs(
        complexity, complexity * slope.subs(B, L * Delta)
    )
    mixed = sharper.diff(Delta).diff(A)
    point = {L: 1, Delta: 1, A: 1, n: 4, shift: 0, complexity: 2, D: 0, H: 0}
    assert abs(float(mixed.subs(point).evalf())) > 1e-3
    window = statement("lemma-2b-divergence").expression.subs(B, L * Delta)
    mixed = window.diff(A).diff(Delta)
    assert abs(float(mixed.subs({L: 1, Delta: 1, A: 1}).evalf())) > 1e-3
