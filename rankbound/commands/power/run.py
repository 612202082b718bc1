"""`power`: what n queries can show, or how many queries a margin needs."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from rankbound.commands.power.options import NO_SPREAD, PowerOptions
from rankbound.commands.power.result import Detectable, Needed, Power
from rankbound.commands.power.sources import Spread, spreads_of
from rankbound.commands.settings import made_options
from rankbound.errors import in_options
from rankbound.progress import Progress, reported
from rankbound.provenance import Input
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


def power(  # noqa: PLR0913  each is an option of the command
    *,
    n: int | Sequence[int] = (),
    sd: float | Sequence[float] = (),
    folder: str | PathLike[str] | None = None,
    margin: float | None = None,
    power: float = 0.8,
    delta: float = 0.05,
    comparisons: int = 1,
    half_range: float | None = None,
    progress: bool | Progress = False,
) -> Power:
    """What a number of queries can show, and how many queries a margin needs.

    Ask before looking at the comparison. Spreads over queries are given as `sd`, or
    read from results in `folder`; without either, only correlations are told.

    Parameters
    ----------
    n : int or sequence of int, optional
        Numbers of queries, at least 2; by default those of the results in `folder`.
    sd : float or sequence of float, optional
        Standard deviations over queries of paired differences, positive, in the unit of
        what is compared. Not together with `folder`.
    folder : path, optional
        Results of `measure`, each column of which has a spread, or of `compare`, with
        the differences from the reference.
    margin : float, optional
        Positive, in the unit of `sd`: also tell how many queries equivalence within it
        needs.
    power : float, default 0.8
        Probability of finding what is there; above `delta` and below 1.
    delta : float, default 0.05
        Error rate of the whole family, in (0, 1).
    comparisons : int, default 1
        Size of the family, at least 1; `delta` is divided by it.
    half_range : float, optional
        Differences lie within plus and minus this number, at least `sd`; betting
        intervals need it. With `sd` only.
    progress : bool or callable, default False
        True shows a bar on a terminal; a callable is called with a few words before
        each stage.

    Returns
    -------
    Power
        Its `rows` tell what can be detected for each spread and number of queries, and
        its `needed` how many queries the margin needs.

    Raises
    ------
    FormatError
        When a result in `folder` is damaged.
    UsageError
        When settings contradict each other, or nothing is asked.
    DomainError
        When a number lies outside its range.

    See Also
    --------
    compare : Differences between samplings, which say how many queries they need.

    Examples
    --------
    >>> found = power(n=43, sd=0.1, margin=0.05)
    >>> round(found.rows[0].detectable_difference, 4)
    0.0437
    >>> found.needed[0].n_tost, found.needed[0].n_normal
    (36, 35)
    """
    options = made_options(
        PowerOptions,
        n=n,
        sd=sd,
        folder=folder,
        margin=margin,
        power=power,
        delta=delta,
        comparisons=comparisons,
        half_range=half_range,
    )
    with reported(progress, total=1) as advance:
        advance("power")
        return power_with(options)


def power_with(options: PowerOptions) -> Power:
    """The same by a record of options, as the command line makes it."""
    if options.folder is not None:
        read = spreads_of(options.folder)
        return _found(options, read.moving, still=read.still, tables=read.tables)
    if options.sd:
        return _found(options, [_given(sd, options.half_range) for sd in options.sd])
    return _found(options, [])


def _found(
    options: PowerOptions,
    spreads: Sequence[Spread],
    *,
    still: Sequence[str] = (),
    tables: Sequence[Path] = (),
) -> Power:
    rows = [
        _row(spread, n, options)
        for spread in spreads
        for n in (options.n or (spread.n,))
        if n is not None
    ]
    if not spreads:
        rows = [_without_spread(n, options) for n in options.n]
    margin = options.margin
    return Power(
        delta=options.delta,
        comparisons=options.comparisons,
        delta_each=options.delta_each,
        power=options.power,
        rows=tuple(rows),
        needed=()
        if margin is None
        else tuple(_needed(spread, margin, options) for spread in spreads),
        without_spread=tuple(still),
        missing_because=None if spreads else in_options(NO_SPREAD, {"sd", "folder"}),
        definitions=DEFINITIONS,
        inputs=tuple(Input(path=str(path), sha256=sha256(path)) for path in tables),
        command=options.command,
    )


def _without_spread(n: int, options: PowerOptions) -> Detectable:
    return Detectable(
        source="any",
        unit="",
        sd=None,
        n=int(n),
        detectable_difference=None,
        effect_size=None,
        detectable_correlation=_correlation(n, options),
        smallest_margin=None,
        smallest_margin_interval=None,
    )


def _correlation(n: int, options: PowerOptions) -> float | None:
    if n < LEAST_FOR_CORRELATION:
        return None
    return detectable_correlation(n, power=options.power, delta=options.delta_each)


def _given(sd: float, half_range: float | None) -> Spread:
    """A spread that was given; with a range, differences of plus and minus sd."""
    if half_range is None:
        return Spread(f"sd {sd:g}", "", float(sd))
    values = np.array([-sd, sd])
    return Spread(
        f"sd {sd:g}", "", float(sd), values=values, bounds=(-half_range, half_range)
    )


def _row(spread: Spread, n: int, options: PowerOptions) -> Detectable:
    delta, power = options.delta_each, options.power
    difference = detectable_difference(n, sd=spread.sd, power=power, delta=delta)
    return Detectable(
        source=spread.source,
        unit=spread.unit,
        sd=spread.sd,
        n=int(n),
        detectable_difference=difference,
        effect_size=difference / spread.sd,
        detectable_correlation=_correlation(n, options),
        smallest_margin=equivalence_margin(n, sd=spread.sd, power=power, delta=delta),
        smallest_margin_interval=equivalence_margin(
            n, sd=spread.sd, power=power, delta=delta / 2
        ),
    )


def _needed(spread: Spread, margin: float, options: PowerOptions) -> Needed:
    delta = options.delta_each
    asked = {"sd": spread.sd, "power": options.power}
    betting, reason = _by_betting(spread, margin, delta)
    return Needed(
        source=spread.source,
        unit=spread.unit,
        sd=spread.sd,
        margin=float(margin),
        n_tost=queries_for_equivalence(margin, delta=delta, **asked),
        n_interval=queries_for_equivalence(margin, delta=delta / 2, **asked),
        n_normal=normal_queries_for_equivalence(margin, delta=delta, **asked),
        n_betting=betting,
        n_betting_reason=reason,
    )


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
