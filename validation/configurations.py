"""Certificates on held-out queries, and how well terms order configurations.

Configurations are compared within a data set only. Between data sets, both sides differ
by how hard the queries are, which would pass for an order.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial, prod
from typing import Final

import numpy as np

from rankbound.bounds.certificate import CHOSEN, LossRange
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import lower_limit, upper_limit
from rankbound.data.columns import Floats, Integers
from rankbound.validation.resampling import (
    acceleration,
    bca_interval,
    bootstrap_weights,
    leave_one_out,
    permutation_p,
)

# Fewer configurations support neither an interval nor a model that leaves one out
NEEDED: Final = 8
ALPHAS: Final = tuple(10.0 ** (power / 2) for power in range(-6, 7))
LEAST_QUERIES = 4


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a predictor orders configurations.

    Attributes
    ----------
    n : int
        Configurations.
    tau : float or None
        Kendall's tau-b of the pairs within data sets; None where one side does not
        vary within any.
    lower, upper : float or None
        Its BCa interval over configurations; None with fewer than 8.
    p : float or None
        p-value of no association, by permutations within data sets; for one data set
        by `scipy.stats.kendalltau`, which is exact without ties.
    smallest_p : float or None
        The smallest p-value that these numbers of configurations allow; None where
        nothing was ordered.
    n_pairs : int
        Pairs within a data set that differ in the target.
    accuracy : float or None
        Share of these pairs that the predictor orders as expected; its ties count
        half.
    """

    n: int
    tau: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    smallest_p: float | None = None
    n_pairs: int = 0
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """One minus the level, numbers of resamples and permutations, and a generator."""

    delta: float
    resamples: int
    permutations: int
    rng: np.random.Generator


def ordering(
    predictor: Floats,
    target: Floats,
    datasets: Integers,
    *,
    rising: bool,
    drawing: Drawing,
) -> Ordering:
    """Compute how well a predictor orders configurations by a target.

    Parameters
    ----------
    predictor, target : float64 arrays, shape (n,)
        One number per configuration.
    datasets : int64 array, shape (n,)
        The data set of each configuration.
    rising : bool
        Whether the theory expects the target to rise with the predictor.
    drawing : Drawing

    Returns
    -------
    Ordering

    Raises
    ------
    DomainError
        With fewer than two configurations.

    Examples
    --------
    >>> drawing = Drawing(0.05, 100, 99, np.random.default_rng(0))
    >>> found = ordering(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]),
    ...     np.zeros(3, dtype=np.int64), rising=True, drawing=drawing)
    >>> round(found.tau, 4), found.n_pairs, round(found.accuracy, 4), found.lower
    (0.3333, 3, 0.6667, None)
    """
    n = len(predictor)
    if n < 2 or not len(target) == len(datasets) == n:
        raise DomainError(f"an order needs two configurations or more, got {n}")
    accuracy, n_pairs = sign_accuracy(predictor, target, datasets, rising=rising)
    smallest = _smallest_p(datasets, drawing.permutations)
    signs = signs_within(predictor, datasets), signs_within(target, datasets)
    tau = float(_tau(np.ones((1, n)), *signs)[0])
    if not np.isfinite(tau):
        return Ordering(n, None, None, None, None, smallest, n_pairs, accuracy)
    lower = upper = None
    if n >= NEEDED:
        lower, upper = _interval(tau, signs, datasets, drawing)
    p = _p(tau, predictor, target, datasets, drawing)
    return Ordering(n, tau, lower, upper, p, smallest, n_pairs, accuracy)


def sign_accuracy(
    predictor: Floats, target: Floats, datasets: Integers, *, rising: bool
) -> tuple[float | None, int]:
    """Share of pairs ordered as expected, and number of pairs with distinct targets.

    Examples
    --------
    >>> sign_accuracy(np.array([1.0, 1.0, 2.0]), np.array([5.0, 4.0, 4.0]),
    ...     np.zeros(3, dtype=np.int64), rising=True)
    (0.25, 2)
    """
    pairs = np.triu_indices(len(target), k=1)
    truth = signs_within(target, datasets)[pairs]
    said = signs_within(predictor, datasets)[pairs] * (1 if rising else -1)
    differ = truth != 0
    if not differ.any():
        return None, 0
    right = (1 + said[differ] * truth[differ]) / 2
    return float(right.mean()), int(differ.sum())


