"""Counterexamples to tempting statements that are false."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator
from scipy.stats import beta

from rankbound.validation.findings import Finding, fewest_misses
from rankbound.validation.plain import (
    LN2,
    divergence,
    loss,
    margin_entropy,
    misranking,
    pair_risk,
)

REFUTATIONS: Final[dict[str, Callable[[Generator], Finding]]] = {}
Refutation = Callable[[Generator], Finding]


def _refutes(name: str) -> Callable[[Refutation], Refutation]:
    def enter(refutation: Refutation) -> Refutation:
        REFUTATIONS[name] = refutation
        return refutation

    return enter


def _finding(over: str, found: float, claimed: float) -> Finding:
    """Return a finding that holds if the number found exceeds the one claimed."""
    return Finding(
        "counterexample",
        over,
        bool(found > claimed),
        None,
        f"claimed at most {claimed:.4g}, found {found:.4g}",
    )


@_refutes("refuted-memory")
def memory(_: Generator) -> Finding:
    """Students that are Lipschitz in the document alone can memorise the sample."""
    width, n = 10.0, 10_000
    gap = float(loss(1.0, -width) - loss(1.0, width))  # unseen minus seen queries
    return _finding(f"a student that knows n = {n} queries", gap, 2 * width / n**0.5)


@_refutes("refuted-diameter-of-negatives")
def diameter_of_negatives(_: Generator) -> Finding:
    """The positive of a group need not lie where the negatives are sampled."""
    lipschitz, distance, diameter_of_negatives = 2.0, 3.0, 0.0
    worst = float(loss(1.0, -lipschitz * distance))
    claimed = float(np.logaddexp(0, lipschitz * diameter_of_negatives))
    return _finding("all negatives alike, the positive elsewhere", worst, claimed)


@_refutes("refuted-twice-the-width")
def twice_the_width(_: Generator) -> Finding:
    """Twice the width times 1 - 1 / kappa can exceed the trivial bound, the width."""
    width, kappa = 10.0, 4.0
    doubled = 2 * width * (1 - 1 / kappa)
    return _finding("kappa = 4: the shift term against the width", doubled, width)


@_refutes("refuted-diameter-of-target")
def diameter_of_target(_: Generator) -> Finding:
    """The diameter of the target law alone does not bound the shift of the risk."""
    mu, nu = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    teacher, student = np.array([0.0, 40.0]), np.array([10.0, 0.0])
    risks = [pair_risk(law, teacher, student) for law in (mu, nu)]
    return _finding("a target of one document", abs(risks[0] - risks[1]), 0.0)


def _even_teacher(side: float) -> float:
    """Error of a student close to an even teacher, where the truth is certain."""
    truth = np.array([0.0, 1.0])  # its mean is the teacher's 1/2
    margins = side * 1e-6 * np.array([-1.0, 1.0])
    return misranking(truth, margins, np.full(2, 0.5))


@_refutes("refuted-marginal-calibration-ceiling")
def marginal_ceiling(_: Generator) -> Finding:
    """Calibration given the value of p alone does not imply the ceiling."""
    claimed = 0.5 + math.sqrt(2 * float(divergence(0.5, 1e-6)))
    return _finding("p = 1/2, truth certain: error", _even_teacher(-1.0), claimed)


@_refutes("refuted-marginal-calibration-floor")
def marginal_floor(_: Generator) -> Finding:
    """Calibration given p alone does not imply the floor: a student may err less."""
    return _finding("p = 1/2, truth certain: 1 - error", 1 - _even_teacher(1.0), 0.5)


@_refutes("refuted-entropy-unaltered")
def entropy_unaltered(rng: Generator) -> Finding:
    """Mining close documents changes the entropy of the mined pairs."""
    spread = rng.normal(size=(400, 2))
    far, near = margin_entropy(spread[:, 0] * 6), margin_entropy(spread[:, 1])
    change = float(near.mean() - far.mean())
    return _finding("one teacher, pairs six times as close", change, 0.01)


@_refutes("refuted-sample-maximum")
def sample_maximum(rng: Generator) -> Finding:
    """A limit whose range is the sample maximum misses far too often."""
    runs, n, delta = 4000, 50, 0.05
    far = rng.random((runs, n)) < 1 / n
    risks = np.where(far, 1000.0, 1.0)
    widest = risks.max(axis=1)
    limit = risks.mean(axis=1) + widest * math.sqrt(math.log(1 / delta) / (2 * n))
    misses = int((limit < 1 + 999 / n).sum())
    rate = fewest_misses(misses, runs)
    return _finding(f"misses in {runs} samples of {n}, delta 0.05", rate, delta)


@_refutes("refuted-pooled-pairs")
def pooled_pairs(rng: Generator) -> Finding:
    """A limit that counts the pairs of a query as independent misses too often."""
    runs, n, pairs, share = 4000, 30, 120, 0.3
    counts = rng.binomial(n, share, size=runs) * pairs  # all pairs of a query agree
    limits = beta.ppf(0.95, counts + 1, n * pairs - counts)
    rate = fewest_misses(int((limits < share).sum()), runs)
    return _finding(f"misses in {runs} samples of {n} x {pairs} pairs", rate, 0.05)


@_refutes("refuted-series-error")
def series_error(_: Generator) -> Finding:
    """The accelerated series errs by nearly twice (3 + sqrt 8)**-n."""
    n = 8
    weights = [
        n * math.comb(n + j, 2 * j) * 4**j // (n + j) if j else 1 for j in range(n + 1)
    ]
    error = 1 - sum(weights[1:]) / sum(weights)  # a_0 = 1, all others 0
    return _finding("relative error at n = 8", error, (3 + math.sqrt(8)) ** -n)


@_refutes("refuted-kl-from-probabilities")
def kl_from_probabilities(_: Generator) -> Finding:
    """Log(1 - sigmoid(m)) in float64 is minus infinity at m = 40."""
    rest = 1 - 1 / (1 + math.exp(-40.0))
    naive = math.inf if rest == 0 else -0.5 * math.log(rest) - LN2
    exact = float(divergence(0.5, 40.0))
    return _finding("p = 1/2, m = 40", naive, exact * 1.001)
