"""Corrections of a family of p-values; the family is the caller's to name."""

from __future__ import annotations

import numpy as np
from scipy.stats import false_discovery_control

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjusted p-values, which keep the family-wise error rate.

    Parameters
    ----------
    p_values : float64 array, shape (n,)
        In [0, 1], one for each comparison of the family.

    Returns
    -------
    float64 array, shape (n,)
        Reject where at most the family's error rate.

    Raises
    ------
    DomainError
        On an empty family or a value outside [0, 1].

    Notes
    -----
    Holm (1979). The tests hold it to statsmodels, which is not used here: it takes
    seconds to import and collects garbage at every call.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.06, 0.06]
    """
    values = _checked(p_values)
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, factors * values[order]))
    return adjusted


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values: the false discovery rate.

    Parameters and errors as for `holm`. For exploration, not for claims.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.04, 0.04]
    """
    return np.asarray(false_discovery_control(_checked(p_values), method="bh"))


def _checked(p_values: Floats) -> Floats:
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise DomainError(
            f"a family needs at least one p-value, got shape {values.shape}"
        )
    if not ((values >= 0) & (values <= 1)).all():
        worst = values[~((values >= 0) & (values <= 1))][0]
        raise DomainError(f"p-values lie in [0, 1], got {worst}")
    return values
