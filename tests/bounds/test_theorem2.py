"""bounds.theorem2: distances attained, shifts hold on random laws, the whole bound."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemmas import cut_ratio_all_pairs
from rankbound.bounds.notation import R_mu, delta, kappa, n
from rankbound.bounds.registry import REGISTRY, statement
from rankbound.bounds.shift import (
    density_ratio,
    law_distances,
    product_total_variation,
    total_variation,
)
from rankbound.bounds.theorem2 import STATEMENTS
from tests import oracles

ROOT = Path(__file__).resolve().parents[2]


def value(key, *arguments):
    return statement(key).numpy()(*arguments)


def world(rng, size=5):
    """Two laws, a teacher, a student, and the ranges of both over both supports."""
    mu, nu = rng.dirichlet(np.full(size, rng.choice([0.3, 3.0])), 2)
    if rng.random() < 0.5:
        mu = 0.1 * mu + 0.9 * nu
    teacher = rng.normal(0, rng.choice([0.5, 3.0, 30.0]), size)
    scale = rng.choice([0.5, 3.0, 20.0])
    student = scale * (
        rng.integers(0, 2, size) if rng.random() < 0.5 else rng.random(size)
    )
    if rng.random() < 0.5:
        teacher = -abs(teacher.mean()) * student  # certain and wrong
    return mu, nu, teacher, student


def risks(mu, nu, teacher, student):
    return [
        oracles.risk_of_law(law.tolist(), teacher.tolist(), student.tolist())
        for law in (mu, nu)
    ]


def test_distances_hold_on_random_laws():
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(300):
        mu, nu, *_ = world(rng, int(rng.integers(1, 7)))
        theta, ratio = total_variation(mu, nu), density_ratio(mu, nu).kappa
        pairs = product_total_variation(mu, nu)
        assert theta <= value("theorem-2a-single", ratio) + 1e-12
        assert pairs <= value("theorem-2a-pair", theta) + 1e-12
        assert value("theorem-2a-pair", theta) <= value("theorem-2a", ratio) + 1e-12
        shares.append(pairs / max(value("theorem-2a", ratio), 1e-9))
    assert 0.4 < max(shares) <= 1


@pytest.mark.parametrize(("size", "kept"), [(4, 1), (6, 3), (50, 49), (3, 3)])
def test_distances_are_attained_by_uniform_laws(size, kept):
    nu, mu = np.full(size, 1 / size), np.repeat([1 / kept, 0], [kept, size - kept])
    theta, ratio = total_variation(mu, nu), density_ratio(mu, nu).kappa
    pairs = product_total_variation(mu, nu)
    assert_allclose(theta, value("theorem-2a-single", ratio), atol=1e-14)
    assert_allclose(pairs, value("theorem-2a-pair", theta), atol=1e-14)
    assert_allclose(pairs, value("theorem-2a", ratio), atol=1e-14)


def test_an_infinite_density_ratio_says_nothing_and_is_no_error():
    assert value("theorem-2a-single", math.inf) == 1.0
    assert value("theorem-2a", math.inf) == 1.0
    assert value("theorem-2b", 7.0, math.inf) == 7.0


def test_shift_of_the_risk_holds_on_random_laws():
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(600):
        mu, nu, teacher, student = world(rng)
        target, sampled = risks(mu, nu, teacher, student)
        B, A = np.ptp(student), np.ptp(teacher)
        width = value("lemma-2b-upper", A, B) - value("lemma-2b-lower", A, B)
        width = max(0.0, width)  # by rounding, for equal scores
        assert width <= B + 1e-12
        shift = value("theorem-2b-variation", width, total_variation(mu, nu))
        assert abs(target - sampled) <= shift + 1e-12
        ratio = density_ratio(mu, nu).kappa
        assert shift <= value("theorem-2b", width, ratio) + 1e-12
        assert abs(target - sampled) <= value("theorem-2b-cap", B) + 1e-12
        shares.append(abs(target - sampled) / max(shift, 1e-9))
    # looseness on record: the search comes near the bound, mostly it stays far below
    assert 0.9 < max(shares) <= 1
    assert np.median(shares) < 0.3


def test_cap_is_the_width_of_lemma_2c_for_independent_pairs():
    for B in (0.0, 0.3, 4.0, 10.0, 200.0):
        width = value("lemma-2c-width", B, 0.5)
        assert_allclose(value("theorem-2b-cap", B), width, rtol=1e-13, atol=1e-15)
    assert_allclose(value("theorem-2b-cap", 100.0), 50 + math.log(2) / 2, rtol=1e-12)


def test_cap_is_nearly_reached_by_a_cluster_and_its_reverse():
    """One law on a right and one on a wrong pair of clusters: looseness on record."""
    mu, nu = [0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]
    teacher, student = [0.0, 60.0, 60.0, 0.0], [0.0, 10.0, 0.0, 10.0]
    target = oracles.risk_of_law(mu, teacher, student)
    sampled = oracles.risk_of_law(nu, teacher, student)
    assert 0.9 < abs(target - sampled) / value("theorem-2b-cap", 10.0) <= 1


@pytest.mark.parametrize(
    ("ratio", "nats"), [(1.01, 0.20), (1.02, 0.39), (1.1, 1.74), (2, 7.5), (5, 9.6)]
)
def test_usability_of_the_density_ratio(ratio, nats):
    assert_allclose(value("theorem-2b", 10.0, ratio), nats, atol=5e-3)
    assert nats < math.log(2) or ratio > 1.03


def test_largest_usable_density_ratio():
    budget = math.log(2) - 0.4931
    limit = (1 - budget / 10) ** -0.5
    assert_allclose(limit, 1.01, atol=5e-4)
    assert_allclose(value("theorem-2b", 10.0, limit), budget, rtol=1e-12)


def test_diameter_of_the_target_alone_is_not_enough():
    """Trap: the target is one document, the sampler draws a wrongly ranked pair."""
    mu, nu = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    teacher, student = np.array([0.0, 40.0]), np.array([10.0, 0.0])
    target, sampled = risks(mu, nu, teacher, student)
    ratio = density_ratio(mu, nu).kappa
    assert abs(target - sampled) > 4
    diameter_of_target = 0.0
    assert value("theorem-2b", diameter_of_target, ratio) == 0.0  # would be wrong
    assert abs(target - sampled) <= value("theorem-2b", 10.0, ratio)


def test_no_shift_exceeds_the_width_of_a_pair():
    """Trap: twice the width times 1 - 1 / kappa can, and stands nowhere."""
    for entry in REGISTRY.values():
        if kappa not in entry.arguments or entry.key == "theorem-2c-ratio":
            continue
        numbers = dict.fromkeys(entry.arguments, 1.0) | {delta: 0.05}
        none, huge = (
            float(entry.expression.subs(numbers | {kappa: k}).evalf())
            for k in (1, 10**9)
        )
        assert huge - none <= 1 + 1e-12, entry.key
    twice = re.compile(r"2 ?\*? ?(L ?\*? ?\\?Delta|w_pair|w_\\ell) ?\*? ?\(1 - 1 ?/")
    for folder in ("bounds", "paper_appendix"):
        for path in (ROOT / folder).rglob("*.[pm][yd]"):
            assert not twice.search(path.read_text()), path


def test_headline_is_the_sum_of_its_parts():
    H, D, L, Delta, ratio, count, fail = 0.4, 0.1, 2.0, 1.5, 1.2, 400, 0.05
    w = value("lemma-2c-width", L * Delta, cut_ratio_all_pairs(8))
    complexity = value("lemma-4-diameter", 1.0, L, Delta, count)
    limit = value("theorem-1e", H + D, complexity, w, count, fail)
    expected = limit + value("theorem-2b", L * Delta, ratio)
    found = value("theorem-2-prime", H, D, L, Delta, ratio, count, fail, w)
    assert_allclose(found, expected, rtol=1e-14)
    coarse = value("theorem-2-prime-coarse", H, D, L, Delta, ratio, count, fail)
    same = value("theorem-2-prime", H, D, L, Delta, ratio, count, fail, L * Delta)
    assert_allclose(coarse, same, rtol=1e-14)
    assert found < coarse


def test_headline_without_locality_or_shift():
    arguments = (0.4, 0.1, 2.0, 1.5, 1.0, 100, 0.05)
    no_shift = value("theorem-2-prime-coarse", *arguments)
    assert_allclose(
        no_shift, 0.5 + 3 * (0.2 + math.sqrt(math.log(20) / 200)), rtol=1e-14
    )
    points = value("theorem-2-prime-coarse", 0.4, 0.1, 2.0, 0.0, 5.0, 100, 0.05)
    assert points == 0.5
    for key in ("theorem-2-prime", "theorem-2-prime-coarse"):
        entry = statement(key)
        assert entry.left == R_mu
        numbers = dict.fromkeys(entry.arguments, 0.5) | {n: 50, kappa: 2}
        assert entry.derivative(n).subs(numbers).evalf() < 0
        assert entry.derivative(kappa).subs(numbers).evalf() > 0


def test_headline_holds_for_the_worst_bilinear_student_of_many():
    """An adversary picks, with the sample in hand, the student with the largest gap."""
    rng, kinds, docs, count, norm = np.random.default_rng(3), 8, 4, 60, 1.5
    queries = rng.normal(size=(kinds, 3))
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    places = rng.normal(size=(kinds, docs, 3))
    teacher = rng.normal(0, 3, (kinds, docs))
    nu = rng.dirichlet(np.ones(docs) * 3, kinds)
    mu = 0.3 * rng.dirichlet(np.ones(docs), kinds) + 0.7 * nu
    ratio = max(density_ratio(m, v).kappa for m, v in zip(mu, nu, strict=True))
    Delta = max(np.linalg.norm(x[:, None] - x, axis=2).max() for x in places)
    matrices = rng.normal(size=(400, 3, 3))
    matrices *= norm / np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    scores = np.einsum("qa,mab,qdb->mqd", queries, matrices, places)
    margins = scores[..., :, None] - scores[..., None, :]
    p = 1 / (1 + np.exp(teacher[:, None, :] - teacher[:, :, None]))
    losses = np.logaddexp(0, margins) - p * margins
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    target = np.einsum("mqij,qi,qj->mq", losses, mu, mu).mean(axis=1)
    gaps = []
    for _ in range(20):
        kind = rng.integers(0, kinds, count)
        drawn = np.array([rng.choice(docs, 2, p=nu[q]) for q in kind])
        R_hat = losses[:, kind, drawn[:, 0], drawn[:, 1]].mean(axis=1)
        H_hat = entropy[kind, drawn[:, 0], drawn[:, 1]].mean()
        worst = np.argmax(target - R_hat)
        D_hat = R_hat[worst] - H_hat
        limit = value(
            "theorem-2-prime-coarse", H_hat, D_hat, norm, Delta, ratio, count, 0.05
        )
        assert target[worst] <= limit
        gaps.append((target[worst] - R_hat[worst]) / (limit - R_hat[worst]))
    # looseness on record
    assert 0.005 < max(gaps) < 0.3


def test_statements_say_which_ranges_they_need():
    for entry in STATEMENTS:
        if entry.key.startswith("theorem-2b"):
            assert "A3'" in entry.assumptions
    for key in ("theorem-2a", "theorem-2b", "theorem-2-prime"):
        assert "A3" in statement(key).assumptions
    assert "BIL" in statement("theorem-2-prime").assumptions


def test_laws_of_many_queries_are_compared_as_one_by_one():
    rng = np.random.default_rng(3)
    pairs = []
    for query in range(60):
        size = int(rng.integers(1, 90))
        laws = rng.random((2, size)) * (rng.random((2, size)) < rng.choice([0.5, 1.0]))
        laws[:, 0] += 0.1 if query % 2 else 1.0  # neither is empty
        pairs.append(laws / laws.sum(axis=1, keepdims=True))
    target, sampler = np.concatenate(pairs, axis=1)
    found = law_distances(target, sampler, [laws.shape[1] for laws in pairs])
    for place, (mu, nu) in enumerate(pairs):
        assert_allclose(found.total_variation[place], np.abs(mu - nu).sum() / 2)
        products = np.abs(np.outer(mu, mu) - np.outer(nu, nu)).sum() / 2
        assert_allclose(found.pair_total_variation[place], products, atol=1e-14)
        missed = ((mu > 0) & (nu == 0)).any()
        kappa = math.inf if missed else (mu[nu > 0] / nu[nu > 0]).max()
        assert_allclose(found.kappa[place], max(1.0, kappa))
    with pytest.raises(DomainError, match="sum to 1"):
        law_distances(np.array([0.5, 0.4]), np.array([0.5, 0.5]), [2])
