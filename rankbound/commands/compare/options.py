"""What a comparison of samplings is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rankbound.bounds.errors import DomainError
from rankbound.catalogue import COMPARED, EACH, PAIR_SETS
from rankbound.commands.measure.given import as_given
from rankbound.commands.measure.options import SourceOptions, check_compat, take
from rankbound.errors import UsageError
from rankbound.validation.resampling import RESAMPLES

# What the table of queries calls the reference law of pairs, so no sampling may
TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(SourceOptions):
    """Inputs and settings of `rankbound compare`; see its help for each.

    Attributes
    ----------
    groups : tuple of (str, Path)
        Samplings by name, at least two; a dict does, too.
    reference : str or None
        The sampling that the others are compared with; None: the first.
    quantities : tuple of str
        Which of `rankbound.catalogue.COMPARED`; they make the family.
    pairs : {"each", "all", "pos-neg", "neg-neg"}
    margins : dict of str to float
        By quantity, or one number where there is one quantity; those not named have
        the catalogue's default.
    target : Path or None
        Groups that are the reference law of pairs; None: the union of all samplings.
    controls : bool
        Whether to run the negative controls.
    resamples : int
        Of the bootstrap.
    compat : {"reference", None}
        Whether the reference study's test and entropy are put beside ours.

    All other attributes are those of `SourceOptions`.
    """

    groups: tuple[tuple[str, Any], ...]
    reference: str | None = None
    quantities: tuple[str, ...] = ("entropy",)
    pairs: str = EACH
    margins: dict[str, float] | None = None
    target: Any = None
    controls: bool = False
    resamples: int = RESAMPLES
    compat: Literal["reference"] | None = None

    def __post_init__(self) -> None:
        take(self, "target", "groups")
        object.__setattr__(self, "groups", _samplings(self.groups))
        if isinstance(self.quantities, str):
            object.__setattr__(self, "quantities", (self.quantities,))
        if isinstance(self.margins, int | float) and len(self.quantities) == 1:
            object.__setattr__(self, "margins", {self.quantities[0]: self.margins})
        SourceOptions.__post_init__(self)
        self._check_samplings()
        self._check_quantities()
        self._check_margins()
        check_compat(self.compat)
        if self.pairs not in (EACH, *PAIR_SETS):
            raise UsageError(
                f"`pairs` is one of {EACH}, {', '.join(PAIR_SETS)}, got {self.pairs!r}"
            )
        if self.resamples < 0:
            raise UsageError(f"`resamples` must be at least 0, got {self.resamples}")

    def inputs(self) -> tuple[Any, ...]:
        """The input files, those of the samplings and the target included."""
        files = (path for _, path in self.groups)
        return (*SourceOptions.inputs(self), *files, self.target)

    @property
    def names(self) -> tuple[str, ...]:
        """The samplings in the order given."""
        return tuple(name for name, _ in self.groups)

    @property
    def baseline(self) -> str:
        """The reference sampling."""
        return self.names[0] if self.reference is None else self.reference

    @property
    def pair_sets(self) -> tuple[str, ...]:
        """The pair sets of the family."""
        return PAIR_SETS if self.pairs == EACH else (self.pairs,)

    def margin(self, quantity: str) -> float | None:
        """The margin of a quantity: as given, or its default."""
        return (self.margins or {}).get(quantity, COMPARED[quantity].margin)

    def place(self, quantity: str) -> tuple[int, int]:
        """Where a quantity stands: as asked for, then the others; students in order."""
        known = dict.fromkeys((*self.quantities, *COMPARED))
        name, _, student = quantity.partition(":")
        names = [source.name for source in self.students]
        return [*known].index(name), names.index(student) if student else 0

    def _check_samplings(self) -> None:
        names = self.names
        if len(names) < 2:
            raise UsageError(
                f"`groups` needs at least two samplings NAME=FILE, got {len(names)}; "
                "a comparison has two sides"
            )
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"two samplings are called {twice!r}; rename one")
        for name in names:
            if not name or name == TARGET or any(c in name for c in "\t\r\n"):
                raise UsageError(
                    f"a sampling needs a name without tabs, other than {TARGET!r}, "
                    f"got {name!r}"
                )
        if self.baseline not in names:
            raise UsageError(
                f"`reference` {self.baseline!r} is no sampling; there are "
                f"{', '.join(names)}"
            )

    def _check_quantities(self) -> None:
        if len(set(self.quantities)) < len(self.quantities) or not self.quantities:
            raise UsageError("`quantities` names each quantity once, and at least one")
        for quantity in self.quantities:
            if quantity not in COMPARED:
                raise UsageError(
                    f"`quantities` is one of {', '.join(COMPARED)}, got {quantity!r}"
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
                f"`quantities={quantity!r}` is about the documents of a group, not its "
                "pairs; give `pairs='all'` or each"
            )

    def _check_margins(self) -> None:
        if not isinstance(self.margins, Mapping | None):
            raise UsageError(
                "margins are given by quantity, since units differ, as in "
                f"{{{self.quantities[0]!r}: {self.margins}}}"
            )
        for quantity, margin in (self.margins or {}).items():
            if quantity not in self.quantities:
                raise UsageError(
                    f"`margins` for {quantity!r}, which is not compared; `quantities` "
                    f"holds {', '.join(self.quantities)}"
                )
            if not (np.isfinite(margin) and margin > 0):
                raise DomainError(
                    f"`margins` must be a positive number, got {margin!r}; fix it "
                    "before looking at the data"
                )


def _samplings(groups: Any) -> tuple[tuple[str, Any], ...]:
    """Names and groups, from a dict or from pairs."""
    given = groups.items() if isinstance(groups, Mapping) else groups
    if isinstance(given, str) or not all(
        isinstance(pair, tuple | list) and len(pair) == 2 for pair in given
    ):
        raise UsageError(
            "`groups` holds the samplings by name, as in {'random': 'random.jsonl', "
            f"'bm25': 'bm25.jsonl'}}; got {type(groups).__name__}"
        )
    return tuple((str(name), as_given(g, "groups", str(name))) for name, g in given)
