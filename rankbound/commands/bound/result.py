"""The results of `bound`: a bound with its parts, or bounds before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
from msgspec.structs import asdict

from rankbound.bounds.changes import Order
from rankbound.bounds.theorem2 import headline_width
from rankbound.catalogue import proviso
from rankbound.commands.measure.paper_form import PaperForm
from rankbound.commands.measure.result import LimitFloor, LossRange
from rankbound.commands.settings import check_numbers
from rankbound.provenance import Input
from rankbound.results import Answer, Named, Record, Result, named

Number = int | float  # kept as it was given


class Given(Record, frozen=True, kw_only=True, omit_defaults=False):
    """The numbers of one configuration.

    Attributes
    ----------
    diameter : float
        Essential diameter, > 0.
    lipschitz : float
        Lipschitz constant L of the student, in temperatures per distance, > 0.
    entropy, divergence : float
        Means over the sampled queries, in nats.
    n : float
        Independent queries.
    delta : float
        Failure probability.
    kappa : float
        Largest density ratio of target and sampling law, at least 1.
    group_size : int
        Documents of a query; all pairs of them enter the loss.
    """

    diameter: Number
    lipschitz: Number
    entropy: Number
    divergence: Number
    n: Number
    delta: Number = 0.05
    kappa: Number = 1.0
    group_size: int = 16

    def __post_init__(self) -> None:
        """Check the ranges of the numbers."""
        check_numbers("Given", **asdict(self))

    @property
    def width(self) -> float:
        """Width of one query's risk in nats: Lemma 2c at B = L times the diameter."""
        locality = self.lipschitz * self.diameter
        return headline_width(locality, group_size=self.group_size)


class Part(Record, frozen=True, kw_only=True):
    """One term of the bound, in nats."""

    part: str
    nats: float


class Range(Record, frozen=True, kw_only=True):
    """B = L times the diameter, and the width of the range of one query's risk."""

    B: float
    width: float


class Bound(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.bound/1"
):
    """The headline bound with its parts and relatives, in nats.

    Attributes
    ----------
    given : Given
    statement, status, unit : str
    bound, trivial : float
    vacuous : bool
        Whether the bound is not below the trivial value.
    dominating : str
        The largest of `parts`.
    parts, relatives : dict of str to float
        Terms that add up to the bound; bounds that assume or need less.
    range : Range
    paper_form : PaperForm
    solve : str or None
        The number that was solved for; `given` holds its value.
    solution : int, float or None
        None if no value makes the bound equal to ln 2; unset if nothing was solved for.
    floor : LimitFloor or None
        How low any limit of one fixed student's risk can be at these numbers; None in
        earlier files.
    answers : tuple of Answer
        What it says, in a sentence or two; earlier files have none.

    Examples
    --------
    >>> import rankbound as rb
    >>> found = rb.bound(
    ...     diameter=1.4, lipschitz=5, entropy=0.42, divergence=0.06, solve="n")
    >>> found.solution, found.given.n
    (7894, 7894)
    """

    KIND: ClassVar[str] = "bound"
    FILE: ClassVar[str] = "bound.json"

    given: Given
    statement: str
    status: str
    unit: str
    bound: float
    trivial: float
    vacuous: bool
    dominating: str
    parts: dict[str, float]
    range: Range
    relatives: dict[str, float]
    paper_form: PaperForm
    solve: str | None = None
    solution: int | float | msgspec.UnsetType | None = msgspec.UNSET
    floor: LimitFloor | None = None
    answers: tuple[Answer, ...] = ()

    def tables(self) -> Mapping[str, Sequence[Part]]:
        """`parts` and `relatives`, in nats."""
        return {
            name: tuple(Part(part=part, nats=nats) for part, nats in table.items())
            for name, table in (("parts", self.parts), ("relatives", self.relatives))
        }


class Augmentation(
    Result,
    frozen=True,
    kw_only=True,
    tag_field="schema",
    tag="rankbound.augmentation/1",
):
    """The bound of Theorem 5 before and after an augmentation, in nats.

    Attributes
    ----------
    statement, unit : str
    before, after : float
    improves : bool
    vacuous : bool
        Whether both bounds are vacuous, so that the comparison says nothing.
    break_even_n : int or None
        The least number of queries at which the augmentation lowers the bound; None if
        it never does.
    break_even_diameter : float or None
        The diameter below which it does; None if it never does.
    answers : tuple of Answer
        What it says, in a sentence; earlier files have none.

    Examples
    --------
    >>> from rankbound.commands.bound.run import augment
    >>> before = Given(diameter=2.0, lipschitz=5, entropy=0.42, divergence=0.0, n=1000)
    >>> after = Given(diameter=1.2, lipschitz=5, entropy=0.47, divergence=0.0, n=1000)
    >>> augment(before, after).break_even_n
    399
    """

    KIND: ClassVar[str] = "augmentation"
    FILE: ClassVar[str] = "augmentation.json"

    statement: str
    unit: str
    before: float
    after: float
    improves: bool
    vacuous: bool
    break_even_n: int | None
    break_even_diameter: float | None
    answers: tuple[Answer, ...] = ()

    def tables(self) -> Mapping[str, Sequence[Part]]:
        """`parts`: the bound before and after."""
        return {
            "parts": (
                Part(part="before", nats=self.before),
                Part(part="after", nats=self.after),
            )
        }


