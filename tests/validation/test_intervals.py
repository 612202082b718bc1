"""Intervals: enclosures contain the range, and proofs are proofs."""

import importlib.util

import numpy as np
import pytest
import sympy
from sympy import Abs, Heaviside, Min, Symbol, exp, log, sqrt, tanh

from rankbound.bounds.registry import statement
from rankbound.bounds.special import PairEntropy, Sigmoid, Softplus, a_star, lambda_star
from rankbound.validation.symbolic import (
    Enclosure,
    FlintArithmetic,
    MpmathArithmetic,
    arithmetic,
    least,
)

x, y = Symbol("x", real=True), Symbol("y", real=True)
LIBRARIES = [MpmathArithmetic]
if importlib.util.find_spec("flint"):
    LIBRARIES.append(FlintArithmetic)
EXPRESSIONS = [
    Softplus(x) - Softplus(-x) * y,
    Sigmoid(x * y),
    PairEntropy(x - y),
    Abs(x) + Min(x, y) - y**3,
    exp(x) / (2 + tanh(y)) + sqrt(x**2 + 1),
    log(x**2 + y**2 + 1) * sympy.Float(0.3),
    sympy.Piecewise((x, x <= y), (y**2, True)),
    a_star * x - lambda_star,
    Heaviside(x, 0),
]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_enclosures_contain_every_value(library, expression):
    rng = np.random.default_rng(0)
    enclosure = Enclosure(library())
    for _ in range(10):
        ends = np.sort(rng.normal(0, 2, (2, 2)), axis=1).tolist()
        box = {x: tuple(ends[0]), y: tuple(ends[1])}
        low, high = enclosure.of(expression, box)
        for u, v in rng.uniform(*np.array(ends).T, (10, 2)).tolist():
            value = float(expression.subs({x: u, y: v}).evalf())
            assert low <= value <= high


@pytest.mark.parametrize("library", LIBRARIES)
def test_enclosures_of_points_are_tight(library):
    low, high = Enclosure(library()).of(Softplus(x), {x: (-40.0, -40.0)})
    exact = float(sympy.log(1 + exp(-40)).evalf(30))
    assert low <= exact <= high
    assert high - low < 1e-30


def test_flint_is_used_where_it_is_installed():
    expected = "arb" if importlib.util.find_spec("flint") else "mpmath.iv"
    assert arithmetic().name == expected


def test_a_false_inequality_is_not_proved():
    entry = statement("lemma-2b-upper")
    box = dict.fromkeys(entry.arguments, (0.0, 5.0))
    A, B = entry.arguments
    corner = Softplus(B) - Sigmoid(-A) * B
    assert least(entry.expression - corner, box, floor=-0.05)[0]
    assert not least(0.9 * entry.expression - corner, box, floor=-0.05)[0]
    assert least(0.9 * entry.expression - corner, box, floor=-0.05)[1] < 50


def test_giving_up_is_no_proof():
    assert least(x * x - x, {x: (0.0, 1.0)}, floor=-0.25 - 1e-12, boxes=20) == (
        False,
        21,
    )


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_cannot_be_evaluated_is_not_proved(library):
    low, high = Enclosure(library()).of(1 / x, {x: (-1.0, 1.0)})
    assert low == -np.inf
    assert high == np.inf
    assert not least(1 / x, {x: (-1.0, 1.0)}, floor=-5.0, boxes=50)[0]
