"""What a cut of training groups keeps, and what changes with it: ``manifest.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from rankbound.commands.measure.given import Given, inputs_of
from rankbound.data.columns import Booleans
from rankbound.errors import FormatError, UsageError
from rankbound.provenance import Input
from rankbound.read.source import copy_lines, sha256
from rankbound.results import Named, Record, Result, named
from rankbound.writing import filling, json_text


class Side(Record, frozen=True):
    """A mean over some queries, with an interval where there is one."""

    n: int
    mean: float
    sd: float | None
    lower: float | None
    upper: float | None


class Change(Record, frozen=True, kw_only=True):
    """One quantity before and after a cut, each with an interval of its own.

    `kept` is the band. `method` is how the intervals were made; each is at level
    1 - delta / 2, so that both hold together with probability 1 - delta. `lower` and
    `upper` are of the difference, after minus before, from the ends of both.
    """

    kept: str
    quantity: str
    pairs: str
    unit: str
    before: Side
    after: Side
    difference: float
    lower: float | None
    upper: float | None
    method: str


class Changes(Record, frozen=True, kw_only=True):
    """All changes of a cut, and what they mean."""

    delta: float
    note: str
    rows: tuple[Change, ...]


class Left(Record, frozen=True, kw_only=True):
    """What is not in the file of a band."""

    queries_outside_the_band: int
    groups_outside_the_band: int
    queries_without_value: int
    groups_of_queries_without_value: int


class Kept(Record, frozen=True, kw_only=True):
    """What one band keeps.

    Attributes
    ----------
    kept : str
        The band.
    file : str or None
        None where no query lies in it; `reason` says so.
    quantiles, cut_points : tuple of float or None
        The ends of the band.
    outside : bool
        Whether the band is what lies outside of them.
    sha256 : str or None
        Of the file; None until it is written.
    n_queries_at_a_cut_point : int
        Queries whose value is equal to a cut point.
    """

    kept: str
    file: str | None
    quantiles: tuple[float | None, float | None]
    outside: bool
    cut_points: tuple[float | None, float | None]
    n_groups: int
    n_queries: int
    sha256: str | None
    n_dropped: Left
    n_queries_at_a_cut_point: int
    reason: str | None


class Dropped(Record, frozen=True, kw_only=True):
    """What is in no file, and what was not measured."""

    queries_without_value: int
    groups_of_queries_without_value: int
    why: str | None
    reasons: dict[str, int]


class ReferenceCut(Record, frozen=True, kw_only=True):
    """The reference study's cut beside ours of the nearest name.

    `kept` is our band. `n_queries` is what ours keeps, `n_queries_in_both` what both
    keep; `reference_keeps` says what theirs keeps.
    """

    kept: str
    reference_name: str
    reference_keeps: str
    reference_n_queries: int
    reference_n_groups: int
    n_queries: int
    n_queries_in_both: int
    reference_n_without_value: int


class Compat(Record, frozen=True, kw_only=True):
    """What the reference study's cuts would keep."""

    mode: str
    values: str
    reason: str
    cuts: Named[ReferenceCut]

    def __post_init__(self) -> None:
        named(self, "cuts")


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Which lines of the source go into each file that is not written yet.

    Attributes
    ----------
    source : Path
    chosen : dict of str to boolean array
        By file name; lines are counted from 1.
    inputs : sequence of files and objects
        Whose hashes the manifest tells.
    """

    source: Path
    chosen: Mapping[str, Booleans]
    inputs: Sequence[Given]


class Cut(Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.cut/1"):
    """A cut of training groups; `save` writes its files of groups and the manifest.

    Attributes
    ----------
    files : Named of Kept
        What each band keeps, in the order of the options.
    comparison : Changes
        Every quantity before and after.
    temperature : float
        The teacher's.
    dropped : Dropped
    compat : Compat, optional
        What the reference study's cuts would keep, where that was asked.
    """

    KIND = "cut"
    FILE = "manifest.json"

    input: str
    sha256: str | None
    n_groups: int
    n_queries: int
    quantity: str
    unit: str
    pairs: str
    temperature: float
    ties: str
    quantiles: str
    dropped: Dropped
    files: Named[Kept]
    comparison: Changes
    warnings: tuple[str, ...]
    inputs: tuple[Input, ...]
    command: str
    versions: dict[str, str]
    compat: Compat | None = None

    def __post_init__(self) -> None:
        named(self, "files")

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """What each band keeps, every quantity before and after, the reference's."""
        compat = self.compat
        theirs = {} if compat is None else {"reference": compat.cuts}
        return {"files": self.files, "changes": self.comparison.rows, **theirs}

    @property
    def lines(self) -> Lines | None:
        """What `save` writes; None where the files are written, or were read."""
        found: Lines | None = self.__dict__.get("lines_to_write")
        return found

    def with_lines(self, lines: Lines) -> Self:
        """The same cut, whose files can be written."""
        made = replace(self)
        made.__dict__["lines_to_write"] = lines
        return made

    def save(self, where: Path | str) -> Path:
        """Write the files of groups and the manifest into a folder; all or none.

        Files of other cuts stay there. Of a cut that was read, or into a ``.json``
        file, the manifest alone is written.

        Returns
        -------
        Path
            The manifest.

        Raises
        ------
        UsageError, FormatError
            When the folder holds another cut's manifest, which would no longer be true,
            or cannot be written to.
        """
        folder = Path(where)
        if self.lines is None or folder.suffix == ".json":
            return super().save(where)
        self.written(folder)
        return folder / self.FILE

    def written(self, folder: Path) -> Self:
        """Write as `save` does; the cut with the hashes of what was read and made."""
        lines = self.lines
        if lines is None:
            raise UsageError("a cut that was read has no groups to write; cut again")
        names = {*lines.chosen}
        _check_manifest(folder, names)
        if lines.source.resolve() in {(folder / name).resolve() for name in names}:
            raise UsageError(
                f"{folder}: a cut would replace its own source; choose --out"
            )
        with filling(folder) as aside:
            copy_lines(
                lines.source,
                {aside / name: chosen for name, chosen in lines.chosen.items()},
            )
            made = self._hashed(lines, {name: sha256(aside / name) for name in names})
            text = json_text(made.to_dict())
            (aside / self.FILE).write_text(text, encoding="utf-8", newline="")
        return made

    def _hashed(self, lines: Lines, digests: Mapping[str, str]) -> Self:
        files = [
            replace(kept, sha256=digests[kept.file]) if kept.file is not None else kept
            for kept in self.files
        ]
        return replace(
            self,
            sha256=sha256(lines.source),
            files=Named(files),
            inputs=inputs_of(lines.inputs),
        )


def _check_manifest(folder: Path, names: set[str]) -> None:
    """Refuse to replace the manifest of files that would stay without one."""
    path = folder / Cut.FILE
    if not path.is_file():
        return
    try:
        listed = {kept.file for kept in Cut.load(path).files if kept.file is not None}
    except FormatError:
        what = "is of something else"
    else:
        left = sorted(name for name in listed - names if (folder / name).exists())
        if not left:
            return
        what = f"lists {left[0]}"
    raise UsageError(
        f"{path}: {what}, which this cut does not write; choose another --out"
    )
