"""Correlations of many columns at once, under weights, and their null distributions.

A bootstrap sample is a vector of counts, and a jackknife sample leaves one query out.
Both are weights of the original rows, so that thousands of samples are one matrix
product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats, Integers
from rankbound.threads import kept, one_thread_of_blas, share_out
from rankbound.validation.concordance import (
    RowSums,
    codes,
    row_sums,
    tied,
    weighted_agreement,
)
from rankbound.validation.resampling import NUMBERS_AT_ONCE, heads_in_parts

NO_SPREAD: Final = 1e-12  # variance, relative to the whole sample's
# With more queries, Kendall's tau of bootstrap samples is linear in their weights
MOST_QUADRATIC: Final = 300
# Unless a column has fewer ordered pairs that differ than this for each query
LEAST_UNTIED: Final = 100
# And the fewer of its pairs in one order and in opposite ones are no less than so
LEAST_OPPOSED: Final = 30
# Numbers of the columns of samples that are computed together, which caches hold
SAMPLES_AT_ONCE: Final = 2**18


def pearson(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Pearson's r of every column of `x` with every column of `y`.

    Parameters
    ----------
    weights : float64 array, shape (b, n)
        One sample per row: how often each query occurs, in whole numbers.
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
    columns = standard(np.hstack([x, y])).T

    def centred(some: Floats, out: Floats) -> None:
        sums = np.matmul(columns, some[:, :, None])
        np.subtract(columns, sums / some.sum(axis=1)[:, None, None], out=out)

    products = _products(weights, len(columns), centred)
    return _correlations(products, weights, x.shape[1])


def spearman(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Spearman's rho: Pearson's r of the midranks of every sample.

    Parameters, result and errors are those of `pearson`.

    Examples
    --------
    >>> x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [9.0], [6.0]])
    >>> round(spearman(np.ones((1, 3)), x, y).item(), 6)
    0.5
    """
    _check(weights, x, y)
    order = Order.of(np.hstack([x, y]))
    products = _products(weights, len(order.codes), order.centred_ranks)
    return _correlations(products, weights, x.shape[1])


