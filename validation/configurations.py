"""Does a quantity order configurations as their risk or effectiveness does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import factorial
from typing import Final

import numpy as np

from bounds.errors import DomainError
from estimators.scores import Floats
from validation.correlation import kendall
from validation.resampling import (
    acceleration,
    bca_interval,
    bootstrap_weights,
    leave_one_out,
)

# Fewer cannot carry an interval over configurations, nor a model that leaves one out
NEEDED: Final = 8
ALPHAS: Final = tuple(10.0 ** (power / 2) for power in range(-6, 7))


@dataclass(frozen=True, slots=True)
class Ordering:
    """How a predictor orders configurations.

    Attributes
    ----------
    n : int
        Configurations.
    tau : float or None
        Kendall's tau-b; None where one side does not vary.
    lower, upper : float or None
        Its BCa interval over configurations; None with fewer than 8.
    p : float or None
        Of no association, exact without ties.
    smallest_p : float
        The least p-value that this number of configurations allows.
    n_pairs : int
        Pairs that differ in the target.
    accuracy : float or None
        Share of them that the predictor orders as expected; its ties count half.
    """

    n: int
    tau: float | None
    lower: float | None
    upper: float | None
    p: float | None
    smallest_p: float
    n_pairs: int
    accuracy: float | None


def ordering(
    predictor: Floats,
    target: Floats,
    *,
    rising: bool,
    delta: float,
    resamples: int,
    rng: np.random.Generator,
) -> Ordering:
    """Compare two orders of configurations.

    Parameters
    ----------
    predictor, target : float64 arrays, shape (n,)
        One number per configuration.
    rising : bool
        Whether the theory expects the target to rise with the predictor.
    delta : float
        One minus the level of the interval.
    resamples : int
    rng : numpy.random.Generator

    Raises
    ------
    DomainError
        With fewer than two configurations.

    Examples
    --------
    >>> found = ordering(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]),
    ...     rising=True, delta=0.05, resamples=100, rng=np.random.default_rng(0))
    >>> round(found.tau, 4), found.n_pairs, round(found.accuracy, 4), found.lower
    (0.3333, 3, 0.6667, None)
    """
    from scipy.stats import kendalltau

    n = len(predictor)
    if n < 2 or len(target) != n:
        raise DomainError(f"an order needs two configurations or more, got {n}")
    accuracy, n_pairs = sign_accuracy(predictor, target, rising=rising)
    smallest = 2 / factorial(n) if n < 20 else 0.0
    if np.ptp(predictor) == 0 or np.ptp(target) == 0:
        return Ordering(n, None, None, None, None, smallest, n_pairs, accuracy)
    test = kendalltau(predictor, target)
    lower = upper = None
    if n >= NEEDED:
        lower, upper = _interval(predictor, target, delta, resamples, rng)
    tau, p = float(test.statistic), float(test.pvalue)
    return Ordering(n, tau, lower, upper, p, smallest, n_pairs, accuracy)


def sign_accuracy(
    predictor: Floats, target: Floats, *, rising: bool
) -> tuple[float | None, int]:
    """Share of pairs ordered as expected, and how many pairs differ in the target.

    Examples
    --------
    >>> sign_accuracy(np.array([1.0, 1.0, 2.0]), np.array([5.0, 4.0, 4.0]), rising=True)
    (0.25, 2)
    """
    first, second = np.triu_indices(len(target), k=1)
    truth = np.sign(target[first] - target[second])
    said = np.sign(predictor[first] - predictor[second]) * (1 if rising else -1)
    differ = truth != 0
    if not differ.any():
        return None, 0
    right = (1 + said[differ] * truth[differ]) / 2
    return float(right.mean()), int(differ.sum())


def _interval(
    predictor: Floats,
    target: Floats,
    delta: float,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[float | None, float | None]:
    x, y, n = predictor[:, None], target[:, None], len(target)
    whole, left_out = np.ones((1, n)), leave_one_out(n)
    weights = bootstrap_weights(n, resamples=resamples, rng=rng)
    ends = bca_interval(
        kendall(whole, x, y)[0, 0],
        kendall(weights, x, y)[:, 0],
        acceleration(np.nan_to_num(kendall(left_out, x, y)[:, 0])),
        delta=delta,
    )
    lower, upper = (float(end[0]) for end in ends)
    return (lower, upper) if np.isfinite(lower) else (None, None)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Leave-one-configuration-out prediction.

    Attributes
    ----------
    features : tuple of str
    n : int
    rmse : float
        Root mean square error of the configurations left out, in the target's unit.
    baseline_rmse : float
        The same of the mean of the other configurations.
    r2 : float
        1 minus the ratio of their squares; negative where the mean is better.
    """

    features: tuple[str, ...]
    n: int
    rmse: float
    baseline_rmse: float
    r2: float


def leave_one_out_ridge(features: Mapping[str, Floats], target: Floats) -> Prediction:
    """Predict each configuration by a ridge regression on the others.

    Features are standardised and the penalty is chosen among the others, too.

    Parameters
    ----------
    features : mapping of str to float64 array, shape (n,)
    target : float64 array, shape (n,)

    Raises
    ------
    DomainError
        With fewer than 8 configurations, or a target that does not vary.

    Examples
    --------
    >>> x = np.arange(10.0)
    >>> round(leave_one_out_ridge({"x": x}, 2 * x + 1).r2, 2)
    1.0
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n = len(target)
    if n < NEEDED:
        raise DomainError(
            f"too few configurations: {n}, and leaving one out needs {NEEDED}"
        )
    if np.ptp(target) == 0:
        raise DomainError("the target does not vary between configurations")
    table = np.column_stack([features[name] for name in features])
    errors, plain = np.empty(n), np.empty(n)
    for left_out in range(n):
        others = np.arange(n) != left_out
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=ALPHAS))
        model.fit(table[others], target[others])
        errors[left_out] = target[left_out] - model.predict(table[[left_out]])[0]
        plain[left_out] = target[left_out] - target[others].mean()
    return Prediction(
        features=tuple(features),
        n=n,
        rmse=float(np.sqrt(np.mean(errors**2))),
        baseline_rmse=float(np.sqrt(np.mean(plain**2))),
        r2=float(1 - np.sum(errors**2) / np.sum(plain**2)),
    )
