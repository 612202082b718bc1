"""A column that grows at its end, in large pieces that are never moved."""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankbound.formats.blocks import WORKERS

PIECE = 1 << 20  # values


class Growing:
    """An array of numbers that blocks are added to.

    Examples
    --------
    >>> column = Growing(np.int64)
    >>> column.extend(np.array([1, 2]))
    >>> column.extend(np.array([3]))
    >>> len(column), column.taken().tolist(), len(column)
    (3, [1, 2, 3], 0)
    """

    def __init__(self, dtype: Any) -> None:
        self._dtype = dtype
        self._pieces: list[NDArray[Any]] = []
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def extend(self, block: NDArray[Any]) -> None:
        """Add a block; its values are converted to the column's type."""
        while len(block):
            start = self._filled % PIECE
            if start == 0:
                self._pieces.append(_mapped(PIECE, self._dtype))
            part = block[: PIECE - start]
            self._pieces[-1][start : start + len(part)] = part
            self._filled += len(part)
            block = block[len(part) :]

    def pieces(self) -> Iterator[NDArray[Any]]:
        """What there is, in order."""
        for number, piece in enumerate(self._pieces):
            yield piece[: self._filled - number * PIECE]

    def taken(self) -> NDArray[Any]:
        """The array, which is then no longer held here."""
        return self.given_up(lambda piece: piece, self._dtype)

    def given_up(
        self, change: Callable[[NDArray[Any]], Any], dtype: Any
    ) -> NDArray[Any]:
        """The array with every piece changed; each is freed once it is."""
        pieces, self._pieces = self._pieces, []
        whole = np.empty(self._filled, dtype=dtype)
        self._filled = 0

        def fill(number: int) -> None:
            part = whole[number * PIECE : (number + 1) * PIECE]
            part[:] = change(pieces[number][: len(part)])
            pieces[number] = part[:0]

        with ThreadPoolExecutor(WORKERS) as pool:
            deque(pool.map(fill, range(len(pieces))), maxlen=0)  # raises what one does
        return whole


def _mapped(size: int, dtype: Any) -> NDArray[Any]:
    """Memory of its own: the system has it back at once when it is given up."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):  # neither is there on other systems
        return np.empty(size, dtype=dtype)
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    memory = mmap.mmap(-1, size * np.dtype(dtype).itemsize, flags=private)
    with suppress(OSError):  # large pages, where the kernel knows them
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype=dtype)
