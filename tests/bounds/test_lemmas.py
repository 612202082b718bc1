"""bounds.lemmas: identities symbolically and to rounding, slopes attained."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sympy import Rational, log, simplify

from rankbound.bounds.lemmas import LEMMA_0, LEMMA_1, LEMMA_3, LOSS
from rankbound.bounds.notation import A, B, N, R_off, a, m, p
from rankbound.bounds.registry import statement
from rankbound.bounds.special import Divergence, MarginDivergence, Sigmoid, Softplus
from rankbound.bounds.views import compiled
from tests import oracles

IDENTITIES = [
    entry
    for entry in (*LEMMA_0, *LEMMA_1, *LEMMA_3)
    if entry.kind == "identity" and not entry.key.startswith("lemma-0")
]
margins = st.floats(-60, 60)
preferences = st.floats(0, 1)


@pytest.mark.parametrize("entry", IDENTITIES, ids=lambda entry: entry.key)
def test_identities_hold_symbolically(entry):
    assert simplify((entry.left - entry.expression).doit()) == 0


@pytest.mark.parametrize("entry", LEMMA_1, ids=lambda entry: entry.key)
def test_identities_hold_at_fifty_digits(entry):
    point = {p: Rational(2, 7), m: Rational(-31, 10), a: Rational(17, 4)}
    difference = (entry.left - entry.expression).subs(point).evalf(50)
    assert abs(difference) < 1e-45


@given(preferences, margins)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_lemma_1_holds_to_rounding(preference, margin):
    loss = oracles.pair_loss(preference, margin)
    for key in ("lemma-1", "lemma-1-loss"):
        found = statement(key).numpy()(preference, margin)
        assert_allclose(found, loss, rtol=1e-13, atol=1e-300)


@given(preferences, margins)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_lemma_1_is_symmetric_in_the_pair(preference, margin):
    view = statement("lemma-1-loss").numpy()
    mirrored = view(1 - preference, -margin)
    assert_allclose(view(preference, margin), mirrored, rtol=1e-9, atol=1e-14)


@given(margins, margins)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_lemma_1_margin_is_a_divergence(teacher, student):
    view = statement("lemma-1-margin").numpy()
    found = view(teacher, student)
    assert found >= 0
    assert view(teacher, teacher) == 0
    bregman = oracles.softplus(student) - oracles.softplus(teacher)
    bregman -= oracles.sigmoid(teacher) * (student - teacher)
    assert_allclose(found, bregman, rtol=1e-6, atol=1e-13)


def test_lemma_1_margin_sees_divergences_that_a_difference_loses():
    """At shift 1e-9 the divergence is 1e-19: the direct difference is mere rounding."""
    found = statement("lemma-1-margin").numpy()(1.0, 1.0 + 1e-9)
    slope = oracles.sigmoid(1.0) * oracles.sigmoid(-1.0)
    shift = (1.0 + 1e-9) - 1.0
    assert_allclose(found, slope * shift**2 / 2, rtol=1e-6)


def test_lemma_1_holds_where_one_minus_sigmoid_vanishes():
    assert statement("lemma-1").numpy()(0.0, 40.0) == 40.0
    assert statement("lemma-1").numpy()([0.0, 1.0], [1e6, -1e6]).tolist() == [1e6, 1e6]


def test_constant_student_costs_ln_2_whatever_the_teacher():
    assert simplify(LOSS.subs(m, 0) - log(2)) == 0


def test_lemma_0_pool_matches_all_ordered_pairs():
    rng = np.random.default_rng(3)
    scores, teacher = rng.normal(size=7), rng.normal(size=7)
    table = [
        [
            oracles.pair_loss(oracles.sigmoid(teacher[i] - teacher[j]), x - y)
            for j, y in enumerate(scores)
        ]
        for i, x in enumerate(scores)
    ]
    product = np.mean(table)
    off = np.mean([table[i][j] for i in range(7) for j in range(7) if i != j])
    entry = statement("lemma-0-pool")
    assert_allclose(entry.numpy()(off, 7), product, rtol=1e-14)
    assert entry.derivative(R_off) == 1 - 1 / N


def test_lemma_3_slopes_are_those_of_the_loss():
    loss = Softplus(m) - p * m
    assert loss.diff(m) == statement("lemma-3-slope").expression
    assert loss.diff(m, 2) == statement("lemma-3-curvature").expression


def test_lemma_3_slope_and_curvature_keep_their_ranges():
    grid = np.linspace(-50, 50, 4001)
    for preference in (0.0, 0.3, 1.0):
        slope = statement("lemma-3-slope").numpy()(grid, preference)
        assert np.all((slope >= -preference) & (slope <= 1 - preference))
    curvature = statement("lemma-3-curvature").numpy()(grid)
    assert np.all((curvature > 0) & (curvature <= 0.25))
    assert curvature.max() == 0.25


@pytest.mark.parametrize(("high_a", "high_b"), [(0.5, 0.2), (3, 10), (10, 3)])
def test_lemma_3_lipschitz_holds_and_is_attained(high_a, high_b):
    bound = statement("lemma-3-lipschitz").numpy()(high_a, high_b)
    slope = compiled((Softplus(m) - Sigmoid(a) * m).diff(m), (a, m))
    teacher, student = np.meshgrid(
        np.linspace(-high_a, high_a, 101), np.linspace(-high_b, high_b, 101)
    )
    slopes = np.abs(slope(teacher, student))
    assert slopes.max() <= bound * (1 + 1e-14)
    # attained by student margin B and teacher margin -A
    worst = float(slope(np.array(-float(high_a)), np.array(float(high_b))))
    assert_allclose(worst, bound, rtol=1e-14)
    assert bound < oracles.sigmoid(high_b) < 1
    assert_allclose(
        bound, oracles.sigmoid(high_a) + oracles.sigmoid(high_b) - 1, rtol=1e-13
    )


def test_lemma_3_lipschitz_is_quadratic_in_small_boxes():
    small = statement("lemma-3-lipschitz").numpy()(1e-4, 1e-4)
    assert_allclose(small, (1e-4 + 1e-4) / 4, rtol=1e-7)


@pytest.mark.parametrize("high_b", [0.2, 10.0])
def test_lemma_3_teacher_holds_and_is_attained(high_b):
    bound = statement("lemma-3-teacher").numpy()(high_b)
    slope = compiled((Softplus(m) - Sigmoid(a) * m).diff(a), (a, m))
    teacher, student = np.meshgrid(
        np.linspace(-20, 20, 201), np.linspace(-high_b, high_b, 101)
    )
    assert np.abs(slope(teacher, student)).max() <= bound * (1 + 1e-14)
    attained = abs(float(slope(np.array(0.0), np.array(high_b))))
    assert_allclose(attained, bound, rtol=1e-15)


def test_divergences_agree_in_both_parametrisations():
    assert (
        simplify((Divergence(Sigmoid(a), m) - MarginDivergence(a, m)).doit().diff(m))
        == 0
    )
    assert {A, B} == set(statement("lemma-3-lipschitz").arguments)
