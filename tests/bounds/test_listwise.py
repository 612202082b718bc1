"""bounds.losses: two parts that add up to the loss, with their digits."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.losses import listwise_parts
from tests import oracles


def test_parts_add_up_to_the_loss():
    rng = np.random.default_rng(81)
    teacher, student = rng.normal(size=(2, 40, 6)) * rng.uniform(0, 9, (40, 1))
    entropy, divergence = listwise_parts(teacher, student)
    assert (divergence >= 0).all()
    for i in range(40):
        target = oracles.softmax(teacher[i].tolist())
        assert_allclose(entropy[i], oracles.discrete_entropy(target), rtol=1e-12)
        loss = oracles.cross_entropy(target, student[i].tolist())
        assert_allclose(entropy[i] + divergence[i], loss, rtol=1e-12)


def test_divergence_keeps_its_digits_near_zero():
    """Loss less entropy would give 0 or noise here."""
    teacher = np.array([0.3, -1.2, 0.7])
    step = np.array([1e-7, -2e-7, 0.0])
    _, found = listwise_parts(teacher, teacher + step)
    with mp.workdps(40):
        shares = [mp.exp(mpf(float(x))) for x in teacher]
        ours = [mp.exp(mpf(float(x))) for x in teacher + step]
        p = [x / sum(shares) for x in shares]
        s = [x / sum(ours) for x in ours]
        exact = sum(x * mp.log(x / y) for x, y in zip(p, s, strict=True))
    assert_allclose(float(found), float(exact), rtol=1e-7)
    assert listwise_parts(teacher, teacher + 5.0)[1] < 1e-30


def test_extreme_scores_stay_finite():
    entropy, divergence = listwise_parts([[0.0, -700.0, -1e6]], [[-1e6, 0.0, 3.0]])
    assert_allclose(entropy, 0.0, atol=1e-300)
    assert_allclose(divergence, 1e6 + 3 + math.log1p(math.exp(-3)), rtol=1e-14)
    entropy, divergence = listwise_parts([0.0, -np.inf, -np.inf], [1.0, 0.0, 0.0])
    assert entropy == 0.0
    assert_allclose(divergence, math.log1p(2 * math.exp(-1)), rtol=1e-14)


@pytest.mark.parametrize(
    ("teacher", "student", "message"),
    [
        ([0.0, 1.0], [0.0, 1.0, 2.0], "same two or more"),
        ([0.0], [0.0], "same two or more"),
        (0.0, 0.0, "same two or more"),
        ([0.0, 1.0], [0.0, np.nan], "finite"),
        ([0.0, 1.0], [0.0, -np.inf], "finite"),
        ([0.0, np.nan], [0.0, 1.0], "NaN or plus infinity"),
        ([0.0, np.inf], [0.0, 1.0], "NaN or plus infinity"),
        ([-np.inf, -np.inf], [0.0, 1.0], "did not score"),
    ],
)
def test_impossible_scores_are_refused(teacher, student, message):
    with pytest.raises(DomainError, match=message):
        listwise_parts(teacher, student)
