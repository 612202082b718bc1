"""The shape of a set of vectors: lengths, copies, dimension, density, distances.

All of this describes a sample; nothing of it enters a certificate. Large matrices are
read in one pass, a block at a time, so that a memory-mapped matrix stays on disk.

Dimension and density of a group are estimated from nearest neighbours. Exact or near
copies of a document would ruin them (a ratio of two distances of which one is 0), so
copies are left out first. A group has few documents, so the numbers only describe and
compare groups of one size: they are biased towards small values and are not properties
of the whole space.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers, distinct_codes
from rankbound.data.embeddings import Embeddings, widen
from rankbound.data.groups import Groups
from rankbound.estimators.distances import pair_distances, scaled_norms
from rankbound.estimators.pairs import pair_positions
from rankbound.threads import share_out

BLOCK_NUMBERS = 2**18  # per step of a pass over a matrix
SMALL_SQUARE: Final = float(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)
LONGEST: Final = 1e150  # of which squares can be added up; 1 / LONGEST is the shortest
NEGATIVE_ZERO: Final = np.uint16(0x8000)  # as a float16
NEAR = 1e-3  # of the median length; vectors closer than that are of equal texts
DIRECTIONS = 8
MOST_ROWS_FOR_NEAR = 2_000_000
MOST_CANDIDATES = 50  # per vector; with more, the search is given up
UNIT_TOLERANCE = 1e-2
# Documents closer than this share of their group's diameter are copies of each other;
# batching and rounding move the vectors of equal texts by less.
COPY: Final = 1e-4
# Distances whose logarithms differ by less are equal: vectors have 7 digits or fewer,
# and no space has a million dimensions
EQUAL: Final = 1e-6
NEIGHBOURS: Final = 4
BINS: Final = 2**14
POINTS: Final = 101
NORM_BINS: Final = 25
# TwoNN uses the neighbours within a sample of this size; more would mean a finer scale
SAMPLE: Final = 1000
TAKEN_NUMBERS: Final = 2**22  # copied at a time from a matrix on disk


@dataclass(frozen=True, slots=True, eq=False)
class VectorFacts:
    """Facts about the rows of a matrix, from one pass over it.

    Attributes
    ----------
    norms : float64 array, shape (n,)
        Lengths; NaN where a vector is not finite.
    digests : uint64 array, shape (n,)
        Equal rows have equal digests. Different rows have different ones, except with
        probability of about 2**-60.
    finite : boolean array, shape (n,)
        Whether all numbers of a row are finite.
    """

    norms: Floats
    digests: NDArray[np.uint64]
    finite: NDArray[np.bool_]

    def only(self, rows: Integers) -> VectorFacts:
        """Those of some of the rows."""
        return VectorFacts(self.norms[rows], self.digests[rows], self.finite[rows])

    @property
    def unit_share(self) -> float:
        """Share of the finite vectors whose length is within 0.01 of 1."""
        norms = self.norms[self.finite]
        return float(np.mean(np.abs(norms - 1) <= UNIT_TOLERANCE)) if norms.size else 0

    @property
    def zero(self) -> Integers:
        """Rows of vectors of length 0."""
        return np.flatnonzero(self.norms == 0)


def vector_facts(vectors: NDArray[np.floating]) -> VectorFacts:
    """Lengths, digests and finiteness of the rows of a matrix of shape (n, dim).

    Examples
    --------
    >>> facts = vector_facts(np.array([[3.0, 4.0], [0.0, 0.0], [3.0, 4.0]]))
    >>> facts.norms.tolist(), facts.zero.tolist()
    ([5.0, 0.0, 5.0], [1])
    >>> bool(facts.digests[0] == facts.digests[2])
    True
    """
    count, dim = vectors.shape
    norms = np.empty(count)
    digests = np.empty(count, dtype=np.uint64)
    finite = np.empty(count, dtype=bool)
    # A random odd multiplier per word: equal rows have equal sums modulo 2**64
    words = _words(vectors[:1]).shape[1]
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 2**63, size=words, dtype=np.uint64) * np.uint64(2)
    weights += np.uint64(1)

    step = max(1, BLOCK_NUMBERS // max(1, dim))

    def work(parts: Iterator[slice]) -> None:
        wide = np.empty((min(step, count), dim))
        for here in parts:
            held, block = vectors[here], wide[: here.stop - here.start]
            if held.dtype == np.float16:
                widen(np.ascontiguousarray(held), block)
            else:
                np.copyto(block, held)
            squares = np.einsum("nd,nd->n", block, block)
            good = np.isfinite(squares)
            if not good.all():  # squares of large numbers are no finite ones, either
                good = np.isfinite(block).all(axis=1)
            finite[here] = good
            norms[here] = np.sqrt(np.where(good, squares, np.nan))
            odd = good & ((squares < SMALL_SQUARE) | np.isinf(squares))
            if odd.any():
                norms[here][odd] = scaled_norms(block[odd])
            bits = _words(held)
            bits ^= bits >> np.uint64(32)  # all bits of a word move its lowest ones
            bits ^= bits >> np.uint64(16)
            digests[here] = bits @ weights

    share_out(work, count, at_once=step)
    return VectorFacts(norms, digests, finite)


def _words(block: NDArray[np.floating]) -> NDArray[np.uint64]:
    """The bits of rows as words of 64, a copy; equal numbers have equal bits."""
    if block.dtype == np.float16:
        bits = np.array(block, order="C").view(np.uint16)
        negative = bits == NEGATIVE_ZERO
        if negative.any():  # as it seldom is
            bits[negative] = 0
    else:
        kind = np.float64 if block.dtype.itemsize > 4 else np.float32
        # Adding 0 turns -0 into 0, an equal number with other bits
        bits = np.add(block.astype(kind, order="C"), 0.0).view(
            f"u{np.dtype(kind).itemsize}"
        )
    if bits.shape[1] * bits.itemsize % 8:
        return bits.astype(np.uint64)
    return bits.view(np.uint64)


def equal_sets(digests: NDArray[np.uint64]) -> list[Integers]:
    """Rows of each set of two or more equal vectors, ordered by the first row.

    Examples
    --------
    >>> equal_sets(np.array([5, 7, 5, 9, 7], dtype=np.uint64))
    [array([0, 2]), array([1, 4])]
    """
    order = np.argsort(digests, kind="stable")
    starts, sizes = _runs(digests[order])
    several = np.flatnonzero(sizes > 1)  # most vectors are equal to no other
    several = several[np.argsort(order[starts[several]])]
    ends = starts + sizes
    return [order[starts[one] : ends[one]] for one in several.tolist()]


def _runs(ordered: NDArray[np.uint64]) -> tuple[Integers, Integers]:
    """Where each run of equal numbers starts, and how long it is."""
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(new)
    return starts, np.diff(starts, append=len(ordered))


def near_pairs(
    vectors: NDArray[np.floating], facts: VectorFacts
) -> tuple[Integers, Floats] | None:
    """Pairs of different vectors closer than a thousandth of the median length.

    The distance of two vectors is at least that of their projections on any direction,
    so a k-d tree over a few projections misses no pair.

    Parameters
    ----------
    vectors : array, shape (n, dim)
    facts : VectorFacts
        Of the same vectors.

    Returns
    -------
    pairs : int64 array, shape (n_pairs, 2)
        Positions of rows; one row stands for all that are equal to it.
    distances : float64 array, shape (n_pairs,)
        Instead of the two arrays the result is None if there are too many vectors, or
        too many of them in one place, to check all pairs.

    Examples
    --------
    >>> book = np.eye(3, 4)
    >>> book[2] = book[0] + 1e-5
    >>> near_pairs(book, vector_facts(book))[0].tolist()
    [[0, 2]]
    """
    # SciPy's tree returns pairs; scikit-learn's lists the neighbours of every row, at
    # the same speed, and takes seconds to import
    from scipy.spatial import cKDTree

    _, first = np.unique(facts.digests, return_index=True)
    rows = np.sort(first[facts.finite[first] & (facts.norms[first] > 0)])
    nothing = np.empty((0, 2), dtype=np.int64), np.empty(0)
    if len(rows) < 2:
        return nothing
    if len(rows) > MOST_ROWS_FOR_NEAR:
        return None
    radius = NEAR * float(np.median(facts.norms[rows]))
    tree = cKDTree(_projected(vectors, rows))
    if tree.count_neighbors(tree, radius) > MOST_CANDIDATES * len(rows):
        return None
    pairs = rows[tree.query_pairs(radius * (1 + 1e-9), output_type="ndarray")]
    if not len(pairs):
        return nothing
    apart = _distances(vectors, pairs)
    near = apart <= radius
    order = np.lexsort((pairs[near].max(axis=1), pairs[near].min(axis=1)))
    return np.sort(pairs[near], axis=1)[order], apart[near][order]


def _projected(vectors: NDArray[np.floating], rows: Integers) -> Floats:
    """Coordinates of rows along a few fixed directions of length 1."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(vectors.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    found = np.empty((len(rows), DIRECTIONS))
    step = max(1, BLOCK_NUMBERS // max(1, vectors.shape[1]))
    for start in range(0, len(rows), step):
        here = slice(start, start + step)
        found[here] = vectors[rows[here]].astype(np.float64) @ directions
    return found


def _distances(vectors: NDArray[np.floating], pairs: Integers) -> Floats:
    found = np.empty(len(pairs))
    step = max(1, BLOCK_NUMBERS // max(1, 2 * vectors.shape[1]))
    for start in range(0, len(pairs), step):
        here = slice(start, start + step)
        left = vectors[pairs[here, 0]].astype(np.float64)
        found[here] = np.linalg.norm(left - vectors[pairs[here, 1]], axis=1)
    return found


def neighbour_distances(distances: Floats, chosen: Booleans) -> Floats:
    """Distances of every document to the others of its group, nearest first.

    Parameters
    ----------
    distances : float64 array, shape (b, n_pairs)
        From `estimators.distances.pair_distances`.
    chosen : boolean array, shape (b, n_pairs)
        All pairs of existing documents; False where a document is padding.

    Returns
    -------
    float64 array, shape (b, k, k - 1)
        Infinite where there is no such neighbour, and for documents that are left out
        as copies of an earlier one.

    Notes
    -----
    All groups of a block are sorted at once. `sklearn.neighbors.NearestNeighbors` gives
    equal numbers but takes one group at a time, which is several hundred times as slow
    for groups of 16.

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
    """Intrinsic dimension of each group from ratios of neighbour distances (TwoNN).

    Parameters
    ----------
    near : float64 array, shape (b, k, k - 1)
        From `neighbour_distances`.

    Returns
    -------
    float64 array, shape (b,)
        ``(n - 1) / sum(log(r2 / r1))`` over the n remaining documents; NaN with fewer
        than three of them, or if all ratios are 1 but for rounding.

    Notes
    -----
    Maximum likelihood, with n - 1 instead of n to remove the bias under the model.
    Source: Facco, d'Errico, Rodriguez and Laio (2017).

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
    good = (count >= 3) & (total > EQUAL * count)
    return np.asarray(
        np.divide(count - 1, total, out=np.full(len(near), np.nan), where=good)
    )


def two_nn(distances: Floats, chosen: Booleans) -> Floats:
    """Intrinsic dimension by TwoNN from distances.

    Parameters are those of `neighbour_distances`, and the result is that of
    `two_nn_dimension`.

    Examples
    --------
    >>> round(float(two_nn(np.array([[1.0, 3.0, 2.0]]), np.ones((1, 3), bool))[0]), 4)
    0.9102
    """
    return two_nn_dimension(neighbour_distances(distances, chosen))


def knn_density(distances: Floats, chosen: Booleans) -> Floats:
    """Mean log density in the dimension estimated by `two_nn`, from distances.

    Parameters are those of `neighbour_distances`, and the result is that of
    `knn_log_density`.

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
    """Mean log density of the documents of each group, from their k-th neighbours.

    Parameters
    ----------
    near : float64 array, shape (b, k, k - 1)
        From `neighbour_distances`.
    dimension : float64 array, shape (b,)
        Dimension of the ball whose volume is used, such as `two_nn_dimension`.
    neighbours : int
        The neighbour to use, counted from 1.

    Returns
    -------
    float64 array, shape (b,)
        Mean of ``log(k / (n - 1)) - log V_d - d log r_k``, in nats, where V_d is the
        volume of a unit ball; NaN if the dimension is NaN or there are too few
        documents.

    Raises
    ------
    DomainError
        If `neighbours` is less than 1.

    Notes
    -----
    ``log V_d = d/2 log pi - log Gamma(d/2 + 1)`` does not overflow in any dimension.
    Source: Loftsgaarden and Quesenberry (1965).

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
    from scipy.special import gammaln  # slow to load, and seldom needed

    ball = dimension / 2 * np.log(np.pi) - gammaln(dimension / 2 + 1)
    crowd = np.log(neighbours / np.maximum(count - 1, 1))
    return np.asarray(crowd - ball - dimension * mean)


class DistanceCurve:
    """The weighted distribution function of more distances than fit into memory.

    Distances are counted in bins, so that the shares are exact at the ends of bins.

    Parameters
    ----------
    top : float
        An upper bound of the distances.

    Examples
    --------
    >>> curve = DistanceCurve(2.0)
    >>> curve.feed(np.array([0.0, 0.5, 1.0, 2.0]), np.full(4, 0.25))
    >>> curve.zero
    0.25
    """

    def __init__(self, top: float) -> None:
        if not (np.isfinite(top) and top >= 0):
            raise DomainError(f"`top` must be a finite number from 0, got {top!r}")
        self._top = top if top > 0 else 1.0
        self._mass = np.zeros(BINS + 1)

    def feed(self, distances: Floats, weights: Floats) -> None:
        """Add distances with their weights, both of shape (n,)."""
        # Round up to the end of a bin, so that shares at the ends are exact
        places = np.ceil(distances * (BINS / self._top) * (1 - 1e-15)).astype(np.int64)
        places = np.minimum(places, BINS)
        self._mass += np.bincount(places, weights=weights, minlength=BINS + 1)

    @property
    def top(self) -> float:
        """The upper bound of the distances."""
        return self._top

    @property
    def mass(self) -> Floats:
        """The weight of each bin, shape (n_bins,)."""
        return self._mass

    def add(self, mass: Floats) -> None:
        """Add the bins of a curve of other distances with the same bound."""
        self._mass += mass

    @property
    def zero(self) -> float:
        """Share of the pairs at distance 0."""
        return float(self._mass[0] / self._mass.sum())

    def points(self, count: int = POINTS) -> tuple[Floats, Floats]:
        """Points of the distribution function, with shares about evenly spaced.

        Returns
        -------
        distances, shares : float64 arrays, shape (at most count + 1,)
            A share `shares[i]` of the pairs is at most `distances[i]` apart. Both
            increase, and the last share is 1.

        Raises
        ------
        DomainError
            If no distances were fed.
        """
        total = self._mass.sum()
        if not total > 0:
            raise DomainError(
                "a distribution needs at least one distance; feed some first"
            )
        shares = np.cumsum(self._mass) / total
        shares[np.flatnonzero(self._mass)[-1] :] = 1.0
        first = max(0, int(np.argmax(self._mass > 0)) - 1)
        wanted = np.linspace(0, 1, count)
        places = np.unique([first, *np.searchsorted(shares, wanted - 1e-12)])
        places = places[places >= first]
        return places * (self._top / BINS), shares[places]


@dataclass(frozen=True, slots=True, eq=False)
class VectorShape:
    """Shape of the vectors of the distinct documents of some groups.

    Attributes
    ----------
    facts : VectorFacts
        Lengths and digests, one per document.
    ratios : float64 array
        Sorted logarithms of the ratio of the distances to the second and the first
        neighbour, of a sample of vectors without copies.
    dimension : float or None
        Estimate of TwoNN by maximum likelihood; None if it does not exist.
    """

    facts: VectorFacts
    ratios: Floats = field(default_factory=lambda: np.empty(0))
    dimension: float | None = None

    @property
    def n_equal(self) -> int:
        """Number of documents with the same vector as another document."""
        sizes = _runs(np.sort(self.facts.digests))[1]
        return int(sizes[sizes > 1].sum())

    def top(self, metric: str) -> float:
        """Upper bound of the distance of two of the vectors."""
        return float(np.pi if metric == "angular" else 2 * self.facts.norms.max())

    def norm_counts(self) -> tuple[Floats, Integers]:
        """Histogram of the lengths: edges, and the counts between them."""
        counts, edges = np.histogram(self.facts.norms, bins=_edges(self.facts.norms))
        return edges, counts

    def fit_points(self) -> tuple[Floats, Floats]:
        """Points of the plot of TwoNN: ln of the ratio, and -ln(1 - F).

        They lie on a line if the model fits. Both are empty without neighbours.
        """
        n = len(self.ratios)
        if not n:
            return np.empty(0), np.empty(0)
        places = np.unique(np.linspace(0, n - 1, POINTS).round().astype(int))
        return self.ratios[places], -np.log(1 - (places + 0.5) / n)


def vector_shape(
    groups: Groups,
    embeddings: Embeddings,
    *,
    metric: str = "euclidean",
    facts: VectorFacts | None = None,
) -> VectorShape:
    """Describe the vectors of the distinct documents of some groups.

    Parameters
    ----------
    groups : Groups
    embeddings : Embeddings
        Documents without a vector are left out.
    metric : {"euclidean", "angular"}
        For the distances of neighbours.
    facts : VectorFacts, optional
        Those of all vectors, where they are known.

    Returns
    -------
    VectorShape

    Raises
    ------
    DomainError
        If no document has a vector, or a vector is not finite, or if squares of their
        lengths are no numbers.
    """
    by_id = embeddings.rows(groups.docnos)[distinct_codes(groups.codes)]
    by_id = by_id[by_id >= 0]
    places = np.argsort(by_id)
    rows = by_id[places]  # as they lie on disk
    if not len(rows):
        raise DomainError(f"{embeddings.name}: no document of the groups has a vector")
    facts = _facts_of(rows, embeddings) if facts is None else facts.only(rows)
    if not facts.finite.all():
        embeddings.take(rows[~facts.finite][:1])  # raises, naming the document
    longest = float(facts.norms.max())
    if metric == "euclidean" and longest and not 1 / LONGEST < longest < LONGEST:
        raise DomainError(
            f"{embeddings.name}: the longest vector has length {longest:.3g}, and "
            f"lengths must lie between {1 / LONGEST:g} and {LONGEST:g}, so that their "
            "squares are numbers; multiply all vectors by one constant"
        )
    # Those chosen, and the order of sums, do not depend on the rows of the file
    back = np.argsort(places)
    _, first = np.unique(facts.digests[back], return_index=True)
    distinct = np.sort(first[facts.norms[back][first] > 0])
    near = _near(embeddings, by_id[_some(distinct)], metric)
    dimension = float(two_nn_dimension(near)[0])
    return VectorShape(
        facts, _log_ratios(near), dimension if np.isfinite(dimension) else None
    )


def _facts_of(rows: Integers, embeddings: Embeddings) -> VectorFacts:
    """Facts of some rows, a part at a time."""
    step = max(1, TAKEN_NUMBERS // max(1, embeddings.dim))
    parts = [
        vector_facts(embeddings.vectors[rows[at : at + step]])
        for at in range(0, len(rows), step)
    ]
    return VectorFacts(
        np.concatenate([part.norms for part in parts]),
        np.concatenate([part.digests for part in parts]),
        np.concatenate([part.finite for part in parts]),
    )


def _some(places: Integers) -> Integers:
    """At most `SAMPLE` of the places, always the same ones."""
    if len(places) <= SAMPLE:
        return places
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(places, size=SAMPLE, replace=False))


def _near(embeddings: Embeddings, rows: Integers, metric: str) -> Floats:
    apart = pair_distances(embeddings.take(rows), metric=metric)[None]
    return neighbour_distances(apart, np.ones(apart.shape, dtype=bool))


def _log_ratios(near: Floats) -> Floats:
    if near.shape[-1] < 2:
        return np.empty(0)
    first, second = near[0, :, 0], near[0, :, 1]
    usable = np.isfinite(second)
    return np.sort(np.log(second[usable] / first[usable]))


def _edges(norms: Floats) -> Floats:
    low, high = float(norms.min()), float(norms.max())
    # Vectors of one length differ only by rounding, which no histogram should show
    if high - low <= 1e-2 * high:
        middle = (low + high) / 2 or 1.0
        low, high = 0.99 * middle, 1.01 * middle
    return np.linspace(low, high, NORM_BINS + 1)
