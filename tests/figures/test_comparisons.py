from types import SimpleNamespace

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.figures.comparisons import draw_differences, draw_sweep, draw_verdicts
from rankbound.figures.output import data_of
from tests.figures.pictures import check_drawing

VERDICTS = ["different", "negligible", "equivalent", "inconclusive"]
ROWS = [
    SimpleNamespace(
        sampling=sampling,
        quantity="entropy",
        pairs=pairs,
        difference=difference,
        lower=difference - 0.03,
        upper=difference + 0.02,
        margin=0.02,
        smallest_margin=abs(difference) + 0.02,
        verdict=VERDICTS[(place + shift) % 4],
    )
    for place, (sampling, difference) in enumerate(
        {"bm25": -0.08, "crossencoder": 0.01, "an ensemble of many": 0.2}.items()
    )
    for shift, pairs in enumerate(("all", "pos-neg", "neg-neg"))
]


def changed(row, **changes):
    return SimpleNamespace(**vars(row) | changes)


def test_differences_are_fit_for_a_paper_and_keep_their_rows():
    ax = draw_differences(ROWS)
    check_drawing(ax)
    assert data_of(ax)["lower"] == [row.lower for row in ROWS]
    assert ax.get_xlabel() == "difference of entropy\nto the reference (nats)"
    colours = {child.get_color() for child in ax.lines}
    assert len(colours) == 5  # four verdicts and the line at 0


def test_verdicts_are_a_matrix_with_the_margins_in_it():
    ax = draw_verdicts(ROWS)
    check_drawing(ax)
    assert len(ax.patches) == len(ROWS)
    assert "±0.1" in {text.get_text() for text in ax.texts}
    assert ax.get_yticklabels()[0].get_text() == "bm25"


def test_a_missing_margin_is_a_dash_and_draws_no_band():
    rows = [changed(row, margin=None, smallest_margin=None) for row in ROWS]
    *cells, said = [text.get_text() for text in draw_verdicts(rows).texts]
    assert {*cells} == {"–"}
    assert "smaller is more alike" in said
    check_drawing(draw_differences(rows))


def test_many_rows_stand_in_groups_and_few_do_not():
    rows = [changed(row, sampling=f"s{n}") for n in range(5) for row in ROWS[:3]]
    ax = draw_differences(rows)
    check_drawing(ax)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[:5] == ["s0:", "all", "pos-neg", "neg-neg", "s1:"]
    places = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    names = dict(zip(ax.get_yticks(), labels, strict=True))
    assert [names[place] for place in places] == [row.pairs for row in rows]
    few = draw_differences(rows[:12]).get_yticklabels()
    assert few[0].get_text() == "s0, all"


def test_what_all_rows_share_is_said_once():
    rows = [
        changed(row, pairs="nDCG@10", sampling=str(n)) for n, row in enumerate(ROWS)
    ]
    ax = draw_differences(rows, words="paired difference", constants=["n = 43"])
    assert [one.get_text() for one in ax.get_yticklabels()] == [*"012345678"]
    assert ax.texts[-1].get_text() == "nDCG@10; grey: margin ±0.02; n = 43"


def test_a_sweep_is_a_line_for_each_sampling():
    means = {
        name: {2.0**power: shift + 0.05 * power for power in range(-2, 4)}
        for name, shift in (("random", 0.3), ("bm25", 0.2))
    }
    ax = draw_sweep(means)
    check_drawing(ax)
    assert data_of(ax)["temperature"][:2] == [0.25, 0.5]
    assert len(ax.lines) == 2


@pytest.mark.parametrize("draw", [draw_differences, draw_verdicts])
def test_several_quantities_or_none_are_refused(draw):
    with pytest.raises(DomainError, match="one quantity"):
        draw([*ROWS, changed(ROWS[0], quantity="diameter")])
    with pytest.raises(DomainError, match="one quantity"):
        draw([])


def test_an_empty_sweep_is_refused():
    with pytest.raises(DomainError):
        draw_sweep({})
