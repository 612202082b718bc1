"""The quantities of the theory, written once more in the plainest form.

The checks compare statements with these functions instead of the code of `bounds`, so
that an error has to be made twice to go unnoticed. Entropies and losses are in nats.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import numpy as np
from scipy.special import xlogy

LN2: Final = float(np.log(2))
Array = Any


def softplus(u: Array) -> Array:
    """Compute ln(1 + exp(u)).

    Examples
    --------
    >>> round(float(softplus(0.0)), 4)
    0.6931
    """
    return np.logaddexp(0.0, u)


def sigmoid(u: Array) -> Array:
    """Compute the logistic function of u."""
    return np.exp(-softplus(-np.asarray(u, dtype=float)))


def entropy(p: Array) -> Array:
    """Compute the entropy of a coin with bias p.

    Examples
    --------
    >>> entropy([0.5, 0.9]).round(4).tolist()
    [0.6931, 0.3251]
    """
    p = np.asarray(p, dtype=float)
    return -xlogy(p, p) - xlogy(1 - p, 1 - p)


def margin_entropy(a: Array) -> Array:
    """Compute the entropy of a preference with log-odds a.

    Examples
    --------
    >>> bool(np.isclose(margin_entropy(2.0), entropy(sigmoid(2.0))))
    True
    """
    a = np.abs(a)
    return softplus(-a) + a * sigmoid(-a)


def loss(p: Array, m: Array) -> Array:
    """Compute the cross-entropy of a preference p and a student margin m.

    Examples
    --------
    >>> round(float(loss(0.5, 0.0)), 4)
    0.6931
    """
    return p * softplus(-np.asarray(m)) + (1 - np.asarray(p)) * softplus(m)


def divergence(p: Array, m: Array) -> Array:
    """Compute the cross-entropy minus the entropy."""
    return np.maximum(loss(p, m) - entropy(p), 0.0)


def differences(scores: Array) -> Array:
    """Compute the score differences of all pairs i < j along the last axis.

    Examples
    --------
    >>> differences([5.0, 3.0, 0.0]).tolist()
    [2.0, 5.0, 3.0]
    """
    scores = np.asarray(scores, dtype=float)
    first, second = np.triu_indices(scores.shape[-1], 1)
    return scores[..., first] - scores[..., second]


def best_cut(k: int) -> float:
    """Largest share of the pairs of k documents that a cut separates, by trial.

    Examples
    --------
    >>> round(best_cut(4), 4)
    0.6667
    """
    pairs = list(combinations(range(k), 2))
    cuts = (
        sum((side >> i & 1) != (side >> j & 1) for i, j in pairs)
        for side in range(2**k)
    )
    return max(cuts) / len(pairs)


def pair_risk(law: Array, teacher: Array, student: Array) -> float:
    """Compute the expected loss of two documents drawn independently from a law."""
    p = sigmoid(np.subtract.outer(teacher, teacher))
    return float(law @ loss(p, np.subtract.outer(student, student)) @ law)


def pair_entropy(law: Array, teacher: Array) -> float:
    """Compute the expected entropy of two documents drawn independently."""
    return float(law @ margin_entropy(np.subtract.outer(teacher, teacher)) @ law)


def variation(first: Array, second: Array) -> float:
    """Compute the total variation distance of two laws on the same finite set.

    Examples
    --------
    >>> variation([0.5, 0.5], [1.0, 0.0])
    0.5
    """
    return float(np.abs(np.asarray(first) - np.asarray(second)).sum() / 2)


def misranking(p: Array, m: Array, weights: Array) -> float:
    """Probability that the sign of m contradicts a label drawn with preference p.

    Examples
    --------
    >>> misranking(np.array([0.8, 0.8]), np.array([1.0, -1.0]), [0.5, 0.5])
    0.5
    """
    wrong = np.where(m < 0, p, np.where(m > 0, 1 - np.asarray(p), 0.5))
    return float(np.asarray(weights) @ wrong)
