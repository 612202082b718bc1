"""bounds.contenders: exclusion agrees with the limits, and its family error."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.betting import log_capital
from rankbound.bounds.contenders import contenders, difference_limit, pair_stakes
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import lower_limit
from tests import oracles


def students(seed, count=5, n=60):
    rng = np.random.default_rng(seed)
    queries = rng.beta(2, 3, n)
    skill = np.linspace(0, 0.25, count)[:, None]
    noise = rng.uniform(-0.1, 0.1, (count, n))
    return np.clip(0.7 * queries + skill + noise, 0, 1.2)


@pytest.mark.parametrize("seed", range(3))
def test_difference_limit_is_the_lower_limit_of_the_differences(seed):
    first, second = students(seed)[[4, 0]]
    found = difference_limit(first, second, width=1.2, delta=0.05, n_students=6)
    expected = lower_limit(first - second, low=-1.2, high=1.2, delta=0.01)
    assert_allclose(found, expected, rtol=1e-9)
    assert -1.2 <= found <= (first - second).mean()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chosen", [False, True])
def test_exclusion_agrees_with_the_limits(seed, chosen):
    risks, width, delta = students(seed), 1.2, 0.05
    pilot = students(seed + 100)
    stakes = pair_stakes(pilot, width=width, m=60, delta=delta) if chosen else None
    found = contenders(risks, width=width, delta=delta, stakes=stakes)
    for i, row in enumerate(risks):
        limits = [
            difference_limit(
                row,
                other,
                width=width,
                delta=delta,
                n_students=len(risks),
                stake=None if stakes is None else float(stakes[i, j]),
            )
            for j, other in enumerate(risks)
            if j != i
        ]
        assert (i in found.remaining) == (max(limits) <= 0)
        assert (found.p_values[i] < delta) == (max(limits) > 0)
        assert (found.excluded_by[i] is None) == (i in found.remaining)
    assert int(risks.mean(axis=1).argmin()) in found.remaining


def test_p_values_are_the_family_over_the_capital():
    risks = students(1, count=3)
    stakes = np.full((3, 3), 0.6)
    found = contenders(risks, width=2.0, delta=0.05, stakes=stakes)
    for i in range(3):
        capitals = [
            math.prod(1 + 0.6 * (a - b) / 2.0 for a, b in zip(*pair, strict=True))
            for pair in ((risks[i], risks[j]) for j in range(3) if j != i)
        ]
        assert_allclose(found.p_values[i], min(1, 2 / max(capitals)), rtol=1e-9)


def test_all_but_the_best_are_excluded_when_they_are_far():
    risks = [[0.2] * 60, [0.8] * 60, [0.9] * 60]
    found = contenders(risks, width=1.0, delta=0.05)
    assert found.remaining == (0,)
    assert found.excluded_by[0] is None
    assert found.sentence() == "1 of 3 students cannot be excluded as best"


def test_equal_students_all_remain():
    row = students(2)[0]
    found = contenders([row] * 12, width=1.2, delta=0.05)
    assert found.remaining == tuple(range(12))
    assert found.p_values == (1.0,) * 12
    assert found.sentence() == "12 of 12 students cannot be excluded as best"


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_what_all_students_share_does_not_matter(shift):
    """The teacher's entropy is part of every risk, and cancels."""
    risks = students(3)
    moved = risks + shift * np.random.default_rng(1).random(risks.shape[1])
    found, again = (contenders(r, width=1.2, delta=0.05) for r in (risks, moved))
    assert_allclose(found.p_values, again.p_values, rtol=1e-8)


@pytest.mark.statistical
@pytest.mark.parametrize("kind", ["equal", "rare", "close"])
def test_the_best_student_is_excluded_at_most_delta_of_the_time(kind):
    """False-alarm rate at most 1e-6. Twelve students on the queries of one sample."""
    rng, count, n, delta = np.random.default_rng(30), 12, 43, 0.2
    stakes = np.array([0.5])
    runs, excluded = 1500, 0
    for _ in range(runs):
        shared = rng.random(n)
        others = {
            "equal": rng.random((count, n)),
            # seldom much better, so that the others look worse in most samples
            "rare": 1 - (rng.random((count, n)) < 1 / n),
            "close": 0.5 * shared + 0.5 * rng.random((count, n)),
        }[kind]
        best = others[0]
        excluded += any(
            log_capital((other - best + 1) / 2, np.ones(n), stakes, 0.5)
            > math.log((count - 1) / delta)
            for other in others[1:]
        )
    assert excluded <= oracles.most_failures(runs, delta, 1e-6)


@pytest.mark.statistical
def test_family_error_can_be_seen():
    """Every pair at delta instead of delta / (K - 1): the best is excluded too often.

    Differences of coins that bet with a small stake come close to their level.
    """
    rng, count, n, delta = np.random.default_rng(31), 150, 200, 0.1
    excluded, runs, stakes = 0, 300, np.array([0.2])
    for _ in range(runs):
        risks = (rng.random((count, n)) < 0.5).astype(float)
        gains = np.log1p(0.2 * (risks[0] - risks[1:])).sum(axis=1)
        assert_allclose(
            log_capital((risks[1] - risks[0] + 1) / 2, np.ones(n), stakes, 0.5),
            gains[0],
            atol=1e-9,
        )
        excluded += gains.max() > math.log(1 / delta)
    assert excluded > oracles.most_failures(runs, delta, 1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: contenders([[0.1, 0.2]], width=1.0, delta=0.05),
        lambda: contenders([0.1, 0.2], width=1.0, delta=0.05),
        lambda: contenders([[0.1], [1.5]], width=1.0, delta=0.05),
        lambda: contenders([[0.1], [0.5]], width=0.0, delta=0.05),
        lambda: contenders([[0.1], [0.5]], width=1.0, delta=0.05, stakes=[0.5]),
        lambda: contenders(
            [[0.1], [0.5]], width=1.0, delta=0.05, stakes=np.ones((2, 2))
        ),
        lambda: difference_limit([0.1], [0.5, 0.6], width=1.0, delta=0.05),
        lambda: difference_limit([0.1], [0.5], width=1.0, delta=0.05, n_students=1),
        lambda: pair_stakes([[0.1], [0.5]], width=1.0, m=0, delta=0.05),
    ],
)
def test_contenders_reject_what_cannot_be_compared(call):
    with pytest.raises(DomainError):
        call()
