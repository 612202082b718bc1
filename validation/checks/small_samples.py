"""Checks of Theorems 8 to 11: shares, floors, pilot choices and paired students."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta, binom

from rankbound.bounds.betting import betting
from rankbound.bounds.contenders import contenders
from rankbound.bounds.limits import (
    empirical_bernstein,
    hoeffding,
    kl_chernoff,
    split_limit,
)
from rankbound.bounds.pilot import choose_stake, clipped
from rankbound.data.columns import Floats
from rankbound.validation.checks.diameters import quantile
from rankbound.validation.checks.limits import DELTA, HOW, capital
from rankbound.validation.findings import (
    Case,
    CheckTable,
    Coverage,
    Family,
    Finding,
    Tally,
    families,
    populations,
)
from rankbound.validation.plain import LN2, best_cut, differences, loss
from rankbound.validation.worlds import laws

CHECKS: Final = CheckTable()
SIZES: Final = (20, 43, 54, 250, 1500)
Rule = Callable[..., float]


def _risks(case: Case, n: int) -> Iterator[tuple[str, Any, Any]]:
    """Finite laws of a risk: names, values and their chances."""
    for law in laws(n):
        yield law.name, law.values, law.weights
    for name, values in case.real_risks().items():
        yield name, values, np.full(len(values), 1 / len(values))


def _tail(count: int, n: int, share: float) -> float:
    """Chance of this count or more, summed term by term."""
    return math.fsum(binom.pmf(np.arange(count, n + 1), n, share))


@CHECKS.of("theorem-8a")
def share(case: Case) -> Finding:
    """Sum the binomial at the limit; enumerate the misses; cover shares of queries."""
    tally, n, runs = Tally(), 40, case.rounds(1000)
    coverage = Coverage(tally, DELTA)
    table = np.array([case.compute(c, n, delta=DELTA) for c in range(n + 1)])
    for name, values, weights in _risks(case, n):
        for x in np.quantile(values, [0.3, 0.8]):
            truth = float(weights @ (values <= x))
            picked = case.rng.choice(len(values), size=(runs, n), p=weights)
            count = (values[picked] <= x).sum(axis=1)
            coverage.judge(1 - truth, 1 - count / n, 1 - table[count], name)
    tally.rounding = 1e-7
    for size, students in ((1, 1), (10, 1), (43, 3), (1080, 1)):
        for count in sorted({1, size // 2, size - 1, size} - {0}):
            found = case.compute(count, size, delta=0.05, n_students=students)
            tally.same(_tail(count, size, found), 0.05 / students, "tail at the limit")
            plain = beta.ppf(0.05 / students, count, size - count + 1)
            tally.same(found, plain, "beta quantile")
    tally.require(case.compute(0, 9, delta=0.05) == 0, "a limit from no query at all")
    _count_misses(tally, table, n)
    over = coverage.beside(f"{runs} samples of {n}")
    return tally.finding(
        "exact binomial, coverage", f"999 shares by enumeration; {over}"
    )


def _count_misses(tally: Tally, table: Any, n: int) -> None:
    """The chance that the limit is above the share, exactly, for every share."""
    counts = np.arange(n + 1)
    for true in np.linspace(0.001, 0.999, 999):
        missed = math.fsum(binom.pmf(counts[table > true], n, true))
        tally.at_most(missed, DELTA, "misses of the share")


@CHECKS.of("theorem-8b")
def tolerance(case: Case) -> Finding:
    """Compute the coverage of the rank, and of the one below, exactly."""
    tally, n, runs = Tally(), 60, case.rounds(1000)
    coverage = Coverage(tally, DELTA)
    r = int(case.compute(n, level=0.8, delta=DELTA))
    for name, values, weights in _risks(case, n):
        truth = quantile(values, weights, 0.8)
        picked = case.rng.choice(len(values), size=(runs, n), p=weights)
        drawn = np.sort(values[picked], axis=1)
        centre = drawn[:, math.ceil(0.8 * n) - 1]
        coverage.judge(truth, centre, drawn[:, r - 1], name)
    for size, level, students in ((29, 0.9, 1), (54, 0.9, 12), (300, 0.5, 3)):
        delta = 0.05
        r = int(case.compute(size, level=level, delta=delta, n_students=students))
        covered = binom.cdf([r - 1, r - 2], size, level)
        each = 1 - delta / students
        tally.require(covered[0] >= each, f"rank {r} of {size} covers too little")
        tally.require(covered[1] < each, f"a rank below {r} of {size} would do")
    over = coverage.beside(f"{runs} samples of {n}")
    return tally.finding("exact binomial, coverage", f"3 sizes; {over}")


@CHECKS.of("theorem-8b-queries")
def tolerance_queries(case: Case) -> Finding:
    """Attain the chance that all queries lie below a quantile."""
    tally = Tally()
    for level in (0.5, 0.9, 0.99):
        for students in (1, 3, 12):
            for delta in (0.05, 1e-6):
                n = case.value(students, delta, level)
                tally.attained(level**n, delta / students)
    for students, least in ((1, 29), (3, 39), (12, 53)):
        tally.require(
            math.ceil(case.value(students, 0.05, 0.9)) == least, f"K = {students}"
        )
    return tally.finding("attained", "3 levels, K = 1, 3, 12")


@CHECKS.of("theorem-8c")
def rising(case: Case) -> Finding:
    """Cover both directions at once for two students on the same queries."""
    tally, n, runs = Tally(), 40, case.rounds(400)
    coverage = Coverage(tally, DELTA)
    for place in families(case, n, 2):
        apart = place.risks[0] - place.risks[1]
        apart = np.where(np.abs(apart) < np.quantile(np.abs(apart), 0.1), 0.0, apart)
        truth = np.array([place.weights @ (side * apart > 1e-9) for side in (1, -1)])
        drawn = apart[place.draw(case.rng, (runs, n))]
        both = np.array(
            [[_least(case, side * row) for side in (1, -1)] for row in drawn]
        )
        shares = np.array([(side * drawn > 1e-9).mean(axis=1) for side in (1, -1)]).T
        rows, worst = np.arange(runs), (both - truth).argmax(axis=1)
        centre, limit = 1 - shares[rows, worst], 1 - both[rows, worst]
        coverage.judge(1 - truth[worst], centre, limit, place.name)
    tally.rounding = 1e-7
    row = np.repeat([1.0, 0.0, -1.0], [20, 5, 10])
    tally.same(_tail(20, 35, _least(case, row)), DELTA / 2, "rises")
    tally.same(_tail(10, 35, _least(case, -row)), DELTA / 2, "falls")
    every = case.compute(np.ones(76), delta=0.05)
    tally.same(every, 0.025 ** (1 / 76), "76 of 76")
    return tally.finding(HOW, coverage.over(f"both sides, {runs} samples of {n}"))


def _least(case: Case, row: Any) -> float:
    return float(case.compute(row, delta=DELTA))


def _rules(case: Case, high: float, students: int) -> dict[str, Rule]:
    """Every limit offered, of values in [0, high], also with other stakes."""
    stakes = case.rng.uniform(0.001, 0.999, int(case.rng.integers(1, 4)))
    rules: dict[str, Rule] = {
        "betting": betting,
        "other stakes": partial(betting, stakes=stakes),
        "kl": kl_chernoff,
        "hoeffding": hoeffding,
        "bernstein": empirical_bernstein,
        "split": _split,
    }
    of = {"low": 0.0, "high": high, "n_students": students}
    return {name: partial(rule, **of) for name, rule in rules.items()}


def _split(row: Any, *, low: float, **of: Any) -> float:
    """The limit of the two parts of a risk."""
    return split_limit(np.minimum(row, LN2), np.maximum(row - LN2, low), **of)


@CHECKS.of("theorem-9a")
def floor(case: Case) -> Finding:
    """Search samples for a limit below the floor; attain it by the kl limit."""
    tally = Tally(rounding=1e-7)
    for _ in range(case.rounds(60)):
        n, students = int(case.rng.integers(1, 80)), int(case.rng.integers(1, 5))
        delta = math.exp(-case.rng.uniform(0.05, 12))
        first, second = np.exp(case.rng.uniform(-2, 2, 2))
        high = float(case.rng.uniform(0.8, 6))
        row: Any = high * case.rng.beta(first, second, n)
        if case.rng.random() < 0.3:
            row = high * (case.rng.random(n) < 0.2)
        bound = case.value(float(row.mean()), high, n, students, delta)
        share = (delta / students) ** (1 / n)
        tally.same(bound, share * row.mean() + (1 - share) * high)
        for name, rule in _rules(case, high, students).items():
            tally.at_most(bound, rule(row, delta=delta), name)
        none = case.value(0.0, high, n, students, delta)
        limit = _rules(case, high, students)["kl"](np.zeros(n), delta=delta)
        tally.attained(none, limit)
    return tally.finding(
        "search, attained", f"{case.rounds(60)} samples, every limit offered"
    )


def _coin_limits(case: Case, n: int, delta: float) -> dict[str, Floats]:
    """Limits of every count of ones among n coins, by rule; exact at any chance."""
    coins = [np.repeat([1.0, 0.0], [count, n - count]) for count in range(n + 1)]
    rules = _rules(case, 1.0, 1)
    found = {
        name: np.array([rules[name](row, delta=delta) for row in coins])
        for name in ("betting", "other stakes", "kl")
    }
    exact = [beta.ppf(1 - delta, c + 1, n - c) if c < n else 1.0 for c in range(n + 1)]
    return {**found, "Clopper-Pearson": np.array(exact)}


@CHECKS.of("theorem-9b", "theorem-9b-median")
def floor_of_any_rule(case: Case) -> Finding:
    """Enumerate all samples of coins under rules that are valid for coins.

    For a law on the two ends the mixture with the upper end is such a law again, so
    that a rule which is valid for coins alone has to obey, too.
    """
    tally, chances = Tally(rounding=1e-7), np.linspace(0.0, 0.999, 41)
    median = case.statement.key == "theorem-9b-median"
    for n, delta in ((1, 0.05), (8, 0.1), (30, 0.05), (54, 0.3)):
        for name, limits in _coin_limits(case, n, delta).items():
            for chance in chances:
                law = binom.pmf(np.arange(n + 1), n, chance)
                if median:
                    order = np.argsort(limits)
                    above = np.cumsum(law[order]) > 0.5 * (1 + 1e-9)
                    bound = case.compute(float(chance), n, high=1.0, delta=delta)
                    tally.at_most(bound, limits[order][above][0], name)
                    share = (2 * delta) ** (1 / n)
                    tally.same(bound, share * chance + 1 - share)
                    continue
                for rare in (0.0, 0.02, 0.1, 0.4):
                    bound = case.value(delta, rare, n)
                    tally.same(bound, delta * math.exp(-n * math.log1p(-rare)))
                    below = limits < (1 - rare) * chance + rare - 1e-9
                    tally.at_most(math.fsum(law[below]), bound, name)
    return tally.finding("exact binomial", "4 sizes x 41 coins, four rules")


def _least_by_hand(pilot: Any, target: float) -> float:
    """The least predicted limit, stake after stake on a fine grid."""
    least = math.inf
    for stake in np.linspace(0.01, 0.99, 99):

        def surplus(mean: float, u: float = stake) -> float:
            gains = (mean - pilot) / (1 - mean)
            return float(np.log(1 + u * gains).mean()) - target

        top = 1 - 1e-9
        found = brentq(surplus, pilot.mean(), top) if surplus(top) > 0 else 1.0
        least = min(least, float(found))
    return least


@CHECKS.of("theorem-10a")
def pilot(case: Case) -> Finding:
    """Cover every population with a fifth of the queries set aside; solve by hand."""
    tally, runs = Tally(), case.rounds(40)
    coverage, widths = Coverage(tally, DELTA), []
    for n in SIZES:
        first = n // 5
        for law in populations(n, case.real_risks()):
            draws = law.draw(case.rng, (runs, n))
            limits = [_with_pilot(case, row, first) for row in draws]
            centre = draws[:, first:].mean(axis=1)
            coverage.judge(law.mean, centre, limits, law.name)
            if law.name == "beta(1, 9)":
                widths.append(_beside_others(n, draws, limits))
    over = coverage.over(f"{runs} splits of {', '.join(map(str, SIZES))}")
    over += f"; widths of betting without a pilot and of kl: {', '.join(widths)}"
    tally.rounding = 1e-6
    for size in (4, 10, 25):
        aside, rest = case.rng.beta(2, 5, size), case.rng.beta(2, 5, 40)
        chosen = choose_stake(
            aside, m=len(rest), low=0.0, high=1.0, delta=DELTA, n_students=3
        )
        found = case.compute(aside, rest, low=0.0, high=1.0, delta=DELTA, n_students=3)
        log = math.log(3 / DELTA)
        reached = np.log(1 + chosen.stake * (found - rest) / (1 - found)).sum()
        tally.same(reached, log, "capital at the limit")
        if size < 10:
            tally.require(0.05 <= chosen.stake <= 0.95, "a stake from few queries")
            continue
        least = _least_by_hand(aside, log / len(rest))
        tally.at_most(chosen.predicted, least + 1e-3, "stake by hand")
        tally.at_most(least, chosen.predicted + 1e-3, "prediction by hand")
    return tally.finding(HOW, over)


def _with_pilot(case: Case, row: Any, first: int) -> float:
    options = {"low": 0.0, "high": 1.0, "delta": DELTA}
    return float(case.compute(row[:first], row[first:], **options))


def _beside_others(n: int, draws: Any, limits: Any) -> str:
    """Mean widths of limits of all n queries over that of the limit with a pilot."""
    few = min(20, len(draws))
    rules = [partial(f, low=0.0, high=1.0, delta=DELTA) for f in (betting, kl_chernoff)]
    pairs = zip(draws[:few], limits[:few], strict=True)
    added = np.mean(
        [
            np.array([limit, *(f(row) for f in rules)]) - row.mean()
            for row, limit in pairs
        ],
        axis=0,
    )
    grid, kl = added[1:] / added[0]
    return f"{grid:.2f} and {kl:.2f} (n = {n})"


@CHECKS.of("theorem-10b")
def clipped_margins(case: Case) -> Finding:
    """Search scores; attain it with a document far below; keep risks in their range."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        k, width = int(case.rng.integers(2, 9)), math.exp(case.rng.uniform(-2, 2.5))
        scores = case.rng.normal(size=k) * math.exp(case.rng.uniform(-3, 4))
        if case.rng.random() < 0.3:
            scores[case.rng.random(k) < 0.5] = -math.inf
        raised = clipped(scores, width)
        margins = differences(raised)
        bound = case.value(width)
        tally.at_most(np.abs(margins).max(), bound)
        far = clipped([0.0, -2 * width - 1], width)
        tally.attained(far[0] - far[1], bound)
        risk = loss((margins < 0).astype(float), margins).mean()
        top = LN2 + best_cut(k) * (np.logaddexp(0, width) - LN2)
        tally.require(risk <= top + 1e-9, "the risk leaves its range")
        order = np.argsort(scores)
        tally.require(
            bool((np.diff(raised[order]) >= 0).all()), "clipping turns a pair around"
        )
    return tally.finding("search, attained", f"{case.rounds(300)} groups, k = 2..8")


