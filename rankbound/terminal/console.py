"""The console of every command: colours a terminal, cuts nothing in a file."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

PLAIN_WIDTH: Final = 100  # where the output is no terminal
WIDEST: Final = 10_000


class _Console(Console):
    """Cuts no table in a file or pipe, and lets the program end when a reader left."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; a table that needs more than a page has longer lines."""
        width = self.width
        if not self.is_terminal and len(objects) == 1 and isinstance(objects[0], Table):
            wide = self.options.update(max_width=WIDEST)
            self.width = max(width, Measurement.get(self, wide, objects[0]).maximum)
        super().print(*objects, **options)
        if not self.is_terminal:
            self.width = width

    def on_broken_pipe(self) -> None:
        """The reader went away."""
        raise BrokenPipeError


def console_for(stream: Any) -> Console:
    """A console that colours a terminal and stays plain in a file or pipe."""
    width = None if stream.isatty() else PLAIN_WIDTH
    return _Console(file=stream, width=width, highlight=False, emoji=False)


def say(console: Console, line: str) -> None:
    """Print a sentence, wrapped on a terminal and whole in a file or pipe."""
    console.print(line, soft_wrap=not console.is_terminal)
