import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from rankbound.bounds.errors import DomainError
from rankbound.reference.equivalence import reference_equivalence_groups, reference_tost


def paired(rng, n, *, difference, sd=0.25, rho=0.8):
    shared, a, b = rng.normal(size=(3, n))
    first = sd * (np.sqrt(rho) * shared + np.sqrt(1 - rho) * a)
    return first + difference, sd * (np.sqrt(rho) * shared + np.sqrt(1 - rho) * b)


def test_the_p_value_cannot_fall_below_a_half():
    rng = np.random.default_rng(0)
    for _ in range(600):
        n, shift = int(rng.integers(3, 60)), float(rng.normal(0, 0.3))
        found = reference_tost(*paired(rng, n, difference=shift))
        assert found.p >= 0.5
        assert not found.shows_equivalence


@pytest.mark.parametrize(
    ("difference", "expected"), [(0.0, 0.995), (0.03, 0.947), (0.05, 0.767)]
)
@pytest.mark.statistical
def test_the_reading_calls_differences_equivalent(difference, expected):
    """Within 0.03 of the shares described; 600 sets, standard error below 0.018."""
    rng = np.random.default_rng(1)
    marked = [
        reference_tost(*paired(rng, 43, difference=difference)).marked_equivalent
        for _ in range(600)
    ]
    assert np.mean(marked) == pytest.approx(expected, abs=0.045)


def test_the_reading_is_an_unpaired_test_at_a_fifth():
    rng = np.random.default_rng(2)
    for _ in range(300):
        a, b = paired(rng, 43, difference=float(rng.normal(0, 0.08)))
        marked = reference_tost(a, b).marked_equivalent
        p = stats.ttest_ind(a, b).pvalue
        assert marked == (p > 0.2) or abs(p - 0.2) < 1e-3


@pytest.mark.parametrize("value", [0.0, np.log(2), 0.6931471805599452, 1 / 3])
@pytest.mark.parametrize("n", [2, 3, 24, 1001])
def test_values_that_are_all_equal_have_no_test_whatever_their_mean_rounds_to(value, n):
    assert reference_tost(np.full(n, value), np.full(n, value)) is None


def test_equal_systems_are_marked_different_and_six_queries_equivalent():
    rng = np.random.default_rng(3)
    base = rng.uniform(0, 1, size=5000) * 0.02
    same = reference_tost(base, base + 1e-5, margin=0.01)
    assert same.p < 1e-64
    assert not same.marked_equivalent
    assert same.shows_equivalence
    few = rng.normal(0.5, 0.25, size=6)
    gap = reference_tost(few, few[::-1] + 0.09, margin=0.01)
    assert gap.difference == pytest.approx(-0.09)
    assert gap.marked_equivalent


def test_pairs_tested_as_independent_lose_a_clear_difference():
    rng = np.random.default_rng(4)
    base = rng.normal(0.5, 0.3, size=43)
    better = base + 0.02 + rng.normal(0, 0.02, size=43)
    found = reference_tost(better, base)
    assert min(found.p_low, found.p_high) > 0.25
    assert stats.ttest_rel(better, base).pvalue < 1e-5
    assert ttost_paired(better, base, -0.01, 0.01)[0] > 0.9


@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=20, unique=True),
    st.lists(st.floats(-1, 1), min_size=3, max_size=20, unique=True),
    st.floats(0.01, 0.5),
)
def test_agrees_with_statsmodels(first, second, margin):
    a, b = np.array(first), np.array(second)
    if a.std() < 1e-6 or b.std() < 1e-6:
        return
    found = reference_tost(a, b, margin=margin)
    p, low, high = ttost_ind(a, b, -margin, margin)
    assert [found.p, found.p_low, found.p_high] == pytest.approx(
        [p, low[1], high[1]], abs=1e-10
    )


def test_constant_samples_have_no_value():
    assert reference_tost(np.ones(3), np.ones(4)) is None


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1.0], {}, "two finite values"),
        ([1.0, np.nan], {}, "two finite values"),
        ([1.0, 2.0], {"margin": 0.0}, "`margin`"),
        ([1.0, 2.0], {"alpha": 1.0}, "`alpha`"),
    ],
)
def test_impossible_input_is_refused(values, options, message):
    with pytest.raises(DomainError, match=message):
        reference_tost(np.array(values), np.arange(3.0), **options)


def test_components_join_what_differs():
    groups = reference_equivalence_groups("ABC", [("A", "B"), ("B", "C")])
    assert groups == [("A", "B", "C")]
    assert reference_equivalence_groups("AB", []) == [("A",), ("B",)]
    assert reference_equivalence_groups("ABCD", [("D", "A"), ("C", "B")]) == [
        ("A", "D"),
        ("B", "C"),
    ]
    with pytest.raises(DomainError, match="'X'"):
        reference_equivalence_groups("AB", [("A", "X")])
