"""Controls: terms that know nothing, associated no more often than by chance.

Each control is a term drawn anew many times without looking at effectiveness. The share
of its tests that reject estimates delta; the share of its families with a rejection
after correction must not exceed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import beta

from rankbound.bounds.errors import DomainError
from rankbound.data.columns import Booleans, Floats
from rankbound.validation.association import settled
from rankbound.validation.correlation import unit, weighted_ranks
from rankbound.validation.judging import Family
from rankbound.validation.resampling import ROUNDING, permutations, permuted_products

# Standard errors beyond which a rate is called off; one run in some 16,000 by chance
TOLERANCE: Final = 4.0


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
    family_lower : float
        Its Clopper-Pearson lower limit at level 0.9999.
    nominal : float
        delta.
    """

    name: str
    n_tests: int
    n_families: int
    rate: float
    standard_error: float
    family_rate: float
    family_lower: float
    nominal: float

    @property
    def passed(self) -> bool:
        """Whether both rates agree with the nominal one."""
        near = abs(self.rate - self.nominal) <= TOLERANCE * self.standard_error
        return near and self.family_lower <= self.nominal


def null_p_values(
    terms: Floats, targets: Floats, *, count: int, rng: np.random.Generator
) -> Floats:
    """Permutation p-values of Spearman's rho for many draws of one term.

    Parameters
    ----------
    terms : float64 array, shape (r, n)
        Draws; all have the same midranks in some order, as draws without ties do.
    targets : float64 array, shape (n, k)
    count : int
        Permutations.
    rng : numpy.random.Generator

    Returns
    -------
    float64 array, shape (r, k)
        NaN for a constant target.

    Raises
    ------
    DomainError
        If the draws have different ties.
    """
    whole = np.ones((1, len(targets)))
    ranks = weighted_ranks(whole, settled(terms.T))[0]
    if (np.sort(ranks, axis=0) != np.sort(ranks[:, :1], axis=0)).any():
        raise DomainError("draws of a control must have the same ties")
    x = unit(whole, ranks[None])[0]
    y = unit(whole, weighted_ranks(whole, settled(targets)))[0]
    found = np.abs(x.T @ y)
    orders = permutations(len(targets), count=count, rng=rng)
    null = np.sort(np.abs(permuted_products(x[:, :1], y, orders)[:, 0]), axis=0)
    p = np.full(found.shape, np.nan)
    for k in np.flatnonzero(np.isfinite(found).all(axis=0)):
        smaller = np.searchsorted(null[:, k], found[:, k] - ROUNDING, side="left")
        p[:, k] = (count - smaller + 1) / (count + 1)
    return p


def control(
    name: str, p_values: Sequence[Floats], family: Family, *, count: int
) -> Control:
    """Rates of a control from the p-values of all panels.

    Parameters
    ----------
    name : str
    p_values : sequence of float64 arrays, shape (r, k)
        One for each panel; row i of all panels is one family.
    family : Family
    count : int
        Permutations behind each p-value.

    Examples
    --------
    >>> even = np.linspace(0.005, 0.995, 100)[:, None]
    >>> found = control("even", [even], Family(), count=9999)
    >>> found.rate, found.family_rate, found.passed
    (0.05, 0.05, True)
    """
    table = np.concatenate(p_values, axis=1)
    table = table[:, np.isfinite(table).all(axis=0)]
    if not table.size:
        raise DomainError(f"control {name!r}: no measure varies, so nothing to test")
    delta, draws = family.delta, len(table)
    rejected = table <= delta
    each = rejected.mean(axis=1)
    any_left = int(any_rejected(table, family).sum())
    # Besides the draws, the permutations are a sample, shared by all of them
    error = float(each.var(ddof=1)) / draws + delta * (1 - delta) / count
    lower = float(beta.ppf(1e-4, any_left, draws - any_left + 1)) if any_left else 0.0
    return Control(
        name=name,
        n_tests=int(table.size),
        n_families=draws,
        rate=float(rejected.mean()),
        standard_error=float(np.sqrt(error)),
        family_rate=any_left / draws,
        family_lower=lower,
        nominal=delta,
    )


def any_rejected(p_values: Floats, family: Family) -> Booleans:
    """Whether a family has a rejection after correction, one family per row.

    Holm's first step decides that for holm; for bh, the k-th smallest value may be k
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
