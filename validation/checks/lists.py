"""Checks of Theorem 6 (nDCG), of the listwise losses and of Bregman divergences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise, permutations, product
from typing import Any, Final

import numpy as np
from scipy.special import log_softmax, logsumexp, xlogy

from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import (
    best_cut,
    differences,
    divergence,
    entropy,
    loss,
    sigmoid,
)

CHECKS: Final = CheckTable()
LABELS: Final = (0, 1, 2)


def rankings(case: Case) -> Iterator[tuple[Any, Any]]:
    """All orders of all labels of three and four documents; five sampled."""
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
    """Discounted cumulative gain; ties of scores with the lesser gain first."""
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
    """Right-hand side times the ideal DCG, with plain loops."""
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
    """Try all orders of all binary labels; one relevant document attains it."""
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
