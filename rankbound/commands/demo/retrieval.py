"""Rankings of known-item queries: BM25, latent semantic analysis, and their fusion.

Documents and queries are represented by codes, their positions in the given lists.
Equal scores are ordered by document code, so that rankings are unique.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from rankbound.data.columns import Floats, Integers
from rankbound.errors import UsageError

DEPTH = 100
FUSION_CONSTANT = 60
K1, B = 1.2, 0.75

# This many queries at a time keep the block of cosines below 20 MB.
_BLOCK = 256
_WORD = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Run:
    """Rankings of one system, best document first.

    The documents of query `q` are `docs[offsets[q]:offsets[q + 1]]`. There are at most
    100 of them, and all their scores are above 0.
    """

    name: str
    offsets: Integers
    docs: Integers
    scores: Floats

    def ranking(self, query: int) -> Integers:
        """Return the document codes of one query, best first."""
        return self.docs[self.offsets[query] : self.offsets[query + 1]]


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """BM25 scores of a corpus by term, with the rarity of its terms."""

    vocabulary: dict[str, int]
    engine: Any
    rarity: Floats
    lengths: Integers

    def scores(self, tokens: Sequence[str]) -> Floats:
        """Return BM25 of every document, shape (n_docs,), counting repeated terms."""
        codes = [self.vocabulary[token] for token in tokens if token in self.vocabulary]
        scores: Floats = self.engine.get_scores_from_ids(codes)
        return scores

    def overlap(self, tokens: Sequence[str]) -> Floats:
        """Share of the query's terms in every document, shape (2, n_docs), in [0, 1].

        The first row counts distinct terms, and the second weights them by rarity.
        Terms that the corpus lacks are ignored.
        """
        codes = sorted({self.vocabulary[t] for t in tokens if t in self.vocabulary})
        shared = np.zeros((2, self.lengths.size))
        starts, documents = self.engine.scores["indptr"], self.engine.scores["indices"]
        for code in codes:
            holders = documents[starts[code] : starts[code + 1]]
            shared[0, holders] += 1.0
            shared[1, holders] += self.rarity[code]
        totals = np.array([len(codes), self.rarity[codes].sum()])
        shares: Floats = shared / np.maximum(totals, np.finfo(float).tiny)[:, None]
        return shares


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What the teacher and the samplings use of a collection.

    `doc_vectors` has shape (n_docs, dim) and `query_vectors` (n_queries, dim). Both are
    float32 and have unit length, except that a text without known terms has a zero row.
    `space` is that of LSA, unless vectors were given.
    """

    index: LexicalIndex
    query_tokens: list[list[str]]
    doc_vectors: NDArray[np.float32]
    query_vectors: NDArray[np.float32]
    bm25: Run
    lsa: Run
    rrf: Run
    space: Semantics | None = None


def bm25_library() -> ModuleType:
    """Return the module bm25s, which the extra rankbound[demo] installs.

    Raises
    ------
    UsageError
        When it is not installed.
    """
    try:
        import bm25s
        import bm25s.stopwords
    except ImportError:
        raise UsageError(
            "the demo needs bm25s, which is not installed; run "
            "pip install 'rankbound[demo]'"
        ) from None
    # It sets a log level of its own, and its messages are of no use here.
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    module: ModuleType = bm25s
    return module


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(bm25_library().stopwords.STOPWORDS_EN)


def tokenize(text: str) -> list[str]:
    """Split a text into lower-case words and numbers, without stop words.

    Tokens have two characters or more.

    Examples
    --------
    >>> tokenize("Return the train_test_split of X in 2-D.")
    ['return', 'train', 'test', 'split']
    """
    stop_words = _stop_words()
    return [word for word in _WORD.findall(text.lower()) if word not in stop_words]


def index_tokens(documents: Sequence[Sequence[str]]) -> LexicalIndex:
    r"""Index tokenized documents by BM25 (Lucene variant, k1 = 1.2, b = 0.75, float64).

    .. math:: \ln\Big(1 + \frac{N - n_t + 1/2}{n_t + 1/2}\Big)
              \frac{c}{c + k_1 (1 - b + b\,|x| / \overline{|x|})}

    summed over the query's terms, where c is the term's count in the document x.

    Examples
    --------
    >>> index = index_tokens([["sort", "array"], ["sort"]])
    >>> (index.scores(["array"]) / np.log(2)).round(6).tolist()
    [0.4, 0.0]
    """
    # Sorted, so that the result does not depend on the order of a set.
    words = sorted({token for tokens in documents for token in tokens})
    vocabulary = {word: code for code, word in enumerate(words)}
    codes = [[vocabulary[token] for token in tokens] for tokens in documents]
    engine = bm25_library().BM25(
        k1=K1, b=B, method="lucene", dtype="float64", backend="numpy"
    )
    engine.index((codes, vocabulary), show_progress=False, create_empty_token=False)
    holders = np.diff(engine.scores["indptr"]).astype(float)
    rarity = np.log1p((len(codes) - holders + 0.5) / (holders + 0.5))
    lengths = np.array([len(tokens) for tokens in documents], dtype=np.int64)
    return LexicalIndex(vocabulary, engine, rarity, lengths)


