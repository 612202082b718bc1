"""Checks of Theorem 2: distances of laws, and what they do to risks and entropies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from scipy.optimize import brentq, linprog

from rankbound.bounds.notation import a
from rankbound.bounds.special import Sigmoid
from rankbound.validation.checks.limits import capital
from rankbound.validation.findings import Case, CheckTable, Coverage, Finding, Tally
from rankbound.validation.plain import (
    LN2,
    loss,
    margin_entropy,
    pair_entropy,
    pair_risk,
    sigmoid,
    variation,
)
from rankbound.validation.symbolic import arithmetic, least
from rankbound.validation.worlds import World, worlds

CHECKS: Final = CheckTable()
C_PHI: Final = 0.22387160234746
Laws = tuple[Any, Any, Any, Any]
DELTA: Final = 0.1


def two_laws(rng: Generator, size: int = 5) -> Laws:
    """Draw two laws on one support, a teacher, and a student, often its reverse."""
    mu, nu = rng.dirichlet(np.full(size, rng.choice([0.3, 3.0])), 2)
    mu, nu = mu + 1e-6, nu + 1e-6
    mu, nu = mu / mu.sum(), nu / nu.sum()
    if rng.random() < 0.5:
        mu = 0.1 * mu + 0.9 * nu
    clusters = rng.random() < 0.5
    student = rng.integers(0, 2, size) if clusters else rng.random(size)
    student = rng.choice([0.5, 3.0, 20.0]) * student
    teacher = rng.normal(0, rng.choice([0.5, 3.0, 30.0]), size)
    if rng.random() < 0.5:
        teacher = -abs(teacher.mean()) * student
    return mu, nu, teacher, student


def transport(cost: Any, mu: Any, nu: Any) -> float:
    """Compute the optimal transport cost by linear programming."""
    size = len(mu)
    rows = np.kron(np.eye(size), np.ones(size))
    columns = np.kron(np.ones(size), np.eye(size))
    done = linprog(
        cost.ravel(),
        A_eq=np.vstack([rows, columns])[:-1],
        b_eq=np.concatenate([mu, nu])[:-1],
    )
    return float(done.fun)


def _uniform(size: int, kept: int) -> tuple[Any, Any]:
    return np.repeat([1 / kept, 0], [kept, size - kept]), np.full(size, 1 / size)


@CHECKS.of("theorem-2a", "theorem-2a-pair", "theorem-2a-single")
def distances(case: Case) -> Finding:
    """Search pairs of laws; attain the bound by a law that is uniform on a subset."""
    tally, key = Tally(), case.statement.key

    def sides(mu: Any, nu: Any) -> tuple[float, float]:
        theta, kappa = variation(mu, nu), float((mu / nu).max())
        pairs = variation(np.outer(mu, mu), np.outer(nu, nu))
        left = theta if key == "theorem-2a-single" else pairs
        return left, case.value(theta if key == "theorem-2a-pair" else max(1.0, kappa))

    for _ in range(case.rounds(500)):
        tally.at_most(*sides(*two_laws(case.rng, int(case.rng.integers(2, 7)))[:2]))
    for size, kept in ((4, 1), (6, 3), (50, 49), (3, 3)):
        tally.attained(*sides(*_uniform(size, kept)))
    return tally.finding("search, attained", f"{case.rounds(500)} pairs of laws")


@CHECKS.of("theorem-2b", "theorem-2b-variation", "theorem-2b-cap")
def risk_shift(case: Case) -> Finding:
    """Search laws, teachers and students; compare with a plain form."""
    tally, key = Tally(), case.statement.key
    for _ in range(case.rounds(600)):
        mu, nu, teacher, student = two_laws(case.rng)
        gap = abs(pair_risk(mu, teacher, student) - pair_risk(nu, teacher, student))
        width = float(np.ptp(student))
        kappa, theta = max(1.0, float((mu / nu).max())), variation(mu, nu)
        arguments, plain = {
            "theorem-2b": ((width, kappa), width * (1 - kappa**-2)),
            "theorem-2b-variation": ((width, theta), width * theta * (2 - theta)),
            "theorem-2b-cap": (
                (width,),
                (np.logaddexp(0, width) + LN2) / 2 - np.logaddexp(0, -width / 2),
            ),
        }[key]
        bound = case.value(*arguments)
        tally.at_most(gap, bound)
        tally.same(bound, plain)
    return tally.finding("adversarial search", f"{case.rounds(600)} pairs of laws")


@CHECKS.of("theorem-2c", "theorem-2c-ratio")
def worst_share(case: Case) -> Finding:
    """Compare with a linear programme over laws whose density is capped."""
    tally = Tally()
    for _ in range(case.rounds(60)):
        mu, nu, teacher, student = two_laws(case.rng)
        kappa = max(1.0, float((mu / nu).max()))
        target = pair_risk(mu, teacher, student)
        if case.statement.key == "theorem-2c-ratio":
            bound = case.value(kappa, pair_risk(nu, teacher, student))
            tally.at_most(target, bound)
            tally.same(bound, kappa**2 * pair_risk(nu, teacher, student))
            continue
        p = sigmoid(np.subtract.outer(teacher, teacher))
        losses = loss(p, np.subtract.outer(student, student)).ravel()
        law = np.outer(nu, nu).ravel()
        law = law / law.sum()
        bound = case.compute(losses, law, ratio=kappa**2)
        tally.at_most(target, bound)
        best = linprog(
            -losses,
            A_eq=np.ones((1, law.size)),
            b_eq=[1.0],
            bounds=list(zip(0 * law, kappa**2 * law, strict=True)),
        )
        tally.rounding = 1e-6
        tally.attained(-best.fun, bound)
    return tally.finding("linear programmes", f"{case.rounds(60)} pairs of laws")


@CHECKS.of("theorem-2d", "theorem-2d-lipschitz", "theorem-2d-line")
def by_transport(case: Case) -> Finding:
    """Compare with the optimum of a linear programme."""
    tally, key = Tally(), case.statement.key
    tally.rounding = 1e-6
    for _ in range(case.rounds(40)):
        mu, nu, teacher, student = two_laws(case.rng, 4)
        width, reach = float(np.ptp(student)), float(np.ptp(teacher))
        slope = float(sigmoid(width) - sigmoid(-reach))
        gap = abs(pair_risk(mu, teacher, student) - pair_risk(nu, teacher, student))
        f = np.abs(np.subtract.outer(student, student))
        g = np.abs(np.subtract.outer(teacher, teacher))
        if key == "theorem-2d-line":
            tally.same(case.compute(student, mu, nu), transport(f, mu, nu))
        elif key == "theorem-2d":
            options = {"loss_slope": slope, "score_range": width}
            bound = case.compute(student, teacher, mu, nu, **options)
            tally.at_most(gap, bound)
            best = 2 * transport(slope * f + width / 4 * g, mu, nu)
            tally.at_most(best, bound, "optimum")
            back = case.compute(student, -student, mu, nu, **options)
            line = 2 * transport((slope + width / 4) * f, mu, nu)
            tally.same(back, line, "scores that are functions of each other")
        else:
            places = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
            off = places > 0
            lipschitz = float((f[off] / places[off]).max()) + 1e-9
            steep = float((g[off] / places[off]).max()) + 1e-9
            apart = transport(places, mu, nu)
            bound = case.value(lipschitz, slope, 3.0, steep, 1.0, apart)
            tally.at_most(gap, bound)
            plain = 2 * lipschitz * (slope + 3.0 * steep / 4) * apart
            tally.same(bound, plain)
    return tally.finding("linear programmes", f"{case.rounds(40)} pairs of laws")


@CHECKS.of("theorem-2e")
def reweighted(case: Case) -> Finding:
    """Compute the expectation over all pairs that can be drawn, to show no bias."""
    tally = Tally()
    for _ in range(case.rounds(30)):
        mu, nu, teacher, student = two_laws(case.rng, 4)
        p = sigmoid(np.subtract.outer(teacher, teacher))
        losses = loss(p, np.subtract.outer(student, student))
        losses = (losses + losses.T) / 2  # symmetric up to rounding
        ratios, mean = mu / nu, 0.0
        for i in range(4):
            for j in range(4):
                pick = np.ix_([i, j], [i, j])
                part = case.compute(losses[pick], ratios[[i, j]])
                mean += nu[i] * nu[j] * part
        tally.same(mean, pair_risk(mu, teacher, student))
    return tally.finding("exhaustive", f"all draws from {case.rounds(30)} laws")


@CHECKS.of("theorem-2f", "theorem-2f-transport")
def entropy_shift(case: Case) -> Finding:
    """Search pairs of laws; bound the slope of the pair entropy by intervals."""
    tally = Tally()
    for _ in range(case.rounds(100)):
        mu, nu, teacher, _ = two_laws(case.rng, 4)
        gap = abs(pair_entropy(mu, teacher) - pair_entropy(nu, teacher))
        if case.statement.key == "theorem-2f":
            theta = variation(mu, nu)
            bound = case.value(theta)
            tally.same(bound, LN2 * theta * (2 - theta))
        else:
            cost = np.abs(np.subtract.outer(teacher, teacher))
            apart = transport(cost, mu, nu)
            bound = case.value(1.0, 1.0, apart)
            tally.same(bound, 2 * C_PHI * apart)
        tally.at_most(gap, bound + 1e-9)
    if case.statement.key == "theorem-2f":
        return tally.finding("adversarial search", f"{case.rounds(100)} pairs of laws")
    steep = float(np.abs(np.diff(margin_entropy(np.linspace(1.5, 1.6, 11)))).max())
    tally.at_most(steep / 0.01, C_PHI)
    arguments = case.statement.arguments
    slope = case.expression.subs(dict.fromkeys(arguments, 1)) / 2
    floor = -1e-6 if case.deep else -1e-4
    fine, boxes = least(
        slope - a * Sigmoid(a) * Sigmoid(-a), {a: (0.0, 40.0)}, floor=floor
    )
    tally.require(fine, "the slope of the pair entropy exceeds c_phi")
    return tally.finding(
        "intervals", f"a in [0, 40]: {arithmetic().name} {boxes} boxes"
    )


@dataclass(frozen=True, slots=True)
class Shifted:
    """Queries whose documents are drawn uniformly, and the target law of each.

    Attributes
    ----------
    losses : numpy.ndarray
        Losses of all ordered pairs of documents in nats, of shape (m, k, k).
    sampled, target : numpy.ndarray
        Risk of each query under each law, in nats.
    apart, kappas : numpy.ndarray
        Total variation distance and largest density ratio of each query's laws.
    width, high : float
        Largest margin, and largest loss of a pair in nats.
    """

    losses: Any
    sampled: Any
    target: Any
    apart: Any
    kappas: Any
    width: float
    high: float


def shifted(case: Case, place: World, most: float) -> Shifted:
    """Make target laws that prefer the document that the teacher ranks first.

    The extra mass of that document grows with the distances within the query, up to
    `most`.
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
    """With risks and distances at the top of their ranges, so is the limit."""
    options = {"low": 0.0, "high": 1.0, "pair_width": 2.0, "delta": DELTA}
    tally.same(case.compute([1.0] * 9, [1.0] * 9, **options), 3.0, "top")


def _by_variation(case: Case, laws: Shifted, picked: Any) -> tuple[float, float]:
    """Return the mean risk of sampled queries, and the limit by total variation."""
    risks = laws.sampled[picked]
    options = {"low": 0.0, "high": laws.high, "pair_width": laws.width}
    limit = case.compute(risks, laws.apart[picked], **options, delta=DELTA)
    return float(risks.mean()), limit


def _by_worst_share(case: Case, laws: Shifted, picked: Any) -> tuple[float, float]:
    """Return the mean loss of six pairs of each query, and the limit from them."""
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
