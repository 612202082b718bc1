"""The demo's models: a teacher of cross-features, and a bilinear student.

The teacher may look at anything that depends on the query and the document together.
Its score is the mean of the log-odds of a logistic regression and of boosted trees,
since the trees fit what is not linear, and the regression orders what they tie. A
student must score by q' W x alone. It minimises the mean pairwise cross-entropy with
the teacher's probabilities, the risk of Theorem 1, plus a small ridge. That problem is
convex, so the student does not depend on a learning-rate schedule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rankbound.commands.demo.retrieval import DEPTH, FUSION_CONSTANT, Retrieved
from rankbound.data.columns import Floats, Integers

FEATURES = (
    "bm25",
    "bm25_relative",
    "bm25_standardised",
    "lsa",
    "lsa_relative",
    "lsa_standardised",
    "bm25_reciprocal_rank",
    "lsa_reciprocal_rank",
    "rrf_reciprocal_rank",
    "best_log_rank",
    "log_document_length",
    "log_query_length",
    "shared_terms",
    "shared_rarity",
)
TREES = 60
# A fixed power of ten, not fitted to held-out queries. It keeps W bounded, since W has
# more entries than there are queries.
RIDGE = 1e-5
MAX_ITERATIONS = 100


def pair_features(retrieved: Retrieved, query: int, documents: Integers) -> Floats:
    """Compute the features of one query and each of several documents.

    "Relative" scores are divided by that of the query's best document. "Standardised"
    scores have the mean over the corpus subtracted and are divided by the standard
    deviation. So the features of a document do not depend on the other documents. A
    document outside the first 100 of a run has reciprocal rank 0 there.

    Parameters
    ----------
    retrieved : Retrieved
    query : int
        Code of the query.
    documents : array of int, shape (n,)
        Codes of the documents, without repetition.

    Returns
    -------
    array of float, shape (n, 14)
        Columns in the order of `FEATURES`; all finite.
    """
    tokens = retrieved.query_tokens[query]
    index = retrieved.index
    lexical = index.scores(tokens)
    # Single precision is enough to choose the bin of a feature, and takes half the time
    semantic = (retrieved.doc_vectors @ retrieved.query_vectors[query]).astype(float)
    ranks = np.stack(
        [
            _ranks(run.ranking(query), documents)
            for run in (retrieved.bm25, retrieved.lsa, retrieved.rrf)
        ]
    )
    reciprocal = np.where(ranks <= DEPTH, 1.0 / (FUSION_CONSTANT + ranks), 0.0)
    columns = [
        *_views(lexical, documents),
        *_views(semantic, documents),
        *reciprocal,
        np.log(ranks.min(axis=0)),
        np.log1p(index.lengths[documents]),
        np.full(documents.size, np.log1p(len(tokens))),
        *index.overlap(tokens)[:, documents],
    ]
    return np.stack(columns, axis=1)


def _views(scores: Floats, documents: Integers) -> tuple[Floats, Floats, Floats]:
    """Return scores unchanged, relative to the best, and standardised."""
    tiny = np.finfo(float).tiny
    asked = scores[documents]
    spread = scores.std()
    # All scores of a query without known terms are 0, and so are the standardised ones
    standardised = (asked - scores.mean()) / spread if spread > 0 else 0.0 * asked
    return asked, asked / max(scores.max(), tiny), standardised


def _ranks(ranking: Integers, documents: Integers) -> Integers:
    """Ranks, from 1, of the documents in one ranking; 101 for those outside."""
    order = np.argsort(ranking, kind="stable")
    place = np.searchsorted(ranking, documents, sorter=order)
    position = np.append(order, DEPTH)[place]
    found = np.append(ranking, -1)[np.minimum(position, ranking.size)] == documents
    return np.where(found, position + 1, DEPTH + 1)


@dataclass(frozen=True, slots=True)
class Teacher:
    """Two fitted classifiers whose log-odds are averaged."""

    line: Any
    trees: Any

    def logits(self, features: Floats) -> Floats:
        """Return the log-odds (nats) that rows of features are relevant, shape (n,)."""
        line = self.line.decision_function(features)
        trees = self.trees.decision_function(features)
        logits: Floats = 0.5 * (line + trees)
        return logits


def train_teacher(features: Floats, labels: Integers, *, seed: int) -> Teacher:
    """Fit both classifiers to pairs of a training query and a document.

    Parameters
    ----------
    features : array of float, shape (n_pairs, n_features)
    labels : array of int, shape (n_pairs,)
        1 for the document sought, 0 for the others. Classes are not reweighted, so
        the log-odds are those of the pool that the pairs come from.
    seed : int
        Seed of the trees' binning.
    """
    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    # Early stopping would hold out pairs of queries of which others are in training
    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=50,
        early_stopping=False,
        # Without it, leaves of irrelevant documents alone reach odds of e**-300
        l2_regularization=1.0,
        random_state=seed,
    )
    return Teacher(line.fit(features, labels), trees.fit(features, labels))


def candidates(retrieved: Retrieved, query: int, *, others: Integers) -> Integers:
    """Join the documents that a run found for a query with others, sorted."""
    found = [run.ranking(query) for run in (retrieved.bm25, retrieved.lsa)]
    return np.unique(np.concatenate([*found, others]))


def learn(
    retrieved: Retrieved,
    positives: Integers | Sequence[Integers],
    pools: Sequence[Integers],
    *,
    queries: Sequence[int],
    seed: int,
) -> Teacher:
    """Train a teacher on the pools of some queries.

    Parameters
    ----------
    retrieved : Retrieved
    positives : array of int, shape (n_queries,), or sequence of arrays of int
        The document sought by each query of the collection, or its relevant documents.
    pools : sequence of arrays of int
        Candidate documents of each query of the collection.
    queries : sequence of int
        The training queries; the pools of others are not read.
    seed : int
    """
    rows = [pair_features(retrieved, query, pools[query]) for query in queries]
    labels = [np.isin(pools[query], positives[query]) for query in queries]
    sought = np.concatenate(labels).astype(np.int64)
    return train_teacher(np.concatenate(rows), sought, seed=seed)


def score(
    teacher: Teacher,
    retrieved: Retrieved,
    pools: Sequence[Integers],
    *,
    queries: Sequence[int],
) -> list[Floats]:
    """Compute the log-odds (nats) of every document in the pools of some queries."""
    rows = [pair_features(retrieved, query, pools[query]) for query in queries]
    # One call for all queries, since a call takes longer than the trees of a query
    logits = teacher.logits(np.concatenate(rows))
    return np.split(logits, np.cumsum([len(row) for row in rows])[:-1])


@dataclass(frozen=True, slots=True)
class Student:
    """A trained bilinear form, and the state in which training ended.

    `weights` is W, shape (dim, dim); `loss` (nats) includes the ridge.
    """

    weights: Floats
    loss: float
    iterations: int


@dataclass(frozen=True, slots=True)
class Lessons:
    """Vectors and teacher scores of the training groups of one sampling, in float64.

    `queries` has shape (n, dim), `documents` (n, k, dim) and `teacher` (n, k). Teacher
    scores are log-odds in nats.
    """

    queries: Floats
    documents: Floats
    teacher: Floats


def pair_signs(size: int) -> Floats:
    """Make the matrix that maps scores of a group to the margins of its pairs i < j.

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
    r"""Compute the distillation loss (nats) of W, and its gradient.

    .. math:: \frac1n \sum_q \frac1{|E|} \sum_{i<j} [\varsigma(m_{ij}) - p_{ij} m_{ij}]
              + \frac\lambda2 \|W\|_F^2

    with the student's margins m, the teacher's probabilities p = σ(teacher's margin),
    and the softplus ς. Every group has the same weight.

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

    The start is the constant student, whose loss is ln 2; no iteration exceeds it.
    """
    dim = lessons.queries.shape[1]
    # The targets do not depend on W, so they are computed once
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
    """Compute query vectors q' W, whose dot products with documents are the scores.

    Returns
    -------
    array of float32, shape (n_queries, dim)
    """
    return (queries @ student.weights).astype(np.float32)


def _objective(
    weights: Floats, lessons: Lessons, targets: Floats, signs: Floats, *, ridge: float
) -> tuple[float, Floats]:
    """Compute loss and gradient for target probabilities of shape (n, n_pairs)."""
    projected = lessons.queries @ weights
    scores = np.matmul(lessons.documents, projected[:, :, None])[:, :, 0]
    margins = scores @ signs
    # log(1 + e^m) as max(m, 0) + log1p(e^-|m|), which cannot overflow
    decay = np.exp(-np.abs(margins))
    softplus = np.maximum(margins, 0.0) + np.log1p(decay)
    loss = (softplus - targets * margins).mean() + 0.5 * ridge * np.sum(weights**2)
    chances = np.where(margins >= 0, 1.0, decay) / (1.0 + decay)
    slopes = ((chances - targets) / targets.size) @ signs.T
    pulls = np.matmul(slopes[:, None, :], lessons.documents)[:, 0, :]
    return float(loss), lessons.queries.T @ pulls + ridge * weights
