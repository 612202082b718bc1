"""Certificates of random halves of the queries, tested on the other halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rankbound.bounds.betting import betting
from rankbound.bounds.certificate import CHOSEN, LossRange
from rankbound.bounds.errors import DomainError
from rankbound.bounds.limits import lower_limit
from rankbound.data.columns import Floats

LEAST_QUERIES: Final = 4


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A certificate from half of the queries, and the risk of the other half.

    Attributes
    ----------
    certificate : float
        Upper limit of the risk from the first half, in nats.
    risk : float
        Mean risk of the second half, in nats.
    lower : float
        Lower limit of the risk from the second half, in nats.
    n_certificate, n_held_out : int
    """

    certificate: float
    risk: float
    lower: float
    n_certificate: int
    n_held_out: int

    @property
    def holds(self) -> bool:
        """Whether the held-out mean is at most the certificate."""
        return self.risk <= self.certificate

    @property
    def refuted(self) -> bool:
        """Whether even the lower limit of the held-out risk exceeds the certificate."""
        return self.lower > self.certificate


def held_out(
    risk: Floats,
    *,
    loss_range: LossRange,
    delta: float,
    splits: int,
    rng: np.random.Generator,
    stake: float | None = None,
) -> list[HeldOut]:
    """Try a certificate on random halves of the queries, several times.

    Parameters
    ----------
    risk : float64 array, shape (n,)
        One risk per query in nats, within the range.
    loss_range : LossRange
    delta : float
        Failure probability of the certificate and of the lower limit.
    splits : int
        Number of random splits.
    rng : numpy.random.Generator
    stake : float, optional
        Of the certificate, in (0, 1), fixed without these queries; a grid by default.

    Returns
    -------
    list of HeldOut
        One per split.

    Raises
    ------
    DomainError
        With fewer than 4 queries.

    Notes
    -----
    The mean of a half is an estimate, and a true certificate may lie below it. The
    certificate is refuted, at level 2 delta, only where the lower limit of the held-out
    half lies above it.

    Examples
    --------
    >>> from rankbound.bounds.certificate import lemma_2c_range
    >>> limits = lemma_2c_range(10.0, cut_ratio=0.5, source="k large")
    >>> found = held_out(np.full(40, 0.3), loss_range=limits, delta=0.05, splits=2,
    ...     rng=np.random.default_rng(0))
    >>> [(split.holds, split.refuted, split.n_held_out) for split in found]
    [(True, False, 20), (True, False, 20)]
    """
    n = len(risk)
    if n < LEAST_QUERIES:
        raise DomainError(f"a split needs {LEAST_QUERIES} queries or more, got {n}")
    low, high = loss_range.low, loss_range.high
    stakes = None if stake is None else [stake]
    found = []
    for _ in range(splits):
        # Not scikit-learn's ShuffleSplit, which cannot draw from a Generator
        order = rng.permutation(n)
        first, second = risk[order[: n // 2]], risk[order[n // 2 :]]
        found.append(
            HeldOut(
                certificate=betting(
                    first, low=low, high=high, delta=delta, stakes=stakes
                ),
                risk=float(second.mean()),
                lower=lower_limit(
                    second, low=low, high=high, delta=delta, method=CHOSEN
                ),
                n_certificate=len(first),
                n_held_out=len(second),
            )
        )
    return found
