import logging

import pytest
from matplotlib.figure import Figure

from rankbound.bounds.errors import DomainError
from rankbound.figures import theory
from rankbound.figures.output import rendered

START = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}


def drawn():
    ax = Figure(figsize=(2, 1)).add_subplot()
    ax.plot([0, 1], [1, 0])
    ax.set_xlabel("a label")
    return ax


@pytest.mark.parametrize("extension", START)
def test_bytes_depend_on_the_drawing_alone(extension):
    content = rendered(drawn(), extension)
    assert content.startswith(START[extension])
    assert content == rendered(drawn(), extension)
    assert b"Date" not in content or extension == "png"


def test_fonts_are_embedded_in_the_pdf():
    content = rendered(drawn(), "pdf")
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


def test_another_extension_and_removed_axes_are_refused():
    with pytest.raises(DomainError, match="pdf, png, svg"):
        rendered(drawn(), "gif")
    ax = drawn()
    ax.remove()
    with pytest.raises(DomainError, match="belong to no figure"):
        rendered(ax, "pdf")


def test_nothing_is_said_of_dates_inside_a_font(caplog):
    rendered(theory.draw_break_even(), "pdf")
    assert "timestamp" not in caplog.text
    assert logging.getLogger("fontTools").level == logging.NOTSET
