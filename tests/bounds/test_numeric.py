"""bounds.numeric: 60-digit arithmetic as judge, on NumPy, torch and jax."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rankbound.bounds import numeric

MARGINS = [0.0, 1e-12, 1e-4, 0.0099, 0.0101, 0.4, 0.99, 1.01, 5.0, 36.0, 50.0, 700.0]
SIGNED = sorted({sign * x for x in MARGINS for sign in (1, -1)})
EXACT = mpmath.mp.clone()
EXACT.dps = 700  # more than the digits that margins of 700 cancel


def exact_sigmoid(x):
    return 1 / (1 + EXACT.exp(-EXACT.mpf(x)))


def exact_entropy(p):
    return -p * EXACT.log(p) - (1 - p) * EXACT.log(1 - p)


def exact_kl(p, s):
    return p * EXACT.log(p / s) + (1 - p) * EXACT.log((1 - p) / (1 - s))


def test_one_argument_functions_match_exact_arithmetic():
    x = np.array(SIGNED)
    exact = {
        numeric.softplus: lambda v: EXACT.log(1 + EXACT.exp(EXACT.mpf(v))),
        numeric.sigmoid: exact_sigmoid,
        numeric.pair_entropy: lambda v: exact_entropy(exact_sigmoid(v)),
    }
    for function, truth in exact.items():
        expected = [float(truth(value)) for value in SIGNED]
        assert_allclose(function(x), expected, rtol=1e-15 * 8)


def test_margin_divergence_matches_exact_arithmetic():
    pairs = [(a, m) for a in SIGNED for m in SIGNED if a != m]
    pairs += [(a, a + d) for a in (-40.0, -3.0, 0.0, 3.0, 40.0) for d in SIGNED if d]
    a, m = np.array([pair for pair in pairs if pair[0] != pair[1]]).T
    expected = [
        float(exact_kl(exact_sigmoid(x), exact_sigmoid(y)))
        for x, y in zip(a, m, strict=True)
    ]
    assert_allclose(numeric.margin_divergence(a, m), expected, rtol=2e-12, atol=1e-300)
    assert np.all(numeric.margin_divergence(np.array(SIGNED), np.array(SIGNED)) == 0)


def test_divergence_matches_exact_arithmetic():
    ps = [1e-12, 1e-3, 0.2, 0.5, 0.5000001, 0.9, 1 - 1e-9]
    pairs = [(p, m) for p in ps for m in SIGNED]
    p, m = np.array(pairs).T
    expected = [float(exact_kl(EXACT.mpf(x), exact_sigmoid(y))) for x, y in pairs]
    assert_allclose(numeric.divergence(p, m), expected, rtol=2e-12, atol=1e-29)


def test_nothing_overflows_at_a_million():
    huge = np.array([-1e6, 1e6])
    with np.errstate(all="raise", under="ignore"):
        assert numeric.softplus(huge).tolist() == [0.0, 1e6]
        assert numeric.pair_entropy(huge).tolist() == [0.0, 0.0]
        assert numeric.sigmoid(huge).tolist() == [0.0, 1.0]
        assert numeric.margin_divergence(huge, -huge).tolist() == [1e6, 1e6]
        assert numeric.divergence(np.array([0.0, 1.0]), huge).tolist() == [0.0, 0.0]
        assert numeric.divergence(np.array([1.0, 0.0]), huge).tolist() == [1e6, 1e6]


def test_binary_entropy_matches_exact_arithmetic():
    p = np.array([1e-300, 1e-9, 0.1, 0.5, 0.9, 1 - 1e-9])
    expected = [float(exact_entropy(EXACT.mpf(x))) for x in p]
    assert_allclose(numeric.binary_entropy(p), expected, rtol=1e-14)
    assert numeric.binary_entropy(np.array([0.0, 1.0])).tolist() == [0.0, 0.0]


def test_nan_is_kept():
    nan = np.array([np.nan])
    for function in (numeric.softplus, numeric.sigmoid, numeric.pair_entropy):
        with np.errstate(invalid="ignore"):
            assert np.isnan(function(nan)).all()
    for function in (numeric.minimum, numeric.maximum):
        assert np.isnan(function(nan, 1.0)).all()
        assert np.isnan(function(np.ones(1), nan)).all()


ONE = [numeric.softplus, numeric.sigmoid, numeric.pair_entropy]
# derivatives in closed form, from the oracle of the exact sigmoid
SLOPES = {
    numeric.softplus: exact_sigmoid,
    numeric.sigmoid: lambda x: exact_sigmoid(x) * exact_sigmoid(-x),
    numeric.pair_entropy: lambda x: -x * exact_sigmoid(x) * exact_sigmoid(-x),
}


@pytest.mark.parametrize("function", ONE)
def test_torch_gradients_match_exact_arithmetic(function):
    points = [-1e6, *SIGNED, 1e6]
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(function(x).sum(), x)
    expected = [float(SLOPES[function](value)) for value in points]
    assert_allclose(slope.numpy(), expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("function", ONE)
def test_jax_gradients_match_exact_arithmetic(function):
    points = [-1e6, *SIGNED, 1e6]
    with jax.enable_x64(True):
        slope = jax.vmap(jax.grad(function))(jnp.asarray(points))
    expected = [float(SLOPES[function](value)) for value in points]
    assert_allclose(np.asarray(slope), expected, rtol=1e-12, atol=1e-16)


def test_second_derivative_of_pair_entropy_at_zero():
    with jax.enable_x64(True):
        curvature = jax.grad(jax.grad(numeric.pair_entropy))(jnp.asarray(0.0))
    assert_allclose(float(curvature), -0.25, rtol=1e-14)
    # torch takes the derivative of its own absolute value at zero to be zero
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(numeric.pair_entropy(x), x, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, x)
    assert_allclose(curvature.item(), -0.25, rtol=1e-14)


@pytest.mark.parametrize("m", SIGNED)
def test_divergence_gradients_are_finite_and_right(m):
    a = torch.tensor(SIGNED, dtype=torch.float64, requires_grad=True)
    student = torch.full_like(a, m).requires_grad_()
    total = numeric.margin_divergence(a, student).sum()
    by_teacher, by_student = torch.autograd.grad(total, (a, student))
    sigmoids = [exact_sigmoid(x) for x in SIGNED]
    expected = [float(exact_sigmoid(m) - s) for s in sigmoids]
    assert_allclose(by_student.numpy(), expected, rtol=1e-9, atol=1e-15)
    expected = [
        float(s * exact_sigmoid(-x) * (x - m))
        for s, x in zip(sigmoids, SIGNED, strict=True)
    ]
    assert_allclose(by_teacher.detach().numpy(), expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x = np.linspace(-3, 3, 7).astype(dtype)
    p = np.linspace(0, 1, 7).astype(dtype)
    results = [function(x) for function in ONE]
    results += [numeric.divergence(p, x), numeric.margin_divergence(x, x[::-1])]
    results += [numeric.binary_entropy(p), numeric.magnitude(x)]
    assert {result.dtype for result in results} == {np.dtype(dtype)}
