"""What the teacher sees of a query and a document: features of both together.

A student must score by q' W x alone, which is what makes it a student. The teacher may
look at anything that depends on the pair, such as ranks and shared terms.
"""

from __future__ import annotations

import numpy as np

from rankbound.commands.demo.retrieval import (
    DEPTH,
    FUSION_CONSTANT,
    Floats,
    Ints,
    Retrieved,
)

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


def pair_features(retrieved: Retrieved, query: int, documents: Ints) -> Floats:
    """Features of one query with several documents.

    "Relative" divides by the query's best document, "standardised" subtracts the mean
    over the corpus and divides by the standard deviation; so a document's features do
    not depend on the other documents asked for. A document outside the first 100 of a
    run has reciprocal rank 0 there.

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
    # Single precision is enough to choose a feature's bin, and half the work.
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


def _views(scores: Floats, documents: Ints) -> tuple[Floats, Floats, Floats]:
    """Scores as they are, relative to the best one, and standardised in the query."""
    tiny = np.finfo(float).tiny
    asked = scores[documents]
    spread = scores.std()
    # A query without known terms scores 0 everywhere: then 0 is the standard score.
    standardised = (asked - scores.mean()) / spread if spread > 0 else 0.0 * asked
    return asked, asked / max(scores.max(), tiny), standardised


def _ranks(ranking: Ints, documents: Ints) -> Ints:
    """Ranks from 1 of the documents in one ranking, 101 for those outside."""
    order = np.argsort(ranking, kind="stable")
    place = np.searchsorted(ranking, documents, sorter=order)
    position = np.append(order, DEPTH)[place]
    found = np.append(ranking, -1)[np.minimum(position, ranking.size)] == documents
    return np.where(found, position + 1, DEPTH + 1)
