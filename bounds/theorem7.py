"""Theorem 7: a bound with a quantile of the distance, and its price.

Using a quantile or the largest distance of the sample as the diameter is wrong, since
pairs beyond it are missed. Here they are charged the worst loss at the threshold and,
in the tail term, their distance beyond it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rankbound.bounds import numeric
from rankbound.bounds.errors import DomainError
from rankbound.bounds.lemma5 import checked_rows
from rankbound.bounds.limits import upper_limit
from rankbound.bounds.notation import Delta_max, L, R, R_t, beta_t, excess_t, t
from rankbound.bounds.samples import checked_delta
from rankbound.bounds.statements import OURS, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation:
    """Constants of Theorem 7, all fixed without looking at the sample.

    Attributes
    ----------
    lipschitz : float
        L > 0, in scores per distance.
    threshold : float
        t > 0, from other queries or from a grid.
    largest : float
        The largest distance that a pair can have, above the threshold. It comes from a
        known pool, an enclosing ball or unit vectors, not from the sample.
    n_thresholds : int
        Size of the grid from which the threshold is chosen by the sample; 1 if it is
        fixed.

    Raises
    ------
    DomainError
        If a constant is outside its range.
    """

    lipschitz: float
    threshold: float
    largest: float
    n_thresholds: int = 1

    def __post_init__(self) -> None:
        _check_constants(self.lipschitz, self.threshold)
        if not self.threshold < self.largest < math.inf:
            raise DomainError(
                "`largest` must be finite and above the threshold "
                f"{self.threshold}, got {self.largest}; if no distance exceeds the "
                "threshold, use the limits of Theorem 1"
            )
        if self.n_thresholds < 1:
            raise DomainError(
                f"`n_thresholds` must be at least 1, got {self.n_thresholds}"
            )


@dataclass(frozen=True, slots=True)
class TailedBound:
    """The bound and its three terms, which add up to `value`; all in nats.

    Attributes
    ----------
    value : float
        Upper limit of the risk.
    mean : float
        Mean truncated risk of the sample.
    deviation : float
        What the limit adds to that mean.
    tail : float
        L times the limit of the mean distance beyond the threshold, the price of using
        a quantile. Never zero.
    """

    value: float
    mean: float
    deviation: float
    tail: float

    @property
    def vacuous(self) -> bool:
        """Whether the bound is at least ln 2, the risk of a constant student."""
        return self.value >= math.log(2)


def truncated_risks(
    losses: Sequence[ArrayLike],
    distances: Sequence[ArrayLike],
    *,
    lipschitz: float,
    threshold: float,
) -> NDArray[np.float64]:
    """Risk per query, with the worst loss at the threshold for pairs beyond it.

    Parameters
    ----------
    losses, distances : sequence of array_like
        Losses in nats and distances of the pairs of each query.
    lipschitz, threshold : float
        L and t, as in `Truncation`.

    Returns
    -------
    ndarray, shape (n,)
        In nats, in ``[softplus(-L t), softplus(L t)]`` if A1 holds for the student.

    Raises
    ------
    DomainError
        If losses and distances do not match, or a number is not finite.

    Examples
    --------
    >>> risks = truncated_risks([[0.5, 9.0]], [[1.0, 3.0]], lipschitz=1.0, threshold=2)
    >>> risks.round(4).tolist()
    [1.3135]
    """
    _check_constants(lipschitz, threshold)
    worst = float(numeric.softplus(np.asarray(lipschitz * threshold)))
    costs, lengths = checked_rows(losses), checked_rows(distances)
    if [row.size for row in costs] != [row.size for row in lengths]:
        raise DomainError("every query needs one loss and one distance per pair")
    means = [
        float(np.where(length <= threshold, cost, worst).mean())
        for cost, length in zip(costs, lengths, strict=True)
    ]
    return np.array(means)


def tail_excesses(
    distances: Sequence[ArrayLike], *, threshold: float
) -> NDArray[np.float64]:
    """Mean distance beyond the threshold per query; pairs within it count as 0.

    Examples
    --------
    >>> tail_excesses([[1.0, 3.0], [1.0]], threshold=2.0).tolist()
    [0.5, 0.0]
    """
    rows = checked_rows(distances)
    return np.array([float(np.maximum(row - threshold, 0.0).mean()) for row in rows])


def truncated_terms(
    risks: ArrayLike,
    excesses: ArrayLike,
    *,
    truncation: Truncation,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
) -> TailedBound:
    """Limit of the risk with its terms; arguments as in `truncated_limit`.

    Examples
    --------
    >>> cut = Truncation(lipschitz=5.0, threshold=1.0, largest=2.0)
    >>> terms = truncated_terms([0.5] * 1000, [0.0] * 1000, truncation=cut, delta=0.05)
    >>> terms.tail > 0
    True
    >>> terms.value == terms.mean + terms.deviation + terms.tail
    True
    """
    risk, excess = np.asarray(risks, np.float64), np.asarray(excesses, np.float64)
    if risk.shape != excess.shape:
        raise DomainError(
            "the limit needs one risk and one excess per query, got shapes "
            f"{risk.shape} and {excess.shape}"
        )
    half = checked_delta(delta) / (2 * truncation.n_thresholds)
    low, high = _range(truncation)
    limit = upper_limit(
        risk, low=low, high=high, delta=half, n_students=n_students, method=method
    )
    beyond = truncation.largest - truncation.threshold
    tail = upper_limit(excess, low=0.0, high=beyond, delta=half, method=method)
    mean, price = float(risk.mean()), truncation.lipschitz * tail
    deviation = max(limit - mean, 0.0)
    return TailedBound(mean + deviation + price, mean, deviation, price)


def truncated_limit(
    risks: ArrayLike,
    excesses: ArrayLike,
    *,
    truncation: Truncation,
    delta: float,
    n_students: int = 1,
    method: str = "betting",
) -> float:
    """Upper limit of the risk from a quantile of the distance, including its price.

    Parameters
    ----------
    risks : array_like, shape (n,)
        `truncated_risks`, one per query.
    excesses : array_like, shape (n,)
        `tail_excesses` of the same queries.
    truncation : Truncation
        L, t, the largest distance, and the number of thresholds that were tried.
    delta : float
        Failure probability over all thresholds; each of the two limits takes half.
    n_students : int
        K: the limits of K students hold simultaneously.
    method : str
        A limit of `bounds.limits`.

    Returns
    -------
    float
        In nats: the limit of the mean truncated risk plus L times that of the excess.

    Raises
    ------
    DomainError
        If a risk or an excess lies outside its range, or the shapes differ.

    Notes
    -----
    Source: Theorem 7.

    Examples
    --------
    >>> cut = Truncation(lipschitz=5.0, threshold=1.0, largest=2.0)
    >>> value = truncated_limit([0.5] * 100, [0.0] * 100, truncation=cut, delta=0.05)
    >>> 0.5 < value < 1.2
    True
    """
    terms = truncated_terms(
        risks,
        excesses,
        truncation=truncation,
        delta=delta,
        n_students=n_students,
        method=method,
    )
    return terms.value


def _range(truncation: Truncation) -> tuple[float, float]:
    width = truncation.lipschitz * truncation.threshold
    low, high = numeric.softplus(np.array([-width, width]))
    return float(low), float(high)


def _check_constants(lipschitz: float, threshold: float) -> None:
    for name, value in (("lipschitz", lipschitz), ("threshold", threshold)):
        if not 0 < value < math.inf:
            raise DomainError(
                f"`{name}` must be positive and finite, got {value}; fix it in advance"
            )


STATEMENTS: Final = (
    Statement(
        key="theorem-7a",
        title="Risk with the distances cut at a threshold",
        words="The risk is at most the risk in which every pair farther apart than t "
        "is charged the worst loss at t, plus L times the mean distance beyond t.",
        kind="tight",
        status="proved",
        assumptions=("A1",),
        source=OURS,
        relation="<=",
        left=R,
        expression=R_t + L * excess_t,
        arguments=(R_t, L, excess_t),
        attained_by="no pair beyond t",
    ),
    Statement(
        key="theorem-7a-mass",
        title="Risk with the distances cut at a quantile",
        words="The same with the share of the pairs beyond t, each at the largest "
        "distance: the price of a quantile diameter.",
        kind="tight",
        status="proved",
        assumptions=("A1",),
        source=OURS,
        relation="<=",
        left=R,
        expression=R_t + L * (Delta_max - t) * beta_t,
        arguments=(R_t, L, Delta_max, t, beta_t),
        attained_by="no pair beyond t",
    ),
    Statement(
        key="theorem-7b",
        title="Limit with a quantile diameter",
        words="A limit for the truncated risk plus L times a limit for the mean "
        "distance beyond the threshold, each at half the failure probability. The "
        "threshold comes from elsewhere, or from a grid of M with delta / M. A "
        "quantile diameter without this tail term certifies nothing.",
        kind="upper",
        status="proved",
        assumptions=("A0", "A1"),
        source="union bound over Theorem 1; " + OURS,
        relation="<=",
        left=R,
        procedure=truncated_limit,
    ),
)
