"""Associations over several data sets: each set by itself, then a weighted mean.

Queries of different data sets are never ranked together: what one set has more of than
another would pass for an association within them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats
from rankbound.validation.association import Draws
from rankbound.validation.power import FIELLER


def pool(sets: Sequence[Draws]) -> Draws:
    """Combine the draws of several data sets, weighted by their numbers of queries.

    Resamples and permutations stay within a data set, so the interval is that of a
    bootstrap stratified by data set and p that of a stratified permutation test.

    Parameters
    ----------
    sets : sequence of Draws
        The same terms and measures, and as many draws, in every one.

    Raises
    ------
    DomainError
        For fewer than two sets or different shapes.
    """
    if len(sets) < 2:
        raise DomainError(f"a pool needs at least 2 data sets, got {len(sets)}")
    shapes = {
        (*part.estimates["spearman"].shape, len(part.replicates["spearman"]))
        for part in sets
    }
    if len(shapes) > 1:
        raise DomainError(f"data sets of a pool have different shapes: {shapes}")
    n = sum(part.n for part in sets)
    shares = [part.n / n for part in sets]
    kinds = list(sets[0].estimates)
    permuted = [kind for kind in kinds if all(kind in part.null for part in sets)]

    def mean(name: str, kind: str) -> Floats:
        parts = (getattr(part, name)[kind] for part in sets)
        return np.asarray(sum(w * p for w, p in zip(shares, parts, strict=True)))

    return Draws(
        n=n,
        estimates={kind: mean("estimates", kind) for kind in kinds},
        replicates={kind: mean("replicates", kind) for kind in kinds},
        jackknife={kind: _influences(sets, shares, kind) for kind in kinds},
        null={kind: mean("null", kind) for kind in permuted},
        kendall_variance=np.asarray(
            sum(
                w**2 * part.kendall_variance
                for w, part in zip(shares, sets, strict=True)
            )
        ),
        n_given=np.max([part.n_given for part in sets], axis=0),
    )


def _influences(sets: Sequence[Draws], shares: Sequence[float], kind: str) -> Floats:
    """What leaving each query out does to the pooled coefficient, around 0."""
    moves = []
    for share, part in zip(shares, sets, strict=True):
        values = part.jackknife[kind]
        moves.append(share * (values - values.mean(axis=0)))
    return np.concatenate(moves)


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """How far data sets differ in a coefficient.

    Attributes
    ----------
    q, p : float
        Cochran's Q and its p-value, that one coefficient holds in all data sets.
    i2 : float
        Share of the spread between data sets that sampling does not explain, in [0, 1].
    """

    q: float
    p: float
    i2: float


def heterogeneity(values: Floats, sizes: Floats) -> Heterogeneity:
    """Cochran's Q of Spearman coefficients of several data sets.

    Parameters
    ----------
    values : float64 array, shape (s,)
        In (-1, 1).
    sizes : float64 array, shape (s,)
        Queries, at least 4 each.

    Notes
    -----
    On Fisher's transform with variance 1.06 / (n - 3); Cochran (1954).

    Examples
    --------
    >>> round(heterogeneity(np.array([0.3, 0.3]), np.array([50.0, 80.0])).q, 9)
    0.0
    >>> round(heterogeneity(np.array([0.5, -0.5]), np.array([50.0, 50.0])).i2, 2)
    0.96
    """
    from scipy.stats import chi2

    if len(values) < 2 or (sizes < 4).any():
        raise DomainError("heterogeneity needs two data sets of 4 queries or more")
    effects = np.arctanh(np.clip(values, -1 + 1e-12, 1 - 1e-12))
    weights = (sizes - 3) / FIELLER
    q = float(np.sum(weights * (effects - np.average(effects, weights=weights)) ** 2))
    freedom = len(values) - 1
    i2 = max(0.0, (q - freedom) / q) if q > 0 else 0.0
    return Heterogeneity(q=q, p=float(chi2.sf(q, freedom)), i2=i2)
