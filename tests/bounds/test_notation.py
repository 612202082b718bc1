"""bounds.notation: one record per symbol, complete and without clashes."""

import keyword

import pytest
import sympy

from rankbound.bounds import notation
from rankbound.bounds.notation import B, glossary, term
from rankbound.bounds.registry import REGISTRY

UNITS = {
    "nats",
    "nats squared",
    "score",
    "score per distance",
    "distance",
    "count",
    "1",
}


def test_symbols_and_code_names_are_unique():
    entries = glossary()
    assert len({entry.symbol for entry in entries}) == len(entries)
    assert len({entry.symbol.name for entry in entries}) == len(entries)
    assert len({entry.code for entry in entries}) == len(entries)


@pytest.mark.parametrize("entry", glossary(), ids=lambda entry: entry.code)
def test_every_record_is_complete(entry):
    assert entry.code.isidentifier()
    assert entry.code.islower()
    assert not keyword.iskeyword(entry.code)
    assert entry.unit in UNITS
    assert entry.meaning
    assert not entry.meaning.endswith(".")
    assert isinstance(entry.domain, sympy.Set)
    assert entry.symbol.is_real
    if entry.domain.inf >= 0:
        assert entry.symbol.is_nonnegative


@pytest.mark.parametrize("entry", glossary(), ids=lambda entry: entry.code)
def test_latex_has_balanced_braces(entry):
    text = sympy.latex(entry.symbol)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


def test_every_symbol_of_the_module_is_in_the_glossary():
    symbols = {v for v in vars(notation).values() if isinstance(v, sympy.Symbol)}
    assert symbols == {entry.symbol for entry in glossary()}


def test_every_argument_of_a_statement_is_in_the_glossary():
    for entry in REGISTRY.values():
        for symbol in entry.arguments:
            assert term(symbol).symbol is symbol


def test_term_rejects_a_stranger_with_the_same_name():
    assert term(B).code == "score_range"
    with pytest.raises(KeyError):
        term(sympy.Symbol("B"))
