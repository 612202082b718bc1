"""Checks of Theorem 1 (f) to (h): mixtures, two-part limits, the best of K students."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from scipy.special import gammaln, xlogy

from rankbound.bounds.registry import statement
from rankbound.validation.checks.limits import DELTA, HOW, capital, hoeffding_term
from rankbound.validation.coverage import Coverage
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import LN2, loss, sigmoid
from rankbound.validation.students import Family, families, family
from rankbound.validation.worlds import Terms, World, laws, worlds

CHECKS: Final = CheckTable()


def _gibbs(hat: Any, width: float) -> tuple[Any, float]:
    """A posterior that prefers students with a small sample risk, and its KL."""
    posterior = np.exp(-20 * (hat - hat.min()) / width)
    posterior /= posterior.sum()
    return posterior, float(xlogy(posterior, posterior * len(hat)).sum())


@CHECKS.of("theorem-1f", "theorem-1f-pinsker")
def pac_bayes(case: Case) -> Finding:
    """Cover Gibbs posteriors chosen on the sample; verify Maurer's factor exactly."""
    tally, n, students = Tally(), 30, 60
    coverage = Coverage(tally, DELTA)
    for place in (_coins(students), *families(case, n, students)):
        runs = case.rounds(400 if place.name == "independent coins" else 150)
        _cover_mixtures(case, coverage, place, (runs, n))
    for size in (1, 2, 5, 30, 400, 2000):
        fine = _maurer(size) <= 2 * math.sqrt(size) * (1 + 1e-9)
        tally.require(fine, f"xi({size}) exceeds 2 sqrt(n)")
    return tally.finding(HOW, coverage.over(f"{case.rounds(150)} samples of {n}"))


def _coins(students: int) -> Family:
    """Students whose risks are independent coins; the sides are drawn anew."""
    means = np.linspace(0.3, 0.5, students)
    return Family("independent coins", np.ones(1), means[:, None], 0.0, 1.0)


def _sample(case: Case, place: Family, n: int) -> Any:
    if place.name == "independent coins":
        return (case.rng.random((len(place.risks), n)) < place.risks).astype(float)
    return place.risks[:, place.draw(case.rng, (n,))]


def _cover_mixtures(
    case: Case, coverage: Coverage, place: Family, shape: tuple[int, int]
) -> None:
    runs, n = shape
    width, count = place.high - place.low, len(place.risks)
    kept: list[tuple[float, float, float]] = []  # truth, centre, limit
    for _ in range(runs):
        draws = _sample(case, place, n)
        posterior, apart = _gibbs(draws.mean(axis=1), width)
        centre = float(posterior @ draws.mean(axis=1))
        if case.statement.procedure is None:
            limit = case.value(centre, width, apart, n, DELTA)
            log = apart + math.log(2 * math.sqrt(n) / DELTA)
            plain = centre + width * math.sqrt(log / (2 * n))
            coverage.tally.same(limit, plain)
        else:
            options = {"prior": np.full(count, 1 / count), "delta": DELTA}
            box = {"low": place.low, "high": place.high}
            limit = case.compute(draws, posterior, **box, **options)
            x, y = ((value - place.low) / width for value in (centre, limit))
            _kl_spent(coverage.tally, x, y, apart, n)
        kept.append((float(posterior @ place.means), centre, limit))
    truths, centres, limits = map(list, zip(*kept, strict=True))
    coverage.judge(truths, centres, limits, place.name)


def _kl_spent(tally: Tally, x: float, limit: float, apart: float, n: int) -> None:
    x, limit = max(x, 0.0), min(limit, 1.0)
    expected = (apart + math.log(2 * math.sqrt(n) / DELTA)) / n
    if limit == 1.0:  # the sample says nothing
        return
    spent = float(xlogy(x, x / limit) + xlogy(1 - x, (1 - x) / (1 - limit)))
    tally.require(abs(spent - expected) < 1e-6, "kl at the limit is another")


def _maurer(n: int) -> float:
    """Sum over k of Binomial(n, k / n) at k, at most 2 sqrt(n) by Maurer (2004)."""
    k = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    logs = logs + xlogy(k, k / n) + xlogy(n - k, 1 - k / n)
    return float(np.exp(logs).sum())


