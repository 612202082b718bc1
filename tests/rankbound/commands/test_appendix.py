"""A PDF of the appendix, or one line that says why there is none."""

import shutil

import pytest

from rankbound.commands.appendix import typeset
from rankbound.errors import UsageError
from tests.optional import needs_latex

HEAD = "\\documentclass{article}\n"
needs_pdflatex = needs_latex(HEAD)


def document(folder, body):
    source = folder / "one.tex"
    source.write_text(HEAD + "\\begin{document}\n" + body + "\n\\end{document}\n")
    return source


def test_without_pdflatex_the_packages_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match="texlive-latex-base texlive-latex-reco"):
        typeset(document(tmp_path, "x"))


@needs_pdflatex
def test_references_stand_after_two_runs(tmp_path):
    source = document(tmp_path, r"\section{A}\label{a} see \ref{a}")
    made = typeset(source)
    assert made == tmp_path / "one.pdf"
    assert made.read_bytes().startswith(b"%PDF")


@needs_pdflatex
@pytest.mark.parametrize("body", [r"see \ref{nothing}", r"see \cite{nothing}"])
def test_undefined_references_are_an_error(tmp_path, body):
    with pytest.raises(UsageError, match=r"nothing.*undefined"):
        typeset(document(tmp_path, body))


@needs_pdflatex
def test_a_mistake_is_quoted(tmp_path):
    with pytest.raises(UsageError, match="pdflatex stopped: ! Undefined control"):
        typeset(document(tmp_path, r"\nonsense"))
