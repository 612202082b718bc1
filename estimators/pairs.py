"""The pairs of a group that enter a mean: all, positive-negative, or negative-negative.

Every pair is counted once, as positions i < j, and no document is paired with itself.
Groups of different sizes share one rectangular array of shape (..., k), with a `mask`
that distinguishes documents from padding.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypedDict

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import PAIR_SETS
from rankbound.estimators.arrays import Array, constant, is_traced, namespace


class PairChoice(TypedDict):
    """The keywords that choose the pairs that enter an estimator."""

    mask: Array | None
    positive: Array | None
    pairs: str


def pair_differences(values: Array) -> Array:
    """Differences value_i - value_j over the pairs i < j of the last axis.

    Parameters
    ----------
    values : array, shape (..., k)

    Returns
    -------
    array, shape (..., k (k - 1) / 2)
        In the order (0, 1), (0, 2), ..., (k - 2, k - 1).

    Examples
    --------
    >>> pair_differences(np.array([3.0, 1.0, 0.0])).tolist()
    [2.0, 3.0, 1.0]
    """
    left, right = both_sides(values)
    return left - right


def both_sides(values: Array) -> tuple[Array, Array]:
    """The values at the first and at the second position of every pair i < j.

    Examples
    --------
    >>> [side.tolist() for side in both_sides(np.array([3.0, 1.0, 0.0]))]
    [[3.0, 3.0, 1.0], [1.0, 0.0, 0.0]]
    """
    xp = namespace(values)
    first, second = pair_positions(values.shape[-1])
    return (
        xp.take(values, constant(values, first), axis=-1),
        xp.take(values, constant(values, second), axis=-1),
    )


@lru_cache(maxsize=64)
def pair_positions(k: int) -> tuple[np.ndarray, np.ndarray]:
    """First and second position of every pair i < j among k documents.

    Examples
    --------
    >>> [side.tolist() for side in pair_positions(3)]
    [[0, 0, 1], [1, 2, 2]]
    """
    first, second = np.triu_indices(k, 1)
    first.flags.writeable = second.flags.writeable = False  # all callers share them
    return first, second


def selected_pairs(
    like: Array,
    *,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Whether each pair i < j enters the mean.

    Parameters
    ----------
    like : array, shape (..., k)
        Scores, of which only the shape and the library are used.
    mask : boolean array, shape (..., k), optional
        False where a position is padding.
    positive : boolean array, shape (..., k), optional
        The positives of each group; required unless `pairs` is "all".
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    boolean array, shape (..., k (k - 1) / 2)

    Raises
    ------
    DomainError
        For an unknown pair set, or one that needs positives if none are given.

    Examples
    --------
    >>> positive = np.array([True, False, False])
    >>> selected_pairs(np.zeros(3), positive=positive, pairs="pos-neg").tolist()
    [True, True, False]
    """
    xp = namespace(like)
    if pairs not in PAIR_SETS:
        raise DomainError(f"`pairs` must be one of {PAIR_SETS}, got {pairs!r}")
    if pairs != "all" and positive is None:
        raise DomainError(
            f"pairs={pairs!r} needs `positive`, which was not given; mark positives or "
            "use pairs='all'"
        )
    if pairs != "all" and isinstance(like, np.ndarray):
        return _of_kind(like, mask, positive, pairs)
    if mask is None:
        mask = xp.ones_like(like, dtype=xp.bool)
    first, second = both_sides(mask)
    chosen = first & second
    if pairs == "all":
        return chosen
    left, right = both_sides(positive)
    if pairs == "pos-neg":
        return chosen & (left ^ right)
    return chosen & ~left & ~right


def _of_kind(like: Array, mask: Array | None, positive: Array, pairs: str) -> Array:
    """`selected_pairs` of one kind in half as many steps."""
    if mask is None:
        left, right = both_sides(np.broadcast_to(positive, like.shape))
        return left ^ right if pairs == "pos-neg" else ~(left | right)
    # The sum of two codes tells what the pair is
    left, right = both_sides(np.where(positive, np.uint8(3), np.uint8(1)) * mask)
    return left + right == (4 if pairs == "pos-neg" else 2)


def count_pairs(
    like: Array,
    *,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Number of pairs of each group; arguments as in `selected_pairs`.

    Examples
    --------
    >>> int(count_pairs(np.zeros(16)))
    120
    """
    chosen = selected_pairs(like, mask=mask, positive=positive, pairs=pairs)
    xp = namespace(like)
    return xp.sum(xp.astype(chosen, xp.int32), axis=-1)  # jax may lack int64


def pair_mean(values: Array, chosen: Array | None = None) -> Array:
    """Mean over the chosen pairs of each group.

    Parameters
    ----------
    values : array, shape (..., n_pairs)
    chosen : boolean array, shape (..., n_pairs), optional
        All pairs by default.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    DomainError
        If a group has no chosen pair, so that its mean does not exist. Drop such groups
        first (`count_pairs` finds them) and report their number.

    Examples
    --------
    >>> pair_mean(np.array([1.0, 3.0, 9.0]), np.array([True, True, False])).item()
    2.0
    """
    xp = namespace(values)
    if chosen is None and values.shape[-1] == 1:
        return values[..., 0]
    if chosen is None and values.shape[-1] > 0:
        return xp.mean(values, axis=-1)
    if chosen is None:
        chosen = xp.ones_like(values, dtype=xp.bool)
    weights = xp.astype(chosen, values.dtype)
    total = xp.sum(weights, axis=-1)
    if not is_traced(total) and bool(xp.any(total == 0)):
        index = xp.nonzero(xp.reshape(total, (-1,)) == 0)[0]
        raise DomainError(
            f"group {int(index[0])} has no pair to average (fewer than two documents, "
            "or none of the wanted kind); drop such groups and count them"
        )
    kept = xp.where(chosen, values, xp.zeros_like(values))
    return xp.sum(kept, axis=-1) / total


def all_or_selected(
    like: Array, *, mask: Array | None, positive: Array | None, pairs: str
) -> Array | None:
    """`selected_pairs`, or None if that would be every pair.

    Examples
    --------
    >>> all_or_selected(np.zeros(3), mask=None, positive=None, pairs="all") is None
    True
    """
    if mask is None and pairs == "all":
        return None
    return selected_pairs(like, mask=mask, positive=positive, pairs=pairs)
