"""Vectors that are equal, or nearly, and what else is unusual about a matrix of them.

One pass over the rows, a block at a time, so that a memory-mapped matrix stays on disk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankbound.data.columns import Floats, Integers

BLOCK_NUMBERS = 2**18
NEAR = 1e-3  # of the median length: closer than that is one text embedded twice
DIRECTIONS = 8
MOST_ROWS_FOR_NEAR = 2_000_000
MOST_CANDIDATES = 50  # for each vector, before the search is given up
UNIT_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class VectorFacts:
    """What one pass over a matrix finds.

    Attributes
    ----------
    norms : float64 array, shape (n,)
        Lengths; NaN where a vector is not finite.
    digests : uint64 array, shape (n,)
        Equal rows have equal digests; others, except with probability about 2**-60,
        have not.
    finite : boolean array, shape (n,)
    """

    norms: Floats
    digests: NDArray[np.uint64]
    finite: NDArray[np.bool_]

    @property
    def unit_share(self) -> float:
        """Share of the finite vectors whose length is 1 up to a hundredth."""
        norms = self.norms[self.finite]
        return float(np.mean(np.abs(norms - 1) <= UNIT_TOLERANCE)) if norms.size else 0

    @property
    def zero(self) -> Integers:
        """Rows of vectors of length 0."""
        return np.flatnonzero(self.norms == 0)


def vector_facts(vectors: NDArray[np.floating]) -> VectorFacts:
    """Lengths, digests and finiteness of the rows of a matrix, shape (n, dim).

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
    wide = vectors.dtype.itemsize > 4
    # A random odd multiplier for each column: equal rows, equal sums modulo 2**64
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 2**63, size=dim, dtype=np.uint64) * np.uint64(2)
    weights += np.uint64(1)
    step = max(1, BLOCK_NUMBERS // max(1, dim))
    for start in range(0, count, step):
        here = slice(start, start + step)
        # Adding 0 turns -0 into 0, which is the same number in other bits
        block = np.add(vectors[here].astype(np.float64 if wide else np.float32), 0.0)
        squares = np.einsum("nd,nd->n", block, block, dtype=np.float64)
        finite[here] = np.isfinite(block).all(axis=1)
        norms[here] = np.sqrt(np.where(finite[here], squares, np.nan))
        bits = block.view(np.uint64 if wide else np.uint32).astype(np.uint64)
        bits ^= bits >> np.uint64(17)  # low bits of short floats are all 0
        digests[here] = bits @ weights
    return VectorFacts(norms, digests, finite)


def equal_sets(digests: NDArray[np.uint64]) -> list[Integers]:
    """Rows of each set of equal vectors, two or more, in order of the first row.

    Examples
    --------
    >>> equal_sets(np.array([5, 7, 5, 9, 7], dtype=np.uint64))
    [array([0, 2]), array([1, 4])]
    """
    order = np.argsort(digests, kind="stable")
    sorted_ = digests[order]
    bounds = np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]]))
    sets = np.split(order, bounds[1:]) if len(order) else []
    return sorted((rows for rows in sets if len(rows) > 1), key=lambda rows: rows[0])


def near_pairs(
    vectors: NDArray[np.floating], facts: VectorFacts
) -> tuple[Integers, Floats] | None:
    """Pairs of different vectors closer than a thousandth of the median length.

    The distance of two vectors is at least that of their projections on any direction,
    so that a tree over a few projections misses no pair.

    Returns
    -------
    pairs : int64 array, shape (n_pairs, 2)
        One row stands for all that are equal to it.
    distances : float64 array, shape (n_pairs,)
        Or None where there are too many vectors, or too many of them in one place, to
        look at all pairs.

    Examples
    --------
    >>> book = np.eye(3, 4)
    >>> book[2] = book[0] + 1e-5
    >>> near_pairs(book, vector_facts(book))[0].tolist()
    [[0, 2]]
    """
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
