import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data import ordering as module
from rankbound.data.ordering import (
    by_rank,
    ranked_windows,
    ranking,
    sorted_order,
    windows,
)
from rankbound.data.scores import Scores

VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 1.0 + 2**-52, -1e300, 5e-324]),
    st.floats(-1e300, 1e300),
)
RUNS = st.dictionaries(
    st.sampled_from("pqrst"),
    st.dictionaries(st.sampled_from("abcdefgh"), VALUES, min_size=1),
)


@pytest.mark.parametrize("window", [1, 5, 1 << 16])
@given(run=RUNS)
def test_ranking_is_that_of_sorting_rows(window, run):
    scores = Scores.from_dict(run)
    expected = [
        (qid, docno)
        for qid, row in run.items()
        for docno in sorted(row, key=lambda d: (row[d], d), reverse=True)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WINDOW", window)
        found = ranking(scores)
    assert [scores.where(row) for row in found] == expected
    assert (scores.row_query()[found] == scores.row_query()).all()


def test_ranking_matches_lexsort_on_many_rows_with_ties():
    rng = np.random.default_rng(0)
    run = {
        f"q{query}": {
            f"d{doc}": float(rng.integers(0, 40))
            for doc in rng.permutation(3000)[:size]
        }
        for query, size in enumerate(rng.integers(1, 1500, 90))
    }
    scores = Scores.from_dict(run)
    expected = np.lexsort((-scores.codes, -scores.values, scores.row_query()))
    assert len(expected) > module.WINDOW
    np.testing.assert_array_equal(ranking(scores), expected)


@given(st.lists(st.integers(1, 9)), st.integers(1, 20))
def test_windows_part_the_queries(sizes, rows):
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    found = list(windows(offsets, rows))
    assert [q for pair in found for q in range(*pair)] == list(range(len(sizes)))
    for first, last in found:
        assert offsets[last] - offsets[first] <= rows or last == first + 1


RANKS = st.one_of(st.integers(-3, 3), st.sampled_from([-(2**62), 2**62]))


@given(RUNS.filter(bool), st.data())
def test_by_rank_is_that_of_sorting_rows(run, data):
    scores = Scores.from_dict(run)
    n_rows = len(scores.values)
    ranks = np.array(data.draw(st.lists(RANKS, min_size=n_rows, max_size=n_rows)))
    expected = np.lexsort((-scores.codes, -scores.values, ranks, scores.row_query()))
    for window in (1, 5, 1 << 16):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "WINDOW", window)
            parts = [by_rank(part, ranks) for part in ranked_windows(scores)]
        assert np.concatenate(parts).tolist() == expected.tolist()


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**62)), max_size=30))
def test_sorted_order_is_stable(keys):
    expected = np.argsort(keys, kind="stable").tolist()
    assert sorted_order(np.array(keys, dtype=np.int64)).tolist() == expected
