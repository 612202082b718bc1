"""Theorem 5 from data: what two measurements of the same queries say of a change.

The change of a term on one query lies in an interval that is known before any query is
seen, so its mean has limits by betting. Put in the place of typed entropies and
divergences, these limits say from how many queries on the changed design certainly has
the lower bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds.betting import betting
from rankbound.bounds.errors import DomainError
from rankbound.bounds.pilot import FEW, choose_stake
from rankbound.bounds.samples import checked_delta, checked_sample
from rankbound.bounds.theorem5 import (
    Design,
    diameter_ratio_to_break_even,
    queries_to_break_even,
)

Order = Literal["lower", "higher", "inconclusive", "no evidence"]


class PairedLimits(NamedTuple):
    """Limits of a mean change, and the queries that chose the stakes, 0 for a grid."""

    lower: float
    upper: float
    n_pilot: int


def paired_limits(
    changes: ArrayLike,
    *,
    low: float,
    high: float,
    delta: float,
    pilot: ArrayLike = (),
) -> PairedLimits:
    """Limits of the mean change of a term, by betting, half of delta on each side.

    Parameters
    ----------
    changes : array_like, shape (n,)
        The term after the change less the term before it, one number per query, in
        nats.
    low, high : float
        The interval of one change, known before looking; `low` equal to `high` says
        that the term cannot change.
    delta : float
        Chance, in (0, 1), that either limit fails.
    pilot : array_like, shape (n_pilot,)
        The same for queries that were set aside. From 10 of them on they choose one
        stake for each side; with fewer, a grid of stakes is used.

    Returns
    -------
    PairedLimits
        Limits in [low, high], around the mean of `changes`.

    Raises
    ------
    DomainError
        On an empty sample, a change outside its interval, or delta outside (0, 1).

    Notes
    -----
    Source: Theorem 1 (d), and Theorem 10 (a) where the pilot chooses the stakes.

    Examples
    --------
    >>> found = paired_limits([-0.1] * 60, low=-1, high=1, delta=0.05)
    >>> round(found.lower, 3), round(found.upper, 3), found.n_pilot
    (-0.168, -0.017, 0)
    >>> paired_limits([0.0] * 3, low=0, high=0, delta=0.05)[:2]
    (0, 0)
    """
    checked_delta(delta)
    values = np.asarray(changes, dtype=np.float64)
    aside = np.asarray(pilot, dtype=np.float64)
    if low == high:
        if values.size == 0 or bool((values != low).any()):
            raise DomainError(
                f"a term that cannot change has changes of {low:g} alone, got {values}"
            )
        return PairedLimits(low, high, 0)
    checked_sample(values, low=low, high=high)
    upper = _one_side(values, aside, low, high, delta / 2)
    turned = _one_side(low + high - values, low + high - aside, low, high, delta / 2)
    return PairedLimits(low + high - turned, upper, _used(aside))


def _one_side(
    values: NDArray[np.float64],
    pilot: NDArray[np.float64],
    low: float,
    high: float,
    delta: float,
) -> float:
    """Upper limit of the mean, with the stake that the pilot chooses if it is large."""
    inside = np.clip(values, low, high)  # undoes the rounding of the mirror
    stakes = None
    if _used(pilot):
        choice = choose_stake(
            np.clip(pilot, low, high), low=low, high=high, m=inside.size, delta=delta
        )
        stakes = [choice.stake]
    return betting(inside, low=low, high=high, delta=delta, stakes=stakes)


def _used(pilot: NDArray[np.float64]) -> int:
    """How many pilot queries choose the stakes: all, or none if they are few."""
    return pilot.size if pilot.size >= FEW else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Two bounds whose terms were measured, and what is certain of their order.

    Attributes
    ----------
    before, after : float
        Bounds at the measured means, in nats, each at its width and at n queries.
    lower, upper : float
        Limits of the second less the first, in nats.
    verdict : {"lower", "higher", "inconclusive", "no evidence"}
        Whether the change certainly lowers the bound, or raises it; "no evidence" if
        neither bound is below ln 2, whatever their order.
    n_certain : int or None
        Least number of queries of the changed design at which its bound is lower for
        every change within the limits; None if none suffices.
    n_at_means : int or None
        The same at the measured means, which is an estimate.
    width_certain : float or None
        Width of one query's risk, in nats, below which the bound of the changed design
        is lower for every change within the limits; None if no width suffices.
    """

    before: float
    after: float
    lower: float
    upper: float
    verdict: Order
    n_certain: int | None
    n_at_means: int | None
    width_certain: float | None

    @property
    def vacuous(self) -> bool:
        """Whether neither bound is below ln 2."""
        return min(self.before, self.after) >= math.log(2)


