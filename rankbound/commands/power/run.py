"""`power`: what n queries can show, or how many queries a margin needs."""

from __future__ import annotations

from typing import Any

import numpy as np

from rankbound.commands.power.options import NO_SPREAD, PowerOptions
from rankbound.commands.power.sources import TABLE, Spread, spreads_of
from rankbound.commands.settings import made_options
from rankbound.errors import UsageError
from rankbound.read.opening import sha256
from rankbound.validation.equivalence_power import (
    equivalence_margin,
    normal_queries_for_equivalence,
    queries_for_equivalence,
)
from rankbound.validation.power import (
    detectable_correlation,
    detectable_difference,
)
from rankbound.validation.verdicts import queries_for_margin

SCHEMA = "rankbound.power/1"
LEAST_FOR_CORRELATION = 4  # queries
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


class Power(dict[str, Any]):
    """What `powers` found: plain data that shows itself in short."""

    def __repr__(self) -> str:
        """The rows and the queries needed, a line each."""
        from rankbound.terminal.power import power_repr

        return power_repr(self)

    def _repr_html_(self) -> str:
        """The same as tables, for a notebook."""
        from rankbound.page.pieces import power_html

        return power_html(self)


def powers(options: PowerOptions | None = None, **settings: Any) -> Power:
    """What the queries can show, as plain data, ready for JSON.

    Parameters
    ----------
    options : PowerOptions, optional
    **settings
        Instead of `options`: what `PowerOptions` takes.

    Returns
    -------
    dict
        `rows`: one per spread and n; `needed`: one per spread, if a margin was given;
        `missing_because`: what differences and margins lack, where no spread is known.

    Raises
    ------
    FormatError, UsageError, DomainError
        On settings or files that break a rule.

    Examples
    --------
    >>> found = powers(n=43, sd=0.1, margin=0.05)
    >>> round(found["rows"][0]["detectable_difference"], 4)
    0.0437
    >>> found["needed"][0]["n_tost"], found["needed"][0]["n_normal"]
    (36, 35)
    """
    options = made_options(PowerOptions, options, settings)
    still: list[str] = []
    inputs = []
    if options.folder is None and not options.sd:
        return _record(options, [_without_spread(n, options) for n in options.n])
    if options.folder is None:
        spreads = [_given(sd, options.half_range) for sd in options.sd]
    else:
        spreads, still = spreads_of(options.folder)
        path = options.folder / TABLE
        inputs = [{"path": str(path), "sha256": sha256(path)}]
    rows = [
        _row(spread, n, options)
        for spread in spreads
        for n in (options.n or (spread.n,))
        if n is not None
    ]
    needed = [] if options.margin is None else [_needed(s, options) for s in spreads]
    return _record(options, rows, needed=needed, without_spread=still, inputs=inputs)


# As the command is called
power = powers


def _record(options: PowerOptions, rows: list[Any], **parts: list[Any]) -> Power:
    given = options.sd or options.folder is not None
    return Power(
        schema=SCHEMA,
        delta=options.delta,
        comparisons=options.comparisons,
        delta_each=options.delta_each,
        power=options.power,
        rows=rows,
        needed=parts.get("needed", []),
        without_spread=parts.get("without_spread", []),
        missing_because=None if given else NO_SPREAD,
        definitions=DEFINITIONS,
        inputs=parts.get("inputs", []),
        command=options.command,
    )


def _without_spread(n: int, options: PowerOptions) -> dict[str, Any]:
    unknown = ("detectable_difference", "effect_size", "detectable_correlation")
    margins = ("smallest_margin", "smallest_margin_interval")
    row: dict[str, Any] = {"source": "any", "unit": "", "sd": None, "n": n}
    row |= dict.fromkeys((*unknown, *margins))
    row["detectable_correlation"] = _correlation(n, options)
    return row


def _correlation(n: int, options: PowerOptions) -> float | None:
    if n < LEAST_FOR_CORRELATION:
        return None
    return detectable_correlation(n, power=options.power, delta=options.delta_each)


def _given(sd: float, half_range: float | None) -> Spread:
    """A spread that was given; with a range, differences of plus and minus sd."""
    if half_range is None:
        return Spread(f"sd {sd:g}", "", sd)
    values = np.array([-sd, sd])
    return Spread(f"sd {sd:g}", "", sd, values=values, bounds=(-half_range, half_range))


def _row(spread: Spread, n: int, options: PowerOptions) -> dict[str, Any]:
    delta, power = options.delta_each, options.power
    difference = detectable_difference(n, sd=spread.sd, power=power, delta=delta)
    return {
        "source": spread.source,
        "unit": spread.unit,
        "sd": spread.sd,
        "n": n,
        "detectable_difference": difference,
        "effect_size": difference / spread.sd,
        "detectable_correlation": _correlation(n, options),
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
