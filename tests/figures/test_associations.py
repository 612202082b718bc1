from types import SimpleNamespace

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.comparisons import draw_correlations
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing


def changed(row, **changes):
    return SimpleNamespace(**vars(row) | changes)


ROWS = [
    SimpleNamespace(
        dataset="dl19",
        sampling="top",
        student=student,
        term=term,
        measure=measure,
        spearman=value,
        lower=value - 0.2,
        upper=value + 0.2,
        p_holm=p,
    )
    for student in ("tasb", "splade_ed")
    for term, value, p in (("entropy", -0.4, 0.01), ("diameter", 0.05, 1.0))
    for measure in ("nDCG@10", "AP(rel=2)")
]


def test_the_forest_is_fit_for_a_paper_and_fills_what_is_significant():
    ax = draw_correlations(ROWS)
    check_drawing(ax)
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert {line.get_marker() for line in marks} == {"o", "s"}  # two measures
    filled = [m for m in marks if m.get_markerfacecolor() == m.get_color()]
    assert len(marks) == 8
    assert len(filled) == 4
    assert "8 cells" in ax.get_xlabel()


def test_labels_say_what_differs_and_no_more():
    labels = [t.get_text() for t in draw_correlations(ROWS).get_yticklabels()]
    assert labels == [
        *("tasb, entropy", "tasb, diameter"),
        *("splade_ed, entropy".replace("_", " "), "splade ed, diameter"),
    ]
    legend = draw_correlations(ROWS).get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["nDCG@10", "AP(rel=2)"]


def test_every_mark_stands_beside_its_term():
    ax = draw_correlations(ROWS)
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    middles = ax.get_yticks()
    for place, row in enumerate(ROWS):
        assert marks[place].get_xdata() == [row.spearman]
        y = marks[place].get_ydata()[0]
        nearest = min(range(4), key=lambda at: abs(middles[at] - y))
        assert nearest == place // 2


def test_samplings_are_told_apart():
    rows = [changed(ROWS[0], sampling=name) for name in ("bm25", "random")]
    ax = draw_correlations(rows)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["bm25", "random"]
    assert data_of(ax)["sampling"] == ["bm25", "random"]


def test_missing_coefficients_and_intervals():
    rows = [
        changed(ROWS[0], spearman=None),
        changed(ROWS[1], lower=None, p_holm=None),
    ]
    ax = draw_correlations(rows)
    assert len(data_of(ax)["spearman"]) == 1
    with pytest.raises(DomainError):
        draw_correlations(rows[:1])


def test_short_labels_leave_the_numbers_below_apart():
    ax = draw_correlations([changed(row, student="tasb") for row in ROWS[:1]])
    check_drawing(ax)
    one = [row for row in ROWS if (row.student, row.measure) == ("tasb", "nDCG@10")]
    ax = draw_correlations(one)
    check_drawing(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["entropy", "diameter"]
    assert ax.get_xlabel().startswith("Spearman's $\\rho$ with nDCG@10, 2 cells")
