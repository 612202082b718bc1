import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from bounds.notation import H, kappa, n
from figures.style import (
    COLOURS,
    COLUMN,
    DASHES,
    MARKS,
    axes_for,
    label,
    legend_above,
    line,
    mark,
    style,
    styled,
)


def test_the_style_ends_with_its_block():
    before = mpl.rcParams["font.size"]
    with style():
        assert mpl.rcParams["font.size"] == 8
        assert mpl.rcParams["pdf.fonttype"] == 42
    assert mpl.rcParams["font.size"] == before


def test_new_axes_have_a_columns_width_and_given_ones_are_kept():
    assert axes_for(None).get_figure().get_size_inches()[0] == pytest.approx(COLUMN)
    ax = Figure().add_subplot()
    assert axes_for(ax) is ax


def test_labels_come_from_the_notation():
    assert label(H) == "teacher entropy $H$ (nats)"
    assert label(n, "queries") == "queries $n$"
    assert label(kappa, "ratio") == r"ratio $\kappa$"


def test_lines_differ_in_grey_too():
    greys = [0.3 * r + 0.59 * g + 0.11 * b for r, g, b in map(to_rgb, COLOURS[:4])]
    assert len(set(map(repr, DASHES[:4]))) == len(set(MARKS[:4])) == 4
    assert max(greys) - min(greys) > 0.1
    assert line(1) != line(2)
    looks = [(str(line(place)), mark(place)) for place in range(len(COLOURS) ** 2)]
    assert len(set(looks)) == len(looks)
    assert len({(line(p)["color"], mark(p)) for p in range(len(looks))}) == len(looks)


def test_a_styled_function_draws_in_the_style_and_a_legend_over_the_axes():
    @styled
    def draw(ax=None):
        ax = axes_for(ax)
        ax.plot([0, 1], [0, 1], label="line")
        legend_above(ax)
        assert mpl.rcParams["legend.frameon"] is False
        return ax

    ax = draw()
    ax.get_figure().draw_without_rendering()
    box = ax.get_legend().get_window_extent()
    assert box.y0 >= ax.get_window_extent().y1
