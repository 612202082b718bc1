import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.dist_dependence_measures import distance_statistics

from rankbound.bounds.errors import DomainError
from rankbound.validation.distances import distance_correlation, moved_products


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


def by_pairs(x, y):
    """The squared distance correlation, from loops over all pairs."""
    n = len(x)
    tables = []
    for column in (x, y):
        apart = [[abs(a - b) for b in column] for a in column]
        rows = [sum(row) / n for row in apart]
        mean = sum(rows) / n
        tables.append(
            [
                [apart[i][j] - rows[i] - rows[j] + mean for j in range(n)]
                for i in range(n)
            ]
        )

    def product(one, other):
        lines = zip(one, other, strict=True)
        return sum(a * b for line in lines for a, b in zip(*line, strict=True))

    left, right = tables
    size = (product(left, left) * product(right, right)) ** 0.5
    return product(left, right) / size


TIED = st.integers(0, 2).map(float)


@given(st.data(), st.sampled_from([TIED, TIED | st.floats(-1e3, 1e3)]))
def test_squares_are_those_of_a_loop_over_pairs(data, values):
    """A column far from 0 loses no digits, and ties count as 0."""
    n = data.draw(st.integers(4, 12))
    varied = st.lists(values, min_size=n, max_size=n).filter(
        lambda column: max(column) - min(column) > 1e-3
    )
    x, y = data.draw(varied), data.draw(varied)
    orders = np.array([data.draw(st.permutations(range(n))) for _ in range(3)])
    found = moved_products(x=np.array(x), y=np.array(y), orders=orders).ratios
    far = moved_products(x=np.array(x) * 2.0**30, y=np.array(y), orders=orders)
    np.testing.assert_allclose(far.ratios, found, rtol=0, atol=1e-10)
    for order, ratio in zip(orders, found, strict=True):
        wanted = by_pairs(x, [y[place] for place in order])
        assert ratio == pytest.approx(max(wanted, 0.0), abs=1e-10)


@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_p_counts_orders_that_tie_with_the_sample(levels, seed):
    """Of few values, many orders give the same square, up to rounding."""
    rng = np.random.default_rng(seed)
    x = rng.integers(levels, size=12).astype(float)
    y = x.copy() if seed == 0 else rng.integers(levels, size=12) / 3
    x[:2], y[:2] = [0, 1], [1, 0]
    made = found(x, y, count=300, seed=seed)
    drawn = np.random.default_rng(seed)
    tied = [drawn.permuted(np.arange(12)) for _ in range(300)]
    value = by_pairs(x.tolist(), y.tolist())
    null = [by_pairs(x.tolist(), y[order].tolist()) for order in tied]
    assert made.p == (1 + sum(one >= value - 1e-11 for one in null)) / 301


def test_independent_tables_have_no_distance_correlation():
    """The loop finds 1e-17 and more, whose root is no rounding error any more."""
    x, y = np.tile([0.0, 1.0], 12), np.repeat([0.0, 1.0], 12) * 0.3
    made = found(x, y)
    assert made.value == 0.0
    assert made.p == 1.0


@pytest.mark.parametrize("scale", [1e-310, 1e-170, 1e160, 1e307])
def test_no_scale_is_too_small_or_too_large(scale):
    x = np.random.default_rng(0).normal(size=20)
    y = x**2 + x
    scaled, plain = found(x * scale, y), found(x, y)
    assert scaled.value == pytest.approx(plain.value, abs=1e-9)
    assert scaled.p == plain.p


def test_perfect_dependence_is_1_and_never_more():
    for n in (20, 358, 1000):
        x = np.random.default_rng(n).normal(size=n)
        for y in (x, -x, 3 * x, 1 - x):
            assert found(x, y).value == pytest.approx(1, abs=1e-12)
            assert found(x, y).value <= 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(bad):
    x = np.arange(9.0)
    with pytest.raises(DomainError, match="not finite"):
        found(x, np.where(x == 3, bad, x))
