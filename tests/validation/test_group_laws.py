"""validation.group_laws: every group there is, by loops, and what must hold of all."""

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.validation.group_laws import GroupLaw

LN2 = math.log(2)


def law_of(pools, weights, *, names=None):
    """A law of pools, each a list of strata as (documents, how many are drawn)."""
    strata, chances, sizes, codes = [], [], [], []
    for pool in pools:
        sizes.append(sum(count for count, _ in pool))
        codes += range(sizes[-1])
        for stratum, (count, takes) in enumerate(pool):
            strata += [stratum] * count
            chances += [takes / count if count else 0.0] * count
    names = names or [f"d{place:02}" for place in range(max(sizes))]
    groups = Groups(
        queries=np.arange(len(pools)),
        qids=strings([f"q{place}" for place in range(len(pools))]),
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        codes=np.array(codes),
        docnos=strings(names),
        inclusion=np.array(chances),
    )
    return GroupLaw(groups, np.array(strata), np.array(weights, dtype=float))


def every_group(pools, weights):
    """Rows of every group there is, with its probability."""
    start = 0
    for pool, weight in zip(pools, weights, strict=True):
        ways, first = [], start
        for count, takes in pool:
            ways.append([*combinations(range(first, first + count), takes)])
            first += count
        found = [sum(parts, ()) for parts in product(*ways)]
        for rows in found:
            yield weight / len(found), rows
        start = first


def by_loops(pools, weights, of_pair):
    """The expected mean over pairs; `of_pair` is given two rows and their group."""
    total = 0.0
    for chance, rows in every_group(pools, weights):
        pairs = [*combinations(rows, 2)]
        total += chance * sum(of_pair(i, j, rows) for i, j in pairs) / len(pairs)
    return total


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def coin(p):
    return -p * math.log(p) - (1 - p) * math.log(1 - p)


def cross_entropy(p, m):
    return -p * math.log(sigmoid(m)) - (1 - p) * math.log(sigmoid(-m))


def risk_by_loops(pools, weights, teacher, student, clip_at):
    def of_pair(i, j, rows):
        floor = max(student[row] for row in rows) - clip_at
        m = max(student[i], floor) - max(student[j], floor)
        return cross_entropy(sigmoid(teacher[i] - teacher[j]), m)

    return by_loops(pools, weights, of_pair)


@st.composite
def worlds(draw):
    """Pools of one group size, their weights, and scores and vectors of rows."""
    size = draw(st.integers(2, 4))
    pools = []
    for _ in range(draw(st.integers(1, 3))):
        pool, left = [(1, 1)], size - 1
        while left:
            takes = draw(st.integers(1, left))
            pool.append((takes + draw(st.integers(0, 2)), takes))
            left -= takes
        pools.append(pool)
    raw = [draw(st.integers(1, 4)) for _ in pools]
    n = sum(count for pool in pools for count, _ in pool)
    # Halves, so that there are ties
    numbers = st.lists(st.integers(-8, 8), min_size=n, max_size=n)
    teacher, student, left, up = (np.array(draw(numbers)) / 2 for _ in range(4))
    weights = [one / sum(raw) for one in raw]
    return pools, weights, teacher, student, np.stack([left, up], axis=1)


@given(made=worlds(), clip_at=st.sampled_from([0.5, 1.0, 2.75, 6.0]))
def test_every_number_is_that_of_a_loop_over_every_group(made, clip_at):
    pools, weights, teacher, student, vectors = made
    law = law_of(pools, weights)

    def apart(i, j, _):
        return math.dist(vectors[i], vectors[j])

    asked = (
        (
            law.entropy(teacher),
            by_loops(
                pools, weights, lambda i, j, _: coin(sigmoid(teacher[i] - teacher[j]))
            ),
        ),
        (
            law.risk(teacher, student),
            risk_by_loops(pools, weights, teacher, student, math.inf),
        ),
        (
            law.risk(teacher, student, clip_at=clip_at),
            risk_by_loops(pools, weights, teacher, student, clip_at),
        ),
        (law.mean_distance(vectors), by_loops(pools, weights, apart)),
        (
            law.exceeds(vectors, 2.1),
            by_loops(pools, weights, lambda *pair: apart(*pair) > 2.1),
        ),
        (
            law.diameter(vectors),
            max(
                apart(i, j, rows)
                for _, rows in every_group(pools, weights)
                for i, j in combinations(rows, 2)
            ),
        ),
    )
    for found, wanted in asked:
        assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)
    assert law.size == len(next(every_group(pools, weights))[1])


