"""Quantile bands of per-query values: halves, quarters, the middle, the ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats

# Values closer than this share of their size are equal in exact arithmetic: the mean
# over the pairs of a group depends on the order of its documents by less
ROUNDING: Final = 1e-12
TIES = (
    "a value equal to a cut point belongs to the side below it, so that bands that "
    "share a cut point neither overlap nor lose a query"
)


@dataclass(frozen=True, slots=True)
class Band:
    """The values between two quantiles, or outside them.

    Attributes
    ----------
    name : str
        Describes the values that are kept; used in file names.
    low, high : float
        Quantiles, 0 <= low < high <= 1.
    outside : bool
        Whether the values outside the quantiles are kept instead.

    Raises
    ------
    DomainError
        If the quantiles are not in order or not in [0, 1].
    """

    name: str
    low: float
    high: float
    outside: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 1:
            raise DomainError(
                f"a band needs quantiles 0 <= low < high <= 1, got {self.low:g} and "
                f"{self.high:g}"
            )

    def cut_points(self, values: Floats) -> tuple[float | None, float | None]:
        """The values at the two quantiles; None where a side is open.

        Parameters
        ----------
        values : float64 array, shape (n,)
            Finite, one per query.

        Raises
        ------
        DomainError
            Without values, or if one is not finite.

        Notes
        -----
        By linear interpolation between order statistics, NumPy's default: the median of
        an even number of values is the mean of the middle two.

        Examples
        --------
        >>> BANDS["inner"].cut_points(np.arange(9.0))
        (2.0, 6.0)
        >>> BANDS["below-median"].cut_points(np.arange(8.0))
        (None, 3.5)
        """
        checked = _checked(values)
        low = None if self.low == 0 else float(np.quantile(checked, self.low))
        high = None if self.high == 1 else float(np.quantile(checked, self.high))
        return low, high

    def holds(self, values: Floats) -> Booleans:
        """Whether each value is in the band; ties at a cut point go to the side below.

        Examples
        --------
        >>> BANDS["inner"].holds(np.arange(9.0)).nonzero()[0].tolist()
        [3, 4, 5, 6]
        >>> BANDS["outer"].holds(np.arange(9.0)).nonzero()[0].tolist()
        [0, 1, 2, 7, 8]
        """
        values = _checked(values)
        low, high = self.cut_points(values)
        inside = np.ones(len(values), dtype=bool)
        if low is not None:
            inside &= values > low
        if high is not None:
            inside &= values <= high
        return ~inside if self.outside else inside

    def ties(self, values: Floats) -> Booleans:
        """Whether each value is equal to a cut point.

        Examples
        --------
        >>> BANDS["below-median"].ties(np.array([0.0, 1.0, 1.0, 1.0])).tolist()
        [False, True, True, True]
        """
        values = _checked(values)
        points = [point for point in self.cut_points(values) if point is not None]
        return np.isin(values, points)


BANDS = {
    band.name: band
    for band in (
        Band("below-median", 0.0, 0.5),
        Band("above-median", 0.5, 1.0),
        Band("inner", 0.25, 0.75),
        Band("outer", 0.25, 0.75, outside=True),
        Band("lower-quartile", 0.0, 0.25),
        Band("upper-quartile", 0.75, 1.0),
    )
}


def band_called(text: str) -> Band:
    """Return a band by name, or by two quantiles Q1:Q2.

    Parameters
    ----------
    text : str
        A name in `BANDS`, or two numbers 0 <= Q1 < Q2 <= 1 with a colon between them.

    Returns
    -------
    Band

    Raises
    ------
    DomainError
        On another name, or quantiles that are not in order.

    Examples
    --------
    >>> band_called("0.1:0.9")
    Band(name='0.1-to-0.9', low=0.1, high=0.9, outside=False)
    """
    if text in BANDS:
        return BANDS[text]
    first, separator, second = text.partition(":")
    try:
        low, high = float(first), float(second)
    except ValueError:
        separator = ""
    if not separator:
        raise DomainError(
            f"a cut is one of {', '.join(BANDS)}, or two quantiles such as 0.1:0.9; "
            f"got {text!r}"
        )
    return Band(f"{low:.12g}-to-{high:.12g}", low, high)


def _checked(values: Floats) -> Floats:
    """The values, of which those that differ by rounding alone are the least of them.

    Examples
    --------
    >>> _checked(np.array([0.3, 0.1 + 0.2, 0.4])).tolist()
    [0.3, 0.3, 0.4]
    """
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise DomainError(
            "a band needs finite values, one per query and at least one; got shape "
            f"{values.shape}; leave out and count queries without a value"
        )
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.ones(len(values), dtype=bool)
    new[1:] = np.diff(ordered) > ROUNDING * np.abs(ordered[1:])
    found = np.empty_like(values)
    found[order] = ordered[new][np.cumsum(new) - 1]
    return found
