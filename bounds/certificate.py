"""`Certificate`: what a sample of queries proves about the risk of a student."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rankbound.bounds.betting import betting, queries_needed
from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemmas import query_range
from rankbound.bounds.limits import METHODS, split_limit, two_sided
from rankbound.bounds.wording import counted, plural

LN2 = math.log(2)
# Chosen in advance, not after looking: it adapts to the variance and has no constants.
CHOSEN = "betting"


@dataclass(frozen=True, slots=True)
class LossRange:
    """The interval that contains the risk of one query, and the reason for it.

    Attributes
    ----------
    score_range : float
        B, the largest student margin, in temperatures.
    low, high : float
        ``z_-`` and ``z_+`` of Lemma 2c, in nats.
    source : str
        Statement and structure of the groups, such as "lemma-2c, all pairs, k = 16".
    """

    score_range: float
    low: float
    high: float
    source: str

    @property
    def width(self) -> float:
        """Width ``w = z_+ - z_-`` in nats; at most B."""
        return self.high - self.low


def lemma_2c_range(score_range: float, *, cut_ratio: float, source: str) -> LossRange:
    """Range of one query's risk by Lemma 2c.

    Parameters
    ----------
    score_range : float
        B >= 0, the largest absolute student margin of a pair, in temperatures.
    cut_ratio : float
        c_E in (0, 1], as in `rankbound.bounds.lemmas.query_range`.
    source : str
        Where the constants come from, for the reader of the certificate.

    Returns
    -------
    LossRange
        In nats.

    Raises
    ------
    DomainError
        If a number is outside its domain.

    Examples
    --------
    >>> from rankbound.bounds.lemmas import cut_ratio_all_pairs
    >>> ratio = cut_ratio_all_pairs(16)
    >>> round(lemma_2c_range(10.0, cut_ratio=ratio, source="k = 16").width, 3)
    5.652
    """
    low, high = query_range(score_range, cut_ratio=cut_ratio)
    return LossRange(score_range=score_range, low=low, high=high, source=source)


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a certificate, in nats.

    `lower` and `upper` are a two-sided confidence interval of the part, valid by
    itself; they are None for the deviation, which is not an estimate.
    """

    name: str
    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """An upper confidence limit of a student's risk, with its parts.

    Attributes
    ----------
    risk : float
        Mean over queries, in nats: entropy plus divergence.
    risk_interval : tuple of float
        Two-sided interval of the risk by the chosen method.
    parts : tuple of Part
        Entropy, divergence and deviation; their values add up to `upper`.
    limits : dict
        Upper limit by each method. Each is valid by itself, but not all at once.
    upper : float
        The limit by the method chosen in advance.
    method : str
        The chosen method.
    range : LossRange
        Range of one query's risk.
    n_queries, n_students : int
        Sample size; number of students for which the limits hold simultaneously.
    delta : float
        Failure probability.
    n_needed : int or None
        Queries at which `upper` would fall below ln 2 if the sample were repeated; None
        if no number suffices.
    """

    risk: float
    risk_interval: tuple[float, float]
    parts: tuple[Part, ...]
    limits: dict[str, float]
    upper: float
    method: str
    range: LossRange
    n_queries: int
    n_students: int
    delta: float
    n_needed: int | None

    def __repr__(self) -> str:
        """Risk, limit and verdict in words; the fields have all numbers."""
        limit = f"risk {self.risk:.4g} nats, at most {self.upper:.4g} nats"
        return f"Certificate: {limit}\n  {self.sentence()}"

    @property
    def vacuous(self) -> bool:
        """Whether the limit is at least ln 2, the risk of a constant student."""
        return self.upper >= LN2

    @property
    def dominating(self) -> str:
        """Name of the largest part."""
        return max(self.parts, key=lambda part: part.value).name

    def sentence(self, noun: str = "query") -> str:
        """The verdict in plain words; `noun` is what the values are one of.

        Examples
        --------
        >>> flat = [0.1] * 40
        >>> made = certify_student(flat, flat, [0.0] * 40, loss_range=lemma_2c_range(
        ...     10.0, cut_ratio=0.5, source="k large"), delta=0.05)
        >>> print(made.sentence())
        not vacuous at n = 40: the risk is at most 0.5919 nats, below ln 2 = 0.6931; ...
        """
        many = "" if noun == "query" else f" {plural(noun)}"
        if not self.vacuous:
            return (
                f"not vacuous at n = {self.n_queries:,}{many}: the risk is at most "
                f"{self.upper:.4f} nats, below ln 2 = {LN2:.4f}; the "
                f"{self.dominating} term dominates"
            )
        start = (
            f"vacuous at n = {self.n_queries:,}{many}: the {self.dominating} term "
            "dominates; "
        )
        deviation = self.parts[-1]
        if self.n_needed is None:
            return start + (
                f"no number of {plural(noun)} helps, since the mean risk itself "
                f"({self.risk:.4f} nats) is not below ln 2"
            )
        if self.dominating != deviation.name:
            start += f"the deviation ({deviation.value:.4f} nats) falls with n, and "
        least = rounded_up(self.n_needed)
        needed = counted(least, f"{noun} is needed", f"{plural(noun)} are needed")
        return f"{start}about {needed}"


