import logging
import math
import sys
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.cli import main
from rankbound.commands.certify.run import groups_for
from rankbound.commands.demo.retrieval import (
    Run,
    best_first,
    fuse,
    index_tokens,
    retrieve,
    semantics,
    tokenize,
)

DOCUMENTS = [
    ["sort", "array", "sort", "axis"],
    ["array", "mean", "axis", "axis", "axis", "mean", "median"],
    ["sort"],
    ["matrix", "inverse", "array"],
    [],
]


def naive_bm25(query, document, documents, k1=1.2, b=0.75):
    mean_length = sum(map(len, documents)) / len(documents)
    counts = Counter(document)
    total = 0.0
    for term in query:
        holders = sum(term in other for other in documents)
        rarity = math.log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))
        norm = k1 * (1 - b + b * len(document) / mean_length)
        total += rarity * counts[term] / (counts[term] + norm)
    return total


@pytest.fixture(scope="module")
def random_documents():
    rng = np.random.default_rng(5)
    words = [f"word{number}" for number in range(40)]
    return [list(rng.choice(words, size=rng.integers(3, 25))) for _ in range(60)]


def test_tokenize_splits_identifiers_and_drops_stop_words():
    assert tokenize("The fit_transform() of X, and SVD2!") == [
        "fit",
        "transform",
        "svd2",
    ]


@pytest.mark.parametrize(
    "query",
    [
        ["sort"],
        ["array", "axis"],
        ["sort", "sort", "matrix"],
        ["unknown", "median"],
        ["unknown"],
        [],
    ],
)
def test_scores_match_the_formula(query):
    index = index_tokens(DOCUMENTS)
    naive = [naive_bm25(query, document, DOCUMENTS) for document in DOCUMENTS]
    assert_allclose(index.scores(query), naive, rtol=1e-12, atol=0)


def test_overlap_matches_sets():
    index = index_tokens(DOCUMENTS)
    query = ["sort", "sort", "median", "unknown"]
    rarity = {"sort": math.log(1 + 3.5 / 2.5), "median": math.log(1 + 4.5 / 1.5)}
    for position, document in enumerate(DOCUMENTS):
        common = [term for term in rarity if term in document]
        shared, weighted = index.overlap(query)[:, position]
        assert shared == pytest.approx(len(common) / 2)
        expected = sum(rarity[term] for term in common) / sum(rarity.values())
        assert weighted == pytest.approx(expected)
    assert not index.overlap(["unknown"]).any()


def test_index_tokens_is_silent(caplog):
    with caplog.at_level(logging.DEBUG):
        index_tokens(DOCUMENTS)
    assert not caplog.records


def test_best_first_matches_sorted():
    rng = np.random.default_rng(0)
    for _ in range(100):
        scores = rng.integers(-2, 6, size=rng.integers(0, 40)).astype(float)
        depth = int(rng.integers(1, 30))
        ranked = sorted(
            (code for code, score in enumerate(scores) if score > 0),
            key=lambda code: (-scores[code], code),
        )
        assert best_first(scores, depth=depth).tolist() == ranked[:depth]


def test_fuse_matches_dictionaries():
    rng = np.random.default_rng(1)
    lists = [[rng.permutation(12)[:6], rng.permutation(12)[:3]] for _ in range(2)]
    lists[0][1] = np.empty(0, dtype=np.int64)
    runs = [
        Run("r", np.cumsum([0, *map(len, tops)]), np.concatenate(tops), np.ones(9))
        for tops in lists
    ]
    fused = fuse(runs, name="rrf", depth=7)
    for query in range(2):
        gains = Counter()
        for tops in lists:
            for rank, code in enumerate(tops[query], start=1):
                gains[int(code)] += 1 / (60 + rank)
        expected = sorted(gains, key=lambda code: (-gains[code], code))[:7]
        assert fused.ranking(query).tolist() == expected
        part = slice(*fused.offsets[query : query + 2])
        assert_allclose(fused.scores[part], [gains[code] for code in expected])


def test_semantic_vectors_match_a_dense_decomposition(random_documents):
    queries = [random_documents[3], ["word1", "word2", "word2"]]
    # A term of one document counts in no vector, however often it stands there.
    documents = [["once", "once", *random_documents[0]], *random_documents[1:]]
    space, vectors = semantics(documents, dimensions=30, seed=0)
    of_queries = space.vectors(queries)
    holders = Counter(term for tokens in random_documents for term in set(tokens))
    terms = sorted(term for term, count in holders.items() if count >= 2)
    n = len(random_documents)
    rarity = [math.log((1 + n) / (1 + holders[term])) + 1 for term in terms]

    def weigh(tokens):
        counts = Counter(tokens)
        row = [1 + math.log(counts[term]) if counts[term] else 0.0 for term in terms]
        row = np.array(row) * rarity
        return row / np.linalg.norm(row)

    dense = np.array([weigh(tokens) for tokens in random_documents])
    axes = np.linalg.svd(dense)[2][:30]
    reduced = np.array([axes @ weigh(tokens) for tokens in random_documents + queries])
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    # Signs of the axes are free; cosines are not. The range finder sees all 40 terms,
    # so it is exact.
    ours = np.concatenate([vectors, of_queries])
    assert ours.dtype == np.float32
    assert_allclose(ours @ ours.T, reduced @ reduced.T, atol=1e-5)


def test_semantic_vectors_are_unit_or_zero(random_documents):
    space, vectors = semantics(random_documents, dimensions=500, seed=0)
    of_queries = space.vectors([["word1"], ["never", "seen"]])
    assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert_allclose(np.linalg.norm(of_queries, axis=1), [1, 0], atol=1e-6)


def test_retrieve_ranks_by_the_scores_it_stores(random_documents):
    texts = [" ".join(tokens) for tokens in random_documents]
    queries = [*texts[:5], "never seen words"]
    found = retrieve(texts, queries, dimensions=8, seed=0)
    cosines = found.query_vectors.astype(float) @ found.doc_vectors.astype(float).T
    for query in range(5):
        scores = found.index.scores(tokenize(queries[query]))
        assert found.bm25.ranking(query).tolist() == best_first(scores).tolist()
        assert found.lsa.ranking(query)[0] == query
        ranking = found.lsa.ranking(query)
        assert (np.diff(cosines[query, ranking]) <= 0).all()
        part = slice(*found.lsa.offsets[query : query + 2])
        assert_allclose(found.lsa.scores[part], cosines[query, ranking], rtol=1e-12)
    for run in (found.bm25, found.lsa, found.rrf):
        assert (run.scores > 0).all()
        assert run.ranking(5).size == 0


def test_without_bm25s_there_is_one_line_that_says_what_to_install(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    why = (
        "the demo needs bm25s, which is not installed; run "
        "pip install 'rankbound[demo]'"
    )
    assert main(["demo", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"rankbound: error: {why}"
    assert not (tmp_path / "out").exists()
    said = []
    assert groups_for(["theorem-1d"], said.append) is None
    assert said == [f"no real groups: {why}"]
