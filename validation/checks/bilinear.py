"""Checks of Lemma 4 and of the limits for all bilinear students at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from validation.checks.limits import hoeffding_term
from validation.coverage import Coverage
from validation.findings import Case, CheckTable, Finding, Tally
from validation.plain import differences, entropy, loss, sigmoid

CHECKS: Final = CheckTable()
DELTA: Final = 0.1
HOW: Final = "coverage, adversarial student"


@dataclass(frozen=True, slots=True)
class World:
    """A finite super-population of queries and a finite class of bilinear students.

    Attributes
    ----------
    losses, risks : numpy.ndarray
        Losses (M, kinds, pairs) and their means (M, kinds), the risks, of M students.
    entropies : numpy.ndarray
        Teacher entropy of each kind of query.
    query_norms, mean_squares : numpy.ndarray
        Of each kind of query, for Lemma 4.
    norm, locality : float
        Largest Frobenius norm, and L times the diameter.
    """

    losses: Any
    risks: Any
    entropies: Any
    query_norms: Any
    mean_squares: Any
    norm: float
    locality: float


def world(rng: Generator, *, norm: float = 1.5, students: int = 200) -> World:
    """Draw eight kinds of queries with four documents, and students of one norm."""
    queries, documents = rng.normal(size=(8, 3)), rng.normal(size=(8, 4, 3))
    matrices = rng.normal(size=(students, 3, 3))
    matrices *= norm / np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    margins = differences(np.einsum("qa,mab,qdb->mqd", queries, matrices, documents))
    preferences = sigmoid(differences(rng.normal(0, 3, (8, 4))))
    first, second = np.triu_indices(4, 1)
    squares = ((documents[:, first] - documents[:, second]) ** 2).sum(axis=2)
    lengths = np.linalg.norm(queries, axis=1)
    losses = loss(preferences, margins)
    return World(
        losses,
        losses.mean(axis=2),
        entropy(preferences).mean(axis=1),
        lengths,
        squares.mean(axis=1),
        norm,
        norm * lengths.max() * math.sqrt(squares.max()),
    )


def complexity(rng: Generator, risks: Any, samples: Any) -> Any:
    """Empirical Rademacher complexities of a finite class, by 50 draws of signs."""
    n = samples.shape[1]
    found = []
    for sample in samples:
        signs = rng.choice([-1.0, 1.0], size=(n, 50))
        found.append((risks[:, sample] @ signs).max(axis=0).mean() / n)
    return np.array(found)


@CHECKS.of("lemma-4-scatter")
def scatter(case: Case) -> Finding:
    """Average over all pairs."""
    tally = Tally()
    for _ in range(case.rounds(100)):
        vectors = case.rng.normal(size=(int(case.rng.integers(2, 9)), 3))
        pairs = differences(vectors.T)
        tally.same(case.compute(vectors), (pairs**2).sum(axis=0).mean())
    return tally.finding("exhaustive", f"all pairs of {case.rounds(100)} groups")


@CHECKS.of("lemma-4", "lemma-4-empirical", "lemma-4-diameter")
def rademacher(case: Case) -> Finding:
    """Search the class for large signed sums; attain the bound by a small class."""
    tally, key = Tally(), case.statement.key
    for norm in (0.05, 0.5, 3.0):
        for _ in range(case.rounds(5)):
            place = world(case.rng, norm=norm)
            sample = np.arange(8)[None]
            size = norm * (place.query_norms * np.sqrt(place.mean_squares))
            root = float(np.sqrt((size**2).sum()))
            slope = float(sigmoid(place.locality))  # the teacher may be certain
            found = complexity(case.rng, place.risks - place.risks.mean(axis=0), sample)
            if key == "lemma-4-empirical":
                options = {"norm": norm, "loss_slope": slope}
                bound = case.compute(place.query_norms, place.mean_squares, **options)
                tally.same(bound, slope * root / 8)
            elif key == "lemma-4":
                scaled = root / math.sqrt(8) / norm
                bound = case.value(slope, norm, scaled, 8)
                tally.same(bound, slope * root / 8)
            else:
                bound = case.value(slope, place.locality, 1.0, 8)
                tally.same(bound, slope * place.locality / math.sqrt(8))
            tally.at_most(found, bound)
    return tally.finding("adversarial search", f"{case.rounds(15)} classes of 200")


@CHECKS.of(
    "theorem-1e", "theorem-1e-empirical", "theorem-1e-norm-grid", "theorem-1h-bilinear"
)
def uniform(case: Case) -> Finding:
    """Let an adversary pick, for every sample, the student with the largest gap."""
    tally, key, n = Tally(), case.statement.key, 30
    runs = case.rounds(100)
    for step in range(2):
        place = world(case.rng, norm=2.0**step)
        samples = case.rng.integers(0, 8, size=(runs, n))
        empirical = complexity(case.rng, place.risks, samples)
        rademacher = float(empirical.mean())
        spread = float(np.ptp(place.risks))
        hat = place.risks[:, samples].mean(axis=2)
        gaps = place.risks.mean(axis=1)[:, None] - hat
        worst = gaps.argmax(axis=0), np.arange(runs)
        truth, centre = place.risks.mean(axis=1)[worst[0]], hat[worst]
        arguments: tuple[Any, ...] = (centre, rademacher, spread, n)
        if key == "theorem-1e":
            limit = case.value(*arguments, DELTA)
            plain = 2 * rademacher + hoeffding_term(spread, n, 1 / DELTA)
        elif key == "theorem-1e-empirical":
            limit = case.value(centre, empirical, spread, n, DELTA)
            plain = 2 * empirical + 3 * hoeffding_term(spread, n, 2 / DELTA)
        elif key == "theorem-1e-norm-grid":
            limit = case.value(*arguments, step, DELTA)
            union = (step + 1) * (step + 2) / DELTA
            plain = 2 * rademacher + hoeffding_term(spread, n, union)
        else:
            best = place.risks.mean(axis=1).min()
            truth = place.risks.mean(axis=1)[hat.argmin(axis=0)] - best
            centre = np.zeros(runs)
            limit = case.value(rademacher, spread, n, DELTA)
            plain = 2 * rademacher + 2 * hoeffding_term(spread, n, 1 / DELTA)
        Coverage(tally, DELTA).judge(truth, centre, limit, f"norm {place.norm}")
        tally.same(np.broadcast_to(limit, (runs,)), centre + plain)
    return tally.finding(HOW, f"2 classes of 200, {runs} samples of {n}")


@CHECKS.of("theorem-2-prime", "theorem-2-prime-coarse")
def headline(case: Case) -> Finding:
    """Judge the adversary's student under a law of pairs as far off as kappa allows.

    The target law of pairs keeps the share 1 / kappa**2 of the sampled one and puts
    the rest on the worst pair of each query.
    """
    tally, n, runs = Tally(), 30, case.rounds(200)
    for kappa in (1.0, 1.2):
        place = world(case.rng)
        shift = place.locality * (1 - kappa**-2)
        samples = case.rng.integers(0, 8, size=(runs, n))
        hat = place.risks[:, samples].mean(axis=2)
        worst = (place.risks.mean(axis=1)[:, None] - hat).argmax(axis=0)
        centre = hat[worst, np.arange(runs)]
        far = 1 - kappa**-2
        moved = (1 - far) * place.risks + far * place.losses.max(axis=2)
        truth = moved.mean(axis=1)[worst]
        entropies = place.entropies[samples].mean(axis=1)
        locality = place.locality
        width = min(locality, float(np.ptp(place.risks)))
        rates: dict[str, Any] = {
            "theorem-2-prime": ((width,), width),
            "theorem-2-prime-coarse": ((), locality),
        }
        rest, range_used = rates[case.statement.key]
        divergences = np.maximum(centre - entropies, 0)
        arguments = (entropies, divergences, locality, 1.0, kappa, n, DELTA)
        limit = case.value(*arguments, *rest)
        Coverage(tally, DELTA).judge(truth, centre, limit, f"kappa {kappa}")
        plain = shift + 2 * locality / math.sqrt(n)
        plain += hoeffding_term(range_used, n, 1 / DELTA)
        tally.same(limit, entropies + divergences + plain)
    return tally.finding(HOW, f"2 worlds, 200 students, {runs} samples of {n}")


@CHECKS.of("paper-form")
def pseudo_dimension(case: Case) -> Finding:
    """Cover all thresholds on a line at once, a class of pseudo-dimension one."""
    tally, n, runs = Tally(), 50, case.rounds(1000)
    draws = np.sort(case.rng.random((runs, n)), axis=1)
    # the risk of [x > t] is 1 - t; the worst threshold is just below an observation
    shares = 1 - np.arange(1, n + 1) / n
    worst = ((1 - draws) - shares).argmax(axis=1)
    truth = (1 - draws)[np.arange(runs), worst]
    centre = shares[worst]
    limit = case.value(centre, 1.0, 1.0, n, DELTA)
    Coverage(tally, DELTA).judge(truth, centre, limit, "thresholds")
    for d in (1.0, 20.0):
        plain = 5.0 * math.sqrt(2 * d * math.log(math.e * n / d) / n)
        plain += hoeffding_term(5.0, n, 1 / DELTA)
        tally.same(case.value(0.3, 5.0, d, n, DELTA), 0.3 + plain)
    return tally.finding(HOW, f"thresholds, {runs} samples of {n}")
