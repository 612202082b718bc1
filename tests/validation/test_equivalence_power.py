import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from rankbound.bounds.errors import DomainError
from rankbound.validation.power import (
    equivalence_margin,
    equivalence_power,
    normal_queries_for_equivalence,
    queries_for_equivalence,
)


def by_quadrature(margin, *, n, sd, difference, delta):
    """The same by adaptive quadrature over the variance, in the unit of the data."""
    limit = stats.t.isf(delta, n - 1)

    def given_variance(v):
        error = np.sqrt(v * sd**2 / (n - 1) / n)
        low, high = -margin + limit * error, margin - limit * error
        if high <= low:
            return 0.0
        law = stats.norm(difference, sd / np.sqrt(n))
        return (law.cdf(high) - law.cdf(low)) * stats.chi2.pdf(v, n - 1)

    top = (margin / limit) ** 2 * n * (n - 1) / sd**2
    bounds = min(stats.chi2.isf(1e-14, n - 1), top)
    start = stats.chi2.ppf(1e-14, n - 1)
    middle = min(max(start, n - 1.0), bounds)
    pieces = [(start, middle), (middle, bounds)]
    return sum(integrate.quad(given_variance, a, b, limit=200)[0] for a, b in pieces)


@pytest.mark.parametrize("n", [3, 8, 43, 400])
@pytest.mark.parametrize("width", [1.5, 2.5, 4.0])
@pytest.mark.parametrize(("difference", "delta"), [(0.0, 0.05), (0.01, 0.01)])
def test_power_agrees_with_quadrature(n, width, difference, delta):
    margin = width * 0.1 / np.sqrt(n)
    options = {"n": n, "sd": 0.1, "difference": difference, "delta": delta}
    expected = by_quadrature(margin, **options)
    assert equivalence_power(margin, **options) == pytest.approx(expected, abs=1e-7)


@pytest.mark.statistical
def test_equivalence_is_found_with_the_stated_power():
    """False alarm below 1e-4 for each: 4 standard errors."""
    n, sets, sd = 20, 8000, 0.2
    margin = equivalence_margin(n, sd=sd)
    rng = np.random.default_rng(5)
    for shift in (0.0, margin / 2, margin):
        values = rng.normal(shift, sd, size=(sets, n))
        low = stats.ttest_1samp(values, -margin, axis=1, alternative="greater").pvalue
        high = stats.ttest_1samp(values, margin, axis=1, alternative="less").pvalue
        found = np.mean(np.maximum(low, high) < 0.05)
        expected = equivalence_power(margin, n=n, sd=sd, difference=shift)
        assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / sets)
    assert expected == pytest.approx(0.05, abs=1e-3)  # at the boundary: the level


@pytest.mark.parametrize(
    ("sd", "normal"), [(0.10, [35, 215, 857]), (0.15, [78, 482, 1927])]
)
def test_queries_for_the_usual_margins(sd, normal):
    margins = (0.05, 0.02, 0.01)
    assert [normal_queries_for_equivalence(m, sd=sd) for m in margins] == normal
    exact = [queries_for_equivalence(m, sd=sd) for m in margins]
    assert all(0 <= a - b <= 2 for a, b in zip(exact, normal, strict=True))
    for margin, n in zip(margins, exact, strict=True):
        assert equivalence_power(margin, n=n, sd=sd) >= 0.8
        assert equivalence_power(margin, n=n - 1, sd=sd) < 0.8


@given(st.integers(2, 3000), st.floats(0.001, 5), st.floats(0.05, 0.99))
def test_the_equivalence_margin_has_the_power(n, sd, power):
    margin = equivalence_margin(n, sd=sd, power=power)
    found = equivalence_power(margin, n=n, sd=sd)
    assert found == pytest.approx(power, abs=1e-6)
    assert equivalence_margin(n + 50, sd=sd, power=power) < margin


def test_a_margin_below_the_noise_accepts_almost_nothing():
    assert equivalence_power(0.001, n=43, sd=0.25) < 1e-3
    assert equivalence_power(10.0, n=43, sd=0.25) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: equivalence_power(0.0, n=5, sd=0.1), "`margin`"),
        (lambda: equivalence_power(0.1, n=5, sd=0.1, delta=0.6), "one half"),
        (lambda: equivalence_margin(1, sd=0.1), "2 queries"),
        (lambda: queries_for_equivalence(0.1, sd=0.1, power=1.0), "`power`"),
    ],
)
def test_impossible_questions_are_refused(call, message):
    with pytest.raises(DomainError, match=message):
        call()
