"""Distances within a group and its diameters: maximum, quantile, mean.

Two metrics are available, Euclidean and angular. One minus the cosine is refused, since
it violates the triangle inequality and no dot-product ranker is Lipschitz in it.
"""

from __future__ import annotations

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.estimators.arrays import (
    Array,
    as_array,
    check_finite,
    constant,
    is_traced,
    namespace,
    narrowed,
    widened,
)
from rankbound.estimators.pairs import both_sides, pair_mean, pair_positions

METRICS = ("euclidean", "angular")
COSINE_REFUSED = (
    "cosine distance (1 - cos) is not a metric: vectors at 0, 45 and 90 degrees break "
    "the triangle inequality, and a dot-product student is not Lipschitz in it; use "
    "'angular', or 'euclidean' on unit vectors, where it orders pairs the same way"
)
# Squared distances from inner products lose digits in proportion to norms / distance.
# Below this share of the squared norms they are computed again by subtraction.
RECOMPUTE_BELOW = 1e-3
NUMBERS_IN_CACHE = 2**17
FED_AT_ONCE = 2**18  # values that are sorted together


def check_metric(metric: str) -> str:
    """Return the name of a metric, or raise and say why it is refused.

    Examples
    --------
    >>> check_metric("euclidean")
    'euclidean'
    """
    if metric in METRICS:
        return metric
    if metric.startswith("cos"):
        raise DomainError(COSINE_REFUSED)
    raise DomainError(f"unknown metric {metric!r}; the metrics are {METRICS}")


