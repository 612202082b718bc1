"""What a bound, or its change, answers, in the catalogue's sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from rankbound.bounds.floors import rounded_down
from rankbound.bounds.wording import counted
from rankbound.commands.bound.result import (
    Augmentation,
    Bound,
    MeasuredChange,
    StudentChange,
)
from rankbound.commands.following import power_of
from rankbound.results import Answer

Found = TypeVar("Found", Bound, Augmentation, MeasuredChange)


def answered(found: Found) -> Found:
    """The same with what it says: of the bound, or of what an augmentation does."""
    return msgspec.structs.replace(found, answers=_answers(found))


def _answers(found: Bound | Augmentation | MeasuredChange) -> tuple[Answer, ...]:
    if isinstance(found, Bound):
        return tuple(_of_bound(found))
    if isinstance(found, Augmentation):
        return (_of_augmentation(found),)
    return tuple(_of_student(found, one) for one in found.students)


def _of_bound(found: Bound) -> Iterator[Answer]:
    given = found.given
    rests_on = (
        f"{found.statement} with typed numbers, at {100 * (1 - given.delta):.10g}%"
    )
    if found.solve is not None:
        yield _solved(found, found.solve, rests_on)
        if not isinstance(found.solution, int | float):
            return
    floor = ""
    if found.floor is not None:
        needed = found.floor.n_needed
        since = "at no n" if needed is None else f"from n = {needed:,} on"
        floor = (
            f" (for one student no limit is below {rounded_down(found.floor.value)}; "
            f"below ln 2 {since})"
        )
    if found.solve is None:
        yield Answer.to(
            "vacuous",
            "vacuous" if found.vacuous else "not vacuous",
            rests_on=rests_on,
            listed=f"the bound is {found.bound:.4f}{floor if found.vacuous else ''}",
            solve=_solving(found),
        )
    yield Answer.to(
        "dominating",
        found.dominating.partition(" ")[0],
        rests_on=rests_on,
        listed=f"{found.dominating}, {found.parts[found.dominating]:.4f} of "
        f"{found.bound:.4f} nats",
    )


def _solved(found: Bound, name: str, rests_on: str) -> Answer:
    """From which value on the bound says something."""
    value, question = found.solution, "queries" if name == "n" else "vacuous"
    if value is None or isinstance(value, msgspec.UnsetType):
        return Answer.to(question, "unsolved", rests_on=rests_on, name=name)
    return Answer.to(
        question,
        "solved",
        rests_on=rests_on,
        side="from" if name == "n" else "up to",
        name=name,
        value=f"{value:,}" if name == "n" else f"{value:.6g}",
    )


def _solving(found: Bound) -> str:
    """The command that finds the n from which on the bound says something."""
    numbers = " ".join(
        f"--{name.replace('_', '-')} {value:g}"
        for name, value in found.given.to_dict().items()
        if name != "n"
    )
    return f"rankbound bound {numbers} --solve n"


def _of_augmentation(found: Augmentation) -> Answer:
    needed, diameter = found.break_even_n, found.break_even_diameter
    parts = [
        "at no n'" if needed is None else f"from n' = {needed:,} on",
        "at no diameter" if diameter is None else f"for diameters below {diameter:.6g}",
    ]
    outcome = "lowers" if found.improves else "does not lower"
    return Answer.to(
        "augmentation",
        "both vacuous" if found.vacuous else outcome,
        rests_on=f"{found.statement} with typed numbers",
        before=f"{found.before:.4f}",
        after=f"{found.after:.4f}",
        break_even=f"; it is lower {', and '.join(parts)}",
    )


def _of_student(found: MeasuredChange, one: StudentChange) -> Answer:
    ends = sorted((abs(one.lower), abs(one.upper)))
    clusters = one.n_clusters
    number = counted(one.n_queries, "query")
    if clusters is not None:
        number = f"{counted(clusters, 'cluster')} of {number}"
    return Answer.to(
        "augmentation",
        one.verdict,
        rests_on=f"{number} of both folders; {found.statement}, all limits at once at "
        f"{100 * (1 - found.delta):.10g}%, {found.proviso}",
        student=one.student,
        least=f"{ends[0]:.4f}",
        most=f"{ends[1]:.4f}",
        lower=f"{one.lower:+.4f}",
        upper=f"{one.upper:+.4f}",
        before=f"{one.before:.4f}",
        after=f"{one.after:.4f}",
        break_even=_break_even(one),
        power=power_of(found.after, "0.02"),
    )


def _break_even(one: StudentChange) -> str:
    needed, means = one.break_even_n, one.break_even_n_at_means
    if needed is not None:
        return f"; it is lower from n' = {needed:,} on"
    if means is not None:
        return f"; no n' does so for sure, at the measured means n' = {means:,} does"
    return "; no n' makes it lower"
