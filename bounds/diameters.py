"""Limits for quantiles of distances, from one number per query.

The essential supremum itself has no limit of this kind: take it from structure, such as
a known pool, an enclosing ball or unit vectors. A quantile diameter is a description.
`QuantileDiameter` is therefore no number: a bound that uses one has to pay for what
lies beyond it, as `bounds.truncation.truncated_limit` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import upper_limit
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.wording import counted

# The upper limits that never fall when an observation rises.
MONOTONE = ("betting", "kl", "hoeffding")


@dataclass(frozen=True, slots=True)
class QuantileDiameter:
    """A distance that all but a share `1 - level` does not exceed.

    Attributes
    ----------
    value : float
        The distance; infinite if the sample is too small.
    level : float
        The share within it, of groups or of pairs, with probability 1 - delta.
    delta : float
        Probability that the share is smaller.
    n_queries : int
        Independent queries that it rests on.
    """

    value: float
    level: float
    delta: float
    n_queries: int


def queries_for_level(level: float, delta: float) -> int:
    """Return the least number of queries whose maximum is a limit at this level.

    ``ln(1 / delta) / ln(1 / level)``, rounded up.

    Examples
    --------
    >>> queries_for_level(0.99, 0.05)
    299
    """
    ratio = math.log(checked_delta(delta)) / math.log(_checked_level(level))
    return math.ceil(ratio * (1 - 1e-14))


def order_statistic_rank(n_queries: int, *, level: float, delta: float) -> int:
    """Return the rank r, from 1, of the value that limits the quantile.

    Parameters
    ----------
    n_queries : int
        Independent queries.
    level : float
        The share in (0, 1) that the r-th smallest value has to cover.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    int
        The least r with ``P(Bin(n, level) <= r - 1) >= 1 - delta``.

    Raises
    ------
    DomainError
        If there is none, since there are fewer than `queries_for_level` queries.

    Notes
    -----
    Holds for every law, with atoms. Source: Lemma 5 (a); Wilks (1941).

    Examples
    --------
    >>> order_statistic_rank(1000, level=0.99, delta=0.05)
    996
    """
    needed = queries_for_level(level, delta)
    if n_queries < needed:
        raise DomainError(
            f"a limit at level {level} with delta = {delta} needs "
            f"{counted(needed, 'query')}, "
            f"got {n_queries}; lower the level"
        )
    ranks = np.arange(1, n_queries + 1)
    good = binom.cdf(ranks - 1, n_queries, level) >= (1 - delta) * (1 - 1e-14)
    return int(ranks[good][0]) if good.any() else n_queries


def group_diameter_limit(
    diameters: ArrayLike, *, level: float, delta: float
) -> QuantileDiameter:
    """Limit for the quantile of the diameter of a group over queries.

    `diameters`, shape (n,), holds the largest distance of each query's group, one per
    query. Errors are those of `order_statistic_rank`. Source: Lemma 5 (a).

    Examples
    --------
    >>> group_diameter_limit(range(1000), level=0.99, delta=0.05).value
    995.0
    """
    values = np.sort(np.asarray(diameters, dtype=np.float64))
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DomainError("`diameters` must be one finite number per query")
    rank = order_statistic_rank(values.size, level=level, delta=delta)
    return QuantileDiameter(float(values[rank - 1]), level, delta, values.size)


def pair_tail_limit(
    distances: Sequence[ArrayLike],
    *,
    threshold: float,
    delta: float,
    method: str = "betting",
) -> float:
    """Upper limit for the share of pairs farther apart than a fixed distance.

    Parameters
    ----------
    distances : sequence of array_like
        For each query the distances of its pairs: each query enters as one number.
    threshold : float
        Fixed without the sample.
    delta : float
        Failure probability in (0, 1).
    method : str
        A limit of `bounds.limits`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DomainError
        If a query has no pair, a distance is not finite, or delta is outside (0, 1).

    Notes
    -----
    The number of pairs is no sample size, since the pairs of a query are dependent.
    Source: Lemma 5 (b).

    Examples
    --------
    >>> groups = [[0.1, 0.2, 0.3]] * 100
    >>> round(pair_tail_limit(groups, threshold=0.5, delta=0.05, method="kl"), 4)
    0.0295
    """
    shares = [float(np.mean(row > threshold)) for row in _rows(distances)]
    return upper_limit(shares, low=0.0, high=1.0, delta=delta, method=method)


def pair_quantile_limit(
    distances: Sequence[ArrayLike],
    *,
    level: float,
    delta: float,
    method: str = "betting",
) -> QuantileDiameter:
    """Limit for the quantile of the distance of a pair, each query weighing the same.

    The least distance from which on `pair_tail_limit` stays within ``1 - level``; no
    union over distances is paid. Infinite if even the largest distance of the sample
    is not certified. `method` must be one of betting, kl, hoeffding, which never fall
    when an observation rises. Source: Lemma 5 (b).

    Examples
    --------
    >>> groups = [[0.1, 0.2, 0.3]] * 50 + [[0.1, 0.2, 0.9]] * 50
    >>> pair_quantile_limit(groups, level=0.5, delta=0.05, method="kl").value
    0.2
    >>> pair_quantile_limit(groups, level=0.99, delta=0.05).value
    inf
    """
    if method not in MONOTONE:
        raise DomainError(f"`method` must be one of {MONOTONE}, got {method!r}")
    _checked_level(level)
    rows = _rows(distances)
    candidates = np.unique(np.concatenate(rows))
    # between two distances of the sample nothing changes: bisect on the first good one
    low, high = 0, candidates.size
    while low < high:
        middle = (low + high) // 2
        threshold = float(candidates[middle])
        limit = pair_tail_limit(rows, threshold=threshold, delta=delta, method=method)
        low, high = (low, middle) if limit <= 1 - level else (middle + 1, high)
    value = float(candidates[low]) if low < candidates.size else math.inf
    return QuantileDiameter(value, level, delta, len(rows))


def single_query_deviation(k: int, *, delta: float) -> float:
    """How far the share of far pairs may exceed that of k independent documents.

    ``sqrt(ln(1 / delta) / (2 floor(k / 2)))``, for one query by itself. Source: Lemma
    5 (c); Hoeffding (1963), Section 5a.

    Examples
    --------
    >>> round(single_query_deviation(16, delta=0.05), 2)
    0.43
    """
    if k < 2:
        raise DomainError(f"a group needs at least 2 documents, got {k}")
    return math.sqrt(-math.log(checked_delta(delta)) / (2 * (k // 2)))


def _checked_level(level: float) -> float:
    if not 0 < level < 1:
        raise DomainError(f"`level` must lie in (0, 1), got {level}; try 0.99")
    return level


def _rows(distances: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    rows = [np.asarray(row, dtype=np.float64).ravel() for row in distances]
    for position, row in enumerate(rows):
        if row.size == 0 or not np.isfinite(row).all():
            raise DomainError(
                f"query {position} must have a pair, and finite distances; drop it"
            )
    if not rows:
        raise DomainError("a limit needs at least one query, got none")
    return rows
