r"""Text from outside, made harmless where it is shown: on terminals, in spreadsheets.

Names of files, systems, queries and columns may hold anything. On a terminal, control
characters are shown as escapes. In the tables that commands write, one rule holds for
every cell of words: a cell that a spreadsheet would run, since it begins with one of
``= + - @`` or a tab or carriage return and is no number, gets an apostrophe in front,
and so does a cell that has apostrophes in front of such a text. Reading takes it away
again, so that every id is what it was.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Final

# All but line ends and tabs; and what turns or breaks lines without being one
ODD: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
CONTROLS: Final = re.compile(f"[{ODD}]")
# Halves of surrogate pairs, too, which no terminal's encoding has
HIDDEN: Final = re.compile(f"[{ODD}\ud800-\udfff]")
FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
ANY_FORMULA: Final = re.compile(r"\n'*[=+\-@\t\r]")
# A number, or the two ends of an interval
NUMBERS: Final = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?( to [-+]?[\d.,]+(e[-+]?\d+)?)?")


def printable(text: str) -> str:
    r"""Text that a terminal shows and does not obey.

    Examples
    --------
    >>> print(printable("bm25\x1b[2J and \x9b31m"))
    bm25\x1b[2J and \x9b31m
    """
    return HIDDEN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def tell(text: object) -> None:
    """Print a line or several on standard output."""
    sys.stdout.write(printable(f"{text}\n"))


def json_safe(text: str) -> str:
    r"""JSON without the characters that it need not escape and a terminal obeys.

    Examples
    --------
    >>> print(json_safe('"\x9b31m"'))
    "\u009b31m"
    """
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def quoted(cell: str) -> str:
    """A cell that a spreadsheet takes for text.

    Examples
    --------
    >>> quoted("=1+1"), quoted("'@x"), quoted("-1.5"), quoted("bm25")
    ("'=1+1", "''@x", '-1.5', 'bm25')
    """
    if not FORMULA.match(cell) or NUMBERS.fullmatch(cell):
        return cell
    return f"'{cell}"


def all_quoted(cells: Sequence[str]) -> Sequence[str]:
    """The cells by `quoted`; one search finds out that none needs it.

    Examples
    --------
    >>> all_quoted(["bm25", "=1"]), all_quoted(["bm25"])
    (['bm25', "'=1"], ['bm25'])
    """
    if ANY_FORMULA.search("\n".join(["", *cells])) is None:
        return cells
    return [*map(quoted, cells)]


def unquoted(cells: Iterable[str]) -> list[str]:
    """Cells as they were before `quoted`.

    Examples
    --------
    >>> unquoted(["'=1+1", "''@x", "-1.5", "'bm25'"])
    ['=1+1', "'@x", '-1.5', "'bm25'"]
    """
    return [
        cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell
        for cell in cells
    ]
