"""Blocks of regular text as columns: single separators, nothing to mend."""

from __future__ import annotations

from dataclasses import dataclass

from rankbound.data.columns import Integers
from rankbound.read.text.layout import Layout, Parsed
from rankbound.read.text.quick_places import field_ends, parse_by_places


@dataclass(frozen=True, slots=True)
class Lines:
    r"""Lines that end with ``\n`` alone, and where their fields end.

    `ends` is None where the fields do not part like those of a table.
    """

    block: bytes
    ends: Integers | None


def lines_of(block: bytes, layout: Layout) -> Lines:
    r"""The lines of a block; the last one may lack its end.

    Examples
    --------
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> lines_of(b"q d 1.5\r\n", layout)
    Lines(block=b'q d 1.5\n', ends=array([[1, 3, 7]]))
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if not block.endswith(b"\n"):
        block += b"\n"
    return Lines(block, field_ends(block, layout.width))


def parse_quickly(lines: Lines, layout: Layout, *, ranks: bool) -> Parsed | None:
    r"""Columns of some lines, or None when they need the careful way.

    Parameters
    ----------
    lines : Lines
    layout : Layout
    ranks : bool
        Whether the rank column is read, where there is one and it holds whole numbers.

    Examples
    --------
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> lines = lines_of(b"q d 1.5\nq e 2e1\n", layout)
    >>> parse_quickly(lines, layout, ranks=False).values.tolist()
    [1.5, 20.0]
    >>> parse_quickly(lines_of(b"q  d 1.5\n", layout), layout, ranks=False) is None
    True
    """
    if lines.ends is None:
        return None
    return parse_by_places(lines.block, lines.ends, layout, ranks=ranks)
