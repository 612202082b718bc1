"""What a comparison says of itself on a terminal."""

import pytest

from rankbound.catalogue import DIFFERENCES
from rankbound.terminal.compare_repr import ORDER, comparison_repr
from tests.rankbound.results import compared


def test_every_verdict_has_its_place():
    assert set(DIFFERENCES) <= set(ORDER)


def test_a_line_has_difference_interval_and_queries():
    made = compared()
    answer = made.answers[0]
    found = answer.comparison
    [line] = [
        one
        for one in comparison_repr(made).splitlines()
        if f"{answer.question.quantity} ({answer.question.pairs} pairs)" in one
    ]
    assert f"[{found.lower:+.4f}, {found.upper:+.4f}]" in line
    assert line.endswith(f"n = {found.n}")
    assert line.strip().startswith(answer.verdict)


@pytest.mark.parametrize("word", ["'random'", "6 comparisons", "probability 0.95"])
def test_the_title_names_reference_and_family(word):
    assert word in comparison_repr(compared()).splitlines()[0]
