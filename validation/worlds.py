"""Finite super-populations with known risk: three laws, and real groups resampled.

A law says how far a query goes, from 0 to 1. A world makes queries of it, each with
documents that lie that far apart; real groups are a world of their own, from which
queries are drawn with replacement, so that every mean over it is known exactly.
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
    """A finite law on [0, 1]: a name, values and their chances, each of shape (m,)."""

    name: str
    values: Any
    weights: Any

    @property
    def mean(self) -> float:
        """Its exact mean."""
        return float(self.values @ self.weights)


def laws(n: int) -> tuple[Law, ...]:
    """Two-point, beta in steps, and the adversarial Bernoulli(1 / n).

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
    """Entropy and divergence of one student's queries in nats, and the range of risks.

    Attributes
    ----------
    entropy, divergence : numpy.ndarray
        Of shape (n,), one number per query.
    low, high : float
        The interval of the risk of a query, fixed without looking at the queries.
    """

    entropy: Any
    divergence: Any
    low: float
    high: float

    @property
    def risk(self) -> Any:
        """Entropy plus divergence, within the interval but for rounding."""
        return np.clip(self.entropy + self.divergence, self.low, self.high)

    @property
    def rescaled(self) -> Any:
        """The risk on the scale from 0 to 1."""
        return np.clip((self.risk - self.low) / (self.high - self.low), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class World:
    """Queries with groups of documents, and how often each of them is drawn.

    Attributes
    ----------
    name : str
        For the text of a finding.
    weights : numpy.ndarray
        Chance of each query, of shape (m,).
    queries, documents : numpy.ndarray
        Vectors of shapes (m, dim) and (m, k, dim).
    teacher : numpy.ndarray
        Scores of shape (m, k), as log-odds.
    student : numpy.ndarray, optional
        Matrix (dim, dim) of a trained bilinear student; drawn at random without.
    """

    name: str
    weights: Any
    queries: Any
    documents: Any
    teacher: Any
    student: Any = None

    def draw(self, rng: Generator, shape: tuple[int, ...]) -> Any:
        """Positions of queries drawn independently."""
        return rng.choice(len(self.weights), size=shape, p=self.weights)

    def scores(self, matrices: Any) -> Any:
        """Scores (students, m, k) of bilinear students, of shape (students, dim, dim).

        A single matrix (dim, dim) gives scores (m, k).
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
        """Losses of all pairs, of the shape of scores but pairs for documents."""
        return loss(self.preferences, differences(self.scores(matrices)))

    def terms(self, matrix: Any) -> Terms:
        """Entropy and divergence of every query, and the range of this student."""
        margins, p = differences(self.scores(matrix)), self.preferences
        widest = float(np.abs(margins).max()) + 1e-9
        return Terms(
            entropy(p).mean(axis=1),
            divergence(p, margins).mean(axis=1),
            math.log1p(math.exp(-widest)),
            float(np.logaddexp(0.0, widest)),
        )

    def students(self, rng: Generator, *, norm: float, count: int) -> Any:
        """Matrices of one Frobenius norm; where one was trained, half are near it."""
        dim = self.queries.shape[1]
        found = rng.normal(size=(count, dim, dim))
        if self.student is not None:
            trained = self.student / np.linalg.norm(self.student)
            found[::2] = 2 * dim * trained + found[::2]
        sizes = np.linalg.norm(found, axis=(1, 2), keepdims=True)
        return found * (norm / sizes)

    def one_student(self, rng: Generator) -> Any:
        """The trained student, or a random one of a norm that makes itself felt."""
        if self.student is not None:
            return self.student
        return self.students(rng, norm=3.0, count=1)[0]


def made(rng: Generator, law: Law) -> World:
    """A query per value of the law, with four documents that lie as far apart."""
    count = len(law.values)
    documents = rng.normal(size=(count, 4, 3)) * law.values[:, None, None]
    queries = rng.normal(size=(count, 3))
    teacher = rng.normal(0, 3, (count, 4))
    return World(law.name, law.weights, queries, documents, teacher)


def worlds(rng: Generator, n: int, groups: World | None) -> Iterator[World]:
    """A world for each law, and the real groups if there are any."""
    for law in laws(n):
        yield made(rng, law)
    if groups is not None:
        yield groups


@dataclass(frozen=True, slots=True)
class Pool:
    """Documents of one query, from which documents are drawn independently.

    Attributes
    ----------
    name : str
        For the text of a finding.
    weights : numpy.ndarray
        Chance of each document, of shape (m,).
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
    """Documents on a line for each law, and those of a real query.

    On the line the score is the place, and every second document is relevant.
    """
    for law in laws(n):
        apart = np.abs(np.subtract.outer(law.values, law.values))
        odd = np.arange(len(law.values)) % 2 == 1
        yield Pool(law.name, law.weights, law.values, apart, odd)
    yield from real_pools(groups)


def real_pools(groups: World | None) -> Iterator[Pool]:
    """The query of real groups whose documents differ most, if there are groups.

    As relevant counts the quarter of the documents that the teacher ranks first.
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
