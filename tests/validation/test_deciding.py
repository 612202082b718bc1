"""Power of the intervals that decide: by loops, exact formulas and simulation."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.studies.power import inside, kept, outside, turned
from rankbound.bounds.errors import DomainError
from rankbound.validation.deciding import (
    LAWS,
    Aim,
    Law,
    Rule,
    apart,
    approximate_queries,
    counts_of,
    found_share,
    queries_for,
    queries_interval,
    resampled,
    resampled_changes,
    smallest_difference_for,
    smallest_margin_for,
    smallest_share_for,
    stated,
    within,
)
from rankbound.validation.paired import compare_paired, verdict

BOUNDS = {"betting": (-0.7, 0.7), "direction": None}
SETS = 2000


def rule_of(name, delta=0.05):
    return Rule.of(BOUNDS[name], delta=delta)


@pytest.mark.parametrize("n", [2, 9, 60])
def test_samples_are_decided_as_a_comparison_decides_them(n):
    rng = np.random.default_rng(3)
    law = resampled(rng.normal(0.05, 0.1, 12))
    rule = rule_of("betting", delta=0.2)
    counts = counts_of(law, n, rng=rng, samples=40)
    margin, words = 0.14 if n < 60 else 0.09, []
    for row in counts:
        values = np.repeat(law.points, row.astype(int))
        made = compare_paired(
            values, np.zeros(n), bounds=rule.bounds, delta=0.2, rng=rng, resamples=0
        )
        words.append(verdict(made.lower, made.upper, margin=margin))
    alike = sum(word in ("equivalent", "negligible") for word in words)
    moved = sum(word in ("different", "negligible") for word in words)
    assert within(rule, law, counts, centre=0.0, margin=margin) == alike / 40
    assert apart(rule, law, counts, value=0.0) == moved / 40
    if n == 60:  # both verdicts occur, so that the counts say something
        assert 0 < alike < 40
        assert 0 < moved < 40


@pytest.mark.parametrize("n", [2, 9, 60])
def test_directions_are_decided_as_a_comparison_decides_them(n):
    rng = np.random.default_rng(3)
    law = resampled_changes(np.r_[rng.normal(0.05, 0.1, 12), np.zeros(6)])
    rule = rule_of("direction", delta=0.2)
    counts = counts_of(law, n, rng=rng, samples=60)
    words = []
    for row in counts:
        values = np.repeat(law.points, row.astype(int))
        made = compare_paired(
            values, np.zeros(n), bounds=None, delta=0.2, rng=rng, resamples=0
        )
        words.append(made.verdict(None))
    rises, falls = (words.count(f"mostly {word}") for word in ("higher", "lower"))
    assert found_share(rule, law, counts, rises=True) == rises / 60
    assert found_share(rule, law, counts, rises=False) == falls / 60
    assert apart(rule, law, counts, value=0.0) == (rises + falls) / 60
    assert n < 60 or 0 < rises < 60


def binomial_tail(count, n, share):
    terms = (
        math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(count, n + 1)
    )
    return math.fsum(terms)


def test_the_direction_is_as_powerful_as_the_sign_test_by_a_sum():
    """Four standard errors of 4,000 samples."""
    rng, n = np.random.default_rng(5), 50
    least = next(k for k in range(n + 1) if binomial_tail(k, n, 0.5) < 0.025)
    rule, law = rule_of("direction"), stated("normal", 0.1)
    moved = law.moved(0.04)
    share = float(moved.weights[moved.points > 0].sum())
    exact = binomial_tail(least, n, share)
    counts = counts_of(law, n, rng=rng)
    assert found_share(rule, moved, counts, rises=True) == pytest.approx(
        exact, abs=4 * 0.5 / math.sqrt(4000)
    )
    share = smallest_share_for(rule, n=n, power=0.8)
    assert binomial_tail(least, n, share) == pytest.approx(0.8, abs=1e-9)
    few = (n for n in range(1, 20) if smallest_share_for(rule, n=n, power=0.8))
    assert next(few) == 6  # 2 / 2**6 is the first below 0.05


def test_queries_without_a_change_stay_without_and_count_for_nothing():
    values = np.r_[np.linspace(-1.0, 1.2, 40), np.zeros(60)]
    rule = rule_of("direction")
    law = rule.law(values)
    moved = rule.moved(law, 0.3)
    assert moved.mean == pytest.approx(0.3)
    assert moved.weights[np.abs(moved.points) < 1e-9].sum() == pytest.approx(0.6)
    many = rule.law(np.repeat(values, 50))
    assert many.weights[many.points == 0].sum() == pytest.approx(0.6)
    rng = np.random.default_rng(0)
    sparse = smallest_difference_for(rule, law, n=100, power=0.8, rng=rng)
    dense = smallest_difference_for(
        rule, rule.law(values[:40]), n=40, power=0.8, rng=rng
    )
    # 40 of 100 queries change, so that their differences are 0.4 of the means
    assert sparse == pytest.approx(0.4 * dense, rel=0.15)


def test_a_skewed_law_needs_to_be_moved_past_its_own_direction():
    law = resampled(np.array([0.9, *np.full(9, -0.1)]))  # mean 0, most fall
    rule, rng = rule_of("direction"), np.random.default_rng(0)
    counts = counts_of(law, 60, rng=rng)
    assert found_share(rule, law, counts, rises=False) > 0.99
    assert found_share(rule, law, counts, rises=True) == 0
    assert smallest_difference_for(rule, law, n=60, power=0.8, rng=rng) >= 0.1
    assert smallest_difference_for(rule, law, n=4, power=0.8, rng=rng) is None


def test_without_a_range_no_margin_is_promised():
    rule, law = rule_of("direction"), stated("normal", 0.1)
    rng = np.random.default_rng(0)
    for ask in (
        lambda: queries_for(rule, law, Aim(0.1, 0.8), rng=rng),
        lambda: smallest_margin_for(rule, law, n=50, power=0.8, rng=rng),
        lambda: approximate_queries(rule, law, Aim(0.1, 0.8), rng=rng),
    ):
        with pytest.raises(DomainError, match="without a range"):
            ask()


DRAWS = {
    "normal": lambda rng, shape: rng.normal(0.0, 0.1, shape),
    "uniform": lambda rng, shape: rng.uniform(-0.1 * 3**0.5, 0.1 * 3**0.5, shape),
}


@pytest.mark.statistical
@pytest.mark.parametrize("law", DRAWS)
def test_a_direction_promised_with_80_percent_is_found_so_often(law):
    """77 to 83 % of 2,000 data sets, as below; upwards and downwards."""
    rng, n = np.random.default_rng(12), 60
    rule, given = rule_of("direction"), stated(law, 0.1)
    size = smallest_difference_for(rule, given, n=n, power=0.8, rng=rng)
    drawn = DRAWS[law](rng, (SETS, n))
    for sign, word in ((1, "higher"), (-1, "lower")):
        assert 0.77 <= turned(rule, drawn + sign * size, word) <= 0.83
    share = smallest_share_for(rule, n=n, power=0.8)
    drawn = np.where(rng.random((SETS, n)) < share, 7.0, -0.1)
    assert 0.77 <= turned(rule, drawn, "higher") <= 0.83


@pytest.mark.statistical
@pytest.mark.parametrize("law", DRAWS)
def test_a_promise_of_80_percent_is_one(law):
    """77 to 83 % of 2,000 data sets: 3.3 standard errors, a false alarm of 1e-3."""
    rng = np.random.default_rng(11)
    rule, given = rule_of("betting"), stated(law, 0.1)
    needed = queries_for(rule, given, Aim(0.04, 0.8), rng=rng)
    drawn = DRAWS[law](rng, (SETS, needed.n))
    margin = functools.partial(inside, margin=0.04)
    assert 0.77 <= kept(rule, drawn, margin) <= 0.83
    assert needed.reached == pytest.approx(0.8, abs=0.03)
    size = smallest_difference_for(rule, given, n=needed.n, power=0.8, rng=rng)
    assert 0.77 <= kept(rule, drawn + size, outside) <= 0.83
    least = smallest_margin_for(rule, given, n=needed.n, power=0.8, rng=rng)
    assert least == pytest.approx(0.04, rel=0.03)


def test_normal_sums_agree_with_samples():
    rng = np.random.default_rng(2)
    law = resampled(rng.beta(0.5, 3, 80) * 0.5).moved(0.0)
    rule, aim = rule_of("betting"), Aim(0.03, 0.8)
    by_samples = queries_for(rule, law, aim, rng=rng)
    by_sums = approximate_queries(rule, law, aim, rng=rng)
    assert by_samples.n == pytest.approx(by_sums, rel=0.1)


@given(scale=st.sampled_from([0.001, 3.0, 1e4]))
def test_a_change_of_unit_changes_no_number_of_queries(scale):
    law = stated("uniform", 0.1)
    bounds = BOUNDS["betting"]
    moved = bounds[0] * scale, bounds[1] * scale
    one, other = (
        queries_for(
            Rule.of(limits, delta=0.05),
            Law(law.points * unit, law.weights),
            Aim(0.08 * unit, 0.8),
            rng=np.random.default_rng(0),
        )
        for limits, unit in ((bounds, 1.0), (moved, scale))
    )
    assert one.n == pytest.approx(other.n, rel=0.02)


def test_more_is_needed_for_less():
    law = stated("normal", 0.1)

    def needed(margin=0.06, power=0.8, delta=0.05):
        aim, rng = Aim(margin, power), np.random.default_rng(0)
        return queries_for(rule_of("betting", delta), law, aim, rng=rng).n

    usual = needed()
    assert needed(margin=0.04) > usual
    assert needed(power=0.95) > usual
    assert needed(delta=0.005) > usual


def test_a_margin_about_the_own_mean_follows_the_law():
    law = stated("normal", 0.1).moved(-0.2)
    rule = rule_of("betting")
    there, back = (
        queries_for(
            rule, one, Aim(0.05, 0.8, own_mean=True), rng=np.random.default_rng(0)
        )
        for one in (law, law.moved(0.2))
    )
    # The range is as wide on both sides of 0, so that both are the same up to chance
    assert there.n == pytest.approx(back.n, rel=0.1)
    still = law.moved(0.0)
    own = queries_for(
        rule, still, Aim(0.05, 0.8, own_mean=True), rng=np.random.default_rng(0)
    )
    assert own == queries_for(rule, still, Aim(0.05, 0.8), rng=np.random.default_rng(0))


def test_the_interval_of_n_is_wide_with_few_values():
    rng = np.random.default_rng(1)
    widths = []
    for size in (20, 400):
        law = resampled(rng.normal(0, 0.1, size)).moved(0.0)
        rule, aim = Rule.of((-0.4, 0.4), delta=0.05), Aim(0.03, 0.8)
        needed = queries_for(rule, law, aim, rng=rng).n
        low, high = queries_interval(
            rule, law, aim, n_values=size, needed=needed, rng=rng
        )
        assert low < needed < high
        widths.append((high - low) / needed)
    # The relative error of a variance falls with the root of the size, of 20 here; a
    # betting interval also pays for its range, which is known
    assert 1.3 < widths[0] / widths[1] < 20**0.5


def test_many_values_keep_mean_and_spread_in_few_points():
    values = np.random.default_rng(0).exponential(0.1, 5000)
    law = resampled(values)
    assert len(law.points) == 256
    assert law.mean == pytest.approx(values.mean(), rel=1e-3)
    spread = math.sqrt(law.weights @ (law.points - law.mean) ** 2)
    assert spread == pytest.approx(values.std(), rel=0.01)
    assert law.points.min() >= values.min()
    assert law.points.max() <= values.max()


@pytest.mark.parametrize("name", LAWS)
def test_stated_laws_have_the_mean_and_the_spread(name):
    law = stated(name, 0.3)
    assert law.mean == pytest.approx(0, abs=1e-15)
    assert law.weights @ law.points**2 == pytest.approx(0.09)
    assert law.fits((-0.9, 0.9))
    assert not law.fits((-0.2, 0.9))


def test_a_difference_that_the_range_does_not_allow_is_not_promised():
    law = resampled(np.array([-0.6, *np.full(60, 0.01)])).moved(0.0)
    rule = Rule.of((-0.62, 0.7), delta=0.05)
    rng = np.random.default_rng(0)
    upwards = smallest_difference_for(rule, law, n=60, power=0.8, rng=rng)
    assert 0.05 < upwards < 0.2
    assert smallest_difference_for(rule, law, n=3, power=0.8, rng=rng) is None


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: stated("cauchy", 1.0), "`law` must be one of normal"),
        (lambda: stated("normal", 0.0), "`sd`"),
        (lambda: resampled(np.array([])), "at least one"),
        (lambda: resampled(np.array([np.nan])), "finite"),
        (lambda: Rule.of(None, delta=1.0), "delta"),
        (
            lambda: queries_for(
                rule_of("betting"),
                stated("normal", 0.1),
                Aim(0.0, 0.8),
                rng=np.random.default_rng(0),
            ),
            "`margin`",
        ),
    ],
)
def test_mistakes_are_named(ask, message):
    with pytest.raises(DomainError, match=message):
        ask()
