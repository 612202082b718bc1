"""What a cut of training groups is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.measure.options import SourceOptions, check_compat, take
from rankbound.errors import UsageError
from rankbound.estimators.bands import BANDS, Band, band_called

Compat = Literal["reference"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOptions(SourceOptions):
    """Inputs and settings of `rankbound cut`; see its help for each.

    Attributes
    ----------
    groups : Path
        The training groups.
    by : str
        A quantity of the catalogue; with several students
        a divergence or risk names one, such as ``risk:NAME``.
    keep : tuple of str
        Bands, each a file: names of `estimators.bands.BANDS`, or ``Q1:Q2``.
    pairs : {"all", "pos-neg", "neg-neg"}
        Over which the quantity is a mean.
    compat : {"reference", None}
        Whether to tell what the reference study's cuts would keep.

    All other attributes are those of `SourceOptions`.
    """

    groups: Any
    by: str = "entropy"
    keep: tuple[str, ...] = tuple(BANDS)
    pairs: str = "all"
    compat: Compat = None

    def __post_init__(self) -> None:
        take(self, "groups", "groups")
        if isinstance(self.keep, str):
            object.__setattr__(self, "keep", (self.keep,))
        if not isinstance(self.groups, Path):
            raise UsageError(
                "a cut keeps lines of a file; give the path of the groups, no object"
            )
        # Slots make a new class, which the short form of super() does not know
        SourceOptions.__post_init__(self)
        if self.pairs not in PAIR_SETS:
            raise UsageError(
                f"`pairs` is one of {', '.join(PAIR_SETS)}, got {self.pairs!r}"
            )
        check_compat(self.compat)
        self._check_quantity()
        names = [band.name for band in self.bands]
        if not names:
            raise UsageError("`keep` names no band; leave it out for all six")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"`keep` names {twice!r} twice; name it once")

    def inputs(self) -> tuple[Any, ...]:
        """The input files, the groups included."""
        return (*SourceOptions.inputs(self), self.groups)

    @property
    def bands(self) -> tuple[Band, ...]:
        """What is kept, one band for each file."""
        return tuple(band_called(text) for text in self.keep)

    def _check_quantity(self) -> None:
        quantity, _, student = self.by.partition(":")
        if quantity not in COMPARED:
            raise UsageError(f"`by` is one of {', '.join(COMPARED)}, got {self.by!r}")
        known, names = COMPARED[quantity], [s.name for s in self.students]
        if self.pairs not in known.pair_sets:
            raise UsageError(
                f"`by={quantity!r}` is about the documents of a group, not its pairs; "
                "give `pairs='all'`"
            )
        if known.need == "vectors" and self.embeddings is None:
            raise UsageError(
                f"`by={quantity!r}` needs vectors; give `embeddings` and `ids`"
            )
        if known.need != "student":
            if student:
                raise UsageError(f"`by={self.by!r}`: {quantity} has no student")
            return
        if not names:
            raise UsageError(
                f"`by={quantity!r}` needs a student; give `students={{...}}`"
            )
        if (len(names) > 1 and student not in names) or student not in ("", *names):
            raise UsageError(
                f"`by={self.by!r}`: say whose it is, such as {quantity}:{names[0]}; "
                f"students are {', '.join(names)}"
            )

    @property
    def quantity(self) -> str:
        """The label of the quantity in tables: a lone student is not named."""
        return base(self.by) if len(self.students) == 1 else self.by
