"""Two quantities of the same queries: interval of the mean difference, and p-values.

The primary interval is by betting where the range of a difference is known, and by
Student's t where it is not; the choice is made by the quantity, never by the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rankbound.bounds.betting import betting_p_value
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import two_sided
from rankbound.bounds.samples import checked_delta
from rankbound.data.columns import Floats
from rankbound.validation.bootstrap import RESAMPLES, Bootstrap, bca_mean

Method = Literal["betting", "paired_t"]


@dataclass(frozen=True, slots=True)
class PairedT:
    """Student's t on the differences.

    `statistic` is None where the differences do not vary; then `lower` and `upper` are
    the mean and `p` is 1 or 0. All are None for a single query.
    """

    statistic: float | None
    p: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """One comparison of two quantities on the same queries.

    Attributes
    ----------
    n : int
        Queries.
    mean, reference_mean, difference : float
        `difference` is the mean of the differences.
    lower, upper : float
        The primary interval, delta / 2 on each side.
    p : float
        Two-sided, of no difference, by the primary method.
    method : {"betting", "paired_t"}
    delta : float
    bounds : tuple of float or None
        Range of one difference.
    effect_size : float or None
        d_z, the mean difference in standard deviations of the differences; None where
        they do not vary.
    paired_t : PairedT
    bca : Bootstrap
    differences : float64 array, shape (n,)
    """

    n: int
    mean: float
    reference_mean: float
    difference: float
    lower: float
    upper: float
    p: float
    method: Method
    delta: float
    bounds: tuple[float, float] | None
    effect_size: float | None
    paired_t: PairedT
    bca: Bootstrap
    differences: Floats


def compare_paired(
    values: Floats,
    reference: Floats,
    *,
    bounds: tuple[float, float] | None,
    delta: float,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> PairedComparison:
    """Compare two aligned vectors of per-query values.

    Parameters
    ----------
    values, reference : float64 arrays, shape (n,)
        Row i of both is the same query.
    bounds : tuple of float or None
        Range of ``values - reference``, known in advance; None where there is none.
    delta : float
        Of every interval, half on each side.
    rng : numpy.random.Generator
        Of the bootstrap.
    resamples : int

    Raises
    ------
    DomainError
        On arrays of different or empty shape, values that are not finite, a difference
        outside `bounds`, or, without `bounds`, fewer than two queries.

    Notes
    -----
    Betting on (xi - low) / (high - low): Theorem 1 (d), delta / 2 for each side.

    Examples
    --------
    >>> first, second = np.full(50, 0.4), np.full(50, 0.1)
    >>> made = compare_paired(first, second, bounds=(-1, 1), delta=0.05,
    ...     rng=np.random.default_rng(0))
    >>> made.method, round(made.difference, 6), made.lower > 0
    ('betting', 0.3, True)
    """
    checked_delta(delta)
    _check(values, reference)
    differences = _settled(values - reference)
    student = paired_t(differences, delta=delta)
    method: Method = "paired_t" if bounds is None else "betting"
    if bounds is None:
        lower, upper, p = _by_t(student)
    else:
        low, high = bounds
        lower, upper = two_sided(differences, low=low, high=high, delta=delta)
        p = betting_p_value(differences, low=low, high=high, mean=0.0, delta=delta)
    spread = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    mean = float(differences.mean())
    return PairedComparison(
        n=len(values),
        mean=float(values.mean()),
        reference_mean=float(reference.mean()),
        difference=mean,
        lower=lower,
        upper=upper,
        p=p,
        method=method,
        delta=delta,
        bounds=bounds,
        effect_size=mean / spread if spread > 0 else None,
        paired_t=student,
        bca=bca_mean(differences, delta=delta, rng=rng, resamples=resamples),
        differences=differences,
    )


def paired_t(differences: Floats, *, delta: float) -> PairedT:
    """Student's t test and interval of the mean of paired differences.

    Examples
    --------
    >>> made = paired_t(np.array([1.0, 2.0, 3.0]), delta=0.05)
    >>> round(made.p, 6), round(made.lower, 4), round(made.upper, 4)
    (0.07418, -0.4841, 4.4841)
    >>> paired_t(np.zeros(5), delta=0.05).p
    1.0
    """
    from scipy.stats import ttest_1samp

    mean = float(differences.mean())
    if len(differences) < 2:
        return PairedT(None, None, None, None)
    if float(np.ptp(differences)) == 0:
        return PairedT(None, 1.0 if mean == 0 else 0.0, mean, mean)
    test = ttest_1samp(differences, 0.0)
    ends = test.confidence_interval(1 - delta)
    return PairedT(
        float(test.statistic), float(test.pvalue), float(ends.low), float(ends.high)
    )


def equivalence_p_value(differences: Floats, *, margin: float) -> float | None:
    """p-value of two one-sided paired t tests, that the mean is not within the margin.

    None where the differences do not vary or there is one query. At most delta if and
    only if the t interval at level 1 - 2 delta lies within the margin.

    Notes
    -----
    Schuirmann (1987): the larger of the two p-values.

    Examples
    --------
    >>> flips = np.tile([-0.1, 0.1], 50)
    >>> round(equivalence_p_value(flips, margin=0.02), 4)
    0.0247
    """
    from scipy.stats import ttest_1samp

    if not 0 < margin < np.inf:
        raise DomainError(f"`margin` must be a positive number, got {margin}")
    if len(differences) < 2 or float(np.ptp(differences)) == 0:
        return None
    above = ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))


def _by_t(student: PairedT) -> tuple[float, float, float]:
    if student.lower is None or student.upper is None or student.p is None:
        raise DomainError(
            "a t interval needs at least 2 queries, got 1; give groups of more queries"
        )
    return student.lower, student.upper, student.p


def _settled(differences: Floats) -> Floats:
    """Differences that are rounding of one number become that number."""
    scale = float(np.abs(differences).max())
    if scale <= 1e-13:
        return np.zeros_like(differences)
    if float(np.ptp(differences)) <= 1e-13 * max(scale, 1.0):
        return np.full_like(differences, differences.mean())
    return differences


def _check(values: Floats, reference: Floats) -> None:
    if values.ndim != 1 or not values.size or values.shape != reference.shape:
        raise DomainError(
            "a paired comparison needs two flat arrays of the same queries, got shapes "
            f"{values.shape} and {reference.shape}"
        )
    if not (np.isfinite(values).all() and np.isfinite(reference).all()):
        raise DomainError(
            "a value is not finite; leave its query out of both and count it"
        )
