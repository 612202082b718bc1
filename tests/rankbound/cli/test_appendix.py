"""`rankbound appendix` on the command line, and the PDF that it makes."""

import re
import shutil
import subprocess
import sys

import pytest

from paper_appendix import latex
from rankbound.cli import main
from rankbound.commands import appendix
from tests.optional import needs_latex

pytestmark = pytest.mark.xdist_group("appendix")
OVERFULL = re.compile(r"Overfull \\hbox \(([\d.]+)pt")
POINTS = 2.0  # less than a millimetre beyond the margin


@needs_latex(latex.PREAMBLE)
def test_pdf_has_no_undefined_references_and_no_overfull_lines(tmp_path, capsys):
    assert main(["appendix", "--out", str(tmp_path), "--pdf"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'appendix.pdf'}\n"
    assert (tmp_path / "appendix.pdf").read_bytes().startswith(b"%PDF")
    log = (tmp_path / "appendix.log").read_bytes().decode("utf-8", "replace")
    assert not re.findall(r"undefined|multiply defined|Rerun to get", log)
    assert max(map(float, OVERFULL.findall(log)), default=0.0) < POINTS


def test_missing_pdflatex_is_said_before_the_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert main(["appendix", "--out", str(tmp_path / "x"), "--pdf"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("rankbound: error: --pdf needs pdflatex")
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "x").exists()


def test_without_a_checkout_one_line_says_so(tmp_path, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("paper_appendix")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "site-packages" in p])
    monkeypatch.setattr(appendix, "CHECKOUT", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["appendix", "--out", str(tmp_path / "x")]) == 2
    said = capsys.readouterr().err
    assert "run this from a checkout of the repository" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "x").exists()


def test_a_mistake_in_the_sources_is_one_line(tmp_path, capsys, monkeypatch):
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "reconstructed.md").write_text("## X\n\nan open $x\n")
    monkeypatch.setattr(latex, "SECTIONS", tmp_path / "sections")
    assert main(["appendix", "--out", str(tmp_path / "x")]) == 2
    said = capsys.readouterr().err
    assert "sections/reconstructed.md:3: $ is not understood" in said
    assert len(said.splitlines()) == 1


def test_the_checkout_is_found_beside_the_package(tmp_path):
    """Started as an installed script is, from a folder that is not the checkout."""
    code = (
        "import importlib.util, sys\n"
        "sys.path = [p for p in sys.path if p]\n"
        f"root = {str(appendix.CHECKOUT)!r}\n"
        "sys.path.insert(0, root)\n"
        "import rankbound.commands.appendix as command, rankbound.bounds\n"
        "sys.path.remove(root)\n"
        "print(command._sources(command.CHECKOUT).NAME)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "appendix.tex\n", done.stderr


def test_a_folder_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "x").write_text("")
    assert main(["appendix", "--out", str(tmp_path / "x")]) == 2
    assert "is a file" in capsys.readouterr().err
