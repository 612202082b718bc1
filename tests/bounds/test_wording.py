import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.wording import counted, counted_reason


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
