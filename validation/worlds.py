"""Finite populations with known risk: three laws, and real groups to resample.

A law is a distribution of how far apart the documents of a query lie, from 0 to 1, and
a world has queries with such documents. Real groups are a world of their own, from
which queries are drawn with replacement, so that every mean over the world is known
exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from scipy.stats import beta

from rankbound.validation.plain import differences, divergence, entropy, loss, sigmoid

STEPS: Final = 40  # of the law that stands for beta(1, 9)


@dataclass(frozen=True, slots=True)
class Law:
    """A finite law on [0, 1]: values and their probabilities, each of shape (m,)."""

    name: str
    values: Any
    weights: Any

    @property
    def mean(self) -> float:
        """Its exact mean."""
        return float(self.values @ self.weights)


def laws(n: int) -> tuple[Law, ...]:
    """Return a two-point law, a beta law in steps, and Bernoulli(1 / n).

    Examples
    --------
    >>> [round(law.mean, 2) for law in laws(50)]
    [0.34, 0.1, 0.02]
    """
    middles = (np.arange(STEPS) + 0.5) / STEPS
    steps = beta.ppf(middles, 1, 9)
    return (
        Law("two-point", np.array([0.2, 0.9]), np.array([0.8, 0.2])),
        Law("beta(1, 9)", steps, np.full(STEPS, 1 / STEPS)),
        Law("Bernoulli(1/n)", np.array([0.0, 1.0]), np.array([1 - 1 / n, 1 / n])),
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """Entropies and divergences of one student's queries, and the range of its risks.

    Attributes
    ----------
    entropy, divergence : numpy.ndarray
        In nats, one number per query, shape (n,).
    low, high : float
        Range of the risk of a query in nats, fixed without looking at the queries.
    """

    entropy: Any
    divergence: Any
    low: float
    high: float

    @property
    def risk(self) -> Any:
        """Entropy plus divergence, clipped to the range against rounding errors."""
        return np.clip(self.entropy + self.divergence, self.low, self.high)

    @property
    def rescaled(self) -> Any:
        """The risk rescaled to [0, 1]."""
        return np.clip((self.risk - self.low) / (self.high - self.low), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class World:
    """Queries with groups of documents, and the probability of drawing each query.

    Attributes
    ----------
    name : str
        Name in the text of a finding.
    weights : numpy.ndarray
        Probability of each query, of shape (m,).
    queries, documents : numpy.ndarray
        Vectors of shapes (m, dim) and (m, k, dim).
    teacher : numpy.ndarray
        Scores of shape (m, k), as log-odds.
    student : numpy.ndarray, optional
        Matrix (dim, dim) of a trained bilinear student. Without it students are drawn
        at random.
    """

    name: str
    weights: Any
    queries: Any
    documents: Any
    teacher: Any
    student: Any = None

    def draw(self, rng: Generator, shape: tuple[int, ...]) -> Any:
        """Draw positions of queries independently."""
        return rng.choice(len(self.weights), size=shape, p=self.weights)

    def scores(self, matrices: Any) -> Any:
        """Compute scores (students, m, k) of bilinear students (students, dim, dim).

        A single matrix (dim, dim) gives scores of shape (m, k).
        """
        projected = self.queries @ matrices
        return np.einsum("...mb,mdb->...md", projected, self.documents)

    @property
    def preferences(self) -> Any:
        """The teacher's preferences of all pairs, of shape (m, pairs)."""
        return sigmoid(differences(self.teacher))

    @property
    def distances(self) -> Any:
        """Distances of all pairs, of shape (m, pairs)."""
        first, second = np.triu_indices(self.documents.shape[1], 1)
        apart = self.documents[:, first] - self.documents[:, second]
        return np.sqrt((apart**2).sum(axis=2))

    def losses(self, matrices: Any) -> Any:
        """Compute the losses of all pairs, shape (students, m, pairs) or (m, pairs)."""
        return loss(self.preferences, differences(self.scores(matrices)))

    def terms(self, matrix: Any) -> Terms:
        """Compute the terms of every query, and the range of this student's risks."""
        margins, p = differences(self.scores(matrix)), self.preferences
        widest = float(np.abs(margins).max()) + 1e-9
        return Terms(
            entropy(p).mean(axis=1),
            divergence(p, margins).mean(axis=1),
            math.log1p(math.exp(-widest)),
            float(np.logaddexp(0.0, widest)),
        )

    def students(self, rng: Generator, *, norm: float, count: int) -> Any:
        """Draw matrices of one Frobenius norm, half of them near a trained student."""
        dim = self.queries.shape[1]
        found = rng.normal(size=(count, dim, dim))
        if self.student is not None:
            trained = self.student / np.linalg.norm(self.student)
            found[::2] = 2 * dim * trained + found[::2]
        sizes = np.linalg.norm(found, axis=(1, 2), keepdims=True)
        return found * (norm / sizes)

    def one_student(self, rng: Generator) -> Any:
        """Return the trained student, or draw one of a norm large enough to matter."""
        if self.student is not None:
            return self.student
        return self.students(rng, norm=3.0, count=1)[0]


def made(rng: Generator, law: Law) -> World:
    """Make a query per value of the law, with four documents spread by that value."""
    count = len(law.values)
    documents = rng.normal(size=(count, 4, 3)) * law.values[:, None, None]
    queries = rng.normal(size=(count, 3))
    teacher = rng.normal(0, 3, (count, 4))
    return World(law.name, law.weights, queries, documents, teacher)


def worlds(rng: Generator, n: int, groups: World | None) -> Iterator[World]:
    """Yield a world for each law, and the real groups if there are any.

    Examples
    --------
    >>> [world.name for world in worlds(np.random.default_rng(0), 50, None)]
    ['two-point', 'beta(1, 9)', 'Bernoulli(1/n)']
    """
    for law in laws(n):
        yield made(rng, law)
    if groups is not None:
        yield groups


@dataclass(frozen=True, slots=True)
class Pool:
    """The documents of one query, to be drawn independently.

    Attributes
    ----------
    name : str
        Name in the text of a finding.
    weights : numpy.ndarray
        Probability of each document, of shape (m,).
    scores : numpy.ndarray
        Scores of a student, of shape (m,).
    distances : numpy.ndarray
        Of shape (m, m).
    relevant : numpy.ndarray
        Whether each document is relevant, of shape (m,).
    """

    name: str
    weights: Any
    scores: Any
    distances: Any
    relevant: Any


def pools(n: int, groups: World | None) -> Iterator[Pool]:
    """Yield documents on a line for each law, and those of a real query.

    On the line a document's score is its place, and every second document is relevant.
    """
    for law in laws(n):
        apart = np.abs(np.subtract.outer(law.values, law.values))
        odd = np.arange(len(law.values)) % 2 == 1
        yield Pool(law.name, law.weights, law.values, apart, odd)
    yield from real_pools(groups)


def real_pools(groups: World | None) -> Iterator[Pool]:
    """Yield the real query whose documents lie farthest apart, if there are groups.

    The quarter of its documents that the teacher ranks first counts as relevant.
    """
    if groups is None or groups.student is None:
        return
    widest = int(groups.distances.mean(axis=1).argmax())
    teacher, vectors = groups.teacher[widest], groups.documents[widest]
    scores = groups.scores(groups.student)[widest]
    count = len(teacher)
    first = teacher >= np.sort(teacher)[-max(1, count // 4)]
    apart = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    even = np.full(count, 1 / count)
    yield Pool(f"a query of {groups.name}", even, scores, apart, first)
