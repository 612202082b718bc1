import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.data import ordering
from rankbound.read.text import assembling
from rankbound.read.text.assembling import Assembly, Repeat
from rankbound.read.text.ids import ids_of
from tests.rankbound.files import table

ROWS = st.lists(
    st.tuples(st.sampled_from("qrs"), st.integers(0, 30)), min_size=1, unique=True
)


def assembled(rows, size):
    found = Assembly("toy")
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        found.add(
            [qid for qid, _ in part],
            np.arange(len(part)),
            ids_of([f"{docno}" for _, docno in part]),
            np.array([float(start + place) for place in range(len(part))]),
            np.array([start + place for place in range(len(part))]),
        )
    return found.sorted()


@pytest.mark.parametrize("window", [1, 4, 1 << 16])
@given(rows=ROWS, size=st.integers(1, 9), grouped=st.booleans())
def test_sorted_matches_a_dictionary(window, rows, size, grouped):
    if grouped:
        rows = sorted(rows, key=lambda row: row[0])
    expected = {}
    for place, (qid, docno) in enumerate(rows):
        expected.setdefault(qid, {})[f"{docno}"] = float(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "WINDOW", window)
        patch.setattr(assembling, "WINDOW", window)
        found = assembled(rows, size)
    assert table(found.scores) == expected
    assert found.scores.qids.tolist() == list(expected)
    assert found.ranks.tolist() == found.scores.values.tolist()
    for start, stop in zip(
        found.scores.offsets[:-1], found.scores.offsets[1:], strict=True
    ):
        codes = found.scores.codes[start:stop]
        assert (np.diff(codes) > 0).all()


@pytest.mark.parametrize("size", [1, 3, 100])
def test_sorted_rejects_the_first_repeat_in_the_order_of_rows(size):
    rows = [("q", 9), ("q", 1), ("q", 2), ("q", 9), ("q", 1), ("r", 9), ("r", 9)]
    with pytest.raises(Repeat) as caught:
        assembled(rows, size)
    assert caught.value.rows == (0, 3)


def test_sorted_has_ranks_only_where_every_block_has_them():
    rows = Assembly("toy")
    for ranks in (np.array([1]), None, np.array([2])):
        docno = f"{len(rows.values)}"
        rows.add(["q"], np.array([0]), ids_of([docno]), np.ones(1), ranks)
    assert rows.sorted().ranks is None


def test_sorted_counts_rows_of_a_repeat_from_the_start_of_the_file(monkeypatch):
    monkeypatch.setattr(ordering, "WINDOW", 1)
    monkeypatch.setattr(assembling, "WINDOW", 1)
    rows = [("q", 1), ("q", 2), ("r", 9), ("r", 1), ("r", 9), ("s", 1), ("s", 1)]
    with pytest.raises(Repeat) as caught:
        assembled(rows, 3)
    assert caught.value.rows == (2, 4)