@CHECKS.of("theorem-1f-ensemble")
def ensemble(case: Case) -> Finding:
    """Average students' scores; cover the average's risk by the PAC-Bayes limit."""
    tally, n = Tally(), 30
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
    coverage = Coverage(tally, DELTA)
    runs = case.rounds(100)
    for place in worlds(case.rng, n, case.groups):
        _cover_averages(case, coverage, place, (runs, n))
    over = coverage.beside(f"{runs} samples of {n}")
    return tally.finding(
        "search, coverage", f"{case.rounds(300)} ensembles of 4; {over}"
    )


def _cover_averages(
    case: Case, coverage: Coverage, place: World, shape: tuple[int, int]
) -> None:
    """The matrix averaged over the posterior is the score-averaged student."""
    matrices = place.students(case.rng, norm=3.0, count=20)
    students = family(place, matrices)
    procedure = statement("theorem-1f").procedure
    if procedure is None:
        raise TypeError("theorem-1f has no procedure")
    options = {"prior": np.full(20, 0.05), "low": students.low, "high": students.high}
    truth, centre, limit = [], [], []
    for _ in range(shape[0]):
        draws = students.risks[:, students.draw(case.rng, (shape[1],))]
        hat = draws.mean(axis=1)
        posterior, _ = _gibbs(hat, students.high - students.low)
        averaged = np.tensordot(posterior, matrices, axes=1)
        truth.append(float(place.losses(averaged).mean(axis=1) @ place.weights))
        centre.append(float(posterior @ hat))
        limit.append(case.value(procedure(draws, posterior, delta=DELTA, **options)))
    coverage.judge(truth, centre, limit, place.name)


@CHECKS.of("theorem-1g")
def split(case: Case) -> Finding:
    """Cover a two-part risk whose parts rise together, and those of students."""
    tally, runs, n = Tally(), case.rounds(150), 40
    coverage = Coverage(tally, DELTA)
    for name, weights, terms in _two_parts(case, n):
        picked = case.rng.choice(len(weights), size=(runs, n), p=weights)
        entropies, divergences = terms.entropy[picked], terms.divergence[picked]
        limits = [
            case.compute(h, d, high=terms.high, delta=DELTA)
            for h, d in zip(entropies, divergences, strict=True)
        ]
        centre = (entropies + divergences).mean(axis=1)
        truth = float(weights @ (terms.entropy + terms.divergence))
        coverage.judge(truth, centre, limits, name)
    row = case.rng.beta(2, 5, n)
    found = case.compute(LN2 * row, 3.0 * row, high=3.0, delta=DELTA)
    parts = found / (LN2 + 3.0)  # both parts have the same limit on their scales
    tally.rounding = 1e-6
    tally.same(capital(row, parts, DELTA / 2), 2 / DELTA, "capital at the limit")
    return tally.finding(HOW, coverage.over(f"{runs} samples of {n}"))


def _two_parts(case: Case, n: int) -> Iterator[tuple[str, Any, Terms]]:
    """Entropy and divergence that follow a law together, and those of real queries."""
    for law in laws(n):
        yield law.name, law.weights, Terms(LN2 * law.values, 3 * law.values, 0.0, 3.0)
    for name, terms in case.real_terms().items():
        yield name, np.full(len(terms.risk), 1 / len(terms.risk)), terms


@CHECKS.of("theorem-1h")
def excess(case: Case) -> Finding:
    """Cover the excess risk of the best of 20 students on the sample."""
    tally, runs, n, students = Tally(), case.rounds(2000), 25, 20
    coverage = Coverage(tally, DELTA)
    means = np.linspace(0.3, 0.6, students)
    draws = case.rng.random((runs, students, n)) < means[:, None]
    chosen = means[draws.mean(axis=2).argmin(axis=1)]
    bound = case.value(1.0, n, students, DELTA)
    coverage.judge(chosen - means.min(), 0.0, bound, "independent coins")
    for place in families(case, n, students):
        hat = place.risks[:, place.draw(case.rng, (runs, n))].mean(axis=2)
        gap = place.means[hat.argmin(axis=0)] - place.means.min()
        limit = case.value(place.high - place.low, n, len(place.risks), DELTA)
        coverage.judge(gap, 0.0, limit, place.name)
    tally.same(bound, 2 * hoeffding_term(1.0, n, students / DELTA))
    return tally.finding(HOW, coverage.over(f"{runs} samples of {n}"))
