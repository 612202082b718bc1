import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.output import data_of
from rankbound.figures.power import (
    Source,
    draw_correlation_power,
    draw_difference_power,
)
from rankbound.validation.power import detectable_correlation
from tests.figures.pictures import check_drawing

CURVE = [(20, 0.16), (100, 0.05), (1000, 0.014)]
SOURCES = [
    Source("bm25", margins=CURVE, differences=[(30, 0.13)], margins_at=[(43, 0.1)]),
    Source("ensemble", margins_at=[(60, 0.04)]),
]


def rows(ax):
    return list(zip(*data_of(ax).values(), strict=True))


def test_correlations_are_those_of_the_tests_and_the_family():
    ax = draw_correlation_power([("dl19", 43)], family=8, power=0.9, delta=0.1)
    check_drawing(ax)
    found = detectable_correlation(43, power=0.9, delta=0.1 / 8)
    assert ("dl19", 43, found) in rows(ax)
    curve = {n: rho for name, n, rho in rows(ax) if name == "8 tests"}
    assert curve[10] == detectable_correlation(10, power=0.9, delta=0.1 / 8)
    assert ax.lines[2].get_label() == "dl19: n = 43"
    assert "power 0.9" in ax.get_xlabel()


def test_without_a_family_there_is_a_line_for_several_sizes():
    ax = draw_correlation_power()
    check_drawing(ax)
    names = [line.get_label() for line in ax.lines]
    assert names == ["1 test", "10 tests", "100 tests"]
    assert max(data_of(ax)["n"]) >= 1500


def test_marks_beyond_the_grid_lie_on_it():
    ax = draw_correlation_power([("few", 4), ("many", 90_000)])
    low, high = ax.get_xlim()
    assert low < 4
    assert high > 90_000


def test_one_source_shows_differences_and_margins():
    ax = draw_difference_power(
        SOURCES[:1], rule="by betting", unit="nats", margin=0.02, power=0.9
    )
    check_drawing(ax)
    found = [(kind, n, value) for _, n, kind, value in rows(ax)]
    expected = [("difference", 30, 0.13), *(("margin", *point) for point in CURVE)]
    assert found == [*expected, ("margin", 43, 0.1)]
    assert ax.get_ylabel() == "detectable (nats)"
    assert "power 0.9, by betting" in ax.get_xlabel()
    (band,) = ax.patches
    assert band.get_label() == "margin asked: 0.02"


def test_several_sources_show_margins_with_marks_that_may_stand_alone():
    ax = draw_difference_power(SOURCES, rule="by Student's t")
    check_drawing(ax)
    assert {kind for _, _, kind, _ in rows(ax)} == {"margin"}
    marked = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marked] == [43, 60]
    assert marked[1].get_label() == "ensemble"


def test_what_tiny_samples_show_does_not_flatten_the_rest():
    few = Source("few", margins=[(5, 9.0), *CURVE])
    assert draw_difference_power([few], rule="r").get_ylim()[1] < 0.2
    tiny = Source("tiny", margins=[(5, 9.0)])
    assert draw_difference_power([tiny], rule="r").get_ylim()[1] > 9


def test_no_source_and_none_to_draw_are_refused():
    for sources in ([], [*SOURCES, Source("empty")]):
        with pytest.raises(DomainError, match="a curve or a mark"):
            draw_difference_power(sources, rule="by betting")
