"""Distance correlation, which looks for dependence of any shape.

The sum over all pairs of ``|x_i - x_j| |y_i - y_j|`` takes O(n log n), since it is that
of signed products (Huo and Székely, 2016; Chaudhuri and Hu, 2019), and so do the sums
of distances of each query.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Floats, Integers
from rankbound.engine import pieces
from rankbound.validation.concordance import sums_below
from rankbound.validation.resampling import permutation_p, permutations

# More queries than LARGE are permuted FEWER times at most
LARGE: Final = 300
FEWER: Final = 299
# Queries of all permutations in one piece of the work, a second or two
PIECE: Final = 2**22
# Queries of the permutations that are computed at once, which the caches hold
AT_ONCE: Final = 2**17
# Squared distance correlations below this are 0 but for rounding
NONE: Final = 1e-11


@dataclass(frozen=True, slots=True)
class DistanceCorrelation:
    """Distance correlation of two columns.

    Attributes
    ----------
    value : float
        In [0, 1]; 0 in the population if and only if the two are independent.
    expected : float
        Mean over the permutations, since a sample's value is positive by chance alone.
    p : float
        Of the permutation test of independence.
    permutations, n : int
    """

    value: float
    expected: float
    p: float
    permutations: int
    n: int


def distance_correlation(
    x: Floats, y: Floats, *, count: int, rng: np.random.Generator
) -> DistanceCorrelation:
    """Distance correlation of two columns with a permutation p-value.

    Parameters
    ----------
    x, y : float64 arrays, shape (n,)
    count : int
        Number of permutations; at most 299 are drawn for more than 300 queries.
    rng : numpy.random.Generator

    Returns
    -------
    DistanceCorrelation

    Raises
    ------
    DomainError
        If a column is constant or not finite, or there are fewer than 4 queries.

    Notes
    -----
    Székely, Rizzo and Bakirov (2007).

    Examples
    --------
    >>> x = np.arange(40.0)
    >>> found = distance_correlation(
    ...     x, (x - 19.5) ** 2, count=199, rng=np.random.default_rng(0))
    >>> round(found.value, 2), found.p < 0.05  # Pearson's r is 0
    (0.49, True)
    """
    if x.shape != y.shape or x.ndim != 1 or len(x) < 4:
        raise DomainError(
            f"distance correlation needs two columns of 4 queries or more, got "
            f"{x.shape} and {y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DomainError("a value is not finite; leave its query out and count it")
    if x.min() == x.max() or y.min() == y.max():
        raise DomainError("distance correlation needs two columns that vary")
    n = len(x)
    count = min(count, FEWER) if n > LARGE else count
    step = max(1, PIECE // n)
    sizes = [min(step, count - start) for start in range(0, count, step)]

    def asked() -> Iterator[partial[MovedProducts]]:
        for size in sizes:
            orders = permutations(n, count=size, rng=rng)
            yield partial(moved_products, x=x, y=y, orders=orders)

    made = pieces(
        asked(), total=len(sizes), what="permutations of distances", unit="parts"
    )
    null = np.sqrt(np.concatenate([one.ratios for one in made]))
    value = np.sqrt(moved_products(x=x, y=y, orders=np.arange(n)[None]).ratios)[0]
    return DistanceCorrelation(
        value=float(value),
        expected=float(null.mean()),
        p=float(permutation_p(value, null)),
        permutations=count,
        n=n,
    )


@dataclass(frozen=True, slots=True, eq=False)
class MovedProducts:
    """Distance covariances under orders of one side, over both sides' size.

    Attributes
    ----------
    ratios : float64 array, shape (m,)
        Squares of distance correlations.
    """

    ratios: Floats


def moved_products(*, x: Floats, y: Floats, orders: Integers) -> MovedProducts:
    """Squared distance correlations of two columns after permuting the second.

    Parameters
    ----------
    x, y : float64 arrays, shape (n,)
    orders : int64 array, shape (m, n)

    Notes
    -----
    With distances a and b, their sums of rows and their totals, that is the sum of

        a_ij b_ij - 2 / n sum a_i. b_i. + a.. b.. / n**2

    over all pairs. With signs s_ij of the product of both differences, the first sum is
    twice that of x_i times ``sum_j s_ij (y_i - y_j)``. There the y below that come
    before in the order of x are what `sums_below` gives, and all others follow from
    sums in the order of one side.

    Examples
    --------
    >>> x = np.arange(3.0)
    >>> moved_products(x=x, y=x, orders=np.array([[0, 1, 2]])).ratios.round(12).tolist()
    [1.0]
    """
    n, left, right = len(x), _side(x), _side(y)
    size = np.sqrt(left.square * right.square)
    place = np.empty(n, dtype=np.int64)  # of each query in the order of y
    place[right.rows] = np.arange(n)
    step = max(1, AT_ONCE // n)
    found = [
        _products(left, right, place[orders[start : start + step][:, left.rows]])
        for start in range(0, len(orders), step)
    ]
    ratios = np.concatenate(found) / size
    return MovedProducts(np.where(ratios < NONE, 0.0, np.minimum(ratios, 1.0)))


class _Side(NamedTuple):
    """A column in its order, centred and scaled, with sums of its distances.

    `rows` (n,) are the queries in that order, `values` (n,) their values, `below` (n,)
    the distances of each to those before it, and `sums` (n,) to all. `square` is the
    sum of the squares of the centred distances.
    """

    rows: Integers
    values: Floats
    below: Floats
    sums: Floats
    square: float


def _side(column: Floats) -> _Side:
    n, rows = len(column), np.argsort(column, kind="stable")
    # Divided by a power of two, so that squares neither overflow nor vanish
    values = np.ldexp(column[rows], -np.frexp(np.abs(column).max())[1])
    values -= values.mean()
    values /= np.sqrt((values**2).mean())
    upto = np.cumsum(values) - values
    below = np.arange(n) * values - upto
    sums = 2 * below + values.sum() - n * values
    squares = 2 * (n * (values**2).sum() - values.sum() ** 2)
    square = squares - 2 / n * (sums**2).sum() + (sums.sum() / n) ** 2
    return _Side(rows, values, below, sums, float(square))


def _products(left: _Side, right: _Side, places: Integers) -> Floats:
    """Sums of products of centred distances.

    `places`, shape (m, n), are those in the order of y, in the order of x.
    """
    n = len(left.values)
    y = right.values[places]
    # Of y less those that come before in the order of x
    before = np.arange(n) * y - (np.cumsum(y, axis=1) - y)
    # Agreeing pairs count once more, opposite ones are taken off: 2 g - a - b + rest
    both = np.take_along_axis(sums_below(places, right.values), places, axis=1)
    signed = 4 * both - 2 * right.below[places] - 2 * before
    signed += n * y - right.values.sum()
    products = 2 * (left.values * signed).sum(axis=1)
    rows = (left.sums * right.sums[places]).sum(axis=1)
    return np.asarray(
        products - 2 / n * rows + left.sums.sum() * right.sums.sum() / n**2
    )
