"""A checked sample of bounded per-query values, rescaled to [0, 1]."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError

# Values computed from clipped scores may leave their interval by rounding and are moved
# back. Values farther out are an error, since the limits would not hold.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Sample:
    """Values of one mean, rescaled to the unit interval.

    `values` has shape (n,); `low` and `high` are in the caller's unit.
    """

    values: NDArray[np.float64]
    low: float
    high: float

    @property
    def n(self) -> int:
        """Number of independent queries."""
        return int(self.values.size)

    @property
    def mean(self) -> float:
        """Mean of the rescaled values, in [0, 1]."""
        return min(1.0, max(0.0, float(self.values.mean())))

    def restore(self, value: float) -> float:
        """Turn a rescaled limit back into the caller's unit, never above `high`."""
        return min(self.high, self.low + (self.high - self.low) * value)


def checked_sample(values: ArrayLike, *, low: float, high: float) -> Sample:
    """Rescale values from [low, high] to [0, 1].

    Raises
    ------
    DomainError
        On an empty sample, an interval that is empty or infinite, or a value outside
        the interval; the message gives the position of the first one.

    Examples
    --------
    >>> checked_sample([1.0, 3.0], low=1, high=5).values.tolist()
    [0.0, 0.5]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise DomainError(
            "a limit needs a flat, non-empty sample of one number per query, "
            f"got shape {array.shape}"
        )
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise DomainError(
            f"the interval must be finite with low < high, got [{low}, {high}]"
        )
    slack = ROUNDING * (high - low)
    bad = ~((array >= low - slack) & (array <= high + slack))
    if bad.any():
        first = int(np.argmax(bad))
        raise DomainError(
            f"value {array[first]!r} at position {first} lies outside "
            f"[{low}, {high}]; the limit would not be valid"
        )
    return Sample(np.clip((array - low) / (high - low), 0.0, 1.0), low, high)


def checked_delta(delta: float) -> float:
    """Return a failure probability, or raise if it is outside (0, 1).

    Examples
    --------
    >>> checked_delta(0.05)
    0.05
    """
    if not 0 < delta < 1:
        raise DomainError(f"`delta` must lie in (0, 1), got {delta!r}; try 0.05")
    return float(delta)


def log_union(delta: float, n_students: int) -> float:
    """Return log(n_students / delta), by which a limit holds for all students at once.

    Raises
    ------
    DomainError
        If there is no student, or `delta` is outside (0, 1).

    Examples
    --------
    >>> round(log_union(0.05, 2), 6)
    3.688879
    """
    if n_students < 1:
        raise DomainError(f"`n_students` must be at least 1, got {n_students}")
    return math.log(n_students / checked_delta(delta))