def kendall(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Kendall's tau-b of every column of `x` with every column of `y`.

    Parameters, result and errors are those of `pearson`.

    Examples
    --------
    >>> x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [9.0], [6.0]])
    >>> round(kendall(np.ones((1, 3)), x, y).item(), 6)
    0.333333
    """
    _check(weights, x, y)
    counts = weights.astype(np.float32)  # whole numbers below 2**24 stay exact
    untied = [[_untied_mass(weights, column) for column in side.T] for side in (x, y)]
    result = np.full((len(weights), x.shape[1], y.shape[1]), np.nan)
    for t, of_x in enumerate(x.T):
        left = _signs(of_x, of_x)
        for k, of_y in enumerate(y.T):
            product = _signs(of_y, of_y)
            product *= left
            size = np.sqrt(untied[0][t] * untied[1][k])
            np.divide(
                _pairs(counts, product), size, out=result[:, t, k], where=size > 0
            )
    return result


def _untied_mass(weights: Floats, column: Floats) -> Floats:
    """Ordered pairs of each sample that differ in a column, shape (b,)."""
    return np.asarray(weights.sum(axis=1) ** 2 - tied(codes(column), weights))


def kendall_resampled(
    weights: Floats, x: Floats, y: Floats, rows: RowSums | None = None
) -> Floats:
    """Kendall's tau-b of bootstrap samples, as `kendall` computes it.

    Parameters and result are those of `kendall`, for weights that a multinomial drew.
    `rows` are the `row_sums` of both sides, where the caller has them.

    Notes
    -----
    A sum over pairs of queries is quadratic in the weights, and takes n squared steps
    for each sample. With more than 300 queries it is replaced by its linear part and
    the mean of the rest (Hoeffding, 1948): what is left out moves the sums by
    1 / sqrt(n) of their spread, and the ends of an interval by less than a thirtieth of
    its length, which is what 2,000 resamples leave open. Where nearly all queries are
    tied in a column, what counts is not n but the pairs that differ, over n: below 100,
    sums stay quadratic, over the few pairs with a query outside the largest tie. Where
    nearly all pairs are in one order, or in opposite ones, it is the fewer of both:
    below 30 for each query, sums are exact, in O(n log n) for each sample.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(2, 400, 1))
    >>> weights = rng.multinomial(400, np.full(400, 1 / 400), size=99).astype(float)
    >>> near = kendall_resampled(weights, x, x + y) - kendall(weights, x, x + y)
    >>> bool(np.abs(near).max() < 0.01)
    True
    """
    _check(weights, x, y)
    n = weights.shape[1]
    if n <= MOST_QUADRATIC:
        return kendall(weights, x, y)
    moved = weights - 1

    def sums(rows: Floats) -> Floats:
        return np.asarray((1 - 1 / n) * rows.sum(axis=1) + 2 * (moved @ rows.T))

    rows = row_sums(x, y) if rows is None else rows
    with one_thread_of_blas():
        found = rows.tau(sums)
    flat = [side.sum(axis=1) < LEAST_UNTIED * n for side in (rows.of_x, rows.of_y)]
    for t, k in np.ndindex(found.shape[1:]):
        one, two = x[:, t], y[:, k]
        if flat[0][t] or flat[1][k]:
            found[:, t, k] = _kendall_of_few(weights, one, two)
        elif rows.fewer[t, k] < LEAST_OPPOSED * n:
            both = weighted_agreement(one, two, weights)
            found[:, t, k] = _tau_b(both, weights, one, two)
    return found


def _kendall_of_few(weights: Floats, x: Floats, y: Floats) -> Floats:
    """`kendall` of two columns one of which is nearly constant, shape (b,)."""
    few, other = sorted((x, y), key=lambda column: int(_outside(column).sum()))
    out = _outside(few)
    signs = _signs(few[out], few)
    signs *= _signs(other[out], other)
    counts = weights.astype(np.float32)  # whole numbers below 2**24 stay exact
    # Pairs of two such queries are met from both of them, the others from one
    once = counts @ signs.T - (counts[:, out] @ signs[:, out]) / 2
    both = 2 * np.einsum("bm,bm->b", once, counts[:, out], dtype=np.float64)
    return _tau_b(both, weights, x, y)


def _tau_b(both: Floats, weights: Floats, x: Floats, y: Floats) -> Floats:
    """Tau-b of samples from their sums of signs, all of shape (b,)."""
    size = np.sqrt(_untied_mass(weights, x) * _untied_mass(weights, y))
    found = np.full(len(weights), np.nan)
    return np.asarray(np.divide(both, size, out=found, where=size > 0))


def _outside(column: Floats) -> Booleans:
    """Which rows do not have the most frequent value, shape (n,)."""
    values, counts = np.unique(column, return_counts=True)
    return np.asarray(column != values[np.argmax(counts)])


class Order(NamedTuple):
    """How the rows of some columns lie in each of them, with ties.

    Attributes
    ----------
    codes : int64 array, shape (c, n)
        The place of each row's value among the distinct ones.
    rows : int64 array, shape (c, n)
        Rows in the order of their values.
    starts : tuple of int64 arrays
        Where each distinct value begins in that order.
    """

    codes: Integers
    rows: Integers
    starts: tuple[Integers, ...]

    @classmethod
    def of(cls, columns: Floats) -> Order:
        """The order of columns, shape (n, c)."""
        codes, rows = (np.empty(columns.T.shape, dtype=np.int64) for _ in range(2))
        starts = []
        for index, column in enumerate(columns.T):
            _, code, sizes = np.unique(column, return_inverse=True, return_counts=True)
            codes[index], rows[index] = code, np.argsort(code, kind="stable")
            starts.append(np.cumsum(sizes) - sizes)
        return cls(codes, rows, tuple(starts))

    def centred_ranks(self, weights: Floats, out: Floats) -> None:
        """Write the `weighted_ranks` less their means into an array (b, c, n)."""
        half = weights.sum(axis=1, keepdims=True) / 2
        for index, (code, rows, starts) in enumerate(zip(*self, strict=True)):
            mass = weights.take(rows, axis=1)
            if len(starts) < len(rows):
                mass = np.add.reduceat(mass, starts, axis=1)
            # Whole numbers and halves, so that sums are exact
            place = np.cumsum(mass, axis=1)
            mass /= 2
            place -= mass
            place -= half
            np.take(place, code, axis=1, out=out[:, index], mode="clip")


def weighted_ranks(weights: Floats, columns: Floats) -> Floats:
    """Midranks of the rows in every sample; those of rows of weight 0 mean nothing.

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
    ranks = np.empty((len(weights), columns.shape[1], len(columns)))
    Order.of(columns).centred_ranks(weights, ranks)
    ranks += (weights.sum(axis=1)[:, None, None] + 1) / 2
    return np.moveaxis(ranks, 1, 2)


