from types import SimpleNamespace

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.certificates import draw_reliability
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing

ROWS = [
    SimpleNamespace(
        from_=start,
        to=start + 0.05,
        student=word,
        n_pairs=pairs,
        mean_p=start + 0.02,
        observed=start + shift,
        interval=(start + shift - 0.06, min(1.0, start + shift + 0.05)),
    )
    for word, shift, pairs in (("agrees", 0.05, 90), ("disagrees", -0.1, 10))
    for start in (0.5, 0.7, 0.9)
]


def test_the_diagram_is_fit_for_a_paper_and_keeps_its_table():
    ax = draw_reliability(ROWS)
    check_drawing(ax)
    assert data_of(ax)["n_pairs"] == [90, 90, 90, 10, 10, 10]
    heights = [patch.get_height() for patch in ax.patches]
    assert sum(heights) == pytest.approx(1.0)


def test_no_pairs_are_refused():
    with pytest.raises(DomainError):
        draw_reliability([])
