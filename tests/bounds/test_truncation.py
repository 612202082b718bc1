"""bounds.theorem7: loops, coverage, and what fails without the tail."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemma5 import group_diameter_limit
from rankbound.bounds.limits import METHODS, upper_limit
from rankbound.bounds.theorem7 import (
    Truncation,
    tail_excesses,
    truncated_limit,
    truncated_risks,
    truncated_terms,
)
from tests import oracles

CUT = Truncation(lipschitz=5.0, threshold=0.1, largest=2.0)


def test_truncated_risks_and_excesses_against_the_loop():
    rng = np.random.default_rng(80)
    sizes = rng.integers(1, 9, 20)
    distances = [rng.choice([0.5, 1.0, 1.5], size=size) for size in sizes]
    losses = [rng.random(size) for size in sizes]
    risks = truncated_risks(losses, distances, lipschitz=3.0, threshold=1.0)
    excesses = tail_excesses(distances, threshold=1.0)
    for i in range(20):
        slow = oracles.truncated(losses[i], distances[i], 3.0, 1.0)
        assert_allclose((risks[i], excesses[i]), slow, rtol=1e-14)


def test_terms_add_up_and_the_tail_is_never_free():
    rng = np.random.default_rng(81)
    risks = 0.5 + 0.2 * rng.random(500)
    for method in METHODS:
        terms = truncated_terms(
            risks, np.zeros(500), truncation=CUT, delta=0.05, method=method
        )
        assert terms.value == terms.mean + terms.deviation + terms.tail
        assert terms.tail > 0
        assert_allclose(terms.mean, risks.mean())
        alone = truncated_limit(
            risks, np.zeros(500), truncation=CUT, delta=0.05, method=method
        )
        assert alone == terms.value
        assert terms.vacuous == (terms.value >= math.log(2))


def test_hoeffding_form_is_the_written_one():
    risks, excesses = [0.5, 0.7] * 200, [0.0, 0.1] * 200
    terms = truncated_terms(
        risks,
        excesses,
        truncation=Truncation(
            lipschitz=5.0, threshold=0.5, largest=2.0, n_thresholds=3
        ),
        delta=0.05,
        n_students=7,
        method="hoeffding",
    )
    width = 5.0 * 0.5
    union = 2 * 3 / 0.05
    assert_allclose(terms.deviation, width * math.sqrt(math.log(7 * union) / 800))
    tail = 0.05 + 1.5 * math.sqrt(math.log(union) / 800)
    assert_allclose(terms.tail, 5.0 * tail)


def rare_far_queries(rng, runs, n):
    """One query in 100 has only far pairs, reversed with certainty: loss at L d."""
    far = rng.random((runs, n)) < 0.01
    near_loss, far_loss = math.log(2), oracles.softplus(5.0 * 2.0)
    risk = 0.99 * near_loss + 0.01 * far_loss
    return far, near_loss, far_loss, risk


@pytest.mark.statistical
@pytest.mark.parametrize("method", ["betting", "kl", "hoeffding"])
def test_limit_covers_rare_far_queries(method):
    """False-alarm rate at most 1e-6."""
    rng, runs, n, delta = np.random.default_rng(82), 400, 100, 0.05
    far, near_loss, far_loss, risk = rare_far_queries(rng, runs, n)
    known = {}
    misses = 0
    for sample in far:
        count = int(sample.sum())
        if count not in known:  # the order of queries does not matter
            ordered = np.arange(n) < count
            losses = np.where(ordered, far_loss, near_loss)[:, None]
            distances = np.where(ordered, 2.0, 0.01)[:, None]
            known[count] = truncated_limit(
                truncated_risks(losses, distances, lipschitz=5.0, threshold=0.1),
                tail_excesses(distances, threshold=0.1),
                truncation=CUT,
                delta=delta,
                method=method,
            )
        misses += known[count] < risk
    assert misses <= oracles.most_failures(runs, delta, 1e-6)


@pytest.mark.statistical
def test_plugged_in_quantile_or_maximum_misses_far_too_often():
    """Refuted: nominal 5 %, over 30 % misses without the tail term."""
    rng, runs, n, delta = np.random.default_rng(83), 2000, 100, 0.05
    far, near_loss, _, risk = rare_far_queries(rng, runs, n)
    unseen = ~far.any(axis=1)
    # all distances of such a sample are 0.01: its quantiles and its maximum
    limit = group_diameter_limit(np.full(n, 0.01), level=0.9, delta=delta)
    assert limit.value == 0.01
    width = 5.0 * limit.value
    plugged = upper_limit(
        np.full(n, near_loss),
        low=oracles.softplus(-width),
        high=oracles.softplus(width),
        delta=delta,
        method="hoeffding",
    )
    assert plugged < risk
    misses = int(unseen.sum())
    assert misses / runs > 0.33
    assert misses > oracles.most_failures(runs, delta, 1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": 0.0}, "`threshold` must be positive"),
        ({"lipschitz": math.inf}, "`lipschitz` must be positive and finite"),
        ({"largest": 0.1}, "`largest` must be finite and above the threshold"),
        ({"largest": math.inf}, "`largest` must be finite and above the threshold"),
        ({"n_thresholds": 0}, "`n_thresholds` must be at least 1"),
    ],
)
def test_truncation_refuses_impossible_constants(changes, message):
    fields = {"lipschitz": 5.0, "threshold": 0.1, "largest": 2.0} | changes
    with pytest.raises(DomainError, match=message):
        Truncation(**fields)


def test_mismatched_or_excessive_input_is_refused():
    with pytest.raises(DomainError, match="one loss and one distance per pair"):
        truncated_risks([[0.5]], [[1.0, 2.0]], lipschitz=1.0, threshold=1.0)
    with pytest.raises(DomainError, match="one risk and one excess"):
        truncated_limit([0.6], [0.0, 0.1], truncation=CUT, delta=0.05)
    # a risk above the worst at the threshold: not truncated
    with pytest.raises(DomainError, match="outside"):
        truncated_limit([3.0], [0.0], truncation=CUT, delta=0.05)
    # a distance beyond the largest: the assertion was wrong
    with pytest.raises(DomainError, match="outside"):
        truncated_limit([0.7], [1.95], truncation=CUT, delta=0.05)
