"""bounds.theorem1: closed forms against the limits, coverage, and the excess risk."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.lemmas import cut_ratio_all_pairs, query_range
from rankbound.bounds.limits import METHODS
from rankbound.bounds.notation import H, R_hat, n, w
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem1 import EXCESS, LIMITS, SPLIT
from tests import oracles

LOW, HIGH = query_range(10.0, cut_ratio=cut_ratio_all_pairs(16))


def risks(seed, size):
    return LOW + (HIGH - LOW) * np.random.default_rng(seed).beta(1, 9, size=size)


@pytest.mark.parametrize("count", [5, 80, 6980])
def test_hoeffding_form_matches_the_limit(count):
    values = risks(1, count)
    closed = statement("theorem-1a").numpy()(values.mean(), HIGH - LOW, count, 3, 0.05)
    limit = METHODS["hoeffding"](values, low=LOW, high=HIGH, delta=0.05, n_students=3)
    assert_allclose(min(closed, HIGH), limit, rtol=1e-13)


@pytest.mark.parametrize("count", [80, 6980])
def test_bernstein_form_matches_the_limit(count):
    values = risks(2, count)
    arguments = (values.mean(), values.var(ddof=1), HIGH - LOW, count, 3, 0.05)
    closed = statement("theorem-1c").numpy()(*arguments)
    limit = METHODS["empirical_bernstein"](
        values, low=LOW, high=HIGH, delta=0.05, n_students=3
    )
    assert_allclose(min(closed, HIGH), limit, rtol=1e-13)


def test_procedures_are_the_limits_of_their_names():
    for key, name in (("theorem-1b", "kl"), ("theorem-1d", "betting")):
        assert statement(key).procedure is METHODS[name]


@pytest.mark.parametrize(
    ("count", "with_pair_range", "with_query_range"),
    [
        (43, 2.347, 1.535),
        (54, 2.149, 1.425),
        (250, 1.256, 0.919),
        (1000, 0.868, 0.699),
        (6980, 0.629, 0.565),
        (500_000, 0.4996, 0.4921),
    ],
)
def test_query_range_saves_what_simulated_tables_say(
    count, with_pair_range, with_query_range
):
    """B = 10, k = 16, delta = 0.05; the simulated mean drops out of the difference."""
    view = statement("theorem-1a").numpy()
    wide, narrow = view(0.4823, [10.0, HIGH - LOW], count, 1, 0.05)
    assert_allclose(wide - narrow, with_pair_range - with_query_range, atol=1.1e-3)
    assert_allclose([wide, narrow], [with_pair_range, with_query_range], atol=6e-3)


def test_queries_for_a_given_gap():
    """Inverting (a): a gap of 0.2 takes 3745 queries with B and 1197 with w."""
    for gap, width, expected in (
        (0.2, 10.0, 3745),
        (0.2, HIGH - LOW, 1197),
        (0.1, 10.0, 14_979),
        (0.1, HIGH - LOW, 4785),
    ):
        view = statement("theorem-1a").numpy()
        assert view(0.0, width, expected, 1, 0.05) <= gap
        assert view(0.0, width, expected - 1, 1, 0.05) > gap


def test_entropy_cancels_from_the_excess_risk():
    for key in ("theorem-1h", "theorem-1h-bilinear"):
        assert {H, R_hat}.isdisjoint(statement(key).arguments)
    twice = 2 * statement("theorem-1a").expression.subs(R_hat, 0)
    assert twice == statement("theorem-1h").expression


def test_every_bound_falls_with_n_and_grows_with_the_width():
    point = {"w": 5.0, "n": 50.0, "K": 3.0}
    for entry in (*LIMITS, *SPLIT, *EXCESS):
        if entry.expression is None:
            continue
        numbers = {s: point.get(s.name, 0.5) for s in entry.arguments}
        assert entry.derivative(n).subs(numbers).evalf() < 0
        assert entry.derivative(w).subs(numbers).evalf() > 0


def test_words_name_the_range():
    for entry in (*LIMITS, *SPLIT, *EXCESS):
        assert "Lemma 2c" in entry.words
        assert "A0" in entry.assumptions
        assert "A1'" in entry.assumptions


@pytest.mark.statistical
def test_hoeffding_form_covers_k_students_at_once():
    """False-alarm rate at most 1e-6."""
    rng, runs, students, count = np.random.default_rng(30), 1000, 20, 25
    bound = statement("theorem-1a").numpy()
    draws = rng.random((runs, students, count)) < 0.3
    limits = bound(draws.mean(axis=2), 1.0, count, students, 0.2)
    misses = int((limits.min(axis=1) < 0.3).sum())
    assert misses <= oracles.most_failures(runs, 0.2, 1e-6)
    # without the union over students the guarantee is gone
    alone = bound(draws.mean(axis=2), 1.0, count, 1, 0.2)
    assert (alone.min(axis=1) < 0.3).sum() > oracles.most_failures(runs, 0.2, 1e-6)


@pytest.mark.statistical
def test_excess_risk_of_the_best_student_is_covered():
    """False-alarm rate at most 1e-6; looseness on record."""
    rng, runs, count = np.random.default_rng(31), 1000, 25
    means = np.linspace(0.3, 0.6, 20)
    draws = rng.random((runs, 20, count)) < means[:, None]
    chosen = means[draws.mean(axis=2).argmin(axis=1)]
    bound = statement("theorem-1h").numpy()(1.0, count, 20, 0.2)
    misses = int((chosen - means.min() > bound).sum())
    assert misses <= oracles.most_failures(runs, 0.2, 1e-6)
    excess = np.quantile(chosen - means.min(), 0.8)
    assert 3 < bound / excess < 15


@pytest.mark.statistical
def test_bilinear_excess_risk_is_covered():
    """A class of all slopes in [-1, 1] on one feature: complexity known in closed form.

    Loss 1/2 - w x y / 2 with x y = +-1: the supremum of the signed sums is
    |sum of signs| / (2 n). False-alarm rate at most 1e-6.
    """
    rng, runs, count, advantage = np.random.default_rng(32), 2000, 40, 0.1
    signs = rng.choice([-1.0, 1.0], size=(runs, count))
    complexity = float(np.abs(signs.sum(axis=1)).mean()) / (2 * count)
    agree = rng.random((runs, count)) < (1 + advantage) / 2
    best = np.sign(2 * agree.mean(axis=1) - 1)
    excess = (1 - best) * advantage / 2
    bound = statement("theorem-1h-bilinear").numpy()(complexity, 1.0, count, 0.2)
    misses = int((excess > bound).sum())
    assert misses <= oracles.most_failures(runs, 0.2, 1e-6)
    assert_allclose(
        bound - 2 * complexity, 2 * math.sqrt(math.log(5) / (2 * count)), rtol=1e-12
    )
