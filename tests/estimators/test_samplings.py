"""Samplings as laws, against naive loops, and the probabilities that they state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankbound.bounds.errors import DomainError
from rankbound.estimators.samplings import (
    LAWS,
    Candidates,
    Law,
    draw,
    shared_out,
    suspected,
)

N_GROUPS = 4


def pool(seed, sizes=(9, 0, 1, 14), ties=False):
    rng = np.random.default_rng(seed)
    n = sum(sizes)
    scores = rng.normal(size=n)
    ranks = np.concatenate([rng.permutation(size) - 1 for size in sizes])
    return Candidates(
        sizes=np.array(sizes),
        scores=np.round(scores) if ties else scores,
        positive=np.array([0.3, 1.0, np.nan, -0.2]),
        numbers=rng.integers(1 << 63, size=n, dtype=np.uint64),
        ranks={"bm25": ranks},
    )


def groups_of(candidates):
    ends = np.cumsum(candidates.sizes)
    return [
        [*range(end - size, end)]
        for end, size in zip(ends, candidates.sizes, strict=False)
    ]


def strata_by_loops(candidates, rows, group, law, depth):
    """What may be drawn by each sampling, as lists of rows."""
    score, ranks = candidates.scores, candidates.ranks["bm25"]
    # Equal scores: the later row first
    best = sorted(rows, key=lambda row: (-score[row], -row))
    ranked = sorted((r for r in rows if ranks[r] >= 0), key=ranks.__getitem__)
    total = {r: 1 / (61 + best.index(r)) for r in rows}
    for r in ranked:
        total[r] += 1 / (61 + ranks[r])
    low, high = min(score[rows], default=0), max(score[rows], default=0)
    wide, even = ([[] for _ in range(law.strata)] for _ in range(2))
    for place, r in enumerate(best):
        part = (high - score[r]) / (high - low) if high > low else 0.0
        wide[min(int(part * law.strata), law.strata - 1)].append(r)
        even[place * law.strata // len(rows)].append(r)
    margin = {r: abs(score[r] - candidates.positive[group]) for r in rows}
    order = sorted(rows, key=lambda row: (-margin[row], -row))
    band = [
        r
        for place, r in enumerate(order)
        if law.band[0] <= (place + 0.5) / len(rows) <= law.band[1]
        and not np.isnan(margin[r])
    ]
    return {
        "random": [rows],
        "top": [best[:depth]],
        "bm25": [ranked[:depth]],
        "fusion": [sorted(rows, key=lambda row: (-total[row], -row))[:depth]],
        "stratified": wide,
        "stratified-count": even,
        "entropy": [band],
    }[law.name]


def drawn_by_loops(candidates, law, wanted):
    chosen, chances = set(), {}
    for group, rows in enumerate(groups_of(candidates)):
        strata = strata_by_loops(candidates, rows, group, law, law.depth or wanted)
        left = min(wanted, sum(map(len, strata)))
        takes = [0] * len(strata)
        while left:
            for place, stratum in enumerate(strata):
                if left and takes[place] < len(stratum):
                    takes[place] += 1
                    left -= 1
        for stratum, take in zip(strata, takes, strict=False):
            by_number = sorted(stratum, key=candidates.numbers.__getitem__)
            chosen |= {*by_number[:take]}
            chances |= {row: take / len(stratum) for row in stratum}
    return chosen, chances


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    name=st.sampled_from([*LAWS, "bm25"]),
    wanted=st.integers(1, 12),
    strata=st.integers(1, 6),
    deeper=st.integers(0, 4),
    ties=st.booleans(),
)
def test_draws_and_probabilities_are_those_of_loops(
    seed, name, wanted, strata, deeper, ties
):
    candidates = pool(seed, ties=ties)
    law = Law(
        name=name,
        strata=strata,
        depth=wanted + deeper if deeper else None,
        band=(0.2, 0.8),
    )
    drawn = draw(candidates, law, wanted)
    chosen, chances = drawn_by_loops(candidates, law, wanted)
    assert {*np.flatnonzero(drawn.chosen).tolist()} == chosen
    expected = [chances.get(row, 0.0) for row in range(len(candidates.scores))]
    np.testing.assert_allclose(drawn.probabilities, expected)


@pytest.mark.statistical
@pytest.mark.parametrize("name", ["stratified", "stratified-count", "bm25"])
def test_documents_are_drawn_as_often_as_stated(name):
    """4,000 draws; false alarms of 14 frequencies at 5 standard errors: below 1e-5."""
    law, times = Law(name=name, depth=8), 4000
    base = pool(5, sizes=(14, 0, 0, 0))
    rng = np.random.default_rng(6)
    counts = np.zeros(14)
    for _ in range(times):
        numbers = rng.integers(1 << 63, size=14, dtype=np.uint64)
        again = Candidates(base.sizes, base.scores, base.positive, numbers, base.ranks)
        counts += draw(again, law, 6).chosen
    stated = draw(base, law, 6).probabilities
    error = np.sqrt(stated * (1 - stated) / times)
    assert (np.abs(counts / times - stated) <= 5 * error + 1e-12).all()


def test_a_mixture_shares_the_documents_and_draws_none_twice():
    candidates = pool(1)
    drawn = draw(candidates, Law(name="top+random"), 5)
    top = draw(candidates, Law(name="top"), 3).chosen
    assert (drawn.chosen | ~top).all()
    counts = [int(drawn.chosen[rows].sum()) for rows in groups_of(candidates)]
    assert counts == [5, 0, 1, 5]
    assert drawn.probabilities is None


@settings(deadline=None)
@given(
    counts=st.lists(
        st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=5
    ),
    wanted=st.integers(0, 20),
)
def test_what_one_stratum_lacks_the_others_give(counts, wanted):
    counts = np.array(counts)
    takes = shared_out(counts, wanted)
    assert (takes <= counts).all()
    assert (takes.sum(axis=1) == np.minimum(counts.sum(axis=1), wanted)).all()
    # No stratum with candidates left gets two fewer than another
    for row, take in zip(counts, takes, strict=False):
        free = take[take < row]
        assert free.size == 0 or take.max() - free.min() <= 1


def test_suspected_are_those_above_the_positive():
    candidates = pool(2)
    for margin in (0.0, 0.5):
        expected = [
            candidates.scores[row] > candidates.positive[group] - margin
            for group, rows in enumerate(groups_of(candidates))
            for row in rows
        ]
        assert suspected(candidates, margin).tolist() == expected


@pytest.mark.parametrize(
    ("law", "wanted"),
    [
        (Law(name="bm26"), 3),
        (Law(name="top+random"), 1),
        (Law(name="top", depth=2), 3),
        (Law(name="stratified", strata=0), 3),
        (Law(name="entropy", band=(0.5, 0.5)), 3),
        (Law(name="entropy", band=(-0.1, 0.5)), 3),
    ],
)
def test_settings_out_of_range_are_refused(law, wanted):
    with pytest.raises(DomainError):
        draw(pool(0), law, wanted)
