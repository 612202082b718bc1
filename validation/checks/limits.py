"""Checks of Theorem 1 for fixed students: coverage on populations with known risk."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy.special import gammaln, xlogy

from validation.coverage import Coverage, cover_means
from validation.findings import Case, CheckTable, Finding, Tally
from validation.plain import LN2, loss, sigmoid

CHECKS: Final = CheckTable()
DELTA: Final = 0.1
HOW: Final = "coverage, Clopper-Pearson"


def hoeffding_term(width: float, n: int, union: float) -> float:
    """Width times the root of ln(union) / (2 n), as every textbook has it."""
    return width * math.sqrt(math.log(union) / (2 * n))


@CHECKS.of("theorem-1a")
def hoeffding(case: Case) -> Finding:
    """Cover every population; compare the closed form with a plain one."""
    n = 40
    tally, over = cover_means(
        case,
        lambda x: case.value(x.mean(axis=1), 1.0, n, 1, DELTA),
        sizes=(2000, n),
        delta=DELTA,
    )
    for width, students in ((1.0, 1), (5.6, 20)):
        expected = 0.3 + hoeffding_term(width, n, students / DELTA)
        tally.same(case.value(0.3, width, n, students, DELTA), expected)
    return tally.finding(HOW, over)


@CHECKS.of("theorem-1c")
def bernstein(case: Case) -> Finding:
    """Cover every population; compare the closed form with a plain one."""
    n = 40

    def limit(x: Any) -> Any:
        return case.value(x.mean(axis=1), x.var(axis=1, ddof=1), 1.0, n, 1, DELTA)

    tally, over = cover_means(case, limit, sizes=(2000, n), delta=DELTA)
    log = math.log(2 * 3 / DELTA)
    expected = 0.3 + math.sqrt(2 * 0.05 * log / n) + 7 * 5.6 * log / (3 * (n - 1))
    tally.same(case.value(0.3, 0.05, 5.6, n, 3, DELTA), expected)
    return tally.finding(HOW, over)


@CHECKS.of("theorem-1b", "theorem-1d")
def inverted(case: Case) -> Finding:
    """Cover every population; solve for the limit's defining equation."""
    low, high, n = 0.2, 3.2, 40

    def limit(x: Any) -> Any:
        values = low + (high - low) * x
        return [
            (case.compute(row, low=low, high=high, delta=DELTA) - low) / (high - low)
            for row in values
        ]

    quick = 150 if case.statement.key == "theorem-1d" else 600
    tally, over = cover_means(case, limit, sizes=(quick, n), delta=DELTA)
    tally.rounding = 1e-6
    row = case.rng.beta(2, 5, n)
    found = case.compute(row, low=0.0, high=1.0, delta=DELTA, n_students=3)
    if case.statement.key == "theorem-1b":
        x = row.mean()
        spent = xlogy(x, x / found) + xlogy(1 - x, (1 - x) / (1 - found))
        tally.same(n * spent, math.log(3 / DELTA), "kl at the limit")
    else:
        tally.same(_capital(row, found), 3 / DELTA, "capital at the limit")
    return tally.finding(HOW, over)


def _capital(row: Any, mean: float) -> float:
    """Capital of the gamblers of Theorem 1 (d) against a mean."""
    n, stakes, stake = len(row), [], 0.98
    least = min(0.45, math.sqrt(8 * math.log(1 / DELTA) / n) / 3)
    while stake >= least:
        stakes.append(stake)
        stake /= 1.8
    return float(np.mean([np.prod(1 + u * (mean - row) / (1 - mean)) for u in stakes]))


@CHECKS.of("theorem-1f", "theorem-1f-pinsker")
def pac_bayes(case: Case) -> Finding:
    """Cover Gibbs posteriors chosen on the sample; verify Maurer's factor exactly."""
    tally = Tally()
    coverage = Coverage(tally, DELTA)
    runs, n, students = case.rounds(400), 30, 60
    prior = np.full(students, 1 / students)
    means = np.linspace(0.3, 0.5, students)
    kept: dict[str, list[float]] = {"truth": [], "centre": [], "limit": []}
    for _ in range(runs):
        draws = (case.rng.random((students, n)) < means[:, None]).astype(float)
        posterior = np.exp(-20 * draws.mean(axis=1))
        posterior /= posterior.sum()
        apart = float(xlogy(posterior, posterior * students).sum())
        centre = float(posterior @ draws.mean(axis=1))
        kept["truth"].append(float(posterior @ means))
        kept["centre"].append(centre)
        if case.statement.procedure is None:
            limit = case.value(centre, 1.0, apart, n, DELTA)
            log = apart + math.log(2 * math.sqrt(n) / DELTA)
            tally.same(limit, centre + math.sqrt(log / (2 * n)))
        else:
            options = {"prior": prior, "low": 0.0, "high": 1.0, "delta": DELTA}
            limit = case.compute(draws, posterior, **options)
            _kl_spent(tally, centre, limit, apart, n)
        kept["limit"].append(limit)
    coverage.judge(kept["truth"], kept["centre"], kept["limit"], "Gibbs posteriors")
    for size in (1, 2, 5, 30, 400, 2000):
        fine = _maurer(size) <= 2 * math.sqrt(size) * (1 + 1e-9)
        tally.require(fine, f"xi({size}) exceeds 2 sqrt(n)")
    return tally.finding(HOW, f"{runs} samples of {n} for {students} students")


