"""Spearman's rho given other columns: beyond how hard a query is."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student_t

from bounds.errors import DomainError
from estimators.groups import Booleans
from estimators.scores import Floats
from validation.correlation import parts, unit, weighted_ranks


def rank_correlations(
    weights: Floats, x: Floats, y: Floats, given: Floats, uses: Booleans
) -> tuple[Floats, Floats]:
    """Spearman's rho and its partial version, which takes covariates out of both sides.

    Parameters
    ----------
    weights : float64 array, shape (b, n)
        One sample per row: how often each query occurs.
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)
    given : float64 array, shape (n, c)
        Covariates.
    uses : boolean array, shape (k, c)
        Which covariates are taken out for each column of `y`.

    Returns
    -------
    rho, partial : float64 arrays, shape (b, t, k)
        In [-1, 1]; NaN where a column, or what is left of it, is constant.

    Raises
    ------
    DomainError
        If the shapes do not fit.

    Notes
    -----
    The partial coefficient is Pearson's r of the residuals of midranks after least
    squares on the midranks of the covariates (Conover, 1999, section 5.4).

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> y, given = x[[1, 0, 3, 2]], x[[0, 1, 3, 2]]
    >>> both = rank_correlations(np.ones((1, 4)), x, y, given, np.ones((1, 1), bool))
    >>> [value.round(6).item() for value in both]
    [0.6, -0.111111]
    """
    if uses.shape != (y.shape[1], given.shape[1]) or len(given) != len(x):
        raise DomainError(
            f"uses must be (k, c) = {(y.shape[1], given.shape[1])}, got {uses.shape}"
        )
    patterns = {tuple(row) for row in uses.tolist()}
    rhos, partials = [], []
    for part in parts(weights, x.shape[1] + y.shape[1] + given.shape[1]):
        left, right, others = (
            unit(part, weighted_ranks(part, columns)) for columns in (x, y, given)
        )
        rhos.append(_products(part, left, right))
        found = np.empty_like(rhos[-1])
        for pattern in patterns:
            columns = np.all(uses == np.array(pattern), axis=1)
            base = others[:, :, np.array(pattern, dtype=bool)]
            found[:, :, columns] = _products(
                part,
                unit(part, _residuals(part, left, base)),
                unit(part, _residuals(part, right[:, :, columns], base)),
            )
        partials.append(found)
    return np.concatenate(rhos), np.concatenate(partials)


def partial_p(partial: Floats, *, n: int, n_given: int) -> Floats:
    """Two-sided p-value of a partial coefficient by Student's t.

    Parameters
    ----------
    partial : float64 array
    n, n_given : int
        Queries and covariates.

    Notes
    -----
    ``t = r sqrt(f / (1 - r**2))`` with ``f = n - 2 - n_given``: the t-test of the
    coefficient in a linear model of ranks.

    Examples
    --------
    >>> partial_p(np.array([0.0]), n=20, n_given=2).item()
    1.0
    """
    freedom = n - 2 - n_given
    if freedom < 1:
        return np.full_like(partial, np.nan)
    size = np.sqrt(freedom / np.maximum(1 - partial**2, 1e-15)) * np.abs(partial)
    return np.asarray(2 * student_t.sf(size, freedom))


def independent(given: Floats) -> Booleans:
    """Which covariates say something that those before them do not, shape (c,).

    Examples
    --------
    >>> given = np.array([[1.0, 5.0, 2.0, 1.0], [2.0, 5.0, 4.0, 0.0], [3.0, 5, 6, 5.0]])
    >>> independent(given).tolist()
    [True, False, False, True]
    """
    ranks = weighted_ranks(np.ones((1, len(given))), given)[0]
    ranks = ranks - ranks.mean(axis=0)
    keep: list[int] = []
    for column in range(ranks.shape[1]):
        if np.linalg.matrix_rank(ranks[:, [*keep, column]]) == len(keep) + 1:
            keep.append(column)
    return np.isin(np.arange(ranks.shape[1]), keep)


def _products(weights: Floats, left: Floats, right: Floats) -> Floats:
    product = np.matmul((left * weights[:, :, None]).transpose(0, 2, 1), right)
    return np.asarray(np.clip(product, -1.0, 1.0))


def _residuals(weights: Floats, columns: Floats, base: Floats) -> Floats:
    """Weighted least squares residuals of unit columns; constant ones fall out."""
    if base.shape[2] == 0:
        return columns
    solid = np.nan_to_num(base)
    across = (solid * weights[:, :, None]).transpose(0, 2, 1)
    gram = np.linalg.pinv(np.matmul(across, solid), hermitian=True, rtol=1e-9)
    slopes = np.matmul(gram, np.matmul(across, columns))
    return np.asarray(columns - np.matmul(solid, slopes))
