"""Confidence limits of a bounded mean: Hoeffding, kl-Chernoff, empirical Bernstein.

Theorem 1 (a)-(d) of the registry all ask the same question: one number per query,
independent over queries, in a known interval; how large can its mean be? Here are the
answers; `bounds.betting` holds the fourth. Every
function returns an *upper* limit that is valid with probability at least 1 - delta for
`n_students` means at once. `upper_limit`, `lower_limit`, `two_sided` pick one by name.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.kl import binary_kl, kl_inverse
from rankbound.bounds.samples import Sample, checked_delta, checked_sample

Limit = Callable[..., float]


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
        K: the limits of K students hold together (union bound).

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
    log_term = _log_union(delta, n_students)
    slack = math.sqrt(log_term / (2 * sample.n))
    return sample.restore(sample.mean + slack)


def kl_chernoff(
    values: ArrayLike, *, low: float, high: float, delta: float, n_students: int = 1
) -> float:
    """Upper limit of the mean by inverting the binary relative entropy.

    Parameters and errors are those of `hoeffding`, than which it is never worse.

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
        kl_inverse(sample.mean, _log_union(delta, n_students) / sample.n)
    )


def empirical_bernstein(
    values: ArrayLike, *, low: float, high: float, delta: float, n_students: int = 1
) -> float:
    """Upper limit of the mean that uses the sample variance.

    Parameters and errors are those of `hoeffding`; a single query gives `high`,
    since its variance is unknown.

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
    log_term = _log_union(delta, 2 * n_students)
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
    """Upper confidence limit of the mean by the named method (see `METHODS`).

    Choose the method before looking at the data: the smallest of several limits is
    not itself a limit at level 1 - delta.

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


def two_sided(
    values: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
) -> tuple[float, float]:
    """Confidence interval of the mean, delta / 2 spent on each side.

    Examples
    --------
    >>> lower, upper = two_sided([0.5] * 50, low=0, high=1, delta=0.05)
    >>> 0.3 < lower < 0.5 < upper < 0.7
    True
    """
    delta = checked_delta(delta)
    arguments = {"low": low, "high": high, "delta": delta / 2}
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
        Teacher entropy per query in nats, in [0, ln 2]; may come from more queries
        than the divergence, since it needs no student.
    divergence : array_like, shape (n,)
        Student divergence per query in nats, in [0, high].
    high : float
        z_+ of Lemma 2c, the largest divergence of one query.
    delta : float
        Failure probability, half of which each part spends.
    n_students, method
        As in `upper_limit`.

    Notes
    -----
    Source: Theorem 1 (g). Locality (B) widens only the D part.

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
        raise DomainError(
            f"unknown limit {name!r}; the limits are {', '.join(METHODS)}"
        )
    return METHODS[name]


def _log_union(delta: float, n_students: int) -> float:
    if n_students < 1:
        raise DomainError(f"`n_students` must be at least 1, got {n_students}")
    return math.log(n_students / checked_delta(delta))


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
