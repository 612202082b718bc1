"""What terminals show: a console that truncates nothing in a file, and outlines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from rankbound.bounds.wording import counted
from rankbound.escaping import printable

PLAIN_WIDTH: Final = 100  # of paragraphs where the output is no terminal
WIDEST: Final = 120  # of tables and answers there
NO_LIMIT: Final = 10_000


class _Console(Console):
    """Truncate no table in a file or pipe, and end when nobody reads the output."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; lines grow with a table, and cells of one that is too wide fold."""
        width = self.width
        if not self.is_terminal and len(objects) == 1 and isinstance(objects[0], Table):
            free = self.options.update(max_width=NO_LIMIT)
            needed = Measurement.get(self, free, objects[0]).maximum
            if needed > WIDEST:
                for column in objects[0].columns:
                    column.no_wrap, column.overflow = False, "fold"
            self.width = min(max(width, needed), WIDEST)
        super().print(*objects, **options)
        if not self.is_terminal:
            self.width = width

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Segments whose text a terminal does not obey; styles are apart from it."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)

    def on_broken_pipe(self) -> None:
        """Raise, so that the program ends."""
        raise BrokenPipeError


def console_for(stream: Any) -> Console:
    """A console that colours a terminal and stays plain in a file or pipe."""
    width = None if stream.isatty() else PLAIN_WIDTH
    return _Console(file=stream, width=width, highlight=False, emoji=False)


def say(console: Console, line: str) -> None:
    """Print a sentence, wrapped on a terminal and whole in a file or pipe."""
    console.print(line, soft_wrap=not console.is_terminal)


def fold(console: Console, line: str) -> None:
    """Print a line without markup, wrapped also in a file or pipe."""
    for part in folded(line, width_of(console)) or [""]:
        console.print(Text(part), soft_wrap=True)


def width_of(console: Console) -> int:
    """The width of lines that are wrapped in a file or pipe, too."""
    return console.width if console.is_terminal else WIDEST


def folded(line: str, width: int) -> list[str]:
    """A line in parts that fit, all but the first indented."""
    return wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)


MOST_LINES: Final = 12
WIDTH: Final = 100
NAME: Final = 30  # of a name inside a line, so that the numbers stay visible


def outline(title: str, lines: Sequence[str]) -> str:
    """A title and lines below it, no more and no wider than a terminal shows.

    Parameters
    ----------
    title : str
    lines : sequence of str
        The important ones first: if there are too many, the first are shown and the
        others counted.

    Examples
    --------
    >>> print(outline("Power 0.8", ["n = 43: |rho| from 0.43"]))
    Power 0.8
      n = 43: |rho| from 0.43
    >>> outline("t", ["line"] * 99).splitlines()[-1]
    '  and 89 more lines'
    """
    room = MOST_LINES - 1
    shown = [*lines] if len(lines) <= room else [*lines[: room - 1]]
    if len(shown) < len(lines):
        shown.append(f"and {counted(len(lines) - len(shown), 'more line')}")
    return "\n".join([short(title), *(f"  {short(line, WIDTH - 2)}" for line in shown)])


def short(text: str, width: int = WIDTH) -> str:
    r"""Printable text of one line, cut in the middle where it is too long.

    Examples
    --------
    >>> short("a" * 50 + "z" * 80, 11), short("one\ntwo")
    ('aaaaa…zzzzz', 'one two')
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    if len(line) <= width:
        return line
    left = width // 2
    return f"{line[:left]}…{line[len(line) - (width - left - 1) :]}"


def in_clusters(number: int | None) -> str:
    """How many clusters the queries are in; nothing where they are independent.

    Examples
    --------
    >>> in_clusters(40), in_clusters(None)
    (' in 40 clusters', '')
    """
    return "" if number is None else f" in {counted(number, 'cluster')}"
