"""The shape of a set of vectors: distribution of distances, lengths, copies, dimension.

All of it describes a sample; none of it enters a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.estimators.dimension import neighbour_distances, two_nn_dimension
from rankbound.estimators.duplicates import VectorFacts, equal_sets, vector_facts

BINS: Final = 2**14
POINTS: Final = 101
NORM_BINS: Final = 25
# TwoNN looks at the nearest neighbours of these: more would show a finer scale
SAMPLE: Final = 1000
BLOCK_NUMBERS: Final = 2**22


class DistanceCurve:
    """The weighted distribution function of more distances than fit in memory.

    Counted in bins, so that the shares are exact at the ends of bins and nowhere else.

    Parameters
    ----------
    top : float
        No distance is larger.

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
        # Up to the next end of a bin: what is at most an end is counted there
        places = np.ceil(distances * (BINS / self._top) * (1 - 1e-15)).astype(np.int64)
        places = np.minimum(places, BINS)
        self._mass += np.bincount(places, weights=weights, minlength=BINS + 1)

    @property
    def zero(self) -> float:
        """Share of the pairs at distance 0."""
        return float(self._mass[0] / self._mass.sum())

    def points(self, count: int = POINTS) -> tuple[Floats, Floats]:
        """Points of the distribution function, about evenly spaced in their shares.

        Returns
        -------
        distances, shares : float64 arrays, shape (at most count + 1,)
            `shares[i]` of the pairs are at most `distances[i]` apart; rising, up to 1.

        Raises
        ------
        DomainError
            When nothing was fed.
        """
        total = self._mass.sum()
        if not total > 0:
            raise DomainError("a distribution of no distances does not exist")
        shares = np.cumsum(self._mass) / total
        shares[np.flatnonzero(self._mass)[-1] :] = 1.0
        first = max(0, int(np.argmax(self._mass > 0)) - 1)
        wanted = np.linspace(0, 1, count)
        places = np.unique([first, *np.searchsorted(shares, wanted - 1e-12)])
        places = places[places >= first]
        return places * (self._top / BINS), shares[places]


@dataclass(frozen=True, slots=True, eq=False)
class VectorShape:
    """What the distinct documents of some groups look like as vectors.

    Attributes
    ----------
    facts : VectorFacts
        Lengths and digests, one per document.
    ratios : float64 array
        Logarithms of the ratio of the distances to the second and the first neighbour,
        rising; of a sample of `n_sample` vectors without copies.
    dimension : float or None
        TwoNN's, by maximum likelihood; None where it does not exist.
    """

    facts: VectorFacts
    ratios: Floats = field(default_factory=lambda: np.empty(0))
    dimension: float | None = None

    @property
    def n_equal(self) -> int:
        """Documents whose vector is equal to that of another one."""
        return sum(len(rows) for rows in equal_sets(self.facts.digests))

    def top(self, metric: str) -> float:
        """No two of the vectors are farther apart."""
        return float(np.pi if metric == "angular" else 2 * self.facts.norms.max())

    def norm_counts(self) -> tuple[Floats, Integers]:
        """A histogram of the lengths: edges, and the counts between them."""
        counts, edges = np.histogram(self.facts.norms, bins=_edges(self.facts.norms))
        return edges, counts

    def fit_points(self) -> tuple[Floats, Floats]:
        """Points of TwoNN's plot: ln of the ratio, and -ln(1 - F); a line if it fits.

        Both are empty without neighbours.
        """
        n = len(self.ratios)
        if not n:
            return np.empty(0), np.empty(0)
        places = np.unique(np.linspace(0, n - 1, POINTS).round().astype(int))
        return self.ratios[places], -np.log(1 - (places + 0.5) / n)


def vector_shape(
    groups: Groups, embeddings: Embeddings, *, metric: str = "euclidean"
) -> VectorShape:
    """Look at the vector of every distinct document of some groups.

    Parameters
    ----------
    groups : Groups
    embeddings : Embeddings
        Documents without a vector are left out.
    metric : {"euclidean", "angular"}
        Of the neighbours' distances.

    Raises
    ------
    DomainError
        When no document has a vector, or one is not finite.
    """
    rows = embeddings.rows(groups.docnos[np.unique(groups.codes)])
    rows = np.sort(rows[rows >= 0])
    if not len(rows):
        raise DomainError(f"{embeddings.name}: no document of the groups has a vector")
    step = max(1, BLOCK_NUMBERS // max(1, embeddings.dim))
    parts = [
        vector_facts(embeddings.vectors[rows[at : at + step]])
        for at in range(0, len(rows), step)
    ]
    facts = VectorFacts(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("norms", "digests", "finite")
        )
    )
    if not facts.finite.all():
        embeddings.take(rows[~facts.finite][:1])  # says which one
    _, first = np.unique(facts.digests, return_index=True)
    near = _near(
        embeddings, rows[_some(np.sort(first[facts.norms[first] > 0]))], metric
    )
    dimension = float(two_nn_dimension(near)[0])
    return VectorShape(
        facts, _log_ratios(near), dimension if np.isfinite(dimension) else None
    )


def _some(places: Integers) -> Integers:
    """At most `SAMPLE` of the places, the same ones every time."""
    if len(places) <= SAMPLE:
        return places
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(places, size=SAMPLE, replace=False))


def _near(embeddings: Embeddings, rows: Integers, metric: str) -> Floats:
    from scipy.spatial.distance import pdist  # slow to import, and seldom needed

    vectors = embeddings.take(rows)
    if metric == "angular":
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    apart = pdist(vectors)[None]
    if metric == "angular":
        apart = 2 * np.arcsin(np.minimum(apart / 2, 1.0))
    return neighbour_distances(apart, np.ones(apart.shape, dtype=bool))


def _log_ratios(near: Floats) -> Floats:
    if near.shape[-1] < 2:
        return np.empty(0)
    first, second = near[0, :, 0], near[0, :, 1]
    usable = np.isfinite(second)
    return np.sort(np.log(second[usable] / first[usable]))


def _edges(norms: Floats) -> Floats:
    low, high = float(norms.min()), float(norms.max())
    # Vectors of one length differ by rounding alone, which is no histogram
    if high - low <= 1e-2 * high:
        middle = (low + high) / 2 or 1.0
        low, high = 0.99 * middle, 1.01 * middle
    return np.linspace(low, high, NORM_BINS + 1)
