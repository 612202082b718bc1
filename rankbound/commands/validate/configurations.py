"""Test certificates on held-out queries, and orders of systems by the bound.

The terms of each configuration come from half of the queries. They are compared with
the risk and the effectiveness on the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Final

import numpy as np

from rankbound.bounds.betting import betting
from rankbound.bounds.certificate import LossRange
from rankbound.bounds.floors import floor_of
from rankbound.catalogue import ASSOCIATED, CONTRADICTS, NOTHING, PREDICTORS, SUPPORTS
from rankbound.commands.measure.result import LimitFloor
from rankbound.commands.validate.effectiveness import Judged
from rankbound.commands.validate.panels import StudentPanel
from rankbound.commands.validate.records import (
    RISK,
    Configuration,
    HeldOutCertificate,
    Order,
    Prediction,
)
from rankbound.data.clusters import units_of
from rankbound.data.columns import Booleans, Floats, Strings, strings
from rankbound.data.draws import drawn_order, generator
from rankbound.engine import pieces
from rankbound.errors import UsageError
from rankbound.validation.configurations import LEAST_QUERIES, held_out
from rankbound.validation.drawn import drawn_orderings, drawn_prediction
from rankbound.validation.judging import Family
from rankbound.validation.systems import (
    Design,
    Drawn,
    Ordering,
    design_of,
    drawn_for,
)
from rankbound.validation.systems import Prediction as Predicted

# What a regression predicts systems by: the terms of the bound together, it alone, and
# simple numbers alone
SETS: Final = (
    ("bound", "locality", "entropy"),
    ("bound",),
    *((name,) for name, one in PREDICTORS.items() if one.kind == "baseline"),
)
ABSENT: Final = "no vectors, or no such documents"
# A configuration of which more documents have no score is not compared
MOST_UNSCORED: Final = 0.1


def certificates(
    panels: Sequence[StudentPanel], *, delta: float, splits: int, seed: int
) -> tuple[HeldOutCertificate, ...]:
    """Compare certificates of random halves with the risk of the other halves."""
    rows = []
    for panel in panels:
        certificate = panel.result.certificate
        risk = panel.result.units.risk_nats
        if risk is None or len(risk) < LEAST_QUERIES:
            continue
        halves = held_out(
            risk,
            loss_range=certificate.range,
            delta=delta,
            stake=panel.result.student.choices.stake,
            splits=splits,
            rng=generator(
                seed, "certificates", panel.dataset, panel.sampling, panel.student
            ),
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
                floor=LimitFloor.of(panel.result.floor),
                half_floor=LimitFloor.of(
                    floor_of(
                        certificate.risk,
                        halves[0].n_certificate,
                        high=certificate.range.high,
                        delta=delta,
                    )
                ),
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
    permutations: int


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
    halves = {name: _half(judged[name], seed) for name in judged}
    values = tuple(
        _values(panel, judged[panel.dataset], halves[panel.dataset], family.delta)
        for panel in panels
    )
    return across(
        values,
        family=family,
        resamples=resamples,
        permutations=permutations,
        seed=seed,
    )


def across(
    values: Sequence[Configuration],
    *,
    family: Family,
    resamples: int,
    permutations: int,
    seed: int,
) -> Configurations:
    """Order systems by every predictor, and predict each system from the others.

    All orders and predictions are one family. Systems are what is exchanged, drawn and
    left out, in all data sets at once, since the effectiveness of a system is the same
    under all samplings of a data set.

    Parameters
    ----------
    values : sequence of Configuration
        With the same outcomes.
    family : Family
    resamples : int
        Number of bootstrap resamples of systems.
    permutations : int
        Number of permutations of systems; more are drawn if the family is so large that
        its smallest p-value could not be below the level.
    seed : int
    """
    kept = [value for value in values if value.compared]
    targets = tuple(dict.fromkeys(name for value in values for name in value.outcomes))
    made = design_of(
        *(
            strings([getattr(value, key) for value in kept])
            for key in ("student", "dataset", "sampling")
        )
    )
    n_possible = len(targets) * (len(PREDICTORS) + len(SETS))
    drawn = drawn_for(
        made,
        delta=family.delta,
        resamples=resamples,
        permutations=max(permutations, ceil(n_possible / family.delta)),
        rng=generator(seed, "systems"),
    )
    found = _Compared(kept, made, drawn)
    ordered = found.orders(targets)
    predicted = found.predictions(targets)
    places = [(name, target) for name in PREDICTORS for target in targets]
    p_values = [ordered[target][name].p for name, target in places]
    p_values += [one.p for one in predicted.values()]
    adjusted = family.adjusted(p_values)
    orders = tuple(
        found.order(name, target, ordered[target][name], p, family)
        for (name, target), p in zip(places, adjusted, strict=False)
    )
    predictions = tuple(
        found.predicted(names, target, one, p, family)
        for ((names, target), one), p in zip(
            predicted.items(), adjusted[len(places) :], strict=True
        )
    )
    return Configurations(
        values=tuple(values),
        orders=orders,
        predictions=predictions,
        n_tests=sum(p is not None for p in p_values),
        permutations=len(drawn.orders),
    )


def _half(judged: Judged, seed: int) -> set[str]:
    """A random half of the judged queries, or of their clusters."""
    ids = units_of(strings(sorted(judged.relevant)), judged.clusters).ids
    order = drawn_order(ids, seed=seed, purpose=f"halves of {judged.dataset}")
    return {ids[index] for index in order[: len(ids) // 2]}


def _values(
    panel: StudentPanel, judged: Judged, half: set[str], delta: float
) -> Configuration:
    first = np.array([qid in half for qid in panel.qids])
    if min(first.sum(), (~first).sum()) < 2:
        raise UsageError(
            f"{panel.dataset}: both halves of the queries need at least 2 with terms "
            f"of student {panel.student!r}, got {int(first.sum())} and "
            f"{int((~first).sum())} of {len(judged.relevant)} judged ones; give groups "
            "or scores for more judged queries"
        )
    risk = panel.column("risk")
    limit = _limit(panel, risk[first], delta)
    unscored = panel.result.student.missing_share
    system = judged.systems[panel.student]
    units = units_of(system.qids, judged.clusters)
    outside = np.array([name not in half for name in units.ids])
    means = units.means(system.values)[outside].mean(axis=0).tolist()
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
        unscored_share=unscored,
        compared=unscored <= MOST_UNSCORED or panel.result.student.unscored == "floor",
    )


def _first_mean(panel: StudentPanel, name: str, first: Booleans) -> float:
    return float(panel.column(name)[first].mean())


def _limit(panel: StudentPanel, risk: Floats, delta: float) -> float:
    limits: LossRange = panel.result.certificate.range
    stake = panel.result.student.choices.stake
    return betting(
        risk,
        low=limits.low,
        high=limits.high,
        delta=delta,
        stakes=None if stake is None else [stake],
    )


def _rows(qids: Strings, wanted: Strings) -> np.ndarray:
    place = {qid: row for row, qid in enumerate(qids)}
    return np.array([place[qid] for qid in wanted], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Missing:
    """The reason why there is no order or no prediction."""

    reason: str
    p: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """The configurations that are compared, their design, and what is drawn for it."""

    values: Sequence[Configuration]
    design: Design
    drawn: Drawn

    def _column(self, name: str) -> Floats | None:
        """A predictor by its name, shape (c,); None if it is not known for all."""
        column = [value.predictor(name) for value in self.values]
        known = [x for x in column if x is not None]
        return np.array(known) if len(known) == len(column) else None

    def _outcome(self, target: str) -> Floats:
        return np.array([value.outcomes[target] for value in self.values])

    def orders(
        self, targets: Sequence[str]
    ) -> dict[str, dict[str, Ordering | _Missing]]:
        """How every predictor orders the systems by each target, or why not."""
        if not self.design.n_systems:
            why = _Missing(self.drawn.missing_because or "")
            return {target: dict.fromkeys(PREDICTORS, why) for target in targets}
        columns = self._features(tuple(PREDICTORS))
        drawn = pieces(
            (
                partial(
                    drawn_orderings,
                    predictors=columns,
                    target=self._outcome(target),
                    design=self.design,
                    rising={name: _expected(name, target) for name in columns},
                    drawn=self.drawn,
                )
                for target in targets
            ),
            total=len(targets),
            what="orders",
            unit="outcomes",
        )
        absent = dict.fromkeys(PREDICTORS, _Missing(ABSENT))
        return {
            target: {**absent, **dict(zip(columns, made.rows(), strict=True))}
            for target, made in zip(targets, drawn, strict=True)
        }

    def order(
        self,
        predictor: str,
        target: str,
        found: Ordering | _Missing,
        adjusted: float | None,
        family: Family,
    ) -> Order:
        """The row of a predictor and a target."""
        reason = found.reason if isinstance(found, _Missing) else None
        one = Ordering() if isinstance(found, _Missing) else found
        if reason is None and one.tau is None:
            reason = "one side does not vary"
        rising = _expected(predictor, target)
        sign = 0 if one.tau is None or rising is None else one.tau * (2 * rising - 1)
        verdict = ""
        if adjusted is not None:
            words = {1.0: SUPPORTS, -1.0: CONTRADICTS, 0.0: ASSOCIATED}
            told = words[float(np.sign(sign))]
            verdict = told if adjusted <= family.delta else NOTHING
        small = self.drawn.smallest_p if len(self.drawn.orders) else 0.0
        return Order(
            predictor=predictor,
            kind=PREDICTORS[predictor].kind,
            target=target,
            expected="either" if rising is None else "rises" if rising else "falls",
            n=self.design.n,
            tau=one.tau,
            lower=one.lower,
            upper=one.upper,
            p=one.p,
            smallest_p=max(self.design.smallest_p, small) if one.n_pairs else None,
            n_pairs=one.n_pairs,
            accuracy=one.accuracy,
            missing_because=reason,
            p_adjusted=adjusted,
            verdict=verdict,
            n_systems=self.design.n_systems,
            n_datasets=self.design.n_datasets,
            untested_because=None if one.tau is None else self.drawn.missing_because,
        )

    def predictions(
        self, targets: Sequence[str]
    ) -> dict[tuple[tuple[str, ...], str], Predicted | _Missing]:
        """How well predictors together predict each system from the others."""
        places = [(names, target) for target in targets for names in SETS]
        why = self.drawn.missing_because
        if why is not None:
            return dict.fromkeys(places, _Missing(why))
        features = {names: self._features(names) for names in SETS}
        tried = [(names, target) for names, target in places if features[names]]
        drawn = pieces(
            (
                partial(
                    drawn_prediction,
                    features=features[names],
                    target=self._outcome(target),
                    design=self.design,
                    drawn=self.drawn,
                )
                for names, target in tried
            ),
            total=len(tried),
            what="predictions",
            unit="predictions",
        )
        found: dict[tuple[tuple[str, ...], str], Predicted | _Missing] = {}
        found |= dict.fromkeys(places, _Missing(ABSENT))
        for place, made in zip(tried, drawn, strict=True):
            one = made.row()
            found[place] = _Missing(one) if isinstance(one, str) else one
        return found

    def _features(self, names: tuple[str, ...]) -> dict[str, Floats]:
        columns = {name: self._column(name) for name in names}
        return {name: column for name, column in columns.items() if column is not None}

    def predicted(
        self,
        names: tuple[str, ...],
        target: str,
        found: Predicted | _Missing,
        adjusted: float | None,
        family: Family,
    ) -> Prediction:
        """The row of a prediction."""
        one = None if isinstance(found, _Missing) else found
        verdict = ""
        if one is not None and adjusted is not None:
            # Better than by chance, but worse than the mean, is no use
            useful = adjusted <= family.delta and one.r2 > 0
            verdict = ASSOCIATED if useful else NOTHING
        return Prediction(
            target=target,
            features=tuple(self._features(names)),
            n=self.design.n,
            rmse=None if one is None else one.rmse,
            baseline_rmse=None if one is None else one.baseline_rmse,
            r2=None if one is None else one.r2,
            missing_because=found.reason if isinstance(found, _Missing) else None,
            n_systems=self.design.n_systems,
            r2_null=None if one is None else one.r2_null,
            r2_null_upper=None if one is None else one.r2_null_upper,
            p=None if one is None else one.p,
            p_adjusted=adjusted,
            verdict=verdict,
        )


def _expected(predictor: str, target: str) -> bool | None:
    """Whether a target is expected to rise with a predictor, where anything is."""
    return PREDICTORS[predictor].expected(risk=target == RISK)
