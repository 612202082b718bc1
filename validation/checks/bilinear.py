"""Checks of Lemma 4 and of the limits for all bilinear students at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from rankbound.validation.checks.limits import hoeffding_term
from rankbound.validation.findings import Case, CheckTable, Coverage, Finding, Tally
from rankbound.validation.plain import differences, entropy, sigmoid
from rankbound.validation.worlds import Law, World, laws, made, worlds

CHECKS: Final = CheckTable()
DELTA: Final = 0.1
HOW: Final = "coverage, adversarial student"


@dataclass(frozen=True, slots=True)
class Students:
    """A finite class of bilinear students of one norm on a finite population.

    Attributes
    ----------
    place : World
        The population of queries.
    losses, risks : numpy.ndarray
        Losses (students, m, pairs) and their means over pairs (students, m), in nats.
    norm, locality : float
        Frobenius norm, and the Lipschitz constant times the diameter.
    """

    place: World
    losses: Any
    risks: Any
    norm: float
    locality: float

    @property
    def truth(self) -> Any:
        """The true risk of every student."""
        return self.risks @ self.place.weights

    @property
    def width(self) -> float:
        """Width of the range of the risk of a query."""
        return float(np.ptp(self.risks))

    @property
    def scales(self) -> Any:
        """Norm of each query times the root mean square of its distances."""
        lengths = np.linalg.norm(self.place.queries, axis=1)
        return lengths * np.sqrt((self.place.distances**2).mean(axis=1))


def students(rng: Generator, place: World, *, norm: float, count: int) -> Students:
    """Draw students of one norm on a world."""
    losses = place.losses(place.students(rng, norm=norm, count=count))
    longest = float(np.linalg.norm(place.queries, axis=1).max())
    locality = norm * longest * float(place.distances.max())
    return Students(place, losses, losses.mean(axis=2), norm, locality)


def step_of(place: World) -> int:
    """Exponent of the smallest power of two that is at least a trained norm."""
    if place.student is None:
        return 1
    return max(0, math.ceil(math.log2(np.linalg.norm(place.student))))


def complexity(rng: Generator, risks: Any, samples: Any) -> Any:
    """Estimate empirical Rademacher complexities of a finite class by 50 sign vectors.

    Every vector is used with its negative, so that no estimate is negative.
    """
    n = samples.shape[1]
    found = []
    for sample in samples:
        signs = rng.choice([-1.0, 1.0], size=(n, 25))
        signs = np.hstack([signs, -signs])
        found.append((risks[:, sample] @ signs).max(axis=0).mean() / n)
    return np.maximum(found, 0.0)  # rounding may leave a 0 negative


@CHECKS.of("lemma-4-scatter")
def scatter(case: Case) -> Finding:
    """Compare with an average over all pairs."""
    tally = Tally()
    for _ in range(case.rounds(100)):
        vectors = case.rng.normal(size=(int(case.rng.integers(2, 9)), 3))
        pairs = differences(vectors.T)
        tally.same(case.compute(vectors), (pairs**2).sum(axis=0).mean())
    return tally.finding("exhaustive", f"all pairs of {case.rounds(100)} groups")


@CHECKS.of("lemma-4", "lemma-4-empirical", "lemma-4-diameter")
def rademacher(case: Case) -> Finding:
    """Search classes for large signed sums; compare the bound with a plain form."""
    tally, key = Tally(), case.statement.key
    even = Law("eight queries", np.ones(8), np.full(8, 1 / 8))
    for norm in (0.05, 0.5, 3.0):
        for _ in range(case.rounds(5)):
            drawn = students(case.rng, made(case.rng, even), norm=norm, count=200)
            place, sample = drawn.place, np.arange(8)[None]
            size = norm * drawn.scales
            root = float(np.sqrt((size**2).sum()))
            slope = float(sigmoid(drawn.locality))  # the teacher may be certain
            found = complexity(case.rng, drawn.risks - drawn.risks.mean(axis=0), sample)
            if key == "lemma-4-empirical":
                options = {"norm": norm, "loss_slope": slope}
                lengths = np.linalg.norm(place.queries, axis=1)
                squares = (place.distances**2).mean(axis=1)
                bound = case.compute(lengths, squares, **options)
                tally.same(bound, slope * root / 8)
            elif key == "lemma-4":
                scaled = root / math.sqrt(8) / norm
                bound = case.value(slope, norm, scaled, 8)
                tally.same(bound, slope * root / 8)
            else:
                bound = case.value(slope, drawn.locality, 1.0, 8)
                tally.same(bound, slope * drawn.locality / math.sqrt(8))
            tally.at_most(found, bound)
    return tally.finding("adversarial search", f"{case.rounds(15)} classes of 200")


@CHECKS.of(
    "theorem-1e", "theorem-1e-empirical", "theorem-1e-norm-grid", "theorem-1h-bilinear"
)
def uniform(case: Case) -> Finding:
    """Let an adversary pick the student with the largest gap in every sample."""
    tally, key, n = Tally(), case.statement.key, 30
    runs, coverage = case.rounds(100), Coverage(tally, DELTA)
    for place in worlds(case.rng, n, case.groups):
        step = step_of(place)
        drawn = students(case.rng, place, norm=2.0**step, count=100)
        samples = place.draw(case.rng, (runs, n))
        empirical = complexity(case.rng, drawn.risks, samples)
        rademacher, width = float(empirical.mean()), drawn.width
        hat = drawn.risks[:, samples].mean(axis=2)
        worst = (drawn.truth[:, None] - hat).argmax(axis=0)
        truth, centre = drawn.truth[worst], hat[worst, np.arange(runs)]
        arguments: tuple[Any, ...] = (centre, rademacher, width, n)
        if key == "theorem-1e":
            limit = case.value(*arguments, DELTA)
            plain = 2 * rademacher + hoeffding_term(width, n, 1 / DELTA)
        elif key == "theorem-1e-empirical":
            limit = case.value(centre, empirical, width, n, DELTA)
            plain = 2 * empirical + 3 * hoeffding_term(width, n, 2 / DELTA)
        elif key == "theorem-1e-norm-grid":
            limit = case.value(*arguments, step, DELTA)
            union = (step + 1) * (step + 2) / DELTA
            plain = 2 * rademacher + hoeffding_term(width, n, union)
        else:
            truth = drawn.truth[hat.argmin(axis=0)] - drawn.truth.min()
            centre = np.zeros(runs)
            limit = case.value(rademacher, width, n, DELTA)
            plain = 2 * rademacher + 2 * hoeffding_term(width, n, 1 / DELTA)
        coverage.judge(truth, centre, limit, place.name)
        tally.same(np.broadcast_to(limit, (runs,)), centre + plain)
    return tally.finding(HOW, coverage.over(f"100 students, {runs} samples of {n}"))


@CHECKS.of("theorem-2-prime", "theorem-2-prime-coarse")
def headline(case: Case) -> Finding:
    """Cover the adversary's student under the worst law of pairs that kappa allows.

    The target law of pairs keeps the share 1 / kappa**2 of the sampled one, and puts
    the rest on the worst pair of each query.
    """
    tally, n, runs = Tally(), 30, case.rounds(200)
    coverage = Coverage(tally, DELTA)
    for place in worlds(case.rng, n, case.groups):
        drawn = students(case.rng, place, norm=1.5, count=100)
        samples = place.draw(case.rng, (runs, n))
        hat = drawn.risks[:, samples].mean(axis=2)
        worst = (drawn.truth[:, None] - hat).argmax(axis=0)
        entropies = entropy(place.preferences).mean(axis=1)[samples].mean(axis=1)
        divergences = np.maximum(hat[worst, np.arange(runs)] - entropies, 0)
        for kappa in (1.0, 1.2):
            far = 1 - kappa**-2
            moved = (1 - far) * drawn.risks + far * drawn.losses.max(axis=2)
            truth = (moved @ place.weights)[worst]
            limit, plain = _headline(case, drawn, kappa, (entropies, divergences, n))
            centre = entropies + divergences
            coverage.judge(truth, centre, limit, place.name)
            tally.same(limit, centre + plain)
    samples_of = f"100 students, kappa 1 and 1.2, {runs} samples of {n}"
    return tally.finding(HOW, coverage.over(samples_of))


def _headline(
    case: Case, drawn: Students, kappa: float, sample: tuple[Any, Any, int]
) -> tuple[Any, float]:
    """Return the limit, and a plain form of what it adds to the sample risk."""
    entropies, divergences, n = sample
    locality = drawn.locality
    coarse = case.statement.key == "theorem-2-prime-coarse"
    width = locality if coarse else min(locality, drawn.width)
    arguments = (entropies, divergences, locality, 1.0, kappa, n, DELTA)
    limit = case.value(*arguments, *(() if coarse else (width,)))
    plain = locality * (1 - kappa**-2) + 2 * locality / math.sqrt(n)
    return limit, plain + hoeffding_term(width, n, 1 / DELTA)


@CHECKS.of("paper-form")
def pseudo_dimension(case: Case) -> Finding:
    """Cover all thresholds on a line at once, a class of pseudo-dimension 1."""
    tally, n, runs = Tally(), 50, case.rounds(500)
    coverage = Coverage(tally, DELTA)
    for name, values, weights in _lines(case, n):
        picked = values[case.rng.choice(len(values), size=(runs, n), p=weights)]
        # The risk of [x > t] at every t where it changes
        levels = np.unique(values)
        levels = levels[:: max(1, len(levels) // 200)]
        risks = np.array([weights @ (values > t) for t in levels])
        shares = np.stack([(picked > t).mean(axis=1) for t in levels])
        worst = (risks[:, None] - shares).argmax(axis=0)
        centre = shares[worst, np.arange(runs)]
        limit = case.value(centre, 1.0, 1.0, n, DELTA)
        coverage.judge(risks[worst], centre, limit, name)
    for d in (1.0, 20.0):
        plain = 5.0 * math.sqrt(2 * d * math.log(math.e * n / d) / n)
        plain += hoeffding_term(5.0, n, 1 / DELTA)
        tally.same(case.value(0.3, 5.0, d, n, DELTA), 0.3 + plain)
    return tally.finding(HOW, coverage.over(f"thresholds, {runs} samples of {n}"))


def _lines(case: Case, n: int) -> Iterator[tuple[str, Any, Any]]:
    """Yield numbers to cut at a threshold: even ones, laws, risks of real queries."""
    even = (np.arange(200) + 0.5) / 200
    yield "even", even, np.full(200, 1 / 200)
    for law in laws(n):
        yield law.name, law.values, law.weights
    for name, risks in case.real_risks().items():
        yield name, risks, np.full(len(risks), 1 / len(risks))
