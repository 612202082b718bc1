import pytest

from bounds.errors import DomainError
from rankbound.drawing.catalogue import (
    Drawing,
    drawn,
    file_name,
    result_drawings,
    theory_drawings,
)
from rankbound.drawing.results import find_results
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
