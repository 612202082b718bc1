import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.bounds.wording import counted, counted_reason

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("noun", "nouns"),
    [("query", "queries"), ("group", "groups"), ("key", "keys"), ("day", "days")],
)
@given(number=st.integers(0, 10**7))
def test_number_and_noun_agree(noun, nouns, number):
    text = counted(number, noun)
    figure, said = text.split(" ")
    assert int(figure.replace(",", "")) == number
    assert said == (noun if number == 1 else nouns)


def test_irregular_nouns_are_given():
    assert counted(1, "document stands", "documents stand") == "1 document stands"
    assert counted(2, "document stands", "documents stand") == "2 documents stand"


@pytest.mark.parametrize(
    ("reason", "one", "two"),
    [
        ("documents", "1 document", "2 documents"),
        (
            "groups_without_pos-neg_pairs",
            "1 group without pos-neg pairs",
            "2 groups without pos-neg pairs",
        ),
        (
            "queries_without_judgements",
            "1 query without judgements",
            "2 queries without judgements",
        ),
    ],
)
def test_keys_of_counts_are_read_as_words(reason, one, two):
    assert counted_reason(1, reason) == one
    assert counted_reason(2, reason) == two


COUNTS = "queries|groups|documents|rows|students|files|vectors|tests|others"
# Expressions that are no count of what follows, or one of at least two
OTHERS = (
    *("pairs", "kind", "LEAST", "NEEDED", "NEGATIVES", "POOLED", "suffix", "sampling"),
    *("share(", "family", "words", "alike.largest", "join(", "PROVIDED", "named"),
)


def counts_of(path):
    """Counts before a plural noun in the f-strings of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                part.value
                if isinstance(part, ast.Constant)
                else f"{{{ast.unparse(part.value)}}}"
                for part in node.values
            )
            yield from re.findall(rf"{{([^{{}}]*)}} (?:{COUNTS})\b", text)


# Readers speak of columns and widths of broken files
@pytest.mark.parametrize("folder", ["bounds", "estimators", "rankbound"])
def test_messages_count_through_the_one_helper(folder):
    found = {
        str(path.relative_to(ROOT)): counts
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "read" not in path.parts
        and (
            counts := [
                one
                for one in counts_of(path)
                if not any(word in one for word in OTHERS)
            ]
        )
    }
    assert found == {}
