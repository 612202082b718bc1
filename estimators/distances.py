"""Distances within a group and its diameters: maximum, quantile, mean.

Two metrics are available, Euclidean and angular. One minus the cosine is refused, since
it violates the triangle inequality and no dot-product ranker is Lipschitz in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers
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
from rankbound.threads import one_thread_of_blas, share_out

METRICS = ("euclidean", "angular")
COSINE_REFUSED = (
    "cosine distance (1 - cos) is not a metric: vectors at 0, 45 and 90 degrees break "
    "the triangle inequality, and a dot-product student is not Lipschitz in it; use "
    "'angular', or 'euclidean' on unit vectors, where it orders pairs the same way"
)
# Squared distances from inner products lose digits in proportion to norms / distance.
# Below this share of the squared norms they are computed again from the vectors; by the
# bits of a number.
RECOMPUTE_BELOW: Final = {32: 1 / 16, 64: 1e-2}
# Groups with a larger share of such pairs, of which this is the inverse, are moved.
FEW: Final = 64
NUMBERS_IN_CACHE: Final = 2**19
# Distances of a group up to which sorting takes no longer than selecting, and ranks
# from which on it takes less time.
SORTED_QUICKLY: Final = 256
MOST_RANKS: Final = 8
# Rows of a product of a large group with itself, and of a group of no more vectors than
# that: BLAS multiplies so few rows without copying them.
ROWS: Final = 128
STRIP: Final = 8
# Vectors on a side of a tile of a large set, and pairs of one that are computed singly.
TILE: Final = 512
MOST_CANDIDATES: Final = 4096
SMALL: Final = 1e-12
SMALL_DISTANCE: Final = 1e-140
# Multiplications from which on BLAS would share out one product to its own threads.
SMALL_PRODUCT: Final = 2**19
# Values that are sorted together.
FED_AT_ONCE: Final = 2**18


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

    Notes
    -----
    NumPy arrays are multiplied with themselves, in float32 if they are float32 and else
    in float64. Where digits cancel, vectors are moved to their mean, or the distance is
    computed from their difference in float64. Relative errors are below 2e-6 for
    float32 and 1e-13 for float64 with up to 4,096 dimensions, beside what the angle of
    nearly parallel vectors loses by the rounding of a length. Equal vectors are at
    distance 0. torch and jax compute all differences.

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
    if isinstance(vectors, np.ndarray) and vectors.ndim > 1 and vectors.size > 0:
        return _of_array(vectors, metric)
    check_finite(vectors, "vectors")
    if metric == "angular":
        _check_directions(vectors)
    return _distances(vectors, metric)


def _of_array(vectors: Floats, metric: str) -> Floats:
    """Distances of groups of NumPy vectors, shared out to threads."""
    *shape, k, dim = vectors.shape
    groups = vectors.reshape(-1, k, dim)
    single = vectors.dtype == np.float32
    found = np.empty(
        (len(groups), k * (k - 1) // 2), dtype=np.float32 if single else np.float64
    )

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            found[part] = group_distances(groups[part], metric)

    try:
        with one_thread_of_blas(k * k * dim > SMALL_PRODUCT):
            share_out(work, len(groups), at_once=groups_at_once(k, dim))
    except DomainError:
        check_finite(vectors, "vectors")  # raise with the index in all vectors
        _check_directions(vectors)
        raise
    return found.reshape(*shape, -1)


def groups_at_once(k: int, dim: int) -> int:
    """How many groups of k vectors are a part for a thread, for the cache's sake.

    Examples
    --------
    >>> groups_at_once(16, 768), groups_at_once(1000, 768)
    (42, 1)
    """
    return max(1, NUMBERS_IN_CACHE // max(1, k * dim))


def group_distances(groups: Floats, metric: str) -> Floats:
    """`pair_distances` of some groups (b, k, dim) of NumPy vectors, in one thread.

    Raises
    ------
    DomainError
        As `pair_distances` raises.
    """
    single = groups.dtype == np.float32
    wide = groups if single else groups.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.vecdot(wide, wide)
    if not np.isfinite(norms).all():
        check_finite(groups, "vectors")
    if metric == "angular":
        return _angles(wide, norms)
    large = ~(norms.max(axis=-1) < np.finfo(wide.dtype).max / 8)
    if large.any():  # the squares alone overflow
        return _with_large(wide, large)
    squared = _of_pairs(wide, norms, _squared)
    near = squared < 0
    if not near.any():
        return np.asarray(np.sqrt(squared, out=squared))
    crowded = _crowded(near)
    if len(crowded):
        # Vectors with much in common: without their mean, fewer digits cancel
        moved = wide[crowded]
        moved -= moved.mean(axis=-2, keepdims=True)
        squared[crowded] = _of_pairs(moved, np.vecdot(moved, moved), _squared)
        near = squared < 0
    places, pairs = np.nonzero(near)
    squared[places, pairs] = 0.0
    found = np.sqrt(squared, out=squared)
    found[places, pairs] = _one_by_one(wide, places, pairs, _apart)
    return np.asarray(found)


def _with_large(groups: Floats, large: Booleans) -> Floats:
    """Euclidean distances of groups some of which are `large`, shape (b,)."""
    k = groups.shape[1]
    found = np.empty((len(groups), k * (k - 1) // 2), dtype=groups.dtype)
    some = groups[large].astype(np.float64)
    if groups.dtype == np.float32:  # whose squares float64 has
        found[large] = group_distances(some, "euclidean")
    else:
        powers = _powers(some, axis=(-2, -1))
        scaled = group_distances(np.ldexp(some, -powers), "euclidean")
        found[large] = np.ldexp(scaled, powers[:, 0])
    if not large.all():
        found[~large] = group_distances(groups[~large], "euclidean")
    return found


def _powers(vectors: Floats, axis: int | tuple[int, int]) -> Integers:
    """Powers of two by which numbers may be divided without rounding."""
    peaks = np.abs(vectors).max(axis=axis, keepdims=True)
    return np.asarray(np.frexp(peaks)[1])


def _squared(products: Floats, left: Floats, right: Floats) -> None:
    """From products and squared norms, in place: -1 where too many digits cancelled."""
    numbers = np.finfo(products.dtype)
    scale = left + right
    products *= -2.0
    products += scale
    scale *= RECOMPUTE_BELOW[numbers.bits]
    np.maximum(scale, numbers.tiny / numbers.eps, out=scale)  # too small for squares
    np.copyto(products, -1.0, where=products <= scale)


def _cosines(products: Floats, left: Floats, right: Floats) -> None:
    """From products and norms, in place."""
    products /= left
    products /= right


def _angles(vectors: Floats, norms: Floats) -> Floats:
    """Angles from inner products, and from the sides of triangles at both ends."""
    numbers = np.finfo(vectors.dtype)
    if not (numbers.tiny / numbers.eps < norms.min() and np.isfinite(norms.max())):
        _check_directions(vectors)
        if numbers.bits < 64:
            wide = vectors.astype(np.float64)
            return _angles(wide, np.vecdot(wide, wide)).astype(vectors.dtype)
        vectors = np.ldexp(vectors, -_powers(vectors, axis=-1))
        norms = np.vecdot(vectors, vectors)
    cosines = _of_pairs(vectors, np.sqrt(norms), _cosines)
    near = np.abs(cosines) >= 1 - RECOMPUTE_BELOW[numbers.bits]
    # In float64 there is nothing wider, and no mean to take away from directions
    crowded = _crowded(near)[: len(near) if numbers.bits < 64 else 0]
    near[crowded] = False
    places, pairs = np.nonzero(near)
    cosines[places, pairs] = 0.0
    found = np.arccos(np.clip(cosines, -1.0, 1.0, out=cosines), out=cosines)
    found[places, pairs] = _one_by_one(vectors, places, pairs, _angle)
    if len(crowded):
        wide = vectors[crowded].astype(np.float64)
        found[crowded] = group_distances(wide, "angular")
    return np.asarray(found)


def _crowded(near: Booleans) -> Integers:
    """Groups of which too many pairs would have to be computed one by one."""
    return np.flatnonzero(near.sum(axis=-1) > near.shape[-1] / FEW)


def _of_pairs(
    vectors: Floats, norms: Floats, finish: Callable[[Floats, Floats, Floats], None]
) -> Floats:
    """Numbers of all pairs i < j of groups (b, k, dim), from their inner products.

    `finish` makes them in place of products, given the norms of both vectors.
    """
    count, k, _ = vectors.shape
    found = np.empty((count, k * (k - 1) // 2), dtype=vectors.dtype)
    # Half of the products of all with all is enough, and strips of rows have little
    # more. Of an array and itself, BLAS would make a symmetric product, which takes
    # twice as long where arrays are small: so the last row is left out. Columns begin
    # with the first row, as their number is then one that kernels of BLAS are made for
    others = np.swapaxes(vectors, -1, -2)
    if k <= ROWS:
        table = np.empty((count, k - 1, k), dtype=vectors.dtype)
        for row in range(0, k - 1, STRIP):
            strip = slice(row, min(row + STRIP, k - 1))
            products = table[:, strip, row:]
            np.matmul(vectors[:, strip], others[..., row:], out=products)
        rows, (first, second) = table.reshape(count, -1), pair_positions(k)
        np.take(rows, first * k + second, axis=1, out=found, mode="clip")
        finish(found, norms[:, first], norms[:, second])
        return found
    ends = np.concatenate([[0], np.cumsum(np.arange(k - 1, 0, -1))])

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            products = np.matmul(vectors[:, part], others[..., part.start + 1 :])
            finish(products, norms[:, part, None], norms[:, None, part.start + 1 :])
            for row in range(part.start, part.stop):
                inner = products[:, row - part.start, row - part.start :]
                found[:, ends[row] : ends[row + 1]] = inner

    share_out(work, k - 1, at_once=ROWS)
    return found


def _one_by_one(
    vectors: Floats,
    places: Integers,
    pairs: Integers,
    distance: Callable[[Floats, Floats], Floats],
) -> Floats:
    """Distances of some pairs from the vectors themselves, in float64."""
    first, second = pair_positions(vectors.shape[-2])
    found = np.empty(len(places))
    step = max(1, NUMBERS_IN_CACHE // vectors.shape[-1])
    for start in range(0, len(places), step):
        part = slice(start, start + step)
        left = vectors[places[part], first[pairs[part]]].astype(np.float64)
        right = vectors[places[part], second[pairs[part]]].astype(np.float64)
        found[part] = distance(left, right)
    return found


def _apart(left: Floats, right: Floats) -> Floats:
    gaps = left - right
    found = np.asarray(np.linalg.norm(gaps, axis=-1))
    small = found < SMALL_DISTANCE
    if small.any():
        found[small] = scaled_norms(gaps[small])
    return found


def scaled_norms(vectors: Floats) -> Floats:
    """Lengths of vectors, shape (n, dim), whose squares may be no numbers.

    Examples
    --------
    >>> scaled_norms(np.array([[3e-200, 4e-200], [0.0, 0.0]])).tolist()
    [5e-200, 0.0]
    """
    peaks = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = vectors / np.where(peaks > 0, peaks, 1.0)
    return np.asarray(peaks[:, 0] * np.linalg.norm(scaled, axis=1))


def _angle(left: Floats, right: Floats) -> Floats:
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    right /= np.linalg.norm(right, axis=-1, keepdims=True)
    return np.asarray(2 * np.arctan2(_apart(left, right), _apart(left, -right)))


def largest_distance(vectors: Floats, *, metric: str = "euclidean") -> float:
    """Largest distance of two of many vectors, without the distances of all pairs.

    Tiles of products in float32 say which pairs may be the farthest, by a bound of
    their rounding. Those are computed again in float64, so that the result is that of
    `pair_distances` in float64. Where very many are, as of vectors that are all equally
    far apart, the tiles are computed again in float64, with a relative error of 1e-12.

    Parameters
    ----------
    vectors : NumPy array, shape (n, dim)
        At least two vectors.
    metric : {"euclidean", "angular"}

    Returns
    -------
    float
        In radians, if angular.

    Raises
    ------
    DomainError
        As `pair_distances` raises, or if there are fewer than two vectors.

    Examples
    --------
    >>> largest_distance(np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]))
    5.0
    """
    check_metric(metric)
    check_finite(vectors, "vectors")
    if vectors.ndim != 2 or len(vectors) < 2:
        raise DomainError(
            "a largest distance needs two vectors or more in an array of two "
            f"dimensions, got shape {vectors.shape}"
        )
    if metric == "angular":
        _check_directions(vectors)
    peak = max(float(vectors.max()), -float(vectors.min()))
    # Squares of others neither overflow nor vanish
    scale = 1.0 if SMALL < peak < 1 / SMALL or peak == 0 else peak
    return _Tiles(vectors, scale, metric).largest()


class _Tiles:
    """Squared distances of blocks of vectors from all others, a tile at a time.

    Vectors are divided by `scale`, so that no square overflows, for angles by their
    lengths, too, and about their mean is taken away.
    """

    def __init__(self, vectors: Floats, scale: float, metric: str) -> None:
        self._vectors, self._scale, self._angular = vectors, scale, metric == "angular"
        count, dim = vectors.shape
        # Products of these rows are squared distances
        self._left, self._right = np.ones((2, count, dim + 2), dtype=np.float32)
        moved = self._right[:, :dim]
        if scale == 1 and not self._angular:
            np.copyto(moved, vectors)
        else:
            np.copyto(moved, self._exact(slice(None)))
        moved -= moved.mean(axis=0)
        np.multiply(moved, -2.0, out=self._left[:, :dim])
        norms = np.vecdot(moved, moved)
        self._left[:, dim] = self._right[:, dim + 1] = norms
        # Each of dim + 2 terms is rounded twice, and the vectors were once
        rounding = (dim + 8) * float(np.finfo(np.float32).eps)
        self._error = rounding * 4 * float(norms.max())
        starts = range(0, len(vectors), TILE)
        self._tiles = [(i, j) for i in starts for j in starts if i <= j]

    def largest(self) -> float:
        tops = np.empty(len(self._tiles))

        def work(parts: Iterator[slice]) -> None:
            for part in parts:
                tops[part] = [self._tile(tile).max() for tile in self._tiles[part]]

        with one_thread_of_blas():
            share_out(work, len(tops), at_once=1)
            at_least = tops.max() - 2 * self._error
            places = np.flatnonzero(tops >= at_least)
            found = np.empty(len(places))

            def again(parts: Iterator[slice]) -> None:
                for part in parts:
                    tile = self._tiles[places[part.start]]
                    found[part] = self._farthest(tile, at_least)

            share_out(again, len(places), at_once=1)
        return float(found.max() * (1.0 if self._angular else self._scale))

    def _tile(self, tile: tuple[int, int]) -> Floats:
        left, right = (slice(start, start + TILE) for start in tile)
        return np.asarray(self._left[left] @ self._right[right].T)

    def _farthest(self, tile: tuple[int, int], at_least: float) -> float:
        """Largest distance in a tile, among the pairs that may be the farthest."""
        rows, columns = np.nonzero(self._tile(tile) >= at_least)
        if len(rows) <= MOST_CANDIDATES:
            left, right = tile[0] + rows, tile[1] + columns
            distance = _angle if self._angular else _apart
            return float(distance(self._exact(left), self._exact(right)).max())
        one, other = (self._exact(slice(at, at + TILE)) for at in tile)
        middle = one.mean(axis=0)
        one, other = one - middle, other - middle
        norms = np.vecdot(one, one)[:, None] + np.vecdot(other, other)
        squared = float((norms - 2 * (one @ other.T)).max())
        if self._angular:
            return float(2 * np.arctan2(np.sqrt(squared), np.sqrt(max(0, 4 - squared))))
        return float(np.sqrt(squared))

    def _exact(self, rows: slice | Integers) -> Floats:
        """Some vectors in float64, scaled."""
        wide = self._vectors[rows].astype(np.float64) / self._scale
        if self._angular:
            wide /= np.linalg.norm(wide, axis=-1, keepdims=True)
        return wide


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
    if isinstance(distances, np.ndarray) and distances.size > 0:
        return _selected(distances, chosen, quantile)
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


def _selected(distances: Floats, chosen: Booleans, quantile: float) -> Floats:
    """`quantile_diameter` of NumPy arrays, which selects a rank and sorts little."""
    n_pairs = distances.shape[-1]
    every = bool(chosen.all())
    count = n_pairs if every else np.count_nonzero(chosen, axis=-1, keepdims=True)
    # The guard is that of `quantile_diameter`
    rank = np.ceil(count * quantile * (1 - 1e-12)).astype(np.int64) - 1
    values = distances if every else np.where(chosen, distances, np.inf)
    wanted = np.unique(rank[rank >= 0])
    if n_pairs <= SORTED_QUICKLY or len(wanted) > MOST_RANKS:
        ordered = np.sort(values, axis=-1)
    else:
        ordered = np.partition(values, wanted, axis=-1)
    if every:
        return np.asarray(ordered[..., int(rank)])
    found = np.take_along_axis(ordered, np.maximum(rank, 0), axis=-1)
    return np.where(rank < 0, 0, found)[..., 0]


def _distances(vectors: Array, metric: str) -> Array:
    """Distances by the formula, for every array library."""
    wide = widened(vectors)
    xp = namespace(wide)
    if metric == "euclidean":
        return narrowed(_pair_norms(wide, sign=-1), vectors)
    unit = wide / xp.sqrt(xp.sum(wide * wide, axis=-1, keepdims=True))
    apart, along = _pair_norms(unit, sign=-1), _pair_norms(unit, sign=1)
    return narrowed(2 * xp.atan2(apart, along), vectors)


def _pair_norms(vectors: Array, *, sign: int) -> Array:
    """|x_i + sign * x_j| of all pairs i < j."""
    xp = namespace(vectors)
    left, right = both_sides(xp.moveaxis(vectors, -2, -1))
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
    floor : float
        That of a tail of other values, of which this is a part.

    Examples
    --------
    >>> tail = TailQuantile(0.99)
    >>> tail.feed(np.arange(1.0, 121.0), np.full(120, 1 / 120))
    >>> tail.value()
    119.0
    """

    def __init__(self, quantile: float, floor: float = -np.inf) -> None:
        if not 0 < quantile < 1:
            raise DomainError(f"`quantile` must lie in (0, 1), got {quantile!r}")
        # Weights are sums of fractions; a small slack keeps an exact tie on its side
        self._room = (1 - quantile) + 1e-12
        self._values = np.empty(0)
        self._weights = np.empty(0)
        self._floor = floor
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

    @property
    def floor(self) -> float:
        """The quantile is no less than this, whatever is fed later."""
        return self._floor

    def kept(self) -> tuple[Floats, Floats]:
        """The values that still matter, and their weights, both of shape (n,)."""
        self._cut()
        return self._values, self._weights

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
