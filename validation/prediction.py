"""Predict each configuration from the others, by ridge regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.validation.configurations import NEEDED, signs_within

ALPHAS: Final = tuple(10.0 ** (power / 2) for power in range(-6, 7))


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
        The same of the mean of the data set's other configurations.
    r2 : float
        1 minus the ratio of their squares; negative where the mean is better.
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
    configurations; features are standardised and the penalty chosen among the others.

    Parameters
    ----------
    features : mapping of str to float64 array, shape (n,)
    target : float64 array, shape (n,)
    datasets : int64 array, shape (n,)

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
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    n = len(target)
    _check_predictable(target, datasets)
    table = np.column_stack([*features.values(), target])
    errors, plain = np.empty(n), np.empty(n)
    for left_out in range(n):
        others = np.arange(n) != left_out
        moved = _relative(table, datasets, others)
        model = make_pipeline(StandardScaler(), RidgeCV(alphas=ALPHAS))
        model.fit(moved[others, :-1], moved[others, -1])
        plain[left_out] = moved[left_out, -1]
        errors[left_out] = plain[left_out] - model.predict(moved[[left_out], :-1])[0]
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


def _relative(table: Floats, datasets: Integers, others: Booleans) -> Floats:
    """Columns minus the mean of each data set's other configurations."""
    moved = table.copy()
    for name in np.unique(datasets):
        here = datasets == name
        moved[here] -= table[here & others].mean(axis=0)
    return moved
