"""Evidence of a bounded sample against a mean: p-values from the betting capital.

If m is the true mean, the capital of `bounds.betting` has expectation 1, so that it
exceeds 1 / p with a chance of at most p (Markov). One over the capital is therefore a
p-value, and a limit at level delta excludes m exactly where this p-value is delta.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from rankbound.bounds.betting import compressed, stake_grid
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta, checked_sample


def betting_p_value(
    values: ArrayLike, *, low: float, high: float, mean: float, delta: float
) -> float:
    """Two-sided p-value of "the mean is `mean`", in the unit of `values`.

    Parameters
    ----------
    values : array_like, shape (n,)
        One number per query, independent over queries, each in [low, high].
    low, high : float
        The interval of one value.
    mean : float
        The mean under the hypothesis, strictly between `low` and `high`.
    delta : float
        Level of the interval that the p-value belongs to; it decides the grid of
        stakes, fixed in advance. At most `delta` if and only if `mean` lies outside
        ``bounds.limits.two_sided(values, ..., delta=delta)``, up to rounding.

    Returns
    -------
    float
        In (0, 1].

    Raises
    ------
    DomainError
        On an empty sample, a value outside the interval, a mean that is not inside it,
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
    stakes = stake_grid(sample.n, checked_delta(delta) / 2)
    capitals = []
    for rescaled, hypothesis in (
        (sample.values, level),
        (1.0 - sample.values, 1.0 - level),
    ):
        capitals.append(compressed(rescaled).log_capital(stakes, hypothesis))
    return float(min(1.0, 2 * math.exp(-min(max(capitals), np.log(1e300)))))
