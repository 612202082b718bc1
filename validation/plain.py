"""The quantities of the theory written out once more, in the plainest possible form.

The checks compare the statements with these and not with the code of `bounds`.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import numpy as np
from scipy.special import xlogy

LN2: Final = float(np.log(2))
Array = Any


def softplus(u: Array) -> Array:
    """Logarithm of 1 + exp(u)."""
    return np.logaddexp(0.0, u)


def sigmoid(u: Array) -> Array:
    """Logistic function."""
    return np.exp(-softplus(-np.asarray(u, dtype=float)))


def entropy(p: Array) -> Array:
    """Entropy of a coin, in nats."""
    p = np.asarray(p, dtype=float)
    return -xlogy(p, p) - xlogy(1 - p, 1 - p)


def margin_entropy(a: Array) -> Array:
    """Entropy of the preference with log-odds a."""
    a = np.abs(a)
    return softplus(-a) + a * sigmoid(-a)


def loss(p: Array, m: Array) -> Array:
    """Cross-entropy of a preference and a student margin."""
    return p * softplus(-np.asarray(m)) + (1 - np.asarray(p)) * softplus(m)


def divergence(p: Array, m: Array) -> Array:
    """Cross-entropy less entropy."""
    return np.maximum(loss(p, m) - entropy(p), 0.0)


def differences(scores: Array) -> Array:
    """Differences of the scores of all pairs i < j, along the last axis."""
    scores = np.asarray(scores, dtype=float)
    first, second = np.triu_indices(scores.shape[-1], 1)
    return scores[..., first] - scores[..., second]


def best_cut(k: int) -> float:
    """Share of the pairs of k documents that the best cut separates, by trying all."""
    pairs = list(combinations(range(k), 2))
    cuts = (
        sum((side >> i & 1) != (side >> j & 1) for i, j in pairs)
        for side in range(2**k)
    )
    return max(cuts) / len(pairs)


def pair_risk(law: Array, teacher: Array, student: Array) -> float:
    """Expected loss of two independent documents of a law."""
    p = sigmoid(np.subtract.outer(teacher, teacher))
    return float(law @ loss(p, np.subtract.outer(student, student)) @ law)


def pair_entropy(law: Array, teacher: Array) -> float:
    """Expected entropy of two independent documents of a law."""
    return float(law @ margin_entropy(np.subtract.outer(teacher, teacher)) @ law)


def variation(first: Array, second: Array) -> float:
    """Total variation distance of two laws on one finite set."""
    return float(np.abs(np.asarray(first) - np.asarray(second)).sum() / 2)


def misranking(p: Array, m: Array, weights: Array) -> float:
    """Chance that the sign of m contradicts a label drawn with preference p."""
    wrong = np.where(m < 0, p, np.where(m > 0, 1 - np.asarray(p), 0.5))
    return float(np.asarray(weights) @ wrong)
