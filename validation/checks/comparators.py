"""Checks of the comparators: published bounds on populations with known errors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rankbound.validation.checks.limits import HOW, hoeffding_term
from rankbound.validation.findings import Case, CheckTable, Coverage, Finding, Tally
from rankbound.validation.worlds import Pool, laws, pools, real_pools

CHECKS: Final = CheckTable()
DELTA: Final = 0.1


@CHECKS.of("comparator-auc")
def auc(case: Case) -> Finding:
    """Cover the AUC of scores with three levels, and of documents of a query."""
    tally, runs = Tally(), case.rounds(1000)
    coverage = Coverage(tally, DELTA)
    for plus, minus in ((5, 20), (1, 10), (30, 30)):
        for name, high, low, scores in _two_sides(case, minus):
            wins = np.subtract.outer(scores, scores)
            wins = (wins > 0) + (wins == 0) / 2
            first = case.rng.choice(len(scores), size=(runs, plus), p=high)
            second = case.rng.choice(len(scores), size=(runs, minus), p=low)
            found = wins[first[:, :, None], second[:, None]].mean(axis=(1, 2))
            bound = case.value(found, plus, minus, DELTA)
            plain = math.sqrt(math.log(1 / DELTA) / 2 * (1 / plus + 1 / minus))
            tally.same(bound, found - plain)
            # A lower limit of the AUC is an upper limit of 1 - AUC
            coverage.judge(1 - high @ wins @ low, 1 - found, 1 - bound, name)
    return tally.finding(HOW, coverage.over(f"3 shapes, {runs} samples"))


def _two_sides(case: Case, n: int) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield probabilities of relevant and other documents, and all their scores."""
    levels = np.array([0.2, 0.3, 0.5])
    yield "three levels", levels, levels[::-1], np.arange(3.0)
    for law in laws(n):  # other documents score minus what relevant ones score
        scores = np.concatenate([law.values, -law.values])
        none = np.zeros_like(law.weights)
        high = np.concatenate([law.weights, none])
        yield law.name, high, high[::-1], scores
    for pool in real_pools(case.groups):
        yes, no = pool.relevant.astype(float), 1.0 - pool.relevant
        yield pool.name, yes / yes.sum(), no / no.sum(), pool.scores


@CHECKS.of("comparator-pool", "comparator-pool-uniform")
def pool_errors(case: Case) -> Finding:
    """Cover the pair errors of all scorers on a pool at once, by the worst of them."""
    tally, runs, size, count = Tally(), case.rounds(500), 21, 12
    coverage = Coverage(tally, DELTA)
    first, second = np.triu_indices(size, 1)
    for pool in (_four_kinds(), *pools(size, case.groups)):
        # Scorers from near the student to far from it
        noise = case.rng.normal(size=(count, len(pool.scores)))
        scorers = pool.scores + np.linspace(0.1, 3, count)[:, None] * noise
        labels = pool.relevant.astype(float)
        apart = scorers[:, :, None] - scorers[:, None, :]
        wrong = (apart * np.subtract.outer(labels, labels) < 0).astype(float)
        drawn = case.rng.choice(len(labels), size=(runs, size), p=pool.weights)
        found = wrong[:, drawn[:, first], drawn[:, second]].mean(axis=2)
        truth = np.einsum("i,sij,j->s", pool.weights, wrong, pool.weights)
        worst = (truth[:, None] - found).max(axis=0)
        coverage.judge(worst, 0.0, _pool_bound(case, tally, count, size), pool.name)
    return tally.finding(HOW, coverage.over(f"{count} scorers, {runs} pools of {size}"))


def _four_kinds() -> Pool:
    """Two relevant documents and two others, all with the same score."""
    labels = np.array([False, False, True, True])
    return Pool("four kinds", np.full(4, 0.25), np.zeros(4), np.zeros((4, 4)), labels)


def _pool_bound(case: Case, tally: Tally, count: int, size: int) -> Any:
    """Return what is added to the error on the pool, after comparing a plain form."""
    if case.statement.key == "comparator-pool":
        bound = case.value(0.0, count, DELTA, size // 2)
        plain = hoeffding_term(1.0, size // 2, count / DELTA)
    else:
        # Massart's lemma bounds the complexity of a finite class
        massart = math.sqrt(2 * math.log(count) / (size // 2))
        bound = case.value(0.0, massart, DELTA, size // 2)
        plain = 2 * massart + hoeffding_term(1.0, size // 2, 1 / DELTA)
    tally.same(bound, plain)
    return bound


@CHECKS.of("comparator-margin")
def margin(case: Case) -> Finding:
    """Let an adversary pick the linear student with the largest gap."""
    tally, runs, n, gamma = Tally(), case.rounds(200), 60, 0.5
    coverage = Coverage(tally, DELTA)
    for name, features, labels, weights in _features(case, n):
        students = case.rng.normal(size=(300, features.shape[1]))
        # Half of the students are better than chance
        students[::2] += 4 * (labels * weights) @ features
        students /= np.linalg.norm(students, axis=1, keepdims=True)
        signed = labels * (students @ features.T)
        truth = (signed < 0) @ weights
        short = np.clip(1 - signed / gamma, 0, 1)  # the ramp loss
        samples = case.rng.choice(len(weights), size=(runs, n), p=weights)
        hat = short[:, samples].mean(axis=2)
        worst = (truth[:, None] - hat).argmax(axis=0)
        centre = hat[worst, np.arange(runs)]
        root = math.sqrt((features**2).sum(axis=1) @ weights)
        bound = case.value(centre, 1.0, root, gamma, n, DELTA)
        plain = 2 * root / (gamma * math.sqrt(n)) + hoeffding_term(1.0, n, 1 / DELTA)
        tally.same(bound, centre + plain)
        coverage.judge(truth[worst], centre, bound, name)
    return tally.finding(HOW, coverage.over(f"300 students, {runs} samples of {n}"))


def _features(case: Case, n: int) -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield features of a pair for linear students, and the right side of each pair.

    For real groups, the features are products of the query's vector with the difference
    of its first two documents, and the teacher decides the side.
    """
    for law in laws(n):
        base = case.rng.normal(size=(len(law.values), 3))
        labels = np.sign(case.rng.normal(size=len(law.values)))
        yield law.name, base * (0.3 + law.values)[:, None], labels, law.weights
    if case.groups is not None:
        place = case.groups
        apart = place.documents[:, 0] - place.documents[:, 1]
        seen = np.einsum("ma,mb->mab", place.queries, apart)
        labels = np.where(place.teacher[:, 0] >= place.teacher[:, 1], 1.0, -1.0)
        yield place.name, seen.reshape(len(seen), -1), labels, place.weights
