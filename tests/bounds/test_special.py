"""bounds.special: derivatives, exact values, symmetry, digits and LaTeX."""

import itertools

import pytest
import sympy
from numpy.testing import assert_allclose
from sympy import Abs, Rational, exp, log, oo, simplify
from sympy.core.function import ArgumentIndexError

from rankbound.bounds.special import (
    BinaryEntropy,
    Divergence,
    MarginDivergence,
    PairEntropy,
    Sigmoid,
    Softplus,
)
from tests import oracles

u, a, m = sympy.symbols("u a m", real=True)
p = sympy.Symbol("p", positive=True)

CASES = [
    Softplus(u),
    Sigmoid(u),
    PairEntropy(a),
    BinaryEntropy(p),
    Divergence(p, m),
    MarginDivergence(a, m),
]


@pytest.mark.parametrize("function", CASES, ids=lambda f: type(f).__name__)
def test_derivatives_match_the_elementary_form(function):
    for symbol in function.args:
        difference = function.diff(symbol).doit() - function.doit().diff(symbol)
        assert simplify(difference) == 0


@pytest.mark.parametrize("function", CASES, ids=lambda f: type(f).__name__)
def test_second_derivatives_match_the_elementary_form(function):
    point = {u: Rational(7, 5), a: Rational(-6, 5), m: Rational(3, 2), p: 0.3}
    for first, second in itertools.product(function.args, repeat=2):
        ours = function.diff(first, second).doit().subs(point).evalf(20)
        theirs = function.doit().diff(first, second).subs(point).evalf(20)
        assert_allclose(float(ours), float(theirs), rtol=1e-12)


@pytest.mark.parametrize("function", CASES, ids=lambda f: type(f).__name__)
def test_derivative_by_a_missing_argument_is_rejected(function):
    with pytest.raises(ArgumentIndexError):
        function.fdiff(len(function.args) + 1)


@pytest.mark.parametrize("function", CASES, ids=lambda f: type(f).__name__)
def test_rewrite_and_doit_leave_no_special_function(function):
    for form in (function.doit(), function.rewrite(exp)):
        assert not form.atoms(type(function), Softplus, Sigmoid)


def test_doit_reaches_nested_functions():
    assert Softplus(Sigmoid(u)).doit() == log(1 + exp(1 / (1 + exp(-u))))
    assert Softplus(Sigmoid(u)).doit(deep=False) == log(1 + exp(Sigmoid(u)))


def test_exact_values():
    assert Softplus(0) == log(2)
    assert (Softplus(oo), Softplus(-oo)) == (oo, 0)
    assert (Sigmoid(0), Sigmoid(oo), Sigmoid(-oo)) == (Rational(1, 2), 1, 0)
    assert (PairEntropy(0), PairEntropy(oo), PairEntropy(-oo)) == (log(2), 0, 0)
    assert [BinaryEntropy(x) for x in (0, Rational(1, 2), 1)] == [0, log(2), 0]
    assert Divergence(1, m) == Softplus(-m)
    assert MarginDivergence(u, u) == 0


def test_pair_entropy_is_even_and_the_entropy_of_a_sigmoid():
    assert PairEntropy(-a) == PairEntropy(a)
    assert simplify((PairEntropy(a) - BinaryEntropy(Sigmoid(a))).doit().diff(a)) == 0
    assert simplify(PairEntropy(a).doit() - PairEntropy(a).doit().subs(a, -a)) == 0
    assert PairEntropy(Abs(a)).is_real


def test_signs_are_known_to_sympy():
    assert Softplus(u).is_positive
    assert Sigmoid(u).is_positive
    assert MarginDivergence(a, m).is_real
    assert sympy.Symbol("z").is_real is Softplus(sympy.Symbol("z")).is_positive is None


@pytest.mark.parametrize("x", [-700, -30, -1, Rational(1, 3), 2, 40, 10**6])
def test_digits_match_loops(x):
    assert_allclose(float(Sigmoid(x)), oracles.sigmoid(float(x)), rtol=1e-14)
    assert_allclose(float(Softplus(x)), oracles.softplus(float(x)), rtol=1e-14)


def test_digits_survive_cancellation():
    # softplus(60) - softplus(50) - 10 sigmoid(50), with 25 digits of cancellation
    x, y = sympy.Float(50, 80), sympy.Float(60, 80)
    direct = log(1 + exp(y)) - log(1 + exp(x)) - 10 / (1 + exp(-x))
    found = MarginDivergence(50, 60).evalf(15)
    assert_allclose(float(found), float(direct), rtol=1e-13)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Softplus(u), r"\varsigma\left(u\right)"),
        (Sigmoid(-u) ** 2, r"\sigma^{2}\left(- u\right)"),
        (PairEntropy(a), r"\varphi\left(a\right)"),
        (BinaryEntropy(p), r"h\left(p\right)"),
        (
            Divergence(p, m),
            r"\mathrm{kl}\left(p \,\|\, \sigma\left(m\right)\right)",
        ),
        (
            MarginDivergence(a, m),
            r"\mathrm{kl}\left(\sigma\left(a\right) \,\|\, \sigma\left(m\right)\right)",
        ),
    ],
)
def test_latex(expression, expected):
    assert sympy.latex(expression) == expected
