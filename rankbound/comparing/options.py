"""What a comparison of samplings is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bounds.errors import DomainError
from rankbound.comparing.catalogue import CATALOGUE, EACH, PAIR_SETS
from rankbound.errors import UsageError
from rankbound.measuring.options import SourceOptions, as_path
from validation.bootstrap import RESAMPLES

# What per_query.tsv calls the reference law of pairs, so no sampling may
TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(SourceOptions):
    """Inputs and settings of `rankbound compare`; see its help for each.

    Attributes
    ----------
    groups : tuple of (str, Path)
        Samplings by name, at least two.
    reference : str or None
        The sampling that the others are compared with; None: the first.
    quantities : tuple of str
        Which of `rankbound.comparing.catalogue.CATALOGUE`; they make the family.
    pairs : {"each", "all", "pos-neg", "neg-neg"}
    margins : dict of str to float
        By quantity; those not named have the catalogue's default.
    target : Path or None
        Groups that are the reference law of pairs; None: the union of all samplings.
    controls : bool
        Whether to run the negative controls.
    resamples : int
        Of the bootstrap.

    All other attributes are those of `SourceOptions`.
    """

    groups: tuple[tuple[str, Path], ...]
    reference: str | None = None
    quantities: tuple[str, ...] = ("entropy",)
    pairs: str = EACH
    margins: dict[str, float] | None = None
    target: Path | None = None
    controls: bool = False
    resamples: int = RESAMPLES

    def __post_init__(self) -> None:
        as_path(self, "target")
        pairs = tuple((name, Path(path)) for name, path in self.groups)
        object.__setattr__(self, "groups", pairs)
        SourceOptions.__post_init__(self)
        self._check_samplings()
        self._check_quantities()
        self._check_margins()
        if self.pairs not in (EACH, *PAIR_SETS):
            raise UsageError(
                f"--pairs is one of {EACH}, {', '.join(PAIR_SETS)}, got {self.pairs!r}"
            )
        if self.resamples < 0:
            raise UsageError(f"--resamples must be at least 0, got {self.resamples}")

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
        return (self.margins or {}).get(quantity, CATALOGUE[quantity].margin)

    def _check_samplings(self) -> None:
        names = self.names
        if len(names) < 2:
            raise UsageError(
                f"--groups needs at least two samplings NAME=FILE, got {len(names)}; "
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
                f"--reference {self.baseline!r} is no sampling; there are "
                f"{', '.join(names)}"
            )

    def _check_quantities(self) -> None:
        if len(set(self.quantities)) < len(self.quantities) or not self.quantities:
            raise UsageError("--quantity names each quantity once, and at least one")
        for quantity in self.quantities:
            if quantity not in CATALOGUE:
                raise UsageError(
                    f"--quantity is one of {', '.join(CATALOGUE)}, got {quantity!r}"
                )
            self._check_needs(quantity)

    def _check_needs(self, quantity: str) -> None:
        known = CATALOGUE[quantity]
        if known.need == "vectors" and self.embeddings is None:
            raise UsageError(
                f"--quantity {quantity} needs vectors; give --embeddings and --ids"
            )
        if known.need == "student" and not self.students:
            raise UsageError(
                f"--quantity {quantity} needs a student; give --student NAME=FILE"
            )
        if self.pairs in PAIR_SETS and self.pairs not in known.pair_sets:
            raise UsageError(
                f"--quantity {quantity} is about the documents of a group, not its "
                "pairs; give --pairs all or each"
            )

    def _check_margins(self) -> None:
        for quantity, margin in (self.margins or {}).items():
            if quantity not in self.quantities:
                raise UsageError(
                    f"--margin for {quantity!r}, which is not compared; --quantity "
                    f"holds {', '.join(self.quantities)}"
                )
            if not (np.isfinite(margin) and margin > 0):
                raise DomainError(
                    f"--margin must be a positive number, got {margin!r}; fix it "
                    "before looking at the data"
                )
