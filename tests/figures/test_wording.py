import pytest
from matplotlib.figure import Figure

from rankbound.figures.style import lines_in, shown, style, width_of, wrapped

ODD = ["$x$", "a$b", "_hidden", "负采样", "\U0001f600", "a\tb\nc", "", "plain", "Ünï"]


def drawn(text):
    """What matplotlib makes of a text: its label in a legend."""
    ax = Figure().add_subplot()
    ax.plot([0, 1], [0, 1], label=text)
    legend = ax.legend()
    ax.get_figure().draw_without_rendering()
    return [entry.get_text() for entry in legend.get_texts()]


@pytest.mark.parametrize("name", ODD)
def test_every_name_is_shown_in_a_legend_and_as_no_formula(name):
    with style():  # warnings about glyphs are errors here
        (text,) = drawn(shown(name))
    assert text.count("$") == text.count(r"\$")


def test_different_names_stay_different():
    assert len({shown(name) for name in ODD}) == len(ODD)
    assert shown("plain") == "plain"


@pytest.mark.parametrize("inches", [0.2, 0.7, 1.5])
@pytest.mark.parametrize("text", ["a-long-name/of a sampling", "x" * 60, "short", ""])
def test_lines_fit_and_nothing_is_lost(text, inches):
    found = wrapped(text, inches)
    assert found.replace("\n", "") == text
    assert all(width_of(line.rstrip()) <= inches for line in found.split("\n"))


def test_lines_are_broken_where_words_end():
    assert wrapped("one two three", 0.6).split("\n") == ["one two ", "three"]
    assert lines_in(["a", "b\nc\nd"]) == 3
    assert lines_in([]) == 1


def test_widths_are_those_of_the_text_in_the_figure():
    with style():
        figure = Figure(dpi=100)
        text = figure.text(0, 0, "a name of some length", fontsize=7)
        extent = text.get_window_extent()
    assert width_of("a name of some length") == pytest.approx(extent.width / 100, 0.05)
