"""What the bounds of `bounds.comparators` take from scores and judgements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError
from rankbound.bounds.numeric import sigmoid


def auc_of_query(scores: ArrayLike, relevant: ArrayLike) -> tuple[float, int, int]:
    """AUC of one query and the counts that its bound needs.

    Parameters
    ----------
    scores : array_like, shape (k,)
        Finite scores of the documents.
    relevant : array_like of bool, shape (k,)
        Whether each is relevant; both kinds must occur.

    Returns
    -------
    tuple
        AUC in [0, 1], ties one half; relevant documents; irrelevant documents. In the
        order of the arguments of `comparator-auc`.

    Raises
    ------
    DomainError
        If the shapes differ, a score is not finite, or a kind is missing.

    Notes
    -----
    Source: Agarwal et al. (2005). O(k log k).

    Examples
    --------
    >>> auc_of_query([3.0, 2.0, 2.0], [True, True, False])
    (0.75, 2, 1)
    """
    values = np.asarray(scores, dtype=np.float64)
    labels = np.asarray(relevant, dtype=bool)
    if values.shape != labels.shape or values.ndim != 1:
        raise DomainError(
            "one score and one label per document, got shapes "
            f"{values.shape} and {labels.shape}"
        )
    if not np.isfinite(values).all():
        raise DomainError("scores must be finite; drop what was not scored")
    good, bad = values[labels], np.sort(values[~labels])
    if good.size == 0 or bad.size == 0:
        raise DomainError(
            "AUC needs relevant and irrelevant documents, got "
            f"{good.size} and {bad.size}; drop the query"
        )
    below = np.searchsorted(bad, good, side="left")
    not_above = np.searchsorted(bad, good, side="right")
    wins = int((below + not_above).sum()) / 2
    return wins / (good.size * bad.size), int(good.size), int(bad.size)


def ramp_errors(margins: ArrayLike, *, gamma: float) -> NDArray[Any]:
    """Whether the margin of each correctly oriented pair falls short of gamma.

    Parameters
    ----------
    margins : array_like
        Student margins of the better document of each pair over the worse.
    gamma : float
        Margin > 0 that is demanded.

    Returns
    -------
    ndarray
        0 or 1 each, of the shape of `margins`; averaged over the pairs of a query and
        then over queries, the empirical part of `comparator-margin`.

    Raises
    ------
    DomainError
        If gamma is not positive or a margin is NaN.

    Examples
    --------
    >>> ramp_errors([2.0, 0.5, -1.0], gamma=1.0).tolist()
    [0.0, 1.0, 1.0]
    """
    values = np.asarray(margins, dtype=np.float64)
    if not 0 < gamma < np.inf:
        raise DomainError(f"`gamma` must be positive and finite, got {gamma!r}; try 1")
    if np.isnan(values).any():
        raise DomainError("margins must not be NaN; drop pairs that were not scored")
    return np.asarray(values < gamma, dtype=np.float64)


def teacher_terms(
    teacher: ArrayLike, student: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both observations of the pairwise analogue of Hsu et al., per pair.

    Parameters
    ----------
    teacher, student : array_like
        Margins of the better document of each pair over the worse, of one shape.

    Returns
    -------
    tuple of ndarray
        The teacher's preference for the worse document and the difference of the two
        preferences, both in [0, 1]. Twice their means bound the error; each has a
        limit by Theorem 1 on [0, 1], each at half the failure probability.

    Raises
    ------
    DomainError
        If the shapes differ or a margin is NaN.

    Examples
    --------
    >>> [part.tolist() for part in teacher_terms([0.0, 0.0], [0.0, -1e6])]
    [[0.5, 0.5], [0.0, 0.5]]
    """
    ours, theirs = _same_shape(student, teacher)
    return np.asarray(sigmoid(-theirs)), np.abs(sigmoid(ours) - sigmoid(theirs))


def label_variance(preferences: ArrayLike, margins: ArrayLike) -> tuple[float, float]:
    """Variance over pairs of the soft loss, and what true labels would add to it.

    Parameters
    ----------
    preferences : array_like, shape (N,)
        Calibrated preferences in [0, 1], one pair each.
    margins : array_like, shape (N,)
        Student margins of the same pairs.

    Returns
    -------
    tuple of float
        Variance of ``softplus(m) - p m`` over the pairs and the mean of
        ``p (1 - p) m ** 2``, in nats squared. Their sum is the variance with labels.

    Raises
    ------
    DomainError
        If the shapes differ, a value is NaN or a preference lies outside [0, 1].

    Notes
    -----
    Source: `comparator-variance`; law of total variance.

    Examples
    --------
    >>> label_variance([0.5, 0.5], [2.0, 2.0])
    (0.0, 1.0)
    """
    p_array, m_array = _same_shape(preferences, margins)
    if p_array.size == 0 or p_array.min() < 0 or p_array.max() > 1:
        raise DomainError(
            "preferences must be probabilities of at least one pair; "
            "turn margins into preferences by the sigmoid"
        )
    soft = np.logaddexp(0.0, m_array) - p_array * m_array
    return float(soft.var()), float((p_array * (1 - p_array) * m_array**2).mean())


def _same_shape(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], ...]:
    one = np.asarray(first, dtype=np.float64)
    two = np.asarray(second, dtype=np.float64)
    if one.shape != two.shape:
        raise DomainError(
            f"one number of each kind per pair, got shapes {one.shape} and {two.shape}"
        )
    if np.isnan(one).any() or np.isnan(two).any():
        raise DomainError("numbers must not be NaN; drop pairs that were not scored")
    return one, two
