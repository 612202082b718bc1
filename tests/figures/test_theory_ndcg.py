import itertools
import math

import pytest

from rankbound.figures.output import data_of
from rankbound.figures.theory import draw_discount_steps, draw_ndcg_constants
from tests.figures.pictures import check_drawing


@pytest.mark.parametrize("draw", [draw_ndcg_constants, draw_discount_steps])
def test_the_drawing_is_fit_for_a_paper(draw):
    check_drawing(draw())


def test_one_relevant_document_falls_by_its_discount():
    data = data_of(draw_ndcg_constants((1,)))
    for inversions, loss in list(zip(data["inversions"], data["loss"], strict=True))[
        :121:4
    ]:
        assert loss == pytest.approx(1 - 1 / math.log2(2 + inversions))


@pytest.mark.parametrize("relevant", [1, 3, 10])
def test_what_counts_is_the_smaller_bound(relevant):
    ax = draw_ndcg_constants((relevant,))
    (dot,) = [line for line in ax.lines if len(line.get_xdata()) == 1]
    cross = dot.get_xdata()[0]
    assert cross == pytest.approx(relevant)
    curve, _, _, line, _ = ax.lines
    assert min(curve.get_xdata()) == cross == max(line.get_xdata())
    step = 1 - 1 / math.log2(3)
    for x, y in zip(curve.get_xdata(), curve.get_ydata(), strict=True):
        assert y <= step * x + 1e-9


def test_steps_are_the_largest_falls_of_the_discount():
    data = data_of(draw_discount_steps())
    for cutoff, step in zip(data["cutoff"], data["step"], strict=True):
        cut = [1 / math.log2(1 + j) if j <= cutoff else 0.0 for j in range(1, 99)]
        assert step == pytest.approx(max(a - b for a, b in itertools.pairwise(cut)))
