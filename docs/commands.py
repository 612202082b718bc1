"""The directives `rankbound` and `head`: commands that run while the site is built.

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
from typing import Any

import data
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

LEFT_OUT = "[...]"
# A line of a table, whose columns must stay below each other
TABULAR = re.compile(r"\S {2,}\S|─|^ +\S+ *$|^ {3,}")
WIDEST = 110


class Place:
    """The folder of the files that commands read, and one copy for each page."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="rankbound-docs-")).resolve()
        self.owner = os.getpid()
        self.names: dict[str, Path] = {}
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


class Rankbound(SphinxDirective):
    """Run `rankbound` with the words of the body, and show what it prints.

    `:first: N` and `:last: N` show so many lines; `:from: TEXT` and `:to: TEXT` those
    from the first line that has TEXT up to the next that has the other; `:exit: N` is
    the code that is expected; `:quiet:` shows the command alone.
    """

    has_content = True
    option_spec = {
        "first": directives.positive_int,
        "last": directives.positive_int,
        "from": directives.unchanged_required,
        "to": directives.unchanged_required,
        "exit": directives.nonnegative_int,
        "quiet": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Run, check, and show."""
        place: Place = self.env.app.rankbound_place  # type: ignore[attr-defined]
        shown = [line.rstrip() for line in self.content]
        words = shlex.split("\n".join(shown).replace("\\\n", " "))
        code, text = printed(words, place.folder(self.env.docname))
        where = f"{self.env.docname}:{self.lineno}: rankbound {words[0]}"
        if code != self.options.get("exit", 0):
            raise ExtensionError(f"{where} ended with code {code}:\n{text}")
        if re.search(r"(/tmp/|/home/|/work/|/root/|rankbound-docs-)", text):
            raise ExtensionError(f"{where} shows a folder of this machine:\n{text}")
        lines = [] if "quiet" in self.options else self._chosen(text, where)
        return [_block(["$ rankbound " + shown[0], *shown[1:]], lines)]

    def _chosen(self, text: str, where: str) -> list[str]:
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
        chosen = lines[start:end]
        before = [LEFT_OUT] if start else []
        return [*before, *chosen, *([LEFT_OUT] if end < len(lines) else [])]


class Head(SphinxDirective):
    """Show the first lines of a file of the page's folder; `:lines: N`, by default 3."""

    required_arguments = 1
    option_spec = {"lines": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Read and show."""
        place: Place = self.env.app.rankbound_place  # type: ignore[attr-defined]
        path = place.folder(self.env.docname) / self.arguments[0]
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


def _line_with(text: str, lines: list[str], start: int, where: str) -> int:
    for at in range(start, len(lines)):
        if text in lines[at]:
            return at
    raise ExtensionError(f"{where}: no line has {text!r}:\n" + "\n".join(lines[start:]))


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
    app.add_directive("head", Head)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _begin(app: Sphinx) -> None:
    app.rankbound_place = Place()  # type: ignore[attr-defined]
