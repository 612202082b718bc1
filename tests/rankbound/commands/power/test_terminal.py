import io

import pytest

from rankbound.commands.power.run import PowerOptions, power_with
from rankbound.terminal.console import console_for
from rankbound.terminal.power import notes, show_power


@pytest.fixture
def shown():
    def run(**options):
        stream = io.StringIO()
        found = power_with(PowerOptions(**options))
        show_power(found, console_for(stream), details=True)
        return " ".join(stream.getvalue().split()), found

    return run


def test_numbers_and_how_to_read_them(shown):
    text, found = shown(n=(43,), sd=(0.1,))
    [row] = found.rows
    assert f"{row.rule_difference:.4g}" in text
    assert f"{row.rule_share:.3f}" in text
    assert "a normal one with the sd" in text
    assert "direction: decides where no range is known beforehand" in text
    assert "-: without a range" in text
    assert "0.43" in text
    assert "finding none shows nothing" in text
    assert "queries for a margin" not in text


def test_what_a_margin_needs_by_the_rule_that_decides(shown):
    text, found = shown(sd=(0.1,), margin=0.02, half_range=0.7, law="uniform")
    [needed] = found.needed
    assert f"betting uniform {needed.n_rule} -" in text
    assert "Student" not in text
    assert not any("difference, |rho|" in line for line in notes(found))


def test_why_a_number_is_missing(shown):
    text, found = shown(n=(3,), sd=(0.1,), half_range=0.7)
    assert found.rows[0].rule_difference is None
    assert "-: too few queries: the rule finds no mean difference" in text


def test_a_family_is_named(shown):
    assert (
        "0.0125 each, 0.05 over 4 comparisons"
        in shown(n=(3,), sd=(0.1,), comparisons=4)[0]
    )


def test_without_a_spread_the_correlation_and_what_the_rest_would_need(shown):
    text, _ = shown(n=(43,))
    assert "0.43" in text
    assert "need the spread over queries; give `sd`" in text
    assert "|rho|: the smallest" in text
    assert "equivalent within it" not in text
