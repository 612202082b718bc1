"""What a ledger answers: its numbers in the catalogue's sentences.

Answers are made from the ledger alone. Which of them there are, and in which order,
depends on what was measured, never on the values: choosing by these which limit to
show would void it (Theorem 8).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from rankbound.bounds.certificate import rounded_up
from rankbound.bounds.floors import rounded_down
from rankbound.bounds.wording import (
    counted,
    listed,
    percent_at_least,
    percent_at_most,
)
from rankbound.catalogue import CHANGES, HOLDS
from rankbound.commands.following import (
    again,
    folder_of,
    following,
    given,
    power_of,
)
from rankbound.commands.measure.inputs import PAIRS_OF, TemperatureFit
from rankbound.commands.measure.result import (
    FittedTemperature,
    Ledger,
    Ranking,
    StudentResult,
)
from rankbound.data.scores import Kind
from rankbound.estimators.calibration import LEVEL
from rankbound.results import Answer

MARGIN: Final = "0.02"  # nats: that of the catalogue's entropy, divergence and risk
HALF: Final = 0.5
# Options that give pairs to fit a temperature on
PAIRED: Final = ("--qrels", "--groups", "--datasets")
QRELS: Final = ("--qrels", ("FILE",))
ROUGH: Final = 0.02  # an interval wider than this share allows two digits


def answers_of(ledger: Ledger) -> tuple[Answer, ...]:
    """Share, mean and misranking, the ranking, the temperature, n, and the parts."""
    students = ledger.students
    found: list[Answer] = []
    if students:
        found += [*_shares(ledger), _mean(ledger), *_misranking(ledger)]
    if ledger.ranking is not None:
        found.append(_student(ledger.ranking, ledger))
    teacher = ledger.teacher
    found.append(
        temperature_answer(
            teacher.fit, teacher.temperature, kind=teacher.kind, command=ledger.command
        )
    )
    if students:
        found.append(_queries(ledger))
        found.append(_dominating(students, _rests_on(ledger)))
    return tuple(found)


def _rests_on(ledger: Ledger) -> str:
    """The queries, the level, and what is taken for granted."""
    number = _number(ledger.n_queries, ledger.clusters)
    lacking = _lacking(ledger)
    return f"{number}, all at once at {_level(ledger.delta)}{lacking}, {ledger.proviso}"


def _lacking(ledger: Ledger) -> str:
    """Students without a score for most documents: then little is known of them."""
    shares = [
        f"{name} ({one.missing_share:.1%})"
        for name, one in ledger.students.items()
        if one.missing_share > HALF
    ]
    return f", most documents unscored by {listed(shares)}" if shares else ""


def _level(delta: float) -> str:
    return f"{100 * (1 - delta):.10g}%"


def _number(queries: int, clusters: int | None) -> str:
    if clusters is None:
        return counted(queries, "query")
    return f"{counted(clusters, 'cluster')} of {counted(queries, 'query')}"


def _shares(ledger: Ledger) -> Iterator[Answer]:
    """On how many queries each student beats guessing; nothing in earlier files."""
    shares = {
        name: one.share
        for name, one in ledger.students.items()
        if one.share is not None
    }
    if not shares:
        return
    above = [one.at_least > HALF for one in shares.values()]
    clustered = ledger.clusters is not None
    yield Answer.to(
        "share",
        "most" if all(above) else "some" if any(above) else "few",
        rests_on=_rests_on(ledger),
        listed=listed(
            [
                f"{name} {percent_at_least(one.at_least)} ({one.below:,} of {one.of:,})"
                for name, one in shares.items()
            ]
        ),
        many="clusters" if clustered else "queries",
        mean=", by its mean over their queries" if clustered else "",
    )


def _mean(ledger: Ledger) -> Answer:
    students = ledger.students
    vacuous = [one.vacuous for one in students.values()]
    return Answer.to(
        "vacuous",
        "vacuous" if all(vacuous) else "some" if any(vacuous) else "not vacuous",
        rests_on=_rests_on(ledger),
        listed=listed(
            [_limit(name, one, mixed=any(vacuous)) for name, one in students.items()]
        ),
        solve="",
    )


def _limit(name: str, one: StudentResult, *, mixed: bool) -> str:
    """A student's limit, and where it is vacuous the floor and the n that it takes."""
    if not one.vacuous:
        ok = ", not vacuous" if mixed else ""
        return f"{name} {one.upper:.4f} (mean {one.risk:.4f}{ok})"
    if one.floor is None:
        return f"{name} {one.upper:.4f} (vacuous)"
    needed = one.floor.n_needed
    since = "at no n" if needed is None else f"from n = {needed:,} on"
    return (
        f"{name} {one.upper:.4f} (vacuous, floor {rounded_down(one.floor.value)}, "
        f"below ln 2 {since})"
    )


