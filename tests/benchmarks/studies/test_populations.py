import math

import numpy as np
import pytest

from benchmarks.studies.comparison import SHAPES, paired_sets
from rankbound.bounds.errors import DomainError


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [-0.06, 0.0, 0.02, 0.06])
def test_means_are_as_asked_and_entropies_stay_entropies(shape, mean):
    rng = np.random.default_rng(1)
    values, reference = paired_sets(shape, mean=mean, n=400, sets=500, rng=rng)
    differences = values - reference
    error = differences.std() / math.sqrt(differences.size)
    assert abs(differences.mean() - mean) < 5 * error
    assert values.min() >= 0
    assert values.max() <= math.log(2)
    assert np.ptp(reference) > 0.2


def test_refusals():
    rng = np.random.default_rng(0)
    with pytest.raises(DomainError, match="no shape 'round'"):
        paired_sets("round", mean=0.0, n=1, sets=1, rng=rng)
    with pytest.raises(DomainError, match="`mean`"):
        paired_sets("even", mean=0.1, n=1, sets=1, rng=rng)
