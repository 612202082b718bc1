"""Write the appendix as LaTeX, and typeset it until the references stand."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Final

from rankbound.errors import UsageError
from rankbound.progress import Progress, reported
from rankbound.writing import Replacing, check_outputs, write_all

# The proofs lie beside the package in a checkout, and are not installed
TITLE: Final = r"\title{Ranking distillation, locality and entropy:"
TYPESET: Final = (".pdf", ".log", ".aux", ".out")
CHECKOUT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = (
    "texlive-latex-base texlive-latex-recommended texlive-fonts-recommended"
)
RUNS: Final = (2, 5)  # at least, for references; at most, while LaTeX asks for more
AGAIN: Final = "Rerun to get"
UNDEFINED: Final = re.compile(r"^LaTeX Warning: .*undefined.*$", re.MULTILINE)
MISTAKE: Final = re.compile(r"^! .*$", re.MULTILINE)


def appendix(
    out: str | PathLike[str],
    *,
    pdf: bool = False,
    force: bool = False,
    progress: bool | Progress = False,
) -> Path:
    """Write every statement with its proof as a LaTeX document, and as a PDF if asked.

    It needs a checkout of the repository, since the proofs are not installed.

    Parameters
    ----------
    out : path
        The folder for the files; made if it does not exist.
    pdf : bool, default False
        Whether to typeset the document with pdflatex.
    force : bool, default False
        Replace files of the same names that are of no earlier appendix.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Path
        The document: ``appendix.pdf`` if asked for, else ``appendix.tex``.

    Raises
    ------
    UsageError
        Outside a checkout, for a mistake in the sources, when pdflatex is missing or
        fails, and when `out` cannot be written to.

    See Also
    --------
    explain : One statement in words.
    certify : Machine checks of the statements.

    Examples
    --------
    >>> appendix("build").name  # doctest: +SKIP
    'appendix.tex'
    """
    out = Path(out)
    if pdf:
        find_pdflatex()  # before the work, not after it
    sources = _sources(CHECKOUT)
    replacing = Replacing(mine=_is_mine, force=force)
    names = [sources.NAME]
    if pdf:
        names += [str(Path(sources.NAME).with_suffix(one)) for one in TYPESET]
    check_outputs(out, names, replacing)
    with reported(progress, total=1 + pdf) as advance:
        advance("writing")
        try:
            text = sources.latex()
        except sources.AppendixError as error:
            raise UsageError(f"the sources of the appendix: {error}") from None
        write_all(out, {sources.NAME: text}, replacing)
        made: Path = out / sources.NAME
        if not pdf:
            return made
        advance("typesetting")
        return typeset(made)


def _is_mine(path: Path) -> bool:
    """Whether an earlier appendix lies there, or its source beside it."""
    try:
        text = path.with_suffix(".tex").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return TITLE in text


def _sources(checkout: Path) -> ModuleType:
    """The module that writes the document; it lives beside the package only."""
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
    """Return the path of pdflatex.

    Raises
    ------
    UsageError
        If there is none, naming what to install.
    """
    found = shutil.which("pdflatex")
    if found is None:
        raise UsageError(
            f"`pdf` needs pdflatex, which was not found; install {PACKAGES}, or leave "
            "out `pdf`"
        )
    return found


def typeset(source: Path) -> Path:
    """Make the PDF beside a LaTeX file; auxiliary files stay there too.

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
        If pdflatex is missing, stops at a mistake, or leaves a reference undefined.
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
