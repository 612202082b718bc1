"""bounds.assumptions: named once, each with the way it breaks."""

import pytest

from rankbound.bounds.assumptions import ASSUMPTIONS, assumption
from rankbound.bounds.errors import DomainError


@pytest.mark.parametrize("entry", ASSUMPTIONS.values(), ids=lambda entry: entry.name)
def test_every_assumption_says_what_and_how_it_breaks(entry):
    assert ASSUMPTIONS[entry.name] is entry
    assert entry.text.endswith(".")
    assert entry.breaks_when.endswith(".")
    assert entry.title == entry.title.strip()


def test_unknown_assumption_is_rejected_with_the_known_ones():
    with pytest.raises(DomainError, match=r"'A9'; the assumptions are A0, A1, A1', A2"):
        assumption("A9")


def test_assumptions_cannot_be_changed():
    with pytest.raises(TypeError):
        ASSUMPTIONS["A9"] = ASSUMPTIONS["A0"]
