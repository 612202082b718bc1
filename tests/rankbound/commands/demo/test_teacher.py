import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from rankbound.commands.demo.models import (
    Teacher,
    candidates,
    learn,
    pair_features,
    score,
    train_teacher,
)
from rankbound.commands.demo.retrieval import retrieve

N_QUERIES = 120


@pytest.fixture(scope="module")
def retrieved():
    """Every query holds three of its document's words and two others."""
    rng = np.random.default_rng(4)
    words = [f"word{number}" for number in range(150)]
    texts = [rng.choice(words, size=25) for _ in range(N_QUERIES + 60)]
    queries = [
        " ".join([*text[:3], *rng.choice(words, size=2)]) for text in texts[:N_QUERIES]
    ]
    return retrieve([" ".join(text) for text in texts], queries, dimensions=15, seed=0)


@pytest.fixture(scope="module")
def pools(retrieved):
    rng = np.random.default_rng(6)
    return [
        candidates(retrieved, query, others=np.append(rng.choice(180, 10), query))
        for query in range(N_QUERIES)
    ]


def taught(retrieved, pools, positives, *, seed=0):
    teacher = learn(retrieved, positives, pools, queries=range(60), seed=seed)
    return score(teacher, retrieved, pools, queries=range(60, N_QUERIES))


def test_candidates_join_the_runs_and_the_others(retrieved):
    pool = candidates(retrieved, 3, others=np.array([179, 0, 179]))
    wanted = {0, 179, *retrieved.bm25.ranking(3).tolist()}
    wanted |= set(retrieved.lsa.ranking(3).tolist())
    assert pool.tolist() == sorted(wanted)


def test_teacher_beats_chance_on_queries_it_never_saw(retrieved, pools):
    scores = taught(retrieved, pools, np.arange(N_QUERIES))
    above = [
        np.mean(logits[pool == query] > logits[pool != query])
        for query, pool, logits in zip(
            range(60, N_QUERIES), pools[60:], scores, strict=True
        )
    ]
    # Chance is 0.5 on average over 60 queries, so 0.8 is more than eight deviations.
    assert np.mean(above) > 0.8


def test_teacher_is_above_zero_only_where_relevance_is_likely(retrieved, pools):
    scores = taught(retrieved, pools, np.arange(N_QUERIES))
    logits = np.concatenate(scores)
    relevant = np.concatenate(
        [pool == query for query, pool in enumerate(pools[60:], start=60)]
    )
    # Log-odds keep the base rate: their probabilities sum to about one per query.
    chances = 1 / (1 + np.exp(-logits))
    assert chances.sum() == pytest.approx(relevant.sum(), rel=0.35)


def test_learn_reads_training_queries_only(retrieved, pools):
    positives = np.arange(N_QUERIES)
    other = positives.copy()
    other[60:] = 0
    first = taught(retrieved, pools, positives)
    second = taught(retrieved, pools, other)
    assert_array_equal(np.concatenate(first), np.concatenate(second))
    other[:60] = positives[:60][::-1]
    third = taught(retrieved, pools, other)
    assert not np.array_equal(np.concatenate(first), np.concatenate(third))


def test_score_is_ordered_like_the_pools(retrieved, pools):
    teacher = learn(retrieved, np.arange(N_QUERIES), pools, queries=range(60), seed=0)
    scores = score(teacher, retrieved, pools, queries=[100, 70])
    assert [row.size for row in scores] == [pools[100].size, pools[70].size]
    alone = teacher.logits(pair_features(retrieved, 70, pools[70]))
    assert_allclose(scores[1], alone, rtol=1e-12)


def test_logits_are_the_mean_of_both_log_odds():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, 3))
    labels = (features[:, 0] + rng.normal(size=600) > 1).astype(np.int64)
    teacher = train_teacher(features, labels, seed=0)
    assert isinstance(teacher, Teacher)
    odds = []
    for part in (teacher.line, teacher.trees):
        chances = part.predict_proba(features[:20])
        odds.append(np.log(chances[:, 1] / chances[:, 0]))
    assert_allclose(teacher.logits(features[:20]), np.mean(odds, axis=0), rtol=1e-6)
