"""Target risk when of the target law only its largest density ratio is known.

At worst the target law puts all it may on the pairs that cost most; the mean loss of
that share is the conditional value at risk.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta, checked_sample
from rankbound.bounds.shift import checked_law
from rankbound.bounds.wording import counted

Floats = NDArray[np.float64]


def cvar(losses: ArrayLike, law: ArrayLike, *, ratio: float) -> float:
    """Mean of the worst ``1 / ratio`` share of the pairs of a known law, in nats.

    Parameters
    ----------
    losses : array_like, shape (P,)
        Loss of each pair of documents.
    law : array_like, shape (P,)
        Probability of each pair under the sampling law, known and not a sample.
    ratio : float
        Largest density ratio of target and sampling law of a pair, finite: kappa**2
        for independent documents.

    Returns
    -------
    float
        Largest mean loss under any law of pairs with that density ratio.

    Raises
    ------
    DomainError
        If the ratio is below one or infinite, a loss not finite, or the law is none.

    Notes
    -----
    ``inf_t t + ratio * E (loss - t)^+``. Applied to the pairs of a sampled group it
    is biased downwards; for a sample take `cvar_limit`. Source: Theorem 2 (c).

    Examples
    --------
    >>> cvar([0.0, 1.0, 2.0, 3.0], [0.25] * 4, ratio=2.0)
    2.5
    """
    values = np.asarray(losses, dtype=np.float64)
    chances = checked_law(law, name="law")
    if values.shape != chances.shape or not np.isfinite(values).all():
        raise DomainError(
            "`losses` must hold one finite loss for each of "
            f"{counted(chances.size, 'pair')}, "
            f"got shape {values.shape}"
        )
    order = np.argsort(-values)
    filled = np.minimum(np.cumsum(_ratio(ratio) * chances[order]), 1.0)
    return float(np.diff(filled, prepend=0.0) @ values[order])


def cvar_limit(
    losses: ArrayLike,
    kappas: ArrayLike,
    *,
    largest_kappa: float,
    levels: ArrayLike,
    high: float,
    delta: float,
) -> float:
    """Upper limit, in nats, of the target risk from sampled losses and density ratios.

    Parameters
    ----------
    losses : array_like, shape (n, P)
        Losses of the pairs of n independent queries, documents drawn independently.
    kappas : array_like, shape (n,)
        Largest density ratio of one document for each query.
    largest_kappa : float
        A bound, finite and fixed in advance, of that ratio for any query: the largest
        of the sample is none.
    levels : array_like, shape (T,)
        The grid of t in [0, high], fixed before looking at the losses.
    high : float
        Largest loss of one pair, by Lemma 2b, such as softplus(B).
    delta : float
        Failure probability in (0, 1), shared by the levels.

    Returns
    -------
    float
        The least of the betting limits of ``t + kappa**2 mean (loss - t)^+``, each at
        failure probability ``delta / T``, and never above `high`.

    Raises
    ------
    DomainError
        On a loss or level outside [0, high], a ratio outside [1, largest], or
        unequal sizes.

    Notes
    -----
    Source: Theorem 2 (c).

    Examples
    --------
    >>> sample, ratios = [[0.2, 0.4]] * 500, [1.1] * 500
    >>> limit = cvar_limit(
    ...     sample, ratios, largest_kappa=1.1, levels=[0.0, 0.5], high=1, delta=0.05
    ... )
    >>> 0.3 * 1.21 < limit < 0.45
    True
    """
    array = np.asarray(losses, dtype=np.float64)
    grid = np.asarray(levels, dtype=np.float64)
    if array.ndim != 2 or grid.ndim != 1 or grid.size == 0:
        raise DomainError(
            "`losses` needs one row per query and `levels` at least one number, got "
            f"shapes {array.shape} and {grid.shape}"
        )
    checked_sample(array.ravel(), low=0.0, high=high)
    if not ((grid >= 0) & (grid <= high)).all():
        raise DomainError(f"`levels` must lie in [0, {high}], got {grid}")
    caps = _checked_ratios(kappas, len(array), _ratio(largest_kappa)) ** 2
    share = checked_delta(delta) / grid.size
    largest = largest_kappa**2

    def limit_at(t: float) -> float:
        if t == high:
            return high
        values = t + caps * np.maximum(array - t, 0.0).mean(axis=1)
        return betting(values, low=t, high=t + largest * (high - t), delta=share)

    return min(high, *(limit_at(float(t)) for t in grid))


def _checked_ratios(values: ArrayLike, n: int, largest: float) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n,) or not ((array >= 1) & (array <= largest)).all():
        raise DomainError(
            f"`kappas` must hold one ratio in [1, {largest}] for each of "
            f"{counted(n, 'query')}, "
            f"got {array}; `largest_kappa` must bound it for every query"
        )
    return array


def _ratio(value: float) -> float:
    if not 1 <= value < math.inf:
        raise DomainError(
            f"a density ratio must be finite and at least 1, got {value}; if the "
            "sampler never draws some target documents, measure under the target law"
        )
    return value