def _kl_spent(tally: Tally, x: float, limit: float, apart: float, n: int) -> None:
    spent = float(xlogy(x, x / limit) + xlogy(1 - x, (1 - x) / (1 - limit)))
    expected = (apart + math.log(2 * math.sqrt(n) / DELTA)) / n
    tally.require(abs(spent - expected) < 1e-6, "kl at the limit is another")


def _maurer(n: int) -> float:
    """Sum over k of Binomial(n, k / n) at k, at most 2 sqrt(n) by Maurer (2004)."""
    k = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    logs = logs + xlogy(k, k / n) + xlogy(n - k, 1 - k / n)
    return float(np.exp(logs).sum())


@CHECKS.of("theorem-1f-ensemble")
def ensemble(case: Case) -> Finding:
    """Average random students' scores; attain it with students that agree."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        teacher = case.rng.normal(size=6) * 3
        scores = case.rng.normal(size=(4, 6)) * np.exp(case.rng.uniform(-3, 2))
        scores += case.rng.normal(size=6)
        posterior = case.rng.dirichlet(np.ones(4))
        p = sigmoid(np.subtract.outer(teacher, teacher))
        risks = [loss(p, np.subtract.outer(f, f)).mean() for f in scores]
        mixed = posterior @ scores
        together = loss(p, np.subtract.outer(mixed, mixed)).mean()
        tally.at_most(together, case.value(float(posterior @ risks)))
        tally.attained(risks[0], case.value(risks[0]))
    return tally.finding("adversarial search", f"{case.rounds(300)} ensembles of 4")


@CHECKS.of("theorem-1g")
def split(case: Case) -> Finding:
    """Cover a two-part risk whose parts rise together."""
    tally = Tally()
    runs, n, high = case.rounds(200), 40, 3.0
    entropy_of: Callable[[Any], Any] = lambda u: LN2 * u  # noqa: E731
    for name, chance in (("even", 0.5), ("Bernoulli(1/n)", 1 / n)):
        far = (case.rng.random((runs, n)) < chance).astype(float)
        entropies, divergences = entropy_of(far), high * far
        limits = [
            case.compute(h, d, high=high, delta=DELTA)
            for h, d in zip(entropies, divergences, strict=True)
        ]
        centre = (entropies + divergences).mean(axis=1)
        Coverage(tally, DELTA).judge((LN2 + high) * chance, centre, limits, name)
    row = case.rng.beta(2, 5, n)
    found = case.compute(LN2 * row, high * row, high=high, delta=DELTA)
    parts = found / (LN2 + high)  # both parts have the same limit on their scales
    tally.rounding = 1e-6
    tally.same(_at_half(row, parts), 2 / DELTA, "capital at the limit")
    return tally.finding(HOW, f"2 populations x {runs} samples of {n}")


def _at_half(row: Any, mean: float) -> float:
    """Capital at half the failure probability."""
    n, half, stakes, stake = len(row), DELTA / 2, [], 0.98
    least = min(0.45, math.sqrt(8 * math.log(1 / half) / n) / 3)
    while stake >= least:
        stakes.append(stake)
        stake /= 1.8
    return float(np.mean([np.prod(1 + u * (mean - row) / (1 - mean)) for u in stakes]))


@CHECKS.of("theorem-1h")
def excess(case: Case) -> Finding:
    """Cover the excess risk of the best of 20 students on the sample."""
    tally = Tally()
    runs, n, students = case.rounds(2000), 25, 20
    means = np.linspace(0.3, 0.6, students)
    draws = case.rng.random((runs, students, n)) < means[:, None]
    chosen = means[draws.mean(axis=2).argmin(axis=1)]
    bound = case.value(1.0, n, students, DELTA)
    Coverage(tally, DELTA).judge(chosen - means.min(), 0.0, bound, "20 students")
    tally.same(bound, 2 * hoeffding_term(1.0, n, students / DELTA))
    return tally.finding(HOW, f"{runs} samples of {n} for {students} students")
