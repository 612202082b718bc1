"""Per-query quantities against loops, and the ranges that are known of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rankbound.catalogue import COMPARED
from rankbound.commands.compare.quantities import (
    at_factors,
    difference_range,
    per_query,
    space_quantities,
    teacher_quantities,
    value_range,
    widest_distance,
)
from rankbound.data.columns import strings
from rankbound.data.embeddings import Embeddings
from rankbound.data.groups import Groups
from rankbound.read.reading import read_groups, read_scores
from rankbound.read.vectors.embeddings import read_embeddings
from tests import oracles

PAIRS = ("all", "pos-neg", "neg-neg")


def read(world, name):
    groups = read_groups(world.path(f"{name}.jsonl"))
    values, _ = groups.scores_of(read_scores(world.path("teacher.json")))
    vectors = read_embeddings(world.path("docs.npy"), world.path("docs.txt"))
    return groups, values, vectors


def loops(world, name, pairs, per_group):
    """Means over the groups of a query of a function of margins and distances."""
    rows = {}
    for qid, docs, positives in world.triples(name):
        chosen = oracles.wanted_pairs(docs, positives, pairs)
        if not chosen:
            continue
        margins = [world.teacher[qid][x] - world.teacher[qid][y] for x, y in chosen]
        distances = [math.dist(world.vectors[x], world.vectors[y]) for x, y in chosen]
        rows.setdefault(qid, []).append(per_group(margins, distances))
    return {qid: sum(found) / len(found) for qid, found in sorted(rows.items())}


def entropies(margins, _):
    return sum(oracles.entropy_of(oracles.sigmoid(a)) for a in margins) / len(margins)


FORMULAS = {
    "entropy": entropies,
    "margin": lambda a, _: sum(map(abs, a)) / len(a),
    "ties": lambda a, _: sum(x == 0 for x in a) / len(a),
    "diameter": lambda _, d: max(d),
    "mean_distance": lambda _, d: sum(d) / len(d),
    "rms_distance": lambda _, d: math.sqrt(sum(x * x for x in d) / len(d)),
}


# Compared with loops and published values where they are computed
ELSEWHERE = {"divergence", "risk", "two_nn", "knn_density"}


def test_every_quantity_has_a_loop():
    assert FORMULAS.keys() | ELSEWHERE == COMPARED.keys()


@pytest.mark.parametrize("quantity", FORMULAS)
@pytest.mark.parametrize("pairs", PAIRS)
@pytest.mark.parametrize("name", ["near", "odd"])
def test_match_loops(samplings, name, pairs, quantity):
    groups, values, vectors = read(samplings, name)
    space = space_quantities(
        groups, values, vectors, metric="euclidean", pair_sets=PAIRS
    )
    every = teacher_quantities(groups, values, pair_sets=PAIRS) | space.measured
    made = every[quantity, pairs]
    wanted = loops(samplings, name, pairs, FORMULAS[quantity])
    assert made.qids.tolist() == list(wanted)
    assert_allclose(made.values, list(wanted.values()), rtol=1e-10, atol=1e-12)
    assert made.unit == COMPARED[quantity].unit


def test_dimension_belongs_to_documents_and_small_groups_have_none(samplings):
    groups, values, vectors = read(samplings, "odd")
    space = space_quantities(
        groups, values, vectors, metric="euclidean", pair_sets=PAIRS
    )
    keys = {key for key in space.measured if key[0] in ("two_nn", "knn_density")}
    assert keys == {("two_nn", "all"), ("knn_density", "all")}
    assert space.undefined >= sum(len(docs) < 3 for _, docs in samplings.groups["odd"])
    assert space.undefined < groups.n_groups


def test_the_steepest_pair_and_the_largest_distance_match_loops(samplings):
    groups, values, vectors = read(samplings, "near")
    space = space_quantities(
        groups, values, vectors, metric="euclidean", pair_sets=PAIRS
    )
    slopes, largest = [], []
    for qid, docs, positives in samplings.triples("near"):
        for x, y in oracles.wanted_pairs(docs, positives, "all"):
            apart = math.dist(samplings.vectors[x], samplings.vectors[y])
            rise = abs(samplings.teacher[qid][x] - samplings.teacher[qid][y])
            largest.append(apart)
            slopes += [rise / apart] if apart > 0 else []
    assert_allclose(space.lipschitz, max(slopes), rtol=1e-9)
    found = space.measured["diameter", "all"].largest
    assert_allclose(found.max(), max(largest), rtol=1e-12)


def test_several_groups_of_a_query_are_averaged_and_nan_left_out(samplings):
    groups, _, _ = read(samplings, "near")
    values = np.arange(groups.n_groups, dtype=float)
    values[0] = np.nan  # the only group of q00
    made = per_query(groups, values, "entropy")
    assert "q00" not in made.qids
    assert made.values[0] == (1 + 2) / 2  # q01 has groups 1 and 2
    assert made.qids.tolist() == sorted(strings(made.qids))


GROUPS = st.lists(
    st.tuples(
        st.integers(0, 3),  # its query
        st.lists(st.integers(-6, 6) | st.floats(-40, 40), min_size=2, max_size=7),
        st.sets(st.integers(0, 2)),  # where its positives stand
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30)
@given(made=GROUPS, at_first=st.booleans())
def test_all_factors_and_pair_sets_at_once_have_the_bits_of_one_by_one(made, at_first):
    sizes = [len(scores) for _, scores, _ in made]
    groups = Groups(
        queries=np.array([query for query, _, _ in made]),
        qids=strings([*"dbca"]),
        offsets=np.cumsum([0, *sizes]),
        codes=np.concatenate([np.arange(size) for size in sizes]),
        docnos=strings([*"0123456"]),
        positive=np.concatenate(
            [
                np.isin(np.arange(k), [0] if at_first else [*good])
                for k, (*_, good) in zip(sizes, made, strict=True)
            ]
        ),
    )
    values = np.concatenate([np.array(scores, dtype=float) for _, scores, _ in made])
    factors = (0.25, 1.0, 3.0)
    found = [*at_factors(groups, values, factors, pair_sets=PAIRS)]
    assert len(found) == len(factors)
    for factor, every in zip(factors, found, strict=True):
        alone = {
            key: column
            for pairs in PAIRS
            for name in ("entropy", "margin", "ties")
            for key, column in teacher_quantities(
                groups, values / factor, pair_sets=[pairs], names=[name]
            ).items()
        }
        assert [*every] == [*alone]
        for key, column in alone.items():
            assert every[key].qids.tolist() == column.qids.tolist()
            for part in ("values", "largest", "by_group"):
                assert_array_equal(getattr(every[key], part), getattr(column, part))


def book(vectors):
    vectors = np.asarray(vectors, dtype=float)
    return Embeddings(strings([str(i) for i in range(len(vectors))]), vectors)


def ranged(samplings, name, pairs="all", widest=None, groups="near"):
    read = read_groups(samplings.path(f"{groups}.jsonl"))
    return value_range(name, read, pairs=pairs, score_range=10.0, widest=widest)


def test_known_ranges(samplings):
    assert ranged(samplings, "entropy") == (0.0, math.log(2))
    assert ranged(samplings, "ties") == (0.0, 1.0)
    assert ranged(samplings, "diameter", widest=2.02) == (0.0, 2.02)
    for unknown in ("diameter", "margin", "two_nn", "knn_density"):
        assert ranged(samplings, unknown) is None


def test_losses_have_lemma_2cs_range(samplings):
    # groups of six: the best cut separates 9 of 15 pairs
    cut, soft = 9 / 15, math.log1p(math.exp(10.0))
    high = math.log(2) + cut * (soft - math.log(2))
    low = math.log1p(math.exp(-cut * 10.0))
    assert ranged(samplings, "divergence:x") == pytest.approx((0.0, high), rel=1e-9)
    assert ranged(samplings, "risk") == pytest.approx((low, high), rel=1e-9)
    star = ranged(samplings, "divergence", pairs="pos-neg")
    assert star == pytest.approx((0.0, soft), rel=1e-9)


def test_differences():
    assert difference_range((0.1, 1.0), (0.2, 3.0)) == (0.1 - 3.0, 1.0 - 0.2)
    assert difference_range(None, (0.0, 1.0)) is None
    assert difference_range((0.0, 1.0), None) is None


def test_a_distance_is_bounded_by_structure_only():
    unit, loose = np.eye(3), np.eye(3) * [[1.0], [1.0], [1.5]]
    assert widest_distance(None, "euclidean") is None
    assert widest_distance(book(unit), "euclidean") == pytest.approx(2.02)
    assert widest_distance(book(loose), "euclidean") is None
    assert widest_distance(book(loose), "angular") == math.pi
