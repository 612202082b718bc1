"""bounds.theorem1: the oracle, the price of the posterior, and coverage."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.registry import statement
from rankbound.bounds.theorem1 import pac_bayes_kl, relative_entropy
from tests import oracles


def test_limit_matches_the_loop():
    rng = np.random.default_rng(1)
    risks = 1 + 3 * rng.random((4, 60))
    posterior, prior = rng.dirichlet(np.ones(4), 2)
    found = pac_bayes_kl(risks, posterior, prior=prior, low=1, high=4, delta=0.1)
    expected = oracles.pac_bayes_limit(
        risks.tolist(),
        posterior.tolist(),
        prior.tolist(),
        1,
        4,
        delta=0.1,
        points=30_000,
    )
    assert_allclose(found, expected, atol=3 / 30_000 + 1e-9)
    assert found >= expected


def test_limit_is_never_above_the_closed_form():
    view = statement("theorem-1f-pinsker").numpy()
    rng = np.random.default_rng(2)
    for _ in range(50):
        n = int(rng.integers(1, 300))
        risks = rng.random((3, n)) ** 4
        posterior, prior = rng.dirichlet(np.ones(3), 2)
        found = pac_bayes_kl(risks, posterior, prior=prior, low=0, high=1, delta=0.05)
        kl = relative_entropy(posterior, prior)
        mean = float(posterior @ risks.mean(axis=1))
        assert mean <= found <= view(mean, 1.0, kl, n, 0.05) + 1e-12


def test_a_posterior_that_is_the_prior_is_free_and_one_student_costs_log_k():
    uniform = np.full(8, 0.125)
    assert relative_entropy(uniform, uniform) == 0.0
    assert_allclose(relative_entropy(np.eye(8)[3], uniform), math.log(8), rtol=1e-14)


def test_a_student_that_the_prior_excludes_has_no_limit():
    found = pac_bayes_kl(
        [[0.1] * 900] * 2, [0.5, 0.5], prior=[1.0, 0.0], low=0, high=2, delta=0.05
    )
    assert found == 2.0


def test_factor_of_maurer_holds_for_every_small_n():
    for n in [*range(1, 300), 1000, 2000]:
        i = np.arange(n + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(i > 0, i * np.log(i / n), 0.0)
            logs += np.where(i < n, (n - i) * np.log1p(-i / n), 0.0)
        choose = [
            math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
            for x in i.tolist()
        ]
        assert np.exp(logs + choose).sum() <= 2 * math.sqrt(n) * (1 + 1e-9)


@pytest.mark.statistical
def test_limit_covers_posteriors_chosen_on_the_sample():
    """False-alarm rate at most 1e-6."""
    rng, runs, students, n, delta = np.random.default_rng(3), 400, 3000, 12, 0.05
    means = np.full(students, 0.5)
    prior = np.full(students, 1 / students)
    misses = misses_without_price = 0
    for _ in range(runs):
        risks = (rng.random((students, n)) < means[:, None]).astype(float)
        gibbs = np.exp(-80 * risks.mean(axis=1))
        posterior = gibbs / gibbs.sum()
        options = {"low": 0, "high": 1, "delta": delta}
        misses += pac_bayes_kl(risks, posterior, prior=prior, **options) < 0.5
        free = pac_bayes_kl(risks, posterior, prior=posterior, **options)
        misses_without_price += free < 0.5
    allowed = oracles.most_failures(runs, delta, 1e-6)
    assert misses <= allowed
    # a prior chosen after looking is none
    assert misses_without_price > allowed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risks": [0.1, 0.2]}, "one row per student"),
        ({"risks": [[0.1, 1.2]]}, "outside"),
        ({"posterior": [0.5, 0.5]}, "`posterior` must have one probability"),
        ({"posterior": [2.0]}, "sum to 1"),
        ({"prior": [-1.0]}, "`prior` must hold probabilities"),
        ({"delta": 1.0}, "delta"),
    ],
)
def test_limit_rejects_wrong_input(change, message):
    call = {
        "risks": [[0.1, 0.2]],
        "posterior": [1.0],
        "prior": [1.0],
        "low": 0,
        "high": 1,
        "delta": 0.1,
    } | change
    risks, posterior = call.pop("risks"), call.pop("posterior")
    with pytest.raises(DomainError, match=message):
        pac_bayes_kl(risks, posterior, **call)
