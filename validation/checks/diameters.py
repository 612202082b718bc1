"""Checks of Lemma 5 and Theorem 7: quantile diameters and their price."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from scipy.stats import binom

from bounds.truncation import Truncation
from validation.coverage import Coverage
from validation.findings import Case, CheckTable, Finding, Tally
from validation.plain import loss

CHECKS: Final = CheckTable()
DELTA: Final = 0.1


@CHECKS.of("lemma-5a")
def rank(case: Case) -> Finding:
    """Compute the coverage of the rank, and of the one below, exactly."""
    tally = Tally()
    for n in (60, 299, 1000):
        for level, delta in ((0.95, 0.05), (0.99, 0.06), (0.5, 0.01)):
            if level**n > delta:
                continue
            r = int(case.compute(n, level=level, delta=delta))
            # P(F(Y_(r)) >= level) for a continuous law
            covered = binom.cdf([r - 1, r - 2], n, level)
            tally.require(covered[0] >= 1 - delta, f"rank {r} of {n} covers too little")
            tally.require(covered[1] < 1 - delta, f"a rank below {r} of {n} would do")
    tally.require(int(case.compute(299, level=0.99, delta=0.05)) == 299, "the 299th")
    return tally.finding("exact binomial", "3 sample sizes x 3 levels")


@CHECKS.of("lemma-5a-maximum")
def maximum(case: Case) -> Finding:
    """Compute the chance that more mass lies beyond the maximum, exactly."""
    tally = Tally()
    for n in (1, 10, 299, 10**6):
        for delta in (0.5, 0.05, 1e-6):
            mass = case.value(n, delta)
            tally.attained(math.exp(n * math.log1p(-mass)), delta)
    return tally.finding("exact, attained", "4 sample sizes x 3 deltas")


@CHECKS.of("lemma-5b")
def tail_share(case: Case) -> Finding:
    """Cover the share of far pairs of dependent pairs of a query."""
    tally, n, runs = Tally(), 40, case.rounds(200)
    for name, chance in (("clustered", 0.2), ("rare", 1 / n)):
        far = case.rng.random((runs, n, 1)) < chance
        rows = np.where(np.repeat(far, 3, axis=2), 2.0, 0.5)
        limits = [case.compute(list(r), threshold=1.0, delta=DELTA) for r in rows]
        Coverage(tally, DELTA).judge(chance, far.mean(axis=(1, 2)), limits, name)
    all_far = case.compute([[2.0, 2.0]] * 9, threshold=1.0, delta=DELTA)
    tally.same(all_far, 1.0, "all far")
    return tally.finding("coverage, Clopper-Pearson", f"2 laws, {runs} samples of {n}")


@CHECKS.of("lemma-5c")
def one_query(case: Case) -> Finding:
    """Cover the share of far pairs among k documents of two clusters."""
    tally, runs = Tally(), case.rounds(4000)
    for k in (2, 5, 16):
        bound = case.compute(k, delta=DELTA)
        tally.same(bound, math.sqrt(math.log(1 / DELTA) / (2 * (k // 2))))
        for mass in (0.1, 0.5):
            ones = binom.rvs(k, mass, size=runs, random_state=case.rng)
            share = ones * (k - ones) / (k * (k - 1) / 2)
            truth = 2 * mass * (1 - mass)
            Coverage(tally, DELTA).judge(truth, share, share + bound, f"k = {k}")
    return tally.finding("coverage, Clopper-Pearson", f"3 sizes, {runs} samples")


@CHECKS.of("lemma-5d")
def no_far_pair(case: Case) -> Finding:
    """Attain it by one tight cluster; search graphs of near documents exactly."""
    tally = Tally()
    for k in (2, 3, 16):
        for delta in (0.5, 0.05):
            far = case.value(k, delta)
            # mass of the cluster is sqrt(1 - far); all k documents lie in it
            tally.attained(math.exp(k / 2 * math.log1p(-far)), delta)
    for _ in range(case.rounds(200)):
        near = np.triu(case.rng.random((4, 4)) < 0.6, 1)
        near = near | near.T | (np.eye(4) > 0)
        law = case.rng.dirichlet(np.ones(4))
        share = 1 - float(law @ near @ law)
        chance = float(np.einsum("i,j,k,ij,jk,ik", law, law, law, near, near, near))
        if 0 < chance < 1 - 1e-9:
            tally.at_most(share, case.value(3, chance))
    return tally.finding("search, attained", f"{case.rounds(200)} graphs, k = 3")


@CHECKS.of("lemma-5e")
def nested(case: Case) -> Finding:
    """Search shares of pairs within the limit, query by query; attain the product."""
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
    """Search distances and margins; attain it with no pair beyond the threshold."""
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
    """Cover the risk of reversed far pairs that a sample seldom shows."""
    tally, n, runs = Tally(), 40, case.rounds(200)
    cut_at = Truncation(lipschitz=2.0, threshold=1.0, largest=3.0)
    for name, chance in (("rare", 1 / n), ("common", 0.3)):
        far = case.rng.random((runs, n)) < chance
        reversed_far, close = math.log1p(math.exp(6.0)), math.log1p(math.exp(0.5))
        risks = np.where(far, np.logaddexp(0, 2.0), close)
        excess = np.where(far, 2.0, 0.0)
        limits = [
            case.compute(r, e, truncation=cut_at, delta=DELTA)
            for r, e in zip(risks, excess, strict=True)
        ]
        truth = chance * reversed_far + (1 - chance) * close
        share = far.mean(axis=1)
        centre = share * reversed_far + (1 - share) * close
        Coverage(tally, DELTA).judge(truth, centre, limits, name)
    top = case.compute([np.logaddexp(0, 2.0)] * 9, [2.0] * 9, truncation=cut_at,
                       delta=DELTA)  # fmt: skip
    tally.same(top, np.logaddexp(0, 2.0) + 4.0, "all beyond")
    return tally.finding("coverage, Clopper-Pearson", f"2 laws, {runs} samples of {n}")