def unit(weights: Floats, columns: Floats) -> Floats:
    """Centre and scale columns so that their weighted squares sum to 1.

    Parameters
    ----------
    weights : float64 array, shape (b, n)
    columns : float64 array, shape (b, n, c)

    Returns
    -------
    float64 array, shape (b, n, c)
        NaN where a column has no spread in a sample.

    Examples
    --------
    >>> unit(np.ones((1, 2)), np.array([[[1.0], [3.0]]])).ravel().round(4).tolist()
    [-0.7071, 0.7071]
    """
    total = weights.sum(axis=1)[:, None, None]
    mass = weights[:, :, None]
    centred = columns - (mass * columns).sum(axis=1, keepdims=True) / total
    squares = (mass * centred**2).sum(axis=1, keepdims=True)
    flat = squares <= NO_SPREAD * total
    return np.asarray(centred / np.sqrt(np.where(flat, np.nan, squares)))


def standard(columns: Floats) -> Floats:
    """Scale columns to unit variance in the whole sample; constant ones become 0.

    Examples
    --------
    >>> standard(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    centred = columns - columns.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    flat = np.ptp(columns, axis=0) == 0
    return np.asarray(np.where(flat, 0.0, centred / np.where(flat, 1.0, spread)))


def _products(
    weights: Floats, width: int, centred: Callable[[Floats, Floats], None]
) -> Floats:
    """Weighted sums of products of centred columns in every sample, shape (b, c, c).

    `centred` writes the c columns of some samples, of which these are the weights, into
    an array (s, c, n). Threads share the samples.
    """
    count, n = weights.shape
    found = np.empty((count, width, width))
    at_once = max(1, SAMPLES_AT_ONCE // max(1, n * width))

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            some = weights[part]
            columns = kept("columns", len(some), width, n)
            centred(some, columns)
            weighted = kept("weighted", len(some), width, n)
            np.multiply(columns, some[:, None, :], out=weighted)
            np.matmul(weighted, columns.transpose(0, 2, 1), out=found[part])

    with one_thread_of_blas():
        share_out(work, count, at_once=at_once)
    return found


def _sizes(products: Floats, weights: Floats) -> Floats:
    """Squares of centred columns, shape (b, c); NaN where they have no spread."""
    squares = np.diagonal(products, axis1=1, axis2=2)
    flat = squares <= NO_SPREAD * weights.sum(axis=1, keepdims=True)
    return np.where(flat, np.nan, squares)


def _scaled(products: Floats, left: Floats, right: Floats) -> Floats:
    """Products of unit columns, from the squares of both sides."""
    size = np.sqrt(left[:, :, None] * right[:, None, :])
    return np.asarray(np.clip(products / size, -1.0, 1.0))


def _correlations(products: Floats, weights: Floats, t: int) -> Floats:
    """Those of the first t columns with the others."""
    sizes = _sizes(products, weights)
    return _scaled(products[:, :t, t:], sizes[:, :t], sizes[:, t:])


def _signs(rows: Floats, column: Floats) -> np.ndarray:
    """Signs of rows less all entries of a column, as float32, shape (r, n)."""
    signs = np.greater(rows[:, None], column[None]).astype(np.float32)
    signs -= rows[:, None] < column[None]
    return signs


def _pairs(counts: np.ndarray, signs: np.ndarray) -> Floats:
    """Sum signs over the ordered pairs of every sample, shape (b,)."""
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


class RankedPanel(NamedTuple):
    """Spearman's rho, and the partial rho that takes covariates out of both sides.

    Columns are put in order once, for many samples.

    Notes
    -----
    The partial coefficient is Pearson's r of the residuals of midranks after least
    squares on the midranks of the covariates (Conover, 1999, section 5.4).

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> y, given = x[[1, 0, 3, 2]], x[[0, 1, 3, 2]]
    >>> ranked = RankedPanel.of(x, y, given, np.ones((1, 1), bool))
    >>> [value.round(6).item() for value in ranked.under(np.ones((1, 4)))]
    [0.6, -0.111111]
    """

    order: Order
    n_terms: int
    uses: Booleans

    @classmethod
    def of(cls, x: Floats, y: Floats, given: Floats, uses: Booleans) -> RankedPanel:
        """Order the columns.

        Parameters
        ----------
        x : float64 array, shape (n, t)
        y : float64 array, shape (n, k)
        given : float64 array, shape (n, c)
            Covariates.
        uses : boolean array, shape (k, c)
            Which covariates are taken out for each column of `y`.

        Raises
        ------
        DomainError
            If the shapes do not fit.
        """
        if uses.shape != (y.shape[1], given.shape[1]) or len(given) != len(x):
            raise DomainError(
                f"uses must be (k, c) = {(y.shape[1], given.shape[1])}, got "
                f"{uses.shape}"
            )
        return cls(Order.of(np.hstack([x, y, given])), x.shape[1], uses)

    def under(self, weights: Floats) -> tuple[Floats, Floats]:
        """Both coefficients in samples.

        Parameters
        ----------
        weights : float64 array, shape (b, n)
            One sample per row: how often each query occurs.

        Returns
        -------
        rho, partial : float64 arrays, shape (b, t, k)
            In [-1, 1]; NaN where a column or its residuals are constant.
        """
        width = len(self.order.codes)
        products = _products(weights, width, self.order.centred_ranks)
        sizes = _sizes(products, weights)
        x, rest = slice(self.n_terms), self.n_terms + len(self.uses)
        y, given = slice(self.n_terms, rest), slice(rest, width)
        rho = _scaled(products[:, x, y], sizes[:, x], sizes[:, y])
        of_given = sizes[:, given]
        of_given[np.isnan(of_given)] = np.inf  # its products are 0 then
        sides = (
            _scaled(products[:, given, side], of_given, sizes[:, side])
            for side in (x, y, given)
        )
        least = NO_SPREAD * weights.sum(axis=1)
        return rho, partial_products(rho, *sides, uses=self.uses, least=least)


def partial_products(
    rho: Floats,
    of_x: Floats,
    of_y: Floats,
    of_z: Floats,
    *,
    uses: Booleans,
    least: Floats,
) -> Floats:
    """Partial coefficients from the products of unit columns.

    Parameters
    ----------
    rho : float64 array, shape (b, t, k)
    of_x, of_y, of_z : float64 arrays, shapes (b, c, t), (b, c, k) and (b, c, c)
        Products of covariates with x, y and each other; 0 for a constant covariate.
    uses : boolean array, shape (k, c)
        Which covariates are taken out for each column of y.
    least : float64 array, shape (b,)
        At most so much of the square of a unit column is no residual.

    Returns
    -------
    float64 array, shape (b, t, k)
        NaN where a column or its residuals are constant.

    Examples
    --------
    >>> rho, half = np.full((1, 1, 1), 0.6), np.full((1, 1, 1), 0.5)
    >>> partial_products(rho, half, half, np.ones((1, 1, 1)),
    ...     uses=np.ones((1, 1), bool), least=np.zeros(1)).round(6).item()
    0.466667
    """
    found = np.empty_like(rho)
    for pattern in {tuple(row) for row in uses.tolist()}:
        columns = np.all(uses == np.array(pattern), axis=1)
        used = np.array(pattern, dtype=bool)
        found[:, :, columns] = _partial(
            rho[:, :, columns],
            of_x[:, used],
            of_y[:, used][:, :, columns],
            of_z[:, used][:, :, used],
            least=least,
        )
    return found


def flipped_partials(
    panel: tuple[Floats, Floats, Floats, Booleans],
    *,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Partial coefficients under random signs, the null distribution of a test.

    Parameters
    ----------
    panel : tuple of arrays
        `x`, `y`, `given` and `uses` as in `RankedPanel.of`.
    count : int
        Number of draws, m.

    Returns
    -------
    float64 array, shape (m, t, k)

    Notes
    -----
    The coefficient is a sum over queries of products of two residuals, and each product
    gets a random sign (Hemerik, Goeman and Finos, 2020). Without a partial association
    each product has mean 0, however the spread of the residuals depends on the
    covariates. Student's t assumes equal spread and rejects too often, since residual
    ranks of both sides spread least where the covariate is extreme. Small samples need
    products divided by ``sqrt(1 - h)``, where h is the leverage of the covariates
    (MacKinnon and White, 1985, HC2).

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
    found = [
        np.tensordot(heads * 2.0 - 1.0, products, axes=1)
        for heads in heads_in_parts(len(x), count=count, rng=rng)
    ]
    return np.concatenate(found)


def _leverage(base: Floats) -> Floats:
    """Leverages of a constant and centred columns, below 1, shape (n,)."""
    n = len(base)
    left, size, _ = np.linalg.svd(np.nan_to_num(base), full_matrices=False)
    kept = left[:, size > 1e-9]
    return np.asarray(np.minimum(1 / n + (kept**2).sum(axis=1), 1 - 1e-9))


def independent(given: Floats) -> Booleans:
    """Mark covariates that are no linear combination of those before, shape (c,).

    Ranks decide, since partial coefficients use nothing else.

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


