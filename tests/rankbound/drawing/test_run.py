import csv
import json

import pytest

from rankbound.bounds.errors import DomainError
from rankbound.drawing.catalogue import FIGURES, MOST_FIGURES, Drawing
from rankbound.drawing.results import find_results
from rankbound.drawing.run import draw, drawn, result_drawings, theory_drawings
from rankbound.errors import UsageError
from tests.rankbound.drawing.folders import comparison, ledger, validation


def test_every_figure_has_its_numbers_beside_it_and_the_same_bytes(tmp_path):
    source = comparison(tmp_path / "from")
    first, _ = draw(source, tmp_path / "one", format="png")
    second, _ = draw(source, tmp_path / "two", format="png")
    assert first == second
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    figures = sorted(f"{n}{s}" for n in first for s in (".png", ".csv"))
    assert files == sorted([*figures, "rankbound.manifest.json"])
    for file in files:
        one, two = tmp_path / "one" / file, tmp_path / "two" / file
        assert one.read_bytes() == two.read_bytes()
    manifest = json.loads((tmp_path / "one" / "rankbound.manifest.json").read_text())
    assert sorted(manifest["results"]["figures"]["outputs"]) == figures
    with (tmp_path / "one" / "differences-entropy.csv").open() as stream:
        assert next(csv.DictReader(stream))["difference"] == "-0.07"


def test_what_is_missing_is_listed(tmp_path):
    source = ledger(tmp_path / "from", {})
    written, missing = draw(source, tmp_path / "out", format="svg")
    assert "entropy" in written
    reasons = dict(missing)
    assert "no student" in reasons["parts"]
    assert "rankbound inspect" in reasons["quality"]
    assert not {*written} & {*reasons}


def test_figures_are_as_wide_as_asked(tmp_path):
    source = comparison(tmp_path / "from")
    draw(source, tmp_path / "out", format="svg", width="page")
    text = (tmp_path / "out" / "sweep-all.svg").read_text()
    assert 'width="504pt"' in text


def test_nothing_is_written_where_there_are_no_results(tmp_path):
    (tmp_path / "from").mkdir()
    with pytest.raises(UsageError):
        draw(tmp_path / "from", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_are_distinct_whatever_lies_together(tmp_path):
    ledger(tmp_path / "one")
    ledger(tmp_path / "two")
    comparison(tmp_path / "compared")
    validation(tmp_path / "validated")
    drawings = theory_drawings() + result_drawings(find_results(tmp_path), most=None)
    names = [drawing.name for drawing in drawings]
    assert len(names) == len(set(names))
    assert {"entropy-ridges", "locality-entropy", "bound-against-risk"} <= {*names}
    assert all(drawing.draw or drawing.reason for drawing in drawings)


def test_every_kind_of_figure_is_drawn_or_has_its_line(tmp_path):
    drawings = result_drawings(find_results(comparison(tmp_path)))
    assert {drawing.kind for drawing in drawings} == {*FIGURES}
    missing = {d.name: d.reason for d in drawings if d.draw is None}
    assert {*missing} == {
        "limit", "parts", "scatter", "reliability", "correlations", "quality"
    }  # fmt: skip


def test_a_result_has_fifteen_figures_those_that_answer_first(tmp_path):
    each = ("all", "pos-neg", "neg-neg")
    results = find_results(comparison(tmp_path, each=each))
    every = result_drawings(results, most=None)
    drawable = {drawing.name for drawing in every if drawing.draw}
    some = result_drawings(results)
    kept = [drawing.name for drawing in some if drawing.draw]
    assert len(drawable) > len(kept) == MOST_FIGURES == 15
    assert {*kept} < drawable
    first = {}  # one of every kind is kept
    for drawing in every:
        if drawing.draw:
            first.setdefault(drawing.kind, drawing.name)
    assert {*first.values()} <= {*kept}
    (line,) = [drawing for drawing in some if "more figure" in drawing.name]
    left = len(drawable) - 15
    assert line.name == f"{left} more figures of comparison.json"
    assert "`all`" in line.reason
    written, missing = draw(tmp_path, tmp_path / "out", format="svg", all=True)
    assert {*written} == drawable
    assert not any("more figure" in name for name, _ in missing)


def test_folders_that_differ_by_signs_alone_have_figures_of_their_own(tmp_path):
    ledger(tmp_path / "a b")
    ledger(tmp_path / "a_b")
    names = [d.name for d in result_drawings(find_results(tmp_path))]
    assert len(names) == len(set(names))
    assert {"a_b-entropy", "a_b-entropy-2"} <= {*names}


def test_what_cannot_be_drawn_gives_its_reason():
    def refuse():
        raise DomainError("no values")

    found = list(drawn([Drawing("a", refuse), Drawing("b", None, "no file")]))
    assert [(d.name, ax, reason) for d, ax, reason in found] == [
        ("a", None, "no values"),
        ("b", None, "no file"),
    ]
