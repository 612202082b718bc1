"""Spearman's rho given other columns: beyond how hard a query is."""

from __future__ import annotations

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats
from rankbound.validation.correlation import parts, unit, weighted_ranks


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


def flipped_partials(
    panel: tuple[Floats, Floats, Floats, Booleans],
    *,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Partial coefficients with the sign of every query's product drawn at random.

    Parameters
    ----------
    panel : tuple of arrays
        `x`, `y`, `given` and `uses` as in `rank_correlations`.
    count : int
        Draws, m.

    Returns
    -------
    float64 array, shape (m, t, k)

    Notes
    -----
    The coefficient is the sum of the products of two residuals. Without a partial
    association each product has mean 0, however the residuals' spread depends on the
    covariates; Student's t takes that spread for equal and rejects too often: residual
    ranks spread least where the covariate is extreme, on both sides at once. Products
    are divided by ``sqrt(1 - h)``, h the leverage of the covariates (MacKinnon and
    White, 1985, HC2), which small samples need. Flipping of scores: Hemerik, Goeman
    and Finos (2020).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(9, 1))
    >>> panel = x, x, np.empty((9, 0)), np.empty((1, 0), dtype=bool)
    >>> flipped_partials(panel, count=5, rng=rng).shape
    (5, 1, 1)
    """
    x, y, given, uses = panel
    whole = np.ones((1, len(x)))
    left, right, others = (
        unit(whole, weighted_ranks(whole, columns)) for columns in (x, y, given)
    )
    products = np.empty((len(x), x.shape[1], y.shape[1]))
    for column, pattern in enumerate(uses):
        base = others[:, :, pattern]
        a, b = (
            unit(whole, _residuals(whole, side, base))[0]
            for side in (left, right[:, :, [column]])
        )
        products[:, :, column] = a * b / np.sqrt(1 - _leverage(base[0]))[:, None]
    signs = rng.integers(0, 2, size=(count, len(x)), dtype=np.int8) * 2.0 - 1.0
    return np.asarray(np.tensordot(signs, products, axes=1))


def _leverage(base: Floats) -> Floats:
    """Diagonal of the projection on a constant and centred columns, below 1; (n,)."""
    n = len(base)
    left, size, _ = np.linalg.svd(np.nan_to_num(base), full_matrices=False)
    kept = left[:, size > 1e-9]
    return np.asarray(np.minimum(1 / n + (kept**2).sum(axis=1), 1 - 1e-9))


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
