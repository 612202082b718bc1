import pytest

from rankbound.bounds.errors import DomainError
from rankbound.drawing.catalogue import (
    Drawing,
    drawn,
    file_name,
    result_drawings,
    theory_drawings,
)
from rankbound.drawing.results import find_results
from rankbound.drawing.wanted import KINDS
from tests.rankbound.drawing.folders import comparison, ledger, validation


def test_names_are_distinct_whatever_lies_together(tmp_path):
    ledger(tmp_path / "one")
    ledger(tmp_path / "two")
    comparison(tmp_path / "compared")
    validation(tmp_path / "validated")
    drawings = theory_drawings() + result_drawings(find_results(tmp_path))
    names = [drawing.name for drawing in drawings]
    assert len(names) == len(set(names))
    assert {"entropy-ridges", "locality-entropy", "bound-against-risk"} <= {*names}
    assert all(drawing.draw or drawing.reason for drawing in drawings)


def test_every_kind_of_figure_is_drawn_or_has_its_line(tmp_path):
    drawings = result_drawings(find_results(comparison(tmp_path)))
    assert {drawing.kind for drawing in drawings} == {*KINDS}
    missing = {d.name: d.reason for d in drawings if d.draw is None}
    assert {*missing} == {
        "limit", "parts", "scatter", "reliability", "correlations", "quality"
    }  # fmt: skip


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


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "-", "..", "<script>"])
def test_a_users_name_makes_no_path(name):
    made = file_name(name)
    assert "/" not in made
    assert made
    assert not made.startswith(".")
