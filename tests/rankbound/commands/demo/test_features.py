import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.commands.demo.models import FEATURES, pair_features
from rankbound.commands.demo.retrieval import retrieve

NAMES = {name: column for column, name in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def retrieved():
    rng = np.random.default_rng(2)
    words = [f"word{number}" for number in range(200)]
    texts = [" ".join(rng.choice(words, size=30)) for _ in range(300)]
    queries = [" ".join(text.split()[:5]) for text in texts[:10]]
    return retrieve(texts, [*queries, "of the unknown"], dimensions=20, seed=0)


def test_pair_features_hold_the_scores_and_ranks_of_the_runs(retrieved):
    documents = np.random.default_rng(0).permutation(300)[:250]
    features = pair_features(retrieved, 4, documents)
    assert features.shape == (250, len(FEATURES))
    bm25 = retrieved.index.scores(retrieved.query_tokens[4])
    cosine = retrieved.doc_vectors @ retrieved.query_vectors[4]
    assert_allclose(features[:, NAMES["bm25"]], bm25[documents])
    assert_allclose(features[:, NAMES["bm25_relative"]], bm25[documents] / bm25.max())
    standard = (cosine - cosine.mean()) / cosine.std()
    assert_allclose(
        features[:, NAMES["lsa_standardised"]], standard[documents], atol=1e-5
    )
    best = []
    for row, code in zip(features, documents, strict=True):
        ranks = []
        for name in ("bm25", "lsa", "rrf"):
            ranking = getattr(retrieved, name).ranking(4).tolist()
            rank = ranking.index(code) + 1 if code in ranking else 101
            reciprocal = 1 / (60 + rank) if rank <= 100 else 0.0
            assert row[NAMES[f"{name}_reciprocal_rank"]] == pytest.approx(reciprocal)
            ranks.append(rank)
        assert row[NAMES["best_log_rank"]] == pytest.approx(np.log(min(ranks)))
        best.append(min(ranks))
    assert {1, 101} <= set(best)


def test_pair_features_do_not_depend_on_the_other_documents(retrieved):
    together = pair_features(retrieved, 2, np.array([7, 2, 250]))
    for row, code in zip(together, (7, 2, 250), strict=True):
        assert_allclose(row, pair_features(retrieved, 2, np.array([code]))[0])


def test_pair_features_are_finite_for_a_query_without_known_terms(retrieved):
    features = pair_features(retrieved, 10, np.arange(300))
    assert np.isfinite(features).all()
    lengths = NAMES["log_document_length"], NAMES["log_query_length"]
    others = [n for n in range(len(FEATURES)) if n not in lengths]
    others.remove(NAMES["best_log_rank"])
    assert not features[:, others].any()


def test_pair_features_see_which_document_is_sought(retrieved):
    for query in range(10):
        features = pair_features(retrieved, query, np.arange(300))
        assert features[query, NAMES["shared_terms"]] == 1
        assert features[query, NAMES["shared_rarity"]] == pytest.approx(1)
        assert features[:, NAMES["shared_terms"]].mean() < 0.5
