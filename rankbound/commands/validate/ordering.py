"""Configurations: does the bound order them as held-out risk and effectiveness do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rankbound.bounds.certificate import CHOSEN, LossRange
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import upper_limit
from rankbound.commands.validate.options import ValidateOptions
from rankbound.commands.validate.panels import Judged, StudentPanel
from rankbound.data.groups import Booleans
from rankbound.data.scores import Floats, Integers, Strings
from rankbound.errors import UsageError
from rankbound.validation.association import Coefficient
from rankbound.validation.configurations import (
    NEEDED,
    Drawing,
    ordering,
)
from rankbound.validation.prediction import leave_one_out_ridge

Row = dict[str, Any]
RISK: Final = "held-out risk"
PARTS: Final = ("bound", "deviation", "locality", "entropy")
# Plain numbers that cost nothing to compute
BASELINES: Final = ("divergence", "negative_score", "group_size", "score_variance")
MOST_ORDERS: Final = 1_999
TOO_FEW: Final = "too few configurations"


@dataclass(frozen=True, slots=True, eq=False)
class Configurations:
    """Values of all configurations, their orders, and predictions of one from others.

    `orders` has a row per predictor and target, `predictions` one per set of features
    and target, `values` one per configuration.
    """

    values: list[Row]
    orders: list[Row]
    predictions: list[Row]
    n_tests: int


def configurations(
    panels: Sequence[StudentPanel],
    judged: dict[str, Judged],
    options: ValidateOptions,
) -> Configurations:
    """Compare all configurations: terms from half of the queries, outcome of the rest.

    Configurations of one data set share their halves, so that they are comparable.
    """
    rng = np.random.default_rng([options.seed, 1_000_003])
    halves = {name: _half(judged[name], rng) for name in judged}
    values = [
        _values(panel, judged[panel.dataset], halves[panel.dataset], options)
        for panel in panels
    ]
    measures = next(iter(judged.values())).measures
    targets = ((RISK, True), *((measure, False) for measure in measures))
    orders = [
        _order(values, predictor, target, rising, options)
        for predictor in (*PARTS, *BASELINES)
        for target, rising in targets
    ]
    n_tests = _judge(orders, options)
    predictions = [row for target, _ in targets for row in _predictions(values, target)]
    return Configurations(values, orders, predictions, n_tests)


def _half(judged: Judged, rng: np.random.Generator) -> set[str]:
    qids = sorted(judged.relevant)
    order = rng.permutation(len(qids))
    return {qids[index] for index in order[: len(qids) // 2]}


def _values(
    panel: StudentPanel, judged: Judged, half: set[str], options: ValidateOptions
) -> Row:
    first = np.array([qid in half for qid in panel.qids])
    if min(first.sum(), (~first).sum()) < 2:
        raise UsageError(
            f"{panel.dataset}: too few queries of student {panel.student!r} to split "
            "them into halves"
        )
    risk = panel.column("risk")
    limit = _limit(panel, risk[first], options)
    row: Row = {
        "dataset": panel.dataset,
        "sampling": panel.sampling,
        "student": panel.student,
        "n_terms": int(first.sum()),
        "n_held_out": int((~first).sum()),
        "bound": limit,
        "deviation": limit - float(risk[first].mean()),
        "locality": None,
        "entropy": float(panel.column("entropy")[first].mean()),
        "divergence": float(panel.column("divergence")[first].mean()),
        **_plain(panel, first),
        RISK: float(risk[~first].mean()),
    }
    if "locality" in panel.names:
        row["locality"] = float(panel.column("locality")[first].mean())
    system = judged.systems[panel.student]
    outside = np.array([qid not in half for qid in system.qids])
    means = system.values[outside].mean(axis=0).tolist()
    return {**row, **dict(zip(judged.measures, means, strict=True))}


def _limit(panel: StudentPanel, risk: Floats, options: ValidateOptions) -> float:
    limits: LossRange = panel.result.certificate.range
    return upper_limit(
        risk,
        low=limits.low,
        high=limits.high,
        delta=options.family.delta,
        method=CHOSEN,
    )


def _plain(panel: StudentPanel, first: Booleans) -> Row:
    """The one-line baselines on the queries of the first half."""
    known = _rows(panel.baselines.qids, panel.qids[first])
    negative = panel.baselines.negative_score[known]
    kept = negative[np.isfinite(negative)]
    group = _rows(panel.terms.qids, panel.qids[first])
    return {
        "negative_score": float(kept.mean()) if kept.size else None,
        "group_size": float(panel.terms.group_size[group].mean()),
        "score_variance": float(panel.baselines.score_variance[known].mean()),
    }


def _rows(qids: Strings, wanted: Strings) -> np.ndarray:
    place = {qid: row for row, qid in enumerate(qids)}
    return np.array([place[qid] for qid in wanted], dtype=np.int64)


def _order(
    values: list[Row],
    predictor: str,
    target: str,
    rising: bool,
    options: ValidateOptions,
) -> Row:
    row: Row = {
        "predictor": predictor,
        "kind": "baseline" if predictor in BASELINES else "bound",
        "target": target,
        "expected": "rises" if rising else "falls",
        "n": len(values),
    }
    columns = [[value[name] for value in values] for name in (predictor, target)]
    if any(x is None for column in columns for x in column):
        return {**row, **_nothing("no vectors, or no such documents")}
    if len(values) < 2:
        return {**row, **_nothing(f"{len(values)} configuration has no order")}
    found = ordering(
        np.array(columns[0]),
        np.array(columns[1]),
        _codes(values),
        rising=rising,
        drawing=Drawing(
            options.family.delta,
            options.resamples,
            min(options.permutations, MOST_ORDERS),
            np.random.default_rng([options.seed, 1_000_033]),
        ),
    )
    reason = "one side does not vary" if found.tau is None else None
    return {
        **row,
        "tau": found.tau,
        "lower": found.lower,
        "upper": found.upper,
        "p": found.p,
        "smallest_p": found.smallest_p,
        "n_pairs": found.n_pairs,
        "accuracy": found.accuracy,
        "missing_because": reason,
    }


def _codes(values: list[Row]) -> Integers:
    """The data set of each configuration."""
    names = [value["dataset"] for value in values]
    return np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _nothing(reason: str) -> Row:
    names = ("tau", "lower", "upper", "p", "smallest_p", "accuracy")
    return {**dict.fromkeys(names), "n_pairs": 0, "missing_because": reason}


def _judge(orders: list[Row], options: ValidateOptions) -> int:
    family = options.family
    adjusted = family.adjusted([row["p"] for row in orders])
    for row, value in zip(orders, adjusted, strict=True):
        row["p_adjusted"] = value
        cell = Coefficient(row["tau"], row["lower"], row["upper"], row["p"])
        row["verdict"] = family.verdict(cell, value)
        if row["n"] < NEEDED:
            row["verdict"] = TOO_FEW
    return sum(row["p"] is not None for row in orders)


def _predictions(values: list[Row], target: str) -> list[Row]:
    """Leave-one-configuration-out, from the bound's parts and from each baseline."""
    parts = tuple(name for name in PARTS if name != "deviation")
    sets = [parts, ("bound",), *((name,) for name in BASELINES)]
    return [_prediction(values, names, target) for names in sets]


def _prediction(values: list[Row], names: tuple[str, ...], target: str) -> Row:
    used = tuple(n for n in names if all(value[n] is not None for value in values))
    row: Row = {"target": target, "features": list(used), "n": len(values)}
    empty = {"rmse": None, "baseline_rmse": None, "r2": None}
    outcome = np.array([value[target] for value in values])
    reason = None
    if len(values) < NEEDED:
        reason = f"{TOO_FEW}: {len(values)}, and {NEEDED} are needed"
    elif not used:
        reason = "no vectors, or no such documents"
    if reason is not None:
        return {**row, **empty, "missing_because": reason}
    features = {name: np.array([value[name] for value in values]) for name in used}
    try:
        found = leave_one_out_ridge(features, outcome, _codes(values))
    except DomainError as error:
        return {**row, **empty, "missing_because": str(error)}
    return {
        **row,
        "rmse": found.rmse,
        "baseline_rmse": found.baseline_rmse,
        "r2": found.r2,
        "missing_because": None,
    }
