"""No text of any figure is cut or lies over another, at both widths, for any names."""

import os

import pytest

from rankbound.drawing.catalogue import FIGURES
from rankbound.drawing.results import find_results
from rankbound.drawing.run import result_drawings, theory_drawings
from rankbound.figures.output import data_of
from rankbound.figures.style import COLUMN, PAGE, width
from tests.figures.pictures import check_legend, check_texts
from tests.optional import only_deep
from tests.rankbound.drawing import folders
from tests.rankbound.ledgers import judged, student


def everything(folder, names):
    """Results of every command, with these names for all that users name."""
    folders.comparison(folder / "compared", names=names)
    relevance = judged()
    students = {n: student(0.5, 0.6, relevance=relevance) for n in names[:1]}
    folders.ledger(folder / "measured", students)
    folders.ledger(folder / names[0], {}, diameters=False)
    folders.validation(folder / "validated", students=names[1:5])
    folders.inspection(folder / "looked" / "x.json", names=names[:2])
    folders.power(folder / "can" / "show.json", names=names)
    return folder


WIDTHS = pytest.mark.parametrize(
    "inches", [COLUMN, pytest.param(PAGE, marks=only_deep)]
)


@WIDTHS
def test_no_text_of_the_theory_is_cut_or_covered(inches):
    with width(inches):
        for drawing in theory_drawings():
            check(drawing)


@WIDTHS
def test_no_text_of_a_result_is_cut_or_covered(tmp_path, inches):
    found = find_results(everything(tmp_path, folders.TWELVE))
    drawings = [
        drawing for drawing in result_drawings(found, most=None) if drawing.draw
    ]
    assert {drawing.kind for drawing in drawings} == {*FIGURES}
    if os.environ.get("HYPOTHESIS_PROFILE") != "deep":
        # Two of a kind, and one where there is more room
        first = {d.kind: d for d in reversed(drawings)}
        last = {d.kind: d for d in drawings} if inches == COLUMN else {}
        drawings = [d for d in drawings if d in (*first.values(), *last.values())]
    with width(inches):
        for drawing in drawings:
            check(drawing)


def check(drawing):
    try:
        ax = drawing.draw()
        check_texts(ax)
        check_legend(ax)
        assert any(data_of(ax).values()), "nothing for the CSV beside it; see `keep`"
    except AssertionError as error:
        raise AssertionError(f"{drawing.name}: {error}") from None
