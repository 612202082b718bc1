"""Certificates: parts add up, verdicts follow, and the limit covers the true risk."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.betting import betting
from rankbound.bounds.certificate import (
    LN2,
    certify_student,
    interval_part,
    lemma_2c_range,
)
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import split_limit
from tests import oracles

WIDE = lemma_2c_range(10.0, cut_ratio=8 / 15, source="k = 16")


def drawn(seed, n, *, entropy=0.4, divergence=0.08):
    rng = np.random.default_rng(seed)
    h = np.clip(rng.normal(entropy, 0.06, n), 0.01, LN2)
    d = rng.gamma(2.0, divergence / 2, n)
    return h + d, h, d


def certified(seed, n, **laws):
    return certify_student(*drawn(seed, n, **laws), loss_range=WIDE, delta=0.05)


@pytest.mark.parametrize("n", [2, 43, 400])
def test_parts_add_up_to_the_limit(n):
    made = certified(0, n)
    assert_allclose(sum(part.value for part in made.parts), made.upper, rtol=1e-12)
    assert made.upper == made.limits["betting"]
    low, high = made.risk_interval
    assert low < made.risk < high
    for part in made.parts[:2]:
        assert part.lower < part.value < part.upper


def test_certificate_of_43_queries_is_vacuous_and_that_of_5000_is_not():
    few, many = certified(1, 43), certified(1, 5000)
    assert few.vacuous
    assert few.dominating == "deviation"
    assert few.sentence().startswith(
        "vacuous at n = 43: the deviation term dominates; "
    )
    assert not many.vacuous
    assert many.dominating == "entropy"
    assert many.sentence().startswith("not vacuous at n = 5,000: the risk is at most ")


def test_a_divergence_above_the_entropy_dominates():
    made = certified(2, 5000, entropy=0.05, divergence=0.3)
    assert made.dominating == "divergence"


@pytest.mark.parametrize("seed", range(3))
def test_n_needed_is_where_the_repeated_sample_stops_being_vacuous(seed):
    risk, entropy, divergence = drawn(seed, 40)
    made = certify_student(risk, entropy, divergence, loss_range=WIDE, delta=0.05)
    times = math.ceil(made.n_needed / 40)
    arguments = {"low": WIDE.low, "high": WIDE.high, "delta": 0.05}
    assert betting(np.tile(risk, times), **arguments) < LN2
    if times > 2:
        assert betting(np.tile(risk, times // 2), **arguments) >= LN2
    digits = f"{made.n_needed:,}".split(",")[0]
    assert digits[0] in made.sentence().split("about ")[1]


def test_a_risk_above_ln2_is_never_certified():
    made = certified(0, 300, entropy=0.5, divergence=0.4)
    assert made.vacuous
    assert made.n_needed is None
    assert "no number of queries helps" in made.sentence()


def test_the_constant_student_is_vacuous_for_every_n():
    flat = np.full(10_000, LN2)
    made = certify_student(flat, flat, np.zeros(10_000), loss_range=WIDE, delta=0.05)
    assert made.vacuous
    assert made.n_needed is None


def test_certify_rejects_parts_that_do_not_add_up():
    risk, entropy, divergence = drawn(0, 10)
    with pytest.raises(DomainError, match="risk must be entropy"):
        certify_student(risk + 0.1, entropy, divergence, loss_range=WIDE, delta=0.05)


def test_certify_rejects_a_risk_outside_its_range():
    big = np.array([0.5, WIDE.high + 0.1])
    half = np.array([0.5, 0.5])
    with pytest.raises(DomainError, match="outside"):
        certify_student(big, half, big - half, loss_range=WIDE, delta=0.05)


def test_lemma_2c_range_matches_the_known_width():
    assert_allclose(WIDE.width, 5.652, atol=5e-4)
    assert_allclose(WIDE.low, oracles.softplus(-10 * 8 / 15), rtol=1e-14)


def test_interval_part_is_wider_for_more_students():
    values = drawn(3, 200)[1]
    one = interval_part("entropy", values, high=LN2, delta=0.05)
    ten = interval_part("entropy", values, high=LN2, delta=0.05, n_students=10)
    assert ten.lower < one.lower < one.upper < ten.upper


@pytest.mark.statistical
def test_chosen_and_split_limit_cover_the_risks_of_two_students_at_once():
    """600 samples of 60; false alarm 1e-6 if misses occur at rate delta = 0.1.

    The population is 50 queries; one of the two students is bad on two of them.
    """
    rng = np.random.default_rng(7)
    n, repeats, delta = 60, 600, 0.1
    h = rng.uniform(0.1, 0.6, 50)
    students = [rng.gamma(1.0, 0.1, 50), np.where(np.arange(50) < 2, 4.5, 0.01)]
    misses = {"betting": 0, "split": 0}
    union = {"delta": delta, "n_students": 2}
    for _ in range(repeats):
        pick = rng.integers(0, 50, n)
        missed = dict.fromkeys(misses, False)
        for d in students:
            truth = float((h + d).mean())
            whole = betting((h + d)[pick], low=WIDE.low, high=WIDE.high, **union)
            parts = split_limit(h[pick], d[pick], high=WIDE.high, **union)
            missed["betting"] |= whole < truth
            missed["split"] |= parts < truth
        for name, value in missed.items():
            misses[name] += value
    assert max(misses.values()) <= oracles.most_failures(repeats, delta, 1e-6), misses


def test_the_limit_that_counts_is_betting_even_where_another_is_smaller():
    # A fair coin between the ends of the range: nothing to adapt to, kl wins
    risk = np.where(np.arange(400) % 2 == 0, WIDE.low, WIDE.high)
    entropy = np.minimum(risk, 0.3)
    made = certify_student(risk, entropy, risk - entropy, loss_range=WIDE, delta=0.05)
    assert made.limits["kl"] < made.limits["betting"]
    assert made.upper == made.limits["betting"]


@pytest.mark.parametrize("n", [29, 95, 151])
def test_sentence_asks_for_more_queries_than_there_are(n):
    made = certified(4, n, entropy=0.5, divergence=0.1)
    if made.vacuous:
        asked = int(made.sentence().split("about ")[1].split(" ")[0].replace(",", ""))
        assert asked >= made.n_needed > n
    else:
        assert made.n_needed <= n


def test_sentence_says_what_falls_when_the_entropy_dominates():
    made = certified(1, 90, entropy=0.55, divergence=0.01)
    assert made.vacuous
    assert made.dominating == "entropy"
    deviation = f"the deviation ({made.parts[-1].value:.4f} nats) falls with n"
    assert deviation in made.sentence()


def test_split_limit_never_exceeds_the_range():
    made = certify_student([0.5], [0.4], [0.1], loss_range=WIDE, delta=0.05)
    assert made.limits["split"] <= WIDE.high
