"""A bilinear student distilled from teacher scores: f(q, x) = q' W x.

Training minimises the mean pairwise cross-entropy with the teacher's probabilities,
the risk of theorem 1, plus a small ridge. The problem is convex, so the student is
*the* minimiser and not the outcome of a learning-rate schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from rankbound.commands.demo.retrieval import Floats

# A fixed power of ten, never fitted to held-out queries. It keeps W bounded, since the
# entries of W outnumber the queries.
RIDGE = 1e-5
MAX_ITERATIONS = 100


@dataclass(frozen=True, slots=True)
class Student:
    """A trained bilinear form and how training ended.

    `weights` is W, shape (dim, dim); `loss` (nats) includes the ridge.
    """

    weights: Floats
    loss: float
    iterations: int


@dataclass(frozen=True, slots=True)
class Lessons:
    """Vectors and teacher scores of one sampling's training groups, in float64.

    `queries` has shape (n, dim), `documents` (n, k, dim) and `teacher` (n, k), the
    last in nats of log-odds.
    """

    queries: Floats
    documents: Floats
    teacher: Floats


def pair_signs(size: int) -> Floats:
    """Matrix that turns scores of a group into the margins of its pairs i < j.

    Returns
    -------
    array of float, shape (size, size * (size - 1) / 2)
        Column (i, j) has 1 in row i and -1 in row j.

    Examples
    --------
    >>> (np.array([5.0, 3.0, 0.0]) @ pair_signs(3)).tolist()
    [2.0, 5.0, 3.0]
    """
    pairs = np.array(list(combinations(range(size), 2)))
    rows = np.arange(size)[:, None]
    signs: Floats = (rows == pairs[:, 0]).astype(float) - (rows == pairs[:, 1])
    return signs


def loss_and_gradient(
    weights: Floats, lessons: Lessons, *, ridge: float
) -> tuple[float, Floats]:
    r"""Distillation loss (nats) of W and its gradient.

    .. math:: \frac1n \sum_q \frac1{|E|} \sum_{i<j} [\varsigma(m_{ij}) - p_{ij} m_{ij}]
              + \frac\lambda2 \|W\|_F^2

    with the student's margins m, the teacher's probabilities p = σ(margin of the
    teacher), and the softplus ς. Each group counts the same.

    Parameters
    ----------
    weights : array of float, shape (dim, dim)
    lessons : Lessons
    ridge : float
        λ, at least 0.

    Returns
    -------
    tuple of (float, array of float, shape (dim, dim))

    Examples
    --------
    >>> one = Lessons(np.ones((1, 1)), np.array([[[1.0], [0.0]]]), np.zeros((1, 2)))
    >>> loss, gradient = loss_and_gradient(np.zeros((1, 1)), one, ridge=0.0)
    >>> round(loss, 6), gradient.tolist()
    (0.693147, [[0.0]])
    """
    signs = pair_signs(lessons.teacher.shape[1])
    targets = expit(lessons.teacher @ signs)
    return _objective(weights, lessons, targets, signs, ridge=ridge)


def train_student(
    lessons: Lessons, *, ridge: float = RIDGE, max_iterations: int = MAX_ITERATIONS
) -> Student:
    """Minimise the distillation loss by L-BFGS, starting from W = 0.

    The start is the constant student, whose loss is ln 2; no iteration is above it.
    """
    dim = lessons.queries.shape[1]
    # The targets do not depend on W, so they are computed once for all iterations.
    signs = pair_signs(lessons.teacher.shape[1])
    targets = expit(lessons.teacher @ signs)

    def objective(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(dim, dim)
        loss, gradient = _objective(weights, lessons, targets, signs, ridge=ridge)
        return loss, gradient.ravel()

    found = minimize(
        objective,
        np.zeros(dim * dim),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iterations, "ftol": 1e-9, "gtol": 1e-7},
    )
    weights = found.x.reshape(dim, dim)
    return Student(weights, float(found.fun), int(found.nit))


def project(student: Student, queries: Floats) -> NDArray[np.float32]:
    """Query vectors q' W: their dot products with document vectors are the scores.

    Returns
    -------
    array of float32, shape (n_queries, dim)
    """
    return (queries @ student.weights).astype(np.float32)


def _objective(
    weights: Floats, lessons: Lessons, targets: Floats, signs: Floats, *, ridge: float
) -> tuple[float, Floats]:
    """Loss and gradient for given target probabilities, shape (n, n_pairs)."""
    projected = lessons.queries @ weights
    scores = np.matmul(lessons.documents, projected[:, :, None])[:, :, 0]
    margins = scores @ signs
    # log(1 + e^m) as max(m, 0) + log1p(e^-|m|): no margin is too large for it.
    decay = np.exp(-np.abs(margins))
    softplus = np.maximum(margins, 0.0) + np.log1p(decay)
    loss = (softplus - targets * margins).mean() + 0.5 * ridge * np.sum(weights**2)
    chances = np.where(margins >= 0, 1.0, decay) / (1.0 + decay)
    slopes = ((chances - targets) / targets.size) @ signs.T
    pulls = np.matmul(slopes[:, None, :], lessons.documents)[:, 0, :]
    return float(loss), lessons.queries.T @ pulls + ridge * weights
