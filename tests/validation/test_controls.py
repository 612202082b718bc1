import numpy as np
import pytest
from scipy.stats import binom, spearmanr

from rankbound.bounds.errors import DomainError
from rankbound.validation.judging import Family, any_rejected, control, null_p_values


def test_p_values_are_those_of_each_draw():
    rng = np.random.default_rng(0)
    base, targets = rng.normal(size=20), rng.normal(size=(20, 3)).round(1)
    draws = rng.permuted(np.tile(base, (5, 1)), axis=1)
    found = null_p_values(draws, targets, count=4_999, rng=rng)
    for r in range(5):
        for k in range(3):
            wanted = spearmanr(draws[r], targets[:, k]).pvalue
            assert found[r, k] == pytest.approx(wanted, abs=0.03)


def test_a_constant_target_has_no_test():
    rng = np.random.default_rng(0)
    targets = np.column_stack([rng.normal(size=12), np.ones(12)])
    found = null_p_values(rng.normal(size=(3, 12)), targets, count=99, rng=rng)
    assert np.isnan(found[:, 1]).all()
    assert np.isfinite(found[:, 0]).all()


@pytest.mark.statistical
def test_noise_is_associated_at_the_nominal_rate():
    # seeded; with other seeds the control itself fails once in some 16,000
    rng = np.random.default_rng(5)
    targets = rng.normal(size=(40, 1)) + rng.normal(size=(40, 6))
    p = null_p_values(rng.normal(size=(400, 40)), targets, count=1_999, rng=rng)
    found = control("noise", [p], Family(), count=1_999)
    assert found.passed
    assert 0.03 < found.rate < 0.07
    assert found.n_tests == 2_400


def test_a_term_that_knows_the_targets_fails_the_control():
    rng = np.random.default_rng(6)
    target = rng.normal(size=40)
    knowing = target + 2 * rng.normal(size=(100, 40))
    p = null_p_values(knowing, target[:, None], count=999, rng=rng)
    found = control("knowing", [p], Family(), count=999)
    assert not found.passed
    assert found.rate > 0.5


def test_a_test_that_never_rejects_fails_the_control():
    assert not control("timid", [np.ones((400, 5))], Family(), count=999).passed


def test_the_intervals_are_those_of_the_textbooks():
    """Many permutations: the families' is Clopper and Pearson's, by its definition."""
    p = np.full((200, 2), 0.9)
    p[:9] = 0.001  # rejected after correction, too
    found = control("nine", [p], Family(), count=10**9)
    assert found.family_rate == pytest.approx(9 / 200)
    low, high = found.family_lower, found.family_upper
    assert binom.sf(8, 200, low) == pytest.approx(0.0005, rel=1e-3)
    assert binom.cdf(9, 200, high) == pytest.approx(0.0005, rel=1e-3)
    error = np.std([1.0] * 9 + [0.0] * 191, ddof=1) / np.sqrt(200)
    assert found.upper - found.rate == pytest.approx(3.2905 * error, rel=1e-4)
    assert found.rate - found.lower <= 3.2906 * error


def test_few_permutations_are_an_error_of_their_own():
    p = np.full((200, 2), 0.9)
    p[:16] = 0.001
    wide, narrow = (control("c", [p], Family(), count=n) for n in (399, 10**9))
    assert wide.family_lower < narrow.family_lower
    assert wide.family_upper > narrow.family_upper
    assert wide.upper > narrow.upper
    several = control("c", [p[:, :1], p[:, 1:]], Family(), count=399)
    assert several.family_lower > wide.family_lower


def test_families_above_the_nominal_rate_fail():
    """Eight per cent: with 200 families it may be chance, with 2,000 it is not."""
    for draws, passed in ((200, True), (2_000, False)):
        p = np.linspace(0.0005, 0.9995, draws)[:, None].repeat(10, axis=1)
        p[p[:, 0] > 0.08] = 0.9
        p[p[:, 0] <= 0.08, 0] = 0.0001
        p[:, 1:] = np.linspace(0.0005, 0.9995, draws)[::-1, None]
        found = control("eight", [p], Family(), count=10**9)
        assert found.lower < 0.05 < found.upper
        assert found.family_rate > 0.079
        assert found.passed is passed


@pytest.mark.statistical
def test_a_control_seldom_fails_by_chance():
    """One in some 700; 150 have three or more failures once in 600 runs."""
    failures = 0
    for seed in range(150):
        rng = np.random.default_rng([11, seed])
        p = []
        for _ in range(2):
            targets = rng.normal(size=(16, 1)) + rng.normal(size=(16, 4))
            draws = rng.normal(size=(100, 16))
            p.append(null_p_values(draws, targets, count=499, rng=rng))
        failures += not control("noise", p, Family(), count=499).passed
    assert failures < 3


def test_families_run_over_all_panels():
    first, second = np.full((2, 3), 0.9), np.array([[0.9], [0.01]])
    found = control("two", [first, second], Family(), count=99)
    assert found.n_families == 2
    assert found.family_rate == 0.5  # 4 * 0.01 <= 0.05
    wide = control("more", [first, first, second], Family(), count=99)
    assert wide.family_rate == 0.0  # 7 * 0.01 > 0.05


@pytest.mark.parametrize("correction", ["holm", "bh"])
def test_any_rejected_is_what_the_correction_says(correction):
    family = Family(correction=correction, delta=0.2)
    rows = np.random.default_rng(0).uniform(size=(10, 6)) ** 2
    wanted = [min(family.adjusted(row.tolist())) <= 0.2 for row in rows]
    assert any_rejected(rows, family).tolist() == wanted
    assert 0 < sum(wanted) < 10


def test_what_cannot_be_a_control_is_refused():
    rng = np.random.default_rng(0)
    uneven = np.array([[1.0, 1, 2, 3], [1, 2, 3, 4]])
    with pytest.raises(DomainError, match="same ties"):
        null_p_values(uneven, rng.normal(size=(4, 1)), count=9, rng=rng)


def test_two_ties_by_chance_among_many_draws_are_none():
    """As entropies of 100,000 queries have them, rounded to 12 digits."""
    rng = np.random.default_rng(5)
    terms, targets = rng.normal(size=(3, 4_000)), rng.normal(size=(4_000, 1))
    before = null_p_values(terms, targets, count=99, rng=np.random.default_rng(6))
    terms[1, :2] = terms[1, 2:4]
    after = null_p_values(terms, targets, count=99, rng=np.random.default_rng(6))
    np.testing.assert_allclose(after, before, atol=0.03)
    terms[1, :2000] = 0.0
    with pytest.raises(DomainError, match="same ties"):
        null_p_values(terms, targets, count=99, rng=rng)
    with pytest.raises(DomainError, match="nothing to test"):
        control("flat", [np.full((3, 1), np.nan)], Family(), count=9)
