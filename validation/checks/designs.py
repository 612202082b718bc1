"""Checks of Theorems 4 and 5: coupling, floors, separability, break-even."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import sympy
from numpy.random import Generator

from rankbound.bounds.notation import Delta, H
from rankbound.bounds.special import PairEntropy
from rankbound.bounds.theorem5 import Design
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import (
    LN2,
    best_cut,
    differences,
    divergence,
    entropy,
    loss,
    margin_entropy,
    sigmoid,
    variation,
)
from rankbound.validation.symbolic import arithmetic, least

CHECKS: Final = CheckTable()
A_STAR: Final = 2.567553740210


@CHECKS.of(
    "theorem-4a", "theorem-4a-distance", "theorem-4a-diameter", "theorem-4a-pair"
)
def coupling(case: Case) -> Finding:
    """Search teachers on a line; attain the floor by two clusters; prove the minorant.

    On a line the margins are the distances times L_g / tau, the largest that a
    Lipschitz teacher can have.
    """
    tally, key = Tally(), case.statement.key
    tally.rounding = 1e-8
    steep, temperature = 3.0, 0.7

    def floor(scores: Any) -> float:
        margins = np.abs(differences(scores))
        distances = margins * temperature / steep
        mean, widest = distances.mean(), distances.max()
        arguments: dict[str, tuple[float, ...]] = {
            "theorem-4a": (margins.mean(),),
            "theorem-4a-distance": (mean, steep, temperature),
            "theorem-4a-diameter": (widest, steep, temperature, best_cut(len(scores))),
            "theorem-4a-pair": (widest, steep, temperature),
        }
        return float(case.value(*arguments[key]))

    for _ in range(case.rounds(400)):
        k = int(case.rng.integers(2, 8))
        scores = case.rng.normal(size=k) * math.exp(case.rng.uniform(-3, 3))
        tally.at_most(floor(scores), margin_entropy(differences(scores)).mean())
    for left in (1, 2, 4):
        scores = np.repeat([A_STAR, 0.0], left)
        if key == "theorem-4a-pair":
            scores = scores[left - 1 : left + 1]  # one pair at margin a*
        tally.attained(floor(scores), margin_entropy(differences(scores)).mean())
    for size in (0.4, 5.0):  # one pair
        if key == "theorem-4a-pair" or size > A_STAR:
            pair = np.array([size, 0.0])
            tally.attained(floor(pair), float(margin_entropy(size)))
    if key != "theorem-4a":
        return tally.finding("search, attained", f"{case.rounds(400)} teachers")
    margin = case.statement.arguments[0]
    floor_value = -1e-6 if case.deep else -1e-4
    fine, boxes = least(
        PairEntropy(margin) - case.expression,
        {margin: (0.0, 40.0)},
        floor=floor_value,
    )
    tally.require(fine, "the minorant exceeds the pair entropy")
    over = f"|a| in [0, 40]: {arithmetic().name} {boxes} boxes"
    return tally.finding("intervals, attained", over)


@CHECKS.of("theorem-4a-converse")
def converse(case: Case) -> Finding:
    """Search teachers on a line; attain the bound by two clusters."""
    tally = Tally()
    tally.rounding = 1e-7

    def needed(scores: Any) -> tuple[float, float]:
        margins = np.abs(differences(scores))
        h = float(margin_entropy(margins).mean())
        bound = case.compute(min(h, LN2), teacher_lipschitz=3.0, temperature=0.7)
        return bound, float(margins.mean()) * 0.7 / 3.0

    for _ in range(case.rounds(200)):
        scores = case.rng.normal(size=5) * math.exp(case.rng.uniform(-2, 2))
        tally.at_most(*needed(scores))
    tally.attained(*needed(np.repeat([A_STAR, 0.0], 3)))
    tally.attained(*needed(np.array([5.0, 0.0])))
    return tally.finding("search, attained", f"{case.rounds(200)} teachers")


@CHECKS.of("theorem-4b")
def capacity(case: Case) -> Finding:
    """Search students within the Lipschitz constant; compute the best for each pair."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        a = case.rng.normal(size=6) * 4
        d, lipschitz = case.rng.random(6), math.exp(case.rng.uniform(-2, 3))
        m = lipschitz * d * case.rng.uniform(-1, 1, 6)
        bound = case.compute(a, d, lipschitz=lipschitz)
        tally.at_most(bound, loss(sigmoid(a), m).mean())
        best = np.clip(a, -lipschitz * d, lipschitz * d)
        tally.attained(bound, loss(sigmoid(a), best).mean())
    return tally.finding("search, attained", f"{case.rounds(300)} sets of pairs")


