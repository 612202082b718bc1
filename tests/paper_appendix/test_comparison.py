"""paper_appendix.comparison: the numbers on record, in order and within the spread.

The recorded limits come from one run of another simulation with the same moments.
"""

import math

import numpy as np
import pytest

from bounds.limits import split_limit
from paper_appendix import comparison
from paper_appendix.simulation import simulate

pytestmark = pytest.mark.xdist_group("appendix")

NAMES = (
    "hoeffding-range",
    "hoeffding",
    "kl",
    "empirical_bernstein",
    "betting",
    "split-kl",
    "split-pool",
)
RECORDED = {
    43: (2.347, 1.535, 1.273, 1.681, 0.965, 1.206, 1.019),
    54: (2.149, 1.425, 1.174, 1.440, 0.874, 1.097, 0.913),
    250: (1.256, 0.919, 0.762, 0.695, 0.575, 0.700, 0.585),
    1000: (0.868, 0.699, 0.611, 0.538, 0.507, 0.575, 0.509),
    6980: (0.629, 0.565, 0.530, 0.493, 0.487, 0.515, 0.487),
    500_000: (0.4996, 0.4921, 0.4878, 0.4828, 0.4828, 0.4859, 0.4830),
}
MOMENTS = ("hoeffding-range", "hoeffding", "kl", "empirical_bernstein", "split-kl")


def test_ranges_to_the_digits_on_record():
    row = comparison.ranges()
    assert round(row["cut"], 4) == 0.5333
    assert (round(row["low"], 4), round(row["high"], 4)) == (0.0048, 5.6568)
    assert round(row["width"], 3) == 5.652
    softplus = math.log1p(math.exp(10.0))
    assert comparison.ranges(group=None)["high"] == pytest.approx(
        (softplus + math.log(2)) / 2
    )


def test_add_on_to_the_digits_on_record():
    found = [comparison.add_on(n) for n in RECORDED]
    digits = [3, 3, 3, 3, 3, 4]
    assert [round(x, d) for x, d in zip(found, digits, strict=True)] == [
        *(3.050, 2.722, 1.265, 0.632, 0.239, 0.0283)
    ]


def test_shift_to_the_digits_on_record():
    kappas = (1.01, 1.02, 1.1, 2.0, 5.0)
    assert [round(comparison.shift_term(k), 2) for k in kappas] == [
        *(0.20, 0.39, 1.74, 7.5, 9.6)
    ]
    assert comparison.largest_kappa(0.4823) == pytest.approx(
        (1 - (math.log(2) - 0.4823) / 10) ** -0.5
    )


def test_queries_for_a_gap_on_record():
    width = comparison.ranges()["width"]
    assert [comparison.queries_for_gap(0.2, w) for w in (10.0, width)] == [3745, 1197]
    assert [comparison.queries_for_gap(0.1, w) for w in (10.0, width)] == [14979, 4785]


@pytest.mark.parametrize("size", RECORDED)
def test_methods_come_in_the_order_on_record(size):
    recorded = dict(zip(NAMES, RECORDED[size], strict=True))
    found = {name: value for name, (value, _) in comparison.simulated(size).items()}
    assert set(found) == set(NAMES)
    for one in NAMES:
        for two in NAMES:
            if recorded[one] < recorded[two]:
                assert found[one] < found[two] + 5e-4, (one, two)


@pytest.mark.parametrize("size", RECORDED)
def test_the_same_limits_are_vacuous(size):
    found = comparison.simulated(size)
    for name, value in zip(NAMES, RECORDED[size], strict=True):
        assert (found[name][0] < math.log(2)) == (value < math.log(2)), name


@pytest.mark.parametrize("size", RECORDED)
def test_limits_by_moments_agree_within_the_spread_over_seeds(size):
    """Three standard deviations of one sample; the recorded run is one sample."""
    recorded = dict(zip(NAMES, RECORDED[size], strict=True))
    found = comparison.simulated(size)
    for name in MOMENTS:
        value, spread = found[name]
        if math.isnan(spread):  # two samples of half a million
            spread = math.sqrt(2) * 0.104 / math.sqrt(size)
        assert abs(value - recorded[name]) < 3 * spread + 5e-4, name


@pytest.mark.parametrize("size", RECORDED)
def test_limits_by_betting_agree_as_far_as_three_moments_say(size):
    """They see the whole law, which the record does not state."""
    recorded = dict(zip(NAMES, RECORDED[size], strict=True))
    found = comparison.simulated(size)
    for name in ("betting", "split-pool"):
        assert found[name][0] == pytest.approx(recorded[name], rel=0.05)


def test_split_with_a_large_sample_is_the_split_limit():
    drawn = simulate(50, np.random.default_rng(4))
    whole = split_limit(
        comparison.population().entropy,
        drawn.divergence,
        high=comparison.ranges()["high"],
        delta=comparison.DELTA,
    )
    assert comparison.limits_of(drawn)["split-pool"] == pytest.approx(whole)


def test_a_weak_student_is_not_certified():
    assert comparison.weak_risk() == pytest.approx(1.197, abs=0.01)


@pytest.mark.parametrize(
    ("score_range", "risk", "limit"), [(4.0, 0.617, 0.655), (1.0, 0.687, 0.688)]
)
def test_rescaling_scores_does_not_help(score_range, risk, limit):
    found, upper = comparison.rescaled(score_range)
    assert found == pytest.approx(risk, abs=0.004)
    assert upper == pytest.approx(limit, abs=0.01)
    assert risk < upper < math.log(2)
