"""Pairwise teacher entropy, student divergence and risk: one number per group.

The three are means over the pairs of a group (Lemma 1), so that for every group
risk = entropy + divergence. Scores have shape (..., k): any number of groups at once,
with a `mask` where groups differ in size. Margins are divided by the temperature.
"""

from __future__ import annotations

import math

from bounds.errors import DomainError
from estimators.arrays import (
    Array,
    as_array,
    check_finite,
    check_temperature,
    namespace,
    narrowed,
    widened,
)
from estimators.pairs import pair_differences, pair_mean, selected_pairs
from estimators.pointwise import pair_divergence, pair_entropy, pair_risk

NATS_PER_BIT = math.log(2)


def pairwise_entropy(
    scores: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Pairwise entropy of a teacher in bits, in [0, 1]: `pairwise_entropy_nats` / ln 2.

    Examples
    --------
    >>> import numpy as np
    >>> pairwise_entropy(np.array([3.0, 3.0])).item()  # a tie is one bit
    1.0
    """
    return (
        pairwise_entropy_nats(
            scores, temperature=temperature, mask=mask, positive=positive, pairs=pairs
        )
        / NATS_PER_BIT
    )


def pairwise_entropy_nats(
    scores: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Pairwise entropy of a teacher in nats, in [0, ln 2].

    Mean over the pairs of a group of ``h(sigmoid((g_i - g_j) / temperature))``.

    Parameters
    ----------
    scores : array, shape (..., k)
        Teacher scores as logits; NumPy, torch or jax.
    temperature : float
        Divides the margins; positive.
    mask, positive : boolean arrays, shape (..., k), optional
        Documents that are there; documents that are positives.
    pairs : {"all", "pos-neg", "neg-neg"}

    Returns
    -------
    array, shape (...)
        Of the library that came in.

    Raises
    ------
    DomainError
        On a non-finite score, a temperature that is not positive, or a group without
        a pair.

    Notes
    -----
    Source: Lemma 1. Adding a constant to the scores of a group changes nothing.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> mask = np.array([[True, True, True], [True, True, False]])
    >>> pairwise_entropy_nats(scores, mask=mask).round(6).tolist()
    [0.474605, 0.582203]
    """
    teacher, margins = _margins(scores, temperature, mask)
    chosen = selected_pairs(teacher, mask=mask, positive=positive, pairs=pairs)
    return narrowed(pair_mean(pair_entropy(margins), chosen), teacher)


def pairwise_divergence_nats(
    teacher: Array,
    student: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Divergence of a student from its teacher in nats, at least 0.

    Mean over the pairs of ``kl(sigmoid(teacher margin) || sigmoid(student margin))``.
    `temperature` divides the teacher's margins; divide the student's scores by a
    temperature of their own beforehand. Other arguments, result and errors are those
    of `pairwise_entropy_nats`. Source: Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> teacher, student = np.array([0.0, 0.0]), np.array([2.0, 0.0])
    >>> pairwise_divergence_nats(teacher, student).round(6).item()
    0.433781
    """
    like, a, m = _two_margins(teacher, student, temperature, mask)
    chosen = selected_pairs(like, mask=mask, positive=positive, pairs=pairs)
    return narrowed(pair_mean(pair_divergence(a, m), chosen), like)


def pairwise_risk_nats(
    teacher: Array,
    student: Array,
    *,
    temperature: float = 1.0,
    mask: Array | None = None,
    positive: Array | None = None,
    pairs: str = "all",
) -> Array:
    """Risk of a student under its teacher's preferences in nats, at least the entropy.

    Mean over the pairs of ``softplus(m) - p m``, the soft-label RankNet loss. Arguments
    as in `pairwise_divergence_nats`. The constant student has risk ln 2. Source:
    Lemma 1.

    Examples
    --------
    >>> import numpy as np
    >>> pairwise_risk_nats(np.array([5.0, 0.0]), np.array([1.0, 1.0])).round(6).item()
    0.693147
    """
    like, a, m = _two_margins(teacher, student, temperature, mask)
    chosen = selected_pairs(like, mask=mask, positive=positive, pairs=pairs)
    return narrowed(pair_mean(pair_risk(a, m), chosen), like)


def _margins(
    scores: Array, temperature: float, mask: Array | None
) -> tuple[Array, Array]:
    scores = as_array(scores)
    if scores.ndim == 0 or scores.shape[-1] < 2:
        raise DomainError(
            f"a pair needs two documents on the last axis, got shape {scores.shape}"
        )
    check_finite(scores, "scores", mask=mask)
    wide = widened(scores)
    if mask is not None:  # padding may hold anything, NaN included
        xp = namespace(wide)
        wide = xp.where(mask, wide, xp.zeros_like(wide))
    return scores, pair_differences(wide) / check_temperature(temperature)


def _two_margins(
    teacher: Array, student: Array, temperature: float, mask: Array | None
) -> tuple[Array, Array, Array]:
    like, a = _margins(teacher, temperature, mask)
    scores, m = _margins(student, 1.0, mask)
    if like.shape != scores.shape:
        raise DomainError(
            "teacher and student must score the same groups, got shapes "
            f"{tuple(like.shape)} and {tuple(scores.shape)}"
        )
    return like, a, m
