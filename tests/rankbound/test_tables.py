import re

import pytest

from rankbound.tables import (
    ESCAPES,
    NEEDS,
    Cell,
    Table,
    booktabs,
    escaped,
    latex,
    markdown,
)

NASTY = Table(
    "nasty",
    r"50 % of a_b & {c} \ $ # ~ ^ | <x> ≈",
    ("name_1", "x & y"),
    ((Cell("a|b", "c,d", "e", bold=True), Cell("1.0")),),
)
SPECIAL = "\\&%$#_{}~^<>|"


@pytest.mark.parametrize("letter", SPECIAL)
def test_what_means_something_to_latex_is_escaped(letter):
    assert escaped(letter) == ESCAPES[letter] != letter


def test_plain_text_stays_as_it_is():
    assert escaped("nDCG at 10: äöü") == "nDCG at 10: äöü"


def test_captions_and_headings_are_text_and_rows_are_latex():
    text = booktabs("a_b", ("x&y", "n"), [(r"\textbf{1}", "2")], label="t", n_labels=1)
    assert r"\caption{a\_b}" in text
    assert r"x\&y & n \\" in text
    assert r"\textbf{1} & 2 \\" in text
    assert r"\begin{tabular}{lr}" in text
    opened = re.findall(r"\\begin\{(\w+)\}", text)
    closed = re.findall(r"\\end\{(\w+)\}", text)
    assert opened == closed[::-1] == ["table", "tabular"]
    assert "booktabs" in NEEDS


def test_markdown_escapes_bars_and_marks_cells():
    text = markdown([NASTY])
    assert "| **a\\|b**<sup>c,d</sup><sub>≈e</sub> | 1.0 |" in text
    assert text.startswith("**50 % of")


def test_latex_escapes_everything():
    text = latex([NASTY])
    assert r"name\_1 & x \& y \\" in text
    cell = r"\textbf{a\textbar{}b}$^{\mathrm{c,d}}_{\approx\mathrm{e}}$ & 1.0 \\"
    assert cell in text
    assert r"\textless{}x\textgreater{} $\approx$}" in text
    assert escaped("\\") == r"\textbackslash{}"


def test_a_cell_without_marks_is_plain():
    text = latex([Table("t", "c", ("a",), ((Cell("1"),), (Cell("2", near="b"),)))])
    assert "\n1 \\\\\n2$_{\\approx\\mathrm{b}}$ \\\\\n" in text
