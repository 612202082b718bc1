import numpy as np
import pytest
from scipy.stats import bootstrap, norm

from rankbound.validation.resampling import bca_mean


def drawn(n, seed=1):
    return np.random.default_rng(seed).gamma(2.0, size=n)


def test_matches_bca_by_hand():
    values, delta = drawn(40), 0.05
    made = bca_mean(values, delta=delta, rng=np.random.default_rng(3), resamples=4000)
    # Efron's formula on resamples of another stream: equal up to Monte Carlo error
    rng = np.random.default_rng(4)
    means = np.array([rng.choice(values, 40).mean() for _ in range(20_000)])
    bias = norm.ppf((means < values.mean()).mean())
    leave = (values.sum() - values) / 39
    gaps = leave.mean() - leave
    skew = (gaps**3).sum() / (6 * (gaps**2).sum() ** 1.5)

    def level(z):
        return norm.cdf(bias + (bias + z) / (1 - skew * (bias + z)))

    ends = np.quantile(means, [level(norm.ppf(p)) for p in (delta / 2, 1 - delta / 2)])
    spread = values.std() / np.sqrt(40)
    assert np.allclose([made.lower, made.upper], ends, atol=0.15 * spread)
    assert made.resamples == 4000


def test_is_scipys_and_seeded():
    values = drawn(25)
    made = bca_mean(values, delta=0.1, rng=np.random.default_rng(7), resamples=999)
    again = bca_mean(values, delta=0.1, rng=np.random.default_rng(7), resamples=999)
    theirs = bootstrap(
        (np.sort(values),), np.mean, confidence_level=0.9, n_resamples=999,
        method="BCa", random_state=np.random.default_rng(7), batch=2_000_000 // 25,
        vectorized=True,
    ).confidence_interval  # fmt: skip
    assert made == again
    ends = theirs.low, theirs.high  # from sums in another order
    assert (made.lower, made.upper) == pytest.approx(ends, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "delta", "resamples", "reason"),
    [
        ([1.0], 0.05, 999, "one query"),
        ([0.3] * 9, 0.05, 999, "do not vary"),
        ([0.1 + 1e-17, 0.1, 0.3 - 0.2], 0.05, 999, "do not vary"),
        ([0.0, 1.0, 2.0], 0.05, 0, "too few for delta"),
        ([0.0, 1.0, 2.0], 0.001, 9999, "too few for delta"),
    ],
)
def test_says_why_there_is_none(values, delta, resamples, reason):
    made = bca_mean(
        np.array(values), delta=delta, rng=np.random.default_rng(0), resamples=resamples
    )
    assert made.lower is made.upper is None
    assert reason in made.missing_because


def test_a_huge_sample_is_left_to_the_t_interval():
    made = bca_mean(
        np.arange(40_000.0), delta=0.05, rng=np.random.default_rng(0), resamples=9999
    )
    assert "40,000 queries" in made.missing_because
