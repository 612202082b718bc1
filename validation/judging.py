"""Families of tests: corrected p-values, verdicts, and controls of the error rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.stats import beta, norm

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.catalogue import ASSOCIATED, INCONCLUSIVE, NO_ASSOCIATION
from rankbound.data.columns import Booleans, Floats
from rankbound.validation.association import LEAST_QUERIES, Coefficient, settled
from rankbound.validation.correlation import unit, weighted_ranks
from rankbound.validation.power import detectable_correlation
from rankbound.validation.resampling import (
    NUMBERS_AT_ONCE,
    ROUNDING,
    benjamini_hochberg,
    holm,
    permutations_in_parts,
    permuted_products,
)

Correction = Literal["holm", "bh"]
POWER: Final = 0.8
# Of the intervals of a control's two rates. Two controls that are as they should be
# fail by chance in about one of 300 runs
LEVEL: Final = 0.999
# Draws whose ties move coefficients by more, in standard deviations of the null
# distribution, have other null distributions
MOST_MOVED: Final = 1e-3
CORRECTIONS: Final = {"holm": holm, "bh": benjamini_hochberg}


@dataclass(frozen=True, slots=True)
class Family:
    """How the tests of a run are judged together.

    Attributes
    ----------
    delta : float
        Error rate of the family (holm), or false discovery rate (bh).
    correction : {"holm", "bh"}
    band : float
        Correlations inside (-band, band) count as none; fixed before looking.
    """

    delta: float = 0.05
    correction: Correction = "holm"
    band: float = 0.1

    def __post_init__(self) -> None:
        checked_delta(self.delta)
        if self.correction not in CORRECTIONS:
            raise DomainError(
                f"`correction` must be one of {', '.join(CORRECTIONS)}, got "
                f"{self.correction!r}"
            )
        if not 0 < self.band < 1:
            raise DomainError(f"`band` must lie strictly in (0, 1), got {self.band}")

    def adjusted(self, p_values: Sequence[float | None]) -> list[float | None]:
        """Adjust p-values; None stands for no test and does not count.

        Examples
        --------
        >>> Family().adjusted([0.01, None, 0.04])
        [0.02, None, 0.04]
        """
        tested = [p for p in p_values if p is not None]
        if not tested:
            return [None] * len(p_values)
        found = iter(CORRECTIONS[self.correction](np.array(tested)).tolist())
        return [None if p is None else next(found) for p in p_values]

    def verdict(self, coefficient: Coefficient, adjusted: float | None) -> str:
        """Judge a coefficient by its adjusted p-value and its interval.

        Returns
        -------
        str
            "associated", "no association beyond R", or "inconclusive".

        Examples
        --------
        >>> Family().verdict(Coefficient(0.4, 0.2, 0.6, 0.001), 0.03)
        'associated'
        >>> Family().verdict(Coefficient(0.01, -0.05, 0.07, 0.6), 1.0)
        'no association beyond 0.1'
        >>> Family().verdict(Coefficient(0.2, -0.05, 0.4, 0.1), 0.8)
        'inconclusive'
        """
        if adjusted is not None and adjusted <= self.delta:
            return ASSOCIATED
        if self.within(coefficient):
            return f"{NO_ASSOCIATION} {self.band:g}"
        return INCONCLUSIVE

    def within(self, coefficient: Coefficient) -> bool:
        """Whether the whole interval lies within the band."""
        lower, upper = coefficient.lower, coefficient.upper
        if lower is None or upper is None:
            return False
        return -self.band < lower and upper < self.band

    def detectable(self, n: int, *, n_tests: int) -> float | None:
        """The smallest ``|rho|`` that `n` queries find with 80 % power.

        At the first step of the correction for `n_tests` tests; None if there are too
        few queries for a test.

        Examples
        --------
        >>> round(Family().detectable(43, n_tests=1), 2)
        0.43
        """
        if n < LEAST_QUERIES or n_tests < 1:
            return None
        return detectable_correlation(n, power=POWER, delta=self.delta / n_tests)


@dataclass(frozen=True, slots=True)
class Control:
    """Outcome of one control.

    Attributes
    ----------
    name : str
    n_tests, n_families : int
    rate : float
        Share of tests with p at most delta, uncorrected; nominally delta.
    standard_error : float
    family_rate : float
        Share of families in which anything is associated after correction.
    lower, upper : float
        The interval of `rate` at `LEVEL`.
    family_lower, family_upper : float
        The interval of `family_rate` at `LEVEL`.
    nominal : float
        delta.
    """

    name: str
    n_tests: int
    n_families: int
    rate: float
    standard_error: float
    family_rate: float
    lower: float
    upper: float
    family_lower: float
    family_upper: float
    nominal: float

    @property
    def passed(self) -> bool:
        """Whether the rates agree with the nominal one, within their intervals.

        The share of families is promised to be at most nominal, so only an interval
        above it fails.
        """
        return (
            self.lower <= self.nominal <= self.upper
            and self.family_lower <= self.nominal
        )


def null_p_values(
    terms: Floats, targets: Floats, *, count: int, rng: np.random.Generator
) -> Floats:
    """Permutation p-values of Spearman's rho for many draws of one random term.

    Parameters
    ----------
    terms : float64 array, shape (r, n)
        Draws. Their midranks must be the same numbers in some order, as they are for
        draws without ties; a few ties by chance, as among 100,000 numbers, do not move
        the null distribution.
    targets : float64 array, shape (n, k)
    count : int
        Number of permutations.
    rng : numpy.random.Generator

    Returns
    -------
    float64 array, shape (r, k)
        NaN for a constant target.

    Raises
    ------
    DomainError
        If the draws have different ties.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> terms, targets = rng.random((3, 20)), rng.random((20, 2))
    >>> null_p_values(terms, targets, count=99, rng=rng).shape
    (3, 2)
    """
    n = len(targets)
    whole = np.ones((1, n))
    y = unit(whole, weighted_ranks(whole, settled(targets)))[0]
    step = max(2, NUMBERS_AT_ONCE // n)
    parts = [
        _unit_ranks(terms[start : start + step], like=terms[0]).T @ y
        for start in range(0, len(terms), step)
    ]
    found = np.abs(np.concatenate(parts))
    first = _unit_ranks(terms[:1], like=terms[0])
    null = np.concatenate(
        [
            permuted_products(first, y, orders)[:, 0]
            for orders in permutations_in_parts(n, count=count, rng=rng)
        ]
    )
    null = np.sort(np.abs(null), axis=0)
    p = np.full(found.shape, np.nan)
    for k in np.flatnonzero(np.isfinite(found).all(axis=0)):
        smaller = np.searchsorted(null[:, k], found[:, k] - ROUNDING, side="left")
        p[:, k] = (count - smaller + 1) / (count + 1)
    return p


def _unit_ranks(draws: Floats, *, like: Floats) -> Floats:
    """Unit midranks of draws, shape (n, r), which must have the ties of another."""
    whole = np.ones((1, len(like)))
    ranks, theirs = (
        weighted_ranks(whole, settled(one))[0] for one in (draws.T, like[:, None])
    )
    # Over the spread of the midranks, the square of the most that a coefficient moves
    moved = ((np.sort(ranks, axis=0) - np.sort(theirs, axis=0)) ** 2).sum(axis=0)
    spread = ((theirs - theirs.mean()) ** 2).sum()
    if (moved > MOST_MOVED**2 * spread / len(like)).any():
        raise DomainError("draws of a control must have the same ties")
    return np.asarray(unit(whole, ranks[None])[0])


def control(
    name: str, p_values: Sequence[Floats], family: Family, *, count: int
) -> Control:
    """Compute the error rates of a control from the p-values of all panels.

    A control is a term drawn many times without looking at effectiveness. The share of
    its tests that reject estimates delta, and the share of its families with a
    rejection after correction must not exceed it.

    Parameters
    ----------
    name : str
    p_values : sequence of float64 arrays, shape (r, k)
        One array for each panel; row i of all panels is one family.
    family : Family
    count : int
        Number of permutations behind each p-value.

    Raises
    ------
    DomainError
        If no measure varies.

    Notes
    -----
    All draws share the permutations of a panel, which are a sample too. With m of them,
    a test that rejects at p <= a does so with a probability that has the variance
    ``a (1 - a) / m`` around a, and all tests of a panel are taken to do so together.
    The interval of the rate is normal. That of the families is Clopper and Pearson's
    with the effective number of families (Korn and Graubard, 1998).

    Examples
    --------
    >>> even = np.linspace(0.005, 0.995, 100)[:, None]
    >>> found = control("even", [even], Family(), count=9999)
    >>> found.rate, found.family_rate, found.passed
    (0.05, 0.05, True)
    """
    p_values = [part[:, np.isfinite(part).all(axis=0)] for part in p_values]
    table = np.concatenate(p_values, axis=1)
    if not table.size:
        raise DomainError(f"control {name!r}: no measure varies, so nothing to test")
    delta, draws = family.delta, len(table)
    rejected = table <= delta
    rate, each = float(rejected.mean()), rejected.mean(axis=1)
    # Panels are permuted independently, each for its share of the tests
    shares = np.array([part.shape[1] for part in p_values]) / table.shape[1]
    alone, apart = float((shares**2).sum()), delta * (1 - delta)
    error = np.sqrt(float(each.var(ddof=1)) / draws + alone * apart / count)
    reach = float(norm.isf((1 - LEVEL) / 2) * error)
    family_rate = float(any_rejected(table, family).mean())
    # The largest p-value that the first step rejects, in steps of the permutations
    steps = max(1, int(delta / table.shape[1] * (count + 1)))
    shared = alone * delta**2 / steps
    lower, upper = _exact(family_rate, draws * apart / (apart + draws * shared))
    return Control(
        name=name,
        n_tests=int(table.size),
        n_families=draws,
        rate=rate,
        standard_error=float(error),
        family_rate=family_rate,
        lower=max(0.0, rate - reach),
        upper=min(1.0, rate + reach),
        family_lower=lower,
        family_upper=upper,
        nominal=delta,
    )


def _exact(share: float, n: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share among n, which may be fractional."""
    hits, tail = share * n, (1 - LEVEL) / 2
    lower = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    upper = float(beta.isf(tail, hits + 1, n - hits)) if hits < n else 1.0
    return lower, upper


def any_rejected(p_values: Floats, family: Family) -> Booleans:
    """Whether any test of a family is rejected after correction, one family per row.

    Under "holm", the smallest p-value decides. Under "bh", the k-th smallest may be k
    times as large.

    Examples
    --------
    >>> rows = np.array([[0.04, 0.04], [0.02, 0.9]])
    >>> any_rejected(rows, Family()).tolist()
    [False, True]
    >>> any_rejected(rows, Family(correction="bh")).tolist()
    [True, True]
    """
    size = p_values.shape[1]
    steps = np.ones(size) if family.correction == "holm" else np.arange(1, size + 1)
    below = np.sort(p_values, axis=1) <= family.delta * steps / size
    return np.asarray(below.any(axis=1))
