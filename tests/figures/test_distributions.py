import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.data import data_of
from rankbound.figures.distributions import draw_ecdf, draw_ridges
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


def test_ridges_mark_the_medians():
    ax = draw_ridges({"a": [0.0, 1.0, 5.0], "b": [2.0, 2.0, 2.0]})
    medians = [
        line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1
    ]
    assert medians == [1.0, 2.0]


@pytest.mark.parametrize("draw", [draw_ecdf, draw_ridges])
@pytest.mark.parametrize("bad", [{}, {"a": []}, {"a": [1.0, np.nan]}])
def test_no_values_are_refused(draw, bad):
    with pytest.raises(DomainError):
        draw(bad)
