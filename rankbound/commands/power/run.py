"""The command `power`: what n queries can show, or how many a margin needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from rankbound.bounds.errors import DomainError
from rankbound.commands.measure.given import ClustersLike, as_given, inputs_of
from rankbound.commands.power.answers import answers_of
from rankbound.commands.power.result import Curve, Detectable, Needed, Power
from rankbound.commands.power.sources import Spread, spreads_of
from rankbound.commands.settings import check_settings, made_options
from rankbound.data.columns import strings
from rankbound.data.draws import generator
from rankbound.errors import UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, counted_items, reported
from rankbound.provenance import Input, clustering_of
from rankbound.read.clusters import read_clusters
from rankbound.read.source import sha256
from rankbound.validation.deciding import (
    LAWS,
    LEVEL,
    NORMAL,
    RESAMPLED,
    SAMPLES,
    Aim,
    Law,
    Rule,
    difference_curve,
    margin_curve,
    queries_for,
    queries_interval,
    smallest_difference_for,
    smallest_margin_for,
    smallest_share_for,
    stated,
)
from rankbound.validation.paired import NO_RANGE as NOT_EQUAL
from rankbound.validation.paired import Decides, queries_for_margin
from rankbound.validation.power import (
    detectable_correlation,
    detectable_difference,
    equivalence_margin,
    normal_queries_for_equivalence,
    queries_for_equivalence,
)

NO_SPREAD = (
    "differences and margins need the spread over queries; give `sd` (of paired "
    "differences) or `folder` (a folder of measure or compare)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOptions:
    """Settings of `rankbound.power`.

    Attributes
    ----------
    n : tuple of int
        Numbers of queries; if empty, those of the results in `folder`.
    sd : tuple of float
        Standard deviations of paired differences; not together with `folder`. Without
        either, only correlations are reported, which need no spread.
    folder : Path or None
        Results of measure or compare.
    clusters : Path, Clusters or None
        Of the queries in the folder; by default those that it was measured with.
    margin : float or None
        Also compute how many queries this margin needs.
    power, delta : float
        In (0, 1).
    comparisons : int
        Size of the family; delta is divided by it.
    half_range : float or None
        Differences lie between minus and plus this number; betting needs it.
    law : {"normal", "uniform", "two-point"}
        That of differences of a given `sd`.
    seed : int
        Of the samples that are drawn, at least 0.
    command : str
        Recorded in the result.
    """

    n: tuple[int, ...] = ()
    sd: tuple[float, ...] = ()
    folder: Path | None = None
    clusters: Any = None
    margin: float | None = None
    power: float = 0.8
    delta: float = 0.05
    comparisons: int = 1
    half_range: float | None = None
    law: str = NORMAL
    seed: int = 0
    command: str = ""

    def __post_init__(self) -> None:
        if self.folder is not None:
            object.__setattr__(self, "folder", Path(self.folder))
        given = as_given(self.clusters, "clusters", "clusters")
        object.__setattr__(self, "clusters", given)
        if given is not None and self.folder is None:
            raise UsageError(
                "`clusters` are those of the queries in `folder`; give it, too, or as "
                "`sd` the standard deviation of the means of clusters alone"
            )
        for name in ("n", "sd"):
            if np.ndim(getattr(self, name)) == 0:  # a single number is allowed, too
                object.__setattr__(self, name, (getattr(self, name),))
        check_settings(self)
        self._check_spread()
        if self.power <= self.delta:
            raise DomainError(
                f"`power` must exceed `delta`, got {self.power:g} and {self.delta:g}"
            )
        self._check_numbers()
        self._check_law()

    def _check_spread(self) -> None:
        if self.sd and self.folder is not None:
            raise UsageError(
                "`sd` and `folder` both state the spread over queries; give one of them"
            )
        if not self.sd and self.folder is None and not self.n:
            what = "nothing was asked" if self.margin is None else "`margin`"
            raise UsageError(f"{what}: {NO_SPREAD}; or `n` alone for correlations")
        if self.sd and not self.n and self.margin is None:
            raise UsageError("give `n` (queries), `margin`, or both")

    def _check_law(self) -> None:
        if self.law not in LAWS:
            raise UsageError(
                f"`law` must be one of {', '.join(LAWS)}, got {self.law!r}"
            )
        if self.law != NORMAL and not self.sd:
            raise UsageError(
                "`law` is that of differences of a stated spread; give `sd`, too, or "
                "leave it away, as measured differences are resampled"
            )
        if self.half_range is None:
            return
        for sd in self.sd:
            top = float(stated(self.law, sd).points.max())
            if top > self.half_range * (1 + 1e-12):
                raise UsageError(
                    f"`half_range={self.half_range:g}` is no bound of {self.law} "
                    f"differences with a standard deviation of {sd:g}, which reach "
                    f"{top:.4g}; give `law='two-point'`, which reaches {sd:g}"
                )

    def _check_numbers(self) -> None:
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
        """Error rate of one comparison (Bonferroni)."""
        return self.delta / self.comparisons


LEAST_FOR_CORRELATION = 4  # queries
LEAST_FOR_DIFFERENCE = 2
LEAST_TOP = 1000  # curves go to three times as many queries at least


class Rates(NamedTuple):
    """Probability of success, error rate of one comparison, law of values, and seed."""

    power: float
    delta: float
    law: str
    seed: int


DEFINITIONS = {
    "sd": "standard deviation over queries: of paired differences where two things "
    "are compared, of the number itself otherwise",
    "detectable_difference": "true mean difference that a two-sided paired t-test "
    "finds with the power; exact for normal differences",
    "effect_size": "detectable_difference / sd",
    "rule": "what decides, as in `rankbound compare`: the betting interval where the "
    "range of a value is known beforehand, the direction of the queries that change "
    "where it is not",
    "law": "of one value: resampled, so that each measured value is as likely as the "
    "others (more than 256 are averaged with their neighbours), or the law stated for "
    "sd; differences are moved to the mean that is asked about, if they then fit in "
    "their range",
    "rule_difference": "smallest true mean difference that the rule calls different "
    "from 0 with the power, upwards and downwards; one way only if differences that "
    "are spread as here cannot have a mean as far the other way in their range; of the "
    "direction: such a difference, to which all queries that change are moved alike, "
    "that it shows with the power, upwards and downwards",
    "rule_share": "of the direction: least share of n queries, which all change, that "
    "rise, or fall, and of which it says so with the power; exact for any law; null of "
    "betting, or if so few queries show none",
    "rule_margin": "smallest margin within which the whole interval lies with the "
    "power: around 0 for differences whose true mean is 0, else around the true mean; "
    "null of the direction, which shows no margin",
    "n_rule": "least number of queries at which the whole interval lies within the "
    f"given margin with the power, counted over {SAMPLES:,} samples of that size",
    "n_rule_interval": f"bootstrap interval of n_rule, level {LEVEL:g}: what as many "
    "other queries would say; null for a stated law, and null as an end where no "
    "number suffices; approximate: with few samples it holds n_rule less often",
    "power_reached": f"share of {SAMPLES:,} samples of n_rule queries that succeed",
    "detectable_correlation": "smallest |rho| of Spearman that a two-sided test finds "
    "with the power; by Fisher's transform; null below 4 queries",
    "smallest_margin": "margin within which equal means are found equivalent with the "
    "power, by two one-sided tests at level delta each (a 1 - 2 delta interval)",
    "smallest_margin_interval": "the same where the whole 1 - delta interval must lie "
    "within the margin; like all of Student's, approximate, and no promise about the "
    "rule that decides",
    "n_tost, n_interval": "queries for the given margin, by these two",
    "n_normal": "the textbook approximation of n_tost, with the deviation known",
    "n_betting": "queries at which the betting interval of level 1 - delta would lie "
    "within the margin of its mean, were values spread as in the sample, or at plus "
    "and minus sd; without a stated power: it is low, as few samples of that size have "
    "a mean so near the true one that the whole interval is within the margin of it",
}
CLUSTERED = {
    "clusters": "values are averaged by cluster, and clusters are resampled: sd is "
    "over clusters, and n, n_rule and the other numbers of queries count clusters",
}
PILOTED = (
    "the comparison in the folder chose its stakes on pilot queries; the power is that "
    "of the grid of stakes, which compare uses without a pilot"
)
NO_RANGE = "the range of one value is not known in advance, so no betting interval"
NO_NUMBER = "no number suffices"
NO_DIFFERENCE = "a single number is compared with nothing"
TOO_FEW = "too few queries: the rule finds no mean difference that the range allows"
TOO_FEW_TURN = "too few queries: the rule finds no direction"
GIVE_RANGE = "betting needs the range of one difference; give `half_range`"


def power(  # noqa: PLR0913  each is an option of the command
    *,
    n: int | Sequence[int] = (),
    sd: float | Sequence[float] = (),
    folder: str | PathLike[str] | None = None,
    clusters: ClustersLike | None = None,
    margin: float | None = None,
    power: float = 0.8,
    delta: float = 0.05,
    comparisons: int = 1,
    half_range: float | None = None,
    law: str = NORMAL,
    seed: int = 0,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Power:
    """What a number of queries can show, and how many queries a margin needs.

    The power is that of the rule that decides in `compare`: the betting interval where
    the range is known, the direction of the queries that change where it is not, over
    samples drawn from measured differences or from a stated law. Student's numbers
    stand beside it and are approximate. To be used before looking at a comparison.
    Spreads over queries are given as `sd` or read from results in `folder`; without
    either, only correlations are reported.

    Parameters
    ----------
    n : int or sequence of int, optional
        Numbers of queries, at least 2; by default those of the results in `folder`.
    sd : float or sequence of float, optional
        Standard deviations over queries of paired differences, positive, in the unit of
        what is compared. Not together with `folder`.
    folder : path, optional
        Results of `measure`, each column of which has a spread, or of `compare`, which
        holds the differences from the reference.
    clusters : path or mapping of str to str, optional
        The cluster of each query in `folder`, where queries depend on each other: a
        file of qid and cluster, parted by a tab. Values are then averaged by cluster,
        clusters are resampled, and every number of queries is one of clusters. By
        default those that the folder was measured with, if any.
    margin : float, optional
        Positive, in the unit of `sd`. If given, the number of queries that equivalence
        within it needs is computed, too.
    power : float, default 0.8
        Probability of finding an effect that exists; above `delta` and below 1.
    delta : float, default 0.05
        Error rate of the whole family, in (0, 1).
    comparisons : int, default 1
        Size of the family, at least 1; `delta` is divided by it.
    half_range : float, optional
        Differences lie between minus and plus this number, which is at least `sd`.
        Betting intervals need it. Only together with `sd`.
    law : {"normal", "uniform", "two-point"}, default "normal"
        The law of differences of a given `sd`; measured ones are resampled.
    seed : int, default 0
        Of the samples that are drawn, at least 0.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Power
        `rows` say what can be detected with each spread and number of queries, `needed`
        how many queries the margin needs.

    Raises
    ------
    FormatError
        When a result in `folder` is damaged.
    UsageError
        When settings contradict each other, or none of `n`, `sd` and `folder` is given.
    DomainError
        When a number lies outside its range.

    See Also
    --------
    compare : Differences between samplings, each with the queries that it needs.

    Examples
    --------
    >>> found = power(n=43, sd=0.1, margin=0.05, half_range=0.6931)
    >>> found.rows[0].rule, 0.09 < found.rows[0].rule_margin < 0.1
    ('betting', True)
    >>> 98 < found.needed[0].n_rule < 108, found.needed[0].n_tost
    (True, 36)
    """
    options = made_options(
        PowerOptions,
        n=n,
        sd=sd,
        folder=folder,
        clusters=clusters,
        margin=margin,
        power=power,
        delta=delta,
        comparisons=comparisons,
        half_range=half_range,
        law=law,
        seed=seed,
    )
    with reading_within(memory), reported(progress, total=N_STAGES) as advance:
        return power_with(options, progress=advance)


N_STAGES = 3  # that `power` reports


def power_with(options: PowerOptions, *, progress: Progress = str) -> Power:
    """`power` with a record of options, as the command line makes it."""
    progress("spreads")
    still: Sequence[str] = ()
    tables: Sequence[Path] = ()
    spreads: Sequence[Spread] = [_given(sd, options.half_range) for sd in options.sd]
    clustering, piloted = None, False
    if options.folder is not None:
        given = options.clusters
        read = spreads_of(
            options.folder, None if given is None else read_clusters(given)
        )
        spreads, still, tables = read.moving, read.still, read.tables
        piloted = read.piloted
        clustering = clustering_of(read.clusters, strings(sorted(read.qids)))
    rates = Rates(options.power, options.delta_each, options.law, options.seed)
    asked = [
        (spread, n)
        for spread in spreads
        for n in (options.n or (spread.n,))
        if n is not None
    ]
    progress("power")
    rows = [
        _row(spread, n, rates) for spread, n in counted_items(asked, "power", "rows")
    ]
    if not spreads:
        rows = [_without_spread(n, rates) for n in options.n]
    margin = options.margin
    progress("queries needed, and curves")
    found = Power(
        delta=options.delta,
        comparisons=options.comparisons,
        delta_each=options.delta_each,
        power=options.power,
        rows=tuple(rows),
        needed=()
        if margin is None
        else tuple(_needed(spread, margin, rates) for spread in spreads),
        without_spread=tuple(still),
        missing_because=None if spreads else NO_SPREAD,
        definitions=DEFINITIONS if clustering is None else DEFINITIONS | CLUSTERED,
        inputs=(
            *(Input(path=str(path), sha256=sha256(path)) for path in tables),
            *inputs_of(() if options.clusters is None else (options.clusters,)),
        ),
        command=options.command,
        seed=options.seed,
        clusters=None if clustering is None else clustering.clusters,
        clustering=clustering,
        curves=tuple(
            _curve(spread, rates, [row.n for row in rows])
            for spread in counted_items([*spreads], "curves", "curves")
        ),
        notes=(PILOTED,) if piloted else (),
    )
    return replace(found, answers=answers_of(found))


def _curve(spread: Spread, rates: Rates, counts: Sequence[int]) -> Curve:
    """What is drawn of a spread, up to three times the queries that are asked about."""
    rule, law, name, own_mean = _deciding(spread, rates)
    margins: tuple[tuple[int, float], ...] = ()
    power, top = rates.power, 3 * max([*counts, LEAST_TOP])
    rng = generator(rates.seed, "curve", spread.source)
    if rule.knows_margins:
        margins = margin_curve(
            rule, law, power=power, top=top, own_mean=own_mean, rng=rng
        )
    return Curve(
        source=spread.source,
        unit=spread.unit,
        sd=spread.sd,
        rule=rule.method,
        law=name,
        margins=margins,
        differences=difference_curve(rule, law, power=power, top=top, rng=rng)
        if spread.paired
        else (),
    )


class Deciding(NamedTuple):
    """The rule that decides, the law of one value, and whose mean a margin is about."""

    rule: Rule
    law: Law
    name: str
    own_mean: bool


def _deciding(spread: Spread, rates: Rates) -> Deciding:
    rule = Rule.of(spread.bounds, delta=rates.delta)
    if spread.n is None or spread.values is None:  # a number that was given
        return Deciding(rule, stated(rates.law, spread.sd), rates.law, own_mean=False)
    law = rule.law(spread.values)
    if not rule.knows_margins:
        return Deciding(rule, law, RESAMPLED, own_mean=False)
    moved = law.moved(0.0)
    own_mean = not (spread.paired and moved.fits(spread.bounds))
    return Deciding(rule, law if own_mean else moved, RESAMPLED, own_mean)


def _decides(spread: Spread, rule: Rule) -> Decides | None:
    """The name of the rule; None of a number without a range or a direction."""
    return rule.method if spread.paired or rule.knows_margins else None


def _no_margin(spread: Spread) -> str:
    if not spread.paired:
        return NO_RANGE
    return NOT_EQUAL if spread.n is not None else f"{NOT_EQUAL}; {GIVE_RANGE}"


def _without_spread(n: int, rates: Rates) -> Detectable:
    return Detectable(
        source="any",
        unit="",
        sd=None,
        n=int(n),
        detectable_difference=None,
        effect_size=detectable_difference(
            n, sd=1.0, power=rates.power, delta=rates.delta
        )
        if n >= LEAST_FOR_DIFFERENCE
        else None,
        detectable_correlation=_correlation(n, rates),
        smallest_margin=None,
        smallest_margin_interval=None,
    )


def _correlation(n: int, rates: Rates) -> float | None:
    if n < LEAST_FOR_CORRELATION:
        return None
    return detectable_correlation(n, power=rates.power, delta=rates.delta)


def _given(sd: float, half_range: float | None) -> Spread:
    """A spread given as a number; if a range is known, of differences -sd and sd."""
    if half_range is None:
        return Spread(f"sd {sd:g}", "", float(sd))
    values = np.array([-sd, sd])
    return Spread(
        f"sd {sd:g}", "", float(sd), values=values, bounds=(-half_range, half_range)
    )


def _row(spread: Spread, n: int, rates: Rates) -> Detectable:
    power, delta = rates.power, rates.delta
    rule, law, name, own_mean = _deciding(spread, rates)
    found, reason = None, NO_DIFFERENCE
    if spread.paired:
        rng = generator(rates.seed, "difference", spread.source, str(n))
        found = smallest_difference_for(rule, law, n=int(n), power=power, rng=rng)
        reason = TOO_FEW if rule.knows_margins else TOO_FEW_TURN
    rng = generator(rates.seed, "margin", spread.source, str(n))
    difference = detectable_difference(n, sd=spread.sd, power=power, delta=delta)
    return Detectable(
        source=spread.source,
        unit=spread.unit,
        sd=spread.sd,
        n=int(n),
        detectable_difference=difference,
        effect_size=difference / spread.sd,
        detectable_correlation=_correlation(n, rates),
        smallest_margin=equivalence_margin(n, sd=spread.sd, power=power, delta=delta),
        smallest_margin_interval=equivalence_margin(
            n, sd=spread.sd, power=power, delta=delta / 2
        ),
        rule=_decides(spread, rule),
        law=name,
        rule_difference=found,
        rule_difference_missing_because=None if found is not None else reason,
        rule_margin=smallest_margin_for(
            rule, law, n=int(n), power=power, own_mean=own_mean, rng=rng
        )
        if rule.knows_margins
        else None,
        rule_margin_missing_because=None if rule.knows_margins else _no_margin(spread),
        rule_share=None
        if rule.knows_margins or not spread.paired
        else smallest_share_for(rule, n=int(n), power=power),
    )


def _needed(spread: Spread, margin: float, rates: Rates) -> Needed:
    delta = rates.delta
    rule, law, name, own_mean = _deciding(spread, rates)
    aim = Aim(margin=float(margin), power=rates.power, own_mean=own_mean)
    rng = generator(rates.seed, "queries", spread.source)
    decided, interval = None, None
    if rule.knows_margins:
        decided = queries_for(rule, law, aim, rng=rng)
    if decided is not None and name == RESAMPLED:
        interval = queries_interval(
            rule,
            law,
            aim,
            n_values=spread.n or 0,
            needed=decided.n,
            rng=generator(rates.seed, "bootstrap", spread.source),
        )
    asked = {"sd": spread.sd, "power": rates.power}
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
        rule=_decides(spread, rule),
        law=name,
        n_rule=None if decided is None else decided.n,
        n_rule_interval=interval,
        n_rule_missing_because=None
        if decided is not None
        else NO_NUMBER
        if rule.knows_margins
        else _no_margin(spread),
        power_reached=None if decided is None else decided.reached,
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
    return found, None if found is not None else NO_NUMBER
