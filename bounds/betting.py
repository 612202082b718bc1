"""Theorem 1 (d): the betting limit of a bounded mean, its sample size and p-value.

If m is the true mean of values in [0, 1], the capital of a gambler who stakes a fixed
fraction u on "the next value is below m" is a nonnegative martingale; by Ville's
inequality the chance that it ever reaches K / delta is at most delta / K. The limit is
the largest m at which a mixture over a fixed grid of u has not reached it.

The same capital gives p-values. Its expectation under the true mean is 1, so that it
exceeds 1 / p with probability at most p (Markov). One over the capital is therefore a
p-value, and the limit at level delta excludes m exactly where it falls below delta.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta, checked_sample

# From here on the sample is replaced by a histogram whose values are rounded up, which
# is valid since the capital falls in every value. With one bin added above the interval
# the limit rises by at most the width of a bin (proof of Theorem 1 (d)).
HISTOGRAM_FROM: Final = 100_000
BINS: Final = 2**16
COARSE_BINS: Final = 2**10
TOP: Final = 1 - 2.0**-40  # the largest mean that is looked at
NEVER: Final = 2**53


def betting(
    values: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    n_students: int = 1,
    stakes: ArrayLike | None = None,
) -> float:
    """Upper limit of the mean by betting, in the unit of `values`.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number per query, independent over queries, each in [low, high].
    low, high : float
        The interval of one value.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: the limits of K students hold simultaneously.
    stakes : array_like, shape (s,), optional
        The grid U, each stake in (0, 1); by default `stake_grid(n, delta)`. The limit
        is valid for any grid that was fixed before the values were seen.

    Returns
    -------
    float
        A limit in [mean, high]; `high` if the capital never reaches K / delta.

    Raises
    ------
    DomainError
        On an empty sample, a value outside the interval, delta outside (0, 1), or a
        stake outside (0, 1).

    Notes
    -----
    Samples of 100,000 values and more are rounded up to multiples of 2**-16 of the
    interval. The limit stays valid and exceeds the one of the exact values by at most
    ``(high - low) / 2**16``, and by rounding error.

    Source: Theorem 1 (d); Waudby-Smith and Ramdas (2024) for betting in general.

    Examples
    --------
    >>> round(betting([0.0] * 10, low=0, high=1, delta=0.05), 3)
    0.297
    >>> round(betting([0.0] * 10, low=0, high=1, delta=0.05, stakes=[0.98]), 3)
    0.263
    """
    sample = checked_sample(values, low=low, high=high)
    delta = checked_delta(delta)
    if n_students < 1:
        raise DomainError(f"`n_students` must be at least 1, got {n_students}")
    grid = stake_grid(sample.n, delta) if stakes is None else checked_stakes(stakes)
    target = math.log(n_students / delta)

    def limit_between(bets: Bets, low: float, high: float) -> float:
        return crossing(lambda m: bets.log_capital(grid, m) - target, low, high)

    if sample.n < HISTOGRAM_FROM:
        return sample.restore(
            limit_between(compressed(sample.values), sample.mean, TOP)
        )
    # Few bins tell where to look with many: their limit is too large by a bin at most
    near = limit_between(compressed(sample.values, COARSE_BINS), sample.mean, TOP)
    low = max(sample.mean, near - 2 / COARSE_BINS)
    high = min(TOP, near + 2 / BINS)
    return sample.restore(limit_between(compressed(sample.values), low, high))


def stake_grid(n: int, delta: float) -> NDArray[np.float64]:
    """The grid U of stakes, ``0.98 * 1.8**-i`` down to a floor that falls with n.

    Examples
    --------
    >>> stake_grid(43, 0.05).round(4).tolist()
    [0.98, 0.5444, 0.3025]
    """
    floor = min(0.45, math.sqrt(8 * math.log(1 / delta) / n) / 3)
    count = 1 + math.floor(math.log(0.98 / floor) / math.log(1.8))
    return np.asarray(0.98 * 1.8 ** -np.arange(count, dtype=np.float64))


def log_capital(
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    stakes: NDArray[np.float64],
    mean: float,
    top: float = 1.0,
) -> float:
    """Logarithm of the capital against the hypothesis `mean`, averaged over the stakes.

    `points` in [0, top] and their multiplicities `weights` have shape (b,); `mean` is
    below `top`.

    Examples
    --------
    >>> one = np.ones(1)
    >>> round(log_capital(np.zeros(1), one, np.array([0.5]), 0.5), 6)  # ln(1 + .5)
    0.405465
    """
    gains = (mean - points) / (top - mean)
    # From some ten thousand numbers on BLAS starts threads, and waits for them longer
    # than it computes
    dot = np.dot if points.size < 10_000 else functools.partial(np.einsum, "i,i")
    logs = np.array([dot(weights, np.log1p(stake * gains)) for stake in stakes])
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).mean()))


def queries_needed(  # noqa: PLR0913  what makes a limit, and the threshold
    values: ArrayLike,
    *,
    low: float,
    high: float,
    threshold: float,
    delta: float,
    n_students: int = 1,
    stakes: ArrayLike | None = None,
) -> int | None:
    """Number of queries at which the betting limit would fall below `threshold`.

    The distribution of the sample is taken as given and repeated to any size.

    Parameters
    ----------
    values, low, high, delta, n_students
        As in `betting`.
    threshold : float
        The value to get below, in the unit of `values` (ln 2 for a risk in nats).
    stakes : array_like, optional
        As in `betting`. Where they never get there, others would have to be chosen, and
        the number is the default grid's, but more than the sample has.

    Returns
    -------
    int or None
        None if no number suffices, because the sample mean is not below the threshold.

    Raises
    ------
    DomainError
        On an empty sample, a value outside the interval, or delta outside (0, 1).

    Notes
    -----
    Source: Theorem 1 (d).

    Examples
    --------
    >>> values = [0.3] * 10
    >>> queries_needed(values, low=0, high=1, threshold=0.5, delta=0.05)
    11
    >>> queries_needed(values, low=0, high=1, threshold=0.2, delta=0.05) is None
    True
    """
    sample = checked_sample(values, low=low, high=high)
    level = (threshold - low) / (high - low)
    if sample.mean >= level:
        return None
    if level >= 1:
        return 1
    fixed = None if stakes is None else checked_stakes(stakes)
    bets = compressed(sample.values)
    target = math.log(n_students / checked_delta(delta))

    def enough(n: int) -> bool:
        repeated = bets._replace(weights=bets.weights * (n / sample.n))
        grid = stake_grid(n, delta) if fixed is None else fixed
        return repeated.log_capital(grid, level) > target

    # The stake grid changes with n, so a larger n may do worse near the threshold. The
    # search starts at the sample's own n, where it has to agree with `betting`.
    lower, upper = (0, sample.n) if enough(sample.n) else (sample.n, 2 * sample.n)
    while not enough(upper):
        lower, upper = upper, 2 * upper
        if upper > NEVER:
            if fixed is None:
                return None
            found = queries_needed(
                values,
                low=low,
                high=high,
                threshold=threshold,
                delta=delta,
                n_students=n_students,
            )
            return None if found is None else max(found, sample.n + 1)
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if enough(middle) else (middle, upper)
    return upper


def checked_stakes(stakes: ArrayLike) -> NDArray[np.float64]:
    """Return stakes as an array, or raise unless each lies strictly between 0 and 1.

    Examples
    --------
    >>> checked_stakes([0.5]).tolist()
    [0.5]
    """
    grid = np.asarray(stakes, dtype=np.float64)
    if grid.ndim != 1 or grid.size == 0 or not ((grid > 0) & (grid < 1)).all():
        raise DomainError(
            f"`stakes` must be a list of numbers strictly between 0 and 1, got {grid}"
        )
    return grid


class Bets(NamedTuple):
    """What is bet on: values in [0, top], how often each occurs, and the interval.

    `points` and `weights` have shape (b,).
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64]
    top: float

    def log_capital(self, stakes: NDArray[np.float64], mean: float) -> float:
        """Log of the average capital over the stakes against the mean, below `top`."""
        return log_capital(self.points, self.weights, stakes, mean, self.top)


