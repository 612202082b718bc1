"""bounds.comparators: earlier bounds hold where they claim to, with their looseness."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.comparators import (
    STATEMENTS,
    label_variance,
    ramp_errors,
    teacher_terms,
)
from rankbound.bounds.registry import statement
from tests import oracles


def value(key, *arguments):
    return statement(key).numpy()(*arguments)


def test_constants_of_the_table():
    root = math.sqrt(math.log(20) / 2 * (1 / 5 + 1 / 45))
    assert_allclose(value("comparator-auc", 0.9, 5, 45, 0.05), 0.9 - root, rtol=1e-14)
    root = math.sqrt(math.log(60) / 100)
    assert_allclose(value("comparator-pool", 0.1, 3, 0.05, 50), 0.1 + root, rtol=1e-14)
    assert_allclose(
        value("comparator-pool-uniform", 0.1, 0.02, 0.05, 50),
        value("comparator-pool", 0.1, 1, 0.05, 50) + 0.04,
        rtol=1e-14,
    )
    margin = value("comparator-margin", 0.1, 3.0, 2.0, 0.5, 400, 0.05)
    expected = 0.1 + 2 / 0.5 * 6 / 20 + math.sqrt(math.log(20) / 800)
    assert_allclose(margin, expected, rtol=1e-14)


def test_every_comparator_names_its_literature():
    for entry in STATEMENTS:
        assert any(character.isdigit() for character in entry.source)


@pytest.mark.statistical
def test_auc_is_covered():
    """Normal scores, two laws. False-alarm rate at most 1e-6."""
    rng, runs, good, bad, delta = np.random.default_rng(111), 3000, 6, 9, 0.2
    truth = 0.5 * (1 + math.erf(0.5))  # Phi(1 / sqrt 2) for a shift of 1
    x, y = rng.normal(1, 1, (runs, good, 1)), rng.normal(0, 1, (runs, 1, bad))
    found = (x > y).mean(axis=(1, 2))
    misses = int((value("comparator-auc", found, good, bad, delta) > truth).sum())
    assert misses <= oracles.most_failures(runs, delta, 1e-6)
    slack = value("comparator-auc", 0.0, good, bad, delta)
    assert 1.5 < -slack / (np.quantile(found, 1 - delta) - truth) < 8


@pytest.mark.statistical
def test_pool_is_covered_for_k_scorers_at_once():
    """Labels are coins and scorers read a noisy copy. False-alarm rate at most 1e-6."""
    rng, runs, size, scorers, delta = np.random.default_rng(112), 1500, 20, 5, 0.2
    label = rng.random((runs, 1, size)) < 0.5
    guess = label ^ (rng.random((runs, scorers, size)) < 0.4)
    wrong = np.zeros((runs, scorers))
    for i, j in itertools.combinations(range(size), 2):
        # an error: labels differ and the guesses are the other way round
        pair = (label[..., i] != label[..., j]) & (guess[..., i] == label[..., j])
        wrong += pair & (guess[..., j] == label[..., i])
    wrong /= size * (size - 1) / 2
    truth = 0.5 * 0.4**2
    bounds = value("comparator-pool", wrong, scorers, delta, size // 2)
    misses = int((bounds.min(axis=1) < truth).sum())
    assert misses <= oracles.most_failures(runs, delta, 1e-6)


def test_pairs_of_a_pool_do_not_count_as_independent():
    """Trap: N (N - 1) / 2 'samples'. One coin that decides a clique undoes it."""
    rng, runs, size, delta = np.random.default_rng(113), 4000, 20, 0.2
    label = rng.random((runs, size)) < 0.5
    ones = label.sum(axis=1)
    # kernel x + x' - 1 scaled to [0, 1]: pair mean is the mean of the labels
    mean = ones / size
    naive = math.sqrt(math.log(1 / delta) / (2 * size * (size - 1) / 2))
    honest = math.sqrt(math.log(1 / delta) / (2 * (size // 2)))
    assert (mean + naive < 0.5).mean() > 1.2 * delta
    assert (mean + honest < 0.5).mean() < delta


@pytest.mark.statistical
def test_margin_bound_is_covered_for_the_class():
    """One of ten features a query, weights of norm 1, labels that are coins.

    The sign of every feature is chosen on the sample. False-alarm rate at most 1e-6.
    """
    rng, runs, n, delta, features = np.random.default_rng(114), 1500, 50, 0.2, 10
    gamma = 1 / math.sqrt(features)  # the margin of a weight vector of equal sizes
    which = rng.integers(0, features, (runs, n))
    up = rng.random((runs, n)) < 0.5
    errors = np.zeros(runs)
    for feature in range(features):
        ones = ((which == feature) & up).sum(axis=1)
        errors += np.minimum(ones, (which == feature).sum(axis=1) - ones) / n
    bound = value("comparator-margin", errors, 1.0, 1.0, gamma, n, delta)
    misses = int((bound < 0.5).sum())
    assert misses <= oracles.most_failures(runs, delta, 1e-6)
    # without the complexity term selection on the sample would break it
    naive = value("comparator-margin", errors, 0.0, 1.0, gamma, n, delta)
    assert (naive < 0.5).mean() > 1.2 * delta


def test_margin_error_is_above_the_ramp():
    margins = np.linspace(-3, 3, 301)
    ramp = np.clip(1 - margins / 0.7, 0, 1)
    assert (ramp_errors(margins, gamma=0.7) >= ramp).all()
    assert (ramp >= (margins <= 0)).all()
    assert (np.abs(np.diff(ramp)) <= 0.02 / 0.7 + 1e-12).all()


def test_error_by_way_of_the_teacher_holds_on_random_instances():
    rng, ratios = np.random.default_rng(115), []
    for _ in range(300):
        teacher, noise = rng.normal(size=(2, 30)) * rng.uniform(0.1, 5)
        student = teacher + rng.choice([0.0, 0.3, 3.0]) * noise
        student[rng.random(30) < 0.1] = 0.0  # ties count as errors here
        error = (student <= 0).mean()
        bound = value(
            "comparator-teacher", *(t.mean() for t in teacher_terms(teacher, student))
        )
        assert error <= bound + 1e-12
        ratios.append(error / bound)
    assert max(ratios) > 0.5


def test_error_by_way_of_the_teacher_with_all_ties_is_twice_one_half():
    bound = value(
        "comparator-teacher", *(t.mean() for t in teacher_terms([0.0], [0.0]))
    )
    assert bound == 1.0


def test_true_labels_add_exactly_this_variance():
    rng = np.random.default_rng(116)
    for p, m in zip(rng.random(50), rng.normal(size=50) * 5, strict=True):
        values = {oracles.softplus(-m): p, oracles.softplus(m): 1 - p}
        mean = sum(x * w for x, w in values.items())
        assert_allclose(mean, oracles.pair_loss(p, m), rtol=1e-12)
        variance = sum(w * (x - mean) ** 2 for x, w in values.items())
        found = value("comparator-variance", p, m)
        assert_allclose(found, variance, rtol=1e-9, atol=1e-14)


def test_law_of_total_variance_over_pairs():
    rng = np.random.default_rng(117)
    p, m = rng.random(40), rng.normal(size=40) * 3
    soft, extra = label_variance(p, m)
    outcomes = [
        (w / 40, oracles.softplus(side * x))
        for q, x in zip(p, m, strict=True)
        for w, side in ((q, -1), (1 - q, 1))
    ]
    mean = sum(w * x for w, x in outcomes)
    hard = sum(w * (x - mean) ** 2 for w, x in outcomes)
    assert_allclose(soft + extra, hard, rtol=1e-11)


def test_soft_labels_that_are_not_calibrated_may_have_more_variance():
    """Trap: without A4 the order of the two variances is free."""
    p, m = np.array([1.0, 0.0]), np.array([4.0, 4.0])
    soft, _ = label_variance(p, m)
    truth, extra = label_variance(np.array([1.0, 1.0]), m)
    assert soft > truth + extra
