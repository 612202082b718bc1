"""Checks of Theorem 1: limits for fixed students, mixtures, and the best of K."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import binom

from rankbound.bounds import limits
from rankbound.bounds.registry import statement
from rankbound.validation.findings import (
    Case,
    CheckTable,
    Coverage,
    Family,
    Finding,
    Tally,
    cover_means,
    families,
    family,
)
from rankbound.validation.plain import LN2, loss, sigmoid
from rankbound.validation.worlds import Terms, World, laws, worlds

CHECKS: Final = CheckTable()
DELTA: Final = 0.1
HOW: Final = "coverage, Clopper-Pearson"


def hoeffding_term(width: float, n: int, union: float) -> float:
    """Compute Hoeffding's term, ``width * sqrt(ln(union) / (2 n))``."""
    return width * math.sqrt(math.log(union) / (2 * n))


def cover_students(
    case: Case, tally: Tally, limit: Callable[[Any, Family], Any], runs: int
) -> str:
    """Cover the risks of five students at once; a miss of any of them counts.

    `limit` maps the risks of a sample, of shape (students, n), to limits. The
    description of what was covered is returned.
    """
    coverage, n = Coverage(tally, DELTA), 40
    for place in families(case, n, 5):
        samples = place.draw(case.rng, (runs, n))
        hat = place.risks[:, samples].mean(axis=2).T
        limits = np.array([limit(place.risks[:, row], place) for row in samples])
        worst = (place.means - limits).argmax(axis=1)
        rows = np.arange(runs)
        truth = place.means[worst]
        coverage.judge(truth, hat[rows, worst], limits[rows, worst], place.name)
    return f"5 students at once, {runs} samples each"


@CHECKS.of("theorem-1a")
def hoeffding(case: Case) -> Finding:
    """Cover every population; compare with a plain form."""
    n = 40
    tally, over = cover_means(
        case,
        lambda x: case.value(x.mean(axis=1), 1.0, n, 1, DELTA),
        sizes=(2000, n),
        delta=DELTA,
    )
    over += "; " + cover_students(
        case,
        tally,
        lambda x, f: case.value(x.mean(axis=1), f.high - f.low, n, len(x), DELTA),
        case.rounds(500),
    )
    for width, students in ((1.0, 1), (5.6, 20)):
        expected = 0.3 + hoeffding_term(width, n, students / DELTA)
        tally.same(case.value(0.3, width, n, students, DELTA), expected)
    for row, high, students in _samples(case):
        expected = row.mean() + hoeffding_term(high - 0.2, len(row), students / DELTA)
        found = limits.hoeffding(
            row, low=0.2, high=high, delta=DELTA, n_students=students
        )
        tally.same(found, min(high, expected), "function on a sample")
    return tally.finding(HOW, over)


def _samples(case: Case) -> Iterator[tuple[Any, float, int]]:
    """Samples on which a wrong constant shows: no variance, the most, and large ones.

    The function of `bounds.limits` repeats the closed form, for speed, so that it has
    to be compared by itself.
    """
    for n, high, students in ((2, 900.0, 1), (40, 5.8, 3), (3000, 3.2, 20)):
        for row in (
            np.full(n, 0.3),
            np.resize([0.2, high], n),
            0.2 + (high - 0.2) * case.rng.beta(2, 5, n),
            np.where(np.arange(n) == 0, high, 0.2),
        ):
            yield row, high, students


def bernstein_term(row: Any, width: float, union: float) -> float:
    """What Maurer and Pontil (2009) add to the mean, their Theorem 4, term by term."""
    n, centre = len(row), math.fsum(row) / len(row)
    # their variance: the mean over pairs of half the squared difference
    variance = math.fsum((x - centre) ** 2 for x in row) / (n - 1)
    log = math.log(2) + math.log(union)
    return math.sqrt(2 * variance * log / n) + 7 / 3 * width * log / (n - 1)


@CHECKS.of("theorem-1c")
def bernstein(case: Case) -> Finding:
    """Cover every population; compare with a plain form."""
    n = 40

    def limit(x: Any) -> Any:
        return case.value(x.mean(axis=1), x.var(axis=1, ddof=1), 1.0, n, 1, DELTA)

    tally, over = cover_means(case, limit, sizes=(2000, n), delta=DELTA)

    def at_once(x: Any, f: Family) -> Any:
        spread = x.var(axis=1, ddof=1)
        return case.value(x.mean(axis=1), spread, f.high - f.low, n, len(x), DELTA)

    over += "; " + cover_students(case, tally, at_once, case.rounds(500))
    log = math.log(2 * 3 / DELTA)
    expected = 0.3 + math.sqrt(2 * 0.05 * log / n) + 7 * 5.6 * log / (3 * (n - 1))
    tally.same(case.value(0.3, 0.05, 5.6, n, 3, DELTA), expected)
    for row, high, students in _samples(case):
        expected = row.mean() + bernstein_term(row, high - 0.2, students / DELTA)
        found = limits.empirical_bernstein(
            row, low=0.2, high=high, delta=DELTA, n_students=students
        )
        tally.same(found, min(high, expected), "function on a sample")
    single = limits.empirical_bernstein([0.5], low=0.2, high=3.2, delta=DELTA)
    tally.same(single, 3.2, "one query has no variance")
    _count_misses_of_coins(case, tally, n)
    return tally.finding(HOW, f"{over}; all coins by enumeration")


