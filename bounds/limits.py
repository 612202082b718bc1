"""Confidence limits of a bounded mean: Hoeffding, kl-Chernoff, empirical Bernstein.

Theorem 1 (a)-(d) of the registry answer one question: given one number per query,
independent over queries and in a known interval, how large can its mean be? Parts (a)
to (c) are here, (d) is `bounds.betting`. Every function returns an *upper* limit, valid
with probability at least 1 - delta for `n_students` means simultaneously.
`upper_limit`, `lower_limit` and `two_sided` choose a limit by name.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import Sample, checked_delta, checked_sample, log_union

Limit = Callable[..., float]


def binary_kl(x: float, y: float) -> float:
    """Bernoulli relative entropy kl(x || y) in nats, with 0 log 0 = 0.

    Examples
    --------
    >>> round(binary_kl(0.5, 0.25), 6)
    0.143841
    """
    first = 0.0 if x <= 0 else (math.inf if y <= 0 else x * math.log(x / y))
    second = 0.0 if x >= 1 else math.inf
    if x < 1 and y < 1:
        second = (1 - x) * (math.log1p(-x) - math.log1p(-y))
    return first + second


def kl_inverse(x: float, budget: float) -> float:
    """Largest y <= 1 with kl(x || y) <= budget, rounded up.

    Parameters
    ----------
    x : float
        Mean in [0, 1].
    budget : float
        Relative entropy >= 0 in nats.

    Returns
    -------
    float
        In [x, 1].

    Raises
    ------
    DomainError
        If x is outside [0, 1] or the budget is negative.

    Examples
    --------
    >>> round(kl_inverse(0.0, -math.log(0.05) / 10), 6)
    0.258866
    """
    if not 0 <= x <= 1 or budget < 0:
        raise DomainError(
            f"`kl_inverse` needs 0 <= x <= 1 and a budget >= 0, got {x}, {budget}"
        )
    if x == 1 or budget == 0:
        return x
    top = 1 - 2.0**-53
    if binary_kl(x, top) <= budget:
        return 1.0
    from scipy.optimize import brentq  # 40 MB of memory, so only when needed

    root = float(brentq(lambda y: binary_kl(x, y) - budget, x, top, xtol=1e-15))
    return min(1.0, root + 4e-15)  # brentq may stop a tolerance short of the root


def hoeffding(
    values: ArrayLike, *, low: float, high: float, delta: float, n_students: int = 1
) -> float:
    """Upper limit of the mean by Hoeffding's inequality, in the unit of `values`.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number per query, independent over queries, each in [low, high].
    low, high : float
        The interval; its width is the `w` of Theorem 1.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: the limits of K students hold simultaneously (union bound).

    Returns
    -------
    float
        ``min(high, mean + w * sqrt(ln(K / delta) / (2 n)))``.

    Raises
    ------
    DomainError
        On an empty sample, a value outside the interval, or delta outside (0, 1).

    Notes
    -----
    Source: Theorem 1 (a); Hoeffding (1963).

    Examples
    --------
    >>> round(hoeffding([0.0, 1.0], low=0, high=1, delta=0.5), 6)
    0.916277
    """
    sample = checked_sample(values, low=low, high=high)
    log_term = log_union(delta, n_students)
    slack = math.sqrt(log_term / (2 * sample.n))
    return sample.restore(sample.mean + slack)


def kl_chernoff(
    values: ArrayLike, *, low: float, high: float, delta: float, n_students: int = 1
) -> float:
    """Upper limit of the mean by inverting the binary relative entropy.

    Parameters, result and errors are those of `hoeffding`. The limit is never larger
    than Hoeffding's.

    Notes
    -----
    ``z_- + w * kl_inverse(mean of rescaled values, ln(K / delta) / n)``.
    Source: Theorem 1 (b); Chernoff (1952), Hoeffding (1963) for bounded variables.

    Examples
    --------
    >>> round(kl_chernoff([0.0] * 10, low=0, high=1, delta=0.05), 6)  # 1 - .05**.1
    0.258866
    """
    sample = checked_sample(values, low=low, high=high)
    return sample.restore(
        kl_inverse(sample.mean, log_union(delta, n_students) / sample.n)
    )


def empirical_bernstein(
    values: ArrayLike, *, low: float, high: float, delta: float, n_students: int = 1
) -> float:
    """Upper limit of the mean that uses the sample variance.

    Parameters, result and errors are those of `hoeffding`. The limit of a single query
    is `high`, since its variance is unknown.

    Notes
    -----
    ``mean + sqrt(2 V ln(2K/delta) / n) + 7 w ln(2K/delta) / (3 (n - 1))`` with the
    unbiased sample variance V. Source: Theorem 1 (c); Maurer and Pontil (2009).

    Examples
    --------
    >>> round(empirical_bernstein([0.5] * 101, low=0, high=1, delta=0.05), 6)
    0.586074
    """
    sample = checked_sample(values, low=low, high=high)
    log_term = log_union(delta, 2 * n_students)
    if sample.n < 2:
        return high
    spread = math.sqrt(2 * float(sample.values.var(ddof=1)) * log_term / sample.n)
    return sample.restore(sample.mean + spread + 7 * log_term / (3 * (sample.n - 1)))


METHODS: dict[str, Limit] = {
    "hoeffding": hoeffding,
    "kl": kl_chernoff,
    "empirical_bernstein": empirical_bernstein,
    "betting": betting,
}


def upper_limit(
    values: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
) -> float:
    """Upper confidence limit of the mean by a method chosen by name.

    Parameters
    ----------
    values, low, high, delta, n_students
        As in `hoeffding`.
    method : {"betting", "kl", "empirical_bernstein", "hoeffding"}
        Choose it before looking at the data: the smallest of several limits is not a
        limit at level 1 - delta.

    Returns
    -------
    float
        In the unit of `values`, at most `high`.

    Raises
    ------
    DomainError
        On an unknown method, or as `hoeffding` raises.

    Examples
    --------
    >>> round(upper_limit([0.0] * 10, low=0, high=1, delta=0.05, method="kl"), 6)
    0.258866
    """
    return _method(method)(
        values, low=low, high=high, delta=delta, n_students=n_students
    )


def lower_limit(
    values: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
) -> float:
    """Lower confidence limit of the mean: the upper limit of the mirrored sample.

    Parameters and errors are those of `upper_limit`.

    Returns
    -------
    float
        In the unit of `values`, at least `low`.

    Examples
    --------
    >>> round(lower_limit([1.0] * 10, low=0, high=1, delta=0.05, method="kl"), 6)
    0.741134
    """
    mirrored = low + high - np.asarray(values, dtype=np.float64)
    clipped: NDArray[np.float64] = np.clip(mirrored, low, high)  # undoes rounding
    checked_sample(values, low=low, high=high)
    upper = upper_limit(
        clipped, low=low, high=high, delta=delta, n_students=n_students, method=method
    )
    return low + high - upper


def two_sided(  # noqa: PLR0913  what makes a limit, and stakes
    values: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
    stakes: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """Confidence interval of the mean, with delta / 2 spent on each side.

    Parameters and errors are those of `upper_limit`; `stakes` are one each for the
    lower and the upper end by betting, fixed without these values, in place of the
    grid (Theorem 10 (a)).

    Returns
    -------
    tuple of float
        Lower and upper limit, in the unit of `values`; both hold with probability at
        least 1 - delta.

    Examples
    --------
    >>> lower, upper = two_sided([0.5] * 50, low=0, high=1, delta=0.05)
    >>> 0.3 < lower < 0.5 < upper < 0.7
    True
    """
    delta = checked_delta(delta)
    arguments = {"low": low, "high": high, "delta": delta / 2}
    if stakes is not None:
        if method != "betting":
            raise DomainError(f"`stakes` are those of betting, not of {method}")
        array = np.asarray(checked_sample(values, low=low, high=high).values)
        below, above = (
            betting(
                side,
                low=0.0,
                high=1.0,
                delta=delta / 2,
                n_students=n_students,
                stakes=[stake],
            )
            for side, stake in zip((1 - array, array), stakes, strict=True)
        )
        return high - (high - low) * below, low + (high - low) * above
    return (
        lower_limit(values, n_students=n_students, method=method, **arguments),
        upper_limit(values, n_students=n_students, method=method, **arguments),
    )


def split_limit(
    entropy: ArrayLike,
    divergence: ArrayLike,
    *,
    high: float,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
) -> float:
    """Upper limit of the risk as a limit for H plus a limit for D.

    Parameters
    ----------
    entropy : array_like, shape (n_H,)
        Teacher entropy per query in nats, in [0, ln 2]. It needs no student, so it may
        come from more queries than the divergence.
    divergence : array_like, shape (n,)
        Student divergence per query in nats, in [0, high].
    high : float
        z_+ of Lemma 2c, the largest divergence of one query.
    delta : float
        Failure probability in (0, 1), half of it for each part.
    n_students, method
        As in `upper_limit`.

    Returns
    -------
    float
        In nats, at most `high`.

    Raises
    ------
    DomainError
        As `upper_limit` raises, for either part.

    Notes
    -----
    Source: Theorem 1 (g). Locality (B) widens only the limit of the divergence.

    Examples
    --------
    >>> h, d = [0.4] * 400, [0.05] * 400
    >>> 0.45 < split_limit(h, d, high=5.66, delta=0.05) < 0.6
    True
    """
    part = functools.partial(
        upper_limit,
        low=0.0,
        delta=checked_delta(delta) / 2,
        n_students=n_students,
        method=method,
    )
    total = part(entropy, high=math.log(2)) + part(divergence, high=high)
    return min(high, total)  # z_+ bounds the risk as well


def _method(name: str) -> Limit:
    if name not in METHODS:
        raise DomainError(f"`method` must be one of {', '.join(METHODS)}, got {name!r}")
    return METHODS[name]


__all__ = [
    "METHODS",
    "Sample",
    "betting",
    "binary_kl",
    "empirical_bernstein",
    "hoeffding",
    "kl_chernoff",
    "kl_inverse",
    "lower_limit",
    "split_limit",
    "two_sided",
    "upper_limit",
]