def _misranking(ledger: Ledger) -> Iterator[Answer]:
    """Pairs in the wrong order: of judged pairs, or else by the teacher's word.

    Which of both it is depends on whether there are judged pairs, not on the limits.
    """
    known = {
        name: one.relevance
        for name, one in ledger.students.items()
        if one.relevance is not None
    }
    if not known:
        return
    judged = {
        name: one.judged.observed_misranking
        for name, one in known.items()
        if one.judged is not None
    }
    if judged:
        ends = {name: (one.upper or one.interval[1]) for name, one in judged.items()}
        pairs, given = "of the judged pairs", ""
    else:
        ends = {name: one.misranking.interval[1] for name, one in known.items()}
        pairs, given = "of the pairs", ", if the teacher is calibrated"
    below = [end < HALF for end in ends.values()]
    yield Answer.to(
        "misranking",
        "yes" if all(below) else "some" if any(below) else "not shown",
        rests_on=f"{'judgements' if judged else 'calibration'}, one by one",
        listed=listed([f"{name} {percent_at_most(ends[name])}" for name in ends]),
        pairs=pairs,
        given=given,
    )


def _student(ranking: Ranking, ledger: Ledger) -> Answer:
    """Which students cannot be excluded as best, and by how much others are worse."""
    if ranking.missing_because is not None:
        return Answer.to(
            "student",
            "not ranked",
            rests_on=_number(ledger.n_queries, ledger.clusters),
            because=ranking.missing_because,
        )
    excluded = [
        f"{name} (at least {one.against[other].lower:.4f} nats worse than {other})"
        for name, one in ranking.students.items()
        if (other := one.excluded_by) is not None
    ]
    number = _number(ranking.n_queries, ranking.n_clusters)
    on = "" if number == _number(ledger.n_queries, ledger.clusters) else f"{number}, "
    left = ranking.remaining
    lowest = min(ledger.students, key=lambda name: ledger.students[name].upper)
    outcome = "one" if len(left) == 1 else "several"
    return Answer.to(
        "student",
        outcome if lowest in left else "disputed",
        rests_on=f"{on}the ranking by itself at {_level(ranking.delta)}, "
        f"{ledger.proviso}",
        names=listed([*left]),
        n=len(left),
        of=len(ranking.students),
        against=f"; excluded: {listed(excluded, 2)}" if excluded else "",
        score_range="" if ranking.B is None else f"{ranking.B:g}",
        lowest=lowest,
        validate=following(ledger.command, "validate", "validated"),
    )


def _queries(ledger: Ledger) -> Answer:
    """Whether n gives limits below ln 2, or which n might."""
    parts, outcome = [], "enough"
    enough = [name for name, one in ledger.students.items() if not one.vacuous]
    if enough:
        parts.append(f"are enough for {listed(enough)}")
    for name, one in ledger.students.items():
        if not one.vacuous:
            continue
        if one.n_needed is None:
            outcome = "never"
            parts.append(
                f"no number helps {name}, whose mean risk {one.risk:.4f} is not below "
                "that"
            )
        else:
            outcome = "more" if outcome == "enough" else outcome
            parts.append(f"{name} needs about {rounded_up(one.n_needed):,}")
    number = _number(ledger.n_queries, ledger.clusters)
    few = "" if enough else "are too few: "
    return Answer.to(
        "queries",
        outcome,
        rests_on=_rests_on(ledger),
        listed=f"for limits below ln 2, {number} {few}{'; '.join(parts[:4])}",
        power=power_of(folder_of(ledger.command), MARGIN),
    )


