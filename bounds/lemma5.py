"""Lemma 5: limits for quantiles of distances, from one number per query.

The essential supremum itself has no limit of this kind: take it from structure, such as
a known pool, an enclosing ball or unit vectors. A quantile diameter only describes the
data. `QuantileDiameter` is therefore not a number: a bound that uses one has to pay for
the pairs beyond it, as `bounds.theorem7.truncated_limit` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Symbol, log, tanh

from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import upper_limit
from rankbound.bounds.notation import beta_t, delta, k, level_pairs, level_queries, n
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.statements import OURS, Statement
from rankbound.bounds.wording import counted

# The upper limits that never decrease when an observation increases.
MONOTONE = ("betting", "kl", "hoeffding")


@dataclass(frozen=True, slots=True)
class QuantileDiameter:
    """A distance that at most a share `1 - level` of the population exceeds.

    Attributes
    ----------
    value : float
        The distance; infinite if the sample is too small.
    level : float
        The share of groups or of pairs within it, with probability 1 - delta.
    delta : float
        Probability that the share is smaller.
    n_queries : int
        Number of independent queries in the sample.
    """

    value: float
    level: float
    delta: float
    n_queries: int


def queries_for_level(level: float, delta: float) -> int:
    """Smallest number of queries whose maximum is a limit at this level.

    ``ln(1 / delta) / ln(1 / level)``, rounded up.

    Examples
    --------
    >>> queries_for_level(0.99, 0.05)
    299
    """
    ratio = math.log(checked_delta(delta)) / math.log(_checked_level(level))
    return math.ceil(ratio * (1 - 1e-14))


def order_statistic_rank(n_queries: int, *, level: float, delta: float) -> int:
    """Rank r, counted from 1, of the value that limits the quantile.

    Parameters
    ----------
    n_queries : int
        Number of independent queries.
    level : float
        The share in (0, 1) that the r-th smallest value has to cover.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    int
        The smallest r with ``P(Bin(n, level) <= r - 1) >= 1 - delta``.

    Raises
    ------
    DomainError
        If no rank is large enough because there are fewer than `queries_for_level`
        queries.

    Notes
    -----
    Holds for every law, also one with atoms. Source: Lemma 5 (a); Wilks (1941).

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
    from scipy.stats import binom  # takes a second to load

    ranks = np.arange(1, n_queries + 1)
    good = binom.cdf(ranks - 1, n_queries, level) >= (1 - delta) * (1 - 1e-14)
    return int(ranks[good][0]) if good.any() else n_queries


def group_diameter_limit(
    diameters: ArrayLike, *, level: float, delta: float
) -> QuantileDiameter:
    """Limit for the quantile, over queries, of the diameter of a group.

    Parameters
    ----------
    diameters : array_like, shape (n,)
        Largest distance within the group of each query.
    level : float
        The share in (0, 1) of the queries that the limit has to cover.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    QuantileDiameter
        In the unit of `diameters`.

    Raises
    ------
    DomainError
        On a value that is not finite, or as `order_statistic_rank` raises.

    Notes
    -----
    Source: Lemma 5 (a).

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
    """Upper limit of the share of pairs that are farther apart than a fixed distance.

    Parameters
    ----------
    distances : sequence of array_like
        The distances of the pairs of each query; each query enters as one number.
    threshold : float
        The distance, fixed without looking at the sample.
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
    The number of pairs is not a sample size, since the pairs of a query are dependent.
    Source: Lemma 5 (b).

    Examples
    --------
    >>> groups = [[0.1, 0.2, 0.3]] * 100
    >>> round(pair_tail_limit(groups, threshold=0.5, delta=0.05, method="kl"), 4)
    0.0295
    """
    shares = [float(np.mean(row > threshold)) for row in checked_rows(distances)]
    return upper_limit(shares, low=0.0, high=1.0, delta=delta, method=method)


def pair_quantile_limit(
    distances: Sequence[ArrayLike],
    *,
    level: float,
    delta: float,
    method: str = "betting",
) -> QuantileDiameter:
    """Limit for the quantile of the distance of a pair, with equal weight per query.

    Parameters
    ----------
    distances, delta
        As in `pair_tail_limit`.
    level : float
        The share in (0, 1) of the pairs that the limit has to cover.
    method : {"betting", "kl", "hoeffding"}
        The limits that never decrease when an observation increases.

    Returns
    -------
    QuantileDiameter
        The smallest distance from which `pair_tail_limit` is at most ``1 - level``.
        Infinite if not even the largest distance of the sample is certified.

    Raises
    ------
    DomainError
        On another method, a level outside (0, 1), or as `pair_tail_limit` raises.

    Notes
    -----
    No union bound over distances is needed. Source: Lemma 5 (b).

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
    rows = checked_rows(distances)
    candidates = np.unique(np.concatenate(rows))
    # The limit only changes at distances of the sample, so bisect on those
    low, high = 0, candidates.size
    while low < high:
        middle = (low + high) // 2
        threshold = float(candidates[middle])
        limit = pair_tail_limit(rows, threshold=threshold, delta=delta, method=method)
        low, high = (low, middle) if limit <= 1 - level else (middle + 1, high)
    value = float(candidates[low]) if low < candidates.size else math.inf
    return QuantileDiameter(value, level, delta, len(rows))


