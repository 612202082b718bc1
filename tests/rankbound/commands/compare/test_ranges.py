import math

import numpy as np
import pytest

from rankbound.commands.compare.ranges import (
    difference_range,
    value_range,
    widest_distance,
)
from rankbound.data.embeddings import Embeddings
from rankbound.data.scores import strings
from rankbound.read.json.groups import read_groups


def book(vectors):
    vectors = np.asarray(vectors, dtype=float)
    return Embeddings(strings([str(i) for i in range(len(vectors))]), vectors)


def ranged(samplings, name, pairs="all", widest=None, groups="near"):
    read = read_groups(samplings.path(f"{groups}.jsonl"))
    return value_range(name, read, pairs=pairs, score_range=10.0, widest=widest)


def test_known_ranges(samplings):
    assert ranged(samplings, "entropy") == (0.0, math.log(2))
    assert ranged(samplings, "ties") == (0.0, 1.0)
    assert ranged(samplings, "diameter", widest=2.02) == (0.0, 2.02)
    for unknown in ("diameter", "margin", "two_nn", "knn_density"):
        assert ranged(samplings, unknown) is None


def test_losses_have_lemma_2cs_range(samplings):
    # groups of six: the best cut separates 9 of 15 pairs
    cut, soft = 9 / 15, math.log1p(math.exp(10.0))
    high = math.log(2) + cut * (soft - math.log(2))
    low = math.log1p(math.exp(-cut * 10.0))
    assert ranged(samplings, "divergence:x") == pytest.approx((0.0, high), rel=1e-9)
    assert ranged(samplings, "risk") == pytest.approx((low, high), rel=1e-9)
    star = ranged(samplings, "divergence", pairs="pos-neg")
    assert star == pytest.approx((0.0, soft), rel=1e-9)


def test_differences():
    assert difference_range((0.1, 1.0), (0.2, 3.0)) == (0.1 - 3.0, 1.0 - 0.2)
    assert difference_range(None, (0.0, 1.0)) is None
    assert difference_range((0.0, 1.0), None) is None


def test_a_distance_is_bounded_by_structure_only():
    unit, loose = np.eye(3), np.eye(3) * [[1.0], [1.0], [1.5]]
    assert widest_distance(None, "euclidean") is None
    assert widest_distance(book(unit), "euclidean") == pytest.approx(2.02)
    assert widest_distance(book(loose), "euclidean") is None
    assert widest_distance(book(loose), "angular") == math.pi
