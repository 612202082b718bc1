"""From a LaTeX file to a PDF, by pdflatex, until the references stand."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from rankbound.errors import UsageError

PACKAGES: Final = (
    "texlive-latex-base texlive-latex-recommended texlive-fonts-recommended"
)
RUNS: Final = (2, 5)  # at least, for references; at most, while LaTeX asks for more
AGAIN: Final = "Rerun to get"
UNDEFINED: Final = re.compile(r"^LaTeX Warning: .*undefined.*$", re.MULTILINE)
MISTAKE: Final = re.compile(r"^! .*$", re.MULTILINE)


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
            f"--pdf needs pdflatex, which was not found; install {PACKAGES}, or leave "
            "out --pdf"
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
