"""What `rankbound power` is asked: queries, spreads, a margin, error rates."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.errors import UsageError
from rankbound.validation.power import check_rates, check_sample

NO_SPREAD = (
    "differences and margins need the spread over queries; give `sd` (of paired "
    "differences) or `folder` (a folder of measure or compare)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOptions:
    """Settings of `rankbound power`; see its help for each.

    Attributes
    ----------
    n : tuple of int
        Numbers of queries; empty: those of the results, or none.
    sd : tuple of float
        Standard deviations of paired differences; not together with `folder`. Without
        both, only correlations are told, which need no spread.
    folder : Path or None
        Results of measure or compare.
    margin : float or None
        Ask how many queries this margin needs.
    power, delta : float
        In (0, 1).
    comparisons : int
        Size of the family; delta is divided by it.
    half_range : float or None
        Differences lie within plus and minus this number; for betting.
    command : str
        Recorded in the result.
    """

    n: tuple[int, ...] = ()
    sd: tuple[float, ...] = ()
    folder: Path | None = None
    margin: float | None = None
    power: float = 0.8
    delta: float = 0.05
    comparisons: int = 1
    half_range: float | None = None
    command: str = ""

    def __post_init__(self) -> None:
        if self.folder is not None:
            object.__setattr__(self, "folder", Path(self.folder))
        for name in ("n", "sd"):
            if np.ndim(getattr(self, name)) == 0:  # one number does, too
                object.__setattr__(self, name, (getattr(self, name),))
        self._check_kinds()
        self._check_spread()
        checked_delta(self.delta)
        check_rates(self.power, self.delta)
        if self.comparisons < 1:
            raise UsageError(
                f"`comparisons` must be at least 1, got {self.comparisons}"
            )
        if self.power <= self.delta:
            raise DomainError(
                f"`power` must exceed `delta`, got {self.power:g} and {self.delta:g}"
            )
        self._check_numbers()

    def _check_kinds(self) -> None:
        for n in self.n:
            if not isinstance(n, Integral):
                raise UsageError(f"`n` must be whole numbers, got {n!r}")
        for sd in self.sd:
            if not isinstance(sd, Real):
                raise UsageError(f"`sd` must be numbers, got {sd!r}")

    def _check_spread(self) -> None:
        if self.sd and self.folder is not None:
            raise UsageError(
                "`sd` and `folder` both tell the spread over queries; give one of them"
            )
        if not self.sd and self.folder is None and not self.n:
            what = "nothing was asked" if self.margin is None else "`margin`"
            raise UsageError(f"{what}: {NO_SPREAD}; or `n` alone for correlations")
        if self.sd and not self.n and self.margin is None:
            raise UsageError("give `n` (queries), `margin`, or both")

    def _check_numbers(self) -> None:
        for n in self.n:
            check_sample(n, 1.0)
        for sd in self.sd:
            check_sample(2, sd)
        if self.margin is not None and not (
            np.isfinite(self.margin) and self.margin > 0
        ):
            raise DomainError(f"`margin` must be a positive number, got {self.margin}")
        if self.half_range is None:
            return
        if self.folder is not None:
            raise UsageError(
                "`half_range` goes with `sd`; results of measure and compare know "
                "theirs"
            )
        if not self.sd:
            raise UsageError(
                "`half_range` is about differences of a spread; give `sd`, too"
            )
        if not max(self.sd) <= self.half_range < np.inf:
            raise UsageError(
                f"`half_range={self.half_range:g}` is no bound of differences with a "
                f"standard deviation of {max(self.sd):g}; it must be at least that"
            )

    @property
    def delta_each(self) -> float:
        """Error rate of one comparison, by Bonferroni."""
        return self.delta / self.comparisons
