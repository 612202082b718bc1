"""Checks of Theorem 2 on samples: limits of the target risk under a shifted law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rankbound.validation.checks.limits import capital
from rankbound.validation.coverage import Coverage
from rankbound.validation.findings import Case, CheckTable, Finding, Tally
from rankbound.validation.plain import loss, sigmoid
from rankbound.validation.worlds import World, worlds

CHECKS: Final = CheckTable()
DELTA: Final = 0.1


@dataclass(frozen=True, slots=True)
class Shifted:
    """Queries whose documents are drawn evenly, and the target law of each.

    Attributes
    ----------
    losses : numpy.ndarray
        Of all ordered pairs of documents, of shape (m, k, k).
    sampled, target : numpy.ndarray
        Risk of each query under both laws.
    apart, kappas : numpy.ndarray
        Total variation distance and largest density ratio of each query.
    width, high : float
        Largest margin and largest loss of a pair.
    """

    losses: Any
    sampled: Any
    target: Any
    apart: Any
    kappas: Any
    width: float
    high: float


def shifted(case: Case, place: World, most: float) -> Shifted:
    """Let the target law prefer the document that the teacher ranks first.

    It does so the more, the farther apart the documents of the query are, up to the
    share `most` of its mass.
    """
    count = place.teacher.shape[1]
    nu, widest = np.full(count, 1 / count), place.distances.max(axis=1)
    share = most * widest / widest.max()
    first = np.eye(count)[place.teacher.argmax(axis=1)]
    mu = (1 - share)[:, None] * nu + share[:, None] * first
    scores = place.scores(place.one_student(case.rng))
    margins = scores[:, :, None] - scores[:, None, :]
    losses = loss(
        sigmoid(place.teacher[:, :, None] - place.teacher[:, None, :]), margins
    )
    width = float(np.abs(margins).max())
    return Shifted(
        losses,
        losses.mean(axis=(1, 2)),
        np.einsum("mi,mij,mj->m", mu, losses, mu),
        np.abs(mu - nu).sum(axis=1) / 2,
        (mu / nu).max(axis=1),
        width,
        float(np.logaddexp(0, width)),
    )


@CHECKS.of("theorem-2b-limit", "theorem-2c-limit")
def shift_limits(case: Case) -> Finding:
    """Sample queries of every world and cover the target risk."""
    tally, n, runs = Tally(), 60, case.rounds(100)
    coverage = Coverage(tally, DELTA)
    limit_of = {
        "theorem-2b-limit": _by_variation,
        "theorem-2c-limit": _by_worst_share,
    }[case.statement.key]
    for place in worlds(case.rng, n, case.groups):
        for most in (0.0, 0.2):
            laws = shifted(case, place, most)
            samples = place.draw(case.rng, (runs, n))
            found = [limit_of(case, laws, picked) for picked in samples]
            centre, limits = np.array(found).T
            coverage.judge(laws.target @ place.weights, centre, limits, place.name)
    row = case.rng.beta(2, 5, n)
    tally.rounding = 1e-6
    if case.statement.key == "theorem-2b-limit":
        _monotone_in_shift(case, tally)
        options = {"low": 0.0, "high": 1.0, "pair_width": 1.0}  # the range is 2
        found = case.compute(row, np.zeros(n), **options, delta=DELTA)
        tally.same(capital(row / 2, found / 2), 1 / DELTA, "capital at the limit")
    else:
        level = case.compute(
            [[0.5, 0.5]] * 9, [1.0] * 9, largest_kappa=1.0, levels=[1.0], high=1.0,
            delta=DELTA,
        )  # fmt: skip
        tally.same(level, 1.0, "never above the largest loss")
        # two levels share delta, of which one says nothing
        found = case.compute(
            row[:, None], np.ones(n), largest_kappa=1.0, levels=[0.0, 1.0], high=1.0,
            delta=DELTA,
        )  # fmt: skip
        tally.same(capital(row, found, DELTA / 2), 2 / DELTA, "capital at the limit")
    return tally.finding(
        "coverage, Clopper-Pearson",
        coverage.over(f"with and without a shift, {runs} samples of {n}"),
    )


def _monotone_in_shift(case: Case, tally: Tally) -> None:
    """All queries at the top of the range and laws apart: the limit is the top."""
    options = {"low": 0.0, "high": 1.0, "pair_width": 2.0, "delta": DELTA}
    tally.same(case.compute([1.0] * 9, [1.0] * 9, **options), 3.0, "top")


def _by_variation(case: Case, laws: Shifted, picked: Any) -> tuple[float, float]:
    """Mean risk of sampled queries, and the limit from their distances of laws."""
    risks = laws.sampled[picked]
    options = {"low": 0.0, "high": laws.high, "pair_width": laws.width}
    limit = case.compute(risks, laws.apart[picked], **options, delta=DELTA)
    return float(risks.mean()), limit


def _by_worst_share(case: Case, laws: Shifted, picked: Any) -> tuple[float, float]:
    """Mean loss of six drawn pairs of each query, and the limit from them."""
    count = laws.losses.shape[1]
    first, second = case.rng.integers(0, count, (2, len(picked), 6))
    rows = laws.losses[picked[:, None], first, second]
    limit = case.compute(
        rows,
        laws.kappas[picked],
        largest_kappa=float(laws.kappas.max()),
        levels=[0.0, 0.5, 1.0] if laws.high > 1 else [0.0],
        high=laws.high,
        delta=DELTA,
    )
    return float(rows.mean()), limit
