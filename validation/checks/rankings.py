"""Checks of Theorems 3 (misranking) and 6 (nDCG), listwise losses, and divergences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise, permutations, product
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from scipy.special import log_softmax, logsumexp, xlogy

from rankbound.bounds.notation import R
from rankbound.bounds.notation import m as margin
from rankbound.bounds.special import Softplus
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import (
    LN2,
    best_cut,
    differences,
    divergence,
    entropy,
    loss,
    misranking,
    sigmoid,
)
from rankbound.validation.symbolic import arithmetic, least

CHECKS: Final = CheckTable()
Law = tuple[Any, Any, Any]
LABELS: Final = (0, 1, 2)


def pair_law(rng: Generator) -> Law:
    """Draw preferences, margins and weights, with some ties and certain pairs."""
    size = int(rng.integers(1, 9))
    p = sigmoid(np.exp(rng.uniform(-3, 3)) * rng.normal(size=size))
    p[rng.random(size) < 0.15] = rng.choice([0.0, 0.5, 1.0])
    m = np.exp(rng.uniform(-4, 2)) * rng.normal(size=size)
    if rng.random() < 0.3:  # barely on the wrong side
        m = -1e-9 * np.sign(p - 0.5)
    m[rng.random(size) < 0.15] = 0.0
    return p, m, rng.dirichlet(np.ones(size))


@CHECKS.of("theorem-3a")
def exact(case: Case) -> Finding:
    """Average over labels drawn with the teacher's preference, by enumeration."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        p, m, weights = pair_law(case.rng)
        found = 0.0
        for label, chance in ((1, p), (-1, 1 - p)):
            wrong = np.where(m == 0, 0.5, (np.sign(m) != label).astype(float))
            found += float(weights @ (chance * wrong))
        tally.same(case.compute(p, m, weights=weights), found)
    return tally.finding("exhaustive", f"all labels of {case.rounds(300)} laws")


@CHECKS.of("theorem-3b", "theorem-3b-root", "theorem-3c")
def ceilings(case: Case) -> Finding:
    """Search laws of pairs, some of them barely on the wrong side."""
    tally, key = Tally(), case.statement.key
    for _ in range(case.rounds(500)):
        p, m, weights = pair_law(case.rng)
        wrong = misranking(p, m, weights)
        teacher = min(float(weights @ entropy(p)), LN2)
        apart = float(weights @ divergence(p, m))
        if key == "theorem-3b":
            bound = case.compute(teacher, apart)
            tally.at_most(bound, teacher / 2 / LN2 + np.sqrt(2 * apart), "root form")
            tally.at_most(bound, (teacher + apart) / LN2, "risk form")
        elif key == "theorem-3b-root":
            bound = case.value(teacher, apart)
            tally.same(bound, teacher / 2 / LN2 + np.sqrt(2 * apart))
        else:
            risk = float(weights @ loss(p, m))
            bound = case.value(risk)
            tally.same(bound, risk / LN2)
        tally.at_most(wrong, bound + 1e-12)
    how = "adversarial search"
    over = f"{case.rounds(500)} laws of pairs"
    if key == "theorem-3c":
        expression = case.expression.subs(R, Softplus(margin)) - 1
        fine, boxes = least(expression, {margin: (0.0, 40.0)}, floor=-1e-9)
        tally.require(fine, "a wrong order costs less than ln 2")
        how, over = "search, intervals", f"{over}; {arithmetic().name} {boxes} boxes"
    if key == "theorem-3b":
        _local_part(case, tally)
    return tally.finding(how, over)


def _local_part(case: Case, tally: Tally) -> None:
    """Compare with pairs of one certainty, barely on the wrong side."""
    for certainty in (0.1, 0.6, 0.99):
        p = (1 + certainty) / 2
        apart = float(divergence(p, 0.0))
        half = float(entropy(p)) / 2 / LN2
        plain = min(half + certainty, (float(entropy(p)) + apart) / LN2)
        tally.require(
            abs(case.compute(float(entropy(p)), apart) - plain) < 1e-6,
            "the local part is not attained",
        )


@CHECKS.of("theorem-3d", "theorem-3d-entropy")
def floors(case: Case) -> Finding:
    """Search laws of pairs; attain the floor by the teacher's order."""
    tally = Tally()
    tally.rounding = 1e-7

    def floor(p: Any, weights: Any) -> float:
        if case.statement.key == "theorem-3d":
            return float(case.compute(p, weights=weights))
        return float(case.compute(min(float(weights @ entropy(p)), LN2)))

    for _ in range(case.rounds(400)):
        p, m, weights = pair_law(case.rng)
        tally.at_most(floor(p, weights), misranking(p, m, weights))
    for preference in (0.0, 0.1, 0.3, 0.5):
        p, weights = np.array([preference, 1 - preference]), np.full(2, 0.5)
        best = misranking(p, np.sign(p - 0.5), weights)
        tally.attained(floor(p, weights), best)
    return tally.finding("search, attained", f"{case.rounds(400)} laws of pairs")


