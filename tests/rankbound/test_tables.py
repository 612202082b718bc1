import re

import pytest

from rankbound.tables import ESCAPES, NEEDS, booktabs, escaped

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
