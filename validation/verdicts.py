"""Four verdicts from one interval and a margin, and what the margin would take.

An interval of the mean difference and a margin that was fixed before looking decide:
`rankbound.catalogue.VERDICTS` says when each is said.

If intervals of a family hold together with probability 1 - delta, then so do all its
verdicts: wherever the interval holds the true difference, no verdict is false.
"""

from __future__ import annotations

import numpy as np

from rankbound.bounds.betting import NEVER, queries_needed
from rankbound.bounds.errors import DomainError
from rankbound.catalogue import Difference
from rankbound.data.columns import Floats


def verdict(lower: float, upper: float, *, margin: float | None) -> Difference:
    """The verdict of an interval; without a margin nothing is equivalent or negligible.

    Raises
    ------
    DomainError
        On ends in the wrong order or a margin that is not positive.

    Examples
    --------
    >>> verdict(0.01, 0.03, margin=0.02), verdict(0.001, 0.01, margin=0.02)
    ('different', 'negligible')
    >>> verdict(-0.01, 0.01, margin=0.02), verdict(-0.01, 0.03, margin=0.02)
    ('equivalent', 'inconclusive')
    """
    if not lower <= upper:
        raise DomainError(f"an interval needs lower <= upper, got {lower}, {upper}")
    if margin is not None and not 0 < margin < np.inf:
        raise DomainError(f"`margin` must be a positive number, got {margin}")
    apart = lower > 0 or upper < 0
    within = margin is not None and smallest_margin(lower, upper) <= margin
    if apart:
        return "negligible" if within else "different"
    return "equivalent" if within else "inconclusive"


def smallest_margin(lower: float, upper: float) -> float:
    """The smallest margin within which the whole interval lies.

    Examples
    --------
    >>> smallest_margin(-0.01, 0.03)
    0.03
    """
    return max(abs(lower), abs(upper))


def queries_for_margin(
    differences: Floats,
    *,
    margin: float,
    delta: float,
    bounds: tuple[float, float] | None,
) -> int | None:
    """Queries at which both ends of the interval lie within the margin of the mean.

    What a study needs that expects no difference, were the differences spread as in
    this sample.

    Parameters
    ----------
    differences : float64 array, shape (n,)
        One paired difference per query.
    margin : float
        Positive, in the unit of the differences.
    delta : float
        Of the interval, half on each side.
    bounds : tuple of float or None
        The range of one difference, for the betting interval; None: Student's t.

    Returns
    -------
    int or None
        None where no number suffices.

    Examples
    --------
    >>> flips = np.tile([-0.1, 0.1], 50)
    >>> queries_for_margin(flips, margin=0.02, delta=0.05, bounds=None)
    100
    >>> queries_for_margin(flips, margin=0.02, delta=0.05, bounds=(-1.0, 1.0))
    325
    """
    if bounds is None:
        return _by_t(differences, margin=margin, delta=delta)
    low, high = bounds
    mean = float(differences.mean())
    ends = []
    for values, centre in (
        (differences, mean),
        (low + high - differences, low + high - mean),
    ):
        found = queries_needed(
            np.clip(values, low, high),
            low=low,
            high=high,
            threshold=centre + margin,
            delta=delta / 2,
        )
        ends.append(found)
    first, second = ends
    return None if first is None or second is None else max(first, second)


def _by_t(differences: Floats, *, margin: float, delta: float) -> int | None:
    from scipy.stats import t

    if len(differences) < 2:
        return None
    spread = float(differences.std(ddof=1))

    def enough(n: int) -> bool:
        half = float(t.ppf(1 - delta / 2, n - 1)) * spread / np.sqrt(n)
        return bool(half <= margin)

    lower, upper = 1, 2
    while not enough(upper):
        lower, upper = upper, 2 * upper
        if upper > NEVER:
            return None
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if enough(middle) else (middle, upper)
    return upper
