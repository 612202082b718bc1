"""bounds.views: the printed code and the folding of constants."""

import inspect

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sympy import Abs, Max, Min, Piecewise, Rational, floor, log, pi, sqrt

from rankbound.bounds.notation import A, B, k, m
from rankbound.bounds.special import Softplus, a_star
from rankbound.bounds.views import compiled, folded

X = np.array([-2.5, 0.0, 1.0, 4.0])


def test_folded_leaves_rationals_and_no_other_numbers():
    expression = folded(B**2 * log(2) / 3 + sqrt(2) ** Rational(1, 3) + pi + a_star)
    assert all(
        number.is_Rational or number.is_Float
        for number in expression.atoms()
        if number.is_number
    )
    exact = (B**2 * log(2) / 3 + sqrt(2) ** Rational(1, 3) + pi + a_star).subs(B, 3)
    assert_allclose(float(expression.subs(B, 3)), float(exact), rtol=1e-16)
    assert folded(B**2 / 3) == B**2 / 3


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Min(m, 1, B), lambda x, b: min(x, 1, b)),
        (Max(m, B), max),
        (Abs(m) * B, lambda x, b: abs(x) * b),
        (floor(m / 2) * B, lambda x, b: np.floor(x / 2) * b),
        (
            Piecewise((m, m < -1), (B, m < 2), (m * B, True)),
            lambda x, b: x if x < -1 else b if x < 2 else x * b,
        ),
        (
            Piecewise((m, (m > 0) & (m < B)), (-m, True)),
            lambda x, b: x if 0 < x < b else -x,
        ),
        (
            Piecewise((m, (m > 2) | (m < -B)), (-m, True)),
            lambda x, b: x if x > 2 or x < -b else -x,
        ),
        (Softplus(m) / sqrt(B), lambda x, b: np.logaddexp(x, 0) / np.sqrt(b)),
    ],
)
def test_every_construct_matches_python_in_numpy_and_torch(expression, expected):
    function = compiled(expression, (m, B))
    width = np.full(4, 1.7)
    wanted = [expected(x, 1.7) for x in X]
    assert_allclose(function(X, width), wanted, rtol=1e-15)
    tensors = torch.as_tensor(X), torch.as_tensor(width)
    assert_allclose(function(*tensors).numpy(), wanted, rtol=1e-15)


def test_constants_are_exact_to_rounding():
    assert compiled(B * log(2), (B,))(np.array(1.0)) == np.log(2)


def test_arguments_are_the_code_names_in_order():
    parameters = inspect.signature(compiled(A - B + k, (k, B, A))).parameters
    assert list(parameters) == ["group_size", "score_range", "teacher_range"]
