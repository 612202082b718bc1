"""One family of tests: adjusted p-values, verdicts, and what it could have found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.bounds.samples import checked_delta
from rankbound.catalogue import ASSOCIATED, INCONCLUSIVE, NO_ASSOCIATION
from rankbound.validation.association import LEAST_QUERIES, Coefficient
from rankbound.validation.multiplicity import benjamini_hochberg, holm
from rankbound.validation.power import detectable_correlation

Correction = Literal["holm", "bh"]
CORRECTIONS: Final = {"holm": holm, "bh": benjamini_hochberg}
POWER: Final = 0.8


@dataclass(frozen=True, slots=True)
class Family:
    """How the tests of a run are judged together.

    Attributes
    ----------
    delta : float
        Error rate of the family (holm), or false discovery rate (bh).
    correction : {"holm", "bh"}
    band : float
        Correlations inside (-band, band) do not matter; fixed before looking.
    """

    delta: float = 0.05
    correction: Correction = "holm"
    band: float = 0.1

    def __post_init__(self) -> None:
        checked_delta(self.delta)
        if self.correction not in CORRECTIONS:
            raise DomainError(
                f"the correction is one of {', '.join(CORRECTIONS)}, got "
                f"{self.correction!r}"
            )
        if not 0 < self.band < 1:
            raise DomainError(f"the band must lie in (0, 1), got {self.band}")

    def adjusted(self, p_values: Sequence[float | None]) -> list[float | None]:
        """Adjusted p-values; None where there is no test, which costs nothing.

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
        """`associated`, `no association beyond R`, or `inconclusive`.

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
        """Whether the whole interval lies inside the band."""
        lower, upper = coefficient.lower, coefficient.upper
        if lower is None or upper is None:
            return False
        return -self.band < lower and upper < self.band

    def detectable(self, n: int, *, n_tests: int) -> float | None:
        """The smallest |rho| found with 80 % power at the first step of the correction.

        None where there are too few queries for a test.

        Examples
        --------
        >>> round(Family().detectable(43, n_tests=1), 2)
        0.43
        """
        if n < LEAST_QUERIES or n_tests < 1:
            return None
        return detectable_correlation(n, power=POWER, delta=self.delta / n_tests)
