"""How far apart the scores of a group are: range, mean margin, ties, clipping."""

from __future__ import annotations

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats
from rankbound.estimators.arrays import (
    Array,
    as_array,
    check_finite,
    check_temperature,
    is_traced,
    namespace,
    narrowed,
    widened,
)
from rankbound.estimators.pair_sums import margin_sums
from rankbound.estimators.pairs import all_or_selected, pair_differences, pair_mean
from rankbound.estimators.pairwise import is_summed, pair_entropy, pairs_of


def score_range(scores: Array, *, mask: Array | None = None) -> Array:
    """Largest minus smallest score of each group, in the unit of the scores.

    Parameters
    ----------
    scores : array, shape (..., k)
    mask : boolean array, shape (..., k), optional
        False where a position is padding.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    DomainError
        On a score that is not finite.

    Examples
    --------
    >>> score_range(np.array([3.0, -1.0, 0.0])).item()
    4.0
    """
    scores = as_array(scores)
    check_finite(scores, "scores", mask=mask)
    wide = widened(scores)
    xp = namespace(wide)
    low = high = wide
    if mask is not None:
        low = xp.where(mask, wide, xp.full_like(wide, xp.inf))
        high = xp.where(mask, wide, xp.full_like(wide, -xp.inf))
    return narrowed(xp.max(high, axis=-1) - xp.min(low, axis=-1), scores)


def mean_margin(
    scores: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Mean absolute margin over the pairs, in temperatures.

    Arguments, shapes and errors are those of
    `estimators.pairwise.pairwise_entropy_nats`.

    Examples
    --------
    >>> mean_margin(np.array([3.0, 0.0, 0.0])).item()
    2.0
    """
    scores = as_array(scores)
    check_finite(scores, "scores", mask=mask)
    wide = widened(scores)
    xp = namespace(wide)
    if mask is not None:
        wide = xp.where(mask, wide, xp.zeros_like(wide))
    scale = check_temperature(temperature)
    if is_summed(wide, pairs):
        valid = np.broadcast_to(True if mask is None else mask, wide.shape)
        counts = pairs_of(valid)
        rows = (-1, wide.shape[-1])
        sums = margin_sums(wide.reshape(rows), valid.reshape(rows))
        return narrowed(sums.reshape(counts.shape)[()] / counts / scale, scores)
    size = xp.abs(pair_differences(wide)) / scale
    chosen = all_or_selected(wide, mask=mask, positive=positive, pairs=pairs)
    return narrowed(pair_mean(size, chosen), scores)


def tie_share(
    scores: Array,
    *,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Share of the pairs of each group whose scores are equal, in [0, 1].

    Arguments, shapes and errors are those of
    `estimators.pairwise.pairwise_entropy_nats`.

    Examples
    --------
    >>> tie_share(np.array([2.0, 1.0, 1.0])).round(4).item()
    0.3333
    """
    scores = as_array(scores)
    wide = widened(scores)
    if pairs == "all" and isinstance(wide, np.ndarray) and wide.size > 0:
        return narrowed(_ties(wide, mask), scores)
    tied = namespace(wide).astype(pair_differences(wide) == 0, wide.dtype)
    chosen = all_or_selected(scores, mask=mask, positive=positive, pairs=pairs)
    return narrowed(pair_mean(tied, chosen), scores)


def _ties(values: Floats, mask: Booleans | None) -> Floats:
    """Share of tied pairs, counted in sorted lists: each ties with those before it."""
    valid = np.broadcast_to(True if mask is None else mask, values.shape)
    ordered = np.where(valid, values, np.inf)
    if values.shape[-1] > 2:
        ordered.sort(axis=-1)
    same = (ordered[..., 1:] == ordered[..., :-1]) & (ordered[..., 1:] < np.inf)
    before, tied = np.zeros(values.shape[:-1]), np.zeros(values.shape[:-1])
    for place in range(same.shape[-1]):
        before = (before + 1) * same[..., place]
        tied += before
    return np.asarray(tied / pairs_of(valid))


def entropy_floor(mean_margins: Array) -> Array:
    """Smallest entropy at a given mean absolute margin, in nats.

    The convex minorant of h(sigmoid(a)) on a >= 0: a straight line from ln 2 up to
    a_star, and the curve itself beyond.

    Parameters
    ----------
    mean_margins : array, any shape
        Mean absolute margins in temperatures, at least 0 (see `mean_margin`).

    Returns
    -------
    array
        In [0, ln 2]; at most the entropy of the group with this mean margin.

    Raises
    ------
    DomainError
        On a number that is negative or not finite.

    Notes
    -----
    Source: Theorem 4 (a).

    Examples
    --------
    >>> entropy_floor(np.array([0.0, 1.0, 10.0])).round(6).tolist()
    [0.693147, 0.52323, 0.000499]
    """
    mean_margins = as_array(mean_margins)
    check_finite(mean_margins, "mean_margins")
    wide = widened(mean_margins)
    xp = namespace(wide)
    if not is_traced(wide) and bool(xp.any(wide < 0)):
        raise DomainError("`mean_margins` must not be negative; take absolute margins")
    # SymPy takes half a second to load
    from rankbound.bounds.special import entropy_floor_constants

    tangent, slope = entropy_floor_constants()
    line = float(np.log(2)) - slope * wide
    return narrowed(xp.where(wide <= tangent, line, pair_entropy(wide)), mean_margins)


def clip_below_best(
    scores: Array, *, score_range: float, mask: Array | None = None
) -> Array:
    """Raise scores that lie more than `score_range` below the best of their group.

    The clipped student has margins of at most `score_range` in every group, so that
    assumption A1' holds by construction.

    Parameters
    ----------
    scores : array, shape (..., k)
    score_range : float
        B, a positive number in the unit of the scores.
    mask : boolean array, shape (..., k), optional
        False where a position is padding.

    Returns
    -------
    array, shape (..., k)

    Raises
    ------
    DomainError
        On a score that is not finite or a range that is not positive.

    Examples
    --------
    >>> clip_below_best(np.array([5.0, 0.0, -9.0]), score_range=10).tolist()
    [5.0, 0.0, -5.0]
    """
    scores = as_array(scores)
    if not (np.isfinite(score_range) and score_range > 0):
        raise DomainError(
            f"`score_range` (B) must be a positive number, got {score_range!r}"
        )
    check_finite(scores, "scores", mask=mask)
    wide = widened(scores)
    kept = narrowed(wide, scores)
    xp = namespace(wide)
    high = wide
    if mask is not None:
        high = xp.where(mask, wide, xp.full_like(wide, -xp.inf))
    best = xp.max(high, axis=-1, keepdims=True)
    floor = narrowed(best - score_range, scores)
    # A difference that is rounded down would leave a range above B, so round it up
    up = floor + xp.abs(floor) * float(xp.finfo(floor.dtype).eps)
    floor = xp.where(best - widened(floor) > score_range, up, floor)
    return xp.where(kept < floor, floor, kept)
