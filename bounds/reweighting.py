"""Risk under the target law from losses of pairs that the sampling law has drawn.

By exact weights where the densities are known, or by the distance of the two laws,
added to each observation. `bounds.worst_share` needs the largest ratio alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_sample
from rankbound.bounds.wording import counted


def importance_weighted(losses: ArrayLike, ratios: ArrayLike) -> float:
    """Risk of one query under the target law, without bias, by exact weights.

    Parameters
    ----------
    losses : array_like, shape (k, k)
        Loss of each pair of the k documents that were drawn, symmetric; the diagonal
        is not used.
    ratios : array_like, shape (k,)
        Density of the target with respect to the sampling law at each document, not
        normalised over the sample.

    Returns
    -------
    float
        Mean over the pairs i < j of ``ratio_i ratio_j loss_ij``, in nats. It lies in
        ``[0, kappa**2 z]``, z the largest loss, the range for a limit.

    Raises
    ------
    DomainError
        On fewer than two documents, other shapes, an asymmetric matrix, or a number
        that is negative or not finite.

    Notes
    -----
    Source: Theorem 2 (e).

    Examples
    --------
    >>> importance_weighted([[0.0, 0.5], [0.5, 0.0]], [2.0, 0.5])
    0.5
    """
    matrix = np.asarray(losses, dtype=np.float64)
    weights = np.asarray(ratios, dtype=np.float64)
    k = weights.size
    if weights.ndim != 1 or k < 2 or matrix.shape != (k, k):
        raise DomainError(
            "importance weighting needs a ratio for each of at least two documents and "
            f"the losses of their pairs, got shapes {weights.shape}, {matrix.shape}"
        )
    above = matrix[np.triu_indices(k, 1)]
    if not np.array_equal(above, matrix.T[np.triu_indices(k, 1)]):
        raise DomainError("the loss of a pair does not depend on its orientation")
    for name, values in (("ratios", weights), ("losses", above)):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise DomainError(
                f"`{name}` must be finite and not negative; a document that the "
                "sampler never draws has no ratio, and cannot have been drawn"
            )
    products = np.outer(weights, weights)[np.triu_indices(k, 1)]
    return float((products * above).mean())


def shifted_limit(
    risks: ArrayLike,
    total_variations: ArrayLike,
    *,
    low: float,
    high: float,
    pair_width: float,
    delta: float,
) -> float:
    """Upper limit, in nats, of the target risk, from risks and distances per query.

    Parameters
    ----------
    risks : array_like, shape (n,)
        Risk of each query under the sampling law, in [low, high].
    total_variations : array_like, shape (n,)
        Total variation distance of the two laws of each query, in [0, 1].
    low, high : float
        Range of the risk of one query: (z_-, z_+) of Lemma 2c.
    pair_width : float
        Width of the range of one pair's loss under both laws, at most B.
    delta : float
        Failure probability in (0, 1).

    Returns
    -------
    float
        Betting limit of the mean of ``risk + pair_width theta (2 - theta)``.

    Raises
    ------
    DomainError
        On a number outside its range or unequal sizes.

    Notes
    -----
    The mean of the sampled distances is not their expectation: they have to stand
    inside of the observation. Source: Theorem 2 (b).

    Examples
    --------
    >>> limit = shifted_limit(
    ...     [0.4] * 500, [0.01] * 500, low=0, high=5, pair_width=8, delta=0.05
    ... )
    >>> 0.4 + 8 * 0.0199 < limit < 0.8
    True
    """
    distances = np.asarray(total_variations, dtype=np.float64)
    values = np.asarray(risks, dtype=np.float64)
    checked_sample(values, low=low, high=high)
    if (
        distances.shape != values.shape
        or not ((distances >= 0) & (distances <= 1)).all()
    ):
        raise DomainError(
            "`total_variations` must hold one number in [0, 1] for each of "
            f"{counted(values.size, 'query')}, got shape {distances.shape}"
        )
    if not 0 <= pair_width < math.inf:
        raise DomainError(f"`pair_width` must be finite and >= 0, got {pair_width}")
    shifted = values + pair_width * distances * (2 - distances)
    return betting(shifted, low=low, high=high + pair_width, delta=delta)
