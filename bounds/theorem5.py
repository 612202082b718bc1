"""Theorem 5: when more training data, or other data, lower the bound.

The bound is ``U = H + D + L * diameter * (s + C / sqrt(n))`` of Theorem 4 (d), with the
same target law, teacher and temperature before and after the change. A lower bound does
not imply a lower risk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from sympy import Symbol

from rankbound.bounds.errors import DomainError
from rankbound.bounds.notation import Delta, Delta_after, n
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.statements import OURS, Statement

CAVEAT: Final = (
    " Target law, teacher and temperature are the same before and after; n counts "
    "independent queries, to which paraphrases and further negatives add nothing."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A training design, described by the terms of its bound.

    Attributes
    ----------
    entropy, divergence : float
        H in [0, ln 2] and D >= 0 in nats: population values, or limits that hold
        simultaneously. Other teacher targets change these two.
    locality : float
        L times the diameter, >= 0. Other documents or queries change it, too.
    shift : float
        Share s >= 0 of the locality that the sampling law adds, such as
        1 - 1 / kappa**2.

    Raises
    ------
    DomainError
        If a number is outside its range.
    """

    entropy: float
    divergence: float
    locality: float
    shift: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value < math.inf:
                raise DomainError(
                    f"`{field.name}` must be finite and at least 0, got {value}"
                )
        if self.entropy > math.log(2) + 1e-12:
            raise DomainError(
                f"`entropy` must be at most ln 2, got {self.entropy}; multiply bits by "
                "ln 2"
            )

    def bound(self, n_queries: float, complexity: float) -> float:
        """Return the bound U in nats."""
        rate = _rate(n_queries, complexity)
        return self.entropy + self.divergence + self.locality * (self.shift + rate)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Bounds before and after a change, in nats.

    `improves` says whether the second is lower; `vacuous` that neither is below ln 2,
    the risk of a constant student, so that `improves` carries no information.
    """

    before: float
    after: float
    improves: bool
    vacuous: bool


def bilinear_complexity(delta: float) -> float:
    """Complexity C of a bilinear class, ``2 + sqrt(ln(1 / delta) / 2)``.

    Examples
    --------
    >>> round(bilinear_complexity(0.05), 4)
    3.2239
    """
    return 2 + math.sqrt(math.log(1 / checked_delta(delta)) / 2)


def finite_complexity(delta: float, n_students: int) -> float:
    """Complexity C of K fixed students, ``sqrt(ln(K / delta) / 2)``.

    Choosing among M augmentations multiplies K by M.

    Examples
    --------
    >>> round(finite_complexity(0.05, 1), 4)
    1.2239
    """
    if n_students < 1:
        raise DomainError(f"`n_students` must be at least 1, got {n_students}")
    return math.sqrt(math.log(n_students / checked_delta(delta)) / 2)


def compare_designs(
    before: Design,
    after: Design,
    *,
    n_queries: float,
    n_after: float,
    complexity: float,
) -> Comparison:
    """Compare the bounds of two designs, each at its number of queries.

    Parameters
    ----------
    before, after : Design
        The two designs.
    n_queries, n_after : float
        Independent queries of the old and of the new design, > 0.
    complexity : float
        C >= 0, such as `bilinear_complexity`.

    Raises
    ------
    DomainError
        If a number of queries is not positive or the complexity is negative.

    Examples
    --------
    >>> small = Design(entropy=0.47, divergence=0.0, locality=6.0)
    >>> large = Design(entropy=0.42, divergence=0.0, locality=10.0)
    >>> options = {"n_queries": 1000, "complexity": bilinear_complexity(0.05)}
    >>> compare_designs(large, small, n_after=1000, **options)
    Comparison(before=1.439..., after=1.081..., improves=True, vacuous=True)
    """
    first = before.bound(n_queries, complexity)
    second = after.bound(n_after, complexity)
    return Comparison(first, second, second < first, min(first, second) >= math.log(2))


def queries_to_break_even(
    before: Design, after: Design, *, n_queries: float, complexity: float
) -> float:
    """Number of queries beyond which the new design has the lower bound.

    Parameters
    ----------
    before, after : Design
        The two designs.
    n_queries : float
        Independent queries of the old design, > 0.
    complexity : float
        C >= 0, such as `bilinear_complexity`.

    Returns
    -------
    float
        ``(locality' C / G)**2``. Infinite if no number suffices, because the gain
        ``G = H - H' + D - D' + locality (s + C / sqrt(n)) - locality' s'`` is not
        positive.

    Raises
    ------
    DomainError
        If a number is negative or not finite.

    Notes
    -----
    Source: Theorem 5 (a).

    Examples
    --------
    >>> large = Design(entropy=0.42, divergence=0.0, locality=10.0)
    >>> small = Design(entropy=0.47, divergence=0.0, locality=6.0)
    >>> c = bilinear_complexity(0.05)
    >>> round(queries_to_break_even(large, small, n_queries=1000, complexity=c))
    398
    >>> queries_to_break_even(large, small, n_queries=500_000, complexity=c)
    inf
    """
    gain = before.bound(n_queries, complexity)
    gain -= after.entropy + after.divergence + after.locality * after.shift
    if gain <= 0:
        return math.inf
    try:
        return (after.locality * complexity / gain) ** 2
    except OverflowError:  # a gain of rounding size
        return math.inf


def diameter_ratio_to_break_even(
    before: Design,
    after: Design,
    *,
    n_queries: float,
    n_after: float,
    complexity: float,
) -> float:
    """Ratio of localities below which the new design has the lower bound.

    Parameters are those of `compare_designs`. The locality of `after` is not used; that
    of `before` must be positive.

    Returns
    -------
    float
        Negative if no locality of the new design suffices.

    Raises
    ------
    DomainError
        If the locality of `before` is zero, or as `compare_designs` raises.

    Notes
    -----
    Source: Theorem 5 (b).

    Examples
    --------
    >>> old = Design(entropy=0.4, divergence=0.1, locality=10.0)
    >>> options = {"n_queries": 100, "n_after": 400, "complexity": 3.0}
    >>> round(diameter_ratio_to_break_even(old, old, **options), 6)
    2.0
    """
    if before.locality <= 0:
        raise DomainError("`locality` of the old design must be positive, got 0")
    saved = before.entropy - after.entropy + before.divergence - after.divergence
    numerator = saved / before.locality + before.shift + _rate(n_queries, complexity)
    denominator = after.shift + _rate(n_after, complexity)
    if denominator == 0:
        return math.inf if numerator > 0 else -math.inf
    return numerator / denominator


def _rate(n_queries: float, complexity: float) -> float:
    if not 0 < n_queries < math.inf or not 0 <= complexity < math.inf:
        raise DomainError(
            "the number of queries must be positive and the complexity at least 0, "
            f"got {n_queries} and {complexity}"
        )
    return complexity / math.sqrt(n_queries)


_after: Final = Symbol("n'", positive=True)
_ratio: Final = Symbol(r"\Delta' / \Delta", real=True)

STATEMENTS: Final = (
    Statement(
        key="theorem-5a",
        title="Queries to break even",
        words="Beyond this number of queries, and not before, the changed design has "
        "the lower bound; infinite if no number suffices." + CAVEAT,
        kind="identity",
        status="proved",
        source=OURS,
        left=_after,
        procedure=queries_to_break_even,
    ),
    Statement(
        key="theorem-5b",
        title="Diameter to break even",
        words="Below this ratio of the products of Lipschitz constant and diameter, "
        "and not above, the changed design has the lower bound." + CAVEAT,
        kind="identity",
        status="proved",
        source=OURS,
        left=_ratio,
        procedure=diameter_ratio_to_break_even,
    ),
    Statement(
        key="theorem-5c",
        title="Break-even of diameter against queries",
        words="With equal entropy and divergence and no shift, half the diameter is "
        "worth four times the queries." + CAVEAT,
        kind="identity",
        status="proved",
        source=OURS,
        left=_after,
        expression=n * (Delta_after / Delta) ** 2,
        arguments=(n, Delta, Delta_after),
    ),
)
