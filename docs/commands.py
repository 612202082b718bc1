"""The directives `rankbound`, `details` and `head`: commands that run during the build.

A page has a folder of its own with the files of `data.py`. Its commands run there in
their order, so that one may read what an earlier one wrote. What is shown is what was
printed; another exit code than the expected one, or the name of a folder of this
machine in the output, ends the build.
"""

from __future__ import annotations

import atexit
import contextlib
import html
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import data
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

LEFT_OUT = "[...]"
# A line of a table, whose columns must stay below each other
TABULAR = re.compile(r"^(?!note |warning |error ).*\S {2,}\S|─|^ {3,}\S")
# Folders of the machine that builds the pages, which no page may show
ROOT = Path(__file__).resolve().parent.parent
FOLDERS = [
    f"{folder}/"
    for folder in (ROOT, Path.home(), tempfile.gettempdir())
    if str(folder) != "/"
]
FOLDERS.append("rankbound-docs-")


class Place:
    """The folder of the files that commands read, and one copy for each page."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="rankbound-docs-")).resolve()
        self.owner = os.getpid()
        self.names: dict[str, Path] = {}
        self.last: dict[str, tuple[list[str], str]] = {}
        data.write(self.root / "files")
        atexit.register(self.remove)

    def folder(self, page: str) -> Path:
        """The folder of a page."""
        if page not in self.names:
            folder = self.root / page.replace("/", "-")
            shutil.copytree(self.root / "files", folder)
            self.names[page] = folder
        return self.names[page]

    def remove(self) -> None:
        """Remove everything, once, when the build ends."""
        if os.getpid() == self.owner:
            shutil.rmtree(self.root, ignore_errors=True)


class Shown(SphinxDirective):
    """What the directives share: which lines of an output are shown.

    `:first: N` and `:last: N` show so many lines; `:from: TEXT` and `:to: TEXT` those
    from the first line that matches the pattern TEXT up to the next that matches the
    other.
    """

    option_spec: ClassVar = {
        "first": directives.positive_int,
        "last": directives.positive_int,
        "from": directives.unchanged_required,
        "to": directives.unchanged_required,
    }

    @property
    def place(self) -> Place:
        """The folders of this build."""
        found: Place = self.env.app.rankbound_place  # type: ignore[attr-defined]
        return found

    def printed(self, words: list[str], code: int = 0) -> str:
        """What a command prints, checked."""
        ended, text = printed(words, self.place.folder(self.env.docname))
        if ended != code:
            self.fail(words, f"ended with code {ended}", text)
        if any(folder in text for folder in FOLDERS):
            self.fail(words, "shows a folder of this machine", text)
        return text

    def fail(self, words: list[str], what: str, text: str) -> NoReturn:
        """End the build."""
        raise ExtensionError(f"{self.where(words)} {what}:\n{text}")

    def where(self, words: list[str]) -> str:
        """The place of the command, for errors."""
        return f"{self.env.docname}:{self.lineno}: rankbound {words[0]}"

    def chosen(self, text: str, where: str) -> list[str]:
        """The lines that are shown, with a mark where some are left out."""
        lines = [line.rstrip() for line in text.rstrip().splitlines()]
        start, end = 0, len(lines)
        if "from" in self.options:
            start = _line_with(self.options["from"], lines, 0, where)
        if "to" in self.options:
            end = 1 + _line_with(self.options["to"], lines, start, where)
        if "first" in self.options:
            end = min(end, start + self.options["first"])
        if "last" in self.options:
            start = max(start, end - self.options["last"])
        before = [LEFT_OUT] if start else []
        return [*before, *lines[start:end], *([LEFT_OUT] if end < len(lines) else [])]


class Rankbound(Shown):
    """Run `rankbound` with the words of the body, and show what it prints.

    `:exit: N` is the code that is expected; `:quiet:` shows the command alone.
    """

    has_content = True
    option_spec: ClassVar = Shown.option_spec | {
        "exit": directives.nonnegative_int,
        "quiet": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Run, check, and show."""
        shown = [line.rstrip() for line in self.content]
        words = shlex.split("\n".join(shown).replace("\\\n", " "))
        text = self.printed(words, self.options.get("exit", 0))
        self.place.last[self.env.docname] = (words, text)
        quiet = "quiet" in self.options
        lines = [] if quiet else self.chosen(text, self.where(words))
        return [_block(["$ rankbound " + shown[0], *shown[1:]], lines)]


class Details(Shown):
    """Show a part of what the last command of the page prints with `--details`."""

    def run(self) -> list[nodes.Node]:
        """Run once more, where the command has that option, and show."""
        words, text = self.place.last[self.env.docname]
        if "--details" in _options(words[0]) and "--details" not in words:
            words = [*words, "--details"]
            text = self.printed(words)
            self.place.last[self.env.docname] = (words, text)
        return [_block([], self.chosen(text, self.where(words)))]


class Head(Shown):
    """Show the first lines of a file in the page's folder: `:lines: N`, or three."""

    required_arguments = 1
    option_spec: ClassVar = {"lines": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Read and show."""
        path = self.place.folder(self.env.docname) / self.arguments[0]
        count = self.options.get("lines", 3)
        lines = path.read_text(encoding="utf-8").splitlines()[:count]
        return [_block([f"$ head -n {count} {self.arguments[0]}"], lines)]


def printed(words: list[str], folder: Path) -> tuple[int, str]:
    """The exit code of the program, and what it writes to its output and errors."""
    from rankbound.cli import main

    stream = io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with (
            contextlib.redirect_stdout(stream),
            contextlib.redirect_stderr(stream),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("error")
            try:
                code = main(words)
            except SystemExit as ending:
                code = int(ending.code or 0)
    finally:
        os.chdir(before)
    return code, stream.getvalue()


def _options(command: str) -> set[str]:
    """The options of a command."""
    from rankbound.cli import build_parser

    [found] = [a for a in build_parser()._actions if isinstance(a.choices, dict)]
    return set(found.choices[command]._option_string_actions)


def _line_with(text: str, lines: list[str], start: int, where: str) -> int:
    for at in range(start, len(lines)):
        if re.search(text, lines[at]):
            return at
    raise ExtensionError(
        f"{where}: no line matches {text!r}:\n" + "\n".join(lines[start:])
    )


def _block(command: list[str], lines: list[str]) -> nodes.raw:
    """A terminal: sentences wrap, and tables scroll."""
    spans = [f'<span class="command">{html.escape(line)}</span>' for line in command]
    for line in lines:
        kind = "table" if TABULAR.search(line) else "sentence"
        spans.append(f'<span class="{kind}">{html.escape(line) or "&nbsp;"}</span>')
    body = "".join(spans)
    text = f'<div class="terminal" tabindex="0"><pre>{body}</pre></div>'
    return nodes.raw("", text, format="html")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives."""
    sys.stdout.flush()
    app.connect("builder-inited", _begin)
    app.add_directive("rankbound", Rankbound)
    app.add_directive("details", Details)
    app.add_directive("head", Head)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _begin(app: Sphinx) -> None:
    app.rankbound_place = Place()  # type: ignore[attr-defined]