def break_even(
    before: Design,
    after: Design,
    *,
    limits: tuple[float, float],
    n_queries: int,
    complexity: float,
) -> BreakEven:
    """Theorem 5 with limits of the change in place of typed numbers.

    Parameters
    ----------
    before, after : Design
        Measured means of entropy and divergence; `locality` is the width of one
        query's risk, which L times the diameter exceeds. The shifts are 0.
    limits : (float, float)
        Limits of the change of entropy plus divergence, in nats, that hold together.
    n_queries : int
        Independent queries on which both were measured.
    complexity : float
        C of Theorem 5, as of `finite_complexity`.

    Returns
    -------
    BreakEven

    Raises
    ------
    DomainError
        If limits are the wrong way round, or as `queries_to_break_even` raises.

    Notes
    -----
    Source: Theorem 5 (a) and (b), which depend on entropies and divergences through
    their change alone. With the width as locality, a bound is the limit of
    Theorem 1 (a).

    Examples
    --------
    >>> first = Design(entropy=0.4, divergence=0.10, locality=1.0)
    >>> second = Design(entropy=0.4, divergence=0.05, locality=1.0)
    >>> found = break_even(
    ...     first, second, limits=(-0.08, -0.02), n_queries=1000, complexity=1.2)
    >>> found.verdict, found.n_certain, found.n_at_means
    ('lower', 429, 187)
    """
    low, high = limits
    if not low <= high:
        raise DomainError(f"limits need lower <= upper, got {low}, {high}")
    first, second = (one.bound(n_queries, complexity) for one in (before, after))
    wider = (after.locality - before.locality) * complexity / math.sqrt(n_queries)
    mean = after.entropy + after.divergence - before.entropy - before.divergence
    ratio = diameter_ratio_to_break_even(
        *_changed_by(high, before, after),
        n_queries=n_queries,
        n_after=n_queries,
        complexity=complexity,
    )

    def needed(change: float) -> int | None:
        designs = _changed_by(change, before, after)
        queries = queries_to_break_even(
            *designs, n_queries=n_queries, complexity=complexity
        )
        return math.floor(queries) + 1 if math.isfinite(queries) else None

    lower, upper = low + wider, high + wider
    return BreakEven(
        before=first,
        after=second,
        lower=lower,
        upper=upper,
        verdict=_order(first, second, lower, upper),
        n_certain=needed(high),
        n_at_means=needed(mean),
        width_certain=before.locality * ratio if ratio > 0 else None,
    )


def _order(first: float, second: float, lower: float, upper: float) -> Order:
    if min(first, second) >= math.log(2):
        return "no evidence"
    if upper < 0:
        return "lower"
    return "higher" if lower > 0 else "inconclusive"


def _changed_by(change: float, before: Design, after: Design) -> tuple[Design, Design]:
    """Designs of the same widths whose entropy and divergence differ by the change."""
    return (
        Design(entropy=0, divergence=max(0.0, -change), locality=before.locality),
        Design(entropy=0, divergence=max(0.0, change), locality=after.locality),
    )