@CHECKS.of("theorem-4c")
def target_form(case: Case) -> Finding:
    """Search pairs of laws; compare with a plain form."""
    tally = Tally()
    for _ in range(case.rounds(400)):
        reach, width = 5 * case.rng.random(2)
        a, m = (r * np.sign(case.rng.normal(size=4)) for r in (reach, width))
        mu, nu = case.rng.dirichlet(np.full(4, 0.5), size=2)
        p = sigmoid(a)
        h, apart = float(mu @ entropy(p)), float(nu @ divergence(p, m))
        theta = variation(mu, nu)
        bound = case.value(h, apart, theta, reach, width)
        tally.at_most(float(mu @ loss(p, m)), bound)
        window = float(divergence(sigmoid(reach), -width))
        tally.same(bound, h + apart + theta * window)
    return tally.finding("adversarial search", f"{case.rounds(400)} pairs of laws")


@CHECKS.of("theorem-4d")
def separable(case: Case) -> Finding:
    """Differentiate by entropy and diameter; compare with a plain sum."""
    tally = Tally()
    mixed = sympy.diff(case.expression, Delta, H)
    tally.require(sympy.simplify(mixed) == 0, f"the mixed derivative is {mixed}")
    for _ in range(50):
        h, d, lipschitz, widest, shift, c = case.rng.random(6) / 2
        found = case.value(h, d, lipschitz, widest, shift, c, 30)
        plain = h + d + lipschitz * widest * (shift + c / math.sqrt(30))
        tally.same(found, plain)
    return tally.finding("SymPy", "all arguments, 50 points")


def _design(rng: Generator) -> Design:
    numbers = rng.random(4) * (0.3, 0.3, 10, 0.05)
    names = ("entropy", "divergence", "locality", "shift")
    return Design(**dict(zip(names, numbers.tolist(), strict=True)))


@CHECKS.of("theorem-5a", "theorem-5b", "theorem-5c")
def break_even(case: Case) -> Finding:
    """Compare two bounds just below and just above break-even."""
    tally, key, seen = Tally(), case.statement.key, 0
    for _ in range(case.rounds(500)):
        before, after = (_design(case.rng) for _ in range(2))
        if key == "theorem-5c":
            count, first, second = 100.0, before.locality, after.locality
            found = case.value(count, first, second)
            tally.same(second / math.sqrt(found), first / math.sqrt(count), "bounds")
        elif key == "theorem-5a":
            c = 3.0
            found = case.compute(before, after, n_queries=400, complexity=c)
            old = before.bound(400, c)
            if math.isinf(found):
                tally.require(after.bound(1e18, c) >= old - 1e-9, "more would suffice")
                continue
            seen += 1
            tally.require(after.bound(found * 1.001, c) < old, "not enough queries")
            tally.require(after.bound(found * 0.999, c) > old, "fewer would suffice")
        else:
            options = {"n_queries": 400.0, "n_after": 900.0, "complexity": 3.0}
            found = case.compute(before, after, **options)
            parts = after.entropy, after.divergence
            rest = after.shift + 3.0 / 30.0
            total = sum(parts) + found * before.locality * rest
            tally.same(total, before.bound(400, 3.0), "bounds at break-even")
    tally.require(key != "theorem-5a" or seen > 10, "too few finite cases")
    return tally.finding("search, both sides", f"{case.rounds(500)} pairs of designs")
