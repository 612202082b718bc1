"""Entropy and divergence of the softmax distributions over a group's documents.

The listwise counterpart of `estimators.pairwise`: P(i) = exp(s_i / temperature) / sum.
Unlike the entropy of scores divided by their sum, it exists for all finite scores and
does not change if a constant is added to the scores of a group.
"""

from __future__ import annotations

import numpy as np

from rankbound.estimators.arrays import (
    Array,
    as_array,
    check_finite,
    check_temperature,
    constant,
    namespace,
    narrowed,
    widened,
)
from rankbound.estimators.pairwise import NATS_PER_BIT

NUMBERS_IN_CACHE = 2**15


def list_entropy(
    scores: Array, *, temperature: float = 1.0, mask: Array | None = None
) -> Array:
    """Softmax entropy of a group in bits, in [0, log2 k].

    `list_entropy_nats` divided by ln 2, with the same arguments and errors.

    Examples
    --------
    >>> import numpy as np
    >>> list_entropy(np.zeros(16)).round(12).item()
    4.0
    """
    return list_entropy_nats(scores, temperature=temperature, mask=mask) / NATS_PER_BIT


def list_entropy_nats(
    scores: Array, *, temperature: float = 1.0, mask: Array | None = None
) -> Array:
    """Softmax entropy of a group in nats, in [0, ln k].

    Parameters
    ----------
    scores : array, shape (..., k)
    temperature : float
        Divides the scores; positive.
    mask : boolean array, shape (..., k), optional
        False where a position is padding.

    Returns
    -------
    array, shape (...)
        Of the library of `scores`.

    Raises
    ------
    DomainError
        On a score that is not finite or a temperature that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> list_entropy_nats(np.array([0.0, 0.0, -1e6])).round(6).item()
    0.693147
    """
    scores = as_array(scores)
    if isinstance(scores, np.ndarray) and scores.size > 0 and scores.ndim > 0:
        return _of_array(scores, temperature, mask)
    xp = namespace(scores)
    below, weights = _shifted(scores, temperature, mask)
    rest = _log_total(below, weights)
    probability = weights * xp.exp(below - rest[..., None])
    # ln Z + sum P (max - s): two terms of one sign, accurate for a confident teacher
    return narrowed(rest - xp.sum(probability * below, axis=-1), scores)


def _of_array(scores: Array, temperature: float, mask: Array | None) -> Array:
    """`list_entropy_nats` of NumPy arrays, some lists at a time, by one exponential."""
    check_finite(scores, "scores", mask=mask)
    scale, k = check_temperature(temperature), scores.shape[-1]
    lists = scores.reshape(-1, k)
    valid = None if mask is None else np.broadcast_to(mask, scores.shape)
    valid = None if valid is None else valid.reshape(-1, k)
    found = np.empty(len(lists))
    step = max(1, NUMBERS_IN_CACHE // k)
    for start in range(0, len(lists), step):
        part = slice(start, start + step)
        below = lists[part].astype(np.float64)
        if valid is not None:
            below[~valid[part]] = -np.inf
        best = np.argmax(below, axis=-1)[:, None]
        top = np.take_along_axis(below, best, axis=-1)
        below -= np.where(np.isfinite(top), top, 0.0)  # lists may be padding alone
        below /= scale
        weights = np.exp(below)
        np.put_along_axis(weights, best, 0.0, axis=-1)  # 1 is added below
        if valid is not None:
            below[~valid[part]] = 0.0
        others = weights.sum(axis=-1)
        # ln Z + sum P (max - s), as above
        found[part] = np.log1p(others) - np.vecdot(weights, below) / (1 + others)
    return narrowed(found.reshape(scores.shape[:-1])[()], scores)


def list_divergence_nats(
    teacher: Array,
    student: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
) -> Array:
    """Softmax divergence KL(P_teacher || P_student) in nats, at least 0.

    Parameters
    ----------
    teacher, student : arrays, shape (..., k)
    temperature : float
        Divides the teacher's scores; divide the student's beforehand.
    mask : boolean array, shape (..., k), optional
        False where a position is padding.

    Returns
    -------
    array, shape (...)

    Raises
    ------
    DomainError
        As `list_entropy_nats` raises.

    Examples
    --------
    >>> import numpy as np
    >>> list_divergence_nats(np.array([3.0, 1.0]), np.array([13.0, 11.0])).item()
    0.0
    """
    teacher, student = as_array(teacher), as_array(student)
    xp = namespace(teacher)
    below_p, weights = _shifted(teacher, temperature, mask)
    below_q, _ = _shifted(student, 1.0, mask)
    log_p = below_p - _log_total(below_p, weights)[..., None]
    log_q = below_q - _log_total(below_q, weights)[..., None]
    # KL = sum p (r - 1 - ln r) with r = q / p, without cancellation between documents
    terms = xp.exp(log_p) * _exp_minus_line(log_q - log_p)
    large = log_q - log_p > 1
    ratio_terms = xp.exp(log_q) - xp.exp(log_p) * (1 + log_q - log_p)
    terms = xp.where(large, ratio_terms, terms)
    return narrowed(xp.sum(weights * terms, axis=-1), teacher)


def _shifted(
    scores: Array, temperature: float, mask: Array | None
) -> tuple[Array, Array]:
    """Scores minus the best of the group, in temperatures, and 0/1 weights."""
    check_finite(scores, "scores", mask=mask)
    wide = widened(scores)
    xp = namespace(wide)
    if mask is None:
        mask = xp.ones_like(wide, dtype=xp.bool)
    top = xp.max(xp.where(mask, wide, -xp.inf), axis=-1, keepdims=True)
    below = xp.where(mask, wide - top, xp.zeros_like(wide))
    return below / check_temperature(temperature), xp.astype(mask, wide.dtype)


def _log_total(below: Array, weights: Array) -> Array:
    """Return ln sum exp(below), with the digits of the documents below the best."""
    xp = namespace(below)
    best = xp.argmax(below + weights, axis=-1)  # never padding
    places = constant(below, np.arange(below.shape[-1]))
    others = weights * xp.astype(places != best[..., None], below.dtype)
    return xp.log1p(xp.sum(others * xp.exp(below), axis=-1))


def _exp_minus_line(t: Array) -> Array:
    """exp(t) - 1 - t, as a series near 0; meant for t <= 1."""
    xp = namespace(t)
    t = xp.where(t > 1, xp.zeros_like(t), t)
    series = t * t / 2 * (1 + t / 3 * (1 + t / 4 * (1 + t / 5 * (1 + t / 6))))
    return xp.where(xp.abs(t) < 1e-2, series, xp.expm1(t) - t)