class TermChange(Record, frozen=True, kw_only=True):
    """How a term changed on the queries of both measurements, in nats.

    Attributes
    ----------
    before, after, change : float
        Means over the queries, and the second less the first.
    lower, upper : float
        Limits of the mean change, by betting.
    low, high : float
        Where the change of one query lies, known before looking.
    source : str
        Why it lies there.
    n_pilot : int
        Queries that the stakes were chosen on; 0 where a grid of stakes was used.
    """

    before: float
    after: float
    change: float
    lower: float
    upper: float
    low: float
    high: float
    source: str
    n_pilot: int


class StudentChange(Record, frozen=True, kw_only=True):
    """One student before and after the change, in nats.

    Attributes
    ----------
    student : str
    n_queries : int
        Queries of both measurements, which alone are counted.
    only_before, only_after : int
        Queries of one measurement alone, which are dropped.
    same_groups : bool
        Whether the inputs show that both rank the same groups of documents, so that the
        entropies are equal.
    range_before, range_after : LossRange
        Where the risk of one query lies.
    entropy, divergence : TermChange
    before, after : float
        Bounds of Theorem 5 at the measured means, with the width of the range in place
        of L times the diameter, at `n_queries`.
    lower, upper : float
        Limits of the second bound less the first.
    verdict : {"lower", "higher", "inconclusive", "no evidence"}
        Whether the change lowers the bound, for every change within the limits.
    vacuous : bool
        Whether both bounds are vacuous: then there is no evidence.
    break_even_n : int or None
        The least number of queries after the change from which on its bound is lower,
        for every change within the limits; None if there is none.
    break_even_n_at_means : int or None
        The same at the measured means: an estimate.
    break_even_width : float or None
        The width of the range after the change below which its bound is lower, for
        every change within the limits; None if there is none.
    floor_before, floor_after : LimitFloor or None
        How low a limit of the risk can be on these queries; None in earlier files.
    n_clusters : int or None
        Clusters of the queries, which means, limits and break-evens are then about;
        None where queries are independent.
    """

    student: str
    n_queries: int
    only_before: int
    only_after: int
    same_groups: bool
    range_before: LossRange
    range_after: LossRange
    entropy: TermChange
    divergence: TermChange
    before: float
    after: float
    lower: float
    upper: float
    verdict: Order
    vacuous: bool
    break_even_n: int | None
    break_even_n_at_means: int | None
    break_even_width: float | None
    floor_before: LimitFloor | None = None
    floor_after: LimitFloor | None = None
    n_clusters: int | None = None


class TermRow(Record, frozen=True, kw_only=True):
    """A term of a student in the table of terms, in nats."""

    student: str
    term: str
    before: float
    after: float
    change: float
    lower: float
    upper: float
    low: float
    high: float
    n_pilot: int


class MeasuredChange(
    Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.change/1"
):
    """Two measurements of the same queries, before and after an augmentation.

    Attributes
    ----------
    statement, unit : str
    before, after : str
        The folders, or "before" and "after" for ledgers in memory.
    delta : float
        Chance that any limit of any student fails.
    pairs : str
    temperature : float
        The teacher's, in both measurements.
    students : tuple of StudentChange
        Those that both measurements name, also by name.
    only_before, only_after : tuple of str
        Students of one measurement alone, which are left out.
    warnings, assumptions : tuple of str
    definitions : dict of str to str
    inputs : tuple of Input
    command : str
        The command line, "" from Python.
    proviso : str
        What all limits take for granted.
    answers : tuple of Answer
        One for each student; earlier files have none.

    Examples
    --------
    >>> import rankbound as rb
    >>> teacher = {f"q{n}": {"a": 2.0 + n / 99, "b": -1.0} for n in range(400)}
    >>> weak = {q: {d: s / 4 for d, s in row.items()} for q, row in teacher.items()}
    >>> first = rb.measure(teacher, students={"mine": weak}, score_range=4)
    >>> second = rb.measure(teacher, students={"mine": teacher}, score_range=4)
    >>> found = rb.bound(before=first, after=second)
    >>> found.students["mine"].verdict, found.students["mine"].same_groups
    ('lower', True)
    """

    KIND: ClassVar[str] = "change"
    FILE: ClassVar[str] = "change.json"

    statement: str
    unit: str
    before: str
    after: str
    delta: float
    trivial: float
    pairs: str
    temperature: Number
    students: Named[StudentChange]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]
    definitions: dict[str, str]
    inputs: tuple[Input, ...]
    command: str
    proviso: str = proviso(trained=False)
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        named(self, "students")

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """Students, their terms, and the inputs."""
        return {
            "students": self.students,
            "terms": [
                _row(one.student, term, getattr(one, term))
                for one in self.students
                for term in ("entropy", "divergence")
            ],
            "inputs": self.inputs,
        }


def _row(student: str, term: str, change: TermChange) -> TermRow:
    return TermRow(
        student=student,
        term=term,
        before=change.before,
        after=change.after,
        change=change.change,
        lower=change.lower,
        upper=change.upper,
        low=change.low,
        high=change.high,
        n_pilot=change.n_pilot,
    )
