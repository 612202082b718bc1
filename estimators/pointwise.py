"""Entropy, divergence and risk of one pair, from margins, without loss of digits.

With a the teacher's margin, m the student's, p = sigmoid(a) (Lemma 1):

    risk        l(p, m) = softplus(m) - p m
    entropy     phi(a)  = h(p)
    divergence  kl(p || sigmoid(m)) = softplus(m) - softplus(a) - p (m - a)

so that risk = entropy + divergence exactly. None is computed in that form: each is
a sum of terms of one sign, or a series where the terms would cancel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rankbound.bounds.numeric import magnitude  # with a slope at 0, unlike abs
from rankbound.estimators.arrays import Array, namespace

# Below this difference of margins the divergence is a Taylor sum of the cumulants of a
# Bernoulli variable; above it the logarithm keeps at least 13 digits.
SERIES_BELOW = 1e-2
# In float32 exp overflows soon after; here nothing cancels and the plain form serves.
OVERFLOW_FROM = 80.0


def softplus_negative(size: Array) -> Array:
    """log(1 + exp(-size)) for size >= 0, in nats.

    Examples
    --------
    >>> import numpy as np
    >>> softplus_negative(np.array([0.0, 1e6])).round(6).tolist()
    [0.693147, 0.0]
    """
    xp = namespace(size)
    return xp.log1p(xp.exp(-size))


def sigmoid(margin: Array) -> Array:
    """1 / (1 + exp(-margin)), without overflow and accurate in both tails.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-800.0, 0.0, 800.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    xp = namespace(margin)
    decay = xp.exp(-magnitude(margin))
    return xp.where(margin >= 0, 1 / (1 + decay), decay / (1 + decay))


def pair_entropy(margin: Array) -> Array:
    """Entropy of a pair in nats, h(sigmoid(margin)), in [0, ln 2]; Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> pair_entropy(np.array([0.0, 2.0, -2.0])).round(6).tolist()
    [0.693147, 0.365334, 0.365334]
    """
    xp = namespace(margin)
    size = magnitude(margin)
    decay = xp.exp(-size)
    return xp.log1p(decay) + size * (decay / (1 + decay))


def pair_risk(teacher_margin: Array, student_margin: Array) -> Array:
    """Cross-entropy of a pair in nats between teacher and student; Lemma 1.

    The pair is turned so that the teacher's margin is not negative; then every term
    below is at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> pair_risk(np.array([40.0]), np.array([-3.0])).round(6).tolist()
    [3.048587]
    """
    xp = namespace(teacher_margin)
    size = magnitude(student_margin)
    agree = (teacher_margin >= 0) == (student_margin >= 0)
    doubt = sigmoid(-magnitude(teacher_margin))
    return softplus_negative(size) + size * xp.where(agree, doubt, 1 - doubt)


def pair_divergence(teacher_margin: Array, student_margin: Array) -> Array:
    """kl(sigmoid(teacher) || sigmoid(student)) of a pair in nats, at least 0; Lemma 1.

    Relative error below 1e-12 wherever the margins' difference itself is exact.

    Examples
    --------
    >>> import numpy as np
    >>> pair_divergence(np.array([0.0, 1.0]), np.array([2.0, 1.0])).round(6).tolist()
    [0.433781, 0.0]
    """
    xp = namespace(teacher_margin)
    # Turn the pair so that the teacher's margin a is at most 0 and p at most 1/2
    sign = xp.where(teacher_margin > 0, -1.0, 1.0)
    sign = xp.astype(sign, teacher_margin.dtype, copy=False)
    teacher, student = sign * teacher_margin, sign * student_margin
    delta = student - teacher
    decay = xp.exp(teacher)
    p = decay / (1 + decay)
    bounded = xp.where(delta < OVERFLOW_FROM, delta, xp.zeros_like(delta))
    value = xp.log1p(p * xp.expm1(bounded)) - p * bounded
    size = xp.abs(delta)
    value = _replaced(value, size < SERIES_BELOW, _cumulant_series, p, delta)
    value = _replaced(value, delta >= OVERFLOW_FROM, _far_above, p, teacher, student)
    return xp.where(value > 0, value, xp.zeros_like(value))


def _replaced(
    value: Array, where: Array, formula: Callable[..., Array], *arguments: Array
) -> Array:
    """Put another formula's result where wanted; NumPy computes it only there."""
    if not isinstance(value, np.ndarray):
        xp = namespace(value)
        # Zeros elsewhere: an overflow there would turn the gradient into NaN
        wanted = (xp.where(where, one, xp.zeros_like(one)) for one in arguments)
        return xp.where(where, formula(*wanted), value)
    places = np.nonzero(where)
    value[places] = formula(*(argument[places] for argument in arguments))
    return value


def _far_above(p: Array, teacher: Array, student: Array) -> Array:
    """softplus(m) - softplus(a) - p (m - a) for a <= 0 and m far above it."""
    xp = namespace(student)
    above = xp.where(student > 0, student, xp.zeros_like(student))
    student_plus = softplus_negative(xp.abs(student)) + above
    return student_plus - xp.log1p(xp.exp(teacher)) - p * (student - teacher)


def _cumulant_series(p: Array, delta: Array) -> Array:
    """Return log E exp(delta X) - p delta for X Bernoulli(p), cumulants 2 to 6."""
    v = p * (1 - p)
    skew = 1 - 2 * p
    inner = 1 - 30 * v + 120 * v * v
    inner = delta / 6 * inner + skew * (1 - 12 * v)
    inner = delta / 5 * inner + (1 - 6 * v)
    inner = delta / 4 * inner + skew
    inner = delta / 3 * inner + 1
    return v * delta * delta / 2 * inner
