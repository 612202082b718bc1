"""A column that grows at its end; a long one without being copied, if the system can.

What is copied is short, or on a system that cannot move memory.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = 1 << 16  # values; up to here they are copied: a process has few mappings
ROOM = 1 << 22  # values; memory that nothing was written to costs nothing
CAN_REMAP = sys.platform == "linux"


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
        self._array: NDArray[Any] = np.empty(0, dtype=dtype)
        self._memory: mmap.mmap | None = None
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def extend(self, block: NDArray[Any]) -> None:
        """Add a block; its values are converted to the column's type."""
        start, stop = self._filled, self._filled + len(block)
        if stop > len(self._array):
            self._resize(2 * stop if stop <= SMALL else max(ROOM, 2 * stop))
        self._array[start:stop] = block
        self._filled = stop

    def held(self) -> NDArray[Any]:
        """What there is; not to be kept while the column grows."""
        return self._array[: self._filled]

    def taken(self) -> NDArray[Any]:
        """The array, which is then no longer held here."""
        if self._memory is not None:
            self._resize(self._filled)
        whole = self.held()
        self._array, self._memory = whole[:0].copy(), None
        self._filled = 0
        return whole

    def _resize(self, size: int) -> None:
        """Give the array another size, moving its memory rather than its values."""
        dtype = self._array.dtype
        if self._memory is not None:
            self._array = self._array[:0].copy()  # no view may be left
            with _lack_is_memory_error():
                self._memory.resize(size * dtype.itemsize)
            self._array = np.frombuffer(self._memory, dtype=dtype)
            return
        if CAN_REMAP and size > 2 * SMALL:
            with _lack_is_memory_error():
                self._memory = _mapped(size * dtype.itemsize)
            longer = np.frombuffer(self._memory, dtype=dtype)
        else:
            longer = np.empty(size, dtype=dtype)
        longer[: self._filled] = self.held()
        self._array = longer


def _mapped(size: int) -> mmap.mmap:
    """Memory of its own, which can grow and is the system's again once it is freed."""
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


@contextmanager
def _lack_is_memory_error() -> Iterator[None]:
    """Let a mapping that cannot be made be what an array that cannot is."""
    try:
        yield
    except OSError as error:
        raise MemoryError(str(error)) from None
