"""bounds.floors: no limit of ours is below its floor, and the n that it takes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.floors import (
    LN2,
    combined_floor,
    floor_of,
    least_limit,
    median_floor,
    queries_for_floor,
)
from rankbound.bounds.limits import METHODS, kl_chernoff, split_limit
from tests import oracles


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.floats(1e-6, 0.9),
    st.integers(1, 20),
    st.floats(0.7, 6),
    st.lists(st.floats(0.001, 0.999), min_size=1, max_size=4),
)
def test_no_limit_is_below_its_floor(values, delta, students, high, stakes):
    row = high * np.array(values)
    options = {"high": high, "delta": delta, "n_students": students}
    floor = least_limit(float(row.mean()), row.size, **options)
    for limit in METHODS.values():
        assert floor <= limit(row, low=0.0, **options) + 1e-9
    assert floor <= betting(row, low=0.0, stakes=stakes, **options) + 1e-9
    entropy = np.minimum(row, LN2)
    assert floor <= split_limit(entropy, row - entropy, **options) + 1e-9


@pytest.mark.parametrize("n", [1, 10, 43])
@pytest.mark.parametrize("low", [0.0, 0.3])
def test_the_floor_is_attained_by_kl(n, low):
    options = {"high": 2.0, "delta": 0.05, "n_students": 3}
    limit = kl_chernoff([low] * n, low=low, **options)
    assert_allclose(least_limit(low, n, **options), limit, rtol=1e-9)


def test_the_floor_is_nearly_attained_by_a_high_stake():
    options = {"low": 0.0, "high": 1.0, "delta": 0.05}
    limit = betting([0.4] * 30, stakes=[1 - 1e-9], **options)
    assert_allclose(least_limit(0.4, 30, high=1.0, delta=0.05), limit, rtol=1e-6)


@given(
    st.floats(0, 5),
    st.floats(0.01, 6),
    st.floats(1e-6, 0.9),
    st.integers(1, 20),
)
def test_queries_for_floor_is_the_first_n_below(mean, room, delta, students):
    options = {"high": mean + room, "delta": delta, "n_students": students}
    n = queries_for_floor(mean, **options)
    if n is None:
        assert mean >= LN2
        return
    assert least_limit(mean, n, **options) < LN2 or mean + room <= LN2
    if n > 1:
        assert least_limit(mean, n - 1, **options) >= LN2 * (1 - 1e-12)


def test_a_limit_can_be_below_ln2_as_soon_as_its_floor_is():
    """With constant risks the kl limit and the floor cross ln 2 nearly together."""
    n = queries_for_floor(0.0, high=5.66, delta=0.05)
    options = {"low": 0.0, "high": 5.66, "delta": 0.05}
    assert kl_chernoff([0.0] * n, **options) < LN2
    assert kl_chernoff([0.0] * (n - 1), **options) >= LN2


def test_floor_says_what_helps():
    vacuous = floor_of(0.45, 43, high=5.66, delta=0.05)
    assert vacuous.vacuous
    assert "from 63 queries on" in vacuous.sentence()
    fine = floor_of(0.45, 43, high=1.56, delta=0.05)
    assert not fine.vacuous
    assert "from 13 queries on" in fine.sentence()
    hopeless = floor_of(0.8, 43, high=5.66, delta=0.05)
    assert hopeless.n_needed is None
    assert "no number of queries helps" in hopeless.sentence()


def test_median_floor_by_exact_medians_of_coins():
    """The best rule for coins is Clopper and Pearson's; its median obeys, too."""
    from scipy.stats import beta, binom

    for n, delta in ((5, 0.05), (20, 0.1), (54, 0.05)):
        limits = [beta.ppf(1 - delta, c + 1, n - c) for c in range(n)] + [1.0]
        for chance in np.linspace(0, 0.99, 34):
            law = binom.cdf(range(n + 1), n, chance)
            median = limits[int(np.argmax(law >= 0.5 - 1e-12))]
            floor = median_floor(float(chance), n, high=1.0, delta=delta)
            assert floor <= median + 1e-9
    # attained where no one is seen
    assert_allclose(median_floor(0.0, 20, high=1.0, delta=0.05), 1 - 0.1**0.05)


def test_an_invalid_rule_is_below_the_median_floor():
    """The sample mean itself: the floor tells that it cannot be a limit."""
    rng, n = np.random.default_rng(4), 40
    means = (rng.random((2000, n)) < 0.2).mean(axis=1)
    assert np.median(means) < median_floor(0.2, n, high=1.0, delta=0.05)
    assert oracles.hoeffding_limit([0.2] * n, 0, 1, 0.05, 1) > 0.2


@pytest.mark.parametrize(
    "call",
    [
        lambda: least_limit(2.0, 10, high=1.0, delta=0.05),
        lambda: least_limit(0.5, 0, high=1.0, delta=0.05),
        lambda: least_limit(math.nan, 10, high=1.0, delta=0.05),
        lambda: least_limit(0.5, 10, high=1.0, delta=1.0),
        lambda: least_limit(0.5, 10, high=1.0, delta=0.05, n_students=0),
        lambda: median_floor(0.5, 10, high=1.0, delta=0.5),
    ],
)
def test_floors_reject_what_has_none(call):
    with pytest.raises(DomainError):
        call()


def test_a_floor_has_its_own_trivial_value():
    """A share of wrong pairs says something below one half, in a range up to 1."""
    found = floor_of(0.3, 30, high=1.0, delta=0.05, trivial=0.5)
    share = 1 - 0.05 ** (1 / 30)
    assert_allclose(found.value, 0.3 + share * 0.7)
    by_hand = next(n for n in range(1, 99) if 1 - 0.7 * 0.05 ** (1 / n) < 0.5)
    assert found.n_needed == by_hand
    half = next(n for n in range(1, 99) if 1 - 0.7 * 0.1 ** (1 / n) < 0.5)
    assert found.median_n_needed == half


def test_where_no_median_is_known_none_is_told():
    assert floor_of(0.3, 30, high=1.0, delta=0.6).median is None
    assert floor_of(1.0 + 1e-12, 30, high=1.0, delta=0.05).value == 1.0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 3)), min_size=1, max_size=3),
    st.integers(1, 60),
    st.floats(0.001, 0.4),
)
def test_a_combined_floor_is_that_of_the_combination(parts, n, delta):
    tops = [(mean, mean + room) for mean, room in parts]
    found = combined_floor(tops, n, lambda *x: sum(x), delta=delta, trivial=1.0)

    def by_hand(size):
        keep = delta ** (1 / size)
        return sum(keep * mean + (1 - keep) * high for mean, high in tops)

    assert_allclose(found.value, by_hand(n))
    if found.n_needed is None:
        assert sum(mean for mean, _ in tops) >= 1 - 1e-9
        return
    assert by_hand(found.n_needed) < 1 + 1e-9
    assert found.n_needed == 1 or by_hand(found.n_needed - 1) >= 1 - 1e-9
