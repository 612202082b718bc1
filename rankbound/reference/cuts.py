"""The reference study's cuts by entropy, under the names that it gives them."""

from __future__ import annotations

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats

REFERENCE_CUTS = (
    "above_median",
    "below_median",
    "upper_quartile",
    "lower_quartile",
    "inner",
    "outlier",
)
KEEPS = {
    "above_median": "values above the median, strictly; ties at the median are lost",
    "below_median": "values below the median, strictly; ties at the median are lost",
    "upper_quartile": "values below the upper quartile: the lowest three quarters",
    "lower_quartile": "values above the lower quartile: the highest three quarters",
    "inner": "values within Tukey's fences, 1.5 interquartile ranges beyond the "
    "quartiles: usually everything",
    "outlier": "values outside Tukey's fences: usually nothing",
}


def reference_cut(values: Floats, name: str) -> Booleans:
    """Which queries the reference's cut of this name keeps.

    Parameters
    ----------
    values : float array, shape (n,)
        One number per query; NaN where its formula has no value.
    name : str
        One of `REFERENCE_CUTS`.

    Returns
    -------
    boolean array, shape (n,)

    Raises
    ------
    DomainError
        For another name, or no values.

    Notes
    -----
    Reproduces linear quantiles and strict comparisons. Wrong: "upper_quartile" and
    "lower_quartile" remove that quarter instead of keeping it, while the medians keep
    the half that they name; "inner" and "outlier" are Tukey's fences, no quartiles;
    one NaN empties every cut; values equal to the median belong to neither half.

    Examples
    --------
    >>> reference_cut(np.arange(8.0), "upper_quartile").nonzero()[0].tolist()
    [0, 1, 2, 3, 4, 5]
    >>> reference_cut(np.arange(8.0), "lower_quartile").nonzero()[0].tolist()
    [2, 3, 4, 5, 6, 7]
    """
    if name not in REFERENCE_CUTS:
        raise DomainError(
            f"the reference's cuts are {', '.join(REFERENCE_CUTS)}, got {name!r}"
        )
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise DomainError("a cut of no values has no quantiles; give one per query")
    if np.isnan(array).any():  # as comparisons with a quantile that is NaN
        return np.zeros(array.shape, dtype=bool)
    low, middle, high = np.quantile(array, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    inside = (array >= low - reach) & (array <= high + reach)
    kept = {
        "above_median": array > middle,
        "below_median": array < middle,
        "upper_quartile": array < high,
        "lower_quartile": array > low,
        "inner": inside,
        "outlier": ~inside,
    }
    return np.asarray(kept[name])
