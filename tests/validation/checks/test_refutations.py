"""validation.checks.refutations: tempting statements are refuted by a wide margin."""

import numpy as np
import pytest

from rankbound.validation.checks.refutations import REFUTATIONS


@pytest.mark.parametrize("name", sorted(REFUTATIONS))
def test_every_counterexample_refutes(name):
    for seed in (0, 1):
        finding = REFUTATIONS[name](np.random.default_rng(seed))
        assert finding.holds, finding.detail
        assert finding.detail.startswith("claimed at most")


def test_misses_are_those_that_theory_predicts():
    """(1 - 1 / 50)**50 = 0.36 of the samples do not see a far pair."""
    row = REFUTATIONS["refuted-sample-maximum"](np.random.default_rng(2))
    assert 0.3 < float(row.detail.split()[-1]) < 0.364
