import pytest

from rankbound.commands.inspect.layout import matching_rule, odd_ids
from tests.rankbound.commands.inspect.world import codes, only

NUMBERS = [str(n) for n in range(95, 131)]


@pytest.mark.parametrize(
    ("rewrite", "words"),
    [
        (lambda name: f"D{name}", "drop the prefix 'D' on the right"),
        (lambda name: f"msmarco_{name}", "drop the prefix 'msmarco_' on the right"),
        (lambda name: f"{name}.0", "drop a trailing '.0'"),
        (lambda name: f"{name:0>7}", "drop leading zeros"),
        (lambda name: f"D{name:0>7}", "the prefix 'D' on the right, and leading zeros"),
        (lambda name: f" {name}", "strip blanks"),
        (lambda name: f"D{name}.0", "the prefix 'D' on the right, and a trailing '.0'"),
    ],
)
def test_the_rule_that_would_match_is_named(rewrite, words):
    rule = matching_rule(NUMBERS, [rewrite(name) for name in NUMBERS])
    assert words in rule.text
    assert rule.matched == 1.0
    assert rewrite(rule.left) == rule.right
    back = matching_rule([rewrite(name) for name in NUMBERS], NUMBERS)
    assert rewrite(back.right) == back.left


def test_case_and_prefixes_on_both_sides():
    names = ["alpha", "beta", "gamma"]
    assert "case" in matching_rule(names, [name.upper() for name in names]).text
    left, right = [f"q{n}" for n in NUMBERS], [f"topic-{n}" for n in NUMBERS]
    rule = matching_rule(left, right)
    assert rule.text == (
        "drop the prefix 'q' on the left and drop the prefix 'topic-' on the right"
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (NUMBERS, NUMBERS),  # nothing to gain
        (["a", "b"], ["c", "d"]),
        ([], ["a"]),
        (["D1", "D2", "D3", "D4"], ["1", "7", "8", "9"]),  # a quarter is too little
    ],
)
def test_no_rule_is_invented(left, right):
    assert matching_rule(left, right) is None


def test_large_sides_are_sampled_evenly():
    left = [f"D{n}" for n in range(5000)]
    assert matching_rule(left, [str(n) for n in range(9000)]).matched == 1.0


def test_odd_ids_are_found_by_what_other_tools_make_of_them():
    names = ["1.0", "22.00", "1.5", "NA", "null", " x", "y ", "z", "3"]
    found = odd_ids(names, "document")
    assert codes(found) == {"float-ids": 2, "missing-like-ids": 2, "blanks-in-ids": 2}
    assert only(found, "float-ids").example == "'1.0'"
    assert codes(odd_ids(["a", "1"], "query")) == {}
