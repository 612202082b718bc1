"""Does a quantity order configurations as their risk or effectiveness does.

Only configurations of one data set are compared with each other: between data sets both
sides differ by how hard the queries are, which would pass for an order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, prod
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers
from rankbound.validation.resampling import (
    acceleration,
    bca_interval,
    bootstrap_weights,
    leave_one_out,
    permutation_p,
)

# Fewer cannot carry an interval over configurations, nor a model that leaves one out
NEEDED: Final = 8


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a predictor orders configurations.

    Attributes
    ----------
    n : int
        Configurations.
    tau : float or None
        Kendall's tau-b of the pairs within data sets; None where one side does not
        vary there.
    lower, upper : float or None
        Its BCa interval over configurations; None with fewer than 8.
    p : float or None
        Of no association, by permutations within data sets; of one data set by
        scipy, exact without ties.
    smallest_p : float or None
        The least p-value that these numbers of configurations allow; None where
        nothing was ordered.
    n_pairs : int
        Pairs within a data set that differ in the target.
    accuracy : float or None
        Share of them that the predictor orders as expected; its ties count half.
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
    """Level of the interval, resamples, permutations, and what draws them."""

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
    """Compare two orders of configurations.

    Parameters
    ----------
    predictor, target : float64 arrays, shape (n,)
        One number per configuration.
    datasets : int64 array, shape (n,)
        The data set of each.
    rising : bool
        Whether the theory expects the target to rise with the predictor.
    drawing : Drawing

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
    """Share of pairs ordered as expected, and how many pairs differ in the target.

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
    """Signs of the differences within data sets, 0 between them, shape (n, n)."""
    within = datasets[:, None] == datasets[None, :]
    return np.asarray(np.sign(values[:, None] - values[None, :]) * within)


def _tau(weights: Floats, left: Floats, right: Floats) -> Floats:
    """Tau-b of weighted configurations, shape (b,); NaN where a side is tied."""

    def total(signs: Floats) -> Floats:
        return np.asarray(((weights @ signs) * weights).sum(axis=1))

    size = np.sqrt(total(np.abs(left)) * total(np.abs(right)))
    return np.divide(
        total(left * right), size, out=np.full_like(size, np.nan), where=size > 0
    )


def _interval(
    tau: float, signs: tuple[Floats, Floats], datasets: Integers, drawing: Drawing
) -> tuple[float | None, float | None]:
    """BCa interval; configurations are drawn within their data sets."""
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
