"""bounds.comparators: against loops, at the edges, and refusals."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.comparators import (
    auc_of_query,
    label_variance,
    ramp_errors,
    teacher_terms,
)
from rankbound.bounds.errors import DomainError
from rankbound.bounds.registry import statement
from tests import oracles


def test_auc_matches_the_loop_with_ties():
    rng = np.random.default_rng(121)
    for _ in range(100):
        scores = rng.integers(0, 4, 12).astype(float)
        labels = rng.random(12) < 0.4
        labels[:2] = [True, False]
        found, good, bad = auc_of_query(scores, labels)
        assert_allclose(found, oracles.auc(scores, labels), rtol=1e-14)
        assert (good, bad) == (labels.sum(), 12 - labels.sum())


def test_auc_feeds_its_statement():
    bound = statement("comparator-auc").numpy()
    found = auc_of_query([3.0, 2.0, 1.0, 0.0], [1, 1, 0, 0])
    assert found == (1.0, 2, 2)
    assert_allclose(bound(*found, 0.5), 1 - math.sqrt(math.log(2) / 2), rtol=1e-14)


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0], [1], "shapes"),
        ([[1.0, 2.0]], [[1, 0]], "shapes"),
        ([1.0, np.nan], [1, 0], "finite"),
        ([1.0, 2.0], [1, 1], "drop the query"),
        ([1.0, 2.0], [0, 0], "drop the query"),
        ([], [], "drop the query"),
    ],
)
def test_auc_refuses_what_it_cannot_rank(scores, labels, message):
    with pytest.raises(DomainError, match=message):
        auc_of_query(scores, labels)


def test_ramp_errors_count_a_margin_of_gamma_as_enough():
    assert ramp_errors([1.0, 1.0 - 1e-15], gamma=1.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("gamma", [0.0, -1.0, math.nan, math.inf])
def test_ramp_errors_refuse_gamma(gamma):
    with pytest.raises(DomainError, match="gamma"):
        ramp_errors([1.0], gamma=gamma)


def test_teacher_terms_match_the_loop():
    teacher, student = [2.0, -1.0, 800.0], [-2.0, 0.5, -800.0]
    first, second = teacher_terms(teacher, student)
    expected = [oracles.sigmoid(-x) for x in teacher]
    assert_allclose(first, expected, rtol=1e-13)
    gaps = [
        abs(oracles.sigmoid(x) - oracles.sigmoid(y))
        for x, y in zip(student, teacher, strict=True)
    ]
    assert_allclose(second, gaps, rtol=1e-13)


def test_nan_and_mismatch_are_refused():
    with pytest.raises(DomainError, match="NaN"):
        ramp_errors([np.nan], gamma=1.0)
    for function in (teacher_terms, label_variance):
        with pytest.raises(DomainError, match="shapes"):
            function([0.5], [0.5, 0.5])
        with pytest.raises(DomainError, match="NaN"):
            function([0.5], [np.nan])
    for bad in ([1.5], [-0.1], []):
        with pytest.raises(DomainError, match="probabilities"):
            label_variance(bad, [0.0] * len(bad))
