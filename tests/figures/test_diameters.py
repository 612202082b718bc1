import pytest
from msgspec.structs import replace

from rankbound.bounds.errors import DomainError
from rankbound.figures.distributions import (
    Ends,
    draw_distances,
    draw_norms,
    draw_two_nn,
)
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing
from tests.rankbound.drawing.folders import shape

TWO = {"bm25": shape(), "random": shape()}


def test_distances_are_quantiles_with_the_exact_ends_marked():
    ax = draw_distances(TWO, exact={"random": Ends(1.1, 1.25)}, metric="euclidean")
    check_drawing(ax)
    assert data_of(ax)["distance"][:4] == [*shape().distances]
    marked = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert marked == [1.1, 1.25]
    assert ax.get_ylabel() == "distance of a pair (euclidean)"


def test_the_line_of_two_nn_has_the_dimension_for_its_slope():
    ax = draw_two_nn(TWO)
    check_drawing(ax)
    points, fit = ax.lines[:2]
    assert points.get_label() == "bm25: dimension 4.0"
    (x0, x1), (y0, y1) = fit.get_xdata(), fit.get_ydata()
    assert (x0, y0) == (0, 0)
    assert y1 / x1 == pytest.approx(4.0)
    assert data_of(ax)["log_ratio"] == [*shape().two_nn.log_ratio] * 2


def test_a_set_without_a_dimension_is_left_out_and_none_is_refused():
    none = replace(shape(), two_nn=replace(shape().two_nn, dimension=None))
    ax = draw_two_nn({"few": none, "bm25": shape()})
    assert set(data_of(ax)["name"]) == {"bm25"}
    with pytest.raises(DomainError, match="too few"):
        draw_two_nn({"few": none})


def test_lengths_are_shares_and_copies_are_counted():
    ax = draw_norms({"bm25": shape()})
    check_drawing(ax)
    assert data_of(ax)["share"] == pytest.approx([1 / 3, 2 / 3])
    (step,) = ax.patches
    assert step.get_label() == "bm25: 2 of 30 equal to another"


def test_lengths_that_are_all_equal_are_told_instead_of_a_spike():
    norms = replace(
        shape().norms, edges=(0.98, 0.9995, 1.0005, 1.02), counts=(0, 30, 0)
    )
    unit = replace(shape(), norms=norms)
    with pytest.raises(DomainError, match=r"length 1, .*bm25: 2 of 30 equal"):
        draw_norms({"bm25": unit})
    assert data_of(draw_norms({"unit": unit, "bm25": shape()}))["name"][0] == "unit"


@pytest.mark.parametrize("draw", [draw_distances, draw_two_nn, draw_norms])
def test_nothing_is_refused(draw):
    with pytest.raises(DomainError):
        draw({})
