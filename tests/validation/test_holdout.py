import numpy as np
import pytest

from rankbound.bounds.certificate import lemma_2c_range
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import lower_limit, upper_limit
from rankbound.validation.configurations import held_out

RANGE = lemma_2c_range(10.0, cut_ratio=0.5, source="test")


def split(risk, splits=3, seed=0):
    return held_out(
        risk,
        loss_range=RANGE,
        delta=0.05,
        splits=splits,
        rng=np.random.default_rng(seed),
    )


def test_halves_are_disjoint_and_limits_are_the_certificates():
    risk = np.random.default_rng(1).uniform(0.1, 1, 31)
    order = np.random.default_rng(0).permutation(31)
    [first] = split(risk, splits=1)
    how = {"low": RANGE.low, "high": RANGE.high, "delta": 0.05}
    assert first.certificate == upper_limit(risk[order[:15]], **how)
    assert first.risk == pytest.approx(risk[order[15:]].mean())
    assert first.lower == lower_limit(risk[order[15:]], **how)
    assert (first.n_certificate, first.n_held_out) == (15, 16)


def test_a_stake_is_that_of_the_certificate_alone():
    risk = np.random.default_rng(1).uniform(0.1, 1, 31)
    order = np.random.default_rng(0).permutation(31)
    rng = np.random.default_rng(0)
    [found] = held_out(risk, loss_range=RANGE, delta=0.05, splits=1, rng=rng, stake=0.3)
    low, high = RANGE.low, RANGE.high
    scaled = (risk[order[:15]] - low) / (high - low)
    mean = (found.certificate - low) / (high - low)
    capital = np.prod(1 + 0.3 * (mean - scaled) / (1 - mean))
    assert capital == pytest.approx(1 / 0.05, rel=1e-5)
    assert found.lower == split(risk, splits=1)[0].lower


def test_a_true_certificate_is_not_refuted():
    found = split(np.random.default_rng(2).uniform(0.1, 1, 200), splits=20)
    assert not any(one.refuted for one in found)
    assert np.mean([one.holds for one in found]) >= 0.9


def test_a_certificate_of_other_queries_is_refuted():
    risk = np.concatenate([np.full(400, 0.1), np.full(400, 4.0)])

    class Sorted:
        def permutation(self, n):
            return np.arange(n)

    [found] = held_out(risk, loss_range=RANGE, delta=0.05, splits=1, rng=Sorted())
    assert found.refuted
    assert not found.holds


def test_few_queries_are_refused():
    with pytest.raises(DomainError, match="4 queries"):
        split(np.zeros(3))