@given(made=worlds())
def test_what_must_hold_of_every_law(made):
    pools, weights, teacher, student, vectors = made
    law = law_of(pools, weights)
    entropy = law.entropy(teacher)
    assert 0 <= entropy <= LN2 + 1e-12
    assert_allclose(law.entropy(0 * teacher), LN2)
    # A student that is the teacher has its entropy, and no other has less
    assert_allclose(law.risk(teacher, teacher + 3.0), entropy, rtol=1e-10)
    assert law.risk(teacher, student) >= entropy - 1e-12
    assert_allclose(law.risk(teacher, 0 * student, clip_at=1.0), LN2)
    wide = law.risk(teacher, student, clip_at=50.0)
    assert_allclose(wide, law.risk(teacher, student), rtol=1e-10)
    assert_allclose(law.diameter(3 * vectors), 3 * law.diameter(vectors))
    assert law.mean_distance(vectors) <= law.diameter(vectors) + 1e-12
    # Sharper teachers are surer
    assert law.entropy(2 * teacher) <= entropy + 1e-12
    assert law.density_ratio(law) == (1.0, 0)


def test_a_tiny_world_is_that_computed_by_hand():
    """A positive at 1 and one of two negatives at 0 and -1, evenly."""
    law = law_of([[(1, 1), (2, 1)]], [1.0])
    teacher = student = np.array([1.0, 0.0, -1.0])
    # Margins are 1 and 2, evenly; h(sigmoid(1)) and h(sigmoid(2)) from a table
    assert_allclose(law.entropy(teacher), (0.582203 + 0.365334) / 2, atol=1e-6)
    # Clipped at 1, both students' margins are 1: ln(1 + e) - p for p of the teacher
    wanted = 1.313262 - (0.731059 + 0.880797) / 2
    assert_allclose(law.risk(teacher, student, clip_at=1.0), wanted, atol=1e-6)
    line = teacher[:, None]
    assert (law.diameter(line), law.mean_distance(line)) == (2.0, 1.5)
    assert law.exceeds(line, 1.0) == 0.5


def test_pairs_that_no_group_holds_do_not_count_in_the_diameter():
    # One of two negatives, which are farthest apart from each other
    law = law_of([[(1, 1), (2, 1)]], [1.0])
    assert law.diameter(np.array([[0.0], [-1.0], [2.0]])) == 2.0
    both = law_of([[(1, 1), (2, 2)]], [1.0])
    assert both.diameter(np.array([[0.0], [-1.0], [2.0]])) == 3.0
    # Nor do pools of probability 0
    two = law_of([[(1, 1), (1, 1)], [(1, 1), (1, 1)]], [1.0, 0.0])
    assert two.diameter(np.array([[0.0], [1.0], [0.0], [9.0]])) == 1.0


def test_the_density_ratio_is_that_of_negatives_and_bounds_what_it_should():
    # Of four negatives two: evenly, or one of the first and one of the other three
    even, uneven = ([[(1, 1), (4, 2)]], [[(1, 1), (1, 1), (3, 1)]])
    evenly, unevenly = law_of(even, [1.0]), law_of(uneven, [1.0])
    kappa, missing = unevenly.density_ratio(evenly)
    assert (round(kappa, 12), missing) == (1.5, 0)  # 1/4 over 1/6
    assert round(evenly.density_ratio(unevenly).kappa, 12) == 2.0  # 1/2 over 1/4
    top = law_of([[(1, 1), (2, 2)]], [1.0], names=[f"d{one:02}" for one in range(5)])
    assert top.density_ratio(evenly) == (math.inf, 2)
    assert evenly.density_ratio(top) == (2.0, 0)
    # R under the target is at most the ratio of pairs times R (Theorem 2 (c))
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=(2, 5))
    pairs = {
        law: {
            pair: by_loops(
                pools, [1.0], lambda i, j, _, pair=pair: float((i, j) == pair)
            )
            for pair in combinations(range(5), 2)
        }
        for law, pools in (("mu", even), ("nu", uneven))
    }
    ratio = max(pairs["nu"][one] / pairs["mu"][one] for one in pairs["mu"])
    risks = unevenly.risk(teacher, student), evenly.risk(teacher, student)
    assert risks[0] <= ratio * risks[1]


def test_refusals_say_what_is_wrong():
    pools = [[(1, 1), (2, 1)], [(1, 1), (3, 2)]]
    with pytest.raises(DomainError, match=r"one size, at least 2, got 2, 3"):
        law_of(pools, [0.5, 0.5])
    with pytest.raises(DomainError, match=r"a sum of 0\.9"):
        law_of(pools[:1], [0.9])
    law = law_of(pools[:1], [1.0])
    with pytest.raises(DomainError, match="`clip_at` must be above 0"):
        law.risk(np.zeros(3), np.zeros(3), clip_at=0.0)
    with pytest.raises(DomainError, match="pools of the same queries"):
        law.density_ratio(law_of([*pools[:1]] * 2, [0.5, 0.5]))
    plain = Groups(
        queries=np.array([0]),
        qids=strings(["q"]),
        offsets=np.array([0, 2]),
        codes=np.array([0, 1]),
        docnos=strings(["a", "b"]),
    )
    with pytest.raises(DomainError, match="probabilities of their documents"):
        GroupLaw(plain, np.array([0, 1]), np.ones(1))