def compressed(values: NDArray[np.float64], n_bins: int = BINS) -> Bets:
    """Bets on values in [0, 1]; many values are rounded up to bins.

    Examples
    --------
    >>> compressed(np.array([0.5, 0.25]))
    Bets(points=array([0.5 , 0.25]), weights=array([1., 1.]), top=1.0)
    """
    if values.size < HISTOGRAM_FROM:
        return Bets(values, np.ones(values.size), 1.0)
    bins = np.ceil(values * n_bins).astype(np.int64)
    counts = np.bincount(bins).astype(np.float64)
    used = np.flatnonzero(counts)
    return Bets(used / n_bins, counts[used], 1 + 1 / n_bins)


def crossing(surplus: Callable[[float], float], low: float, high: float) -> float:
    """Where an increasing function of the mean turns positive, rounded up.

    Returns 1 when it is negative up to `TOP`, the last mean that is looked at.

    Examples
    --------
    >>> round(crossing(lambda mean: mean - 0.25, 0.1, TOP), 9)
    0.25
    """
    surplus = functools.cache(surplus)
    if surplus(high) < 0:
        return 1.0 if high == TOP else crossing(surplus, low, TOP)
    lower, upper = low, high
    if surplus(lower) < 0:
        from scipy.optimize import brentq  # 40 MB of memory, so only when needed

        root = float(brentq(surplus, lower, upper, xtol=1e-12))
        # A mean beyond the top would make a bet lose more than all of the stake
        lower, upper = root - 2e-12, min(high, root + 2e-12)
    # The root finder may stop on either side; a limit must be on the upper one
    while surplus(upper) < 0:
        upper = min(high, upper + 2 * (upper - lower))
    return upper


