"""Temperature by maximum likelihood on calibration pairs.

The mean loss ``softplus(b m) - p b m`` is convex in the inverse temperature b, so its
minimum is the root of an increasing derivative, if there is one.
"""

from __future__ import annotations

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.estimators.pointwise import sigmoid

# Temperatures from a thousandth to a thousand times the typical margin are looked at
SEARCH = 1e3


class UnidentifiedError(DomainError):
    """The likelihood has no maximum at a positive, finite temperature."""


def fit_temperature(margins: Floats, targets: Floats, weights: Floats) -> float:
    """Temperature that makes ``sigmoid(margin / temperature)`` most likely.

    Parameters
    ----------
    margins : float64 array, shape (n_pairs,)
        Raw score differences.
    targets : float64 array, shape (n_pairs,)
        Probability that the first document of each pair is preferred, in [0, 1]; 1 for
        a judged pair written better document first.
    weights : float64 array, shape (n_pairs,)
        1 / (pairs of the query), so that every query counts the same.

    Returns
    -------
    float
        In the unit of the margins, positive.

    Raises
    ------
    UnidentifiedError
        When the margins order every pair as the targets do (the likelihood grows as
        the temperature falls to 0) or no better than a coin (as it rises).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margins = rng.normal(size=200_000) * 6
    >>> targets = (rng.random(200_000) < 1 / (1 + np.exp(-margins / 3))).astype(float)
    >>> round(fit_temperature(margins, targets, np.ones(200_000)), 1)
    3.0
    """
    if margins.size == 0:
        raise DomainError("a temperature needs at least one calibration pair")
    scale = float(np.sqrt(np.average(margins**2, weights=weights)))
    if scale == 0:
        raise UnidentifiedError("all calibration margins are 0: every pair is a tie")
    m, share = margins / scale, weights / weights.sum()

    def slope(log_inverse: float) -> float:
        return float(np.sum(share * m * (sigmoid(np.exp(log_inverse) * m) - targets)))

    end = np.log(SEARCH)
    if slope(-end) >= 0:
        raise UnidentifiedError(
            "the scores order the calibration pairs no better than a coin, so the "
            "likelihood grows as the temperature rises without end"
        )
    if slope(end) <= 0:
        raise UnidentifiedError(
            "the scores order the calibration pairs without an error, so the "
            "likelihood grows as the temperature falls to 0"
        )
    from scipy.optimize import brentq  # a third of a second to load

    return float(scale * np.exp(-brentq(slope, -end, end, xtol=1e-13)))
