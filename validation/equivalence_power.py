"""Margins within which a number of queries can show equivalence."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr
from scipy.stats import norm
from scipy.stats import t as student_t

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.validation.power import (
    check_rates,
    check_sample,
    mean_over_spread,
    rising_root,
    smallest_n,
)


def equivalence_power(
    margin: float,
    *,
    n: int,
    sd: float,
    difference: float = 0.0,
    delta: float = 0.05,
) -> float:
    """Power of two one-sided paired t-tests at level delta each.

    Parameters
    ----------
    margin : float
        m > 0: equivalent means a mean difference inside (-m, m), in the unit of `sd`.
    n : int
        Queries, at least 2.
    sd : float
        Standard deviation of the paired differences, above 0.
    difference : float
        The true mean difference.
    delta : float
        Of each one-sided test, so that equivalence is read off a 1 - 2 delta interval.

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
    Exact for normal differences: mean and standard deviation S of the sample are
    independent, so that the power is the mean over S of ``Phi((m - d) root - t S) -
    Phi((-m - d) root + t S)``, at least 0, with root = sqrt(n) / sd and S in units of
    sd.

    Examples
    --------
    >>> round(equivalence_power(0.05, n=36, sd=0.1), 3)
    0.805
    """
    check_sample(n, sd)
    check_rates(0.5, delta)
    check_margin(margin)
    root = float(np.sqrt(n) / sd)
    return _power(margin * root, n, delta, difference * root)


def equivalence_margin(
    n: int, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> float:
    """The margin at which equal means are found equivalent with this power.

    Parameters and errors are those of `equivalence_power`.

    Examples
    --------
    >>> round(equivalence_margin(43, sd=0.1), 4)
    0.0454
    """
    check_sample(n, sd)
    check_rates(power, delta)
    width = rising_root(lambda size: _power(size, n, delta) - power)
    return float(width * sd / np.sqrt(n))


def queries_for_equivalence(
    margin: float, *, sd: float, power: float = 0.8, delta: float = 0.05
) -> int:
    """The smallest number of queries that finds equal means equivalent.

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
    """The textbook approximation of `queries_for_equivalence`, with normal quantiles.

    Notes
    -----
    ``((z[1 - delta] + z[(1 + power) / 2]) sd / m)^2``, rounded up: one or two too few,
    since it takes the standard deviation for known.

    Examples
    --------
    >>> [normal_queries_for_equivalence(m, sd=0.1) for m in (0.05, 0.02, 0.01)]
    [35, 215, 857]
    """
    check_sample(2, sd)
    check_rates(power, delta)
    check_margin(margin)
    quantiles = norm.ppf(1 - delta) + norm.ppf((1 + power) / 2)
    return int(np.ceil((quantiles * sd / margin) ** 2))


def check_margin(margin: float) -> None:
    """Raise unless the margin is a positive number."""
    if not (np.isfinite(margin) and margin > 0):
        raise DomainError(f"`margin` must be a positive number, got {margin!r}")


def _power(width: float, n: int, delta: float, shift: float = 0.0) -> float:
    """With margin and difference in standard errors."""
    limit = float(student_t.ppf(1 - delta, n - 1))
    if limit <= 0:
        raise DomainError(f"`delta` must be below one half here, got {delta}")

    def accepted(s: Floats) -> Floats:
        room = width - limit * s
        return np.asarray(ndtr(room - shift) - ndtr(-room - shift))

    # A larger standard deviation accepts no mean
    return max(0.0, mean_over_spread(accepted, n - 1, top=width / limit))
