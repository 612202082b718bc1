"""Groups of the demo are those of `sample`: naive loops draw the same candidates."""

import numpy as np
import pytest

from rankbound.catalogue import SAMPLINGS, Sampling
from rankbound.commands.demo.experiment import random_negatives

N_DOCS = 200


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def positives(rng):
    return np.concatenate([[0, N_DOCS - 1], rng.integers(N_DOCS, size=98)])


def by_query(scores):
    """Pairs of value and name by query, best first, ties by name descending."""
    found = {}
    rows = zip(scores.row_query(), scores.codes, scores.values, strict=True)
    for query, code, value in rows:
        pair = (float(value), scores.docnos[code])
        found.setdefault(scores.qids[query], []).append(pair)
    return {qid: sorted(pairs, reverse=True) for qid, pairs in found.items()}


def lists(groups):
    """The names of each group's documents by query, the positive first."""
    return {
        qid: groups.docnos[groups.codes[start:stop]].tolist()
        for qid, start, stop in zip(
            groups.group_qids(), groups.offsets, groups.offsets[1:], strict=False
        )
    }


def candidates(ranked, sampling, qid, positive):
    """What a sampling may draw from, by the words of the catalogue."""
    if sampling == "random":
        return {name for _, name in ranked["uniform"][qid]}
    if sampling == "ensemble":
        value = {}
        for run in ("bm25", "lsa"):
            for place, (_, name) in enumerate(ranked[run].get(qid, ()), start=1):
                value[name] = value.get(name, 0.0) + 1 / (60 + place)
        pairs = sorted(((v, name) for name, v in value.items()), reverse=True)
    else:
        pairs = ranked["bm25" if sampling == "bm25" else "teacher"].get(qid, [])
    return set([name for _, name in pairs if name != positive][:50])


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


@pytest.mark.parametrize("split", ["student", "heldout"])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_a_group_is_drawn_from_what_its_sampling_names(experiment, split, sampling):
    plan, pool = experiment.plan, experiment.pools[split]
    queries = plan.splits[split].tolist()
    sought = {plan.qids[q]: experiment.docnos[plan.positives[q]] for q in queries}
    drawn = lists(pool.draw(sampling, seed=0))
    assert set(drawn) == set(sought)
    scored = {**pool.runs, "teacher": pool.teacher}
    ranked = {name: by_query(scores) for name, scores in scored.items()}
    taken = 0
    for qid, (positive, *negatives) in drawn.items():
        open_to = candidates(ranked, sampling, qid, positive)
        assert positive == sought[qid] not in open_to
        assert len(negatives) == len(set(negatives)) == min(15, len(open_to))
        assert set(negatives) <= open_to
        taken += len(negatives) < len(open_to)
    # All but `random`, whose run has just as many, leave something to chance
    assert (taken > 0) == (sampling != "random")


def test_a_sampling_of_the_catalogue_is_drawn_as_it_says(experiment, monkeypatch):
    planted = Sampling(words="by LSA", law="lsa", runs=("lsa",), depth=15)
    monkeypatch.setitem(SAMPLINGS, "planted", planted)
    pool = experiment.pools["heldout"]
    best = by_query(pool.runs["lsa"])
    for qid, (positive, *negatives) in lists(pool.draw("planted", seed=0)).items():
        top = [name for _, name in best[qid] if name != positive][:15]
        assert set(negatives) == set(top)
