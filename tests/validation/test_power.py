import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from rankbound.bounds.errors import DomainError
from rankbound.validation.power import (
    detectable_correlation,
    detectable_difference,
    mean_over_spread,
    paired_power,
    queries_for_difference,
    rising_root,
    smallest_n,
)


@pytest.mark.statistical
def test_the_detectable_correlation_is_found_with_the_stated_power():
    """False alarm below 1e-4: 4 standard errors and 0.02 for the approximation."""
    n, sets = 60, 3000
    rho = detectable_correlation(n, rank=False)
    rng = np.random.default_rng(7)
    x, noise = rng.normal(size=(2, sets, n))
    y = rho * x + np.sqrt(1 - rho**2) * noise
    found = np.mean(
        [stats.pearsonr(a, b).pvalue < 0.05 for a, b in zip(x, y, strict=True)]
    )
    assert abs(found - 0.8) < 4 * np.sqrt(0.16 / sets) + 0.02


def test_ranks_need_more_and_more_queries_need_less():
    assert detectable_correlation(43) > detectable_correlation(43, rank=False)
    assert detectable_correlation(43) > detectable_correlation(54)
    assert detectable_correlation(43, delta=0.05 / 32) > detectable_correlation(43)
    assert round(detectable_correlation(43, delta=0.05 / 32), 2) == 0.57


@pytest.mark.parametrize(
    "options", [{"n": 3}, {"n": 9, "power": 1}, {"n": 9, "delta": 0}]
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(DomainError):
        detectable_correlation(**options)


@given(
    st.integers(3, 400),
    st.floats(0.01, 1.2),
    st.sampled_from([0.05, 0.01, 0.05 / 32, 0.2]),
)
def test_power_agrees_with_statsmodels(n, effect, delta):
    expected = TTestPower().power(effect, n, delta)
    found = paired_power(-0.1 * effect, n=n, sd=0.1, delta=delta)
    if np.isnan(expected):  # the far tail of SciPy's noncentral t
        expected = stats.nct.sf(stats.t.isf(delta / 2, n - 1), n - 1, effect * n**0.5)
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n", [5, 43, 250, 1350])
@pytest.mark.parametrize("power", [0.3, 0.8, 0.95])
def test_detectable_differences_agree_with_statsmodels(n, power):
    found = detectable_difference(n, sd=0.2, power=power)
    assert TTestPower().power(found / 0.2, n, 0.05) == pytest.approx(power, abs=1e-9)
    solved = TTestPower().solve_power(nobs=n, power=power, alpha=0.05)
    assert found == pytest.approx(0.2 * solved, rel=1e-3)
    assert paired_power(found, n=n, sd=0.2) == pytest.approx(power, abs=1e-9)


@pytest.mark.parametrize("difference", [0.01, -0.05, 0.3])
def test_the_number_of_queries_is_the_smallest(difference):
    n = queries_for_difference(difference, sd=0.1)
    assert paired_power(difference, n=n, sd=0.1) >= 0.8
    assert n == 2 or paired_power(difference, n=n - 1, sd=0.1) < 0.8


@pytest.mark.statistical
def test_the_detectable_difference_is_found_with_the_stated_power():
    """False alarm below 1e-4: 4 standard errors."""
    n, sets = 12, 8000
    shift = detectable_difference(n, sd=0.3)
    rng = np.random.default_rng(11)
    values = rng.normal(shift, 0.3, size=(sets, n))
    found = np.mean(stats.ttest_1samp(values, 0, axis=1).pvalue < 0.05)
    assert abs(found - 0.8) < 4 * np.sqrt(0.16 / sets)


def test_extremes_stay_in_range():
    assert paired_power(0.0, n=43, sd=0.1) == pytest.approx(0.05)
    assert paired_power(1e6, n=43, sd=0.1) == 1.0
    assert paired_power(3.49, n=100, sd=1.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_power(0.1, n=1, sd=0.1), "2 queries"),
        (lambda: paired_power(0.1, n=5, sd=0.0), "`sd`"),
        (lambda: paired_power(np.nan, n=5, sd=0.1), "`difference`"),
        (lambda: detectable_difference(5, sd=0.1, power=0.04), "error rate"),
        (lambda: detectable_difference(5, sd=np.inf), "`sd`"),
        (lambda: queries_for_difference(0.0, sd=0.1), "difference of 0"),
        (lambda: queries_for_difference(1e-9, sd=0.1), "billion"),
    ],
)
def test_impossible_questions_are_refused(call, message):
    with pytest.raises(DomainError, match=message):
        call()


@given(st.integers(2, 5000))
def test_searches_find_the_edge(edge):
    assert smallest_n(lambda n: n >= edge) == edge
    assert rising_root(lambda x: x - edge) == pytest.approx(edge)


@pytest.mark.parametrize("freedom", [1, 2, 7, 100, 10**5])
def test_the_mean_over_spread_integrates_the_chi_law(freedom):
    law = stats.chi(freedom, scale=1 / np.sqrt(freedom))
    found = mean_over_spread(lambda s: s / 100, freedom)
    assert found == pytest.approx(law.mean() / 100, rel=1e-9)
    below = mean_over_spread(np.ones_like, freedom, top=0.9)
    assert below == pytest.approx(law.cdf(0.9), abs=1e-9)
