"""One estimate from several data sets: random effects with an honest interval.

Data sets are few and differ, so their mean effect has an interval of its own: it allows
for the spread between data sets, which more queries in each of them do not reduce.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.data.columns import Floats

# With fewer data sets, their spread is hardly known
NEEDED: Final = 3


@dataclass(frozen=True, slots=True)
class Pooled:
    """The mean effect over data sets like those given.

    Attributes
    ----------
    value, lower, upper : float
        In the unit of the effects.
    n : int
        Number of data sets, k.
    tau2 : float
        Variance of the true effects between data sets, at least 0.
    q, p : float
        Cochran's Q, and its p-value for one true effect in all data sets.
    i2 : float
        Share of the spread that sampling of queries does not explain, in [0, 1].
    weights : tuple of float
        Of the data sets, in their order; they sum to 1.
    """

    value: float
    lower: float
    upper: float
    n: int
    tau2: float
    q: float
    p: float
    i2: float
    weights: tuple[float, ...]


def pool_effects(effects: Floats, variances: Floats, *, delta: float) -> Pooled:
    """Pool the effects of several data sets by random effects.

    Parameters
    ----------
    effects : float64 array, shape (k,)
        One estimate for each data set, at least 2.
    variances : float64 array, shape (k,)
        Sampling variances of the estimates, positive.
    delta : float
        One minus the level of the interval, in (0, 1).

    Returns
    -------
    Pooled

    Raises
    ------
    DomainError
        With fewer than 2 data sets, a variance that is not positive, or a number that
        is not finite.

    Notes
    -----
    The variance between data sets is Paule and Mandel's (1982), at which the weighted
    sum of squares equals k - 1. The interval is that of Hartung and Knapp (2001):
    Student's t with k - 1 degrees of freedom, and a standard error scaled by that sum
    over k - 1. The scale is 1 wherever the variance is positive, and is not taken below
    1 where it is 0 (Röver, Knapp and Friede, 2015): a few effects that are close by
    chance would have an interval shorter than their own errors allow. Q and I2 are
    Cochran's (1954), and Higgins and Thompson's (2002).

    Examples
    --------
    >>> made = pool_effects(np.array([0.1, 0.3]), np.array([0.01, 0.01]), delta=0.05)
    >>> round(made.value, 6), round(made.tau2, 6), round(made.q, 6)
    (0.2, 0.01, 2.0)
    >>> round(made.lower, 4), round(made.upper, 4)
    (-1.0706, 1.4706)
    """
    from scipy.stats import chi2, t

    checked_delta(delta)
    k = len(effects)
    if k < 2 or effects.shape != variances.shape or effects.ndim != 1:
        raise DomainError(
            "a pooled estimate needs an effect and a variance of 2 data sets or more, "
            f"got shapes {effects.shape} and {variances.shape}"
        )
    if not (np.isfinite(effects).all() and np.isfinite(variances).all()):
        raise DomainError("an effect or variance is not finite; leave its data set out")
    if not (variances > 0).all():
        raise DomainError(
            f"a variance must be positive, got {variances.min():g}; leave out a data "
            "set whose queries do not vary"
        )
    tau2 = _between(effects, variances)
    weights = 1 / (variances + tau2)
    shares = weights / weights.sum()
    value = float(shares @ effects)
    half = float(t.ppf(1 - delta / 2, k - 1) / np.sqrt(weights.sum()))
    q = _spread(effects, variances, 0.0)
    return Pooled(
        value=value,
        lower=value - half,
        upper=value + half,
        n=k,
        tau2=tau2,
        q=q,
        p=float(chi2.sf(q, k - 1)),
        i2=max(0.0, 1 - (k - 1) / q) if q > 0 else 0.0,
        weights=tuple(shares.tolist()),
    )


def _spread(effects: Floats, variances: Floats, tau2: float) -> float:
    """Weighted sum of squares around the weighted mean; it falls as tau2 rises."""
    weights = 1 / (variances + tau2)
    mean = np.average(effects, weights=weights)
    return float(np.sum(weights * (effects - mean) ** 2))


def _between(effects: Floats, variances: Floats) -> float:
    """Paule and Mandel's variance between data sets."""
    wanted = len(effects) - 1
    if _spread(effects, variances, 0.0) <= wanted:
        return 0.0
    # At this variance each weighted square is at most its share of k - 1
    most = float(np.sum((effects - effects.mean()) ** 2))
    found: float = brentq(
        lambda tau2: _spread(effects, variances, tau2) - wanted,
        0.0,
        most,
        xtol=1e-15 * max(1.0, most),
        rtol=1e-12,
    )
    return found
