"""paper_appendix.comparison: the numbers on record, in order and within the spread.

The recorded limits come from one run of another simulation with the same moments.
"""

import math

import numpy as np
import pytest

from paper_appendix import comparison
from paper_appendix.comparison import simulate
from rankbound.bounds.limits import split_limit

pytestmark = pytest.mark.xdist_group("appendix")

NAMES = (
    "hoeffding-range",
    "hoeffding",
    "kl",
    "empirical_bernstein",
    "betting-longer",
    "split-kl",
    "split-pool-tenth",
)
RECORDED = {
    43: (2.347, 1.535, 1.273, 1.681, 0.965, 1.206, 1.019),
    54: (2.149, 1.425, 1.174, 1.440, 0.874, 1.097, 0.913),
    250: (1.256, 0.919, 0.762, 0.695, 0.575, 0.700, 0.585),
    1000: (0.868, 0.699, 0.611, 0.538, 0.507, 0.575, 0.509),
    6980: (0.629, 0.565, 0.530, 0.493, 0.487, 0.515, 0.487),
    500_000: (0.4996, 0.4921, 0.4878, 0.4828, 0.4828, 0.4859, 0.4830),
}


def test_ranges_to_the_digits_on_record():
    row = comparison.ranges()
    assert round(row.cut, 4) == 0.5333
    assert (round(row.low, 4), round(row.high, 4)) == (0.0048, 5.6568)
    assert round(row.width, 3) == 5.652
    softplus = math.log1p(math.exp(10.0))
    assert comparison.ranges(group=None).high == pytest.approx(
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
    width = comparison.ranges().width
    assert [comparison.queries_for_gap(0.2, w) for w in (10.0, width)] == [3745, 1197]
    assert [comparison.queries_for_gap(0.1, w) for w in (10.0, width)] == [14979, 4785]


@pytest.mark.parametrize("size", RECORDED)
def test_methods_come_in_the_order_on_record(size):
    recorded = dict(zip(NAMES, RECORDED[size], strict=True))
    found = {name: value for name, (value, _) in comparison.simulated(size).items()}
    assert set(found) == {*NAMES, "betting", "split-pool"}
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
def test_limits_agree_within_the_spread_over_seeds(size):
    """One standard deviation of a sample, since the record is one sample.

    The last row compares one sample of half a million with one: two deviations of
    their difference. Half a digit is lost in rounding.
    """
    recorded = dict(zip(NAMES, RECORDED[size], strict=True))
    found = comparison.simulated(size)
    for name in NAMES:
        value, spread = found[name]
        rounding = 5e-4
        if math.isnan(spread):
            spread, rounding = 2 * math.sqrt(2) * 0.104 / math.sqrt(size), 5e-5
        assert abs(value - recorded[name]) < spread + rounding, name


@pytest.mark.parametrize(
    ("size", "betting", "split"), [(43, -0.033, 0.043), (54, -0.031, 0.036)]
)
def test_the_default_stakes_deviate_from_the_record(size, betting, split):
    """With one stake less and halves of delta the two columns are outside of it."""
    recorded = dict(zip(NAMES, RECORDED[size], strict=True))
    found = comparison.simulated(size)
    for name, twin, off in (
        ("betting", "betting-longer", betting),
        ("split-pool", "split-pool-tenth", split),
    ):
        value, spread = found[name]
        assert value - recorded[twin] == pytest.approx(off, abs=0.001)
        assert abs(value - recorded[twin]) > 2 * spread


@pytest.mark.parametrize("size", RECORDED)
def test_the_default_stakes_certify_the_same(size):
    found = comparison.simulated(size)
    for name in ("betting", "split-pool"):
        twin = {"betting": "betting-longer", "split-pool": "split-pool-tenth"}[name]
        assert (found[name][0] < math.log(2)) == (found[twin][0] < math.log(2))


def test_one_stake_more_against_a_loop():
    """The limit solves for the capital, computed from its definition."""
    values = np.random.default_rng(8).beta(1, 9, 43)
    limit = comparison._longer(values, low=0.0, high=1.0, delta=0.05)
    stakes, floor = [0.98], min(0.45, math.sqrt(8 * math.log(20) / 43) / 3)
    while stakes[-1] >= floor:
        stakes.append(stakes[-1] / 1.8)
    capitals = [
        math.prod(1 + u * (limit - x) / (1 - limit) for x in values) for u in stakes
    ]
    assert len(capitals) == 4
    assert sum(capitals) / 4 == pytest.approx(20, rel=1e-6)


def test_split_with_a_large_sample_is_the_split_limit():
    drawn = simulate(50, np.random.default_rng(4))
    whole = split_limit(
        comparison.population().entropy,
        drawn.divergence,
        high=comparison.ranges().high,
        delta=comparison.DELTA,
    )
    assert comparison.limits_of(drawn)["split-pool"] == pytest.approx(whole)


def test_a_weak_student_is_not_certified():
    assert comparison.weak_risk() == pytest.approx(1.197, abs=0.01)


@pytest.mark.parametrize(
    ("score_range", "risk", "limit"), [(4.0, 0.617, 0.655), (1.0, 0.687, 0.688)]
)
def test_rescaling_scores_does_not_help(score_range, risk, limit):
    """Two deviations: the law of scores is not the one on record."""
    found, upper, spread = comparison.rescaled(score_range)
    assert found == pytest.approx(risk, abs=0.0025)
    assert abs(upper - limit) < 2 * spread + 5e-4
    assert risk < upper < math.log(2)
