"""What some tests need and a machine may lack; they skip, and say what is missing.

Each is asked for by what the test does with it: TeX by the files that a document loads,
a browser by starting it.
"""

import os
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec

import pytest

from rankbound.commands.appendix import PACKAGES

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# The letters of a document that names no fonts
LETTERS = ("cmr10.tfm", "cmr10.pfb")


def _output(*words):
    """What a program prints; None where it is absent or fails."""
    program = shutil.which(words[0])
    if program is None:
        return None
    try:
        made = subprocess.run(
            [program, *words[1:]],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return made.stdout if made.returncode == 0 else None


def loaded(document):
    r"""The files that the head of a LaTeX document loads.

    >>> loaded(r"\documentclass[a4paper]{article}\usepackage{array,booktabs}")
    ('article.cls', 'array.sty', 'booktabs.sty')
    """
    (kind,) = re.findall(r"\\documentclass(?:\[[^]]*\])?\{(\w+)\}", document)
    found = re.findall(r"\\usepackage(?:\[[^]]*\])?\{([\w,]+)\}", document)
    names = [name for one in found for name in one.split(",")]
    fonts = ["ecrm1000.tfm"] if r"[T1]{fontenc}" in document else []
    return (f"{kind}.cls", *(f"{name}.sty" for name in names), *fonts)


@cache
def lacking(*files):
    """Why a document that loads these files cannot be typeset; empty where it can."""
    absent = [name for name in ("pdflatex", "kpsewhich") if not shutil.which(name)]
    if not absent:
        absent = [name for name in files if not _output("kpsewhich", name)]
    return f"TeX lacks {', '.join(absent)}; install {PACKAGES}" if absent else ""


def needs_latex(document):
    """Mark a test that typesets a document with this head."""
    why = lacking(*loaded(document), *LETTERS)
    return pytest.mark.skipif(bool(why), reason=why)


@cache
def runs(program, *words):
    """Whether a program is there and ends well."""
    return _output(program, *words) is not None


needs_git = pytest.mark.skipif(
    not runs("git", "--version"), reason="git is not installed or does not run"
)
# Of what other tests see, too
only_deep = pytest.mark.skipif(not DEEP, reason="part of make test-all")
needs_node = pytest.mark.skipif(
    not runs("node", "--version"), reason="node is not installed or does not run"
)


def needs_module(name):
    """Mark a test whose programs import a module."""
    return pytest.mark.skipif(
        find_spec(name) is None, reason=f"the module {name} is not installed"
    )


def started_browser(driver):
    """A headless Chromium; the test skips where there is none or it does not start."""
    from playwright.sync_api import Error

    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        pytest.skip("chromium is not installed")
    try:
        return driver.chromium.launch(executable_path=path, args=[*FLAGS])
    except Error as error:
        pytest.skip(f"{path} does not start: {str(error).splitlines()[0]}")
