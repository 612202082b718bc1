"""Intrinsic dimension and density of a few documents, from their distances.

Both look at nearest neighbours, which exact or near copies of a document would ruin (a
ratio of two distances of which one is 0). Copies are therefore left out first. A group
has few documents, so that the numbers describe and compare groups of one size; they are
biased towards small values and are no property of the whole space.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import gammaln

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats
from rankbound.estimators.pairs import pair_positions

# Documents nearer than this share of their group's diameter are copies of each other:
# batching and rounding move the vectors of equal texts by less.
COPY: Final = 1e-4
NEIGHBOURS: Final = 4


def neighbour_distances(distances: Floats, chosen: Booleans) -> Floats:
    """Distances of every document to the others of its group, nearest first.

    Parameters
    ----------
    distances : float64 array, shape (b, n_pairs)
        From `estimators.distances.pair_distances`.
    chosen : boolean array, shape (b, n_pairs)
        Pairs of two documents that are there, so all pairs of the group.

    Returns
    -------
    float64 array, shape (b, k, k - 1)
        Infinite where there is no such neighbour, and for documents that are left out
        as copies of an earlier one.

    Notes
    -----
    scikit-learn's NearestNeighbors takes one group at a time, 200 times as long
    for groups of 16, and cannot leave out copies, which are defined by the largest
    distance of the group.

    Examples
    --------
    >>> near = neighbour_distances(np.array([[1.0, 2.0, 1.5]]), np.ones((1, 3), bool))
    >>> near.tolist()
    [[[1.0, 2.0], [1.0, 1.5], [1.5, 2.0]]]
    """
    count, n_pairs = distances.shape
    k = (1 + math.isqrt(1 + 8 * n_pairs)) // 2
    first, second = pair_positions(k)
    present = np.where(chosen, distances, np.inf)
    widest = np.where(chosen, distances, 0.0).max(axis=1, keepdims=True, initial=0.0)
    close = chosen & (distances <= COPY * widest)
    copy = np.zeros((count, k), dtype=bool)
    rows, pairs = np.nonzero(close)
    copy[rows, second[pairs]] = True
    square = np.full((count, k, k), np.inf)
    square[:, first, second] = present
    square[:, second, first] = present
    square[copy] = np.inf
    square.swapaxes(1, 2)[copy] = np.inf
    return np.sort(square, axis=-1)[:, :, : k - 1]


def two_nn_dimension(near: Floats) -> Floats:
    """Intrinsic dimension of each group by the ratio of the two nearest neighbours.

    Parameters
    ----------
    near : float64 array, shape (b, k, k - 1)
        From `neighbour_distances`.

    Returns
    -------
    float64 array, shape (b,)
        ``(n - 1) / sum(log(r2 / r1))`` over the n documents left; NaN with fewer than
        three of them or without any variation of the ratio. The caller counts NaN.

    Notes
    -----
    Facco, d'Errico, Rodriguez and Laio (2017), maximum likelihood, with n - 1 for n,
    which removes the bias under the model.

    Examples
    --------
    >>> line = np.abs(np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0]))
    >>> pairs = line[np.triu_indices(3, 1)][None]
    >>> near = neighbour_distances(pairs, np.ones((1, 3), bool))
    >>> round(float(two_nn_dimension(near)[0]), 4)  # 2 / (ln 3 + ln 2 + ln 1.5)
    0.9102
    """
    if near.shape[-1] < 2:
        return np.full(len(near), np.nan)
    usable = np.isfinite(near[:, :, 1])
    first = np.where(usable, near[:, :, 0], 1.0)
    logs = np.log(np.where(usable, near[:, :, 1], 1.0) / first)
    total, count = logs.sum(axis=1), usable.sum(axis=1)
    good = (count >= 3) & (total > 0)
    return np.asarray(
        np.divide(count - 1, total, out=np.full(len(near), np.nan), where=good)
    )


def two_nn(distances: Floats, chosen: Booleans) -> Floats:
    """`two_nn_dimension` from distances; arguments as in `neighbour_distances`.

    Examples
    --------
    >>> round(float(two_nn(np.array([[1.0, 3.0, 2.0]]), np.ones((1, 3), bool))[0]), 4)
    0.9102
    """
    return two_nn_dimension(neighbour_distances(distances, chosen))


def knn_density(distances: Floats, chosen: Booleans) -> Floats:
    """`knn_log_density` in as many dimensions as `two_nn` finds; arguments alike.

    Examples
    --------
    >>> apart = np.arange(1.0, 11.0)[None]  # five documents
    >>> knn_density(apart, np.ones((1, 10), bool)).shape
    (1,)
    """
    near = neighbour_distances(distances, chosen)
    return knn_log_density(near, two_nn_dimension(near))


def knn_log_density(
    near: Floats, dimension: Floats, *, neighbours: int = NEIGHBOURS
) -> Floats:
    """Mean log density of each group's documents from their k-th neighbour.

    Parameters
    ----------
    near : float64 array, shape (b, k, k - 1)
    dimension : float64 array, shape (b,)
        Of the ball whose volume is used, such as `two_nn_dimension`.
    neighbours : int
        Which neighbour, from 1.

    Returns
    -------
    float64 array, shape (b,)
        Mean of ``log(k / (n - 1)) - log V_d - d log r_k``, in nats, for distances in
        their own unit; NaN where the dimension is, or with too few documents.

    Notes
    -----
    Loftsgaarden and Quesenberry (1965). The logarithm of the volume of a unit ball,
    ``d/2 log pi - log Gamma(d/2 + 1)``, does not overflow in any dimension.

    Examples
    --------
    >>> apart = np.ones((1, 10))  # five documents at distance 1
    >>> near = neighbour_distances(apart, np.ones((1, 10), bool))
    >>> knn_log_density(near, np.array([2.0])).round(4).tolist()  # -ln pi
    [-1.1447]
    """
    if neighbours < 1:
        raise DomainError(f"`neighbours` must be at least 1, got {neighbours}")
    if near.shape[-1] < neighbours:
        return np.full(len(near), np.nan)
    radius = near[:, :, neighbours - 1]
    usable = np.isfinite(radius)
    count = np.isfinite(near[:, :, 0]).sum(axis=1)
    logs = np.where(usable, np.log(np.where(usable, radius, 1.0)), 0.0)
    good = (usable.sum(axis=1) > 0) & (count > neighbours)
    mean = np.divide(
        logs.sum(axis=1),
        usable.sum(axis=1),
        out=np.full(len(near), np.nan),
        where=good,
    )
    ball = dimension / 2 * np.log(np.pi) - gammaln(dimension / 2 + 1)
    crowd = np.log(neighbours / np.maximum(count - 1, 1))
    return np.asarray(crowd - ball - dimension * mean)
