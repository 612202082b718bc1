"""An exact weighted quantile of more distances than fit in memory."""

from __future__ import annotations

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats


class TailQuantile:
    """Weighted upper quantile, fed block by block.

    The total weight is 1 by agreement, so a value with more than 1 - quantile of weight
    above it can be forgotten at once: only the tail is kept.

    Parameters
    ----------
    quantile : float
        In (0, 1): the result is the smallest fed value t such that the weight of the
        values above t is at most 1 - quantile.

    Examples
    --------
    >>> tail = TailQuantile(0.99)
    >>> tail.feed(np.arange(1.0, 121.0), np.full(120, 1 / 120))
    >>> tail.value()
    119.0
    """

    def __init__(self, quantile: float) -> None:
        if not 0 < quantile < 1:
            raise DomainError(f"`quantile` must lie in (0, 1), got {quantile!r}")
        # Weights are sums of fractions; a whisker keeps an exact tie on its side
        self._room = (1 - quantile) + 1e-12
        self._values = np.empty(0)
        self._weights = np.empty(0)

    def feed(self, values: Floats, weights: Floats) -> None:
        """Add values with their weights, both of shape (n,)."""
        pool = np.concatenate([self._values, values])
        share = np.concatenate([self._weights, weights])
        order = np.argsort(-pool, kind="stable")
        pool, share = pool[order], share[order]
        above = np.cumsum(share) - share  # weight before each value
        keep = above <= self._room
        self._values, self._weights = pool[keep], share[keep]

    def value(self) -> float:
        """The quantile of everything fed so far.

        Raises
        ------
        DomainError
            When nothing was fed.
        """
        if self._values.size == 0:
            raise DomainError("a quantile of no values does not exist")
        return float(self._values[-1])
