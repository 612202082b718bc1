"""Checks of Lemma 5 (distances) and Theorem 7 (distances cut at a threshold)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from scipy.stats import binom

from rankbound.bounds.theorem7 import Truncation
from rankbound.validation.checks.limits import HOW, capital
from rankbound.validation.findings import Case, CheckTable, Coverage, Finding, Tally
from rankbound.validation.plain import differences, loss
from rankbound.validation.worlds import Law, Pool, laws, pools, worlds

CHECKS: Final = CheckTable()
DELTA: Final = 0.1


@CHECKS.of("lemma-5a")
def rank(case: Case) -> Finding:
    """Compute the exact coverage of the rank, and of the rank below it."""
    tally = Tally()
    coverage, n, runs = Coverage(tally, DELTA), 40, case.rounds(1000)
    r = int(case.compute(n, level=0.9, delta=DELTA))
    for name, widths, weights in _widths(case, n):
        truth = quantile(widths, weights, 0.9)
        draws = np.sort(_drawn(case, widths, weights, (runs, n)), axis=1)
        middle = draws[:, math.ceil(0.9 * n) - 1]
        coverage.judge(truth, middle, draws[:, r - 1], name)
    for size in (60, 299, 1000):
        for level, delta in ((0.95, 0.05), (0.99, 0.06), (0.5, 0.01)):
            if level**size > delta:
                continue
            r = int(case.compute(size, level=level, delta=delta))
            # P(F(Y_(r)) >= level) for a continuous law
            covered = binom.cdf([r - 1, r - 2], size, level)
            tally.require(
                covered[0] >= 1 - delta, f"rank {r} of {size} covers too little"
            )
            tally.require(
                covered[1] < 1 - delta, f"a rank below {r} of {size} would do"
            )
    tally.require(int(case.compute(299, level=0.99, delta=0.05)) == 299, "the 299th")
    over = coverage.beside(f"{runs} samples of {n}")
    return tally.finding("exact binomial, coverage", f"3 sizes x 3 levels; {over}")


def _widths(case: Case, n: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield the largest distance in each group of a world, and the groups' weights."""
    for place in worlds(case.rng, n, case.groups):
        yield place.name, place.distances.max(axis=1), place.weights
    for law in laws(n):
        yield law.name, law.values, law.weights


def _drawn(case: Case, values: Any, weights: Any, shape: tuple[int, int]) -> Any:
    return values[case.rng.choice(len(values), size=shape, p=weights)]


