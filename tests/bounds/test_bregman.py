"""bounds.losses: the split for every criterion, and the entropy of ensembles."""

import math

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.losses import (
    ensemble_parts,
    label_information,
    listwise_parts,
    margin_information,
)
from rankbound.bounds.notation import a, m
from rankbound.bounds.registry import statement
from tests import oracles


def shannon(x):
    return sum(t * math.log(t) for t in x if t > 0)


def shannon_slope(x):
    return [math.log(t) + 1 for t in x]


def binary(x):
    return shannon([x[0], 1 - x[0]])


def binary_slope(x):
    return [math.log(x[0] / (1 - x[0]))]


def square(x):
    return sum(t * t for t in x)


def square_slope(x):
    return [2 * t for t in x]


def soft(x):  # not of the table: the split is one of every generator
    return math.log(sum(math.exp(t) for t in x))


GENERATORS = {
    "binary": (binary, binary_slope, lambda rng: [float(rng.uniform(0.05, 0.95))]),
    "simplex": (shannon, shannon_slope, lambda r: oracles.softmax(r.normal(size=4))),
    "square": (square, square_slope, lambda rng: rng.normal(size=3).tolist()),
    "soft": (soft, oracles.softmax, lambda rng: rng.normal(size=3).tolist()),
}


@pytest.mark.parametrize("name", GENERATORS)
def test_expected_divergence_is_information_plus_divergence(name):
    generator, slope, draw = GENERATORS[name]
    rng, add = np.random.default_rng(91), statement("bregman").numpy()
    for _ in range(50):
        targets = [draw(rng) for _ in range(4)]
        weights = oracles.softmax(rng.normal(size=4))
        mean = [
            sum(w * y[i] for w, y in zip(weights, targets, strict=True))
            for i in range(len(targets[0]))
        ]
        student = draw(rng)

        def expected(s, targets=targets, weights=weights):
            return sum(
                w * oracles.bregman(generator, slope, y, s)
                for w, y in zip(weights, targets, strict=True)
            )

        information, gap = (
            expected(mean),
            oracles.bregman(generator, slope, mean, student),
        )
        assert information >= 0
        assert_allclose(add(information, gap), expected(student), rtol=1e-10)


def test_square_and_binary_generators_give_the_two_pair_losses():
    x, y, s = sympy.symbols("x y s", positive=True)

    def divergence(generator):
        slope = sympy.diff(generator, x).subs(x, s)
        return generator.subs(x, y) - generator.subs(x, s) - slope * (y - s)

    assert sympy.simplify(divergence(x**2) - (y - s) ** 2) == 0
    log = sympy.log
    found = divergence(x * log(x) + (1 - x) * log(1 - x))
    kl = y * (log(y) - log(s)) + (1 - y) * (log(1 - y) - log(1 - s))
    assert sympy.simplify(sympy.expand(found - kl)) == 0


def test_ranknet_and_listwise_are_cases():
    """Y is a label: its information is the entropy, the sum is the loss."""
    p, margin = 0.3, 1.1
    total = statement("bregman").numpy()(
        oracles.entropy_of(p), oracles.bernoulli_kl(p, oracles.sigmoid(margin))
    )
    assert_allclose(total, oracles.pair_loss(p, margin), rtol=1e-13)
    teacher, student = [0.2, -1.0, 0.4], [1.0, 0.0, -0.5]
    entropy, divergence = listwise_parts(teacher, student)
    target = oracles.softmax(teacher)
    one_hot = [[float(i == j) for j in range(3)] for i in range(3)]
    information = sum(
        w * (shannon(y) - shannon(target)) for w, y in zip(target, one_hot, strict=True)
    )
    assert_allclose(entropy, information, rtol=1e-13)
    gap = oracles.bregman(shannon, shannon_slope, target, oracles.softmax(student))
    assert_allclose(divergence, gap, rtol=1e-13)


