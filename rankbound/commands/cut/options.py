"""Inputs and settings of a cut of training groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rankbound.catalogue import COMPARED, PAIR_SETS, base
from rankbound.commands.measure.options import (
    SourceOptions,
    check_compat,
    take,
)
from rankbound.errors import UsageError
from rankbound.estimators.bands import BANDS, Band, band_called

Compat = Literal["reference"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOptions(SourceOptions):
    """Inputs and settings of `rankbound cut`; `cut` documents each of them.

    Attributes
    ----------
    groups : Path
        The file of training groups.
    by : str
        A quantity of the catalogue. With several students, the divergence or risk of
        one is named as in ``risk:NAME``.
    keep : tuple of str
        Bands, one file each: names of `estimators.bands.BANDS`, or ``Q1:Q2``.
    pairs : {"all", "pos-neg", "neg-neg"}
        The pairs over which the quantity is averaged.
    score_range : float
        B, in temperatures, at which students are clipped.
    compat : {"reference", None}
        Whether to report what the reference study's cuts would keep.

    The other attributes are those of `SourceOptions`.
    """

    groups: Any
    by: str = "entropy"
    keep: tuple[str, ...] = tuple(BANDS)
    pairs: str = "all"
    score_range: float = 10.0
    compat: Compat = None

    def __post_init__(self) -> None:
        take(self, "groups", "groups")
        if isinstance(self.keep, str):
            object.__setattr__(self, "keep", (self.keep,))
        if not isinstance(self.groups, Path):
            raise UsageError(
                "`groups` must be the path of a file, since a cut keeps its lines, got "
                f"{type(self.groups).__name__}; save the groups to a file first"
            )
        # `slots=True` makes a new class, for which super() without arguments fails
        SourceOptions.__post_init__(self)
        if self.pairs not in PAIR_SETS:
            raise UsageError(
                f"`pairs` must be one of {', '.join(PAIR_SETS)}, got {self.pairs!r}"
            )
        check_compat(self.compat)
        self._check_quantity()
        names = [band.name for band in self.bands]
        if not names:
            raise UsageError(
                "`keep` must name at least one band, got none; leave it out for all six"
            )
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(
                f"`keep` must name each band once, got {twice!r} twice; remove one"
            )

    def inputs(self) -> tuple[Any, ...]:
        """The input files, including the groups."""
        return (*SourceOptions.inputs(self), self.groups)

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands to keep, one for each file."""
        return tuple(band_called(text) for text in self.keep)

    def _check_quantity(self) -> None:
        quantity, _, student = self.by.partition(":")
        if quantity not in COMPARED:
            raise UsageError(
                f"`by` must be one of {', '.join(COMPARED)}, got {self.by!r}"
            )
        known, names = COMPARED[quantity], [s.name for s in self.students]
        if self.pairs not in known.pair_sets:
            raise UsageError(
                f"`by={quantity!r}` describes the documents of a group, not its pairs; "
                "give `pairs='all'`"
            )
        if known.need == "vectors" and self.embeddings is None:
            raise UsageError(
                f"`by={quantity!r}` needs vectors; give `embeddings` and `ids`"
            )
        if known.need != "student":
            if student:
                raise UsageError(
                    f"`by={self.by!r}`: {quantity} has no student; give "
                    f"`by={quantity!r}`"
                )
            return
        if not names:
            raise UsageError(
                f"`by={quantity!r}` needs a student; give `students={{...}}`"
            )
        if (len(names) > 1 and student not in names) or student not in ("", *names):
            raise UsageError(
                f"`by={self.by!r}` must name one of the students ({', '.join(names)}), "
                f"as in `by='{quantity}:{names[0]}'`"
            )

    @property
    def quantity(self) -> str:
        """The label of the quantity in tables, which does not name a lone student."""
        return base(self.by) if len(self.students) == 1 else self.by
