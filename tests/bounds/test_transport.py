"""bounds.shift: sorting against a linear programme, never below the optimum."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from rankbound.bounds.errors import DomainError
from rankbound.bounds.shift import line_transport, transport_shift
from tests import oracles


def optimal_cost(costs, mu, nu):
    """Least expected cost of a coupling, by linear programming."""
    size = len(mu)
    rows = [np.kron(np.eye(size), np.ones(size)), np.kron(np.ones(size), np.eye(size))]
    done = linprog(
        costs.ravel(),
        A_eq=np.vstack(rows),
        b_eq=np.concatenate([mu, nu]),
        bounds=(0, 1),
    )
    assert done.status == 0
    return done.fun


def score_costs(student, teacher, loss_slope, score_range):
    near = np.abs(np.subtract.outer(student, student))
    return loss_slope * near + score_range / 4 * np.abs(
        np.subtract.outer(teacher, teacher)
    )


def instance(rng, size=6):
    mu, nu = rng.dirichlet(np.full(size, 0.5), 2)
    student, teacher = rng.uniform(0, 3, size), rng.normal(0, 2, size)
    return student, teacher, mu, nu


def test_line_transport_matches_the_linear_programme():
    rng = np.random.default_rng(1)
    for _ in range(25):
        points, _, mu, nu = instance(rng)
        points = np.round(points) if rng.random() < 0.3 else points
        costs = np.abs(np.subtract.outer(points, points))
        found = line_transport(points, mu, nu)
        assert_allclose(found, optimal_cost(costs, mu, nu), atol=1e-7)


def test_line_transport_of_equal_and_moved_laws():
    mu = np.array([0.2, 0.3, 0.5])
    assert line_transport([5.0, -1.0, 2.0], mu, mu) == 0.0
    moved = line_transport([0.0, 1.0, 7.0, 8.0], [0.4, 0.6, 0, 0], [0, 0, 0.4, 0.6])
    assert_allclose(moved, 7.0, rtol=1e-14)


def test_score_transport_is_never_below_the_optimum():
    rng = np.random.default_rng(2)
    excess = []
    for _ in range(40):
        student, teacher, mu, nu = instance(rng)
        found = transport_shift(
            student, teacher, mu, nu, loss_slope=0.8, score_range=3.0
        )
        optimum = 2 * optimal_cost(score_costs(student, teacher, 0.8, 3.0), mu, nu)
        assert found >= optimum - 1e-7
        excess.append(found / optimum)
    # looseness on record: the order of one score is not optimal for two
    assert 1.0 <= np.median(excess) < 1.4


@pytest.mark.parametrize("sign", [1, -1])
def test_score_transport_is_exact_on_a_curve(sign):
    rng = np.random.default_rng(3)
    for _ in range(20):
        student, teacher, mu, nu = instance(rng)
        teacher = sign * np.sort(teacher)[np.argsort(np.argsort(student))]
        if rng.random() < 0.7:  # with ties, a staircase
            student, teacher = np.floor(student), np.floor(teacher)
        found = transport_shift(
            student, teacher, mu, nu, loss_slope=0.8, score_range=3.0
        )
        optimum = 2 * optimal_cost(score_costs(student, teacher, 0.8, 3.0), mu, nu)
        assert_allclose(found, optimum, atol=2e-7)


def test_distances_in_two_scores_do_not_add_up():
    """Trap: the sum of the sorted distances is below the optimum, and no bound."""
    mu, nu = [0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]
    student, teacher = [0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]
    assert line_transport(student, mu, nu) == line_transport(teacher, mu, nu) == 0.0
    optimum = optimal_cost(score_costs(student, teacher, 1.0, 1.0), mu, nu)
    found = transport_shift(student, teacher, mu, nu, loss_slope=1, score_range=1)
    assert_allclose(found, 2 * optimum, atol=1e-8)
    risks = [oracles.risk_of_law(law, teacher, student) for law in (mu, nu)]
    assert 0 < abs(risks[0] - risks[1]) <= found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"student": [0.0, 4.0, 4.5]},
            "differ by up to 4.5, more than `score_range` 4.0",
        ),
        (
            {"student": [0.0, 5.0, 1.0]},
            "differ by up to 5.0, more than `score_range` 4.0",
        ),
        ({"student": [0.0, math.inf, 1.0]}, "`student` must hold one finite score"),
        ({"teacher": [0.0, 1.0]}, "`teacher` must hold one finite score"),
        ({"target": [0.5, 0.5, 0.1]}, "`target` must sum to 1"),
        ({"loss_slope": 1.5}, "`loss_slope` must lie in"),
        ({"score_range": -1.0}, "`score_range` must be finite"),
        ({"score_range": math.inf}, "`score_range` must be finite"),
    ],
)
def test_score_transport_rejects_wrong_input(change, message):
    call = {
        "student": [0.0, 4.0, 1.0],
        "teacher": [0.0, 1.0, 2.0],
        "target": [0.5, 0.5, 0.0],
        "sampler": [0.2, 0.5, 0.3],
        "loss_slope": 1.0,
        "score_range": 4.0,
    }
    names = ("student", "teacher", "target", "sampler")
    data = [call.pop(name) for name in names]
    assert transport_shift(*data, **call) > 0
    data = [change.get(name, value) for name, value in zip(names, data, strict=True)]
    call = {name: change.get(name, value) for name, value in call.items()}
    with pytest.raises(DomainError, match=message):
        transport_shift(*data, **call)


def test_line_transport_rejects_missing_scores():
    with pytest.raises(DomainError, match="leave documents without a score out"):
        line_transport([0.0, math.nan], [0.5, 0.5], [0.5, 0.5])