def test_ensemble_statement_is_the_mean_squared_error():
    rng = np.random.default_rng(92)
    members, student = rng.normal(size=(5, 30)), rng.normal(size=30)
    information, gap = ensemble_parts(members, student)
    brute = [
        sum((members[j, i] - student[i]) ** 2 for j in range(5)) / 5 for i in range(30)
    ]
    assert_allclose(information + gap, brute, rtol=1e-12)
    closed = statement("bregman-ensemble").numpy()
    means = members.mean(axis=0)
    assert_allclose(closed(margin_information(members), means, student), brute)


def test_information_of_an_ensemble_does_not_know_the_student():
    rng = np.random.default_rng(93)
    members = rng.normal(size=(4, 10))
    first, _ = ensemble_parts(members, rng.normal(size=10))
    second, _ = ensemble_parts(members, rng.normal(size=10))
    assert (first == second).all()
    assert (first == margin_information(members)).all()


def test_a_single_teacher_has_no_margin_information_but_an_entropy():
    assert margin_information([[0.0, 2.0]]).tolist() == [0.0, 0.0]
    parts = label_information([[0.0, 2.0]])
    assert_allclose(parts.total, parts.members, rtol=1e-14)
    assert_allclose(parts.disagreement, 0.0, atol=1e-30)


def test_label_information_splits_the_entropy_of_the_mean_preference():
    rng = np.random.default_rng(94)
    margins = rng.normal(size=(6, 40)) * 4
    found, add = label_information(margins), statement("bregman-label").numpy()
    for i in range(40):
        shares = [oracles.sigmoid(x) for x in margins[:, i]]
        mean = sum(shares) / 6
        entropy = sum(map(oracles.entropy_of, shares)) / 6
        spread = sum(oracles.bernoulli_kl(x, mean) for x in shares) / 6
        assert_allclose(found.total[i], oracles.entropy_of(mean), rtol=1e-10)
        assert_allclose(found.members[i], entropy, rtol=1e-10)
        assert_allclose(found.disagreement[i], spread, rtol=1e-8)
        assert_allclose(add(entropy, spread), oracles.entropy_of(mean), rtol=1e-10)


def test_label_information_keeps_digits_where_all_members_are_certain():
    """Total less members would be 0 or noise: both are near 4e-12."""
    found = label_information([30.0, 31.0])
    shares = [math.exp(-30), math.exp(-31)]  # to 1e-13 relative
    mean = sum(shares) / 2
    spread = sum(x * math.log(x / mean) - (x - mean) for x in shares) / 2
    assert_allclose(found.disagreement, spread, rtol=1e-9)
    far = label_information([900.0, 800.0])
    assert all(np.isfinite(part) for part in far)
    close = label_information([1.0, 1.0 + 1e-6])
    slope = oracles.sigmoid(1.0) * oracles.sigmoid(-1.0)
    assert_allclose(close.disagreement, slope * 1e-12 / 8, rtol=1e-4)


def test_mean_margin_and_mean_preference_are_different_targets():
    """Trap: an ensemble that cancels in margins need not cancel in preferences."""
    margins = np.array([3.0, -1.0, -2.0])
    assert margins.mean() == 0.0
    assert label_information(margins).total < math.log(2) - 1e-3


def test_statement_of_the_ensemble_is_the_bregman_split():
    closed = statement("bregman-ensemble")
    assert closed.expression.diff(m).subs(m, closed.arguments[1]) == 0
    assert a not in closed.arguments


@pytest.mark.parametrize("function", [margin_information, label_information])
@pytest.mark.parametrize("bad", [3.0, np.empty((0, 4)), [[1.0, np.nan]], [np.inf]])
def test_impossible_ensembles_are_refused(function, bad):
    with pytest.raises(DomainError, match=r"at least one member|must be finite"):
        function(bad)


@pytest.mark.parametrize("student", [[0.0], [0.0, np.nan], 0.0])
def test_student_must_fit_the_members(student):
    with pytest.raises(DomainError, match="one finite margin for each pair"):
        ensemble_parts([[1.0, 2.0]], student)