def quantile(values: Any, weights: Any, level: float) -> float:
    """Return the smallest value with at least this much mass at or below it."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, level - 1e-12)])


@CHECKS.of("lemma-5a-maximum")
def maximum(case: Case) -> Finding:
    """Compute the exact probability that more mass lies beyond the maximum."""
    tally = Tally()
    for n in (1, 10, 299, 10**6):
        for delta in (0.5, 0.05, 1e-6):
            mass = case.value(n, delta)
            tally.attained(math.exp(n * math.log1p(-mass)), delta)
    coverage, n, runs = Coverage(tally, DELTA), 40, case.rounds(1000)
    limit = case.value(n, DELTA)
    for name, widths, weights in _widths(case, n):
        largest = _drawn(case, widths, weights, (runs, n)).max(axis=1)
        beyond = (widths[:, None] > largest) * weights[:, None]
        coverage.judge(beyond.sum(axis=0), 0.0, limit, name)
    over = coverage.beside(f"{runs} samples of {n}")
    return tally.finding("exact, attained, coverage", f"4 sizes x 3 deltas; {over}")


@CHECKS.of("lemma-5b")
def tail_share(case: Case) -> Finding:
    """Cover the share of far pairs, where the pairs of a query are dependent."""
    tally, n, runs = Tally(), 40, case.rounds(150)
    coverage = Coverage(tally, DELTA)
    far = Law("all or none far", np.array([0.5, 2.0]), np.array([0.8, 0.2]))
    alike = np.repeat(far.values[:, None], 3, axis=1)
    tables = [(far.name, alike, far.weights)]
    for place in worlds(case.rng, n, case.groups):
        tables.append((place.name, place.distances, place.weights))
    for name, distances, weights in tables:
        t = quantile(distances.ravel(), of_pairs(distances, weights), 0.8) / 1.001
        shares = (distances > t).mean(axis=1)
        picked = case.rng.choice(len(weights), size=(runs, n), p=weights)
        limits = [
            case.compute(distances[row].tolist(), threshold=t, delta=DELTA)
            for row in picked
        ]
        centre = shares[picked].mean(axis=1)
        coverage.judge(float(shares @ weights), centre, limits, name)
    all_far = case.compute([[2.0, 2.0]] * 9, threshold=1.0, delta=DELTA)
    tally.same(all_far, 1.0, "all far")
    shares = case.rng.integers(0, 5, n) / 4
    rows = [[2.0] * int(4 * x) + [0.5] * int(4 - 4 * x) for x in shares]
    found = case.compute(rows, threshold=1.0, delta=DELTA)
    tally.rounding = 1e-6
    tally.same(capital(shares, found), 1 / DELTA, "capital at the limit")
    return tally.finding(HOW, coverage.over(f"{runs} samples of {n}"))


def of_pairs(distances: Any, weights: Any) -> Any:
    """Return the probability of every pair, if a query and then a pair is drawn."""
    count = distances.shape[1]
    return np.repeat(weights / count, count)


def _far(pool: Pool) -> tuple[Any, float]:
    """Return which pairs of documents are far, and the probability of a far pair."""
    far = pool.distances > 0.4 * pool.distances.max()
    return far, float(pool.weights @ far @ pool.weights)


def _shares(case: Case, pool: Pool, runs: int, k: int) -> Any:
    """Draw shares of far pairs among k independent documents."""
    picked = case.rng.choice(len(pool.weights), size=(runs, k), p=pool.weights)
    first, second = np.triu_indices(k, 1)
    return _far(pool)[0][picked[:, first], picked[:, second]].mean(axis=1)


@CHECKS.of("lemma-5c")
def one_query(case: Case) -> Finding:
    """Cover the share of far pairs among k documents of a query."""
    tally, runs = Tally(), case.rounds(2000)
    coverage = Coverage(tally, DELTA)
    for k in (2, 5, 16):
        bound = case.compute(k, delta=DELTA)
        tally.same(bound, math.sqrt(math.log(1 / DELTA) / (2 * (k // 2))))
        for pool in pools(k, case.groups):
            share = _shares(case, pool, runs, k)
            coverage.judge(_far(pool)[1], share, share + bound, pool.name)
    return tally.finding(HOW, coverage.over(f"k = 2, 5, 16, {runs} groups"))


@CHECKS.of("lemma-5d")
def no_far_pair(case: Case) -> Finding:
    """Attain the bound by one tight cluster; search graphs of near documents."""
    tally = Tally()
    for k in (2, 3, 16):
        for delta in (0.5, 0.05):
            far = case.value(k, delta)
            # All k documents lie in a cluster of mass sqrt(1 - far)
            tally.attained(math.exp(k / 2 * math.log1p(-far)), delta)
    for _ in range(case.rounds(200)):
        near = np.triu(case.rng.random((4, 4)) < 0.6, 1)
        near = near | near.T | (np.eye(4) > 0)
        law = case.rng.dirichlet(np.ones(4))
        share = 1 - float(law @ near @ law)
        chance = float(np.einsum("i,j,k,ij,jk,ik", law, law, law, near, near, near))
        if 0 < chance < 1 - 1e-9:
            tally.at_most(share, case.value(3, chance))
    coverage, runs = Coverage(tally, DELTA), case.rounds(2000)
    for k in (2, 16):
        for pool in pools(k, case.groups):
            none = _shares(case, pool, runs, k) == 0
            certified = np.where(none, case.value(k, DELTA), 1.0)
            coverage.judge(_far(pool)[1], 0.0, certified, pool.name)
    over = coverage.beside(f"k = 2, 16, {runs} groups")
    return tally.finding(
        "search, attained, coverage", f"{case.rounds(200)} graphs; {over}"
    )


@CHECKS.of("lemma-5e")
def nested(case: Case) -> Finding:
    """Search shares of pairs and of queries within the limits; attain the product."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        pairs, queries = case.rng.random(2)
        bound = case.value(pairs, queries)
        inside = queries + (1 - queries) * case.rng.random()
        within = pairs + (1 - pairs) * case.rng.random()
        tally.at_most(bound, inside * within)
        tally.attained(bound, queries * pairs + (1 - queries) * 0.0)
    return tally.finding("search, attained", f"{case.rounds(300)} pairs of levels")


