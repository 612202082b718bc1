import numpy as np
import pytest
from scipy import stats

from bounds.errors import DomainError
from validation.power import detectable_correlation


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
