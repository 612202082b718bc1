"""estimators.per_query: one number per query, however many groups it has."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import strings
from rankbound.data.per_query import PerQuery, align, query_means
from tests import oracles


def quantity(qids, values, name="x"):
    return PerQuery(name, "nats", strings(qids), np.array(values, dtype=np.float64))


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.floats(-100, 100)), max_size=20),
    n_extra=st.integers(0, 2),
)
def test_query_means_match_a_loop(rows, n_extra):
    queries = np.array([query for query, _ in rows], dtype=np.int64)
    values = np.array([value for _, value in rows])
    found = query_means(queries, values, n_queries=6 + n_extra)
    expected = oracles.average_by_query(queries, values, 6 + n_extra)
    assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert math.isnan(found[-1]) or n_extra == 0


def test_query_means_do_not_pool_groups():
    # a query with a hundred lines weighs as much as one with a single line
    queries = np.array([0] * 100 + [1])
    values = np.array([1.0] * 100 + [3.0])
    assert query_means(queries, values, n_queries=2).mean() == 2.0


def test_mean_and_length_hold():
    one = quantity(["a", "b", "c"], [1, 2, 6])
    assert (one.mean(), len(one)) == (3.0, 3)


def test_per_query_rejects_other_shapes_and_repeated_queries():
    with pytest.raises(DomainError, match="x: one value per query"):
        quantity(["a"], [1.0, 2.0])
    with pytest.raises(DomainError, match="appears twice"):
        quantity(["a", "b", "a"], [1.0, 2.0, 3.0])


@given(order=st.permutations(["a", "10", "9", "b"]))
def test_align_round_trips_any_order(order):
    first = quantity(["a", "b", "9", "10"], [1, 2, 3, 4])
    second = quantity(order, [ord(qid[0]) for qid in order], name="y")
    left, right = align(first, second)
    assert left is first
    assert right.qids.tolist() == first.qids.tolist()
    assert right.values.tolist() == [ord(qid[0]) for qid in first.qids]
    assert (right.name, right.unit) == ("y", "nats")


def test_align_rejects_other_queries_and_names_them():
    first, second = quantity(["1", "2"], [0, 0]), quantity(["2", "3", "4"], [0, 0, 0])
    with pytest.raises(DomainError, match=r"1 only in the first \['1'\], 2 only in"):
        align(first, second)
    with pytest.raises(DomainError, match="0 only in the first"):
        align(quantity(["2"], [0]), second)
