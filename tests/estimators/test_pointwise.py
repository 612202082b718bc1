"""estimators.pairwise: many digits, foreign libraries, and slopes at ties."""

import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import scipy.special
import torch
from numpy.testing import assert_allclose

from rankbound.bounds.numeric import sigmoid
from rankbound.estimators.pairwise import (
    pair_divergence,
    pair_entropy,
    pair_risk,
    softplus_negative,
)

# Working digits that leave 50 after 1 - sigmoid(600) and the divergence at 1e-12
DIGITS = 330


def preference(margin):
    """Both probabilities of a pair, each with all its digits."""
    return 1 / (1 + mpmath.exp(-margin)), 1 / (1 + mpmath.exp(margin))


def exact(function, *margins):
    """Values of `function` at margins, in many digits, rounded to floats."""
    with mpmath.workdps(DIGITS):
        rows = zip(*(array.tolist() for array in margins), strict=True)
        return np.array([float(function(*map(mpmath.mpf, row))) for row in rows])


def exact_entropy(a):
    return -sum(x * mpmath.log(x) for x in preference(a))


def exact_risk(a, m):
    both = zip(preference(a), preference(m), strict=True)
    return -sum(p * mpmath.log(s) for p, s in both)


def exact_divergence(a, m):
    both = zip(preference(a), preference(m), strict=True)
    return sum(p * mpmath.log(p / s) for p, s in both)


def margins():
    """Teacher and student margins: ordinary, extreme, tied, almost equal."""
    rng = np.random.default_rng(0)
    special = np.array([0.0, 1e-300, 1e-12, 1e-6, 0.01, 0.99, 1, 1.01, 36, 37, 300])
    special = np.concatenate([special, -special, [600.0, -600.0]])
    grid = np.array(np.meshgrid(special, special)).reshape(2, -1)
    scales = 10.0 ** rng.uniform(-6, 2.5, size=150)
    random = rng.normal(size=(2, 150)) * scales
    base = np.tile(rng.normal(size=40) * 15, 4)
    steps = np.repeat([1e-12, 1e-7, 9.9e-3, 1.01e-2], 40)
    close = np.stack([base, base + steps * rng.choice([-1, 1], 160)])
    scored = np.stack([1e6 + rng.normal(size=60), 1e6 - rng.normal(size=60)]) - 1e6
    joined = np.concatenate([grid, random, close, scored], axis=1)
    return joined[:, np.abs(joined).max(axis=0) <= 600]


def test_pair_entropy_matches_fifty_digits():
    a = margins()[0]
    assert_allclose(pair_entropy(a), exact(exact_entropy, a), rtol=2e-15, atol=0)


def test_pair_risk_matches_fifty_digits():
    a, m = margins()
    assert_allclose(pair_risk(a, m), exact(exact_risk, a, m), rtol=2e-15, atol=0)


def test_pair_divergence_matches_fifty_digits():
    a, m = margins()
    expected = exact(exact_divergence, a, m)
    tiny = expected < 1e-290  # rounded to multiples of the smallest float
    assert_allclose(
        pair_divergence(a, m)[~tiny], expected[~tiny], rtol=1e-12, atol=1e-300
    )
    assert np.all(pair_divergence(a, m)[tiny] < 1e-290)


@pytest.mark.parametrize("size", [1e3, 1e6, 1e15])
def test_pointwise_functions_hold_at_huge_margins(size):
    a = np.array([0.0, size, -size, size, size])
    m = np.array([size, size, -size, -size, 0.0])
    assert pair_entropy(a).tolist() == [math.log(2), 0, 0, 0, 0]
    assert_allclose(pair_risk(a, m), [size / 2, 0, 0, size, math.log(2)], rtol=1e-15)
    expected = [size / 2 - math.log(2), 0, 0, size, math.log(2)]
    assert_allclose(pair_divergence(a, m), expected, rtol=1e-15)