def _count_misses_of_coins(case: Case, tally: Tally, n: int) -> None:
    """The chance of a miss for coins of every bias, exactly: the extremal laws."""
    counts = np.arange(n + 1)
    means = counts / n
    variances = n * means * (1 - means) / (n - 1)
    upper = np.array([
        case.value(mean, variance, 1.0, n, 1, DELTA)
        for mean, variance in zip(means, variances, strict=True)
    ])  # fmt: skip
    for chance in np.linspace(0, 1, 201):
        missed = math.fsum(binom.pmf(counts[upper < chance - 1e-12], n, chance))
        tally.require(missed <= DELTA, f"coins of {chance:.3g} miss {missed:.3g}")


@CHECKS.of("theorem-1b", "theorem-1d")
def inverted(case: Case) -> Finding:
    """Cover every population; insert the limit into the equation that defines it."""
    low, high, n = 0.2, 3.2, 40

    def limit(x: Any) -> Any:
        values = low + (high - low) * x
        return [
            (case.compute(row, low=low, high=high, delta=DELTA) - low) / (high - low)
            for row in values
        ]

    quick = 150 if case.statement.key == "theorem-1d" else 600
    tally, over = cover_means(case, limit, sizes=(quick, n), delta=DELTA)

    def at_once(x: Any, f: Family) -> Any:
        options = {"low": f.low, "high": f.high, "n_students": len(x)}
        return [case.compute(row, **options, delta=DELTA) for row in x]

    over += "; " + cover_students(case, tally, at_once, case.rounds(60))
    tally.rounding = 1e-6
    row = case.rng.beta(2, 5, n)
    found = case.compute(row, low=0.0, high=1.0, delta=DELTA, n_students=3)
    if case.statement.key == "theorem-1b":
        x = row.mean()
        spent = xlogy(x, x / found) + xlogy(1 - x, (1 - x) / (1 - found))
        tally.same(n * spent, math.log(3 / DELTA), "kl at the limit")
    else:
        tally.same(capital(row, found), 3 / DELTA, "capital at the limit")
    return tally.finding(HOW, over)


def capital(row: Any, mean: float, delta: float = DELTA) -> float:
    """Compute the average capital of Theorem 1 (d) against a hypothetical mean."""
    n, stakes, stake = len(row), [], 0.98
    least = min(0.45, math.sqrt(8 * math.log(1 / delta) / n) / 3)
    while stake >= least:
        stakes.append(stake)
        stake /= 1.8
    return float(np.mean([np.prod(1 + u * (mean - row) / (1 - mean)) for u in stakes]))


def _gibbs(hat: Any, width: float) -> tuple[Any, float]:
    """Return a posterior that prefers small sample risks, and its KL from uniform."""
    posterior = np.exp(-20 * (hat - hat.min()) / width)
    posterior /= posterior.sum()
    return posterior, float(xlogy(posterior, posterior * len(hat)).sum())


@CHECKS.of("theorem-1f", "theorem-1f-pinsker")
def pac_bayes(case: Case) -> Finding:
    """Cover Gibbs posteriors chosen on the sample; verify Maurer's bound by sums."""
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
    """Students whose losses are independent coins; `_sample` tosses them."""
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
    if limit == 1.0:  # a vacuous limit does not solve the equation
        return
    spent = float(xlogy(x, x / limit) + xlogy(1 - x, (1 - x) / (1 - limit)))
    tally.require(abs(spent - expected) < 1e-6, "kl at the limit is another")


def _maurer(n: int) -> float:
    """Sum over k of P(Binomial(n, k / n) = k), at most 2 sqrt(n) by Maurer (2004)."""
    k = np.arange(n + 1)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    logs = logs + xlogy(k, k / n) + xlogy(n - k, 1 - k / n)
    return float(np.exp(logs).sum())


@CHECKS.of("theorem-1f-ensemble")
def ensemble(case: Case) -> Finding:
    """Average the scores of students; cover the average by the PAC-Bayes limit."""
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
    """Cover the averaged student, whose matrix is the mean under the posterior."""
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
    """Cover two-part risks whose parts rise together, and those of real queries."""
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
    parts = found / (LN2 + 3.0)  # rescaled, both parts have the same limit
    tally.rounding = 1e-6
    tally.same(capital(row, parts, DELTA / 2), 2 / DELTA, "capital at the limit")
    return tally.finding(HOW, coverage.over(f"{runs} samples of {n}"))


def _two_parts(case: Case, n: int) -> Iterator[tuple[str, Any, Terms]]:
    """Yield terms that follow a law together, and the terms of real queries."""
    for law in laws(n):
        yield law.name, law.weights, Terms(LN2 * law.values, 3 * law.values, 0.0, 3.0)
    for name, terms in case.real_terms().items():
        yield name, np.full(len(terms.risk), 1 / len(terms.risk)), terms


@CHECKS.of("theorem-1h")
def excess(case: Case) -> Finding:
    """Cover the excess risk of the student that is best on the sample, of 20."""
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
