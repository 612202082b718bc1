"""The results of `bound`: a bound with its parts, or bounds before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec

from rankbound.bounds.theorem2 import headline_width
from rankbound.commands.measure.paper_form import PaperForm
from rankbound.errors import UsageError
from rankbound.results import Record, Result

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
        """Check the ranges that the statements themselves do not check."""
        for name in ("diameter", "lipschitz"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise UsageError(f"`{name}` must be a positive number, got {value:g}")
        if self.group_size < 2:
            raise UsageError(f"`group_size` must be at least 2, got {self.group_size}")

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

    def tables(self) -> Mapping[str, Sequence[Part]]:
        """`parts`: the bound before and after."""
        return {
            "parts": (
                Part(part="before", nats=self.before),
                Part(part="after", nats=self.after),
            )
        }
