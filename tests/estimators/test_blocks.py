"""estimators.group_terms: every group once, whatever the budget."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import rankbound.estimators.group_terms
from rankbound.estimators.group_terms import blocks
from tests import strategies


def cut(groups, budget, dim=0):
    """All blocks under a budget of numbers per block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rankbound.estimators.group_terms, "NUMBERS_PER_BLOCK", budget)
        return list(blocks(groups, dim=dim))


@given(
    sizes=strategies.group_sizes(most=30, largest_count=40),
    budget=st.one_of(st.integers(1, 50), st.integers(50, 5000), st.just(2**20)),
    dim=st.sampled_from([0, 1, 7]),
    positives=st.booleans(),
)
def test_blocks_cover_every_group_once(sizes, budget, dim, positives):
    groups = strategies.ragged_groups(
        sizes, np.random.default_rng(0), positives=positives
    )
    found = cut(groups, budget, dim)
    order = np.concatenate([block.groups for block in found])
    assert sorted(order.tolist()) == list(range(len(sizes)))
    for block in found:
        assert block.rows.shape == block.mask.shape
        assert block.rows.shape == (len(block.groups), max(block.mask.sum(axis=1)))
        for group, rows, mask in zip(block.groups, block.rows, block.mask, strict=True):
            start, stop = groups.offsets[group : group + 2]
            assert_array_equal(rows[mask], np.arange(start, stop))
            assert np.all((rows >= start) & (rows < stop))  # padding stays inside
        if positives:
            assert_array_equal(
                block.positive[block.mask], groups.positive[block.rows[block.mask]]
            )
            assert not np.any(block.positive & ~block.mask)
        else:
            assert block.positive is None
        b, k = block.rows.shape
        assert b == 1 or b * max(k * (k - 1) // 2, k * dim) <= budget


def test_blocks_hold_many_groups_when_there_is_room():
    rng = np.random.default_rng(1)
    groups = strategies.ragged_groups(np.full(1000, 16), rng)
    assert len(cut(groups, 2**20)) == 1
    assert len(cut(groups, 120 * 100)) == 10
    assert len(cut(groups, 1)) == 1000
    # one huge group costs a few more blocks, not one for each small group
    mixed = strategies.ragged_groups([*np.full(999, 3), 500], rng)
    assert len(cut(mixed, 2**17)) <= 1 + np.log2(1000)


def test_blocks_of_no_groups_are_none():
    groups = strategies.ragged_groups([2, 3], np.random.default_rng(2))
    assert list(blocks(groups.keep_groups(np.array([False, False])))) == []
