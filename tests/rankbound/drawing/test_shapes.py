from rankbound.drawing.catalogue import shape_drawings
from rankbound.figures.output import data_of
from tests.rankbound.drawing.folders import shape


def test_vectors_give_three_figures():
    found = shape_drawings({"bm25": shape()}, prefix="a/b", metric="angular")
    names = [drawing.name for drawing in found]
    assert names == ["a_b-distances", "a_b-two-nn", "a_b-norms"]
    assert {drawing.kind for drawing in found} == {"diameter"}
    ax = found[0].draw()
    assert ax.get_ylabel() == "distance of a pair (angular)"
    assert data_of(ax)["share"] == [*shape().shares]


def test_no_vectors_give_none():
    assert shape_drawings({}) == []
