"""Checks of Theorem 3: what entropy and divergence say about misranking."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.random import Generator

from rankbound.bounds.notation import R
from rankbound.bounds.notation import m as margin
from rankbound.bounds.special import Softplus
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.intervals import arithmetic, least
from rankbound.validation.plain import (
    LN2,
    divergence,
    entropy,
    loss,
    misranking,
    sigmoid,
)

CHECKS: Final = CheckTable()
Law = tuple[Any, Any, Any]


def pair_law(rng: Generator) -> Law:
    """Preferences, margins and weights; some ties, certain or even pairs."""
    size = int(rng.integers(1, 9))
    p = sigmoid(np.exp(rng.uniform(-3, 3)) * rng.normal(size=size))
    p[rng.random(size) < 0.15] = rng.choice([0.0, 0.5, 1.0])
    m = np.exp(rng.uniform(-4, 2)) * rng.normal(size=size)
    if rng.random() < 0.3:  # turned around by a hair
        m = -1e-9 * np.sign(p - 0.5)
    m[rng.random(size) < 0.15] = 0.0
    return p, m, rng.dirichlet(np.ones(size))


@CHECKS.of("theorem-3a")
def exact(case: Case) -> Finding:
    """Average over labels drawn with the teacher's preference, by enumeration."""
    tally = Tally()
    for _ in range(case.rounds(300)):
        p, m, weights = pair_law(case.rng)
        found = 0.0
        for label, chance in ((1, p), (-1, 1 - p)):
            wrong = np.where(m == 0, 0.5, (np.sign(m) != label).astype(float))
            found += float(weights @ (chance * wrong))
        tally.same(case.compute(p, m, weights=weights), found)
    return tally.finding("exhaustive", f"all labels of {case.rounds(300)} laws")


@CHECKS.of("theorem-3b", "theorem-3b-root", "theorem-3c")
def ceilings(case: Case) -> Finding:
    """Search laws of pairs, some of them turned around by a hair."""
    tally, key = Tally(), case.statement.key
    for _ in range(case.rounds(500)):
        p, m, weights = pair_law(case.rng)
        wrong = misranking(p, m, weights)
        teacher = min(float(weights @ entropy(p)), LN2)
        apart = float(weights @ divergence(p, m))
        if key == "theorem-3b":
            bound = case.compute(teacher, apart)
            tally.at_most(bound, teacher / 2 / LN2 + np.sqrt(2 * apart), "root form")
            tally.at_most(bound, (teacher + apart) / LN2, "risk form")
        elif key == "theorem-3b-root":
            bound = case.value(teacher, apart)
            tally.same(bound, teacher / 2 / LN2 + np.sqrt(2 * apart))
        else:
            risk = float(weights @ loss(p, m))
            bound = case.value(risk)
            tally.same(bound, risk / LN2)
        tally.at_most(wrong, bound + 1e-12)
    how = "adversarial search"
    over = f"{case.rounds(500)} laws of pairs"
    if key == "theorem-3c":
        expression = case.expression.subs(R, Softplus(margin)) - 1
        fine, boxes = least(expression, {margin: (0.0, 40.0)}, floor=-1e-9)
        tally.require(fine, "a wrong order costs less than ln 2")
        how, over = "search, intervals", f"{over}; {arithmetic().name} {boxes} boxes"
    if key == "theorem-3b":
        _local_part(case, tally)
    return tally.finding(how, over)


def _local_part(case: Case, tally: Tally) -> None:
    """Pairs of one certainty turned around by a hair: half the entropy is slack."""
    for certainty in (0.1, 0.6, 0.99):
        p = (1 + certainty) / 2
        apart = float(divergence(p, 0.0))
        half = float(entropy(p)) / 2 / LN2
        plain = min(half + certainty, (float(entropy(p)) + apart) / LN2)
        tally.require(
            abs(case.compute(float(entropy(p)), apart) - plain) < 1e-6,
            "the local part is not attained",
        )


@CHECKS.of("theorem-3d", "theorem-3d-entropy")
def floors(case: Case) -> Finding:
    """Search laws of pairs; attain the floor by the order of the teacher."""
    tally = Tally()
    tally.rounding = 1e-7

    def floor(p: Any, weights: Any) -> float:
        if case.statement.key == "theorem-3d":
            return float(case.compute(p, weights=weights))
        return float(case.compute(min(float(weights @ entropy(p)), LN2)))

    for _ in range(case.rounds(400)):
        p, m, weights = pair_law(case.rng)
        tally.at_most(floor(p, weights), misranking(p, m, weights))
    for preference in (0.0, 0.1, 0.3, 0.5):
        p, weights = np.array([preference, 1 - preference]), np.full(2, 0.5)
        best = misranking(p, np.sign(p - 0.5), weights)
        tally.attained(floor(p, weights), best)
    return tally.finding("search, attained", f"{case.rounds(400)} laws of pairs")


@CHECKS.of("theorem-3e", "theorem-3e-risk")
def miscalibration(case: Case) -> Finding:
    """Search true preferences; attain the term where teacher and student agree."""
    tally = Tally()
    for _ in range(case.rounds(400)):
        p, m, weights = pair_law(case.rng)
        eta = case.rng.random(p.size)
        if case.statement.key == "theorem-3e":
            bound = case.compute(p, m, eta, weights=weights)
            tally.at_most(
                misranking(eta, m, weights) - misranking(p, m, weights), bound
            )
            continue
        width, gap = float(np.abs(m).max()), float(weights @ np.abs(p - eta))
        bound = case.value(width, gap)
        change = float(weights @ ((p - eta) * m))
        tally.at_most(abs(change), bound)
        side = width * np.where(p >= eta, 1.0, -1.0)
        tally.attained(float(weights @ (loss(eta, side) - loss(p, side))), bound)
    if case.statement.key == "theorem-3e":
        p, m, eta = np.array([0.7, 0.7]), np.array([1.0, -1.0]), np.array([0.4, 0.9])
        half = np.full(2, 0.5)
        excess = misranking(eta, m, half) - misranking(p, m, half)
        tally.attained(excess, case.compute(p, m, eta, weights=half))
    return tally.finding("search, attained", f"{case.rounds(400)} laws of pairs")


@CHECKS.of("comparator-teacher")
def by_the_teacher(case: Case) -> Finding:
    """Search labels, teachers and students, some of them turned around by a hair."""
    tally = Tally()
    for _ in range(case.rounds(500)):
        p, m, weights = pair_law(case.rng)
        labels = case.rng.integers(0, 2, p.size)
        soft = float(weights @ np.where(labels == 1, 1 - p, p))
        gap = float(weights @ np.abs(sigmoid(m) - p))
        bound = case.value(soft, gap)
        tally.at_most(misranking(labels, m, weights), bound)
        tally.same(bound, 2 * soft + 2 * gap)
    return tally.finding("adversarial search", f"{case.rounds(500)} laws of pairs")