def _dominating(students: Mapping[str, StudentResult], rests_on: str) -> Answer:
    parts = {
        name: {
            "entropy": one.entropy,
            "divergence": one.divergence,
            "deviation": one.deviation,
        }
        for name, one in students.items()
    }
    largest = {one.dominating for one in students.values()}
    return Answer.to(
        "dominating",
        "several" if len(largest) > 1 else largest.pop(),
        rests_on=rests_on,
        listed=listed(
            [
                f"{one.dominating} for {name} "
                f"({parts[name].get(one.dominating, 0.0):.4f} of {one.upper:.4f} nats)"
                for name, one in students.items()
            ]
        ),
    )


def temperature_answer(
    fit: TemperatureFit | FittedTemperature | None,
    temperature: float,
    *,
    kind: str,
    command: str = "",
) -> Answer:
    """How a teacher's temperature was found, and how well it is known.

    Parameters
    ----------
    fit : TemperatureFit, FittedTemperature or None
        None if it was not fitted.
    temperature : float
    kind : str
        Of the teacher's scores.
    command : str
        The command line of the result; empty for a call from Python.

    Examples
    --------
    >>> fit = TemperatureFit(2.6412, 2.1034, 3.2899, "judgements")
    >>> temperature_answer(fit, 2.6412, kind="logit").sentence
    'the teacher is overconfident by a factor of 2.6 [2.1, 3.3] on judged pairs'
    """
    if fit is None:
        return Answer.to(
            "temperature",
            "given",
            rests_on=f"{kind} scores",
            value=f"{temperature:.6g}",
            kind=kind,
            fitted="" if kind == Kind.MARGIN_ONLY else _fitting(command),
        )
    return Answer.to(
        "temperature",
        _confidence(fit, Kind(kind)),
        rests_on=f"the likelihood of temperatures, approximate, at {100 * LEVEL:.10g}%",
        value=with_interval(fit),
        on=f"on {PAIRS_OF[fit.on]}",
        holds=_holds(fit) if isinstance(fit, FittedTemperature) else "",
    )


def _fitting(command: str) -> str:
    """The command with judgements, which a fit needs where no group is given."""
    fit = ("--temperature", ("fit",))
    judged = [] if any(map(partial(given, command), PAIRED)) else [QRELS]
    if not command:
        return following(command, "measure", "fit", fit, *judged)
    return again(command, "fit", fit, *judged)


def _holds(fit: FittedTemperature) -> str:
    """Whether the verdicts are the same over the interval; nothing if it is unknown."""
    found = fit.over_interval
    if found is None:
        return ""
    ends = found.temperatures
    if not found.changes:
        return HOLDS.format(lower=f"{ends[0]:.2g}", upper=f"{ends[-1]:.2g}")
    return CHANGES.format(
        changed=len(found.changes),
        of=found.verdicts,
        listed=listed(
            [
                f"{one.of} is {one.instead} at {one.temperature:.2g}"
                for one in found.changes
            ],
            2,
        ),
    )


def _confidence(fit: TemperatureFit | FittedTemperature, kind: Kind) -> str:
    """Whether the interval lies above or below 1, where 1 means anything."""
    if kind not in (Kind.LOGIT, Kind.PROBABILITY):
        return "fitted"
    if fit.lower is not None and fit.lower > 1:
        return "overconfident"
    if fit.upper is not None and fit.upper < 1:
        return "underconfident"
    return "calibrated"


def with_interval(fit: TemperatureFit | FittedTemperature) -> str:
    """A temperature and its interval, to as many digits as it is known.

    Examples
    --------
    >>> with_interval(TemperatureFit(1.0412, 1.0404, 1.0420, "judgements"))
    '1.041 [1.04, 1.042]'
    """
    if fit.lower is None:
        return f"{fit.value:.4g}"
    upper = math.inf if fit.upper is None else fit.upper
    digits = 2 if upper - fit.lower > ROUGH * fit.value else 4
    return f"{fit.value:.{digits}g} [{fit.lower:.{digits}g}, {upper:.{digits}g}]"
