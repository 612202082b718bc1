"""Test certificates on held-out queries, and orders of configurations by the bound.

The terms of each configuration come from half of the queries. They are compared with
the risk and the effectiveness on the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.certificate import CHOSEN, LossRange
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import upper_limit
from rankbound.catalogue import TOO_FEW
from rankbound.commands.validate.effectiveness import Judged
from rankbound.commands.validate.panels import StudentPanel
from rankbound.commands.validate.records import (
    RISK,
    Configuration,
    HeldOutCertificate,
    Order,
    Prediction,
)
from rankbound.data.columns import Booleans, Floats, Integers, Strings
from rankbound.errors import UsageError
from rankbound.validation.association import Coefficient
from rankbound.validation.configurations import (
    LEAST_QUERIES,
    NEEDED,
    Drawing,
    Ordering,
    held_out,
    leave_one_out_ridge,
    ordering,
)
from rankbound.validation.judging import Family

PARTS: Final = ("bound", "deviation", "locality", "entropy")
# Simple numbers to compare the parts of the bound with
BASELINES: Final = ("divergence", "negative_score", "group_size", "score_variance")
MOST_ORDERS: Final = 1_999


def certificates(
    panels: Sequence[StudentPanel], *, delta: float, splits: int, seed: int
) -> tuple[HeldOutCertificate, ...]:
    """Compare certificates of random halves with the risk of the other halves."""
    rows = []
    for position, panel in enumerate(panels):
        certificate = panel.result.certificate
        risk = panel.result.terms.risk_nats
        if risk is None or len(risk) < LEAST_QUERIES:
            continue
        halves = held_out(
            risk,
            loss_range=certificate.range,
            delta=delta,
            splits=splits,
            rng=np.random.default_rng([seed, 1_000_037, position]),
        )
        held = float(np.mean([half.risk for half in halves]))
        stated = float(np.mean([half.certificate for half in halves]))
        rows.append(
            HeldOutCertificate(
                dataset=panel.dataset,
                sampling=panel.sampling,
                student=panel.student,
                n=certificate.n_queries,
                risk=certificate.risk,
                upper=certificate.upper,
                vacuous=certificate.vacuous,
                range=certificate.range.source,
                splits=len(halves),
                n_half=halves[0].n_certificate,
                certificate=stated,
                held_out=held,
                slack=stated - held,
                ratio=stated / held if held > 0 else None,
                held=sum(half.holds for half in halves),
                refuted=sum(half.refuted for half in halves),
            )
        )
    return tuple(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Configurations:
    """The values of all configurations, their orders, and predictions.

    `values` has a row per configuration, `orders` one per predictor and target, and
    `predictions` one per set of features and target.
    """

    values: tuple[Configuration, ...]
    orders: tuple[Order, ...]
    predictions: tuple[Prediction, ...]
    n_tests: int


def configurations(
    panels: Sequence[StudentPanel],
    judged: dict[str, Judged],
    *,
    family: Family,
    resamples: int,
    permutations: int,
    seed: int,
) -> Configurations:
    """Compare configurations: terms on half of the queries, outcomes on the others.

    The configurations of one data set are split into the same halves, so that they are
    comparable.
    """
    rng = np.random.default_rng([seed, 1_000_003])
    halves = {name: _half(judged[name], rng) for name in judged}
    values = tuple(
        _values(panel, judged[panel.dataset], halves[panel.dataset], family.delta)
        for panel in panels
    )
    measures = next(iter(judged.values())).measures
    targets = (RISK, *measures)
    found = [
        (
            predictor,
            target,
            _order(
                values,
                predictor,
                target,
                # Every order is drawn from a stream of the same seed
                Drawing(
                    family.delta,
                    resamples,
                    min(permutations, MOST_ORDERS),
                    np.random.default_rng([seed, 1_000_033]),
                ),
            ),
        )
        for predictor in (*PARTS, *BASELINES)
        for target in targets
    ]
    orders = _judged(found, len(values), family)
    return Configurations(
        values=values,
        orders=orders,
        predictions=tuple(p for t in targets for p in _predictions(values, t)),
        n_tests=sum(row.p is not None for row in orders),
    )


def _half(judged: Judged, rng: np.random.Generator) -> set[str]:
    qids = sorted(judged.relevant)
    order = rng.permutation(len(qids))
    return {qids[index] for index in order[: len(qids) // 2]}


def _values(
    panel: StudentPanel, judged: Judged, half: set[str], delta: float
) -> Configuration:
    first = np.array([qid in half for qid in panel.qids])
    if min(first.sum(), (~first).sum()) < 2:
        raise UsageError(
            f"{panel.dataset}: both halves of the queries need at least 2 of student "
            f"{panel.student!r}, got {int(first.sum())} and {int((~first).sum())}; "
            "give more judged queries"
        )
    risk = panel.column("risk")
    limit = _limit(panel, risk[first], delta)
    system = judged.systems[panel.student]
    outside = np.array([qid not in half for qid in system.qids])
    means = system.values[outside].mean(axis=0).tolist()
    known = _rows(panel.baselines.qids, panel.qids[first])
    negative = panel.baselines.negative_score[known]
    kept = negative[np.isfinite(negative)]
    group = _rows(panel.terms.qids, panel.qids[first])
    return Configuration(
        dataset=panel.dataset,
        sampling=panel.sampling,
        student=panel.student,
        n_terms=int(first.sum()),
        n_held_out=int((~first).sum()),
        bound=limit,
        deviation=limit - float(risk[first].mean()),
        locality=_first_mean(panel, "locality", first)
        if "locality" in panel.names
        else None,
        entropy=_first_mean(panel, "entropy", first),
        divergence=_first_mean(panel, "divergence", first),
        negative_score=float(kept.mean()) if kept.size else None,
        group_size=float(panel.terms.group_size[group].mean()),
        score_variance=float(panel.baselines.score_variance[known].mean()),
        outcomes={
            RISK: float(risk[~first].mean()),
            **dict(zip(judged.measures, means, strict=True)),
        },
    )


def _first_mean(panel: StudentPanel, name: str, first: Booleans) -> float:
    return float(panel.column(name)[first].mean())


def _limit(panel: StudentPanel, risk: Floats, delta: float) -> float:
    limits: LossRange = panel.result.certificate.range
    return upper_limit(
        risk, low=limits.low, high=limits.high, delta=delta, method=CHOSEN
    )


def _rows(qids: Strings, wanted: Strings) -> np.ndarray:
    place = {qid: row for row, qid in enumerate(qids)}
    return np.array([place[qid] for qid in wanted], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Ordered:
    """An order before the family is judged, or the reason why there is none."""

    found: Ordering | None
    missing_because: str | None


def _order(
    values: Sequence[Configuration],
    predictor: str,
    target: str,
    drawing: Drawing,
) -> _Ordered:
    inputs = [value.predictor(predictor) for value in values]
    known = [x for x in inputs if x is not None]
    if len(known) < len(values):
        return _Ordered(None, "no vectors, or no such documents")
    if len(values) < 2:
        return _Ordered(None, f"{len(values)} configuration has no order")
    found = ordering(
        np.array(known),
        np.array([value.outcomes[target] for value in values]),
        _codes(values),
        rising=target == RISK,
        drawing=drawing,
    )
    return _Ordered(found, "one side does not vary" if found.tau is None else None)


def _codes(values: Sequence[Configuration]) -> Integers:
    """The data sets of the configurations, as codes."""
    names = [value.dataset for value in values]
    return np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _judged(
    orders: Sequence[tuple[str, str, _Ordered]], n: int, family: Family
) -> tuple[Order, ...]:
    rows = []
    p_values = [None if one.found is None else one.found.p for *_, one in orders]
    adjusted = family.adjusted(p_values)
    for (predictor, target, one), p in zip(orders, adjusted, strict=True):
        found = one.found or Ordering(n)
        cell = Coefficient(found.tau, found.lower, found.upper, found.p)
        rows.append(
            Order(
                predictor=predictor,
                kind="baseline" if predictor in BASELINES else "bound",
                target=target,
                expected="rises" if target == RISK else "falls",
                n=n,
                tau=found.tau,
                lower=found.lower,
                upper=found.upper,
                p=found.p,
                smallest_p=found.smallest_p,
                n_pairs=found.n_pairs,
                accuracy=found.accuracy,
                missing_because=one.missing_because,
                p_adjusted=p,
                verdict=TOO_FEW if n < NEEDED else family.verdict(cell, p),
            )
        )
    return tuple(rows)


def _predictions(values: Sequence[Configuration], target: str) -> list[Prediction]:
    """Predict each configuration from the others, by the bound and by baselines."""
    parts = tuple(name for name in PARTS if name != "deviation")
    sets = [parts, ("bound",), *((name,) for name in BASELINES)]
    return [_prediction(values, names, target) for names in sets]


def _prediction(
    values: Sequence[Configuration], names: tuple[str, ...], target: str
) -> Prediction:
    columns = {name: [value.predictor(name) for value in values] for name in names}
    features = {
        name: np.array(column, dtype=np.float64)
        for name, column in columns.items()
        if None not in column
    }
    reason, found = None, None
    if len(values) < NEEDED:
        reason = f"{TOO_FEW}: {len(values)}, and {NEEDED} are needed"
    elif not features:
        reason = "no vectors, or no such documents"
    else:
        outcome = np.array([value.outcomes[target] for value in values])
        try:
            found = leave_one_out_ridge(features, outcome, _codes(values))
        except DomainError as error:
            reason = str(error)
    return Prediction(
        target=target,
        features=tuple(features),
        n=len(values),
        rmse=None if found is None else found.rmse,
        baseline_rmse=None if found is None else found.baseline_rmse,
        r2=None if found is None else found.r2,
        missing_because=reason,
    )
