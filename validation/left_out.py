"""Correlations without each of the queries, which the acceleration of BCa needs.

Equal to the correlations under the weights of `leave_one_out`, in O(n log n) for each
pair of columns. Without query i, the midrank of j falls by 1, 1/2 or 0 as it lies
above, beside or below i. The mean of all others is then n / 2, so that with midranks a
and b less their means, and signs s and t of the differences to i, a product of ranks is

    sum (a_j - s_j / 2) (b_j - t_j / 2)  over j other than i,

of which every part is a cumulative sum in the order of a column, or a sum of signs over
pairs. All of these are whole numbers and quarters, and so exact.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rankbound.data.columns import Booleans, Floats
from rankbound.validation.concordance import RowSums, row_sums
from rankbound.validation.correlation import (
    NO_SPREAD,
    Order,
    partial_products,
    pearson,
    standard,
)
from rankbound.validation.resampling import NUMBERS_AT_ONCE, leave_one_out


def pearson_left_out(x: Floats, y: Floats) -> Floats:
    """Pearson's r without each of the queries.

    Parameters
    ----------
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)

    Returns
    -------
    float64 array, shape (n, t, k)
        In [-1, 1]; NaN where a column is constant without the query.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> pearson_left_out(x, x[[1, 0, 2]]).ravel().round(6).tolist()
    [1.0, 1.0, -1.0]
    """
    n, (left, right) = len(x), (standard(side) for side in (x, y))
    # Without one query, a mean of 0 moves by its value over n - 1
    moved = n / (n - 1)
    spread = [(side**2).sum(axis=0) - moved * side**2 for side in (left, right)]
    sizes = [np.sqrt(np.where(one > NO_SPREAD * n, one, np.nan)) for one in spread]
    found = left.T @ right - moved * left[:, :, None] * right[:, None, :]
    found /= sizes[0][:, :, None] * sizes[1][:, None, :]
    # What one query has of most of a column's spread cancels
    heavy = [(moved * side**2 > n / 2).any(axis=1) for side in (left, right)]
    few = np.flatnonzero(heavy[0] | heavy[1])
    if len(few):
        found[few] = pearson(leave_one_out(n, few), x, y)
    return np.asarray(np.clip(found, -1.0, 1.0))


def kendall_left_out(rows: RowSums) -> Floats:
    """Kendall's tau-b without each of the queries, shape (n, t, k).

    `rows` are the `row_sums` of both sides.

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> kendall_left_out(row_sums(x, x[[1, 0, 2]])).ravel().tolist()
    [1.0, 1.0, -1.0]
    """
    return rows.tau(lambda pairs: (pairs.sum(axis=1, keepdims=True) - 2 * pairs).T)


def ranks_left_out(
    x: Floats, y: Floats, given: Floats, uses: Booleans, rows: RowSums
) -> tuple[Floats, Floats]:
    """What `RankedPanel` gives without each of the queries.

    Parameters
    ----------
    x, y, given, uses
        As in `RankedPanel.of`.
    rows : RowSums
        The `row_sums` of `x` and `y`.

    Returns
    -------
    rho, partial : float64 arrays, shape (n, t, k)

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> y, none = x[[1, 0, 3, 2]], np.empty((4, 0))
    >>> rho, _ = ranks_left_out(x, y, none, np.ones((1, 0), bool), row_sums(x, y))
    >>> rho.ravel().round(6).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    left, right, others = (_Ranks(columns) for columns in (x, y, given))
    rho = left.products(right, rows.of_both)
    rho /= left.sizes[:, :, None] * right.sizes[:, None, :]
    rho = np.clip(rho, -1.0, 1.0)
    # Products with a covariate that is constant without a query are 0
    scale = np.nan_to_num(1 / others.sizes)
    sides = (left, x, 1 / left.sizes), (right, y, 1 / right.sizes)
    by_given = [
        others.products(side, row_sums(given, columns).of_both)
        * scale[:, :, None]
        * of_side[:, None, :]
        for side, columns, of_side in (*sides, (others, given, scale))
    ]
    n = len(x)
    found = np.empty_like(rho)
    for some in _slices(n, rho[0].size):
        of_x, of_y, of_z = (one[some] for one in by_given)
        found[some] = partial_products(
            rho[some],
            of_x,
            of_y,
            of_z,
            uses=uses,
            least=np.full(len(of_x), NO_SPREAD * (n - 1)),
        )
    return rho, found


class _Ranks:
    """Midranks of columns less their means.

    `sizes`, shape (n, c), are the lengths of the left-out ones; NaN where constant.
    """

    def __init__(self, columns: Floats) -> None:
        n = len(columns)
        self.order = Order.of(columns)
        values = np.empty((1, columns.shape[1], n))
        self.order.centred_ranks(np.ones((1, n)), values)
        self.values = values[0].T
        self.sizes = np.empty_like(self.values)
        for c, one in enumerate(self.values.T):
            counts = np.diff(self.order.starts[c], append=n)
            squares = one @ one - one**2 - self._of_signs(c, one)
            squares += (n - counts[self.order.codes[c]]) / 4
            self.sizes[:, c] = np.sqrt(np.where(squares > 0, squares, np.nan))

    def _of_signs(self, column: int, values: Floats) -> Floats:
        """Sum values, whose sum is 0, with the signs of a column less each row's."""
        codes, rows = self.order.codes[column], self.order.rows[column]
        tied = np.add.reduceat(values[rows], self.order.starts[column])
        return np.asarray((tied - 2 * np.cumsum(tied))[codes])

    def products(self, other: _Ranks, of_both: Floats) -> Floats:
        """Products of the left-out ranks of both, shape (n, c, d)."""
        of_pairs = np.moveaxis(of_both, 2, 0) / 4
        for c, one in enumerate(self.values.T):
            for d, two in enumerate(other.values.T):
                of_pairs[:, c, d] += (
                    one @ two
                    - one * two
                    - (self._of_signs(c, two) + other._of_signs(d, one)) / 2
                )
        return of_pairs


def _slices(n: int, width: int) -> Iterator[slice]:
    step = max(1, NUMBERS_AT_ONCE // max(1, width))
    return (slice(start, start + step) for start in range(0, n, step))
