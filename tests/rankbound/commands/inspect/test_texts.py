from pathlib import Path

from rankbound.commands.inspect.parts import text_counts, text_findings
from rankbound.read.contents import Contents
from tests.rankbound.commands.inspect.world import codes, only

LONG = "a text of nine words or rather more of them"


def contents(texts, **metadata):
    return Contents("texts", Path("x"), texts=texts, metadata=metadata)


def test_ordinary_texts_have_no_finding():
    assert codes(text_findings(contents({"a": LONG, "b": LONG + "!"}, titles=1))) == {}


def test_empty_texts_are_no_duplicates_of_each_other():
    found = text_findings(contents({"a": LONG, "b": "", "c": " \n"}))
    assert codes(found) == {"empty-texts": 2}
    assert only(found, "empty-texts").example == "'b', 'c'"


def test_duplicates_are_counted_in_texts_and_sets():
    texts = {"a": LONG, "b": LONG + " x", "c": LONG, "d": LONG + " x", "e": LONG}
    found = contents(texts)
    assert only(text_findings(found), "duplicate-texts").count == 5
    assert text_counts(found).equal_sets == 2
    assert only(text_findings(found), "duplicate-texts").example == "'a', 'c', 'e'"


def test_short_texts_count_among_long_ones_only():
    assert (
        only(
            text_findings(contents({"a": LONG, "b": LONG + "!", "c": "two words"})),
            "short-texts",
        ).example
        == "'c'"
    )
    assert codes(text_findings(contents({"a": "two words", "b": "one"}))) == {}


def test_upper_case_and_missing_titles():
    texts = {"a": LONG.upper(), "b": LONG.upper() + "!"}
    assert codes(text_findings(contents(texts, titles=0))) == {
        "upper-case": 2,
        "no-titles": 2,
    }
