"""Corrections of a family of p-values; the family is the caller's to name."""

from __future__ import annotations

import numpy as np

from bounds.errors import DomainError
from estimators.scores import Floats


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
    Holm (1979), by statsmodels.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.06, 0.06]
    """
    return _adjusted(p_values, "holm")


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values: the false discovery rate.

    Parameters and errors as for `holm`. For exploration, not for claims.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03])).round(12).tolist()
    [0.03, 0.04, 0.04]
    """
    return _adjusted(p_values, "fdr_bh")


def _adjusted(p_values: Floats, method: str) -> Floats:
    from statsmodels.stats.multitest import multipletests

    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise DomainError(
            f"a family needs at least one p-value, got shape {values.shape}"
        )
    if not ((values >= 0) & (values <= 1)).all():
        worst = values[~((values >= 0) & (values <= 1))][0]
        raise DomainError(f"p-values lie in [0, 1], got {worst}")
    return np.asarray(multipletests(values, method=method)[1], dtype=np.float64)
