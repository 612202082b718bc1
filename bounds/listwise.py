"""Entropy and divergence of the listwise loss of a query, from scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.errors import DomainError


def listwise_parts(
    teacher_scores: ArrayLike, student_scores: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Entropy and divergence of the listwise loss, one number per query.

    Parameters
    ----------
    teacher_scores : array_like, shape (..., k)
        Log-odds, that is, already divided by the temperature; minus infinity gives a
        document no mass, so zero and minus infinity elsewhere is LCE's one-hot teacher.
    student_scores : array_like, shape (..., k)
        Finite scores of the student, any offset per query.

    Returns
    -------
    tuple of ndarray, shape (...)
        Entropy in [0, ln k] and divergence >= 0, in nats; their sum is the loss.

    Raises
    ------
    DomainError
        If the shapes differ, there are no two documents, a score is NaN, a student
        score is infinite, or a teacher gives no document mass.

    Notes
    -----
    Source: `loss-listwise`.

    Examples
    --------
    >>> entropy, divergence = listwise_parts([[0.0, -np.inf]], [[1.0, 1.0]])
    >>> entropy.tolist(), divergence.round(6).tolist()
    ([0.0], [0.693147])
    """
    teacher = np.asarray(teacher_scores, dtype=np.float64)
    student = np.asarray(student_scores, dtype=np.float64)
    _check_lists(teacher, student)
    log_p, log_s = _log_softmax(teacher), _log_softmax(student)
    preferences = np.exp(log_p)
    finite = np.where(preferences > 0, log_p, 0.0)
    entropy = -(preferences * finite).sum(axis=-1)
    # p log(p / s) + s - p has no negative term and sums to the same
    gap = np.where(preferences > 0, log_s - finite, 0.0)
    near = preferences * (np.expm1(np.clip(gap, -1, 1)) - gap)
    far = np.exp(log_s) - preferences - preferences * gap
    terms = np.where((preferences > 0) & (np.abs(gap) < 1), near, far)
    return np.maximum(entropy, 0.0), terms.sum(axis=-1)


def _log_softmax(scores: NDArray[Any]) -> NDArray[Any]:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    total = np.exp(shifted).sum(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(total))


def _check_lists(teacher: NDArray[Any], student: NDArray[Any]) -> None:
    if teacher.shape != student.shape or teacher.ndim == 0 or teacher.shape[-1] < 2:
        raise DomainError(
            "teacher and student must score the same two or more documents of each "
            f"query, got shapes {teacher.shape} and {student.shape}"
        )
    if not np.isfinite(student).all():
        raise DomainError("student scores must be finite; drop what was not scored")
    if np.isnan(teacher).any() or not np.isfinite(teacher.max(axis=-1)).all():
        raise DomainError(
            "teacher scores must not be NaN or plus infinity, and one of each query "
            "must be finite; drop queries that the teacher did not score"
        )
