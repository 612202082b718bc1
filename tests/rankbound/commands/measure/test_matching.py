"""Leaving documents out keeps the right rows and counts everything that goes."""

import numpy as np
import pytest

from rankbound.commands.measure.inputs import count, thin_out
from rankbound.data.groups import Groups
from rankbound.data.scores import strings


def ragged(sizes, queries):
    total = sum(sizes)
    positive = np.zeros(total, dtype=bool)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    positive[offsets[:-1]] = True
    return Groups(
        queries=np.array(queries),
        qids=strings([f"q{i}" for i in range(max(queries) + 1)]),
        offsets=offsets,
        codes=np.arange(total),
        docnos=strings([f"d{i}" for i in range(total)]),
        positive=positive,
    )


def test_thin_out_counts_every_reason():
    groups = ragged([3, 2, 1, 4], [0, 0, 1, 2])
    found = np.array([1, 1, 1, 0, 0, 1, 1, 0, 0, 0], dtype=bool)
    dropped = {}
    left, rows = thin_out(groups, found, reason="lost", pairs="all", dropped=dropped)
    assert left.sizes.tolist() == [3]
    assert rows.tolist() == [True] * 3 + [False] * 7
    assert dropped == {
        "lost": 5,
        "groups_with_fewer_than_two_documents": 3,
        "queries_without_a_group": 2,
    }


def test_thin_out_drops_groups_without_the_wanted_pairs():
    groups = ragged([3, 3], [0, 1])
    found = np.array([0, 1, 1, 1, 1, 1], dtype=bool)  # the first loses its positive
    dropped = {}
    left, rows = thin_out(
        groups, found, reason="lost", pairs="pos-neg", dropped=dropped
    )
    assert left.group_qids().tolist() == ["q1"]
    assert rows.tolist() == [False] * 3 + [True] * 3
    assert dropped == {
        "lost": 1,
        "groups_without_pos-neg_pairs": 1,
        "queries_without_a_group": 1,
    }


@pytest.mark.parametrize("seed", range(20))
def test_thin_out_rows_are_those_of_the_result(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=8)
    groups = ragged(sizes.tolist(), np.sort(rng.integers(0, 4, size=8)).tolist())
    found = rng.random(sizes.sum()) < 0.6
    left, rows = thin_out(groups, found, reason="x", pairs="neg-neg", dropped={})
    assert left.codes.tolist() == groups.codes[rows].tolist()
    assert not (rows & ~found).any()
    assert (left.count_pairs("neg-neg") > 0).all()


def test_count_stays_silent_when_nothing_was_dropped():
    dropped = {"a": 1}
    count(dropped, "a", 2)
    count(dropped, "b", 0)
    assert dropped == {"a": 3}
