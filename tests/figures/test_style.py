import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from rankbound.bounds.notation import H, kappa, n
from rankbound.figures.style import (
    COLOURS,
    COLUMN,
    DASHES,
    MARKS,
    PAGE,
    axes_for,
    column_ticks,
    label,
    legend_above,
    line,
    mark,
    name_ticks,
    style,
    styled,
    width,
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


def test_a_width_holds_inside_its_block_and_drawings_may_need_more():
    with width(PAGE):
        assert axes_for(None).get_figure().get_figwidth() == PAGE
    assert axes_for(None).get_figure().get_figwidth() == COLUMN
    assert axes_for(None, least=5).get_figure().get_figwidth() == 5


def test_long_names_take_lines_and_the_figure_grows_with_them():
    ax = axes_for(None, height=1)
    name_ticks(
        ax, [0, 1], ["short", "a name that is by far too long for one line of it"]
    )
    texts = [label.get_text() for label in ax.get_yticklabels()]
    assert texts[0] == "short"
    assert "\n" in texts[1]
    assert ax.get_figure().get_figheight() > 1


def test_axes_of_others_keep_their_size():
    figure = Figure(figsize=(3, 1))
    ax = figure.add_subplot()
    name_ticks(ax, [0], ["a name that is by far too long for one line of this figure"])
    for place in range(9):
        ax.plot([0, 1], [0, place], label=f"a long name of line {place}")
    legend_above(ax)
    assert figure.get_figheight() == 1


def test_names_below_columns_stand_upright_where_they_are_too_wide():
    ax = axes_for(None)
    column_ticks(ax, ["all", "some"])
    assert [label.get_rotation() for label in ax.get_xticklabels()] == [0, 0]
    column_ticks(ax, [f"nDCG@{10 * n} of them" for n in range(1, 7)])
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {90}


def test_a_legend_has_as_many_columns_as_fit():
    def columns(names):
        ax = axes_for(None)
        for name in names:
            ax.plot([0, 1], [0, 1], label=name)
        legend_above(ax)
        return ax.get_legend()._ncols, ax.get_figure().get_figheight()

    assert columns(["a", "b", "c"])[0] == 3
    many, high = columns([f"a name of forty characters, number {n}" for n in range(6)])
    assert many == 1
    assert high > columns(["a", "b", "c"])[1]
