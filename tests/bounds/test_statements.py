"""bounds.statements: a record that contradicts itself is refused."""

import dataclasses

import pytest
from sympy import Symbol, log

from bounds.errors import DomainError
from bounds.limits import kl_chernoff
from bounds.notation import A, B, R
from bounds.special import Sigmoid, Softplus
from bounds.statements import Statement


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
        ({"status": "believed"}, "status one of proved, cited, reconstructed"),
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
    with pytest.raises(DomainError, match="no number of its own"):
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
