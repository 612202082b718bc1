"""Checks of Theorem 7: distances cut at a threshold, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from rankbound.bounds.theorem7 import Truncation
from rankbound.validation.checks.diameters import DELTA, HOW, of_pairs, quantile
from rankbound.validation.checks.limits import capital
from rankbound.validation.coverage import Coverage
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import differences, loss
from rankbound.validation.worlds import worlds

CHECKS: Final = CheckTable()


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
    """Cover the risk of students on every world, and of far pairs seldom shown."""
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
    row = case.rng.beta(2, 5, n)  # both parts have the same limit on their scales
    low, high = np.logaddexp(0, -2.0), np.logaddexp(0, 2.0)
    options = {"truncation": cut_at, "delta": DELTA}
    found = case.compute(low + (high - low) * row, 2.0 * row, **options)
    part = (found - low) / (high - low + 4.0)
    tally.rounding = 1e-6
    tally.same(capital(row, part, DELTA / 2), 2 / DELTA, "capital at the limit")
    return tally.finding(HOW, coverage.over(f"{runs} samples of {n}"))


def _cut_worlds(case: Case, n: int) -> Iterator[tuple[str, Truncation, Any, Any, Any]]:
    """Distances and losses by query, where to cut, and chances of the queries."""
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
