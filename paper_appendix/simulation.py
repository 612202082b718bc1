"""The simulated queries behind the table of limits, seeded and stated in full.

Every query has 16 documents and all 120 pairs enter. Its teacher scores are independent
normal numbers with standard deviation ``TEACHER_SPREAD * exp(QUERY_SPREAD * e)``, where
``e`` is a standard normal number of the query, at temperature one; so some queries are
easier than others. The student's scores are the teacher's plus independent normal noise
of standard deviation ``STUDENT_NOISE``, raised to at least 10 below the best of the
group, which makes the score range true. The three numbers were fitted to a
mean entropy of 0.4180, a mean divergence of 0.0643 and a standard deviation of 0.104
of the risk of a query, in nats; a weak student has the noise ``WEAK_NOISE``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

GROUP_SIZE: Final = 16
SCORE_RANGE: Final = 10.0
TEACHER_SPREAD: Final = 1.6812
QUERY_SPREAD: Final = 0.3154
STUDENT_NOISE: Final = 0.6930
WEAK_NOISE: Final = 3.09
CHUNK: Final = 1_000  # queries drawn at a time: they stay in the cache

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Queries:
    """Entropy and divergence of simulated queries in nats, each of shape (n,)."""

    entropy: Array
    divergence: Array

    @property
    def risk(self) -> Array:
        """Entropy plus divergence."""
        return self.entropy + self.divergence


def simulate(
    n_queries: int,
    generator: np.random.Generator,
    *,
    noise: float = STUDENT_NOISE,
    score_range: float = SCORE_RANGE,
) -> Queries:
    """Draw queries and compute their terms.

    Parameters
    ----------
    n_queries : int
        How many.
    generator : numpy.random.Generator
        The only source of randomness.
    noise : float
        Standard deviation of the student's noise at a score range of 10.
    score_range : float
        Teacher and student scores are multiplied by this over 10.

    Returns
    -------
    Queries

    Examples
    --------
    >>> drawn = simulate(200, np.random.default_rng(0))
    >>> bool(0.35 < drawn.entropy.mean() < 0.48 and drawn.divergence.min() >= 0)
    True
    """
    parts = []
    for start in range(0, n_queries, CHUNK):
        count = min(CHUNK, n_queries - start)
        teacher, student = _scores(count, generator, noise)
        scale = score_range / SCORE_RANGE
        parts.append(terms(scale * teacher, scale * student))
    entropy, divergence = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Queries(entropy, divergence)


def terms(teacher: Array, student: Array) -> tuple[Array, Array]:
    """Entropy and divergence of groups of scores of shape (n, k), over all pairs.

    Examples
    --------
    >>> entropy, divergence = terms(np.zeros((1, 2)), np.zeros((1, 2)))
    >>> round(float(entropy[0]), 6), float(divergence[0])
    (0.693147, 0.0)
    """
    first, second = np.triu_indices(teacher.shape[1], 1)
    a = teacher[:, first] - teacher[:, second]
    m = student[:, first] - student[:, second]
    flipped = np.where(a < 0, -m, m)  # margins in the teacher's order
    a = np.abs(a)
    small = np.exp(-a)
    preference = 1 / (1 + small)
    entropy = np.log1p(small) + a * (1 - preference)
    loss = np.logaddexp(0.0, flipped) - preference * flipped
    divergence = np.maximum(loss - entropy, 0.0)  # rounding may go below zero
    return entropy.mean(axis=1), divergence.mean(axis=1)


def _scores(
    n_queries: int, generator: np.random.Generator, noise: float
) -> tuple[Array, Array]:
    spread = TEACHER_SPREAD * np.exp(
        QUERY_SPREAD * generator.standard_normal((n_queries, 1))
    )
    shape = (n_queries, GROUP_SIZE)
    teacher = spread * generator.standard_normal(shape)
    student = teacher + noise * generator.standard_normal(shape)
    best = student.max(axis=1, keepdims=True)
    return teacher, np.maximum(student, best - SCORE_RANGE)
