"""How often a student misranks, from the teacher's preferences and its own margins.

Theorem 3. All functions take pairs as arrays that broadcast, p the teacher's preference
and m the student's margin, and average over pairs with `weights`: to count queries
equally, weigh each pair by one over the number of pairs of its query.
The teacher has to be calibrated given the pair (A4i), or given p and the sign of m
(A4ii). Calibration given the value p alone is not enough: see `calibration_shift`.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds import numeric
from rankbound.bounds.errors import DomainError

Floats = NDArray[np.float64]

LN2: Final = math.log(2)
# exp(-750) is below the smallest float: no preference is rarer
WIDEST: Final = 750.0


def psi(theta: ArrayLike) -> Floats:
    """Smallest divergence, in nats, that misranks a pair of certainty theta = |2p - 1|.

    ``ln 2 - h((1 + theta) / 2)``, elementwise, for theta in [0, 1]; at least
    ``theta**2 / 2``. Computed as a divergence of margins, in which nothing cancels.

    Examples
    --------
    >>> psi([0.0, 1e-6, 1.0]).tolist()
    [0.0, 5.000000000000833e-13, 0.6931471805599453]
    """
    size = _inside(theta, "theta", 0.0, 1.0)
    margin = np.minimum(2 * np.arctanh(np.minimum(size, 1 - 2.0**-53)), WIDEST)
    value = numeric.margin_divergence(margin, np.zeros_like(margin))
    return np.asarray(np.where(size < 1, value, LN2))


def psi_inverse(divergence: ArrayLike) -> Floats:
    """Largest certainty in [0, 1] that a divergence in nats can misrank, rounded up.

    Elementwise; 1 from ln 2 on; at most ``sqrt(2 * divergence)``.

    Examples
    --------
    >>> psi_inverse([0.0, 0.005, 1.0]).round(6).tolist()
    [0.0, 0.099917, 1.0]
    """
    target = _inside(divergence, "divergence", 0.0, math.inf)
    # psi is convex and at least theta**2 / 2: Newton's steps come down to the root
    theta = np.minimum(np.sqrt(2 * target), 1 - 2.0**-53)
    for _ in range(60):
        slope = np.maximum(np.arctanh(theta), 1e-300)
        step = np.maximum(psi(theta) - target, 0.0) / slope
        theta = np.maximum(theta - step, 0.0)
        if not np.any(step > 1e-16 * theta):
            break
    return np.asarray(np.where(target < LN2, theta, 1.0))


def entropy_margin(entropy: ArrayLike) -> Floats:
    """Margin a >= 0 of a pair with this entropy in nats: the inverse of phi.

    Elementwise, for entropies in [0, ln 2], rounded up; 750 stands for infinity.

    Examples
    --------
    >>> entropy_margin([0.0, 0.256875842, np.log(2)]).round(6).tolist()
    [750.0, 2.567554, 0.0]
    """
    target = _inside(entropy, "entropy", 0.0, LN2)
    low, high = np.zeros_like(target), np.full_like(target, WIDEST)
    for _ in range(64):
        middle = (low + high) / 2
        above = numeric.pair_entropy(middle) > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    high = np.where(target > 0, high, WIDEST)
    return np.asarray(np.where(target < LN2, high, 0.0))


def h_inverse(entropy: ArrayLike) -> Floats:
    """Preference in [0, 1/2] with this entropy in nats, elementwise, rounded down.

    Examples
    --------
    >>> h_inverse([0.0, 0.5, np.log(2)]).round(6).tolist()
    [0.0, 0.19971, 0.5]
    """
    target = _inside(entropy, "entropy", 0.0, LN2)
    return np.asarray(
        np.where(target > 0, numeric.sigmoid(-entropy_margin(target)), 0.0)
    )


def misranking(
    p: ArrayLike, m: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Probability that the student's order of a pair is wrong; ties count one half.

    Parameters
    ----------
    p : array_like
        Teacher preferences in [0, 1] of the first documents.
    m : array_like
        Student margins, of which only the signs matter.
    weights : array_like, optional
        Weights >= 0 of the pairs; equal if not given.

    Returns
    -------
    float
        Between `bayes_error` and one minus it.

    Raises
    ------
    DomainError
        If a preference lies outside [0, 1], a margin is NaN, or no pair has weight.

    Notes
    -----
    The mean of p where m < 0, 1 - p where m > 0, and 1/2 where m = 0. No label is
    needed, but A4i or A4ii. Source: Theorem 3 (a).

    Examples
    --------
    >>> round(misranking([0.9, 0.2, 0.7], [1.0, 1.0, 0.0]), 6)
    0.466667
    """
    preference, margin = _pairs(p, m)
    wrong = np.where(margin < 0, preference, 1 - preference)
    return _mean(np.where(margin == 0, 0.5, wrong), weights)


