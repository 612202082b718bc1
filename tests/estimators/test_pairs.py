"""estimators.pairs: which pairs enter, counted by loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.estimators.pairs import (
    PAIR_SETS,
    both_sides,
    count_pairs,
    pair_differences,
    pair_mean,
    selected_pairs,
)
from tests import oracles


@pytest.mark.parametrize("k", [1, 2, 5])
def test_pair_differences_match_a_loop(library, k):
    values = np.random.default_rng(k).normal(size=(2, k)).astype(np.float32)
    array = library.make(values)
    found = pair_differences(array)
    assert isinstance(found, library.kind)
    expected = [[row[i] - row[j] for i, j in oracles.pairs_of(k)] for row in values]
    assert_array_equal(np.asarray(found), np.reshape(expected, (2, -1)))
    left, right = both_sides(array)
    assert_array_equal(np.asarray(left - right), np.asarray(found))


@pytest.mark.parametrize("pairs", PAIR_SETS)
@given(data=st.data())
def test_selected_and_count_pairs_match_loops(pairs, data):
    k = data.draw(st.integers(1, 7))
    flags = st.lists(st.booleans(), min_size=k, max_size=k)
    mask, positive = data.draw(flags), data.draw(flags)
    arguments = {
        "mask": np.array(mask),
        "positive": np.array(positive),
        "pairs": pairs,
    }
    wanted = {
        (i, j) for i, j in oracles.pairs_of(k, positive, pairs) if mask[i] and mask[j]
    }
    found = selected_pairs(np.zeros(k), **arguments)
    assert found.tolist() == [pair in wanted for pair in oracles.pairs_of(k)]
    assert count_pairs(np.zeros(k), **arguments) == len(wanted)


@pytest.mark.parametrize("pairs", PAIR_SETS)
def test_count_pairs_matches_across_libraries(library, pairs):
    mask = np.array([[True] * 5, [True, True, False, False, False]])
    positive = np.array([[True, True, False, False, False]] * 2)
    like, mask, positive = library.arrays(np.zeros((2, 5)), mask, positive)
    found = count_pairs(like, mask=mask, positive=positive, pairs=pairs)
    assert isinstance(found, library.kind)
    expected = {"all": [10, 1], "pos-neg": [6, 0], "neg-neg": [3, 0]}
    assert found.tolist() == expected[pairs]


def test_selected_pairs_rejects_unknown_sets_and_missing_positives():
    with pytest.raises(DomainError, match="'all', 'pos-neg', 'neg-neg'"):
        selected_pairs(np.zeros(3), pairs="star")
    for pairs in ("pos-neg", "neg-neg"):
        with pytest.raises(DomainError, match="needs `positive`"):
            selected_pairs(np.zeros(3), pairs=pairs)


def test_pair_mean_ignores_what_is_not_chosen(library):
    values = np.array([[1.0, np.nan, 4.0], [np.inf, 2.0, 3.0]])
    chosen = np.array([[True, False, True], [False, True, True]])
    found = pair_mean(*library.arrays(values, chosen))
    assert_allclose(np.asarray(found), [2.5, 2.5], rtol=1e-6)


def test_pair_mean_rejects_a_group_without_a_pair(library):
    values, chosen = np.ones((3, 2)), np.array([[True, True], [False] * 2, [True] * 2])
    with pytest.raises(DomainError, match="group 1 has no pair"):
        pair_mean(*library.arrays(values, chosen))
    with pytest.raises(DomainError, match="group 0 has no pair"):
        pair_mean(library.make(np.ones((2, 0))), library.make(np.ones((2, 0)) > 0))
