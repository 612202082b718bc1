"""bounds.registry: complete, in order, and cheap to leave alone."""

import subprocess
import sys

import pytest

from rankbound import bounds
from rankbound.bounds.errors import DomainError
from rankbound.bounds.registry import REGISTRY, _in_order, statement

HEADINGS = [
    "lemma-0",
    "lemma-1",
    "lemma-2a",
    "lemma-2b",
    "lemma-2c",
    "lemma-3",
    "lemma-4",
    "theorem-1a",
    "theorem-1b",
    "theorem-1c",
    "theorem-1d",
    "theorem-1e",
    "theorem-1f",
    "theorem-1g",
    "theorem-1h",
    "theorem-2a",
    "theorem-2b",
    "theorem-2c",
    "theorem-2d",
    "theorem-2e",
    "theorem-2f",
    "theorem-2",
    "theorem-3a",
    "theorem-3b",
    "theorem-3c",
    "theorem-3d",
    "theorem-3e",
    "theorem-4a",
    "theorem-4b",
    "theorem-4c",
    "theorem-4d",
    "theorem-5a",
    "theorem-5b",
    "theorem-5c",
    "theorem-6a",
    "theorem-6b",
    "theorem-6c",
    "lemma-5a",
    "lemma-5b",
    "lemma-5c",
    "lemma-5d",
    "lemma-5e",
    "theorem-7a",
    "theorem-7b",
    "theorem-8a",
    "theorem-8b",
    "theorem-8c",
    "theorem-9a",
    "theorem-9b",
    "theorem-10a",
    "theorem-10b",
    "theorem-11a",
    "theorem-11b",
    "theorem-12",
    "loss-listwise",
    "loss-lce",
    "loss-mse",
    "bregman",
    "bregman-ensemble",
    "bregman-label",
    "paper-form",
    "comparator-auc",
    "comparator-pool",
    "comparator-margin",
    "comparator-teacher",
    "comparator-variance",
]


def test_registry_is_in_the_order_of_the_proofs():
    assert list(dict.fromkeys(entry.heading for entry in REGISTRY.values())) == HEADINGS


@pytest.mark.parametrize("entry", REGISTRY.values(), ids=lambda entry: entry.key)
def test_every_statement_is_complete(entry):
    assert REGISTRY[entry.key] is statement(entry.key) is entry
    assert entry.title
    assert entry.words.endswith(".")
    assert entry.source
    assert entry.left is not None
    assert (entry.expression is None) != (entry.procedure is None)


@pytest.mark.parametrize("entry", REGISTRY.values(), ids=lambda entry: entry.key)
def test_every_formula_is_balanced_latex(entry):
    if entry.expression is None:
        return
    text = entry.latex()
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    for code in ("Softplus", "Sigmoid", "Entropy", "Divergence", "{star}"):
        assert code not in text


def test_unknown_key_is_rejected_with_the_known_ones():
    with pytest.raises(DomainError, match="'lemma-99'; the statements are lemma-0, "):
        statement("lemma-99")


def test_registry_cannot_be_changed_and_refuses_duplicates():
    with pytest.raises(TypeError):
        REGISTRY["lemma-1"] = statement("lemma-0")
    with pytest.raises(DomainError, match="two statements are called 'lemma-1'"):
        _in_order(statement("lemma-1"), statement("lemma-1"))


def test_package_offers_the_public_names():
    assert bounds.REGISTRY is REGISTRY
    assert bounds.statement is statement
    for name in bounds.__all__:
        assert getattr(bounds, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'theorem'"):
        bounds.theorem  # noqa: B018


def test_limits_load_no_sympy_and_statements_no_framework():
    code = (
        "import sys, rankbound.bounds.limits; assert 'sympy' not in sys.modules;"
        "from rankbound.bounds.registry import statement;"
        "statement('lemma-1').numpy();"
        "assert not {'torch', 'jax', 'matplotlib', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
