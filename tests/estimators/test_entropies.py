"""Entropies of groups are those of all terms, and huge scores are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from rankbound.bounds.errors import DomainError
from rankbound.estimators.entropies import group_entropies
from rankbound.estimators.group_terms import teacher_terms
from tests.estimators.test_ties import flat, grouped, sizes_and_scores


@given(sizes_and_scores, st.sampled_from(["all", "pos-neg", "neg-neg"]))
def test_entropies_are_those_of_the_terms(rows, pairs):
    groups = grouped([len(row) for row in rows])
    found = group_entropies(groups, flat(rows), pairs=pairs)
    terms = teacher_terms(groups, flat(rows), pairs=pairs)
    assert_array_equal(found, terms.entropy)


def test_scores_too_far_apart_are_refused():
    with pytest.raises(DomainError, match="too far apart"):
        group_entropies(grouped([3]), np.array([-1e308, 0.0, 1e308]))