def _truncated(d: Any, losses: Any, lipschitz: float, t: float) -> Any:
    return np.where(d <= t, losses, np.logaddexp(0, lipschitz * t))


@CHECKS.of("theorem-7a", "theorem-7a-mass")
def cut(case: Case) -> Finding:
    """Search distances and margins; attain equality with no pair beyond the cut."""
    tally = Tally()
    for _ in range(case.rounds(400)):
        d = case.rng.random(6) * 3
        lipschitz = math.exp(case.rng.uniform(-1, 3))
        sides = np.sign(case.rng.normal(size=6))
        losses: Any = loss((sides < 0).astype(float), sides * lipschitz * d)
        t = float(case.rng.uniform(0.1, 1.2) * d.max())
        truncated = float(_truncated(d, losses, lipschitz, t).mean())
        far = float((d > t).mean())
        if case.statement.key == "theorem-7a":
            excess = float(np.maximum(d - t, 0).mean())
            bound = case.value(truncated, lipschitz, excess)
            tally.same(bound, truncated + lipschitz * excess)
        else:
            top = max(float(d.max()), t)
            bound = case.value(truncated, lipschitz, top, t, far)
            tally.same(bound, truncated + lipschitz * (top - t) * far)
        tally.at_most(losses.mean(), bound)
        if far == 0:
            tally.attained(losses.mean(), bound)
    return tally.finding("search, attained", f"{case.rounds(400)} sets of pairs")


@CHECKS.of("theorem-7b")
def with_its_price(case: Case) -> Finding:
    """Cover the risk of students on every world, and of far pairs that are rare."""
    tally, n, runs = Tally(), 40, case.rounds(100)
    coverage = Coverage(tally, DELTA)
    for name, cut_at, distances, losses, weights in _cut_worlds(case, n):
        risks = losses.mean(axis=1)
        cut_losses = _truncated(distances, losses, cut_at.lipschitz, cut_at.threshold)
        truncated = cut_losses.mean(axis=1)
        excess = np.maximum(distances - cut_at.threshold, 0).mean(axis=1)
        picked = case.rng.choice(len(weights), size=(runs, n), p=weights)
        limits = [
            case.compute(truncated[row], excess[row], truncation=cut_at, delta=DELTA)
            for row in picked
        ]
        centre = risks[picked].mean(axis=1)
        coverage.judge(float(risks @ weights), centre, limits, name)
    cut_at = Truncation(lipschitz=2.0, threshold=1.0, largest=3.0)
    top = case.compute([np.logaddexp(0, 2.0)] * 9, [2.0] * 9, truncation=cut_at,
                       delta=DELTA)  # fmt: skip
    tally.same(top, np.logaddexp(0, 2.0) + 4.0, "all beyond")
    row = case.rng.beta(2, 5, n)  # rescaled, both parts have the same limit
    low, high = np.logaddexp(0, -2.0), np.logaddexp(0, 2.0)
    options = {"truncation": cut_at, "delta": DELTA}
    found = case.compute(low + (high - low) * row, 2.0 * row, **options)
    part = (found - low) / (high - low + 4.0)
    tally.rounding = 1e-6
    tally.same(capital(row, part, DELTA / 2), 2 / DELTA, "capital at the limit")
    return tally.finding(HOW, coverage.over(f"{runs} samples of {n}"))


def _cut_worlds(case: Case, n: int) -> Iterator[tuple[str, Truncation, Any, Any, Any]]:
    """Yield a name, the cut, distances and losses by query, and query weights."""
    for name, chance in (("rare reversed pairs", 1 / n), ("common ones", 0.3)):
        cut_at = Truncation(lipschitz=2.0, threshold=1.0, largest=3.0)
        losses = np.logaddexp(0, [[0.5], [6.0]])
        weights = np.array([1 - chance, chance])
        yield name, cut_at, np.array([[0.25], [3.0]]), losses, weights
    for place in worlds(case.rng, n, case.groups):
        student, distances = place.one_student(case.rng), place.distances
        margins = np.abs(differences(place.scores(student)))
        apart = distances > 0
        steep = float((margins[apart] / distances[apart]).max()) + 1e-9
        t = quantile(distances.ravel(), of_pairs(distances, place.weights), 0.8)
        largest = float(distances.max()) + 1e-9
        cut_at = Truncation(lipschitz=steep, threshold=max(t, 0.1), largest=largest)
        yield place.name, cut_at, distances, place.losses(student), place.weights
