import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.distributions import draw_ecdf, draw_ridges
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing


def values():
    rng = np.random.default_rng(4)
    return {"random": rng.beta(2, 2, 80), "bm25": rng.beta(2, 4, 50), "flat": [0.5] * 9}


@pytest.mark.parametrize("draw", [draw_ecdf, draw_ridges])
def test_the_drawing_is_fit_for_a_paper(draw):
    check_drawing(draw(values()))


def test_shares_count_queries_at_or_below():
    data = data_of(draw_ecdf({"a": [3.0, 1.0, 2.0, 2.0]}))
    assert data["value"] == [1.0, 2.0, 2.0, 3.0]
    assert data["share"] == [0.25, 0.5, 0.75, 1.0]


def test_the_line_is_what_the_data_say():
    ax = draw_ecdf({"a": [3.0, 1.0, 2.0, 2.0]})
    data, [line] = data_of(ax), ax.lines
    assert line.get_xdata()[1:].tolist() == data["value"]
    assert line.get_ydata().tolist() == [0.0, *data["share"]]


def test_a_ridge_ends_with_its_values_and_none_needs_a_density():
    near = 0.5 + 1e-16 * np.arange(9)
    ax = draw_ridges({"a": [0.0, 1.0, 5.0], "one": [0.5], "near": near})
    first, *_ = ax.collections
    outline = first.get_paths()[0].vertices
    assert (outline[:, 0].min(), outline[:, 0].max()) == (0.0, 5.0)
    assert outline[:, 1].min() == pytest.approx(-0.85)
    assert outline[:, 1].max() == pytest.approx(0.0)


def test_ridges_mark_the_medians():
    ax = draw_ridges({"a": [0.0, 1.0, 5.0], "b": [2.0, 2.0, 2.0]})
    medians = [line.get_xdata()[0] for line in ax.lines if line.get_color() == "black"]
    assert medians == [1.0]
    (mark,) = [line for line in ax.lines if line.get_color() != "black"]
    assert mark.get_xdata() == [2.0]
    assert "all 2 " in [text.get_text() for text in ax.texts]


def test_values_that_are_all_equal_are_no_ridges():
    with pytest.raises(DomainError, match="same value"):
        draw_ridges({"a": [0.5] * 9, "b": [0.7] * 9})


@pytest.mark.parametrize("draw", [draw_ecdf, draw_ridges])
@pytest.mark.parametrize("bad", [{}, {"a": []}, {"a": [1.0, np.nan]}])
def test_no_values_are_refused(draw, bad):
    with pytest.raises(DomainError):
        draw(bad)
