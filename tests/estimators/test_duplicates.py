import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.estimators import shape
from rankbound.estimators.shape import NEAR, equal_sets, near_pairs, vector_facts

VALUES = st.sampled_from([0.0, -0.0, 1.0, -2.5, math.nan, math.inf])
MATRICES = st.integers(1, 3).flatmap(
    lambda dim: st.lists(
        st.lists(VALUES, min_size=dim, max_size=dim), min_size=1, max_size=8
    )
)


def loop_sets(rows):
    """Sets of equal rows, by comparing all."""
    seen = {}
    for place, row in enumerate(rows):
        seen.setdefault(tuple(value + 0.0 for value in row), []).append(place)
    return [places for places in seen.values() if len(places) > 1]


@given(MATRICES, st.sampled_from([np.float16, np.float32, np.float64]))
def test_facts_and_sets_match_loops(rows, dtype):
    facts = vector_facts(np.array(rows, dtype=dtype))
    for place, row in enumerate(rows):
        finite = all(math.isfinite(value) for value in row)
        assert facts.finite[place] == finite
        if finite:
            assert facts.norms[place] == pytest.approx(math.hypot(*row), rel=1e-6)
        else:
            assert math.isnan(facts.norms[place])
    finite = [row for row in rows if all(math.isfinite(value) for value in row)]
    kept = vector_facts(np.array(finite, dtype=dtype)) if finite else None
    if kept is not None:
        found = [places.tolist() for places in equal_sets(kept.digests)]
        assert found == loop_sets(finite)


def test_unit_share_counts_finite_vectors_only():
    rows = np.array([[1.0, 0.0], [0.0, 1.005], [3.0, 0.0], [np.nan, 0.0]])
    assert vector_facts(rows).unit_share == pytest.approx(2 / 3)


def test_blocks_of_rows_change_nothing(monkeypatch):
    rows = np.random.default_rng(0).integers(0, 2, (97, 5)).astype(np.float32)
    whole = vector_facts(rows)
    monkeypatch.setattr(shape, "BLOCK_NUMBERS", 7)
    parts = vector_facts(rows)
    np.testing.assert_array_equal(whole.digests, parts.digests)
    np.testing.assert_allclose(whole.norms, parts.norms)
    whole_pairs = near_pairs(rows + rows[::-1] * 1e-5, whole)
    assert whole_pairs is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_near_pairs_match_a_double_loop(dtype):
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(60, 8))
    rows[7] = rows[3] + 1e-5
    rows[11] = rows[3] - 1e-4
    rows[20] = rows[19]  # equal, and therefore no near pair
    rows = rows.astype(dtype)
    facts = vector_facts(rows)
    radius = NEAR * np.median(facts.norms)
    wanted = []
    for left in range(len(rows)):
        for right in range(left + 1, len(rows)):
            apart = math.dist(rows[left].tolist(), rows[right].tolist())
            if 0 < apart <= radius:
                wanted.append((left, right, apart))
    pairs, distances = near_pairs(rows, facts)
    assert [(*pair, d) for pair, d in zip(pairs.tolist(), distances, strict=True)] == [
        (left, right, pytest.approx(apart)) for left, right, apart in wanted
    ]
    assert len(wanted) >= 2


def test_near_pairs_give_up_where_all_vectors_are_in_one_place():
    rng = np.random.default_rng(5)
    rows = 1 + 1e-7 * rng.normal(size=(200, 4))
    assert near_pairs(rows, vector_facts(rows)) is None


def test_near_pairs_leave_out_zero_and_infinite_vectors():
    rows = np.zeros((4, 3))
    rows[2], rows[3] = np.inf, 1.0
    pairs, distances = near_pairs(rows, vector_facts(rows))
    assert pairs.shape == (0, 2)
    assert distances.shape == (0,)
