"""bounds.statements: a record that contradicts itself is refused."""

import dataclasses
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Rational, Symbol, floor, log

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import kl_chernoff
from rankbound.bounds.notation import A, B, R, n, term, w
from rankbound.bounds.registry import REGISTRY, statement
from rankbound.bounds.special import Sigmoid, Softplus
from rankbound.bounds.statements import Statement


def example(**changes):
    fields = {
        "key": "lemma-9x-upper",
        "title": "Example",
        "words": "An example.",
        "kind": "upper",
        "status": "proved",
        "source": "-",
        "relation": "<=",
        "left": R,
        "expression": Softplus(B) + log(2),
        "arguments": (B,),
    }
    return Statement(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "loose"}, "kind must be one of identity, tight, upper, lower"),
        ({"status": "believed"}, "status must be one of proved, cited, got 'believed'"),
        ({"status": "reconstructed"}, "status must be one of proved, cited"),
        ({"provenance": "unknown"}, "one of ours, literature, reconstructed, got"),
        ({"relation": ">="}, "relates its sides by <="),
        ({"relation": "="}, "relates its sides by <="),
        ({"kind": "identity"}, "relates its sides by ="),
        ({"kind": "tight"}, "attained_by"),
        ({"attained_by": "nothing"}, "attained_by"),
        ({"arguments": ()}, "free symbols"),
        ({"arguments": (B, A)}, "free symbols"),
        ({"arguments": (B, B)}, "free symbols"),
        ({"expression": None}, "free symbols"),
        ({"assumptions": ("A77",)}, "A77"),
    ],
)
def test_statement_rejects_contradictions(changes, message):
    with pytest.raises(DomainError, match=message):
        example(**changes)


def test_latex_is_printed_from_the_expression():
    assert example().latex() == r"R \le \varsigma\left(B\right) + \ln{\left(2 \right)}"
    assert example(left=None, expression=B).latex() == "B"
    tight = example(kind="tight", relation=">=", attained_by="a case", expression=B)
    assert tight.latex() == r"R \ge B"
    assert example(kind="identity", relation="=", expression=B).latex() == "R = B"


def test_derivative_is_symbolic_and_rejects_other_symbols():
    assert example().derivative(B) == Sigmoid(B)
    with pytest.raises(DomainError, match="its arguments are score_range"):
        example().derivative(A)
    with pytest.raises(DomainError, match="does not depend"):
        example().derivative(Symbol("B"))  # a namesake is another symbol


def test_views_of_a_procedure_point_to_it():
    entry = example(expression=None, arguments=(), procedure=kl_chernoff)
    for view in (entry.latex, entry.numpy, entry.torch, entry.jax):
        with pytest.raises(DomainError, match=r"bounds\.limits\.kl_chernoff"):
            view()
    with pytest.raises(DomainError, match="no value to compute"):
        example(expression=None, arguments=()).numpy()


@pytest.mark.parametrize(
    ("key", "heading"),
    [
        ("lemma-1", "lemma-1"),
        ("lemma-2c-upper", "lemma-2c"),
        ("theorem-1h-bilinear", "theorem-1h"),
    ],
)
def test_heading_is_the_whole_statement(key, heading):
    assert example(key=key).heading == heading


def test_statements_are_frozen_and_compare_by_value():
    assert example() == example()
    assert example() != example(title="Other")
    with pytest.raises(dataclasses.FrozenInstanceError):
        example().title = "Other"


SMOOTH = [
    entry
    for entry in REGISTRY.values()
    if entry.expression is not None and not entry.expression.has(floor)
]


def inside(entry, seed):
    rng = np.random.default_rng(seed)
    numbers = {}
    for symbol in entry.arguments:
        domain = term(symbol).domain
        low = float(domain.inf) if domain.inf.is_finite else 0.5
        high = float(domain.sup) if domain.sup.is_finite else low + 4.0
        numbers[symbol] = low + (high - low) * rng.uniform(0.2, 0.8)
    return numbers


@pytest.mark.parametrize("entry", SMOOTH, ids=lambda entry: entry.key)
def test_elasticities_and_sensitivities_match_small_steps(entry):
    numbers, view = inside(entry, 141), entry.numpy()
    slopes, elastic = entry.sensitivities(), entry.elasticities()
    assert tuple(slopes) == tuple(elastic) == entry.arguments
    value = view(*numbers.values())
    for symbol, x in numbers.items():
        ends = [
            view(*(numbers | {symbol: x * factor}).values())
            for factor in (1 - 1e-5, 1 + 1e-5)
        ]
        step = (ends[1] - ends[0]) / (2e-5 * x)
        assert_allclose(float(slopes[symbol].subs(numbers)), step, rtol=1e-5, atol=1e-8)
        percent = float(elastic[symbol].subs(numbers))
        assert_allclose(percent * value, step * x, rtol=1e-5, atol=1e-8)


def test_elasticities_of_a_product_of_powers_are_its_exponents():
    elastic = statement("theorem-1h").elasticities()
    assert elastic[w] == 1
    assert elastic[n] == -Rational(1, 2)


def test_steps_have_no_derivative():
    with pytest.raises(DomainError, match="group_size, which enters rounded down"):
        statement("lemma-2c-cut-ratio").sensitivities()
    with pytest.raises(DomainError, match="rounded down"):
        statement("lemma-2c-cut-ratio").elasticities()


def test_new_views_of_a_procedure_point_to_it():
    entry = example(expression=None, arguments=(), procedure=kl_chernoff)
    calls = (entry.javascript, entry.sensitivities, entry.elasticities)
    for view in (*calls, lambda: entry.solve_for(B)):
        with pytest.raises(DomainError, match=r"bounds\.limits\.kl_chernoff"):
            view()


def test_solving_and_javascript_are_views_of_the_expression():
    entry = example()
    assert entry.solve_for(B)(2 * math.log(2)) == 0.0
    assert "softPlus(score_range)" in entry.javascript()
