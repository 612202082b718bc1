"""Sampling cards, against naive loops."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.data.groups import Groups, top_documents
from rankbound.data.scores import Scores
from rankbound.estimators.cards import score_coverage, suspected_shares


def world(seed, ties):
    rng = np.random.default_rng(seed)
    table = {
        f"q{q}": {
            f"d{d}": float(rng.integers(4) if ties else rng.normal())
            for d in range(rng.integers(1, 9))
        }
        for q in range(4)
    }
    table["same"] = {"d0": 1.0, "d1": 1.0}
    scores = Scores.from_dict(table)
    lists = [
        (qid, [doc for doc in row if rng.random() < 0.7] or [*row][:1])
        for qid, row in table.items()
        for _ in range(2)
    ]
    sizes = [len(docs) for _, docs in lists]
    place = {doc: i for i, doc in enumerate(scores.docnos)}
    query = {qid: i for i, qid in enumerate(scores.qids)}
    groups = Groups(
        queries=np.array([query[qid] for qid, _ in lists]),
        qids=scores.qids,
        offsets=np.concatenate([[0], np.cumsum(sizes)]),
        codes=np.array([place[doc] for _, docs in lists for doc in docs]),
        docnos=scores.docnos,
        positive=rng.random(sum(sizes)) < 0.4,
    )
    return table, scores, groups, lists


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), ties=st.booleans())
def test_suspected_shares_are_those_of_a_loop(seed, ties):
    table, scores, groups, lists = world(seed, ties)
    expected, row = [], 0
    for qid, docs in lists:
        marks = groups.positive[row : row + len(docs)]
        row += len(docs)
        pairs = [
            table[qid][bad] > table[qid][good]
            for good, is_good in zip(docs, marks, strict=True)
            for bad, is_good_too in zip(docs, marks, strict=True)
            if is_good and not is_good_too
        ]
        expected.append(sum(pairs) / len(pairs) if pairs else np.nan)
    found = suspected_shares(groups, groups.scores_of(scores)[0])
    np.testing.assert_allclose(found, expected)


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), ties=st.booleans(), strata=st.integers(1, 6))
def test_coverage_is_that_of_a_loop(seed, ties, strata):
    table, scores, groups, lists = world(seed, ties)
    hits, ratios = [], []
    for qid, docs in lists:
        pool = [*table[qid].values()]
        high, width = max(pool), (max(pool) - min(pool)) or 1.0

        def stratum(score):
            return min(int((high - score) / width * strata), strata - 1)  # noqa: B023

        there = {stratum(score) for score in pool}
        own = [table[qid][doc] for doc in docs]
        hits.append(len({stratum(score) for score in own}) / len(there))
        ratios.append(np.var(own) / np.var(pool) if np.var(pool) else np.nan)
    hit, ratio = score_coverage(groups, scores, strata=strata)
    np.testing.assert_allclose(hit, hits)
    np.testing.assert_allclose(ratio, ratios)


def test_a_group_of_the_whole_pool_covers_it():
    _, scores, _, _ = world(3, ties=False)
    hit, ratio = score_coverage(top_documents(scores, depth=99), scores)
    assert (hit == 1).all()
    assert np.allclose(ratio[~np.isnan(ratio)], 1)


def test_positives_must_be_known():
    _, scores, groups, _ = world(0, ties=False)
    with pytest.raises(DomainError):
        suspected_shares(replace(groups, positive=None), groups.scores_of(scores)[0])
    with pytest.raises(DomainError):
        score_coverage(groups, scores, strata=0)
