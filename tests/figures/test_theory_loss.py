import math

import numpy as np
import pytest

from rankbound.figures.output import data_of
from rankbound.figures.theory import (
    draw_entropy_floor,
    draw_loss_range,
    draw_query_width,
)
from tests.figures.pictures import check_drawing


@pytest.mark.parametrize(
    "draw", [draw_loss_range, draw_query_width, draw_entropy_floor]
)
def test_the_drawing_is_fit_for_a_paper(draw):
    check_drawing(draw())


def curve(ax, name, column):
    data = data_of(ax)
    chosen = [
        value for value, c in zip(data[column], data["curve"], strict=True) if c == name
    ]
    return np.array(chosen)


def test_losses_are_those_of_a_reversed_and_of_a_perfect_pair():
    ax = draw_loss_range(3.0)
    margin, worst = (
        curve(ax, "largest loss", "margin"),
        curve(ax, "largest loss", "nats"),
    )
    for a, loss in zip(margin[::40], worst[::40], strict=True):
        p = 1 / (1 + math.exp(-a))
        assert loss == pytest.approx(
            p * math.log1p(math.e**3) + (1 - p) * math.log1p(math.e**-3)
        )
    least = curve(ax, "smallest loss", "nats")
    p = 1 / (1 + math.exp(-margin[20]))
    assert margin[20] <= 3
    assert least[20] == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p))


def test_the_floor_is_below_the_entropy_and_meets_it_from_the_bend_on():
    ax = draw_entropy_floor()
    entropy = curve(ax, "entropy of a pair", "nats")
    floor = curve(ax, "floor from the mean margin", "nats")
    assert (floor <= entropy + 1e-12).all()
    beyond = curve(ax, "entropy of a pair", "margin") > 2.7
    assert np.allclose(floor[beyond], entropy[beyond])
    assert floor[20] < entropy[20] - 0.01
    assert (np.diff(floor, 2) > -1e-9).all()


def test_the_width_falls_from_that_of_a_pair():
    data = data_of(draw_query_width((10.0,)))
    assert data["width_nats"][0] == pytest.approx(10.0, abs=1e-3)
    assert dict(zip(data["group_size"], data["width_nats"], strict=True))[
        16
    ] == pytest.approx(5.652, abs=1e-3)
