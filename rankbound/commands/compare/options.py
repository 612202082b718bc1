"""Inputs and settings of a comparison of samplings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rankbound.catalogue import COMPARED, EACH, PAIR_SETS
from rankbound.commands.measure.given import as_given
from rankbound.commands.measure.options import (
    SourceOptions,
    check_compat,
    set_field,
    take,
    trained_students,
)
from rankbound.errors import UsageError
from rankbound.validation.resampling import RESAMPLES

# The table of queries gives this name to the reference law of pairs, so no sampling
# may have it
TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(SourceOptions):
    """Inputs and settings of `rankbound compare`; `compare` documents each of them.

    Attributes
    ----------
    groups : tuple of (str, Path)
        Samplings by name, at least two; a dict is also accepted.
    reference : str or None
        The sampling that the others are compared with; the first if None.
    quantities : tuple of str
        Names from `rankbound.catalogue.COMPARED`; together they define the family.
    pairs : {"each", "all", "pos-neg", "neg-neg"}
    score_range : float
        B, in temperatures, at which students are clipped.
    margins : dict of str to float
        By quantity, or one number if there is one quantity; a quantity without a margin
        has the catalogue's default.
    target : Path or None
        Groups that define the reference law of pairs; the union of all samplings if
        None.
    controls : bool
        Whether to run the negative controls.
    resamples : int
        Number of bootstrap resamples.
    pilot : float
        Share of the queries on which stakes are chosen, in [0, 1).
    compat : {"reference", None}
        Whether to report the reference study's test and entropy beside ours.

    The other attributes are those of `SourceOptions`.
    """

    groups: tuple[tuple[str, Any], ...]
    reference: str | None = None
    quantities: tuple[str, ...] = ("entropy",)
    pairs: str = EACH
    score_range: float = 10.0
    margins: dict[str, float] | None = None
    target: Any = None
    trained_on: Any = None
    controls: bool = False
    resamples: int = RESAMPLES
    pilot: float = 0.0
    compat: Literal["reference"] | None = None

    def __post_init__(self) -> None:
        take(self, "target", "groups")
        object.__setattr__(self, "groups", _samplings(self.groups))
        if isinstance(self.quantities, str):
            object.__setattr__(self, "quantities", (self.quantities,))
        if isinstance(self.margins, int | float) and len(self.quantities) == 1:
            object.__setattr__(self, "margins", {self.quantities[0]: self.margins})
        students = trained_students(self.students, self.trained_on)
        set_field(self, "students", students)
        set_field(self, "trained_on", None)  # each student has its own from here on
        SourceOptions.__post_init__(self)
        self._check_samplings()
        self._check_quantities()
        self._check_margins()
        check_compat(self.compat)
        if self.pairs not in (EACH, *PAIR_SETS):
            raise UsageError(
                f"`pairs` must be one of {EACH}, {', '.join(PAIR_SETS)}, got "
                f"{self.pairs!r}"
            )

    def inputs(self) -> tuple[Any, ...]:
        """The input files, including those of the samplings and the target."""
        files = (path for _, path in self.groups)
        return (*SourceOptions.inputs(self), *files, self.target)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the samplings, in the order given."""
        return tuple(name for name, _ in self.groups)

    @property
    def baseline(self) -> str:
        """The name of the reference sampling."""
        return self.names[0] if self.reference is None else self.reference

    @property
    def pair_sets(self) -> tuple[str, ...]:
        """The pair sets of the family."""
        return PAIR_SETS if self.pairs == EACH else (self.pairs,)

    def margin(self, quantity: str) -> float | None:
        """The margin of a quantity: the one given, or its default."""
        return (self.margins or {}).get(quantity, COMPARED[quantity].margin)

    def place(self, quantity: str) -> tuple[int, int]:
        """Sort key: the quantities compared, then the others; students in order."""
        known = dict.fromkeys((*self.quantities, *COMPARED))
        name, _, student = quantity.partition(":")
        names = [source.name for source in self.students]
        return [*known].index(name), names.index(student) if student else 0

    def _check_samplings(self) -> None:
        names = self.names
        if len(names) < 2:
            raise UsageError(
                f"`groups` needs at least two samplings NAME=FILE, got {len(names)}; "
                "give the reference and a sampling to compare with it"
            )
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(
                f"samplings need different names, got {twice!r} twice; rename one"
            )
        for name in names:
            if not name or name == TARGET or any(c in name for c in "\t\r\n"):
                raise UsageError(
                    "the name of a sampling must not be empty, contain tabs or line "
                    f"breaks, or be {TARGET!r}, got {name!r}; rename it"
                )
        if self.baseline not in names:
            raise UsageError(
                f"`reference` must name a sampling ({', '.join(names)}), got "
                f"{self.baseline!r}"
            )

    def _check_quantities(self) -> None:
        if len(set(self.quantities)) < len(self.quantities) or not self.quantities:
            raise UsageError(
                "`quantities` must name at least one quantity, and each of them once, "
                f"got {', '.join(self.quantities) or 'none'}"
            )
        for quantity in self.quantities:
            if quantity not in COMPARED:
                raise UsageError(
                    f"`quantities` must be among {', '.join(COMPARED)}, got "
                    f"{quantity!r}"
                )
            self._check_needs(quantity)

    def _check_needs(self, quantity: str) -> None:
        known = COMPARED[quantity]
        if known.need == "vectors" and self.embeddings is None:
            raise UsageError(
                f"`quantities={quantity!r}` needs vectors; give `embeddings`"
            )
        if known.need == "student" and not self.students:
            raise UsageError(
                f"`quantities={quantity!r}` needs a student; give `students={{...}}`"
            )
        if self.pairs in PAIR_SETS and self.pairs not in known.pair_sets:
            raise UsageError(
                f"`quantities={quantity!r}` describes the documents of a group, not "
                "its pairs; give `pairs='all'` or `pairs='each'`"
            )

    def _check_margins(self) -> None:
        if not isinstance(self.margins, Mapping | None):
            raise UsageError(
                "`margins` must be given by quantity, since units differ, as in "
                f"{{{self.quantities[0]!r}: {self.margins}}}"
            )
        for quantity in self.margins or {}:
            if quantity not in self.quantities:
                raise UsageError(
                    f"`margins` has an entry for {quantity!r}, which is not compared; "
                    f"`quantities` holds {', '.join(self.quantities)}"
                )


def _samplings(groups: Any) -> tuple[tuple[str, Any], ...]:
    """Return names and groups, given as a dict or as pairs."""
    given = groups.items() if isinstance(groups, Mapping) else groups
    if isinstance(given, str) or not all(
        isinstance(pair, tuple | list) and len(pair) == 2 for pair in given
    ):
        raise UsageError(
            "`groups` must hold the samplings by name, as in {'random': "
            "'random.jsonl', 'bm25': 'bm25.jsonl'}; got "
            f"{type(groups).__name__}"
        )
    return tuple((str(name), as_given(g, "groups", str(name))) for name, g in given)
