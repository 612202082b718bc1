"""Checks of Theorem 1 for fixed students: coverage on populations with known risk."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from scipy.special import xlogy
from scipy.stats import binom

from rankbound.bounds import limits
from rankbound.validation.coverage import Coverage, cover_means
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.students import Family, families

CHECKS: Final = CheckTable()
DELTA: Final = 0.1
HOW: Final = "coverage, Clopper-Pearson"


def hoeffding_term(width: float, n: int, union: float) -> float:
    """Width times the root of ln(union) / (2 n), as every textbook has it."""
    return width * math.sqrt(math.log(union) / (2 * n))


def cover_students(
    case: Case, tally: Tally, limit: Callable[[Any, Family], Any], runs: int
) -> str:
    """Cover the risks of five students at once; a miss of any of them is a miss.

    `limit` maps the risks of a sample, of shape (students, n), to limits.
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
    """Cover every population; compare the closed form with a plain one."""
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
    """Cover every population; compare the closed form with a plain one."""
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
    """Capital of the gamblers of Theorem 1 (d) against a mean."""
    n, stakes, stake = len(row), [], 0.98
    least = min(0.45, math.sqrt(8 * math.log(1 / delta) / n) / 3)
    while stake >= least:
        stakes.append(stake)
        stake /= 1.8
    return float(np.mean([np.prod(1 + u * (mean - row) / (1 - mean)) for u in stakes]))
