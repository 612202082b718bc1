"""Checks of Theorem 2 on samples: limits of the target risk under a shifted law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import brentq

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
    tally.rounding = 1e-6
    if case.statement.key == "theorem-2b-limit":
        _monotone_in_shift(case, tally)
        _solved_by_variation(case, tally)
        _extremal_variation(case, coverage, runs)
    else:
        level = case.compute(
            [[0.5, 0.5]] * 9, [1.0] * 9, largest_kappa=1.0, levels=[1.0], high=1.0,
            delta=DELTA,
        )  # fmt: skip
        tally.same(level, 1.0, "never above the largest loss")
        _solved_by_worst_share(case, tally)
        _extremal_worst_share(case, coverage, runs)
    return tally.finding(
        "coverage, Clopper-Pearson",
        coverage.over(f"with and without a shift, {runs} samples of {n}"),
    )


def solved(row: Any, low: float, high: float, delta: float) -> float:
    """The betting limit of values in [low, high], from its capital alone."""
    x = (row - low) / (high - low)
    top = float(1 + x.mean()) / 2
    while capital(x, top, delta) < 1 / delta:
        top = (1 + top) / 2
        if top > 1 - 1e-9:
            return high
    found = brentq(lambda m: capital(x, m, delta) - 1 / delta, x.mean(), top)
    return low + (high - low) * float(found)


def _solved_by_variation(case: Case, tally: Tally) -> None:
    """Solve for the limit of risks with what the distances add, and with none."""
    for most in (0.0, 0.3, 1.0):
        risks = 0.4 + 2.2 * case.rng.beta(2, 5, 50)
        theta, width = most * case.rng.random(50), 5.0
        found = case.compute(
            risks, theta, low=0.3, high=2.9, pair_width=width, delta=DELTA
        )
        # the chance that at least one of two documents comes from elsewhere
        values = risks + width * (1 - (1 - theta) ** 2)
        tally.same(found, solved(values, 0.3, 2.9 + width, DELTA), "limit of the sum")


def _extremal_variation(case: Case, coverage: Coverage, runs: int) -> None:
    """Documents that the sampler never draws, and that cost all there is to lose.

    Every sampled pair has the least loss, and under the target law a pair with one of
    those documents has the largest: what the distance adds is exactly needed.
    """
    width = 3.0
    low, high = np.logaddexp(0, -width), np.logaddexp(0, width)
    for name, theta, chances in (
        ("rare shift", np.array([0.0, 0.9]), np.array([0.9, 0.1])),
        ("common shift", np.array([0.05, 0.4]), np.array([0.5, 0.5])),
    ):
        truth = float(chances @ (low + width * theta * (2 - theta)))
        picked = case.rng.choice(theta, size=(runs, 60), p=chances)
        options = {"low": low, "high": high, "pair_width": width, "delta": DELTA}
        least: Any = np.full(60, low)
        limits = [case.compute(least, row, **options) for row in picked]
        coverage.judge(truth, low, limits, name)


def _solved_by_worst_share(case: Case, tally: Tally) -> None:
    """Solve for the limit at every level of the grid and take the least."""
    high, largest = 1.7, 1.3
    for levels in ([0.0], [0.6], [0.0, high], [0.0, 0.4, 1.0]):
        losses = high * case.rng.beta(2, 4, (50, 6))
        kappas = 1 + (largest - 1) * case.rng.random(50)
        found = case.compute(
            losses, kappas, largest_kappa=largest, levels=levels, high=high, delta=DELTA
        )
        limits = [high]
        for t in levels:
            if t < high:
                beyond = np.maximum(losses - t, 0).mean(axis=1)
                values = t + kappas * kappas * beyond
                top = t + largest * largest * (high - t)
                limits.append(solved(values, t, top, DELTA / len(levels)))
        tally.same(found, min(limits), "least limit of the levels")


def _extremal_worst_share(case: Case, coverage: Coverage, runs: int) -> None:
    """A target law that is even on a share of the documents, whose pairs alone cost.

    Its risk is the cost, and the sampled mean is smaller by the square of the ratio.
    """
    for kappa, cost, high in ((1.1, 0.2, 1.0), (3.0, 0.24, 0.25)):
        inside = case.rng.random((runs, 60, 40, 2)) < 1 / kappa
        losses: Any = cost * inside.all(axis=3)
        limits = [
            case.compute(
                rows,
                np.full(60, kappa),
                largest_kappa=kappa,
                levels=[0.0],
                high=high,
                delta=DELTA,
            )
            for rows in losses
        ]
        coverage.judge(cost, losses.mean(axis=(1, 2)), limits, f"kappa = {kappa}")


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
