"""Distances of the target law from the sampling law of the documents of one query.

Laws are probability vectors over one list of documents. Scores are not probabilities:
nothing here turns one into the other, and a vector that is no law is refused.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError

Floats = NDArray[np.float64]

# Sums of float32 probabilities miss one by about this much.
ROUNDING: Final = 1e-6


class DensityRatio(NamedTuple):
    """The constant kappa of one query, and why it is infinite if it is.

    `kappa` is infinite if and only if `missing`, the number of documents of the target
    law that the sampler never draws, is not zero.
    """

    kappa: float
    missing: int


def checked_law(values: ArrayLike, *, name: str, size: int | None = None) -> Floats:
    """Return a probability vector, or say why the values are none.

    Raises
    ------
    DomainError
        On an empty or nested array, a value that is negative or not finite, a sum
        other than one, or another length than `size`.

    Examples
    --------
    >>> checked_law([0.25, 0.75], name="target").tolist()
    [0.25, 0.75]
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise DomainError(f"`{name}` must be one law, got shape {array.shape}")
    if size is not None and array.size != size:
        raise DomainError(
            f"`{name}` must have one probability for each of {size} entries, got "
            f"{array.size}; give an entry that never occurs the probability 0"
        )
    bad = ~((array >= 0) & np.isfinite(array))
    if bad.any():
        first = int(np.argmax(bad))
        raise DomainError(
            f"`{name}` must hold probabilities, got {array[first]} at position "
            f"{first}: scores, such as logits, are none; pass the law from which "
            "documents are drawn"
        )
    total = math.fsum(array)
    if abs(total - 1) > ROUNDING:
        raise DomainError(
            f"`{name}` must sum to 1, got {total}: a score divided by a sum is the "
            "sampling law only if documents are drawn with that probability; if so, "
            "divide before the call"
        )
    return np.asarray(array / total)


def density_ratio(target: ArrayLike, sampler: ArrayLike) -> DensityRatio:
    """Largest ratio kappa of target and sampling probability, with what is missing.

    Parameters
    ----------
    target, sampler : array_like, shape (N,)
        Probabilities of the same N documents under the two laws.

    Returns
    -------
    DensityRatio
        `kappa` >= 1, infinite if `missing` documents of the target are never drawn.

    Raises
    ------
    DomainError
        If one of them is no probability vector or the lengths differ.

    Notes
    -----
    Source: assumption A3, for Theorem 2.

    Examples
    --------
    >>> density_ratio([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    DensityRatio(kappa=2.0, missing=0)
    >>> density_ratio([0.5, 0.5], [1.0, 0.0])
    DensityRatio(kappa=inf, missing=1)
    """
    mu, nu = checked_laws(target, sampler)
    missing = int(((mu > 0) & (nu == 0)).sum())
    if missing:
        return DensityRatio(math.inf, missing)
    drawn = nu > 0
    with np.errstate(over="ignore"):  # beyond every float, and so infinite
        ratio = float((mu[drawn] / nu[drawn]).max())
    if math.isinf(ratio):
        raise DomainError(
            "the largest density ratio exceeds every float; give documents that are "
            "never drawn the sampling probability 0"
        )
    return DensityRatio(max(1.0, ratio), 0)


def total_variation(target: ArrayLike, sampler: ArrayLike) -> float:
    """Total variation distance theta of two laws of one document, in [0, 1].

    Parameters and errors are those of `density_ratio`; no ratio has to exist.

    Notes
    -----
    Half the sum of absolute differences. Source: Theorem 2 (a).

    Examples
    --------
    >>> total_variation([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    0.5
    """
    mu, nu = checked_laws(target, sampler)
    return min(1.0, float(np.abs(mu - nu).sum()) / 2)


def product_total_variation(target: ArrayLike, sampler: ArrayLike) -> float:
    """Total variation distance of the laws of an independent pair, in [0, 1].

    Parameters and errors are those of `density_ratio`. At most theta (2 - theta), by
    Theorem 2 (a), and often less. Takes N log N steps instead of N**2.

    Notes
    -----
    Sums ``mu_i mu_j - nu_i nu_j`` over the pairs where the product of the two density
    ratios exceeds one; for each i these are the j beyond a threshold.

    Examples
    --------
    >>> product_total_variation([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    0.75
    """
    mu, nu = checked_laws(target, sampler)
    charged = (mu > 0) | (nu > 0)
    mu, nu = mu[charged], nu[charged]
    with np.errstate(divide="ignore", over="ignore"):
        ratios, thresholds = mu / nu, nu / mu
    order = np.argsort(ratios)
    beyond = np.searchsorted(ratios[order], thresholds, side="right")
    tails = [np.append(np.cumsum(law[order][::-1])[::-1], 0.0) for law in (mu, nu)]
    excess = mu * tails[0][beyond] - nu * tails[1][beyond]
    return min(1.0, max(0.0, float(excess.sum())))


def checked_laws(target: ArrayLike, sampler: ArrayLike) -> tuple[Floats, Floats]:
    """Return two laws over the same documents, or raise as `checked_law` does.

    Examples
    --------
    >>> [law.tolist() for law in checked_laws([1, 0], [0.5, 0.5])]
    [[1.0, 0.0], [0.5, 0.5]]
    """
    mu = checked_law(target, name="target")
    return mu, checked_law(sampler, name="sampler", size=mu.size)