@dataclass(frozen=True, slots=True, eq=False)
class Semantics:
    """LSA of a corpus: TF-IDF reduced by truncated SVD, for its texts and for others.

    Term frequencies are logarithmic, and terms that occur in one document are ignored.
    """

    weigh: TfidfVectorizer
    reduce: TruncatedSVD

    def vectors(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """Vectors of unit length, or 0 for a text without known terms, (n, dim)."""
        return _unit(self.reduce.transform(self.weigh.transform(texts)))


def semantics(
    documents: Sequence[Sequence[str]], *, dimensions: int, seed: int
) -> tuple[Semantics, NDArray[np.float32]]:
    """Fit LSA to a corpus of tokens; with it, the vectors of the corpus.

    The space is fitted to the documents alone, so the vector of a query does not depend
    on other queries.
    """
    weigh = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=2)
    weighted = weigh.fit_transform(documents)
    reduce = TruncatedSVD(min(dimensions, min(weighted.shape) - 1), random_state=seed)
    corpus = reduce.fit_transform(weighted)
    return Semantics(weigh, reduce), _unit(corpus)


def fuse(runs: Sequence[Run], *, name: str, depth: int = DEPTH) -> Run:
    """Fuse runs by reciprocal ranks: the score is the sum of 1 / (60 + rank).

    Examples
    --------
    >>> one = Run("a", np.array([0, 2]), np.array([5, 7]), np.array([2.0, 1.0]))
    >>> two = Run("b", np.array([0, 1]), np.array([7]), np.array([0.5]))
    >>> fuse([one, two], name="rrf").ranking(0).tolist()
    [7, 5]
    """
    tops = []
    for query in range(runs[0].offsets.size - 1):
        rankings = [run.ranking(query) for run in runs]
        ranks = [np.arange(1, ranking.size + 1) for ranking in rankings]
        documents, position = np.unique(np.concatenate(rankings), return_inverse=True)
        gains = 1.0 / (FUSION_CONSTANT + np.concatenate(ranks))
        scores = np.zeros(documents.size)
        np.add.at(scores, position, gains)
        best = best_first(scores, depth=depth)
        tops.append((documents[best], scores[best]))
    return _run(name, tops)


def retrieve(
    documents: Sequence[str],
    queries: Sequence[str],
    *,
    dimensions: int,
    seed: int,
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
    space: Semantics | None = None,
) -> Retrieved:
    """Index the documents, and rank them for every query by BM25, LSA and fusion.

    `vectors` of documents and of queries take the place of those of LSA, and `space`,
    the LSA of another corpus, that of its own.
    """
    doc_tokens = [tokenize(text) for text in documents]
    query_tokens = [tokenize(text) for text in queries]
    index = index_tokens(doc_tokens)
    if vectors is not None:
        doc_vectors, query_vectors = vectors
    else:
        if space is None:
            space, doc_vectors = semantics(doc_tokens, dimensions=dimensions, seed=seed)
        else:
            doc_vectors = space.vectors(doc_tokens)
        query_vectors = space.vectors(query_tokens)
    return _ranked(
        *(index, query_tokens, doc_vectors, query_vectors),
        space=space if vectors is None else None,
    )


def asking(retrieved: Retrieved, queries: Sequence[str]) -> Retrieved:
    """The same collection ranked for other queries, by BM25, LSA and fusion.

    Raises
    ------
    ValueError
        When its vectors are not of LSA.
    """
    if retrieved.space is None:
        raise ValueError("vectors of other queries are known in a space of LSA alone")
    tokens = [tokenize(text) for text in queries]
    return _ranked(
        *(retrieved.index, tokens, retrieved.doc_vectors),
        retrieved.space.vectors(tokens),
        space=retrieved.space,
    )


def _ranked(
    index: LexicalIndex,
    query_tokens: list[list[str]],
    doc_vectors: NDArray[np.float32],
    query_vectors: NDArray[np.float32],
    *,
    space: Semantics | None,
) -> Retrieved:
    lexical = []
    for tokens in query_tokens:
        scores = index.scores(tokens)
        best = best_first(scores)
        lexical.append((best, scores[best]))
    bm25 = _run("bm25", lexical)
    lsa = _run("lsa", _nearest(doc_vectors, query_vectors))
    rrf = fuse([bm25, lsa], name="rrf")
    return Retrieved(
        *(index, query_tokens, doc_vectors, query_vectors, bm25, lsa, rrf),
        space=space,
    )


def best_first(scores: Floats, *, depth: int = DEPTH) -> Integers:
    """Return positions of the highest scores above 0, best first; ties by position.

    Examples
    --------
    >>> best_first(np.array([0.0, 2.0, 3.0, 2.0]), depth=2).tolist()
    [2, 1]
    """
    rank = max(0, scores.size - depth)
    least = np.partition(scores, rank)[rank] if scores.size else 0.0
    eligible = np.flatnonzero((scores >= least) & (scores > 0))
    order = np.argsort(-scores[eligible], kind="stable")
    return eligible[order[:depth]]


def _nearest(
    doc_vectors: NDArray[np.float32], query_vectors: NDArray[np.float32]
) -> list[tuple[Integers, Floats]]:
    """Rank documents by cosine for every query; only positive cosines count."""
    corpus = doc_vectors.astype(np.float64).T
    tops = []
    for start in range(0, len(query_vectors), _BLOCK):
        for row in query_vectors[start : start + _BLOCK].astype(np.float64) @ corpus:
            best = best_first(row)
            tops.append((best, row[best]))
    return tops


def _run(name: str, tops: Sequence[tuple[Integers, Floats]]) -> Run:
    sizes = [0, *(documents.size for documents, _ in tops)]
    documents = np.concatenate([documents for documents, _ in tops])
    scores = np.concatenate([scores for _, scores in tops])
    return Run(name, np.cumsum(sizes, dtype=np.int64), documents, scores)


def _unit(vectors: Floats) -> NDArray[np.float32]:
    single: NDArray[np.float32] = normalize(vectors).astype(np.float32)
    return single
