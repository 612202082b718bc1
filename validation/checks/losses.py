"""Checks of Lemmas 0 to 3: the loss of a pair, its ranges and slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import sympy
from sympy import Expr, Symbol

from rankbound.bounds.notation import A, B, a, m, p
from rankbound.bounds.special import Sigmoid, Softplus
from rankbound.estimators.pair_sums import SERIES_ERROR, TERMS, series_weights
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import (
    LN2,
    best_cut,
    differences,
    divergence,
    loss,
    sigmoid,
)
from rankbound.validation.plain import margin_entropy as phi
from rankbound.validation.symbolic import arithmetic, least, vanishes

CHECKS: Final = CheckTable()
WIDEST: Final = 10.0
Difference = Callable[[Expr], Expr]


def proved(
    tally: Tally,
    case: Case,
    differences: Iterable[Expr],
    box: dict[Symbol, tuple[float, float]],
) -> str:
    """Prove by intervals that no difference is below a small negative number.

    Equality is attained inside the boxes, where no finite precision can prove a sharp
    inequality, so the tolerance is 0.05, or 0.005 for a deep check. Returns a
    description for the finding.
    """
    if tally.wrong:
        return "not tried"
    floor = -0.005 if case.deep else -0.05
    total = 0
    for difference in differences:
        fine, boxes = least(difference, box, floor=floor, boxes=case.rounds(20_000))
        total += boxes
        tally.require(fine, f"not proved by intervals: {difference} >= {floor}")
    return f"{arithmetic().name} {total} boxes"


@CHECKS.of(
    "lemma-1", "lemma-1-loss", "lemma-1-margin", "lemma-3-slope", "lemma-3-curvature"
)
def pair_identity(case: Case) -> Finding:
    """Reduce the difference of both sides to zero; compare with a plain form."""
    left, right = case.statement.left, case.expression
    tally = Tally()
    if case.statement.key == "lemma-1-margin":  # no rewriting: it is the definition
        right = right.doit()
    tally.require(vanishes(left - right), "both sides differ symbolically")
    teacher, student = case.rng.uniform(-30, 30, (2, case.rounds(400)))
    preference = sigmoid(teacher)
    slope = sigmoid(student)
    expected, arguments = {
        "lemma-1": (loss(preference, student), (preference, student)),
        "lemma-1-loss": (loss(preference, student), (preference, student)),
        "lemma-1-margin": (divergence(preference, student), (teacher, student)),
        "lemma-3-slope": (slope - preference, (student, preference)),
        "lemma-3-curvature": (slope * sigmoid(-student), (student,)),
    }[case.statement.key]
    tally.same(case.value(*arguments), expected, "numeric view")
    return tally.finding("SymPy", f"all reals, {teacher.size} points")


def _box(case: Case) -> tuple[Any, Any, Any, Any]:
    """Draw ranges A and B, and margins within them, half of these at the ends."""
    size = case.rounds(4000)
    ranges = np.exp(case.rng.uniform(-4, 3.5, (2, size)))
    shares = case.rng.uniform(-1, 1, (2, size))
    shares = np.where(case.rng.random((2, size)) < 0.5, np.sign(shares), shares)
    return ranges[0], ranges[1], ranges[0] * shares[0], ranges[1] * shares[1]


@CHECKS.of("lemma-2a-upper", "lemma-2a-lower")
def one_preference(case: Case) -> Finding:
    """Search margins for losses outside the range at a preference; attain its ends."""
    _, width, teacher, margin = _box(case)
    preference = sigmoid(teacher)
    bound, found = case.value(preference, width), loss(preference, margin)
    tally = Tally()
    if case.statement.key == "lemma-2a-lower":
        tally.at_most(bound, found)
        tally.attained(bound, loss(preference, np.clip(teacher, -width, width)))
        return tally.finding("search, attained", f"{width.size} points")
    tally.at_most(found, bound)
    tally.attained(loss(preference, -np.sign(preference - 0.5) * width), bound)
    expression = case.expression
    ends = [_cross_entropy(p, side * B) for side in (-1, 1)]  # convex in the margin
    how = proved(
        tally, case, [expression - end for end in ends], {p: (0, 1), B: (0, WIDEST)}
    )
    return tally.finding("intervals, attained", f"p, B in [0, 1] x [0, 10]: {how}")


def _cross_entropy(preference: Expr, margin: Expr) -> Expr:
    return preference * Softplus(-margin) + (1 - preference) * Softplus(margin)


def _loss_of_margins(teacher: Expr, student: Expr) -> Expr:
    return _cross_entropy(Sigmoid(teacher), student)


def _divergence(teacher: Expr, student: Expr) -> Expr:
    return (
        Softplus(student) - Softplus(teacher) - (student - teacher) * Sigmoid(teacher)
    )


@CHECKS.of("lemma-2b-lower", "lemma-2b-upper", "lemma-2b-divergence")
def both_ranges(case: Case) -> Finding:
    """Search the box of both ranges; attain the bound; prove it at the corners."""
    tally = Tally()
    first, second, teacher, student = _box(case)
    bound = case.value(first, second)
    key = case.statement.key
    if key == "lemma-2b-lower":
        tally.at_most(bound, loss(sigmoid(teacher), student))
        best = loss(sigmoid(first), np.minimum(first, second))
        tally.attained(bound, best)
        return tally.finding("search, attained", f"{first.size} boxes")
    upper = key == "lemma-2b-upper"
    measure = loss if upper else divergence
    symbolic = _loss_of_margins if upper else _divergence
    tally.rounding = 1e-7 if key == "lemma-2b-divergence" else tally.rounding
    tally.at_most(measure(sigmoid(teacher), student), bound)
    tally.attained(measure(sigmoid(first), -second), bound)
    expression = case.expression
    corners = [expression - symbolic(s * A, t * B) for s in (-1, 1) for t in (-1, 1)]
    how = proved(tally, case, corners, {A: (0, WIDEST), B: (0, WIDEST)})
    return tally.finding("intervals, attained", f"A, B in [0, 10]: {how}")


@CHECKS.of("lemma-2c-cut-ratio")
def cut_ratio(case: Case) -> Finding:
    """Compare with the best of all cuts."""
    tally = Tally()
    sizes = range(2, 13 if case.deep else 11)
    for k in sizes:
        tally.same(case.value(k), best_cut(k))
    return tally.finding("exhaustive", f"all cuts, k = 2..{sizes[-1]}")


@CHECKS.of("lemma-2c-lower", "lemma-2c-upper", "lemma-2c-divergence", "lemma-2c-width")
def one_query(case: Case) -> Finding:
    """Search scores and preferences of a query; attain the bound by two clusters."""
    tally, key = Tally(), case.statement.key
    for _ in range(case.rounds(300)):
        k, width = int(case.rng.integers(2, 9)), np.exp(case.rng.uniform(-3, 3.5))
        ratio = best_cut(k)
        half = np.arange(k) < k // 2
        ends = case.rng.random(k)
        scores = width * [ends, np.round(ends), half][int(case.rng.integers(3))]
        margins = differences(scores)
        reverse = (margins < 0).astype(float)
        wrong = np.where(margins == 0, 1.0, reverse)
        bound = case.value(width, ratio)
        worst = loss(wrong, margins).mean()
        best = loss(1 - reverse, margins).mean()
        if key == "lemma-2c-lower":
            tally.at_most(bound, best)
            tally.same(bound, np.logaddexp(0, -ratio * width))
        elif key == "lemma-2c-width":
            tally.at_most(worst - best, bound)
            tally.at_most(bound, width, "no wider than B")
            top = LN2 + ratio * (np.logaddexp(0, width) - LN2)
            tally.same(bound, top - np.logaddexp(0, -ratio * width))
        else:
            tally.at_most(worst, bound)
            clusters = differences(width * half)
            turned = loss((clusters <= 0).astype(float), clusters).mean()
            tally.attained(turned, bound)
    over = f"{case.rounds(300)} queries, k = 2..8"
    if key in ("lemma-2c-lower", "lemma-2c-width"):
        over += f"; at B = 10 looser by {_by_size(key)}"
    return tally.finding("adversarial search", over)


def _by_size(key: str) -> str:
    """How loose the least risk or the width of Lemma 2c is, by the size of a group.

    The bound against the least risk that a search over scores finds: the largest one is
    attained, so what is lost is below.
    """
    width, found = 10.0, []
    for k in (2, 3, 4, 8, 16):
        ratio = max(s * (k - s) for s in range(k)) / math.comb(k, 2)
        least = _least_risk(k, width)
        bound = float(np.logaddexp(0, -ratio * width))
        top = LN2 + ratio * (np.logaddexp(0, width) - LN2)
        loose = (
            least / bound if key == "lemma-2c-lower" else (top - bound) / (top - least)
        )
        found.append(f"{loose:.4g} (k = {k})")
    return ", ".join(found)


def _least_risk(k: int, width: float) -> float:
    """Least risk of k documents with scores in [0, width] that a search finds.

    The teacher agrees with the student and is certain. From evenly spread scores and
    from two clusters, one score after another moves to where the risk is least.
    """
    grid, least = np.linspace(0, width, 201), math.inf
    for start in (np.linspace(0, width, k), width * (np.arange(k) < k // 2)):
        scores = start.astype(float)
        for place in 4 * list(range(k)):
            others = np.delete(scores, place)
            costs = np.logaddexp(0, -np.abs(grid[:, None] - others)).sum(axis=1)
            scores[place] = grid[costs.argmin()]
        least = min(least, float(np.logaddexp(0, -np.abs(differences(scores))).mean()))
    return least


@CHECKS.of("lemma-3-lipschitz", "lemma-3-teacher")
def slopes(case: Case) -> Finding:
    """Bound both slopes by intervals, and attain the bounds."""
    tally = Tally()
    first, second, teacher, student = _box(case)
    expression = case.expression
    if case.statement.key == "lemma-3-lipschitz":
        bound = case.value(first, second)
        tally.at_most(np.abs(sigmoid(student) - sigmoid(teacher)), bound)
        tally.attained(sigmoid(second) - sigmoid(-first), bound)
        corners = [
            expression - side * (Sigmoid(s * B) - Sigmoid(t * A))
            for side in (-1, 1)
            for s in (-1, 1)
            for t in (-1, 1)
        ]
        box = {A: (0.0, WIDEST), B: (0.0, WIDEST)}
    else:
        bound = case.value(second)
        tally.at_most(np.abs(student) * sigmoid(teacher) * sigmoid(-teacher), bound)
        tally.attained(second / 4, bound)
        corners = [expression - B * Sigmoid(a) * Sigmoid(-a)]
        box = {a: (-WIDEST, WIDEST), B: (0.0, WIDEST)}
    how = proved(tally, case, corners, box)
    return tally.finding("intervals, attained", f"both ranges to 10: {how}")


@CHECKS.of("lemma-0")
def support(case: Case) -> Finding:
    """Compare the essential diameter under the product law with the support's."""
    tally = Tally()
    for _ in range(case.rounds(100)):
        points = case.rng.normal(size=(8, 2))
        law = case.rng.dirichlet(np.ones(8)) * (case.rng.random(8) < 0.6)
        law[0] += 1 - law.sum()
        apart = np.linalg.norm(points[:, None] - points, axis=2)
        essential = apart[np.outer(law, law) > 0].max()
        kept = points[law > 0]
        widest = max(float(np.linalg.norm(x - y)) for x in kept for y in kept)
        tally.same(case.value(widest), essential)
    return tally.finding("exhaustive", f"{case.rounds(100)} laws on 8 points")