@CHECKS.of("theorem-11a")
def two_students(case: Case) -> Finding:
    """Search pairs of students of one teacher; attain it on a star."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        k = int(case.rng.integers(2, 9))
        widths = np.exp(case.rng.uniform(-2, 2.5, 2))
        scores = widths[:, None] * np.round(case.rng.random((2, k)), 1)
        first, second = differences(scores)
        p = (first < 0).astype(float)
        apart = float((loss(p, first) - loss(p, second)).mean())
        ratio = best_cut(k)
        bound = case.value(*widths, ratio)
        tally.at_most(apart, bound)
        top = LN2 + ratio * (np.logaddexp(0, widths[0]) - LN2)
        tally.same(bound, top - np.logaddexp(0, -ratio * widths[1]))
        worst = loss(0.0, widths[0]) - loss(0.0, -widths[1])
        tally.same(worst, case.value(*widths, 1.0), "one pair")
    return tally.finding("adversarial search", f"{case.rounds(300)} queries, k = 2..8")


@CHECKS.of("theorem-11b")
def best_student(case: Case) -> Finding:
    """Cover the differences of the best student to all others at once."""
    tally, n, runs, count = Tally(), 40, case.rounds(60), 5
    coverage, apart = Coverage(tally, DELTA), []
    for place in families(case, n, count):
        samples = place.draw(case.rng, (runs, n))
        best = int(place.means.argmin())
        others = [j for j in range(len(place.risks)) if j != best]
        truth = place.means[others] - place.means[best]
        drawn = place.risks[:, samples]
        centre = drawn[others].mean(axis=2).T - drawn[best].mean(axis=1)[:, None]
        limits = np.array([_against(case, place, row, best) for row in samples])
        worst, rows = (truth - limits).argmax(axis=1), np.arange(runs)
        coverage.judge(
            truth[worst], centre[rows, worst], limits[rows, worst], place.name
        )
        out = [_excludes(place, row, best) for row in samples]
        if not np.equal(out, (limits < 0).any(axis=1)).all():
            apart.append(place.name)
    tally.require(not apart, f"exclusion and limits differ: {apart}")
    first, second = case.rng.beta(2, 5, (2, n))
    tally.rounding = 1e-6
    lower = case.compute(first, second, width=1.0, delta=DELTA, n_students=4)
    row = (second - first + 1) / 2  # its upper limit, turned around
    tally.same(capital(row, (1 - lower) / 2, DELTA / 3), 3 / DELTA, "capital at 0")
    return tally.finding(HOW, coverage.over(f"{count} students, {runs} samples of {n}"))


def _against(case: Case, place: Family, row: Any, best: int) -> list[float]:
    """Upper limits of the risks of the others less that of the best student."""
    options = {"width": place.high - place.low, "delta": DELTA}
    risks = place.risks[:, row]
    return [
        -case.compute(risks[best], risks[j], n_students=len(risks), **options)
        for j in range(len(risks))
        if j != best
    ]


def _excludes(place: Family, row: Any, best: int) -> bool:
    found = contenders(place.risks[:, row], width=place.high - place.low, delta=DELTA)
    return best not in found.remaining
