"""Distance correlation with a permutation test: dependence of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.validation.resampling import permutation_p, permutations

LARGE: Final = 300  # queries, above which fewer permutations are drawn
FEWER: Final = 299


@dataclass(frozen=True, slots=True)
class DistanceCorrelation:
    """Distance correlation of two columns.

    Attributes
    ----------
    value : float
        In [0, 1]; 0 in the population if and only if the two are independent.
    expected : float
        Its mean over permutations: the value in a sample is positive by chance, too.
    p : float
        Of the permutation test of independence.
    permutations, n : int
    """

    value: float
    expected: float
    p: float
    permutations: int
    n: int


def distance_correlation(
    x: Floats, y: Floats, *, count: int, rng: np.random.Generator
) -> DistanceCorrelation:
    """Distance correlation of two columns with a permutation p-value.

    Parameters
    ----------
    x, y : float64 arrays, shape (n,)
    count : int
        Permutations; for more than 300 queries at most 299.
    rng : numpy.random.Generator

    Raises
    ------
    DomainError
        If a column is constant, or there are fewer than 4 queries.

    Notes
    -----
    Székely, Rizzo and Bakirov (2007).

    Examples
    --------
    >>> x = np.arange(40.0)
    >>> found = distance_correlation(
    ...     x, (x - 19.5) ** 2, count=199, rng=np.random.default_rng(0))
    >>> round(found.value, 2), found.p < 0.05  # Pearson's r is 0
    (0.49, True)
    """
    if x.shape != y.shape or x.ndim != 1 or len(x) < 4:
        raise DomainError(
            f"distance correlation needs two columns of 4 queries or more, got "
            f"{x.shape} and {y.shape}"
        )
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise DomainError("distance correlation needs two columns that vary")
    left, right = _centred(x), _centred(y)
    orders = permutations(
        len(x), count=min(count, FEWER) if len(x) > LARGE else count, rng=rng
    )
    size = np.sqrt(np.sum(left**2) * np.sum(right**2))
    squared = [np.sum(left * right[np.ix_(o, o)]) / size for o in orders]
    null = np.sqrt(np.maximum(squared, 0.0))
    value = float(np.sqrt(max(np.sum(left * right) / size, 0.0)))
    return DistanceCorrelation(
        value=value,
        expected=float(null.mean()),
        p=float(permutation_p(np.array(value), null)),
        permutations=len(orders),
        n=len(x),
    )


def _centred(values: Floats) -> Floats:
    """Distances minus their row and column means plus their mean."""
    distances = np.abs(values[:, None] - values[None, :])
    rows = distances.mean(axis=0)
    return np.asarray(distances - rows[:, None] - rows[None, :] + distances.mean())
