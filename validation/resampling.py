"""Bootstrap intervals, permutation tests, and corrections for many tests.

The query is the unit that is drawn, left out or permuted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.wording import counted
from rankbound.data.columns import Floats, Integers
from rankbound.threads import kept, one_thread_of_blas, share_out

# Coefficients closer than this are equal in exact arithmetic
ROUNDING: Final = 1e-9
NUMBERS_AT_ONCE: Final = 2**22
NUMBERS_IN_CACHE: Final = 2**16
RESAMPLES: Final = 9999
# Beyond this many draws for one interval, a normal interval says the same
MOST_DRAWS: Final = 300_000_000
BATCH: Final = 2_000_000
# At least this many resampled means must lie beyond each end
LEAST_TAIL: Final = 5


def bootstrap_weights(n: int, *, resamples: int, rng: np.random.Generator) -> Floats:
    """Draw how often each of n queries occurs in each resample.

    Returns
    -------
    float64 array, shape (resamples, n)
        Whole numbers; every row sums to n.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bootstrap_weights(5, resamples=3, rng=rng).sum(axis=1).tolist()
    [5.0, 5.0, 5.0]
    """
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def weights_in_parts(
    n: int, *, resamples: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """What `bootstrap_weights` draws, some resamples at a time.

    Examples
    --------
    >>> parts = weights_in_parts(3, resamples=2, rng=np.random.default_rng(0))
    >>> whole = bootstrap_weights(3, resamples=2, rng=np.random.default_rng(0))
    >>> bool((np.concatenate([*parts]) == whole).all())
    True
    """
    for count in _counts(n, resamples):
        yield bootstrap_weights(n, resamples=count, rng=rng)


def heads_in_parts(
    n: int, *, count: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int8]]:
    """Tosses of a coin for n queries, `count` times, some of these at a time.

    All of them are those that one call of ``rng.integers`` gives.

    Examples
    --------
    >>> [part.shape for part in heads_in_parts(3, count=6, rng=np.random.default_rng())]
    [(6, 3)]
    """
    # A generator makes four numbers of 8 bits at once
    for rows in _counts(4 * n, -(-count // 4)):
        size = min(4 * rows, count)
        count -= size
        yield rng.integers(0, 2, size=(size, n), dtype=np.int8)


def _counts(n: int, total: int) -> Iterator[int]:
    """How many rows of n numbers are drawn together, until they are `total`."""
    step = max(1, NUMBERS_AT_ONCE // n)
    for start in range(0, total, step):
        yield min(step, total - start)


def leave_one_out(n: int, some: slice | Integers = slice(None)) -> Floats:
    """Weights of the n jackknife samples, or of `some` of them, shape (b, n).

    Examples
    --------
    >>> leave_one_out(2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    every = np.arange(n)
    return np.not_equal(every[some, None], every).astype(np.float64)


def acceleration(jackknife: Floats) -> Floats:
    """Compute the acceleration of BCa from leave-one-out estimates.

    Parameters
    ----------
    jackknife : float64 array, shape (n, ...)

    Returns
    -------
    float64 array, shape (...)

    Notes
    -----
    ``sum d**3 / (6 (sum d**2)**1.5)``, where d is the mean minus each estimate; 0 where
    the estimates do not differ (Efron, 1987).

    Examples
    --------
    >>> acceleration(np.array([0.0, 0.0, 3.0])).round(6).item()
    -0.068041
    """
    d = jackknife.mean(axis=0) - jackknife
    squares, cubes = (d**2).sum(axis=0), (d**3).sum(axis=0)
    return np.asarray(
        np.divide(
            cubes,
            6 * squares**1.5,
            out=np.zeros_like(squares),
            where=squares > ROUNDING**2,
        )
    )


def bca_interval(
    estimate: Floats,
    replicates: Floats,
    skew: Floats,
    *,
    delta: float,
) -> tuple[Floats, Floats]:
    """Bias-corrected and accelerated bootstrap intervals, one for each cell.

    Parameters
    ----------
    estimate : float64 array, shape (...)
    replicates : float64 array, shape (b, ...)
        Estimates of the resamples. Those that are NaN are left out.
    skew : float64 array, shape (...)
        `acceleration` of the leave-one-out estimates.
    delta : float
        One minus the level, in (0, 1).

    Returns
    -------
    lower, upper : float64 arrays, shape (...)
        NaN where the estimate or more than half of the replicates are NaN, and where
        the interval would not hold its own estimate.

    Notes
    -----
    Efron (1987). Ties with the estimate count half, as in `scipy.stats.bootstrap`.
    Where less than about delta / 2 of the replicates lie on one side of the estimate,
    as when a single query differs from all others, the correction for bias moves both
    ends beyond the estimate and to nearly the same place, which is no interval.

    Examples
    --------
    >>> sample = np.arange(101.0)[:, None]
    >>> lower, upper = bca_interval(np.array([50.0]), sample, np.zeros(1), delta=0.1)
    >>> lower.round(6).item(), upper.round(6).item()
    (5.0, 95.0)
    """
    tails = np.array([checked_delta(delta) / 2, 1 - delta / 2])
    flat = replicates.reshape(len(replicates), -1)
    found = np.full((2, flat.shape[1]), np.nan)
    cells = zip(
        estimate.ravel(), np.broadcast_to(skew, estimate.shape).ravel(), strict=True
    )
    for cell, (value, a) in enumerate(cells):
        column = flat[:, cell]
        column = column[np.isfinite(column)]
        if not np.isfinite(value) or 2 * len(column) < len(flat):
            continue
        ends = np.quantile(column, _levels(value, column, a, tails))
        if ends[0] <= value + ROUNDING and value - ROUNDING <= ends[1]:
            found[:, cell] = ends
    lower, upper = found.reshape(2, *estimate.shape)
    return lower, upper


def _levels(value: float, column: Floats, a: float, tails: Floats) -> Floats:
    below = np.mean(column < value - ROUNDING)
    share = (below + np.mean(column <= value + ROUNDING)) / 2
    if share in (0.0, 1.0):  # all replicates lie on one side of the estimate
        share = np.clip(share, 0.5 / len(column), 1 - 0.5 / len(column))
    bias = ndtri(share)
    moved = bias + ndtri(tails)
    return np.asarray(ndtr(bias + moved / (1 - a * moved)))


def permutations(n: int, *, count: int, rng: np.random.Generator) -> Integers:
    """Draw random orders of n queries, shape (count, n).

    Raises
    ------
    DomainError
        If `count` is below 1.

    Examples
    --------
    >>> permutations(3, count=2, rng=np.random.default_rng(0)).shape
    (2, 3)
    """
    if count < 1:
        raise DomainError(f"`count` of permutations must be at least 1, got {count}")
    rows = np.broadcast_to(np.arange(n, dtype=np.int64), (count, n))
    return np.asarray(rng.permuted(rows, axis=1))


def permutations_in_parts(
    n: int, *, count: int, rng: np.random.Generator
) -> Iterator[Integers]:
    """What `permutations` draws, some orders at a time.

    Examples
    --------
    >>> parts = permutations_in_parts(3, count=2, rng=np.random.default_rng(0))
    >>> whole = permutations(3, count=2, rng=np.random.default_rng(0))
    >>> bool((np.concatenate([*parts]) == whole).all())
    True
    """
    for some in _counts(n, count):
        yield permutations(n, count=some, rng=rng)


def permuted_products(x: Floats, y: Floats, orders: Integers) -> Floats:
    """Compute coefficients of unit columns after permuting the rows of `y`.

    Parameters
    ----------
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)
    orders : int64 array, shape (m, n)

    Returns
    -------
    float64 array, shape (m, t, k)

    Examples
    --------
    >>> x = np.array([[0.6], [-0.8]])
    >>> permuted_products(x, x, np.array([[0, 1], [1, 0]])).ravel().round(6).tolist()
    [1.0, -0.96]
    """
    found = np.empty((len(orders), x.shape[1], y.shape[1]))

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            some = orders[part]
            moved = kept("moved", *some.shape, y.shape[1])
            np.take(y, some, axis=0, out=moved, mode="clip")
            np.matmul(x.T, moved, out=found[part])

    with one_thread_of_blas():
        at_once = max(1, NUMBERS_IN_CACHE // max(1, y.size))
        share_out(work, len(orders), at_once=at_once)
    return found


def permutation_p(observed: Floats, null: Floats) -> Floats:
    """Two-sided p-values of permutation tests.

    Parameters
    ----------
    observed : float64 array, shape (...)
    null : float64 array, shape (m, ...)
        Coefficients of the permuted samples.

    Returns
    -------
    float64 array, shape (...)
        ``(b + 1) / (m + 1)``, where b counts the permuted coefficients at least as far
        from 0; NaN where the observed coefficient is not finite.

    Examples
    --------
    >>> permutation_p(np.array(0.5), np.array([0.1, -0.6, 0.5])).item()
    0.75
    """
    p = (extreme_counts(observed, null) + 1) / (len(null) + 1)
    return np.asarray(np.where(np.isfinite(observed), p, np.nan))


def extreme_counts(observed: Floats, null: Floats) -> Integers:
    """How many permuted coefficients are at least as far from 0; see `permutation_p`.

    Examples
    --------
    >>> extreme_counts(np.array([0.5]), np.array([[0.1], [-0.6], [0.5]])).tolist()
    [2]
    """
    size = np.abs(observed) - ROUNDING - 1e-7 * np.abs(observed)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(null) >= size).sum(axis=0))


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """An interval from `resamples` draws, or the reason why there is none."""

    lower: float | None
    upper: float | None
    resamples: int
    missing_because: str | None = None


