"""Results in a few short lines, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rankbound.bounds.wording import counted

MOST_LINES: Final = 12
WIDTH: Final = 100
NAME: Final = 30  # of a name inside a line, so that the numbers stay


def outline(title: str, lines: Sequence[str]) -> str:
    """A title and lines below it, no more and no wider than a terminal shows.

    Parameters
    ----------
    title : str
    lines : sequence of str
        The important ones first: of more than fit, the first are shown and the others
        counted.

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