@CHECKS.of("lemma-0-pool")
def pool(case: Case) -> Finding:
    """Average over all ordered pairs, with and without the diagonal."""
    tally = Tally()
    for size in range(2, 12):
        teacher, student = case.rng.normal(size=(2, size)) * 3
        losses = loss(
            sigmoid(np.subtract.outer(teacher, teacher)),
            np.subtract.outer(student, student),
        )
        off = losses[~np.eye(size, dtype=bool)].mean()
        tally.same(case.value(off, size), losses.mean())
        entropies = phi(np.subtract.outer(teacher, teacher))
        off = entropies[~np.eye(size, dtype=bool)].mean()
        tally.same(case.value(off, size), entropies.mean(), "entropy")
    return tally.finding("exhaustive", "all pairs of pools of 2..11")


@CHECKS.of("comparator-variance")
def label_variance(case: Case) -> Finding:
    """Compute the variance of the loss over both labels by computer algebra."""
    first, second = Softplus(-m), Softplus(m)
    mean = p * first + (1 - p) * second
    variance = p * (first - mean) ** 2 + (1 - p) * (second - mean) ** 2
    variance = sympy.expand(variance.subs(Softplus(-m), Softplus(m) - m))
    tally = Tally()
    difference = sympy.expand(variance - case.expression)
    tally.require(difference == 0, "the variance is another")
    return tally.finding("SymPy", "all p and m")


