"""Blocks of regular text as columns: single separators, nothing to mend."""

from __future__ import annotations

from rankbound.formats.layout import Layout, Parsed
from rankbound.formats.quick_places import parse_by_places


def parse_quickly(block: bytes, layout: Layout, *, ranks: bool) -> Parsed | None:
    r"""Columns of a block of lines, or None when it needs the careful way.

    Parameters
    ----------
    block : bytes
        Lines that end with ``\n`` alone.
    layout : Layout
    ranks : bool
        Whether the rank column is read, where there is one and it holds whole numbers.

    Examples
    --------
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> parse_quickly(b"q d 1.5\nq e 2e1\n", layout, ranks=False).values.tolist()
    [1.5, 20.0]
    >>> parse_quickly(b"q  d 1.5\n", layout, ranks=False) is None
    True
    """
    found = parse_by_places(block, layout, ranks=ranks)
    if found is not None:
        return found
    from rankbound.formats.quick_arrow import parse_by_arrow  # 60 MB that many spare

    return parse_by_arrow(block, layout, ranks=ranks)
