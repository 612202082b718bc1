"""`power`: what n queries can show, or how many queries a margin needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bounds.errors import DomainError
from bounds.samples import checked_delta
from rankbound.errors import UsageError
from rankbound.formats.opening import sha256
from rankbound.powering_sources import TABLE, Spread, spreads_of
from validation.equivalence_power import (
    equivalence_margin,
    normal_queries_for_equivalence,
    queries_for_equivalence,
)
from validation.power import (
    check_rates,
    check_sample,
    detectable_correlation,
    detectable_difference,
)
from validation.verdicts import queries_for_margin

SCHEMA = "rankbound.power/1"
DEFINITIONS = {
    "sd": "standard deviation over queries: of paired differences where two things "
    "are compared, of the number itself otherwise",
    "detectable_difference": "true mean difference that a two-sided paired t-test "
    "finds with the power; exact for normal differences",
    "effect_size": "detectable_difference / sd",
    "detectable_correlation": "smallest |rho| of Spearman that a two-sided test finds "
    "with the power; by Fisher's transform; null below 4 queries",
    "smallest_margin": "margin within which equal means are found equivalent with the "
    "power, by two one-sided tests at level delta each (a 1 - 2 delta interval)",
    "smallest_margin_interval": "the same where the whole 1 - delta interval must lie "
    "within the margin, as in the verdicts of `rankbound compare`",
    "n_tost, n_interval": "queries for the given margin, by the two rules",
    "n_normal": "the textbook approximation of n_tost, with the deviation known",
    "n_betting": "queries at which the betting interval of level 1 - delta would lie "
    "within the margin of its mean, were values spread as in the sample, or at plus "
    "and minus sd; without normality, and without a stated power: about every second "
    "sample of that size succeeds",
}
NO_RANGE = "the range of one value is not known in advance, so no betting interval"
GIVE_RANGE = "betting needs the range of one difference; give --range"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOptions:
    """Settings of `rankbound power`; see its help for each.

    Attributes
    ----------
    n : tuple of int
        Numbers of queries; empty: those of the results, or none.
    sd : tuple of float
        Standard deviations of paired differences; not together with `folder`.
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
        if bool(self.sd) == (self.folder is not None):
            raise UsageError(
                "the spread over queries is needed: give --sd (of paired differences) "
                "or --from (a folder of measure or compare), one of them"
            )
        if self.sd and not self.n and self.margin is None:
            raise UsageError("give --n (queries), --margin, or both")
        checked_delta(self.delta)
        check_rates(self.power, self.delta)
        if self.comparisons < 1:
            raise UsageError(
                f"--comparisons must be at least 1, got {self.comparisons}"
            )
        if self.power <= self.delta:
            raise DomainError(
                f"--power must exceed --delta, got {self.power:g} and {self.delta:g}"
            )
        self._check_numbers()

    def _check_numbers(self) -> None:
        for n in self.n:
            check_sample(n, 1.0)
        for sd in self.sd:
            check_sample(2, sd)
        if self.margin is not None and not (
            np.isfinite(self.margin) and self.margin > 0
        ):
            raise DomainError(f"--margin must be a positive number, got {self.margin}")
        if self.half_range is None:
            return
        if self.folder is not None:
            raise UsageError(
                "--range goes with --sd; results of measure and compare know theirs"
            )
        if not max(self.sd) <= self.half_range < np.inf:
            raise UsageError(
                f"--range {self.half_range:g} is no bound of differences with a "
                f"standard deviation of {max(self.sd):g}; it must be at least that"
            )

    @property
    def delta_each(self) -> float:
        """Error rate of one comparison, by Bonferroni."""
        return self.delta / self.comparisons


def powers(options: PowerOptions) -> dict[str, Any]:
    """What the queries can show, as plain data, ready for JSON.

    Parameters
    ----------
    options : PowerOptions

    Returns
    -------
    dict
        `rows`: one per spread and n; `needed`: one per spread, if a margin was given.

    Raises
    ------
    FormatError, UsageError, DomainError
        On settings or files that break a rule.

    Examples
    --------
    >>> found = powers(PowerOptions(n=(43,), sd=(0.1,), margin=0.05))
    >>> round(found["rows"][0]["detectable_difference"], 4)
    0.0437
    >>> found["needed"][0]["n_tost"], found["needed"][0]["n_normal"]
    (36, 35)
    """
    still: list[str] = []
    inputs = []
    if options.folder is None:
        spreads = [_given(sd, options.half_range) for sd in options.sd]
    else:
        spreads, still = spreads_of(options.folder)
        path = options.folder / TABLE
        inputs = [{"path": str(path), "sha256": sha256(path)}]
    return {
        "schema": SCHEMA,
        "delta": options.delta,
        "comparisons": options.comparisons,
        "delta_each": options.delta_each,
        "power": options.power,
        "rows": [
            _row(spread, n, options)
            for spread in spreads
            for n in (options.n or (spread.n,))
            if n is not None
        ],
        "needed": [_needed(spread, options) for spread in spreads]
        if options.margin is not None
        else [],
        "without_spread": still,
        "definitions": DEFINITIONS,
        "inputs": inputs,
        "command": options.command,
    }


def _given(sd: float, half_range: float | None) -> Spread:
    """A spread that was given; with a range, differences of plus and minus sd."""
    if half_range is None:
        return Spread(f"sd {sd:g}", "", sd)
    values = np.array([-sd, sd])
    return Spread(f"sd {sd:g}", "", sd, values=values, bounds=(-half_range, half_range))


def _row(spread: Spread, n: int, options: PowerOptions) -> dict[str, Any]:
    delta, power = options.delta_each, options.power
    difference = detectable_difference(n, sd=spread.sd, power=power, delta=delta)
    correlation = None
    if n >= 4:
        correlation = detectable_correlation(n, power=power, delta=delta)
    return {
        "source": spread.source,
        "unit": spread.unit,
        "sd": spread.sd,
        "n": n,
        "detectable_difference": difference,
        "effect_size": difference / spread.sd,
        "detectable_correlation": correlation,
        "smallest_margin": equivalence_margin(
            n, sd=spread.sd, power=power, delta=delta
        ),
        "smallest_margin_interval": equivalence_margin(
            n, sd=spread.sd, power=power, delta=delta / 2
        ),
    }


def _needed(spread: Spread, options: PowerOptions) -> dict[str, Any]:
    margin, delta = options.margin, options.delta_each
    if margin is None:
        raise UsageError("no margin was given")
    asked = {"sd": spread.sd, "power": options.power}
    betting, reason = _by_betting(spread, margin, delta)
    return {
        "source": spread.source,
        "unit": spread.unit,
        "sd": spread.sd,
        "margin": margin,
        "n_tost": queries_for_equivalence(margin, delta=delta, **asked),
        "n_interval": queries_for_equivalence(margin, delta=delta / 2, **asked),
        "n_normal": normal_queries_for_equivalence(margin, delta=delta, **asked),
        "n_betting": betting,
        "n_betting_reason": reason,
    }


def _by_betting(
    spread: Spread, margin: float, delta: float
) -> tuple[int | None, str | None]:
    if spread.values is None:
        return None, GIVE_RANGE
    if spread.bounds is None:
        return None, NO_RANGE
    found = queries_for_margin(
        spread.values, margin=margin, delta=delta, bounds=spread.bounds
    )
    return found, None if found is not None else "no number suffices"