def pair_distances(vectors: Array, *, metric: str = "euclidean") -> Array:
    """Distances of all pairs i < j of each group.

    Parameters
    ----------
    vectors : array, shape (..., k, dim)
        One row per document.
    metric : {"euclidean", "angular"}
        Angular distances are in radians, in [0, pi].

    Returns
    -------
    array, shape (..., k (k - 1) / 2)
        At least 0, in the order of `estimators.pairs.pair_differences`.

    Raises
    ------
    DomainError
        For another metric, a vector that is not finite, or, with angular distances, a
        zero vector.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    >>> pair_distances(square).tolist()
    [3.0, 4.0, 5.0]
    >>> pair_distances(np.eye(2), metric="angular").round(6).tolist()
    [1.570796]
    """
    check_metric(metric)
    vectors = as_array(vectors)
    check_finite(vectors, "vectors")
    if metric == "angular":
        _check_directions(vectors)
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 3 or len(vectors) == 0:
        return _distances(vectors, metric)
    # Pieces whose temporaries fit into the cache, as in `estimators.pairwise`
    step = max(1, NUMBERS_IN_CACHE // max(1, vectors.shape[1] * vectors.shape[2]))
    pieces = (vectors[at : at + step] for at in range(0, len(vectors), step))
    return np.concatenate([_distances(piece, metric) for piece in pieces])


def diameter(distances: Array, chosen: Array) -> Array:
    """Largest distance over the chosen pairs of each group.

    Parameters
    ----------
    distances, chosen : arrays, shape (..., n_pairs)
        From `pair_distances` and `estimators.pairs.selected_pairs`.

    Returns
    -------
    array, shape (...)
        0 where no pair is chosen.

    Examples
    --------
    >>> diameter(np.array([3.0, 4.0, 5.0]), np.array([True, True, False])).item()
    4.0
    """
    xp = namespace(distances)
    if distances.shape[-1] == 0:  # groups of one document
        return xp.sum(distances, axis=-1)
    return xp.max(xp.where(chosen, distances, xp.zeros_like(distances)), axis=-1)


def mean_distance(distances: Array, chosen: Array) -> Array:
    """Mean distance over the chosen pairs of each group; arguments as in `diameter`.

    Examples
    --------
    >>> mean_distance(np.array([3.0, 4.0, 5.0]), np.array([True, True, False])).item()
    3.5
    """
    return pair_mean(distances, chosen)


def rms_distance(distances: Array, chosen: Array) -> Array:
    """Root mean square distance over the chosen pairs; arguments as in `diameter`.

    Examples
    --------
    >>> chosen = np.array([True, True, False])
    >>> round(rms_distance(np.array([3.0, 4.0, 5.0]), chosen).item(), 6)
    3.535534
    """
    return namespace(distances).sqrt(pair_mean(distances**2, chosen))


def quantile_diameter(distances: Array, chosen: Array, *, quantile: float) -> Array:
    """Smallest distance that at least a share `quantile` of the pairs does not exceed.

    The inverse of the distribution function: an observed distance, never interpolated.
    It is descriptive. It underestimates the diameter, and a certificate that used it
    would have to pay the price of Theorem 7.

    Parameters
    ----------
    distances, chosen : arrays, shape (..., n_pairs)
        As in `diameter`.
    quantile : float
        In (0, 1].

    Returns
    -------
    array, shape (...)

    Raises
    ------
    DomainError
        If the quantile is outside (0, 1].

    Examples
    --------
    >>> distances, chosen = np.arange(1.0, 121.0), np.ones(120, dtype=bool)
    >>> quantile_diameter(distances, chosen, quantile=0.99).item()
    119.0
    """
    if not 0 < quantile <= 1:
        raise DomainError(f"`quantile` must lie in (0, 1], got {quantile!r}")
    xp = namespace(distances)
    precise = widened(distances).dtype
    count = xp.sum(xp.astype(chosen, precise), axis=-1, keepdims=True)
    # 0.07 * 100 exceeds 7 in floating point; the guard keeps the rank at 7
    guard = max(1e-12, 4 * float(xp.finfo(precise).eps))
    rank = xp.ceil(count * quantile * (1 - guard)) - 1
    ordered = xp.sort(xp.where(chosen, distances, xp.inf), axis=-1)
    places = constant(distances, np.arange(distances.shape[-1]))
    at_rank = xp.astype(places, precise) == rank
    return xp.sum(xp.where(at_rank, ordered, xp.zeros_like(ordered)), axis=-1)


def _distances(vectors: Array, metric: str) -> Array:
    wide = widened(vectors)
    xp = namespace(wide)
    if metric == "euclidean":
        return narrowed(_pair_norms(wide, sign=-1), vectors)
    unit = wide / xp.sqrt(xp.sum(wide * wide, axis=-1, keepdims=True))
    apart, along = _pair_norms(unit, sign=-1), _pair_norms(unit, sign=1)
    return narrowed(2 * xp.atan2(apart, along), vectors)


def _pair_norms(vectors: Array, *, sign: int) -> Array:
    """|x_i + sign * x_j| of all pairs i < j."""
    if not isinstance(vectors, np.ndarray):
        return _direct(vectors, sign=sign)
    first, second = pair_positions(vectors.shape[-2])
    # Centring changes no difference and preserves digits of the products
    moved = vectors - np.mean(vectors, axis=-2, keepdims=True) if sign < 0 else vectors
    gram = moved @ np.swapaxes(moved, -1, -2)
    norms = np.diagonal(gram, axis1=-2, axis2=-1)
    scale = norms[..., first] + norms[..., second]
    squared = scale + 2 * sign * gram[..., first, second]
    near = np.nonzero(squared <= RECOMPUTE_BELOW * scale)
    left = vectors[(*near[:-1], first[near[-1]])]
    right = vectors[(*near[:-1], second[near[-1]])]
    squared[near] = np.sum((left + sign * right) ** 2, axis=-1)
    return np.sqrt(squared)


def _direct(vectors: Array, *, sign: int) -> Array:
    xp = namespace(vectors)
    swapped = xp.moveaxis(vectors, -2, -1)
    left, right = both_sides(swapped)
    return xp.sqrt(xp.sum((left + sign * right) ** 2, axis=-2))


def _check_directions(vectors: Array) -> None:
    xp = namespace(vectors)
    if is_traced(vectors):
        return
    zero = ~xp.any(vectors != 0, axis=-1)
    if bool(xp.any(zero)):
        index = tuple(int(axis[0]) for axis in xp.nonzero(zero))
        raise DomainError(
            f"the vector at index {index} is zero and has no direction; drop it, or "
            "use metric='euclidean'"
        )


class TailQuantile:
    """Weighted upper quantile of more values than fit into memory, fed in blocks.

    The total weight has to be 1, so that a value with more than 1 - quantile of weight
    above it can be dropped at once: only the tail is kept.

    Parameters
    ----------
    quantile : float
        In (0, 1). The result is the smallest value t such that the weight of the values
        above t is at most 1 - quantile.

    Examples
    --------
    >>> tail = TailQuantile(0.99)
    >>> tail.feed(np.arange(1.0, 121.0), np.full(120, 1 / 120))
    >>> tail.value()
    119.0
    """

    def __init__(self, quantile: float) -> None:
        if not 0 < quantile < 1:
            raise DomainError(f"`quantile` must lie in (0, 1), got {quantile!r}")
        # Weights are sums of fractions; a small slack keeps an exact tie on its side
        self._room = (1 - quantile) + 1e-12
        self._values = np.empty(0)
        self._weights = np.empty(0)
        self._floor = -np.inf
        self._fed: list[tuple[Floats, Floats]] = []
        self._n_fed = 0

    def feed(self, values: Floats, weights: Floats) -> None:
        """Add values with their weights, both of shape (n,)."""
        # What is no larger than the quantile of the values before changes nothing
        above = values > self._floor
        self._fed.append((values[above], weights[above]))
        self._n_fed += len(self._fed[-1][0])
        if self._n_fed > max(FED_AT_ONCE, len(self._values)):
            self._cut()

    def _cut(self) -> None:
        """Keep the tail alone."""
        pool = np.concatenate([self._values, *(values for values, _ in self._fed)])
        share = np.concatenate([self._weights, *(weights for _, weights in self._fed)])
        self._fed, self._n_fed = [], 0
        order = np.argsort(-pool, kind="stable")
        pool, share = pool[order], share[order]
        above = np.cumsum(share) - share  # weight before each value
        keep = above <= self._room
        self._values, self._weights = pool[keep], share[keep]
        if not keep.all():
            self._floor = float(self._values[-1])

    def value(self) -> float:
        """The quantile of all values fed so far.

        Raises
        ------
        DomainError
            If no values were fed.
        """
        self._cut()
        if self._values.size == 0:
            raise DomainError("a quantile needs at least one value; feed some first")
        return float(self._values[-1])
