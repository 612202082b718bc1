"""estimators.calibration: the queries set aside and the pairs fitted on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import rankbound.estimators.group_terms
from rankbound.catalogue import PAIR_SETS
from rankbound.estimators.calibration import (
    graded_pairs,
    teacher_pairs,
)
from tests import oracles, strategies


def rows_of(groups):
    """Group number and row range of every group."""
    return list(enumerate(zip(groups.offsets[:-1], groups.offsets[1:], strict=True)))


def as_rows(pairs):
    """Margin, target and weight of every pair, in an order of their own."""
    return sorted(zip(pairs.margins, pairs.targets, pairs.weights, strict=True))


@given(sizes=strategies.group_sizes(), n_queries=st.integers(1, 4))
def test_graded_pairs_match_a_loop(sizes, n_queries):
    rng = np.random.default_rng(len(sizes))
    groups = strategies.ragged_groups(sizes, rng, n_queries=n_queries)
    scores = rng.normal(size=len(groups.codes))
    grades = rng.integers(0, 3, size=len(groups.codes)).astype(np.float64)
    expected = []
    for group, (start, stop) in rows_of(groups):
        margins = [
            scores[start + i] - scores[start + j]
            for i in range(stop - start)
            for j in range(stop - start)
            if grades[start + i] > grades[start + j]
        ]
        of_query = int(np.sum(groups.queries == groups.queries[group]))
        expected += [(m, 1.0, 1 / len(margins) / of_query) for m in margins]
    found = as_rows(graded_pairs(groups, scores, grades))
    assert_allclose(
        np.reshape(found, (-1, 3)), np.reshape(sorted(expected), (-1, 3)), rtol=1e-13
    )


@pytest.mark.parametrize("pairs", PAIR_SETS)
@pytest.mark.parametrize("budget", [1, 30, 2**20])
def test_teacher_pairs_match_a_loop_whatever_the_blocks(pairs, budget, monkeypatch):
    monkeypatch.setattr(rankbound.estimators.group_terms, "NUMBERS_PER_BLOCK", budget)
    rng = np.random.default_rng(3)
    groups = strategies.ragged_groups([4, 1, 7, 4, 2], rng, n_queries=3)
    groups = replace(groups, positive=rng.random(18) < 0.4)
    teacher, student = rng.normal(size=(2, 18)) * 2
    expected = []
    for group, (start, stop) in rows_of(groups):
        positive = groups.positive[start:stop].tolist()
        chosen = oracles.pairs_of(stop - start, positive, pairs)
        of_query = int(np.sum(groups.queries == groups.queries[group]))
        for i, j in chosen:
            p = oracles.sigmoid(teacher[start + i] - teacher[start + j])
            margin = student[start + i] - student[start + j]
            expected.append((margin, p, 1 / len(chosen) / of_query))
    found = as_rows(teacher_pairs(groups, teacher, student, pairs=pairs))
    assert_allclose(found, sorted(expected), rtol=1e-13)


def test_every_query_weighs_one():
    rng = np.random.default_rng(4)
    groups = strategies.ragged_groups([5, 2, 9, 3], rng, n_queries=2)
    scores = rng.normal(size=19)
    found = teacher_pairs(groups, scores, scores, pairs="all")
    assert_allclose(found.weights.sum(), 2, rtol=1e-14)
