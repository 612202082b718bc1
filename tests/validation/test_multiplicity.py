import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.validation.resampling import benjamini_hochberg, holm


def naive_holm(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, running = [0.0] * len(p), 0.0
    for place, index in enumerate(order):
        running = max(running, min(1.0, (len(p) - place) * p[index]))
        adjusted[index] = running
    return adjusted


def naive_bh(p):
    order = sorted(range(len(p)), key=lambda i: -p[i])
    adjusted, running = [0.0] * len(p), 1.0
    for place, index in enumerate(order):
        running = min(running, p[index] * len(p) / (len(p) - place))
        adjusted[index] = running
    return adjusted


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_against_loops(n):
    p = np.random.default_rng(n).uniform(size=n)
    assert np.allclose(holm(p), naive_holm(p), rtol=0, atol=1e-15)
    assert np.allclose(benjamini_hochberg(p), naive_bh(p), rtol=0, atol=1e-15)


@pytest.mark.parametrize("p", [[], [0.1, 1.1], [-0.1], [np.nan]])
def test_no_family_or_no_probability_is_refused(p):
    with pytest.raises(DomainError):
        holm(np.array(p))


@pytest.mark.parametrize("n", [1, 3, 30])
@pytest.mark.parametrize(
    ("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")]
)
def test_against_statsmodels_with_ties(n, ours, theirs):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(n).choice([0.0, 0.001, 0.02, 0.3, 1.0], n)
    assert np.allclose(ours(p), multipletests(p, method=theirs)[1], rtol=0, atol=1e-10)
