"""The command `appendix`: write the proofs as LaTeX, and typeset them."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

from rankbound.errors import UsageError
from rankbound.writing import check_folder, write_all

# The proofs are beside the package in a checkout, and are not installed
CHECKOUT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = (
    "texlive-latex-base texlive-latex-recommended texlive-fonts-recommended"
)
RUNS: Final = (2, 5)  # at least, for references; at most, if LaTeX asks for more
AGAIN: Final = "Rerun to get"
UNDEFINED: Final = re.compile(r"^LaTeX Warning: .*undefined.*$", re.MULTILINE)
MISTAKE: Final = re.compile(r"^! .*$", re.MULTILINE)


def appendix(out: Path | str, *, pdf: bool = False) -> Path:
    """Write every statement with its proof as LaTeX, and as a PDF if `pdf`.

    Parameters
    ----------
    out : Path
        The folder for the files.
    pdf : bool
        Also typeset it with pdflatex.

    Returns
    -------
    Path
        The document.

    Raises
    ------
    UsageError
        Outside a checkout, for an error in the sources, without pdflatex, and for a
        folder that cannot be written.
    """
    out = Path(out)
    if pdf:
        find_pdflatex()  # fail before the work
    check_folder(out)
    sources = _sources(CHECKOUT)
    try:
        text = sources.latex()
    except sources.AppendixError as error:
        raise UsageError(f"the sources of the appendix: {error}") from None
    write_all(out, {sources.NAME: text})
    made = out / sources.NAME
    return typeset(made) if pdf else made


def _sources(checkout: Path) -> ModuleType:
    """The module that writes the document, which only a checkout has."""
    if (checkout / "paper_appendix").is_dir() and str(checkout) not in sys.path:
        sys.path.append(str(checkout))
    try:
        return importlib.import_module("paper_appendix.latex")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("paper_appendix"):
            raise
        raise UsageError(
            "the proofs are not part of the installed package; run this from a "
            "checkout of the repository"
        ) from None


def find_pdflatex() -> str:
    """The path of pdflatex.

    Raises
    ------
    UsageError
        If it is not found; the message names what to install.
    """
    found = shutil.which("pdflatex")
    if found is None:
        raise UsageError(
            f"`pdf` needs pdflatex, which was not found; install {PACKAGES}, or leave "
            "out `pdf`"
        )
    return found


def typeset(source: Path) -> Path:
    """Make the PDF beside a LaTeX file, and keep the auxiliary files there.

    Parameters
    ----------
    source : Path
        The file with the ending ``.tex``.

    Returns
    -------
    Path
        The PDF.

    Raises
    ------
    UsageError
        If pdflatex is missing, stops at an error, or leaves a reference undefined.
    """
    program = find_pdflatex()
    log = ""
    for count in range(1, RUNS[1] + 1):
        log = _run(program, source)
        if count >= RUNS[0] and AGAIN not in log:
            break
    undefined = UNDEFINED.search(log)
    if undefined:
        raise UsageError(f"{source}: {undefined[0]}; see the .log file beside it")
    return source.with_suffix(".pdf")


def _run(program: str, source: Path) -> str:
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "-halt-on-error", source.name],
        cwd=source.parent,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    log_file = source.with_suffix(".log")
    text = done.stdout.decode("utf-8", "replace")
    if log_file.is_file():
        text = log_file.read_bytes().decode("utf-8", "replace")
    if done.returncode:
        mistake = MISTAKE.search(text)
        said = mistake[0] if mistake else f"exit status {done.returncode}"
        raise UsageError(f"{source}: pdflatex stopped: {said}; see {log_file.name}")
    return text
