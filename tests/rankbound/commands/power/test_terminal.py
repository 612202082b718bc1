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
        show_power(found, console_for(stream))
        return stream.getvalue(), found

    return run


def test_numbers_and_how_to_read_them(shown):
    text, _ = shown(n=(43,), sd=(0.1,))
    assert "0.04373" in text
    assert "0.43" in text
    assert "finding none shows nothing" in text
    assert "queries for a margin" not in text


def test_what_a_margin_needs_and_why_betting_is_silent(shown):
    text, found = shown(sd=(0.1,), margin=0.02)
    assert "216" in text
    assert "-: betting needs the range of one difference" in text
    assert not any("difference, |rho|" in line for line in notes(found))


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
