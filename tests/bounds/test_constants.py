"""bounds.special: each bracketed by a change of sign at 30 digits."""

import mpmath
import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from rankbound.bounds.special import a_bend, a_star, c_phi, lambda_star

EXACT = mpmath.mp.clone()
EXACT.dps = 40
STEP = EXACT.mpf(10) ** -30


def sigmoid(x):
    return 1 / (1 + EXACT.exp(-x))


def entropy(x):
    return EXACT.log(1 + EXACT.exp(-x)) + x * sigmoid(-x)


def slope(x):
    return x * sigmoid(x) * sigmoid(-x)


def digits(constant):
    return EXACT.mpf(str(constant.evalf(36)))


def changes_sign(function, root):
    return function(root - STEP) * function(root + STEP) < 0


def test_a_star_is_where_the_tangent_from_ln_2_touches():
    def tangent(x):
        return EXACT.log(2) - x * slope(x) - entropy(x)

    assert changes_sign(tangent, digits(a_star))


def test_lambda_star_is_the_slope_of_the_tangent():
    def mismatch(candidate):
        return EXACT.log(2) - candidate * digits(a_star) - entropy(digits(a_star))

    assert changes_sign(mismatch, digits(lambda_star))


def test_a_bend_and_c_phi_are_the_steepest_point():
    assert changes_sign(lambda x: x * EXACT.tanh(x / 2) - 1, digits(a_bend))
    assert changes_sign(lambda c: c - slope(digits(a_bend)), digits(c_phi))
    grid = np.linspace(0, 8, 801)
    assert max(float(slope(EXACT.mpf(x))) for x in grid) <= float(c_phi)


@pytest.mark.parametrize(
    ("constant", "published"),
    [
        (a_star, 2.567553740210),
        (lambda_star, 0.169917120746),
        (a_bend, 1.543404638418),
        (c_phi, 0.223871602347),
    ],
)
def test_constants_match_the_published_digits(constant, published):
    assert_allclose(float(constant), published, rtol=0, atol=6e-13)


def test_constants_behave_as_numbers_in_sympy():
    x = sympy.Symbol("x")
    assert (lambda_star * x).diff(x) == lambda_star
    assert sympy.latex(lambda_star * a_star) == r"a_\star \lambda_\star"
    assert str(a_star) == "a_star"
    assert 2 < a_star < 3
    assert a_star != a_bend
    low, high = a_star.approximation_interval(sympy.Rational)
    assert low < a_star < high
