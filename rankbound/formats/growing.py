"""A column that grows at its end without ever lying in memory twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1 << 12


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
        self._array: NDArray[Any] = np.empty(0, dtype=dtype)
        self._filled = 0

    def __len__(self) -> int:
        return self._filled

    def extend(self, block: NDArray[Any]) -> None:
        """Add a block; its values are converted to the column's type."""
        stop = self._filled + len(block)
        if stop > len(self._array):
            # Small steps: NumPy fills what is new with zeros, and that takes memory,
            # while the system moves pages, not bytes
            size = max(LEAST, stop, len(self._array) * 9 // 8)
            self._array.resize(size, refcheck=False)
        self._array[self._filled : stop] = block
        self._filled = stop

    def taken(self) -> NDArray[Any]:
        """The array, which is then no longer held here."""
        array, self._array = self._array, np.empty(0, dtype=self._dtype)
        array.resize(self._filled, refcheck=False)
        self._filled = 0
        return array
