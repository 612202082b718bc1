"""Checks of the comparators: earlier bounds on populations with known errors."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from validation.checks.limits import hoeffding_term
from validation.coverage import Coverage
from validation.findings import Case, CheckTable, Finding, Tally

CHECKS: Final = CheckTable()
DELTA: Final = 0.1
HOW: Final = "coverage, Clopper-Pearson"


@CHECKS.of("comparator-auc")
def auc(case: Case) -> Finding:
    """Cover the AUC of scores on three levels."""
    tally, runs = Tally(), case.rounds(2000)
    for plus, minus in ((5, 20), (1, 10), (30, 30)):
        high = case.rng.choice(3, size=(runs, plus), p=[0.2, 0.3, 0.5])
        low = case.rng.choice(3, size=(runs, minus), p=[0.5, 0.3, 0.2])
        truth = 0.5 * 0.8 + 0.3 * 0.5 + 0.5 * (0.1 + 0.09 + 0.1)
        apart = high[:, :, None] - low[:, None]
        found = ((apart > 0) + (apart == 0) / 2).mean(axis=(1, 2))
        bound = case.value(found, plus, minus, DELTA)
        plain = math.sqrt(math.log(1 / DELTA) / 2 * (1 / plus + 1 / minus))
        tally.same(bound, found - plain)
        # a lower limit of the AUC is an upper one of its complement
        Coverage(tally, DELTA).judge(
            1 - truth, 1 - found, 1 - bound, f"{plus}, {minus}"
        )
    return tally.finding(HOW, f"3 shapes, {runs} samples")


def _pool_errors(case: Case, runs: int, size: int, scorers: Any) -> tuple[Any, Any]:
    """Errors of scorers on pools of documents of four kinds, and their truth."""
    labels = np.array([0, 0, 1, 1])
    first, second = np.triu_indices(size, 1)
    wrong = np.stack(
        [
            (np.subtract.outer(s, s) * np.subtract.outer(labels, labels) < 0)
            for s in scorers
        ]
    ).astype(float)
    pools = case.rng.integers(0, 4, size=(runs, size))
    found = wrong[:, pools[:, first], pools[:, second]].mean(axis=2)
    return found, wrong.mean(axis=(1, 2))


@CHECKS.of("comparator-pool", "comparator-pool-uniform")
def pool(case: Case) -> Finding:
    """Cover the pair errors of scorers on one pool, the worst of them at once."""
    tally, runs, size = Tally(), case.rounds(1000), 21
    scorers = case.rng.normal(size=(12, 4))
    found, truth = _pool_errors(case, runs, size, scorers)
    gaps = truth[:, None] - found
    worst = gaps.max(axis=0)
    if case.statement.key == "comparator-pool":
        bound = case.value(0.0, len(scorers), DELTA, size // 2)
        plain = hoeffding_term(1.0, size // 2, len(scorers) / DELTA)
    else:
        # a finite class: Massart's lemma bounds its complexity
        massart = math.sqrt(2 * math.log(len(scorers)) / (size // 2))
        bound = case.value(0.0, massart, DELTA, size // 2)
        plain = 2 * massart + hoeffding_term(1.0, size // 2, 1 / DELTA)
    tally.same(bound, plain)
    Coverage(tally, DELTA).judge(worst, 0.0, bound, "12 scorers")
    return tally.finding(HOW, f"12 scorers, {runs} pools of {size}")


@CHECKS.of("comparator-margin")
def margin(case: Case) -> Finding:
    """Let an adversary pick the linear student with the largest gap."""
    tally, runs, n, gamma = Tally(), case.rounds(300), 60, 0.5
    kinds = case.rng.normal(size=(10, 3))
    labels = np.sign(case.rng.normal(size=10))
    students = case.rng.normal(size=(300, 3))
    students /= np.linalg.norm(students, axis=1, keepdims=True)
    signed = labels * (students @ kinds.T)
    truth = (signed < 0).mean(axis=1)
    short = np.clip(1 - signed / gamma, 0, 1)  # the ramp, below the margin error
    samples = case.rng.integers(0, 10, size=(runs, n))
    hat = short[:, samples].mean(axis=2)
    worst = (truth[:, None] - hat).argmax(axis=0)
    centre = hat[worst, np.arange(runs)]
    root = math.sqrt((kinds**2).sum(axis=1).mean())
    bound = case.value(centre, 1.0, root, gamma, n, DELTA)
    plain = 2 * root / (gamma * math.sqrt(n)) + hoeffding_term(1.0, n, 1 / DELTA)
    tally.same(bound, centre + plain)
    Coverage(tally, DELTA).judge(truth[worst], centre, bound, "300 students")
    return tally.finding(HOW, f"300 students, {runs} samples of {n}")
