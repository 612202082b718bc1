"""Pearson, Spearman and Kendall of many columns at once, under weights.

A bootstrap sample is a vector of counts, a jackknife sample leaves one out: both are
weights of the original rows, so that thousands of samples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats

NUMBERS_AT_ONCE: Final = 2**23  # of a temporary array
NO_SPREAD: Final = 1e-12  # variance, relative to the whole sample's

Coefficients = Callable[[Floats, Floats, Floats], Floats]


def pearson(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Pearson's r of every column of `x` with every column of `y`.

    Parameters
    ----------
    weights : float64 array, shape (b, n)
        One sample per row: how often each query occurs, whole numbers.
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)

    Returns
    -------
    float64 array, shape (b, t, k)
        In [-1, 1]; NaN where a column is constant in a sample.

    Raises
    ------
    DomainError
        If the shapes do not fit or a value is not finite.

    Examples
    --------
    >>> x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [6.0]])
    >>> pearson(np.ones((1, 3)), x, y).round(6).item()
    0.944911
    """
    _check(weights, x, y)
    left, right = _standard(x), _standard(y)
    return _by_parts(
        weights,
        x.shape[1] + y.shape[1],
        lambda part: (_repeated(left, part), _repeated(right, part)),
    )


def spearman(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Spearman's rho: Pearson's r of midranks taken anew in every sample.

    Parameters, result and errors as for `pearson`.

    Examples
    --------
    >>> x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [9.0], [6.0]])
    >>> round(spearman(np.ones((1, 3)), x, y).item(), 6)
    0.5
    """
    _check(weights, x, y)
    return _by_parts(
        weights,
        x.shape[1] + y.shape[1],
        lambda part: (weighted_ranks(part, x), weighted_ranks(part, y)),
    )


def kendall(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Kendall's tau-b; parameters, result and errors as for `pearson`.

    Examples
    --------
    >>> x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [9.0], [6.0]])
    >>> round(kendall(np.ones((1, 3)), x, y).item(), 6)
    0.333333
    """
    _check(weights, x, y)
    counts = weights.astype(np.float32)  # whole numbers below 2**24 stay exact
    left, right = _signs(x), _signs(y)
    untied = [[_pairs(counts, np.abs(s)) for s in side] for side in (left, right)]
    result = np.full((len(weights), len(left), len(right)), np.nan)
    for t, of_x in enumerate(left):
        for k, of_y in enumerate(right):
            size = np.sqrt(untied[0][t] * untied[1][k])
            np.divide(
                _pairs(counts, of_x * of_y), size, out=result[:, t, k], where=size > 0
            )
    return result


COEFFICIENTS: Final[dict[str, Coefficients]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}


def weighted_ranks(weights: Floats, columns: Floats) -> Floats:
    """Midranks of the rows of every sample; a row of weight 0 gets some number, too.

    Parameters
    ----------
    weights : float64 array, shape (b, n)
    columns : float64 array, shape (n, c)

    Returns
    -------
    float64 array, shape (b, n, c)

    Examples
    --------
    >>> values = np.array([[5.0], [7.0], [7.0]])
    >>> weighted_ranks(np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 0.0]]), values)[..., 0]
    array([[1. , 2.5, 2.5],
           [1.5, 3. , 3. ]])
    """
    ranks = np.empty((*weights.shape, columns.shape[1]))
    counts = weights.astype(np.float32)  # halves below 2**23 stay exact
    for index, signs in enumerate(_signs(columns)):
        ranks[:, :, index] = counts @ ((signs + 1) / 2).T + 0.5
    return ranks


def unit(weights: Floats, columns: Floats) -> Floats:
    """Columns moved and scaled so that their weighted squares sum to 1.

    Parameters
    ----------
    weights : float64 array, shape (b, n)
    columns : float64 array, shape (b, n, c)

    Returns
    -------
    float64 array, shape (b, n, c)
        NaN where a column has no spread in a sample.
    """
    total = weights.sum(axis=1)[:, None, None]
    mass = weights[:, :, None]
    centred = columns - (mass * columns).sum(axis=1, keepdims=True) / total
    squares = (mass * centred**2).sum(axis=1, keepdims=True)
    flat = squares <= NO_SPREAD * total
    return np.asarray(centred / np.sqrt(np.where(flat, np.nan, squares)))


def _standard(columns: Floats) -> Floats:
    """Unit variance in the whole sample, so that rounding has a scale."""
    centred = columns - columns.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    flat = np.ptp(columns, axis=0) == 0
    return np.asarray(np.where(flat, 0.0, centred / np.where(flat, 1.0, spread)))


def _repeated(columns: Floats, part: Floats) -> Floats:
    return np.broadcast_to(columns, (len(part), *columns.shape))


def _by_parts(
    weights: Floats, width: int, columns: Callable[[Floats], tuple[Floats, Floats]]
) -> Floats:
    """Weighted products of unit columns, some samples at a time."""
    found = []
    for part in parts(weights, width):
        left, right = columns(part)
        z = unit(part, left) * part[:, :, None]
        found.append(np.matmul(z.transpose(0, 2, 1), unit(part, right)))
    return np.asarray(np.clip(np.concatenate(found), -1.0, 1.0))


def parts(weights: Floats, width: int) -> Iterator[Floats]:
    """Some samples at a time, so that `width` columns of them fit into memory.

    Examples
    --------
    >>> [len(part) for part in parts(np.ones((3, 2**22)), 1)]
    [2, 1]
    """
    step = max(1, NUMBERS_AT_ONCE // max(1, weights.shape[1] * width))
    for start in range(0, len(weights), step):
        yield weights[start : start + step]


def _signs(columns: Floats) -> list[np.ndarray]:
    return [
        np.sign(column[:, None] - column[None, :]).astype(np.float32)
        for column in columns.T
    ]


def _pairs(counts: np.ndarray, signs: np.ndarray) -> Floats:
    """Sum over the ordered pairs of every sample, shape (b,)."""
    sums = np.einsum("bn,bn->b", counts @ signs, counts, dtype=np.float64)
    return np.asarray(sums)


def _check(weights: Floats, x: Floats, y: Floats) -> None:
    n = weights.shape[1]
    if x.ndim != 2 or y.ndim != 2 or not len(x) == len(y) == n:
        raise DomainError(
            f"weights (b, n), x (n, t), y (n, k), got shapes {weights.shape}, "
            f"{x.shape}, {y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DomainError("a value is not finite; leave its query out and count it")
