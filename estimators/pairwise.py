"""Pairwise teacher entropy, student divergence and risk: one number per group.

The three are means over the pairs of a group (Lemma 1), so that for every group
risk = entropy + divergence. Scores have shape (..., k): any number of groups at once,
with a `mask` where groups differ in size. Margins are divided by the temperature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.estimators.arrays import (
    Array,
    as_array,
    check_finite,
    check_temperature,
    namespace,
    narrowed,
    widened,
)
from rankbound.estimators.pairs import (
    PairChoice,
    all_or_selected,
    pair_differences,
    pair_mean,
)
from rankbound.estimators.pointwise import pair_divergence, pair_entropy, pair_risk

NATS_PER_BIT = math.log(2)
# Temporaries of this many numbers are reused by the allocator and stay in the cache;
# larger ones cost a page fault for every 4 KiB, several times the arithmetic.
PAIRS_IN_CACHE = 2**14


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
    kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
    return _pair_means(pair_entropy, [(scores, temperature)], kind)


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
    kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
    both = [(teacher, temperature), (student, 1.0)]
    return _pair_means(pair_divergence, both, kind)


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
    kind: PairChoice = {"mask": mask, "positive": positive, "pairs": pairs}
    both = [(teacher, temperature), (student, 1.0)]
    return _pair_means(pair_risk, both, kind)


def _pair_means(
    formula: Callable[..., Array],
    scored: Sequence[tuple[Array, float]],
    kind: PairChoice,
) -> Array:
    """Mean over pairs of a formula of the margins of one or two models."""
    like = as_array(scored[0][0])
    models = [(as_array(scores), temperature) for scores, temperature in scored]
    for scores, _ in models:
        _check_shape(scores, like)
        check_finite(scores, "scores", mask=kind["mask"])
    rows = slice_rows(like)
    if rows is None:
        return _means_of_block(formula, models, kind)
    parts = [
        _means_of_block(
            formula,
            [(scores[part], temperature) for scores, temperature in models],
            {
                "mask": None if kind["mask"] is None else kind["mask"][part],
                "positive": None
                if kind["positive"] is None
                else kind["positive"][part],
                "pairs": kind["pairs"],
            },
        )
        for part in rows
    ]
    return np.concatenate(parts)


def slice_rows(like: Array) -> list[slice] | None:
    """Pieces of a large NumPy array whose pairs stay in the cache; None for others.

    Examples
    --------
    >>> slice_rows(np.zeros((300, 16)))
    [slice(0, 136, None), slice(136, 272, None), slice(272, 408, None)]
    """
    if not isinstance(like, np.ndarray) or like.ndim != 2:
        return None
    count = max(1, PAIRS_IN_CACHE // max(1, like.shape[1] * (like.shape[1] - 1) // 2))
    if len(like) <= count:
        return None
    return [slice(start, start + count) for start in range(0, len(like), count)]


def _means_of_block(
    formula: Callable[..., Array],
    models: Sequence[tuple[Array, float]],
    kind: PairChoice,
) -> Array:
    margins = [_margins(scores, scale, kind["mask"]) for scores, scale in models]
    like = models[0][0]
    means = pair_mean(formula(*margins), all_or_selected(like, **kind))
    return narrowed(means, like)


def _margins(scores: Array, temperature: float, mask: Array | None) -> Array:
    wide = widened(scores)
    if mask is not None:  # padding may hold anything, NaN included
        xp = namespace(wide)
        wide = xp.where(mask, wide, xp.zeros_like(wide))
    margins = pair_differences(wide)
    scale = check_temperature(temperature)
    return margins if scale == 1.0 else margins / scale


def _check_shape(scores: Array, like: Array) -> None:
    if scores.ndim == 0 or scores.shape[-1] < 2:
        raise DomainError(
            f"a pair needs two documents on the last axis, got shape {scores.shape}"
        )
    if like.shape != scores.shape:
        raise DomainError(
            "teacher and student must score the same groups, got shapes "
            f"{tuple(like.shape)} and {tuple(scores.shape)}"
        )
