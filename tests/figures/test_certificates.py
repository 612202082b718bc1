import numpy as np
import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.certificates import (
    Held,
    Order,
    draw_bound_against_risk,
    draw_locality_entropy,
)
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing, check_legend

ROWS = [
    Held(name, risk, risk + 0.1)
    for name in ("bilinear", "tasb")
    for risk in (0.5, 0.55, 0.9)
]


def points():
    rng = np.random.default_rng(1)
    return {
        name: (rng.normal(1.3, 0.05, 200), rng.beta(4, 4, 200) * 0.69)
        for name in ("random", "bm25", "crossencoder", "ensemble")
    }


def test_bounds_against_risks_are_fit_for_a_paper():
    ax = draw_bound_against_risk(ROWS)
    check_drawing(ax)
    assert data_of(ax)["upper"] == [row.upper for row in ROWS]


def test_the_plane_is_fit_for_a_paper_and_marks_means():
    named = points()
    floor = (np.linspace(1.1, 1.5, 9), np.linspace(0.3, 0.2, 9))
    ax = draw_locality_entropy(named, floor=floor)
    check_drawing(ax)
    large = [
        line
        for line in ax.lines
        if line.get_markersize() == 6 and line.get_marker() != "None"
    ]
    means = [(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in large]
    expected = [(x.mean(), y.mean()) for x, y in named.values()]
    assert means == [pytest.approx(pair) for pair in expected]


def test_a_floor_that_lies_on_the_axis_is_a_number():
    floor = (np.linspace(1.1, 1.5, 9), np.linspace(0.0031, 0.001, 9))
    ax = draw_locality_entropy(points(), floor=floor)
    check_drawing(ax)
    assert "coupling floor" not in {line.get_label() for line in ax.lines}
    assert "coupling floor: below 0.004 nats" in ax.texts[-1].get_text()


def test_many_students_of_several_groups_share_colours_and_marks():
    rows = [
        Held(f"{group} {model}", 0.4 + 0.01 * at, 0.5 + 0.02 * at, group, model)
        for group in ("random", "bm25", "crossencoder", "ensemble")
        for at, model in enumerate(("tasb", "splade", "bm25 itself", "ada2"))
    ]
    ax = draw_bound_against_risk(rows)
    check_drawing(ax)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [
        *dict.fromkeys(r.group for r in rows),
        *(r.model for r in rows[:4]),
    ]
    looks = {}
    for line in ax.lines[1:]:  # behind that of equality
        looks[line.get_label()] = line.get_color(), line.get_marker()
    assert len({*looks.values()}) == 16
    assert len({looks[row.student][0] for row in rows if row.group == "bm25"}) == 1
    assert len({looks[row.student][1] for row in rows if row.model == "tasb"}) == 1
    whole = draw_bound_against_risk([Held(r.student, r.risk, r.upper) for r in rows])
    check_legend(whole)


def test_the_order_of_systems_stands_below_the_axis():
    order = Order(tau=-0.5, lower=-0.913, upper=0.04, n=9)
    ax = draw_bound_against_risk(ROWS, risk="held-out risk", order=order)
    check_drawing(ax)
    first, second, third = ax.get_xlabel().splitlines()
    assert first == "held-out risk (nats)"
    assert second == r"Kendall's $\tau_b$ −0.50 (−0.91 to 0.04)"
    assert third == "9 systems, one split"


@pytest.mark.parametrize("draw", [draw_bound_against_risk, draw_locality_entropy])
def test_nothing_to_draw_is_refused(draw):
    with pytest.raises(DomainError):
        draw({} if draw is draw_locality_entropy else [])
