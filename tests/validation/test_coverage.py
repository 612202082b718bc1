"""Coverage by simulation: populations have their means, and misses are counted."""

import numpy as np
import pytest
from scipy.stats import binom

from rankbound.bounds.registry import statement
from rankbound.validation.findings import (
    Case,
    Coverage,
    Tally,
    cover_means,
    fewest_misses,
    populations,
)


def test_lower_limit_of_clopper_and_pearson():
    low = fewest_misses(30, 100, false_alarm=0.01)
    assert binom.sf(29, 100, low) == pytest.approx(0.01, rel=1e-6)
    assert fewest_misses(0, 5) == 0.0


@pytest.mark.statistical
def test_populations_have_the_means_that_they_state():
    """Six standard errors: false-alarm rate below 1e-8."""
    rng = np.random.default_rng(0)
    for law in populations(20, {}):
        draws = law.draw(rng, (40_000,))
        error = draws.std() / 200
        assert abs(draws.mean() - law.mean) < 6 * error, law.name
        assert draws.min() >= 0
        assert draws.max() <= 1


@pytest.mark.statistical
@pytest.mark.parametrize(("shift", "holds"), [(0.35, True), (0.0, False)])
def test_a_limit_that_is_the_mean_is_refuted(shift, holds):
    case = Case(statement("theorem-1a"), np.random.default_rng(1))
    tally, over = cover_means(
        case, lambda x: x.mean(axis=1) + shift, sizes=(500, 30), delta=0.1
    )
    found = tally.finding("coverage", over)
    assert found.holds is holds
    assert holds or "misses in 500 runs at delta 0.1" in found.detail


def test_looseness_is_what_is_added_over_what_is_needed():
    coverage = Coverage(Tally(), 0.1)
    truth = np.linspace(0, 1, 1001)
    coverage.judge(truth, 0.0, 1.8, "uniform")
    assert coverage.tally.finding("", "").looseness == pytest.approx(2.0)


def test_a_summary_names_every_world_once_and_the_looseness():
    coverage = Coverage(Tally(), 0.1)
    for name in ("one", "two", "one"):
        coverage.judge(np.linspace(0, 1, 1001), 0.0, 1.8, name)
    assert coverage.over("9 samples") == "one, two: 9 samples each"
    assert coverage.beside("9 samples") == "one, two: 9 samples each, looseness 2"


def test_real_risks_are_populations():
    values = np.array([0.1, 0.4])
    (law, *_) = populations(9, {"mine": values})
    assert (law.name, law.mean) == ("mine", 0.25)
    drawn = law.draw(np.random.default_rng(0), (50,))
    assert set(drawn) == {0.1, 0.4}