def betting_p_value(
    values: ArrayLike,
    *,
    low: float,
    high: float,
    mean: float,
    delta: float,
    stakes: tuple[float, float] | None = None,
) -> float:
    """Two-sided p-value of the hypothesis that the mean of the values is `mean`.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number per query, independent over queries, each in [low, high].
    low, high : float
        The interval of one value.
    mean : float
        The hypothetical mean, strictly between `low` and `high`, in the unit of
        `values`.
    delta : float
        Level of the interval that the p-value belongs to, in (0, 1). It determines the
        grid of stakes and is fixed in advance.
    stakes : (float, float), optional
        One stake each for the lower and the upper end, fixed without these values, in
        place of the grid.

    Returns
    -------
    float
        In (0, 1]. It is at most `delta` if and only if `mean` lies outside
        ``bounds.limits.two_sided(values, ..., delta=delta)``, up to rounding.

    Raises
    ------
    DomainError
        On an empty sample, a value outside the interval, a mean not strictly inside it,
        or delta outside (0, 1).

    Notes
    -----
    Twice the smaller of the one-sided p-values. Source: Theorem 1 (d).

    Examples
    --------
    >>> betting_p_value([0.0] * 20, low=-1, high=1, mean=0.0, delta=0.05)
    1.0
    >>> betting_p_value([0.5] * 40, low=-1, high=1, mean=0.0, delta=0.05) < 1e-4
    True
    """
    sample = checked_sample(values, low=low, high=high)
    level = (mean - low) / (high - low)
    if not 0 < level < 1:
        raise DomainError(f"`mean` must lie inside ({low}, {high}), got {mean}")
    grid = stake_grid(sample.n, checked_delta(delta) / 2)
    down = up = grid
    if stakes is not None:
        down, up = (checked_stakes([stake]) for stake in stakes)
    capitals = []
    for rescaled, hypothesis, bets in (
        (sample.values, level, up),
        (1.0 - sample.values, 1.0 - level, down),
    ):
        capitals.append(compressed(rescaled).log_capital(bets, hypothesis))
    return float(min(1.0, 2 * math.exp(-min(max(capitals), np.log(1e300)))))