@CHECKS.of("theorem-3e", "theorem-3e-risk")
def miscalibration(case: Case) -> Finding:
    """Search true preferences; attain the term where teacher and student agree."""
    tally = Tally()
    for _ in range(case.rounds(400)):
        p, m, weights = pair_law(case.rng)
        eta = case.rng.random(p.size)
        if case.statement.key == "theorem-3e":
            bound = case.compute(p, m, eta, weights=weights)
            tally.at_most(
                misranking(eta, m, weights) - misranking(p, m, weights), bound
            )
            continue
        width, gap = float(np.abs(m).max()), float(weights @ np.abs(p - eta))
        bound = case.value(width, gap)
        change = float(weights @ ((p - eta) * m))
        tally.at_most(abs(change), bound)
        side = width * np.where(p >= eta, 1.0, -1.0)
        tally.attained(float(weights @ (loss(eta, side) - loss(p, side))), bound)
    if case.statement.key == "theorem-3e":
        p, m, eta = np.array([0.7, 0.7]), np.array([1.0, -1.0]), np.array([0.4, 0.9])
        half = np.full(2, 0.5)
        excess = misranking(eta, m, half) - misranking(p, m, half)
        tally.attained(excess, case.compute(p, m, eta, weights=half))
    return tally.finding("search, attained", f"{case.rounds(400)} laws of pairs")


@CHECKS.of("comparator-teacher")
def by_the_teacher(case: Case) -> Finding:
    """Search labels, teachers and students, some of them barely on the wrong side."""
    tally = Tally()
    for _ in range(case.rounds(500)):
        p, m, weights = pair_law(case.rng)
        labels = case.rng.integers(0, 2, p.size)
        soft = float(weights @ np.where(labels == 1, 1 - p, p))
        gap = float(weights @ np.abs(sigmoid(m) - p))
        bound = case.value(soft, gap)
        tally.at_most(misranking(labels, m, weights), bound)
        tally.same(bound, 2 * soft + 2 * gap)
    return tally.finding("adversarial search", f"{case.rounds(500)} laws of pairs")


def rankings(case: Case) -> Iterator[tuple[Any, Any]]:
    """Yield all orders of all labels of few documents, and samples of four and five."""
    for k in (3, 4) if case.deep else (3,):
        for labels in product(LABELS, repeat=k):
            if any(labels):
                for order in permutations(range(k)):
                    yield 2.0 ** np.array(labels) - 1, np.array(order, dtype=float)
    for k in (4, 5):
        for _ in range(case.rounds(300)):
            drawn = case.rng.integers(0, 3, k)
            drawn[0] = max(1, drawn[0])
            yield 2.0**drawn - 1, case.rng.permutation(k).astype(float)


def dcg(gains: Any, scores: Any, cutoff: int | None = None) -> float:
    """Compute DCG, where tied documents are ordered by rising gain."""
    order = sorted(range(len(gains)), key=lambda i: (-scores[i], gains[i]))
    kept = order[:cutoff]
    return float(sum(gains[i] / math.log2(2 + r) for r, i in enumerate(kept)))


@CHECKS.of("theorem-6a", "theorem-6a-surrogate", "theorem-6b")
def ndcg(case: Case) -> Finding:
    """Try all orders and labels, with and without a cut-off."""
    tally, key, count = Tally(), case.statement.key, 0
    for gains, scores in rankings(case):
        count += 1
        cutoffs = (None,) if key == "theorem-6b" else (None, 1, 2)
        for cutoff in cutoffs:
            ideal = dcg(gains, gains, cutoff)
            missing = 1 - dcg(gains, scores, cutoff) / ideal
            stretched = scores * (1 + count % 3)
            bound = case.compute(gains, stretched, cutoff=cutoff)
            tally.at_most(missing, bound)
            tally.same(bound, _list_bound(key, gains, stretched, cutoff) / ideal)
    if key == "theorem-6a":
        swapped = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        tally.attained(1 - dcg(*swapped), case.compute(*swapped))
    return tally.finding("exhaustive", f"{count} rankings, labels 0..2")


def _list_bound(key: str, gains: Any, scores: Any, cutoff: int | None) -> float:
    """Compute the right-hand side times the ideal DCG with plain loops."""
    k = len(gains)
    if key == "theorem-6b":
        total = 0.0
        for u in range(k):
            ahead = [np.logaddexp(0, scores[v] - scores[u]) for v in range(k) if v != u]
            total += gains[u] / math.log2(2 + sum(ahead) / math.log(2))
        return dcg(gains, gains, cutoff) - total
    shares = [1 / math.log2(1 + j) for j in range(1, k + 1)]
    if cutoff is not None:
        shares = [*shares[:cutoff], *[0.0] * (k - cutoff)]
    step = max(a - b for a, b in pairwise(shares))
    total = 0.0
    for u, v in permutations(range(k), 2):
        if gains[u] > gains[v]:
            wrong = float(scores[u] <= scores[v])
            if key == "theorem-6a-surrogate":
                wrong = np.logaddexp(0, scores[v] - scores[u]) / math.log(2)
            total += (gains[u] - gains[v]) * wrong
    return step * total