def certify_student(  # noqa: PLR0913  what makes a limit, and its parts
    risk: ArrayLike,
    entropy: ArrayLike,
    divergence: ArrayLike,
    *,
    loss_range: LossRange,
    delta: float,
    n_students: int = 1,
    stakes: ArrayLike | None = None,
    interval_delta: float | None = None,
) -> Certificate:
    """Certificate of a student from one risk, entropy and divergence per query.

    Parameters
    ----------
    risk, entropy, divergence : array_like, shape (n_queries,)
        In nats; risk = entropy + divergence for every query.
    loss_range : LossRange
        Of one query's risk.
    delta : float
        Failure probability in (0, 1).
    n_students : int
        K: number of students whose certificates have to hold simultaneously.
    stakes : array_like, optional
        Stakes of the betting limit, each in (0, 1), fixed without these queries, as by
        `choose_stake`; a grid by default.
    interval_delta : float, optional
        Failure probability of each two-sided interval; `delta` by default.

    Returns
    -------
    Certificate

    Raises
    ------
    DomainError
        If the parts do not add up to the risk, or a value leaves its range.

    Notes
    -----
    Source: Theorem 1 (a)-(d) for the risk, (g) for the split limit.

    Examples
    --------
    >>> ranged = lemma_2c_range(10.0, cut_ratio=8 / 15, source="k = 16")
    >>> risk, entropy, divergence = [0.5] * 500, [0.4] * 500, [0.1] * 500
    >>> made = certify_student(
    ...     risk, entropy, divergence, loss_range=ranged, delta=0.05)
    >>> made.vacuous, made.dominating, sorted(made.limits)
    (False, 'entropy', ['betting', 'empirical_bernstein', 'hoeffding', 'kl', 'split'])
    """
    r, h, d = (np.asarray(v, dtype=np.float64) for v in (risk, entropy, divergence))
    if not np.allclose(r, h + d, rtol=1e-9, atol=1e-12):
        raise DomainError(
            "risk must be entropy + divergence for every query (Lemma 1); the largest "
            f"difference is {np.max(np.abs(r - h - d))}"
        )
    low, high = loss_range.low, loss_range.high
    limits = {
        name: limit(r, low=low, high=high, delta=delta, n_students=n_students)
        for name, limit in METHODS.items()
    }
    limits["split"] = split_limit(
        h, d, high=loss_range.high, delta=delta, n_students=n_students
    )
    if stakes is not None:
        limits[CHOSEN] = betting(
            r, low=low, high=high, delta=delta, n_students=n_students, stakes=stakes
        )
    upper = limits[CHOSEN]
    beside = delta if interval_delta is None else interval_delta
    return Certificate(
        risk=float(r.mean()),
        risk_interval=two_sided(
            r, low=low, high=high, delta=beside, n_students=n_students
        ),
        parts=(
            interval_part("entropy", h, high=LN2, delta=beside, n_students=n_students),
            interval_part(
                "divergence",
                d,
                high=loss_range.high,
                delta=beside,
                n_students=n_students,
            ),
            Part("deviation", upper - float(r.mean())),
        ),
        limits=limits,
        upper=upper,
        method=CHOSEN,
        range=loss_range,
        n_queries=r.size,
        n_students=n_students,
        delta=delta,
        n_needed=queries_needed(
            r,
            low=low,
            high=high,
            threshold=LN2,
            delta=delta,
            n_students=n_students,
            stakes=stakes,
        ),
    )


def interval_part(
    name: str, values: ArrayLike, *, high: float, delta: float, n_students: int = 1
) -> Part:
    """Mean of values in [0, high] with its two-sided interval by betting.

    Parameters are those of `bounds.limits.two_sided`; `name` is that of the part.

    Examples
    --------
    >>> part = interval_part("entropy", [0.4] * 100, high=LN2, delta=0.05)
    >>> part.lower < part.value < part.upper
    True
    """
    lower, upper = two_sided(
        values, low=0.0, high=high, delta=delta, n_students=n_students
    )
    return Part(name, float(np.mean(np.asarray(values))), lower, upper)


def rounded_up(count: int) -> int:
    """Round up to two significant digits: the count is an estimate from the sample."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // unit) * unit
