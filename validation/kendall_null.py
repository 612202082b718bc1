"""Kendall's tau-b when two columns have nothing to do with each other."""

from __future__ import annotations

import numpy as np

from rankbound.data.columns import Floats, Integers
from rankbound.validation.resampling import NUMBERS_AT_ONCE


def permuted_kendall(x: Floats, y: Floats, orders: Integers) -> Floats:
    """Kendall's tau-b after permuting the rows of `y`, shape (m, t, k).

    Every order needs all pairs of the n rows: for small n. Arguments are as in
    `permuted_products`, columns being raw.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> permuted_kendall(x, x, np.array([[0, 1, 2], [2, 1, 0]])).ravel().tolist()
    [1.0, -1.0]
    """
    n = len(y)
    first, second = np.triu_indices(n, k=1)
    left, right = _signs(x), _signs(y)
    # Permuting moves ties but does not change their number
    untied = [np.abs(s).sum(axis=1) / 2 for s in (left, right)]
    size = np.sqrt(np.outer(*untied))
    left = left[:, first * n + second]
    step = max(1, NUMBERS_AT_ONCE // max(1, len(first) * y.shape[1]))
    found = []
    for start in range(0, len(orders), step):
        chunk = orders[start : start + step]
        moved = right[:, chunk[:, first] * n + chunk[:, second]]
        found.append(np.matmul(moved, left.T).transpose(1, 2, 0))
    total = np.concatenate(found).astype(np.float64)
    scaled = np.divide(total, size, out=np.full_like(total, np.nan), where=size > 0)
    return np.asarray(scaled)


def kendall_variance(x: Floats, y: Floats) -> Floats:
    """Variance of Kendall's tau-b over all permutations, shape (t, k).

    Parameters
    ----------
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)

    Notes
    -----
    Kendall (1970), chapter 4, with ties on both sides; NaN for a constant column.

    Examples
    --------
    >>> x = np.arange(5.0)[:, None]
    >>> round(kendall_variance(x, x).item(), 6)  # 2 (2 n + 5) / (9 n (n - 1))
    0.166667
    """
    n = len(x)
    left, right = (np.array([_ties(c) for c in side.T]) for side in (x, y))
    all_pairs = n * (n - 1)
    first = n * (n - 1) * (2 * n + 5) - left[:, None, 2] - right[None, :, 2]
    second = left[:, None, 0] * right[None, :, 0] / (2 * all_pairs)
    third = left[:, None, 1] * right[None, :, 1] / (9 * all_pairs * (n - 2))
    size = (all_pairs - left[:, None, 0]) * (all_pairs - right[None, :, 0]) / 4
    return np.asarray(
        np.divide(
            first / 18 + second + third,
            size,
            out=np.full_like(size, np.nan),
            where=size > 0,
        )
    )


def _ties(column: Floats) -> tuple[float, float, float]:
    """Sums of t (t - 1), t (t - 1) (t - 2), t (t - 1) (2 t + 5) over ties."""
    t = np.unique(column, return_counts=True)[1].astype(np.float64)
    pairs = t * (t - 1)
    return pairs.sum(), (pairs * (t - 2)).sum(), (pairs * (2 * t + 5)).sum()


def _signs(columns: Floats) -> np.ndarray:
    """Signs of all differences of each column, shape (c, n n)."""
    signs = np.sign(columns.T[:, :, None] - columns.T[:, None, :])
    return signs.reshape(len(signs), -1).astype(np.float32)
