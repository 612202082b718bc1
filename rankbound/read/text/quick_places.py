"""Blocks of regular text parsed through the places of their blanks.

One pass over the bytes finds all blanks; where they fall like a table's, its fields lie
between them, and machine words do the rest. Several times quicker than a parser that
walks through every line, and it takes only blocks that leave nothing to decide.
"""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.read.text.decimals import decimals_of
from rankbound.read.text.idcolumns import cut_texts, id_block_of
from rankbound.read.text.layout import Layout, Parsed, are_whole
from rankbound.read.text.numbered import numbered_of
from rankbound.read.text.words import Bytes, words_of

LARGEST_BLANK = 32  # and all control characters below
LONGEST_QID = 256
LINE_END = ord("\n")
FIRST_OF_MANY = 128  # bytes from here on are parts of one character


def field_ends(block: bytes, width: int) -> Integers | None:
    r"""Where the fields of each line end, or None unless they part like a table's.

    Parameters
    ----------
    block : bytes
        Text; every line ends with ``\n`` alone.
    width : int
        Fields of a line.

    Returns
    -------
    int64 array, shape (n_lines, width), or None

    Examples
    --------
    >>> field_ends(b"q doc 1.5\nq e 2.5\n", 3).tolist()
    [[1, 5, 9], [11, 13, 17]]
    >>> field_ends(b"q doc 1.5\nq  e 2.5\n", 3) is None
    True
    """
    data = np.frombuffer(block, dtype=np.uint8)
    blank = data <= LARGEST_BLANK
    # Two blanks in a row: an empty field or line
    if blank[0] or (blank[1:] & blank[:-1]).any() or not _is_utf8(data):
        return None
    places = np.flatnonzero(blank)
    if len(places) % width:
        return None
    ends = places.reshape(-1, width)
    separator = data[places[0]]
    if separator not in b" \t" or (data.take(ends[:, -1]) != LINE_END).any():
        return None
    if np.count_nonzero(data == separator) != len(ends) * (width - 1):
        return None  # other control characters are among them
    return ends


def parse_by_places(
    block: bytes, ends: Integers, layout: Layout, *, ranks: bool
) -> Parsed | None:
    r"""Columns of a block of lines, or None when it needs another way.

    Parameters
    ----------
    block : bytes
    ends : int64 array, shape (n_lines, width)
        As `field_ends` gives it.
    layout : Layout
    ranks : bool
        Whether the rank column is read, where there is one.

    Examples
    --------
    >>> layout = Layout(3, 0, 1, 2, "qid docno score", "score")
    >>> block = b"q doc 1.5\nq e2 2.5\n"
    >>> ends = field_ends(block, 3)
    >>> parse_by_places(block, ends, layout, ranks=False).values.tolist()
    [1.5, 2.5]
    """
    data = np.frombuffer(block, dtype=np.uint8)
    values = _values(block, *_field(ends, layout.value))
    if values is None or (layout.integral and not are_whole(values)):
        return None
    places = None
    if ranks and layout.rank is not None:
        places = _ranks(block, *_field(ends, layout.rank))
    first, last = _field(ends, layout.qid)
    runs = _runs(data, first, last)
    if runs is None:
        return None
    qids = cut_texts(data, first[runs], last[runs] - first[runs])
    if any(qid.startswith("#") for qid in qids):  # a line of comments
        return None
    docnos, behind = _field(ends, layout.docno)
    return Parsed(
        qids,
        np.diff(runs, append=len(ends)),
        id_block_of(data, docnos, behind - docnos),
        values,
        places,
    )


def _field(ends: Integers, column: int) -> tuple[Integers, Integers]:
    """Where the fields of a column begin and end."""
    if column:
        return ends[:, column - 1] + 1, ends[:, column].copy()
    return np.concatenate([[0], ends[:-1, -1] + 1]), ends[:, 0].copy()


def _is_utf8(data: Bytes) -> bool:
    if data.max() < FIRST_OF_MANY:
        return True
    try:
        return bool(data.tobytes().decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _values(block: bytes, starts: Integers, ends: Integers) -> Floats | None:
    found = decimals_of(block, starts, ends)
    if found is not None:
        return found
    from rankbound.read.text.arrow_numbers import (
        floats_between,  # 60 MB that many spare
    )

    return floats_between(block, starts, ends)


def _ranks(block: bytes, starts: Integers, ends: Integers) -> Integers | None:
    """Whole numbers, or None where one is none."""
    data = np.frombuffer(block, dtype=np.uint8)
    found = numbered_of(data, starts, ends - starts)
    if found is not None and not found.prefix:
        return found.numbers.astype(np.int64)
    from rankbound.read.text.arrow_numbers import integers_between

    return integers_between(block, starts, ends)


def _runs(data: Bytes, starts: Integers, ends: Integers) -> Integers | None:
    """The rows at which a text differs from the one before, and the first."""
    lengths = ends - starts
    if int(lengths.max()) > LONGEST_QID:
        return None
    words = words_of(data, starts, lengths)
    changes = words[1:, 0] != words[:-1, 0]
    for column in words.T[1:]:
        changes |= column[1:] != column[:-1]
    return np.concatenate([[0], np.flatnonzero(changes) + 1])