@CHECKS.of("theorem-12")
def pair_series(case: Case) -> Finding:
    """Search lists; attain the bound at the extremes of a Chebyshev polynomial."""
    tally = Tally()
    for terms in range(1, 9):
        weights, divisor = series_weights(terms)
        bound = case.value(terms)
        tally.same(bound * divisor, 1.0, "d_n is an integer")
        order = np.arange(1, terms + 1)
        signed = np.array(weights) * (-1.0) ** (order + 1)
        for _ in range(case.rounds(20)):
            width = math.exp(case.rng.uniform(-4, 4))
            teacher, student = width * case.rng.normal(size=(2, 9)).round(1)
            d, other = differences(teacher), differences(student)
            m = np.where(d < 0, -other, other)
            d, size = np.abs(d), np.abs(other)
            sigmoids = np.exp(-np.outer(d, order)) @ signed
            softplus, own = (
                np.exp(-np.outer(one, order)) / order @ signed for one in (size, d)
            )
            for exact, found in (
                (np.logaddexp(0, -size), softplus),
                (phi(d), own + d * sigmoids),
                (loss(sigmoid(d), m), softplus + np.maximum(-m, 0) + sigmoids * m),
            ):
                whole = exact.sum()
                if whole > 1e-3:  # rounding apart
                    tally.at_most(abs(found.sum() / whole - 1), bound)
        worst = np.sin(order * math.pi / 2 / terms) ** 2
        for x in worst:
            tally.attained(abs(x**order @ signed * (1 + x) / x - 1), bound)
    tally.same(case.value(TERMS) / SERIES_ERROR, 1.0, "the terms in use")
    return tally.finding("search, attained", "lists of 9, 1 to 8 terms")
