"""Cut ragged groups into rectangles of bounded size.

Every per-group quantity is a pure function of one block of groups. Groups are sorted by
size first, so that a block holds groups of almost equal size and little padding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankbound.data.columns import Booleans, Integers
from rankbound.data.groups import Groups

# Pairs per block: enough that NumPy's overhead is lost in the work, few enough that the
# temporaries of a formula stay in the processor's cache.
NUMBERS_PER_BLOCK = 2**14
# Vectors are read from disk and multiplied, which wants larger pieces.
VECTOR_SHARE = 32


@dataclass(frozen=True, slots=True)
class Block:
    """Some groups as a rectangle.

    `groups` (b,) are positions of groups; `rows` and `mask` (b, k) the document rows
    and which of them exist; `positive` (b, k) or None; `full` says that all exist.
    """

    groups: Integers
    rows: Integers
    mask: Booleans
    positive: Booleans | None
    full: bool


def blocks(groups: Groups, *, dim: int = 0) -> Iterator[Block]:
    """Yield all groups in blocks; `dim` numbers per document count for the size.

    Examples
    --------
    >>> from rankbound.data.groups import top_documents
    >>> from rankbound.data.scores import Scores
    >>> teacher = Scores.from_dict({"p": {"a": 1.0, "b": 0.0}, "q": {"c": 1.0}})
    >>> [block.mask.tolist() for block in blocks(top_documents(teacher, depth=2))]
    [[[True, False], [True, True]]]
    """
    order = np.argsort(groups.sizes, kind="stable")
    sizes = groups.sizes[order]
    start = 0
    while start < len(order):
        stop = _block_end(sizes, start, dim)
        yield _block(groups, order[start:stop])
        start = stop


def _block_end(sizes: Integers, start: int, dim: int) -> int:
    """Take groups while their rectangle stays within the budget (at least one)."""
    stop = len(sizes)
    while stop - start > 1:
        k = int(sizes[stop - 1])
        cost = max(k * (k - 1) // 2, k * dim // VECTOR_SHARE, 1)
        room = max(1, NUMBERS_PER_BLOCK // cost)
        if stop - start <= room:
            break
        # Fewer groups are smaller groups too, so look again at the new largest
        stop = (
            start + room
            if sizes[start + room - 1] == k
            else start + (stop - start + 1) // 2
        )
    return stop


def _block(groups: Groups, chosen: Integers) -> Block:
    sizes = groups.sizes[chosen]
    steps = np.arange(int(sizes.max()))
    mask = steps < sizes[:, None]
    rows = groups.offsets[chosen][:, None] + np.where(mask, steps, 0)
    positive = None if groups.positive is None else groups.positive[rows] & mask
    return Block(
        groups=chosen,
        rows=rows,
        mask=mask,
        positive=positive,
        full=bool(sizes.min() == sizes.max()),
    )
