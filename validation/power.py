"""What a number of queries can show: differences, correlations and equivalence."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import scipy  # its parts are loaded when they are first used
from scipy.special import ndtr

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats

# Variance of the Fisher transform of a rank correlation, over 1 / (n - 3)
FIELLER = 1.06
MOST_QUERIES = 10**9
NODES = 200


def detectable_correlation(
    n: int, *, power: float = 0.8, delta: float = 0.05, rank: bool = True
) -> float:
    """Compute the smallest ``|rho|`` that a two-sided test finds with the given power.

    Parameters
    ----------
    n : int
        Queries, at least 4.
    power : float
        In (0, 1).
    delta : float
        Error rate of the test, in (0, 1). Divide it by the size of the family first.
    rank : bool
        True for Spearman's rho, False for Pearson's r.

    Returns
    -------
    float
        In [0, 1).

    Raises
    ------
    DomainError
        On fewer than 4 queries, or a rate outside (0, 1).

    Notes
    -----
    Fisher's transform of r is nearly normal with variance 1 / (n - 3), and that of
    Spearman's rho with variance 1.06 / (n - 3) (Fieller, Hartley and Pearson, 1957).

    Examples
    --------
    >>> round(detectable_correlation(43), 2), round(detectable_correlation(97), 2)
    (0.43, 0.29)
    """
    if n < 4:
        raise DomainError(f"a detectable correlation needs 4 queries or more, got {n}")
    check_rates(power, delta)
    scale = np.sqrt((FIELLER if rank else 1.0) / (n - 3))
    quantiles = scipy.stats.norm.ppf(1 - delta / 2) + scipy.stats.norm.ppf(power)
    return float(np.tanh(max(quantiles, 0.0) * scale))


def paired_power(difference: float, *, n: int, sd: float, delta: float = 0.05) -> float:
    """Compute the power of the two-sided paired t-test at a true mean difference.

    Parameters
    ----------
    difference : float
        True mean of the paired differences, in the unit of `sd`.
    n : int
        Queries, at least 2.
    sd : float
        Standard deviation of the paired differences, above 0.
    delta : float
        Error rate of the test, in (0, 1).

    Returns
    -------
    float
        In [delta, 1].

    Raises
    ------
    DomainError
        On an argument outside its range.

    Notes
    -----
    Exact for normal differences: the statistic has a noncentral t distribution with
    n - 1 degrees of freedom and noncentrality ``difference * sqrt(n) / sd``, evaluated
    as the mean of a normal probability over the sample's standard deviation.

    Examples
    --------
    >>> round(paired_power(0.05, n=34, sd=0.1), 3)
    0.808
    """
    check_sample(n, sd)
    check_rates(0.5, delta)
    if not np.isfinite(difference):
        raise DomainError(f"`difference` must be a finite number, got {difference!r}")
    return _power(abs(difference) * np.sqrt(n) / sd, n, delta)


def detectable_difference(
    n: int, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> float:
    """Compute the smallest mean difference that a paired t-test finds with this power.

    Parameters and errors are those of `paired_power`; `power` lies in (delta, 1).

    Returns
    -------
    float
        In the unit of `sd`.

    Examples
    --------
    >>> round(detectable_difference(43, sd=0.1), 4)
    0.0437
    """
    check_sample(n, sd)
    check_rates(power, delta)
    if power <= delta:
        raise DomainError(
            f"`power` must exceed the error rate {delta:g}, which a test reaches "
            f"without any difference; got {power:g}"
        )
    shift = rising_root(lambda size: _power(size, n, delta) - power)
    return float(shift * sd / np.sqrt(n))


def queries_for_difference(
    difference: float, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> int:
    """Compute the smallest number of queries that finds this mean difference.

    Parameters and errors are those of `paired_power` and `detectable_difference`;
    `difference` must not be 0.

    Raises
    ------
    DomainError
        Also if more than a billion queries would be needed.

    Examples
    --------
    >>> queries_for_difference(0.05, sd=0.1)
    34
    """
    if difference == 0:
        raise DomainError("no number of queries finds a difference of 0")
    check_rates(power, delta)
    return smallest_n(
        lambda n: paired_power(difference, n=n, sd=sd, delta=delta) >= power
    )


def _power(shift: float, n: int, delta: float) -> float:
    """Power of the two-sided test at a difference of `shift` standard errors."""
    limit = float(scipy.stats.t.isf(delta / 2, n - 1))

    def rejected(s: Floats) -> Floats:
        return np.asarray(ndtr(shift - limit * s) + ndtr(-shift - limit * s))

    return mean_over_spread(rejected, n - 1)


def mean_over_spread(
    values: Callable[[Floats], Floats], freedom: int, *, top: float = np.inf
) -> float:
    """Mean of a function of S / sd, where S is the standard deviation of a sample.

    Parameters
    ----------
    values : callable
        From a float64 array, shape (m,), to values in [0, 1].
    freedom : int
        Degrees of freedom, at least 1.
    top : float
        Above it the function counts as 0.

    Notes
    -----
    For normal values, S^2 / sd^2 is chi-square divided by its degrees of freedom.
    Gauss-Legendre quadrature covers all but 2e-16 of the mass. SciPy's noncentral t,
    which would give the same, returns NaN in its far tail.

    Examples
    --------
    >>> round(mean_over_spread(lambda s: s / 10, 1), 6)  # sqrt(2 / pi) / 10
    0.079788
    """
    low, high = (float(np.sqrt(q / freedom)) for q in _support(freedom))
    high = min(high, top)
    if high <= low:
        return 0.0
    points, weights = _nodes()
    s = low + (high - low) * points
    density = scipy.stats.chi2.pdf(s * s * freedom, freedom) * 2 * s * freedom
    total = (high - low) * np.sum(weights * density * values(s))
    return float(min(1.0, total))


@functools.lru_cache(maxsize=256)
def _support(freedom: int) -> tuple[float, float]:
    return float(scipy.stats.chi2.ppf(1e-16, freedom)), float(
        scipy.stats.chi2.isf(1e-16, freedom)
    )


@functools.cache
def _nodes() -> tuple[Floats, Floats]:
    points, weights = np.polynomial.legendre.leggauss(NODES)
    return (points + 1) / 2, weights / 2


def rising_root(surplus: Callable[[float], float]) -> float:
    """Find where a rising function of a positive number crosses 0.

    Examples
    --------
    >>> round(rising_root(lambda x: x - 3.0), 9)
    3.0
    """
    high = 1.0
    while surplus(high) < 0:
        high *= 2
    return float(scipy.optimize.brentq(surplus, 0.0, high, xtol=1e-12))


def smallest_n(enough: Callable[[int], bool]) -> int:
    """Find the smallest number of queries, at least 2, that is enough.

    Raises
    ------
    DomainError
        If more than a billion queries would be needed.

    Examples
    --------
    >>> smallest_n(lambda n: n >= 35)
    35
    """
    found = smallest_up_to(MOST_QUERIES, enough)
    if found is None:
        raise DomainError(
            "more than a billion queries would be needed; ask for a larger "
            "difference or margin"
        )
    return found


def smallest_up_to(most: int, enough: Callable[[int], bool]) -> int | None:
    """Find the smallest number from 2 to about `most` that is enough.

    `enough` must stay true once it is. The search doubles a number and then bisects.

    Examples
    --------
    >>> smallest_up_to(1000, lambda n: n >= 35)
    35
    >>> smallest_up_to(20, lambda n: n >= 35) is None
    True
    """
    lower, upper = 1, 2
    while not enough(upper):
        lower, upper = upper, 2 * upper
        if upper > most:
            return None
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if enough(middle) else (middle, upper)
    return upper


def check_rates(power: float, delta: float) -> None:
    """Raise unless both rates lie strictly between 0 and 1."""
    for name, value in (("power", power), ("delta", delta)):
        if not 0 < value < 1:
            raise DomainError(f"`{name}` must lie strictly in (0, 1), got {value}")


def check_sample(n: int, sd: float) -> None:
    """Raise unless there are two queries and a positive standard deviation."""
    if n < 2:
        raise DomainError(f"a t-test needs 2 queries or more, got {n}")
    if not (np.isfinite(sd) and sd > 0):
        raise DomainError(
            f"`sd` must be a positive number, got {sd!r}; values that do not vary "
            "need no test"
        )


def equivalence_power(
    margin: float,
    *,
    n: int,
    sd: float,
    difference: float = 0.0,
    delta: float = 0.05,
) -> float:
    """Compute the power of two one-sided paired t-tests at level delta each.

    Parameters
    ----------
    margin : float
        m > 0, in the unit of `sd`: equivalent means a mean difference in (-m, m).
    n : int
        Queries, at least 2.
    sd : float
        Standard deviation of the paired differences, above 0.
    difference : float
        The true mean difference.
    delta : float
        Error rate of each one-sided test, so that equivalence is read off an interval
        at level 1 - 2 delta.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DomainError
        On an argument outside its range.

    Notes
    -----
    Exact for normal differences. The mean and the standard deviation S of the sample
    are then independent, so the power is the mean over S of ``Phi((m - d) root - t S) -
    Phi((-m - d) root + t S)``, or of 0 where that is negative, with root = sqrt(n) / sd
    and S in units of sd.

    Examples
    --------
    >>> round(equivalence_power(0.05, n=36, sd=0.1), 3)
    0.805
    """
    check_sample(n, sd)
    check_rates(0.5, delta)
    check_margin(margin)
    root = float(np.sqrt(n) / sd)
    return _equivalence_power(margin * root, n, delta, difference * root)


def equivalence_margin(
    n: int, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> float:
    """Compute the margin at which equal means are found equivalent with this power.

    Parameters and errors are those of `equivalence_power`.

    Examples
    --------
    >>> round(equivalence_margin(43, sd=0.1), 4)
    0.0454
    """
    check_sample(n, sd)
    check_rates(power, delta)
    width = rising_root(lambda size: _equivalence_power(size, n, delta) - power)
    return float(width * sd / np.sqrt(n))


def queries_for_equivalence(
    margin: float, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> int:
    """Compute the smallest number of queries that finds equal means equivalent.

    Parameters and errors are those of `equivalence_power`.

    Examples
    --------
    >>> [queries_for_equivalence(m, sd=0.1) for m in (0.05, 0.02, 0.01)]
    [36, 216, 858]
    """
    check_rates(power, delta)
    check_margin(margin)
    return smallest_n(
        lambda n: equivalence_power(margin, n=n, sd=sd, delta=delta) >= power
    )


def normal_queries_for_equivalence(
    margin: float, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> int:
    """Approximate `queries_for_equivalence` by the textbook formula.

    Notes
    -----
    ``((z[1 - delta] + z[(1 + power) / 2]) sd / m)^2``, rounded up, with quantiles z of
    the normal law. One or two queries too few, as it takes the standard deviation for
    known.

    Examples
    --------
    >>> [normal_queries_for_equivalence(m, sd=0.1) for m in (0.05, 0.02, 0.01)]
    [35, 215, 857]
    """
    check_sample(2, sd)
    check_rates(power, delta)
    check_margin(margin)
    quantiles = scipy.stats.norm.ppf(1 - delta) + scipy.stats.norm.ppf((1 + power) / 2)
    return int(np.ceil((quantiles * sd / margin) ** 2))


def check_margin(margin: float) -> None:
    """Raise unless the margin is a positive number."""
    if not (np.isfinite(margin) and margin > 0):
        raise DomainError(f"`margin` must be a positive number, got {margin!r}")


def _equivalence_power(width: float, n: int, delta: float, shift: float = 0.0) -> float:
    """Power of the two tests, with margin and difference in standard errors."""
    limit = float(scipy.stats.t.ppf(1 - delta, n - 1))
    if limit <= 0:
        raise DomainError(f"`delta` must be below one half here, got {delta}")

    def accepted(s: Floats) -> Floats:
        room = width - limit * s
        return np.asarray(ndtr(room - shift) - ndtr(-room - shift))

    # A larger standard deviation accepts no mean
    return max(0.0, mean_over_spread(accepted, n - 1, top=width / limit))