def signs_within(values: Floats, datasets: Integers) -> Floats:
    """Signs of the differences within data sets, 0 between them, shape (n, n).

    Examples
    --------
    >>> signs = signs_within(np.array([1.0, 2.0, 0.0]), np.array([0, 0, 1]))
    >>> signs.astype(int).tolist()
    [[0, -1, 0], [1, 0, 0], [0, 0, 0]]
    """
    within = datasets[:, None] == datasets[None, :]
    return np.asarray(np.sign(values[:, None] - values[None, :]) * within)


def _tau(weights: Floats, left: Floats, right: Floats) -> Floats:
    """Tau-b of weighted configurations, shape (b,); NaN where one side is all ties."""

    def total(signs: Floats) -> Floats:
        return np.asarray(((weights @ signs) * weights).sum(axis=1))

    size = np.sqrt(total(np.abs(left)) * total(np.abs(right)))
    return np.divide(
        total(left * right), size, out=np.full_like(size, np.nan), where=size > 0
    )


def _interval(
    tau: float, signs: tuple[Floats, Floats], datasets: Integers, drawing: Drawing
) -> tuple[float | None, float | None]:
    """BCa interval of tau from configurations resampled within their data sets."""
    n = len(datasets)
    weights = np.zeros((drawing.resamples, n))
    for name in np.unique(datasets):
        here = np.flatnonzero(datasets == name)
        weights[:, here] = bootstrap_weights(
            len(here), resamples=drawing.resamples, rng=drawing.rng
        )
    left_out = _tau(leave_one_out(n), *signs)
    lower, upper = bca_interval(
        np.array([tau]),
        _tau(weights, *signs)[:, None],
        acceleration(np.where(np.isfinite(left_out), left_out, tau)[:, None]),
        delta=drawing.delta,
    )
    if not np.isfinite(lower[0]):
        return None, None
    return float(lower[0]), float(upper[0])


def _p(
    tau: float,
    predictor: Floats,
    target: Floats,
    datasets: Integers,
    drawing: Drawing,
) -> float:
    from scipy.stats import kendalltau

    if len(np.unique(datasets)) == 1:
        return float(kendalltau(predictor, target).pvalue)
    left, null = signs_within(predictor, datasets), np.empty(drawing.permutations)
    whole = np.ones((1, len(target)))
    for draw in range(drawing.permutations):
        moved = target.copy()
        for name in np.unique(datasets):
            here = np.flatnonzero(datasets == name)
            moved[here] = target[drawing.rng.permutation(here)]
        null[draw] = _tau(whole, left, signs_within(moved, datasets))[0]
    return float(permutation_p(np.array(tau), null))


def _smallest_p(datasets: Integers, permutations: int) -> float:
    orders = prod(factorial(int(size)) for size in np.unique_counts(datasets).counts)
    several = len(np.unique(datasets)) > 1
    return max(2 / orders, 1 / (permutations + 1) if several else 0.0)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Errors of predicting each configuration from the others.

    Attributes
    ----------
    features : tuple of str
    n : int
    rmse : float
        Root mean square error on the configurations left out, in the target's unit.
    baseline_rmse : float
        The same for predicting the mean of the data set's other configurations.
    r2 : float
        1 minus the ratio of their squares; negative where the mean predicts better.
    """

    features: tuple[str, ...]
    n: int
    rmse: float
    baseline_rmse: float
    r2: float


def leave_one_out_ridge(
    features: Mapping[str, Floats], target: Floats, datasets: Integers
) -> Prediction:
    """Predict each configuration by a ridge regression on the others.

    Features and target are taken relative to the mean of the data set's other
    configurations. The others alone standardise the features and choose the penalty.

    Parameters
    ----------
    features : mapping of str to float64 array, shape (n,)
    target : float64 array, shape (n,)
    datasets : int64 array, shape (n,)

    Returns
    -------
    Prediction

    Raises
    ------
    DomainError
        With fewer than 8 configurations, a target that does not vary, or a data set
        with a single one.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> one = np.zeros(10, dtype=np.int64)
    >>> round(leave_one_out_ridge({"x": x}, 2 * x + 1, one).r2, 2)
    1.0
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import LeaveOneOut
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n = len(target)
    _check_predictable(target, datasets)
    table = np.column_stack([*features.values(), target])
    errors, plain = np.empty(n), np.empty(n)
    model = make_pipeline(StandardScaler(), RidgeCV(alphas=ALPHAS))
    # No cross_val_predict: the mean of a data set moves with the row that is left out
    for others, left_out in LeaveOneOut().split(table):
        moved = _relative(table, datasets, others)
        model.fit(moved[others, :-1], moved[others, -1])
        plain[left_out] = moved[left_out, -1]
        errors[left_out] = plain[left_out] - model.predict(moved[left_out, :-1])
    return Prediction(
        features=tuple(features),
        n=n,
        rmse=float(np.sqrt(np.mean(errors**2))),
        baseline_rmse=float(np.sqrt(np.mean(plain**2))),
        r2=float(1 - np.sum(errors**2) / np.sum(plain**2)),
    )


