"""Transport distances of two laws of documents in the space of their scores.

They need neither embeddings nor a density of the target law, only scores.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError
from rankbound.bounds.shift import checked_laws
from rankbound.bounds.wording import counted

Floats = NDArray[np.float64]


def line_transport(points: ArrayLike, target: ArrayLike, sampler: ArrayLike) -> float:
    """Transport distance W1 of two laws on a line, in the unit of the points.

    Parameters
    ----------
    points : array_like, shape (N,)
        Where the documents lie: a score, finite.
    target, sampler : array_like, shape (N,)
        Probabilities of the documents under the two laws.

    Returns
    -------
    float
        Mean distance of the best coupling, by sorting.

    Raises
    ------
    DomainError
        If a point is not finite, a law is none, or the lengths differ.

    Notes
    -----
    The area between the two distribution functions. The distances in two scores do
    not add up to one in both: for that see `transport_shift`. Source: Theorem 2 (d);
    Vallender (1974).

    Examples
    --------
    >>> line_transport([0.0, 1.0, 3.0], [1, 0, 0], [0, 0.5, 0.5])
    2.0
    """
    mu, nu = checked_laws(target, sampler)
    places = _scores(points, "points", mu.size)
    order = np.argsort(places, kind="stable")
    gaps = np.abs(np.cumsum((mu - nu)[order])[:-1])
    return float(gaps @ np.diff(places[order]))


def transport_shift(
    student: ArrayLike,
    teacher: ArrayLike,
    target: ArrayLike,
    sampler: ArrayLike,
    *,
    loss_slope: float,
    score_range: float,
) -> float:
    """Largest change of the risk of one query between the two laws, by transport.

    Parameters
    ----------
    student, teacher : array_like, shape (N,)
        Scores of the N documents, in units of their temperatures.
    target, sampler : array_like, shape (N,)
        Probabilities of the documents under the two laws.
    loss_slope : float
        c_ell in [0, 1] of `lemma-3-lipschitz`; 1 always holds.
    score_range : float
        B >= 0, under both laws.

    Returns
    -------
    float
        In nats, twice the mean of ``loss_slope |f - f'| + B / 4 |g - g'|`` under the
        best of four couplings, each of which keeps an order of the documents: by
        student, by teacher, and by sum and difference of the two parts. It is the
        optimum if one score is a monotone function of the other, and an upper bound
        of it, and so valid, always.

    Raises
    ------
    DomainError
        If a score is not finite or spreads further than B over the documents of both
        laws, a law is none, the lengths differ, or a constant is out of range.

    Notes
    -----
    Source: Theorem 2 (d).

    Examples
    --------
    >>> laws = [1.0, 0.0], [0.0, 1.0]
    >>> transport_shift([0, 2], [0, 1], *laws, loss_slope=1.0, score_range=2.0)
    5.0
    """
    mu, nu = checked_laws(target, sampler)
    if not 0 <= loss_slope <= 1 or not 0 <= score_range < math.inf:
        raise DomainError(
            "`loss_slope` must lie in [0, 1] and `score_range` must be finite and not "
            f"negative, got {loss_slope} and {score_range}; a slope of 1 always holds"
        )
    f = _scores(student, "student", mu.size)
    g = _scores(teacher, "teacher", mu.size)
    for law in (mu, nu):
        spread = float(np.ptp(f[law > 0]))
        if spread > score_range * (1 + 1e-9):
            raise DomainError(
                f"the student's scores spread over {spread}, more than `score_range` "
                f"{score_range}; the range must hold under both laws"
            )
    f, g = loss_slope * f, score_range / 4 * g
    orders = [np.argsort(keys, kind="stable") for keys in (f, g, f + g, f - g)]
    return 2 * min(_monotone_cost(f, g, mu, nu, order) for order in orders)


def _monotone_cost(
    f: Floats, g: Floats, mu: Floats, nu: Floats, order: NDArray[np.intp]
) -> float:
    """Mean distance when quantile is sent to quantile in the given order."""
    ends = [np.minimum(np.cumsum(law[order]), 1.0) for law in (mu, nu)]
    levels = np.union1d(*ends)
    masses = np.diff(levels, prepend=0.0)
    # the document of each law that holds the piece of mass below each level
    last = len(f) - 1
    x, y = (order[np.minimum(np.searchsorted(end, levels), last)] for end in ends)
    return float(masses @ (np.abs(f[x] - f[y]) + np.abs(g[x] - g[y])))


def _scores(values: ArrayLike, name: str, size: int) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (size,) or not np.isfinite(array).all():
        raise DomainError(
            f"`{name}` must hold one finite score for each of "
            f"{counted(size, 'document')}, got "
            f"shape {array.shape}; leave out documents without a score under both laws"
        )
    return array
