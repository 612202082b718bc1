import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import rankdata

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import strings
from rankbound.data.groups import Groups
from rankbound.estimators.group_terms import (
    group_entropies,
    rank_values,
    teacher_terms,
)
from rankbound.estimators.spread import tie_share


def grouped(sizes, positive=True):
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    first = np.zeros(offsets[-1], dtype=bool)
    first[offsets[:-1]] = True
    return Groups(
        queries=np.arange(len(sizes), dtype=np.int64),
        qids=strings([f"q{i}" for i in range(len(sizes))]),
        offsets=offsets,
        codes=np.arange(offsets[-1], dtype=np.int64),
        docnos=strings([f"d{i}" for i in range(offsets[-1])]),
        positive=first if positive else None,
    )


sizes_and_scores = st.lists(
    st.lists(st.integers(0, 3), min_size=3, max_size=7), min_size=1, max_size=6
)


def flat(rows):
    return np.array([score for row in rows for score in row], dtype=float)


@given(sizes_and_scores, st.sampled_from(["all", "pos-neg", "neg-neg"]))
def test_shares_match_loops(rows, pairs):
    groups = grouped([len(row) for row in rows])
    width = max(map(len, rows))
    mask = np.arange(width) < groups.sizes[:, None]
    table = np.zeros(mask.shape)
    table[mask] = flat(rows)
    first = np.arange(width) == np.zeros((len(rows), 1))
    found = tie_share(table, mask=mask, positive=first, pairs=pairs)
    for row, share in zip(rows, found, strict=True):
        wanted = [
            row[i] == row[j]
            for i in range(len(row))
            for j in range(i + 1, len(row))
            if pairs == "all" or (i == 0) == (pairs == "pos-neg")
        ]
        assert share == pytest.approx(sum(wanted) / len(wanted), abs=1e-15)


def test_ranks_of_long_groups_are_scipys_too():
    rows = np.random.default_rng(0).integers(0, 9, (3, 60)).tolist()
    found = rank_values(grouped([60, 60, 60]), flat(rows))
    assert_array_equal(found, np.concatenate([rankdata(row) for row in rows]))


@given(sizes_and_scores)
def test_ranks_are_scipys_group_by_group(rows):
    groups = grouped([len(row) for row in rows])
    found = rank_values(groups, flat(rows))
    assert_array_equal(found, np.concatenate([rankdata(row) for row in rows]))


def test_a_pair_set_that_needs_positives_says_so():
    with pytest.raises(DomainError, match="positive"):
        tie_share(np.zeros((1, 3)), pairs="pos-neg")


@given(sizes_and_scores, st.sampled_from(["all", "pos-neg", "neg-neg"]))
def test_entropies_are_those_of_the_terms(rows, pairs):
    groups = grouped([len(row) for row in rows])
    found = group_entropies(groups, flat(rows), pairs=pairs)
    terms = teacher_terms(groups, flat(rows), pairs=pairs)
    assert_array_equal(found, terms.entropy)


def test_scores_too_far_apart_are_refused():
    with pytest.raises(DomainError, match="too far apart"):
        group_entropies(grouped([3]), np.array([-1e308, 0.0, 1e308]))
