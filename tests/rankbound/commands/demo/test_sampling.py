import numpy as np
import pytest

from rankbound.catalogue import SAMPLINGS
from rankbound.commands.demo.experiment import (
    draw_groups,
    mined_negatives,
    random_negatives,
)

N_DOCS = 200


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def positives(rng):
    return np.concatenate([[0, N_DOCS - 1], rng.integers(N_DOCS, size=98)])


def assert_proper(positives, negatives):
    assert negatives.shape == (len(positives), 15)
    for positive, row in zip(positives, negatives, strict=True):
        assert len({int(positive), *row.tolist()}) == 16
        assert row.min() >= 0
        assert row.max() < N_DOCS


def test_random_negatives_are_other_documents(positives, rng):
    negatives = random_negatives(positives, n_docs=N_DOCS, rng=rng)
    assert_proper(positives, negatives)


@pytest.mark.statistical
def test_random_negatives_are_uniform(rng):
    # Each of 19 documents is drawn with chance 15/19 in each of 2000 rows; six
    # standard deviations and 19 looks keep the false-alarm rate below 1e-7.
    drawn = random_negatives(np.full(2000, 7), n_docs=20, rng=rng)
    counts = np.bincount(drawn.ravel(), minlength=20)
    assert counts[7] == 0
    spread = np.sqrt(2000 * 15 / 19 * 4 / 19)
    others = np.delete(counts, 7)
    assert np.abs(others - 2000 * 15 / 19).max() < 6 * spread


def test_mined_negatives_come_from_the_first_fifty_wrong_documents(positives, rng):
    rankings = [rng.permutation(N_DOCS)[:100] for _ in positives]
    reserve = random_negatives(positives, n_docs=N_DOCS, rng=rng)
    negatives, filled = mined_negatives(rankings, positives, reserve, rng=rng)
    assert filled == 0
    assert_proper(positives, negatives)
    deepest = 0
    for ranking, positive, row in zip(rankings, positives, negatives, strict=True):
        wrong = [code for code in ranking.tolist() if code != positive]
        places = [wrong.index(code) for code in row.tolist()]
        assert max(places) < 50
        deepest = max(deepest, *places)
    # All fifty are within reach, not only the very first.
    assert deepest == 49


def test_mined_negatives_reach_rank_51_past_the_relevant_document():
    ranking = np.arange(100, 151)
    reserve = np.arange(15)[None]
    seen = set()
    for seed in range(200):
        rng = np.random.default_rng(seed)
        drawn, _ = mined_negatives([ranking], np.array([100]), reserve, rng=rng)
        seen |= set(drawn[0].tolist())
    assert seen == set(range(101, 151))


@pytest.mark.parametrize("length", [0, 1, 14, 15, 16])
def test_mined_negatives_fill_up_short_rankings(length, rng):
    positives = np.array([3])
    # The ranking holds the relevant document and parts of the reserve.
    ranking = np.concatenate([[3], np.arange(50, 50 + length)])
    reserve = np.arange(48, 63)[None]
    negatives, filled = mined_negatives([ranking], positives, reserve, rng=rng)
    assert_proper(positives, negatives)
    assert filled == int(length < 15)
    assert set(ranking[1:].tolist()) <= set(negatives[0].tolist()) or length > 15


def test_draw_groups_puts_the_relevant_document_first(positives, rng):
    reserve = random_negatives(positives, n_docs=N_DOCS, rng=rng)
    rankings = {
        name: [rng.permutation(N_DOCS)[:60] for _ in positives]
        for name in SAMPLINGS
        if name != "random"
    }
    rankings["ensemble"][5] = np.empty(0, dtype=np.int64)
    groups = draw_groups(rankings, positives, reserve, rng=rng)
    assert tuple(groups) == tuple(SAMPLINGS)
    for sampling, drawn in groups.items():
        assert drawn.sampling == sampling
        assert drawn.filled == int(sampling == "ensemble")
        np.testing.assert_array_equal(drawn.docs[:, 0], positives)
        assert_proper(positives, drawn.docs[:, 1:])
    np.testing.assert_array_equal(groups["random"].docs[:, 1:], reserve)
    for name, lists in rankings.items():
        for query in (0, 1, 2):
            assert set(groups[name].docs[query, 1:]) <= set(lists[query])