def _partial(
    rho: Floats, of_x: Floats, of_y: Floats, of_z: Floats, *, least: Floats
) -> Floats:
    """Partial coefficients from products of unit columns, shape (b, t, k).

    Equal to the products of residuals, which need all queries of every sample: `rho`,
    shape (b, t, k), and those of covariates with x, y and each other, shapes (b, c, t),
    (b, c, k) and (b, c, c). NaN where at most `least`, shape (b,), of a side is left.
    """
    gram = np.linalg.pinv(of_z, hermitian=True, rtol=1e-9)
    slopes = np.matmul(gram, of_y)
    product = rho - np.matmul(of_x.transpose(0, 2, 1), slopes)
    left = 1 - np.einsum("bct,bcd,bdt->bt", of_x, gram, of_x)
    right = 1 - (of_y * slopes).sum(axis=1)
    sides = [np.where(one > least[:, None], one, np.nan) for one in (left, right)]
    size = np.sqrt(sides[0][:, :, None] * sides[1][:, None, :])
    return np.asarray(np.clip(product / size, -1.0, 1.0))


def _residuals(weights: Floats, columns: Floats, base: Floats) -> Floats:
    """Weighted least squares residuals of unit columns; constant ones fall out.

    All samples are solved at once. scikit-learn's LinearRegression fits one set of
    weights at a time, so that thousands of bootstrap samples would be a loop.
    """
    if base.shape[2] == 0:
        return columns
    solid = np.nan_to_num(base)
    across = (solid * weights[:, :, None]).transpose(0, 2, 1)
    gram = np.linalg.pinv(np.matmul(across, solid), hermitian=True, rtol=1e-9)
    slopes = np.matmul(gram, np.matmul(across, columns))
    return np.asarray(columns - np.matmul(solid, slopes))


def permuted_kendall(x: Floats, y: Floats, orders: Integers) -> Floats:
    """Kendall's tau-b after permuting the rows of `y`.

    Parameters
    ----------
    x : float64 array, shape (n, t)
    y : float64 array, shape (n, k)
    orders : int64 array, shape (m, n)
        The cost of each order grows with n squared.

    Returns
    -------
    float64 array, shape (m, t, k)

    Examples
    --------
    >>> x = np.array([[1.0], [2.0], [3.0]])
    >>> permuted_kendall(x, x, np.array([[0, 1, 2], [2, 1, 0]])).ravel().tolist()
    [1.0, -1.0]
    """
    n = len(y)
    first, second = np.triu_indices(n, k=1)
    left, right = (
        np.stack([_signs(column, column).reshape(n * n) for column in side.T])
        for side in (x, y)
    )
    # Permuting moves ties without changing their number
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
    Kendall (1970), chapter 4, for ties on both sides; NaN for a constant column.

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
