import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.output import data_of
from rankbound.figures.quality import Cell, draw_quality
from tests.figures.pictures import check_drawing

ROWS = [
    Cell("a.run", "scored", 99, 100, good=True),
    Cell("a.run", "ties", 0, 100),
    Cell("b.run", "scored", None, None, good=True),
    Cell("b.run", "ties", 50, 100),
    Cell("c.run", "scored", 0, 0, good=True),
    Cell("c.run", "ties", 12, None),
]


def test_every_cell_is_a_number_or_says_that_there_is_none():
    ax = draw_quality(ROWS)
    check_drawing(ax)
    assert [t.get_text() for t in ax.texts] == ["99.0", "0", "–", "50.0", "–", "#12"]
    assert ax.get_xlabel() == "in %; –: does not apply; #: a count"


def test_lack_is_what_is_not_covered_or_what_is_odd():
    data = data_of(draw_quality(ROWS))
    assert data["lack"] == [pytest.approx(0.01), 0.0, None, 0.5, None, 1.0]
    assert data["share"] == [0.99, 0.0, None, 0.5, None, None]


def test_a_cell_is_darker_where_more_is_lacking():
    ax = draw_quality([Cell("a", str(k), k, 10) for k in (0, 1, 5, 10)])
    light = [sum(patch.get_facecolor()[:3]) for patch in ax.patches]
    assert light == sorted(light, reverse=True)
    assert len(set(light)) == 4
    inks = [text.get_color() for text in ax.texts]
    assert inks == ["black", "black", "white", "white"]


def test_a_wide_table_takes_a_page():
    rows = [Cell("a.run", f"column {n}", 1, 3) for n in range(12)]
    ax = draw_quality(rows)
    assert ax.get_figure().get_figwidth() == 7
    check_drawing(ax)


def test_nothing_is_refused():
    with pytest.raises(DomainError):
        draw_quality([])
