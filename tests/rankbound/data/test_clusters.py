import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import strings
from rankbound.errors import UsageError

SAMPLES = st.lists(
    st.tuples(st.sampled_from("abcde"), st.floats(-9, 9)), min_size=1, max_size=40
)


def clusters(names, start=0):
    return Clusters.from_dict({f"q{n}": c for n, c in enumerate(names, start)})


@given(SAMPLES)
def test_a_unit_is_the_mean_of_its_queries(sample):
    """By a loop over plain lists; queries come in any order."""
    by_name = {}
    for name, value in sample:
        by_name.setdefault(name, []).append(value)
    names = [name for name, _ in sample]
    qids = strings([f"q{n}" for n in range(len(sample))])
    units = units_of(qids, clusters(names))
    assert units.ids.tolist() == sorted(by_name)
    wanted = [sum(by_name[name]) / len(by_name[name]) for name in sorted(by_name)]
    values = np.array([value for _, value in sample])
    assert_allclose(units.means(values), wanted, rtol=1e-12, atol=1e-12)
    both = units.means(np.column_stack([values, values**2]))
    assert_allclose(both[:, 0], wanted, rtol=1e-12, atol=1e-12)
    counts = [len(by_name[name]) for name, _ in sample]
    assert_allclose(units.shares, 1 / np.array(counts))


@given(SAMPLES, st.data())
def test_units_of_some_queries_are_those_of_these_queries(sample, data):
    names = [name for name, _ in sample]
    known = clusters(names)
    qids = strings([f"q{n}" for n in range(len(sample))])
    some = data.draw(st.sets(st.integers(0, len(sample) - 1), min_size=1))
    chosen = np.array(sorted(some))
    found, wanted = units_of(qids, known).only(chosen), units_of(qids[chosen], known)
    assert found.ids.tolist() == wanted.ids.tolist()
    assert found.of_query.tolist() == wanted.of_query.tolist()
    alone = units_of(qids, None).only(chosen)
    assert alone.ids.tolist() == qids[chosen].tolist()


def test_without_clusters_nothing_is_changed():
    qids, values = strings(["b", "a"]), np.array([1.0, 2.0])
    units = units_of(qids, None)
    assert units.means(values) is values
    assert (units.ids.tolist(), units.noun, units.shares.tolist()) == (
        ["b", "a"],
        "query",
        [1.0, 1.0],
    )


def test_a_query_without_a_cluster_is_an_error_with_its_number_and_the_remedy():
    known = Clusters.from_dict({"q1": "a"}, name="clusters.tsv")
    with pytest.raises(UsageError) as told:
        known.of(strings(["q5", "q1", "q3", "q5", "q4", "q2"]))
    message = str(told.value)
    assert message.startswith("clusters.tsv: gives no cluster for 4 of 5 queries")
    assert "'q2', 'q3', 'q4')" in message
    assert "`clusters`" in message
