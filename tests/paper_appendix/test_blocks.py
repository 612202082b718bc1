"""paper_appendix.markdown: the subset of Markdown is converted, all else is refused."""

import pytest

from paper_appendix.document import AppendixError
from paper_appendix.markdown import LONG, to_latex, visible


def test_headings_have_levels():
    text = to_latex("## One\n\n### Two\n\n#### lemma-1", where="x")
    assert text.split("\n\n")[:2] == [r"\section{One}", r"\subsection{Two}"]
    assert r"\paragraph{\hyperref[st:lemma-1]" in text


def test_lists_keep_order_and_continuations():
    assert to_latex("- one\n  more\n- two", where="x") == (
        "\\begin{itemize}\n\\item one more\n\\item two\n\\end{itemize}"
    )
    assert to_latex("1. one\n2. two", where="x").startswith("\\begin{enumerate}")


def test_display_stays_in_its_paragraph():
    text = to_latex("Hence\n\n$$\na\n$$\n\nSo", where="x")
    assert text == ("Hence\n\\begin{equation*}\na\n\\end{equation*}\n\nSo")


def test_long_displays_break_where_their_source_does():
    side = "x" * LONG
    text = to_latex(f"$$\n{side}\n= b\ng\n$$", where="x")
    assert f"&{side} \\\\\n&\\quad = b\ng\n" in text
    assert "aligned" not in to_latex("$$\na\n= b\n$$", where="x")


def test_tables_have_a_header_and_fill_the_line():
    text = to_latex("| a | b |\n| --- | --- |\n| `x_y` | 1 |", where="x")
    assert "\\hline\na & b \\\\\n\\hline\\endhead\n" in text
    assert text.count(r"\linewidth}") == 3  # two columns and their distance


@pytest.mark.parametrize(
    ("markdown", "complaint"),
    [
        ("```\ncode\n```", "is not supported"),
        ("> quoted", "is not supported"),
        ("# Title", "is not supported"),
        ("##### Deep", "is not supported"),
        ("---", "is not supported"),
        ("    indented", "is not supported"),
        ("* star list", "is not supported"),
        ("<div>", "is not supported"),
        ("![image](x.png)", "is not supported"),
        ("$$\na", "no end"),
        ("$$\na\n\nb\n$$", "empty line"),
        ("$$\n$$", "empty line"),
        ("$$\n{a\n$$", "braces"),
        ("text\n- list without an empty line", "inside a paragraph"),
        ("- one\n1. two", "must be numbered, or none"),
        ("- one\ntwo", "indent"),
        ("| a |\n| b |\n| c |", "needs a header, a rule"),
        ("| a |\n| --- |\n| b | c |", "same number of cells"),
        ("| a |\n| --- |\n| b", "not a row"),
    ],
)
def test_anything_else_is_refused(markdown, complaint):
    with pytest.raises(AppendixError, match=f"x:[12]: .*{complaint}"):
        to_latex(markdown, where="x")


def test_the_line_of_a_mistake_is_that_of_its_block():
    with pytest.raises(AppendixError, match=r"^x:4: "):
        to_latex("a\n\n\nan open $x", where="x")


def test_visible_letters_are_those_of_the_page():
    assert visible(r"$500\,000$") == "500000"
    assert visible(r"$\overline{x}_1$") == "x1"
