"""What two measurements of the same queries say of an augmentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from rankbound.bounds.certificate import LN2
from rankbound.bounds.changes import break_even, paired_limits
from rankbound.bounds.floors import floor_of
from rankbound.bounds.theorem5 import Design, finite_complexity
from rankbound.bounds.wording import counted
from rankbound.catalogue import proviso
from rankbound.commands.bound.answers import answered
from rankbound.commands.bound.folders import (
    MeasuredLike,
    Measurement,
    Terms,
    check_same,
    clusters_of_both,
    measurement_of,
    range_of,
    same_groups,
)
from rankbound.commands.bound.result import (
    MeasuredChange,
    StudentChange,
    TermChange,
)
from rankbound.commands.measure.result import LimitFloor, LossRange
from rankbound.commands.settings import check_numbers
from rankbound.data.clusters import Clusters, units_of
from rankbound.data.columns import Floats, strings
from rankbound.errors import UsageError
from rankbound.results import Named

SAME: Final = "the same teacher on the same groups: its entropy cannot change"
DEFINITIONS: Final = {
    "change": "after less before, of the mean over the queries of both measurements",
    "lower, upper": "limits by betting that hold for all students and terms at once",
    "low, high": "range of the change of one query, from the B of the ledgers",
    "bound": "entropy + divergence + width * sqrt(ln(K / delta) / (2 n)): Theorem 5 "
    "for K fixed students without a shift, with the width of Lemma 2c in place of L "
    "times the diameter, which it never exceeds",
    "break_even_n": "queries after the change from which on its bound is lower, for "
    "every change within the limits",
    "break_even_width": "width after the change, at the same number of queries, below "
    "which its bound is lower, for every change within the limits",
    "no evidence": "both bounds are vacuous: their order says nothing",
}


class Ranges(NamedTuple):
    """Where the change of one query's term lies, and why."""

    low: float
    high: float
    source: str


def measured_change(
    before: MeasuredLike, after: MeasuredLike, *, delta: float, command: str = ""
) -> MeasuredChange:
    """`bound` of two measurements; the command line records its `command`."""
    check_numbers("bound", delta=delta)
    sides = measurement_of(before, "before"), measurement_of(after, "after")
    asserted = check_same(*sides)
    first, second = (side.ledger for side in sides)
    names = [name for name in first.students if name in second.students]
    if not names:
        raise UsageError(
            f"{sides[0].label} and {sides[1].label} have no student of the same name: "
            f"{', '.join(first.students)}, and {', '.join(second.students)}; name the "
            "student alike in both"
        )
    alike = {name: same_groups(*sides, name) for name in names}
    clusters = clusters_of_both(*sides)
    # An entropy that cannot change takes no part of delta
    shared = delta / sum(1 if alike[name] else 2 for name in names)
    students = [
        _student(name, sides, alike[name], shared, (delta, len(names)), clusters)
        for name in names
    ]
    said = _proviso(sides, students)
    found = MeasuredChange(
        statement="theorem-5a",
        unit="nats",
        before=sides[0].label.strip("`"),
        after=sides[1].label.strip("`"),
        delta=delta,
        trivial=LN2,
        pairs=first.pairs,
        temperature=first.teacher.temperature,
        students=Named(students),
        only_before=tuple(n for n in first.students if n not in second.students),
        only_after=tuple(n for n in second.students if n not in first.students),
        warnings=(*asserted, *_warnings(sides, students)),
        assumptions=_assumptions(sides[0], students, delta, said),
        definitions=DEFINITIONS,
        inputs=(*sides[0].inputs, *sides[1].inputs),
        command=command,
        proviso=said,
    )
    return answered(found)


def _student(
    name: str,
    sides: tuple[Measurement, Measurement],
    alike: bool,
    delta: float,
    of: tuple[float, int],
    clusters: Clusters | None,
) -> StudentChange:
    """`delta` is for one term, `of` is delta of all and the number of students."""
    before, after = (side.certified[name] for side in sides)
    both = sorted(before.keys() & after.keys())
    if not both:
        raise UsageError(
            f"student {name!r}: {sides[0].label} and {sides[1].label} have no query in "
            f"common ({len(before):,} and {counted(len(after), 'query')}); measure "
            "both on the same target queries"
        )
    tried = (side.aside.get(name, {}) for side in sides)
    ranges = [range_of(side.ledger.students[name]) for side in sides]
    units = units_of(strings(both), clusters)
    first, second = (_columns(terms, both, clusters) for terms in (before, after))
    pilot = _pilot(*tried, clusters=clusters)
    h, d = (
        _term(old, new, aside, known, delta)
        for old, new, aside, known in zip(
            first,
            second,
            pilot,
            (_entropy_range(alike), _divergence_range(ranges, alike)),
            strict=True,
        )
    )
    found = break_even(
        Design(entropy=h.before, divergence=d.before, locality=ranges[0].width),
        Design(entropy=h.after, divergence=d.after, locality=ranges[1].width),
        limits=(h.lower + d.lower, h.upper + d.upper),
        n_queries=len(units),
        complexity=finite_complexity(*of),
    )
    return StudentChange(
        student=name,
        n_queries=len(both),
        only_before=len(before) - len(both),
        only_after=len(after) - len(both),
        same_groups=alike,
        range_before=ranges[0],
        range_after=ranges[1],
        entropy=h,
        divergence=d,
        before=found.before,
        after=found.after,
        lower=found.lower,
        upper=found.upper,
        verdict=found.verdict,
        vacuous=found.vacuous,
        break_even_n=found.n_certain,
        break_even_n_at_means=found.n_at_means,
        break_even_width=found.width_certain,
        n_clusters=None if clusters is None else len(units),
        floor_before=_floor(h.before + d.before, len(units), ranges[0], of),
        floor_after=_floor(h.after + d.after, len(units), ranges[1], of),
    )


