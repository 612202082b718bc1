import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.read.json.building import POSITIVES, TWICE, merged_members, merged_scores

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans()), max_size=14
)


class DisagreeError(Exception):
    pass


def columns(rows):
    queries, documents, values = zip(*rows, strict=True)
    lines = np.arange(len(rows))
    return np.array(queries), np.array(documents), np.array(values, float), lines


def refuse(number, first, second):
    return DisagreeError(number, first, second)


@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1))
def test_agreeing_scores_are_kept_once(rows):
    data = [(q, d, 10.0 * q + d) for q, d in rows]
    kept, values, again = merged_scores(columns(data), mean=False, fail=refuse)
    found = {rows[row]: value for row, value in zip(kept, values, strict=True)}
    assert found == {(q, d): 10.0 * q + d for q, d in rows}
    assert again == len(rows) - len(found)
    assert [rows.index(rows[row]) for row in kept] == kept.tolist()  # the first row


def test_scores_that_agree_up_to_rounding_keep_the_first():
    data = [(0, 0, 2.0), (0, 1, 5.0), (0, 0, 2.0019), (0, 1, 5.0)]
    _, values, again = merged_scores(columns(data), mean=False, fail=refuse)
    assert (values.tolist(), again) == ([2.0, 5.0], 2)


def test_scores_that_disagree_name_the_extreme_rows_of_the_first_pair():
    data = [(1, 0, 1.0), (0, 0, 2.0), (0, 0, 3.0), (1, 0, 1.5), (1, 0, 0.0)]
    with pytest.raises(DisagreeError) as caught:
        merged_scores(columns(data), mean=False, fail=refuse)
    assert caught.value.args == (2, 4, 3)
    _, values, _ = merged_scores(columns(data), mean=True, fail=refuse)
    assert values == pytest.approx([2.5, 2.5 / 3])


def test_small_scores_are_compared_absolutely():
    data = [(0, 0, 1e-6), (0, 0, -1e-6)]
    assert merged_scores(columns(data), mean=False, fail=refuse)[2] == 1


def test_the_largest_scores_do_not_overflow():
    huge = 8e307
    data = [(0, 0, huge), (0, 0, huge)]
    assert merged_scores(columns(data), mean=True, fail=refuse)[1].tolist() == [huge]
    with pytest.raises(DisagreeError):
        merged_scores(columns([(0, 0, huge), (0, 0, -huge)]), mean=False, fail=refuse)


@given(rows=ROWS)
def test_members_match_a_loop(rows):
    group, documents, positive = (
        np.array([row[i] for row in rows], dtype=[np.int64, np.int64, bool][i])
        for i in range(3)
    )
    found = merged_members(group, documents, positive)
    expected, mixed = {}, 0
    for g, d, good in rows:
        expected.setdefault((g, d), []).append(good)
    for marks in expected.values():
        mixed += len(set(marks)) == 2
    listed = sorted(expected, key=lambda key: key[0])  # stable
    assert list(zip(found.group, found.documents, strict=True)) == listed
    assert found.positive.tolist() == [any(expected[key]) for key in listed]
    assert found.repairs.get(POSITIVES, 0) == mixed
    assert found.repairs.get(TWICE, 0) == len(rows) - len(expected) - mixed