def test_pair_entropy_is_positive_and_falls_for_confident_pairs():
    # Where p log p computed from a rounded p is negative or worthless
    values = pair_entropy(np.array([0.0, 18.0, 20.0, 30.0, 35.0, 50.0, 700.0]))
    assert np.all(np.diff(values) < 0)
    assert values[-1] > 0


def test_pointwise_functions_match_scipy():
    rng = np.random.default_rng(1)
    a, m = rng.normal(size=(2, 500)) * 4
    p, s = scipy.special.expit(a), scipy.special.expit(m)
    q, t = scipy.special.expit(-a), scipy.special.expit(-m)
    assert_allclose(sigmoid(a), p, rtol=1e-15)
    assert_allclose(softplus_negative(np.abs(a)), -scipy.special.log_expit(np.abs(a)))
    assert_allclose(
        pair_entropy(a), scipy.special.entr(p) + scipy.special.entr(q), rtol=1e-12
    )
    kl = scipy.special.rel_entr(p, s) + scipy.special.rel_entr(q, t)
    assert_allclose(pair_divergence(a, m), kl, rtol=1e-9, atol=1e-14)


def test_pair_risk_matches_torch_cross_entropy():
    rng = np.random.default_rng(2)
    a, m = torch.asarray(rng.normal(size=(2, 500)) * 10)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        m, torch.sigmoid(a), reduction="none"
    )
    assert_allclose(pair_risk(a, m).numpy(), expected.numpy(), rtol=1e-12, atol=1e-14)


def test_divergence_is_zero_for_equal_margins_and_not_negative():
    rng = np.random.default_rng(3)
    a = rng.normal(size=2000) * 10.0 ** rng.uniform(-3, 2, size=2000)
    assert np.all(pair_divergence(a, a) == 0)
    beside = np.nextafter(a, np.inf)
    assert np.all(pair_divergence(a, beside) >= 0)


@pytest.mark.parametrize("function", [pair_risk, pair_divergence])
def test_slopes_match_finite_differences_also_at_ties(function):
    sides = [-3.0, -1.0, -0.3, 0.0, 0.004, 0.5, 2.0]
    teacher = torch.tensor([*sides, -700.0, -100.0, 100.0, 700.0], dtype=torch.float64)
    student = torch.tensor(sides, dtype=torch.float64)
    a, m = torch.meshgrid(teacher, student, indexing="ij")
    a, m = (x.clone().requires_grad_() for x in (a, m))
    assert torch.autograd.gradcheck(function, (a, m))


MARGINS = [0.0, 0.3, 1.0, 79.0, 81.0, 100.0, 700.0]
SIGNED = sorted({sign * size for size in MARGINS for sign in (-1, 1)})


@pytest.mark.parametrize("function", [pair_risk, pair_divergence])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slopes_in_the_student_are_those_of_the_formula(function, dtype):
    """sigmoid(m) - sigmoid(a), at ties and for margins that no finite step resolves."""
    a, m = (side.ravel() for side in np.meshgrid(SIGNED, SIGNED, indexing="ij"))
    expected = scipy.special.expit(m) - scipy.special.expit(a)
    tolerance = {"float32": 1e-6, "float64": 1e-14}[dtype]
    leaf = torch.tensor(m, dtype=getattr(torch, dtype), requires_grad=True)
    function(torch.tensor(a, dtype=leaf.dtype), leaf).sum().backward()
    assert_allclose(leaf.grad.numpy(), expected, atol=tolerance)
    if function is pair_risk and dtype == "float64":  # compiled for each: seconds
        return
    with jax.enable_x64(dtype == "float64"):
        slope = jax.grad(lambda left, right: function(left, right).sum(), argnums=1)
        found = slope(*(jnp.asarray(side, dtype=dtype) for side in (a, m)))
        assert found.dtype == dtype
        assert_allclose(found, expected, atol=tolerance)


def test_slope_of_the_entropy_matches_finite_differences():
    a = torch.tensor([-5.0, -0.2, 0.0, 1.0, 9.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(pair_entropy, (a.requires_grad_(),))