def single_query_deviation(k: int, *, delta: float) -> float:
    """Largest excess of the share of distant pairs over that of k sampled documents.

    ``sqrt(ln(1 / delta) / (2 floor(k / 2)))``, for a single query with independent
    documents. Source: Lemma 5 (c); Hoeffding (1963), Section 5a.

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


def checked_rows(distances: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """One flat array of finite numbers per query; raises if a query has none.

    Examples
    --------
    >>> [row.tolist() for row in checked_rows([[0.5], [1, 2]])]
    [[0.5], [1.0, 2.0]]
    """
    rows = [np.asarray(row, dtype=np.float64).ravel() for row in distances]
    for position, row in enumerate(rows):
        if row.size == 0 or not np.isfinite(row).all():
            raise DomainError(
                f"query {position} must have at least one pair, and only finite "
                "numbers; drop it"
            )
    if not rows:
        raise DomainError("a limit needs at least one query, got none")
    return rows


_rank: Final = Symbol("r", positive=True)
_beyond: Final = Symbol(r"P(Y > Y_{(n)})", nonnegative=True)
_gap: Final = Symbol(r"\beta - \hat\beta", real=True)
_certified: Final = Symbol(r"\sup \beta", nonnegative=True)
_covered: Final = Symbol(r"P(d \le \hat t)", nonnegative=True)


def _one_minus_power(count: Symbol) -> object:
    """The expression ``1 - delta**(1 / count)``, without cancellation."""
    half = tanh(log(1 / delta) / (2 * count))
    return 2 * half / (1 + half)


STATEMENTS: Final = (
    Statement(
        key="lemma-5a",
        title="Rank that limits a quantile of group diameters",
        words="The value of this rank among the diameters of the groups, one per "
        "query, is at least the quantile of the given level, with probability at least "
        "1 - delta. The law may have atoms.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Wilks (1941); " + OURS,
        relation=">=",
        left=_rank,
        procedure=order_statistic_rank,
        attained_by="a continuous law, for which no smaller rank will do",
    ),
    Statement(
        key="lemma-5a-maximum",
        title="Mass beyond the sample maximum",
        words="With probability at least 1 - delta no more than this share of the "
        "queries has a larger diameter than all of the sample. It is not zero: the "
        "sample maximum does not bound the diameter. It is 1 - delta**(1 / n), in a "
        "form without cancellation.",
        kind="tight",
        status="proved",
        provenance="literature",
        assumptions=("A0",),
        source="Wilks (1941); " + OURS,
        relation="<=",
        left=_beyond,
        expression=_one_minus_power(n),
        arguments=(n, delta),
        attained_by="a continuous law, for which the probability is 1 - delta",
    ),
    Statement(
        key="lemma-5b",
        title="Share of the pairs beyond a distance",
        words="Each query enters as one number, the share of its pairs beyond a fixed "
        "distance. Where this limit is at most 1 - alpha from some distance on, that "
        "distance is at least the alpha-quantile, without a union over distances.",
        kind="upper",
        status="proved",
        assumptions=("A0",),
        source="Theorem 1; " + OURS,
        relation="<=",
        left=beta_t,
        procedure=pair_tail_limit,
    ),
    Statement(
        key="lemma-5c",
        title="One query by itself",
        words="The share of far pairs exceeds its sample value by at most this much, "
        "for the k independent documents of one query. For 16 documents it is 0.43: "
        "quantiles of single queries only describe the sample.",
        kind="upper",
        status="cited",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Hoeffding (1963), Section 5a",
        relation="<=",
        left=_gap,
        procedure=single_query_deviation,
    ),
    Statement(
        key="lemma-5d",
        title="What one query can certify at most",
        words="If no pair of k independent documents is far, the share of far pairs "
        "may still be this large, and is not larger, at confidence 1 - delta. It is "
        "1 - delta**(2 / k), in a form without cancellation.",
        kind="tight",
        status="cited",
        provenance="literature",
        assumptions=("IID-DOCS",),
        source="Kruskal (1963); Katona (1968)",
        relation="<=",
        left=_certified,
        expression=_one_minus_power(k / 2),
        arguments=(k, delta),
        attained_by="one tight cluster, with all other documents far from each other "
        "and from it",
    ),
    Statement(
        key="lemma-5e",
        title="Quantile of quantiles",
        words="The quantile over queries of the quantile over the pairs of a query "
        "covers at least this share of the pairs: less than either level.",
        kind="tight",
        status="proved",
        source=OURS,
        relation=">=",
        left=_covered,
        expression=level_pairs * level_queries,
        arguments=(level_pairs, level_queries),
        attained_by="queries within the limit that reach it with the least share, and "
        "all pairs of the others beyond it",
    ),
)