def _check_predictable(target: Floats, datasets: Integers) -> None:
    if len(target) < NEEDED:
        raise DomainError(
            f"too few configurations: {len(target)}, and leaving one out needs {NEEDED}"
        )
    if np.unique_counts(datasets).counts.min() < 2:
        raise DomainError("a data set has a single configuration, which has no others")
    if not signs_within(target, datasets).any():
        raise DomainError("the target does not vary between configurations")


def _relative(table: Floats, datasets: Integers, others: Integers) -> Floats:
    """Subtract from columns the mean of each data set's other configurations."""
    moved = table.copy()
    for name in np.unique(datasets):
        kept = others[datasets[others] == name]
        moved[datasets == name] -= table[kept].mean(axis=0)
    return moved


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A certificate from half of the queries, and the risk of the other half.

    Attributes
    ----------
    certificate : float
        Upper limit of the risk from the first half, in nats.
    risk : float
        Mean risk of the second half, in nats.
    lower : float
        Lower limit of the risk from the second half, in nats.
    n_certificate, n_held_out : int
    """

    certificate: float
    risk: float
    lower: float
    n_certificate: int
    n_held_out: int

    @property
    def holds(self) -> bool:
        """Whether the held-out mean is at most the certificate."""
        return self.risk <= self.certificate

    @property
    def refuted(self) -> bool:
        """Whether even the lower limit of the held-out risk exceeds the certificate."""
        return self.lower > self.certificate


def held_out(
    risk: Floats,
    *,
    loss_range: LossRange,
    delta: float,
    splits: int,
    rng: np.random.Generator,
) -> list[HeldOut]:
    """Try a certificate on random halves of the queries, several times.

    Parameters
    ----------
    risk : float64 array, shape (n,)
        One risk per query in nats, within the range.
    loss_range : LossRange
    delta : float
        Failure probability of the certificate and of the lower limit.
    splits : int
        Number of random splits.
    rng : numpy.random.Generator

    Returns
    -------
    list of HeldOut
        One per split.

    Raises
    ------
    DomainError
        With fewer than 4 queries.

    Notes
    -----
    The mean of a half is an estimate, and a true certificate may lie below it. The
    certificate is refuted, at level 2 delta, only where the lower limit of the held-out
    half lies above it.

    Examples
    --------
    >>> from rankbound.bounds.certificate import lemma_2c_range
    >>> limits = lemma_2c_range(10.0, cut_ratio=0.5, source="k large")
    >>> found = held_out(np.full(40, 0.3), loss_range=limits, delta=0.05, splits=2,
    ...     rng=np.random.default_rng(0))
    >>> [(split.holds, split.refuted, split.n_held_out) for split in found]
    [(True, False, 20), (True, False, 20)]
    """
    n = len(risk)
    if n < LEAST_QUERIES:
        raise DomainError(f"a split needs {LEAST_QUERIES} queries or more, got {n}")
    upper, lower = (
        functools.partial(
            limit,
            low=loss_range.low,
            high=loss_range.high,
            delta=delta,
            method=CHOSEN,
        )
        for limit in (upper_limit, lower_limit)
    )
    found = []
    for _ in range(splits):
        # Not scikit-learn's ShuffleSplit, which cannot draw from a Generator
        order = rng.permutation(n)
        first, second = risk[order[: n // 2]], risk[order[n // 2 :]]
        found.append(
            HeldOut(
                certificate=upper(first),
                risk=float(second.mean()),
                lower=lower(second),
                n_certificate=len(first),
                n_held_out=len(second),
            )
        )
    return found