def bayes_error(p: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """Misranking of the teacher itself: the mean of min(p, 1 - p). Theorem 3 (d).

    Examples
    --------
    >>> round(bayes_error([0.9, 0.2]), 6)
    0.15
    """
    preference = _inside(p, "p", 0.0, 1.0)
    return _mean(np.minimum(preference, 1 - preference), weights)


def discordant_divergence(
    p: ArrayLike, m: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Mean divergence in nats of the pairs that student and teacher order differently.

    Pairs that agree count zero, ties one half. Parameters and errors are those of
    `misranking`; the margins have to be finite. Theorem 3 (b).

    Examples
    --------
    >>> round(discordant_divergence([0.9, 0.2], [1.0, 1.0]), 6)
    0.30643
    """
    preference, margin = _pairs(p, m)
    discordant = np.sign(preference - 0.5) * np.sign(margin) < 0
    share = np.where(margin == 0, 0.5, discordant)
    divergence = numeric.divergence(preference, _inside(margin, "m", -1e300, 1e300))
    return _mean(share * divergence, weights)


def misranking_ceiling(
    entropy: float, divergence: float, *, discordant: float | None = None
) -> float:
    """Largest misranking at this entropy and divergence, or at limits of the two.

    Parameters
    ----------
    entropy, divergence : float
        H in [0, ln 2] and D >= 0 in nats.
    discordant : float, optional
        The divergence of discordant pairs, at most D; D itself if not given.

    Returns
    -------
    float
        ``min(H / (2 ln 2) + psi_inverse(discordant), (H + D) / ln 2, 1)``. It rises in
        every argument, so upper limits may be inserted. Source: Theorem 3 (b), (c).

    Examples
    --------
    >>> round(misranking_ceiling(0.1, 0.05), 6)
    0.216404
    >>> round(misranking_ceiling(0.4, 0.05), 6)
    0.602102
    """
    for name, value in (("divergence", divergence), ("discordant", discordant or 0.0)):
        _inside(value, name, 0.0, math.inf)
    share = float(_inside(entropy, "entropy", 0.0, LN2)) / (2 * LN2)
    part = divergence if discordant is None else min(discordant, divergence)
    local = share + float(psi_inverse(part))
    return min(local, (entropy + divergence) / LN2, 1.0)


def misranking_floor(entropy: float) -> float:
    """Smallest misranking of any ranker at this teacher entropy in nats.

    ``h_inverse(entropy)``; insert a lower limit of the entropy. Theorem 3 (d).

    Examples
    --------
    >>> round(misranking_floor(0.5), 6)
    0.19971
    """
    return float(h_inverse(entropy))


def _pairs(p: ArrayLike, m: ArrayLike) -> tuple[Floats, Floats]:
    margin = _inside(m, "m", -math.inf, math.inf)
    preference, margin = np.broadcast_arrays(_inside(p, "p", 0.0, 1.0), margin)
    return preference, margin


def _inside(values: ArrayLike, name: str, low: float, high: float) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array >= low) & (array <= high))
    if bad.any():
        raise DomainError(
            f"`{name}` must lie in [{low:g}, {high:g}], got {array[bad].flat[0]}; "
            "convert scores or limits to this range first"
        )
    return array


def _mean(values: Floats, weights: ArrayLike | None) -> float:
    if weights is None:
        weights = np.ones_like(values)
    weight = np.broadcast_to(_inside(weights, "weights", 0.0, math.inf), values.shape)
    total = float(weight.sum())
    if not 0 < total < math.inf:
        raise DomainError(f"the weights must have a positive finite sum, got {total}")
    return float((weight * values).sum()) / total
