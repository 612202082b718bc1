import numpy as np
import pytest

from rankbound.bounds.certificate import LN2
from rankbound.bounds.registry import statement
from rankbound.figures.output import data_of
from rankbound.figures.theory import (
    Setting,
    draw_bound_over_n,
    draw_bound_surface,
    draw_break_even,
    draw_parts,
    draw_shift,
)
from tests.figures.pictures import check_drawing

DRAWINGS = [draw_bound_over_n, draw_bound_surface, draw_break_even, draw_shift]


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_drawing_is_fit_for_a_paper(draw):
    check_drawing(draw())


@pytest.mark.parametrize("kappa", [1.0, 1.5])
def test_parts_are_fit_for_a_paper_and_end_at_their_sum(kappa):
    parts = {k: float(v) for k, v in Setting(kappa=kappa).parts().items()}
    ax = draw_parts(parts)
    check_drawing(ax)
    assert data_of(ax)["nats"][-1] == pytest.approx(sum(parts.values()))
    starts = data_of(ax)["start_nats"]
    assert starts[1] == pytest.approx(parts["entropy"])


def test_the_mark_is_where_the_bound_crosses_ln_2():
    ax = draw_bound_over_n()
    start = next(float(t.get_text().split()[-1].replace(",", "")) for t in ax.texts)
    setting = Setting()
    assert sum(setting.parts(n=start + 1).values()) < LN2
    assert sum(setting.parts(n=start - 1).values()) > LN2


def test_a_bound_that_stays_vacuous_has_no_mark():
    ax = draw_bound_over_n(Setting(entropy=0.69))
    assert not any("approx" in text.get_text() for text in ax.texts)
    check_drawing(ax)


def said(ax):
    """What is written below the axes, in pieces."""
    return ax.texts[-1].get_text().replace("\n", " ").split("; ")


def test_every_constant_is_said_but_what_the_axes_vary():
    numbers = {
        "$H$ = 0.42", "$D$ = 0.06", "$L$ = 5", "$\\Delta$ = 1.4", "$\\kappa$ = 1",
        "$n$ = 500,000", "$\\delta$ = 0.05", "$k$ = 16",
    }  # fmt: skip
    assert numbers - {*said(draw_bound_over_n())} == {"$n$ = 500,000"}
    assert numbers - {*said(draw_bound_surface())} == {"$H$ = 0.42", "$\\Delta$ = 1.4"}
    assert "$w$ = 2 nats" in said(draw_shift(2.0))


def test_the_surface_is_the_statement():
    data = data_of(draw_bound_surface())
    setting = Setting()
    bound = statement("theorem-2-prime").numpy()
    for row in (0, 1234, -1):
        diameter, entropy = data["diameter"][row], data["entropy_nats"][row]
        width = setting.parts(diameter=diameter)["deviation"] / np.sqrt(
            -np.log(0.05) / (2 * setting.n)
        )
        expected = bound(entropy, 0.06, 5.0, diameter, 1.0, setting.n, 0.05, width)
        assert data["bound_nats"][row] == pytest.approx(float(expected), rel=1e-9)


def test_equal_designs_break_even_at_equal_numbers():
    data = data_of(draw_break_even())
    rows = zip(*data.values(), strict=True)
    level = [q for r, h, q in rows if abs(r - 1) < 1e-9 and abs(h) < 1e-9]
    assert level == [pytest.approx(1.0)]


def test_one_document_costs_less_than_a_pair():
    data = data_of(draw_shift(2.0))
    half = len(data["nats"]) // 2
    pair, single = np.array(data["nats"][:half]), np.array(data["nats"][half:])
    assert (single <= pair + 1e-12).all()
    assert pair[-1] == pytest.approx(2.0 * (1 - 1 / 16))
