"""paper_appendix.markdown: what is understood is converted, all else is refused."""

import pytest

from paper_appendix.document import AppendixError
from paper_appendix.markdown import code, escape, inline, plain


@pytest.mark.parametrize(
    ("markdown", "latex"),
    [
        ("a $x_1 * y$ b", "a $x_1 * y$ b"),
        ("*if $a$ then*", r"\emph{if $a$ then}"),
        ("**What is proved.** So", r"\textbf{What is proved.} So"),
        ("`a_b`", r"\texttt{a\_\allowbreak{}b}"),
        ("`lemma-1`", r"\hyperref[st:lemma-1]{\texttt{lemma-\allowbreak{}1}}"),
        ('he said "no" twice', "he said ``no'' twice"),
        ("B = L * diameter", "B = L * diameter"),
        ("50 % & more_", r"50 \% \& more\_"),
        ("one\n  line", "one line"),
        ("Lin (1991) calls", r"Lin (1991~\cite{lin1991}) calls"),
    ],
)
def test_marks_become_commands(markdown, latex):
    assert inline(markdown, where="here") == latex


@pytest.mark.parametrize(
    ("markdown", "complaint"),
    [
        ("an open $x", r"\$ is not understood"),
        ("an open `x", "` is not understood"),
        ('an open "x', "is not understood"),
        ("an open **x", "is not understood"),
        ("a [link](https://example.org)", "is not understood"),
        ("Nobody (1991) says", "no reference of 1991"),
        ("a ≤ b", "has no LaTeX form"),
        ("$a ≤ b$", "use commands"),
        ("${a$", "braces do not match"),
    ],
)
def test_anything_else_is_refused_with_the_place(markdown, complaint):
    with pytest.raises(AppendixError, match=f"proof.md:3: .*{complaint}"):
        inline(markdown, where="proof.md:3")


def test_every_special_character_is_escaped():
    assert escape(r"\{}~^<>|&%#_", where="here") == (
        r"\textbackslash{}\{\}\textasciitilde{}\textasciicircum{}$<$$>$$|$\&\%\#\_"
    )


def test_code_that_is_no_key_is_no_link():
    assert "hyperref" not in code("lemma-99", where="here")


def test_plain_text_keeps_stars():
    assert plain("kappa**2 * n", where="here") == "kappa**2 * n"