@CHECKS.of("theorem-6c")
def binary(case: Case) -> Finding:
    """Try all orders of all binary labels; attain it by one relevant document."""
    tally, count = Tally(), 0
    for k in range(2, 8 if case.deep else 7):
        for labels in product((0, 1), repeat=k):
            if not any(labels):
                continue
            count += 1
            gains, scores = np.array(labels, dtype=float), -np.arange(k, dtype=float)
            pairs = product(range(k), repeat=2)
            inversions = sum(labels[i] < labels[j] for i, j in pairs if i < j)
            missing = dcg(gains, gains) - dcg(gains, scores)
            bound = case.value(sum(labels), inversions)
            tally.at_most(missing, bound)
            if sum(labels) == 1:
                tally.attained(missing, bound)
    return tally.finding(
        "exhaustive, attained", f"{count} rankings of 2..7, labels 0, 1"
    )


@CHECKS.of("loss-listwise", "loss-lce")
def listwise_identity(case: Case) -> Finding:
    """Compare with the soft cross-entropy of random lists."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        teacher, student = case.rng.normal(size=(2, 5)) * 3
        target, logs = np.exp(log_softmax(teacher)), log_softmax(student)
        if case.statement.key == "loss-lce":
            found = case.value(float(logsumexp(student[1:] - student[0])))
            tally.same(found, -logs[0])
            continue
        h = float(-xlogy(target, target).sum())
        apart = float((target * (np.log(target) - logs)).sum())
        tally.same(case.value(h, apart), -float(target @ logs))
    return tally.finding("random lists", f"{case.rounds(300)} lists of 5")


@CHECKS.of("loss-listwise-lower", "loss-listwise-upper", "loss-listwise-entropy")
def listwise_range(case: Case) -> Finding:
    """Search lists whose scores spread over B; attain the bound."""
    tally, key = Tally(), case.statement.key
    for _ in range(case.rounds(400)):
        k, width = int(case.rng.integers(2, 9)), math.exp(case.rng.uniform(-3, 3))
        target = case.rng.dirichlet(np.full(k, 0.3))
        student = width * case.rng.random(k)
        found = -float(target @ log_softmax(student))
        extreme = width * (np.arange(k) == 0)
        if key == "loss-listwise-lower":
            bound = case.value(k, width)
            tally.at_most(bound, found)
            tally.attained(bound, -float(log_softmax(extreme)[0]))
        elif key == "loss-listwise-upper":
            bound = case.value(k, width)
            tally.at_most(found, bound)
            tally.attained(-float(log_softmax(-extreme)[0]), bound)
        else:
            bound = case.value(k)
            tally.at_most(-float(xlogy(target, target).sum()), bound)
            tally.attained(math.log(k), bound)
    return tally.finding("search, attained", f"{case.rounds(400)} lists of 2..8")


@CHECKS.of("loss-mse", "loss-mse-query")
def squared_error(case: Case) -> Finding:
    """Search margins in their ranges; attain the bound by reversed clusters."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        reach, width = np.exp(case.rng.uniform(-3, 3, 2))
        if case.statement.key == "loss-mse":
            bound = case.value(reach, width)
            a, m = case.rng.uniform(-1, 1, 2) * (reach, width)
            tally.at_most((m - a) ** 2, bound)
            tally.attained((-width - reach) ** 2, bound)
            continue
        k = int(case.rng.integers(2, 9))
        bound = case.value(best_cut(k), reach, width)
        half = np.arange(k) < k // 2
        rows = case.rng.random((2, k))
        errors = differences(reach * rows[0]) - differences(width * rows[1])
        tally.at_most((errors**2).mean(), bound)
        errors = differences((reach + width) * half)
        tally.attained((errors**2).mean(), bound)
    return tally.finding("search, attained", f"{case.rounds(300)} queries")


@CHECKS.of("bregman", "bregman-ensemble", "bregman-label")
def bregman(case: Case) -> Finding:
    """Compare with expectations over finite random targets."""
    tally, key = Tally(), case.statement.key
    for _ in range(case.rounds(300)):
        members, student = case.rng.normal(size=5) * 3, float(case.rng.normal() * 3)
        p = sigmoid(members)
        if key == "bregman-ensemble":
            found = case.value(members.var(), members.mean(), student)
            tally.same(found, ((members - student) ** 2).mean())
        elif key == "bregman-label":
            mean = p.mean()
            odds = math.log(mean / (1 - mean))
            disagreement = float(divergence(p, odds).mean())
            found = case.value(float(entropy(p).mean()), disagreement)
            tally.same(found, float(entropy(mean)))
        else:
            information = float(members.var()), float(entropy(p).mean())
            apart = (members.mean() - student) ** 2, divergence(p, student).mean()
            whole = ((members - student) ** 2).mean(), loss(p, student).mean()
            for parts in zip(information, apart, whole, strict=True):
                tally.same(case.value(*parts[:2]), parts[2])
    return tally.finding("exhaustive", f"{case.rounds(300)} finite targets")
