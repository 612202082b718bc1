"""A small cross-feature teacher: log-odds that a document is the one sought.

Its score is the mean of the log-odds of a logistic regression and of boosted trees:
the trees find what the line cannot bend to, the line orders what the trees tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rankbound.commands.demo.features import pair_features
from rankbound.commands.demo.retrieval import Floats, Ints, Retrieved

TREES = 60


@dataclass(frozen=True, slots=True)
class Teacher:
    """Two fitted classifiers whose log-odds are averaged."""

    line: Any
    trees: Any

    def logits(self, features: Floats) -> Floats:
        """Log-odds of relevance (nats) of feature rows, shape (n,)."""
        line = self.line.decision_function(features)
        trees = self.trees.decision_function(features)
        logits: Floats = 0.5 * (line + trees)
        return logits


def train_teacher(features: Floats, labels: Ints, *, seed: int) -> Teacher:
    """Fit both classifiers to pairs of training queries.

    Parameters
    ----------
    features : array of float, shape (n_pairs, n_features)
    labels : array of int, shape (n_pairs,)
        1 for the document sought, 0 for the others. The classes keep their
        frequencies, so the log-odds speak of the pool that the pairs come from.
    seed : int
        Of the trees' binning.
    """
    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    # No early stopping: it would hold back pairs of queries that also stay in training.
    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=50,
        early_stopping=False,
        # Without it a leaf of irrelevant documents only runs off to odds of e**-300
        l2_regularization=1.0,
        random_state=seed,
    )
    return Teacher(line.fit(features, labels), trees.fit(features, labels))


def candidates(retrieved: Retrieved, query: int, *, others: Ints) -> Ints:
    """Documents that any run found for a query and the `others`, sorted, each once."""
    found = [run.ranking(query) for run in (retrieved.bm25, retrieved.lsa)]
    return np.unique(np.concatenate([*found, others]))


def learn(
    retrieved: Retrieved,
    positives: Ints,
    pools: Sequence[Ints],
    *,
    queries: Sequence[int],
    seed: int,
) -> Teacher:
    """Train on the pools of some queries, each with its one relevant document.

    Parameters
    ----------
    retrieved : Retrieved
    positives : array of int, shape (n_queries,)
        The document sought by each query of the collection.
    pools : sequence of arrays of int
        Candidate documents of each query of the collection.
    queries : sequence of int
        The training queries; nothing is read of the others.
    seed : int
    """
    rows = [pair_features(retrieved, query, pools[query]) for query in queries]
    labels = [pools[query] == positives[query] for query in queries]
    sought = np.concatenate(labels).astype(np.int64)
    return train_teacher(np.concatenate(rows), sought, seed=seed)


def score(
    teacher: Teacher,
    retrieved: Retrieved,
    pools: Sequence[Ints],
    *,
    queries: Sequence[int],
) -> list[Floats]:
    """Log-odds (nats) of every document in the pools of the queries asked for."""
    rows = [pair_features(retrieved, query, pools[query]) for query in queries]
    # One call for all queries: a call costs more than the trees of one query.
    logits = teacher.logits(np.concatenate(rows))
    return np.split(logits, np.cumsum([len(row) for row in rows])[:-1])
