"""What documents that lie close together force: a risk, and a distance to undercut it.

Procedures of Theorem 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rankbound.bounds import numeric
from rankbound.bounds.constants import a_star, lambda_star
from rankbound.bounds.errors import DomainError
from rankbound.bounds.misranking import LN2, _inside, _mean, entropy_margin


def capacity_floor(
    a: ArrayLike, d: ArrayLike, *, lipschitz: float, weights: ArrayLike | None = None
) -> float:
    """Smallest risk in nats of any student with this Lipschitz constant.

    Parameters
    ----------
    a : array_like
        Teacher margins of the pairs; plus or minus infinity for a certain teacher.
    d : array_like
        Distances >= 0 of the pairs.
    lipschitz : float
        L >= 0, in scores per distance.
    weights : array_like, optional
        Weights >= 0 of the pairs; equal if not given.

    Returns
    -------
    float
        At least the mean of phi(a); ln 2 for L = 0.

    Raises
    ------
    DomainError
        If a distance or L is negative or infinite, a margin is NaN, or no pair counts.

    Notes
    -----
    The mean of phi(a) where ``|a| <= L d``, of ``softplus(-L d) + sigmoid(-|a|) L d``
    elsewhere: the loss of the margin closest to the teacher's. No student is needed.
    Source: Theorem 4 (b).

    Examples
    --------
    >>> round(capacity_floor([2.0, 2.0], [1.0, 0.1], lipschitz=5.0), 6)
    0.449506
    """
    _inside(lipschitz, "lipschitz", 0.0, 1e300)
    size = np.abs(_inside(a, "a", -np.inf, np.inf))
    width = lipschitz * _inside(d, "d", 0.0, 1e300)
    size, width = np.broadcast_arrays(size, width)
    outside = numeric.softplus(-width) + numeric.sigmoid(-size) * width
    floor = np.where(size <= width, numeric.pair_entropy(size), outside)
    return _mean(floor, weights)


def mean_margin_needed(entropy: float) -> float:
    """Mean absolute teacher margin below which the entropy is larger, for all teachers.

    Parameters
    ----------
    entropy : float
        H in [0, ln 2], in nats.

    Returns
    -------
    float
        The inverse of the floor of Theorem 4 (a); 0 at ln 2, 750 for infinity at 0.

    Raises
    ------
    DomainError
        If the entropy is outside [0, ln 2].

    Examples
    --------
    >>> round(mean_margin_needed(0.5), 4), round(mean_margin_needed(0.1), 4)
    (1.1367, 3.8663)
    """
    target = float(_inside(entropy, "entropy", 0.0, LN2))
    straight = (LN2 - target) / float(lambda_star)
    if straight <= float(a_star):
        return straight
    return float(entropy_margin(target))


def mean_distance_needed(
    entropy: float, *, teacher_lipschitz: float, temperature: float
) -> float:
    """Mean distance of the pairs that a teacher of this entropy needs at least.

    ``temperature / teacher_lipschitz`` times `mean_margin_needed`, in units of the
    distance: the converse of Theorem 4 (a) for a Lipschitz teacher.

    Examples
    --------
    >>> round(mean_distance_needed(0.5, teacher_lipschitz=4.0, temperature=2.0), 4)
    0.5684
    """
    for name, value in (
        ("teacher_lipschitz", teacher_lipschitz),
        ("temperature", temperature),
    ):
        if not 0 < value < np.inf:
            raise DomainError(f"`{name}` must be positive and finite, got {value}")
    return temperature / teacher_lipschitz * mean_margin_needed(entropy)
