"""The tests' own rule for what may be missing, tried with programs made for it."""

import os
import shutil
from pathlib import Path

import pytest

from tests import optional

DOCUMENT = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{array,booktabs}"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="programs are scripts of sh")


@pytest.fixture(autouse=True)
def fresh():
    """Nothing is remembered from the machine, and nothing for the other tests."""
    cached = (optional.lacking, optional.runs)
    for one in cached:
        one.cache_clear()
    yield
    for one in cached:
        one.cache_clear()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that makes programs, the only ones that are found."""
    shell = shutil.which("sh")
    monkeypatch.setenv("PATH", str(tmp_path))

    def making(**scripts):
        for name, text in scripts.items():
            path = tmp_path / name
            path.write_text(f"#!{shell}\n{text}\n")
            path.chmod(0o755)

    return making


def test_the_files_of_a_document_are_read_off_its_head():
    wanted = ("article.cls", "fontenc.sty", "array.sty", "booktabs.sty", "ecrm1000.tfm")
    assert optional.loaded(DOCUMENT) == wanted
    assert optional.loaded(r"\documentclass[a4paper,11pt]{book}x") == ("book.cls",)


def test_without_tex_its_programs_and_packages_are_named(machine):
    machine()
    why = optional.lacking("article.cls")
    assert why.startswith("TeX lacks pdflatex, kpsewhich; install texlive-latex-base")


def test_a_tex_without_booktabs_is_told_from_a_whole_one(machine):
    machine(
        pdflatex="exit 0",
        kpsewhich='case "$1" in booktabs.sty) exit 1;; *) echo "/tex/$1";; esac',
    )
    assert optional.lacking("article.cls", "array.sty") == ""
    why = optional.lacking(*optional.loaded(DOCUMENT))
    assert why.startswith("TeX lacks booktabs.sty; install")
    assert optional.needs_latex(DOCUMENT).args == (True,)


def test_a_program_that_fails_is_none(machine):
    machine(node="exit 1", git="echo git")
    assert not optional.runs("node", "--version")
    assert optional.runs("git", "--version")
    assert not optional.runs("nothing")


def test_a_browser_that_does_not_start_is_none(machine):
    api = pytest.importorskip("playwright.sync_api")
    machine(chromium="exit 1")

    class Launching:
        """A driver whose browser dies at once."""

        chromium = None

        def launch(self, **_):
            raise api.Error("Target page has been closed\nlogs")

    driver = Launching()
    driver.chromium = driver
    with pytest.raises(pytest.skip.Exception, match="does not start: Target page"):
        optional.started_browser(driver)


def test_no_browser_is_none(machine):
    pytest.importorskip("playwright.sync_api")
    machine()
    with pytest.raises(pytest.skip.Exception, match="chromium is not installed"):
        optional.started_browser(None)


def test_no_other_test_asks_whether_a_program_is_there():
    asking = [
        path.name
        for path in Path(__file__).parent.rglob("*.py")
        if "shutil.which(" in path.read_text(encoding="utf-8")
    ]
    assert sorted(asking) == ["optional.py", "test_optional.py"]
