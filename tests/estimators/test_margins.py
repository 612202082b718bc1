import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankbound.estimators.margins import TOLERANCE, potentials

EDGES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25
)


def solve(edges):
    upper, lower, margins = zip(*edges, strict=True)
    return potentials(np.array(upper), np.array(lower), np.array(margins, float))


def parts_by_loop(edges):
    """Connected parts by repeated merging of sets."""
    parts = []
    for pair in edges:
        joined = [part for part in parts if part & set(pair)]
        parts = [part for part in parts if not part & set(pair)]
        parts.append(set(pair).union(*joined))
    return sorted(map(sorted, parts))


@given(edges=EDGES, scores=st.lists(st.integers(-640, 640), min_size=10, max_size=10))
def test_margins_of_scores_give_them_back_up_to_a_constant_of_each_part(edges, scores):
    values = [score / 64 for score in scores]
    found = solve([(a, b, values[a] - values[b]) for a, b in edges])
    assert found.contradicted.size == 0
    assert found.nodes.tolist() == sorted({node for edge in edges for node in edge})
    groups = [found.nodes[found.parts == part] for part in np.unique(found.parts)]
    assert sorted(group.tolist() for group in groups) == parts_by_loop(edges)
    for part, group in zip(np.unique(found.parts), groups, strict=True):
        shifts = found.values[found.parts == part] - np.array(values)[group]
        assert np.ptp(shifts) == 0  # multiples of 1/64 are exact
    first = {}
    for a, _ in edges:
        first.setdefault(int(found.parts[found.nodes == a][0]), a)
    for node in first.values():
        assert found.values[found.nodes == node] == 0


def test_a_long_chain_is_solved_from_any_end():
    edges = [(n, n + 1, 1.0) for n in range(300)]
    for order in (edges, edges[::-1], [(b, a, -m) for a, b, m in edges[150:] + edges]):
        found = solve(order)
        assert np.ptp(np.diff(found.values)) == 0
        assert found.values[0] - found.values[-1] == 300
        assert found.contradicted.size == 0


def test_a_contradiction_is_an_edge_off_the_sum_of_the_others():
    ring = [(0, 1, 1.0), (1, 2, 1.0), (0, 2, 2.0), (5, 6, 1.0)]
    assert solve(ring).contradicted.size == 0
    ring[2] = (0, 2, 2.0 + 0.9 * 2 * TOLERANCE)
    assert solve(ring).contradicted.size == 0
    ring[2] = (0, 2, 2.5)
    assert solve(ring).contradicted.size == 1
    assert solve([(0, 1, 1.0), (0, 1, 1.2)]).contradicted.tolist() == [1]


def test_a_document_against_itself_must_have_margin_zero():
    assert solve([(3, 3, 0.0)]).contradicted.size == 0
    assert solve([(3, 3, 0.5)]).contradicted.tolist() == [0]


@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_the_tolerance_is_relative_above_one_and_absolute_below(scale):
    edges = [(0, 1, scale), (0, 1, scale * 1.0005), (0, 1, scale * 1.5)]
    assert solve(edges).contradicted.tolist() == ([2] if scale > 1 else [])