def _floor(risk: float, n: int, limits: LossRange, of: tuple[float, int]) -> LimitFloor:
    """How low a limit of the risk can be, for a delta and a number of students."""
    delta, n_students = of
    return LimitFloor.of(
        floor_of(risk, n, high=limits.high, delta=delta, n_students=n_students)
    )


def _columns(
    terms: Mapping[str, Terms], qids: Sequence[str], clusters: Clusters | None
) -> tuple[Floats, Floats]:
    """Entropies and divergences of queries or clusters, each of shape (n,)."""
    if not qids:
        return np.empty(0), np.empty(0)
    units = units_of(strings(qids), clusters)
    return (
        units.means(np.array([terms[qid].entropy for qid in qids])),
        units.means(np.array([terms[qid].divergence for qid in qids])),
    )


def _pilot(
    before: Mapping[str, Terms],
    after: Mapping[str, Terms],
    *,
    clusters: Clusters | None,
) -> tuple[Floats, Floats]:
    """Changes of both terms on the queries that both measurements set aside."""
    qids = sorted(before.keys() & after.keys())
    first, second = (_columns(terms, qids, clusters) for terms in (before, after))
    return second[0] - first[0], second[1] - first[1]


def _entropy_range(alike: bool) -> Ranges:
    if alike:
        return Ranges(0.0, 0.0, SAME)
    return Ranges(-LN2, LN2, "an entropy lies between 0 and ln 2")


def _divergence_range(ranges: Sequence[LossRange], alike: bool) -> Ranges:
    before, after = ranges
    if alike:
        return Ranges(
            after.low - before.high,
            after.high - before.low,
            "that of the risks, as the entropy cannot change "
            f"(B = {before.B:g} and {after.B:g})",
        )
    return Ranges(
        -before.high,
        after.high,
        "a divergence is at least 0 and at most the largest risk "
        f"(B = {before.B:g} and {after.B:g})",
    )


def _term(
    before: Floats, after: Floats, pilot: Floats, known: Ranges, delta: float
) -> TermChange:
    low, high, source = known
    # Numbers of a file may lie outside by their last digit
    changes, aside = (np.clip(one, low, high) for one in (after - before, pilot))
    limits = paired_limits(changes, low=low, high=high, delta=delta, pilot=aside)
    return TermChange(
        before=float(before.mean()),
        after=float(after.mean()),
        change=float(changes.mean()),
        lower=limits.lower,
        upper=limits.upper,
        low=low,
        high=high,
        source=source,
        n_pilot=limits.n_pilot,
    )


def _warnings(
    sides: tuple[Measurement, Measurement], students: Sequence[StudentChange]
) -> Iterator[str]:
    for one in students:
        who = f"student {one.student!r}: "
        if one.only_before or one.only_after:
            yield (
                f"{who}{counted(one.only_before, 'query')} only before the change and "
                f"{counted(one.only_after, 'query')} only after it are dropped; the "
                f"statements are about the {one.n_queries:,} of both"
            )
        if one.range_before.B != one.range_after.B:
            yield (
                f"{who}B is {one.range_before.B:g} before the change and "
                f"{one.range_after.B:g} after it, so that its scores are clipped "
                "differently; the change is one of the clipped students; measure both "
                "with one `score_range` to compare them alike"
            )
        scales = [float(s.ledger.students[one.student].temperature) for s in sides]
        if scales[0] != scales[1]:
            yield (
                f"{who}its temperature is {scales[0]:g} before the change and "
                f"{scales[1]:g} after it, which is part of the change"
            )


def _proviso(
    sides: tuple[Measurement, Measurement], students: Sequence[StudentChange]
) -> str:
    """What limits of both measurements take for granted."""
    known = (
        side.ledger.students[one.student].trained_on is not None
        for side in sides
        for one in students
    )
    clustered = any(side.clusters for side in sides)
    return proviso(trained=all(known), clustered=clustered)


def _assumptions(
    side: Measurement, students: Sequence[StudentChange], delta: float, said: str
) -> tuple[str, ...]:
    several = counted(len(students), "student")
    what = "clusters of queries" if side.clusters else "queries"
    return (
        f"the {what} are the same in both measurements; all limits hold "
        f"{said} (asserted)",
        "target law, teacher and temperature are the same before and after: temperature"
        f" {side.ledger.teacher.temperature:g} of {side.ledger.teacher.kind} scores, "
        f"{side.ledger.pairs} pairs",
        "each range comes from the B of the ledgers and the structure of the groups, "
        "never from the sample",
        f"the limits of all terms of {several} hold at once with probability at least "
        f"{1 - delta:g}; whoever chooses the best of M changes divides `delta` by M",
        "n counts independent queries, to which paraphrases and further negatives add "
        "nothing; a lower bound does not imply a lower risk",
    )