def bca_mean(
    values: Floats,
    *,
    delta: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Bootstrap:
    """Bias-corrected and accelerated bootstrap interval of a mean, delta / 2 a side.

    Parameters
    ----------
    values : float64 array, shape (n,)
        One number per query.
    delta : float
        In (0, 1).
    rng : numpy.random.Generator
    resamples : int
        Number of samples of n queries drawn with replacement.

    Returns
    -------
    Bootstrap
        Without an interval if the values do not vary, if n is below 2, if the resamples
        are too few for the level, or if they would cost more than 3e8 draws.

    Notes
    -----
    Efron (1987). The level is approximate, and poor for small n.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bca_mean(np.array([1.0, 1.0]), delta=0.05, rng=rng).missing_because
    'the values do not vary'
    """
    reason = _obstacle(values, delta, resamples)
    if reason is not None:
        return Bootstrap(None, None, 0, reason)
    values = np.sort(values)  # the order of the queries says nothing
    n, mean = len(values), float(values.mean())
    at_once = max(1, BATCH // n)
    means = np.concatenate(
        [
            values[rng.integers(0, n, (min(at_once, resamples - start), n))].mean(
                axis=1
            )
            for start in range(0, resamples, at_once)
        ]
    )
    # Without one value, a mean moves by what the value differs from it, over n - 1
    skew = acceleration((mean - values)[:, None] / (n - 1))
    lower, upper = bca_interval(np.array([mean]), means[:, None], skew, delta=delta)
    if np.isnan(lower.item()):
        return Bootstrap(None, None, resamples, "too few distinct values")
    return Bootstrap(lower.item(), upper.item(), resamples)


def _obstacle(values: Floats, delta: float, resamples: int) -> str | None:
    if len(values) < 2:
        return "one query does not vary"
    # Rounding errors of equal differences are no variation
    scale = float(np.abs(values).max())
    if float(np.ptp(values)) <= 1e-12 * max(scale, 1.0):
        return "the values do not vary"
    if resamples * delta / 2 < LEAST_TAIL:
        return f"too few for delta = {delta:.3g}: {counted(resamples, 'resample')}"
    if len(values) * resamples > MOST_DRAWS:
        return (
            f"{counted(len(values), 'query')}: the t interval says the same at this "
            "size"
        )
    return None


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjusted p-values, which keep the family-wise error rate.

    Parameters
    ----------
    p_values : float64 array, shape (n,)
        In [0, 1], one for each comparison of the family.

    Returns
    -------
    float64 array, shape (n,)
        Reject where at most the family's error rate.

    Raises
    ------
    DomainError
        On an empty family or a value outside [0, 1].

    Notes
    -----
    Holm (1979). Tests compare it with statsmodels, which is not used here because it
    takes seconds to import and collects garbage at every call.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.06, 0.06]
    """
    values = _checked(p_values)
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, factors * values[order]))
    return adjusted


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values, which keep the false discovery rate.

    Parameters and errors are those of `holm`. Meant for exploration, not for claims.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.04, 0.04]
    """
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(_checked(p_values), method="bh"))


def _checked(p_values: Floats) -> Floats:
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise DomainError(
            f"a family needs at least one p-value, got shape {values.shape}"
        )
    if not ((values >= 0) & (values <= 1)).all():
        worst = values[~((values >= 0) & (values <= 1))][0]
        raise DomainError(f"p-values lie in [0, 1], got {worst}")
    return values
