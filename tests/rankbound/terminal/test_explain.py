"""Statements in words: everything in the registry can be printed and is complete."""

import re

import pytest

from rankbound.bounds.assumptions import assumption
from rankbound.bounds.notation import B, delta, glossary, term
from rankbound.bounds.registry import REGISTRY
from rankbound.bounds.special import PairEntropy, Sigmoid, Softplus
from rankbound.catalogue import VERDICTS
from rankbound.errors import UsageError
from rankbound.terminal.compare import card_part
from rankbound.terminal.explain import (
    LEGEND,
    ORIGINS,
    USES,
    formula_text,
    glossary_text,
    list_text,
    statement_text,
    word_text,
)
from rankbound.terminal.words import WORDS
from tests.rankbound.comparisons import comparison


@pytest.mark.parametrize("key", REGISTRY)
def test_statement_text_holds_words_formula_symbols_and_assumptions(key):
    entry, text = REGISTRY[key], statement_text(key)
    assert text.startswith(f"{key}: {entry.title} ({entry.kind}, {entry.status})")
    flat = " ".join(text.split())
    assert " ".join(entry.words.split()) in flat
    for symbol in entry.arguments:
        assert term(symbol).meaning in flat
    for name in entry.assumptions:
        assert " ".join(assumption(name).text.split()) in flat
    assert entry.source in text
    assert f"origin: {ORIGINS[entry.provenance]}" in text
    assert f"section {key}" in text
    assert "\ue000" not in text
    if entry.expression is None and entry.procedure is not None:
        assert entry.procedure.__qualname__ in text
    # no class name of ours is left where a letter should stand
    assert not re.search(r"Softplus|Sigmoid|PairEntropy|BinaryEntropy", text)


def test_list_text_has_every_statement_once():
    lines = list_text().splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(REGISTRY)
    marked = [line.split()[0] for line in lines if line.endswith(" (reconstructed)")]
    assert marked == ["paper-form"]


def test_glossary_text_has_every_symbol():
    flat = " ".join(glossary_text().split())
    for entry in glossary():
        assert entry.code in flat


def test_formula_text_writes_letters_for_special_functions():
    assert formula_text(Softplus(B) + Sigmoid(B) + PairEntropy(B)) == (
        "ς(score_range) + σ(score_range) + φ(score_range)"
    )
    assert formula_text(delta) == "δ"
    assert set("ςσφ") <= set(LEGEND)


def test_statement_text_rejects_an_unknown_key_and_names_its_likes():
    with pytest.raises(UsageError, match=r"'theorem-1z'; did you mean theorem-1"):
        statement_text("theorem-1z")


def test_uses_name_statements_that_exist():
    assert set(USES) <= set(REGISTRY)


ASKED = (
    *("entropy", "diameter", "kappa", "locality", "teacher", "margin", "vacuous"),
    *("floor", "stake", "pilot", "certificate", "divergence", "temperature", "ECE"),
    *("shift", "stratified", "qrels", "run", "B", "Hard negatives", "Pilot queries"),
)


@pytest.mark.parametrize("word", ASKED)
def test_words_that_people_ask_for_are_defined_first(word):
    first, blank, meaning = word_text(word).splitlines()[:3]
    assert first in WORDS
    assert blank == ""
    assert WORDS[first].meaning.startswith(meaning)


def test_words_name_each_other_and_statements_once():
    names = [name.casefold() for key in WORDS for name in (key, *WORDS[key].also)]
    assert len(names) == len(set(names))
    known = {*WORDS, *REGISTRY, *VERDICTS}
    for key, word in WORDS.items():
        assert set(word.see) <= known - {key}


def test_a_short_word_is_not_the_beginning_of_others():
    assert "statements" not in word_text("run")  # as "running" would be
    assert "score_range" in word_text("B")


def test_a_word_that_is_not_known_has_each_of_its_likes_once():
    with pytest.raises(UsageError, match="did you mean ") as caught:
        word_text("L x diameter")
    hint = str(caught.value).partition("did you mean ")[2].partition("?")[0]
    likes = hint.split(" or ")
    assert len(likes) == len(set(likes)) == 3


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("kappa", "law, a ratio; from"),
        ("entropy", ", in nats; from"),
        ("n_docs", "the number of documents of a group"),
    ],
)
def test_a_quantity_has_its_unit(word, said):
    assert said in word_text(word)
    assert "documents, in documents" not in word_text(word)


def test_the_columns_of_the_sampling_card_are_explained():
    card, covered = word_text("sampling card"), word_text("scores covered")
    _, headings, _ = card_part(comparison())
    for heading in headings[1:]:
        assert f"`{heading}`" in card or heading in {*WORDS, "interval", "variance"}
    assert "0 to 100 %" in " ".join(covered.split())
    assert "variance of the teacher's scores" in " ".join(word_text("variance").split())
