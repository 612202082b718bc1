"""validation.worlds: risks, distances and terms against loops; chances add up."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.validation.worlds import (
    Law,
    Terms,
    laws,
    made,
    pools,
    real_pools,
    worlds,
)
from tests.validation.mutation import invented_groups


def test_laws_are_laws():
    for law in laws(50):
        assert law.weights.sum() == pytest.approx(1)
        assert 0 <= law.values.min() <= law.values.max() <= 1
        assert law.mean == pytest.approx(sum(law.values * law.weights))
    assert laws(50)[2].mean == 1 / 50
    assert laws(50)[1].mean == pytest.approx(0.1, abs=1e-3)  # beta(1, 9)


def test_losses_and_distances_against_a_loop():
    rng = np.random.default_rng(0)
    place = made(rng, Law("three", np.array([0.0, 0.5, 1.0]), np.full(3, 1 / 3)))
    matrices = place.students(rng, norm=2.0, count=2)
    assert_allclose(np.linalg.norm(matrices, axis=(1, 2)), 2.0)
    losses, distances = place.losses(matrices), place.distances
    for q in range(3):
        pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
        for position, (i, j) in enumerate(pairs):
            apart = place.documents[q, i] - place.documents[q, j]
            assert distances[q, position] == pytest.approx(math.dist(apart, [0] * 3))
            gap = place.teacher[q, i] - place.teacher[q, j]
            p = 1 / (1 + math.exp(-gap))
            for s in range(2):
                m = float(place.queries[q] @ matrices[s] @ apart)
                found = p * math.log1p(math.exp(-m)) + (1 - p) * math.log1p(math.exp(m))
                assert losses[s, q, position] == pytest.approx(found)
    assert (distances[0] == 0).all()  # the law says how far documents lie apart
    assert_allclose(losses[:, 0], math.log(2))
    assert_allclose(place.losses(matrices[0]), losses[0])


def test_terms_are_entropy_and_divergence_within_their_range():
    groups = invented_groups()
    terms = groups.terms(groups.student)
    risks = groups.losses(groups.student).mean(axis=1)
    assert_allclose(terms.entropy + terms.divergence, risks)
    assert_allclose(terms.risk, risks)
    assert (terms.divergence >= 0).all()
    assert (terms.rescaled >= 0).all()
    assert (terms.rescaled <= 1).all()
    assert_allclose(terms.low + (terms.high - terms.low) * terms.rescaled, risks)
    flat = Terms(np.array([0.5]), np.array([9.0]), 0.0, 5.0)
    assert flat.rescaled.tolist() == [1.0]


def test_half_of_the_students_are_near_the_trained_one():
    groups = invented_groups()
    found = groups.students(np.random.default_rng(0), norm=1.0, count=40)
    trained = groups.student / np.linalg.norm(groups.student)
    near = np.einsum("sab,ab->s", found, trained)
    assert near[::2].min() > 0.7
    assert np.median(near[1::2]) < 0.5


def test_worlds_are_the_laws_and_the_groups():
    rng, groups = np.random.default_rng(0), invented_groups()
    assert [w.name for w in worlds(rng, 20, None)] == [law.name for law in laws(20)]
    assert list(worlds(rng, 20, groups))[-1] is groups
    assert groups.one_student(rng) is groups.student


@pytest.mark.statistical
def test_queries_are_drawn_by_their_chances():
    """Six standard errors: false-alarm rate below 1e-8."""
    rng = np.random.default_rng(0)
    place = made(rng, laws(20)[2])
    drawn = place.draw(rng, (40_000,))
    assert abs(drawn.mean() - 1 / 20) < 6 * math.sqrt(0.05 * 0.95 / 40_000)


def test_a_real_pool_is_the_query_whose_documents_differ_most():
    groups = invented_groups()
    (pool,) = real_pools(groups)
    means = groups.distances.mean(axis=1)
    widest = int(np.argmax(means))
    assert pool.distances.sum() / 30 == pytest.approx(means[widest])
    assert pool.relevant.sum() == 1  # a quarter of six
    assert pool.relevant[groups.teacher[widest].argmax()]
    assert pool.weights.sum() == pytest.approx(1)
    assert list(real_pools(None)) == []
    assert [p.name for p in pools(9, groups)][-1] == "a query of invented groups"
