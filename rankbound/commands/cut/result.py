"""The result of a cut: what it keeps and what it changes, as in ``manifest.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from rankbound.commands.measure.given import Given, inputs_of
from rankbound.data.columns import Booleans
from rankbound.errors import FormatError, UsageError
from rankbound.provenance import Clustering, Input
from rankbound.read.source import State, check_unchanged, copy_lines, sha256
from rankbound.results import Answer, Named, Record, Result, named
from rankbound.writing import Replacing, check_outputs, filling, json_text


class Side(Record, frozen=True):
    """A mean over some queries, with its interval if there is one."""

    n: int
    mean: float
    sd: float | None
    lower: float | None
    upper: float | None


class Change(Record, frozen=True, kw_only=True):
    """One quantity before and after a cut, each with an interval of its own.

    `kept` is the band and `method` the kind of interval. Each interval has the level
    1 - delta / 2, so that both hold together with probability 1 - delta. `lower` and
    `upper` bound the difference, after minus before, and are made of the ends of both;
    both are None if either mean has no interval.
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
    """All changes that a cut makes, with a note on their meaning."""

    delta: float
    note: str
    rows: tuple[Change, ...]


class Left(Record, frozen=True, kw_only=True):
    """Counts of what is not in the file of a band."""

    queries_outside_the_band: int
    groups_outside_the_band: int
    queries_without_value: int
    groups_of_queries_without_value: int


class Kept(Record, frozen=True, kw_only=True):
    """What one band keeps.

    Attributes
    ----------
    kept : str
        The name of the band.
    file : str or None
        None if no query lies in the band, as `reason` then says.
    quantiles, cut_points : tuple of float or None
        The ends of the band.
    outside : bool
        Whether the band is what lies outside its ends.
    sha256 : str or None
        The hash of the file; None until it is written.
    n_queries_at_a_cut_point : int
        Number of queries whose value, or that of their cluster, equals a cut point.
    n_clusters : int or None
        Number of clusters of the kept queries; None where queries are cut one by one.
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
    n_clusters: int | None = None


class Dropped(Record, frozen=True, kw_only=True):
    """Counts of what is in no file, and of what was not measured."""

    queries_without_value: int
    groups_of_queries_without_value: int
    why: str | None
    reasons: dict[str, int]


class ReferenceCut(Record, frozen=True, kw_only=True):
    """A cut of the reference study, and ours of the nearest name.

    `kept` is our band. `n_queries` counts the queries that ours keeps and
    `n_queries_in_both` those that both keep; `reference_keeps` says what theirs keeps.
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
    """What the cuts of the reference study would keep."""

    mode: str
    values: str
    reason: str
    cuts: Named[ReferenceCut]

    def __post_init__(self) -> None:
        named(self, "cuts")


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of the source that go into each file still to be written.

    Attributes
    ----------
    source : Path
    chosen : dict of str to boolean array
        By file name; lines are counted from 1.
    inputs : sequence of files and objects
        The inputs whose hashes the manifest records.
    states : dict of path to state
        Of the files among them, as they were when the lines were chosen.
    """

    source: Path
    chosen: Mapping[str, Booleans]
    inputs: Sequence[Given]
    states: Mapping[Path, State | None]

    def check(self) -> None:
        """Raise if a file has changed since.

        Raises
        ------
        FormatError
        """
        for path, state in self.states.items():
            check_unchanged(path, state)


class Cut(Result, frozen=True, kw_only=True, tag_field="schema", tag="rankbound.cut/1"):
    r"""A cut of training groups; `save` writes its files of groups and the manifest.

    Attributes
    ----------
    files : Named of Kept
        What each band keeps, in the order given.
    comparison : Changes
        Every quantity before and after the cut.
    temperature : float
        The teacher's temperature; the answer has its interval, if it was fitted.
    dropped : Dropped
    compat : Compat, optional
        What the reference study's cuts would keep, if that was asked for.
    clusters : int, optional
        Number of clusters with a value, which are kept or left out as a whole; None
        where queries are cut one by one. `clustering` describes them.
    answers : tuple of Answer
        How the temperature was found; earlier files have none.

    Examples
    --------
    >>> import json, tempfile
    >>> import rankbound as rb
    >>> scores = {f"q{n}": {"a": n + 1.0, "b": 0.0} for n in range(8)}
    >>> lines = [{"query_id": q, "doc_id_a": "a", "doc_id_b": ["b"]} for q in scores]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     groups = Path(folder, "train.jsonl")
    ...     _ = groups.write_text("\n".join(map(json.dumps, lines)))
    ...     made = rb.cut(scores, groups=groups, keep="inner", teacher_kind="logit")
    >>> made.files["inner"].n_queries, made.files["inner"].sha256
    (4, None)
    """

    KIND = "cut"
    ANSWERS_FIRST = False  # these are about the temperature alone
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
    clusters: int | None = None
    clustering: Clustering | None = None
    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        named(self, "files")

    def tables(self) -> Mapping[str, Sequence[Record]]:
        """The files, the quantities before and after, and the reference's cuts."""
        compat = self.compat
        theirs = {} if compat is None else {"reference": compat.cuts}
        return {"files": self.files, "changes": self.comparison.rows, **theirs}

    @property
    def lines(self) -> Lines | None:
        """What `save` will write; None for a cut that was written or loaded."""
        found: Lines | None = self.__dict__.get("lines_to_write")
        return found

    def with_lines(self, lines: Lines) -> Self:
        """Return the same cut with lines, so that its files can be written."""
        return self._holding(lines_to_write=lines)

    def save(self, where: Path | str, *, force: bool = False) -> Path:
        """Write the files of groups and the manifest into a folder, all or none.

        Files of other cuts are left in place. If the cut was loaded from a file, or if
        `where` ends in ``.json``, only the manifest is written. Files that a manifest
        in the folder lists are replaced.

        Parameters
        ----------
        where : path
        force : bool, default False
            Replace other files of the same names, too; inputs of the cut never are.

        Returns
        -------
        Path
            The path of the manifest.

        Raises
        ------
        UsageError
            When the folder holds the manifest of other files, or the source itself.
        FormatError
            When the folder cannot be written to.
        """
        folder = Path(where)
        if self.lines is None or folder.suffix == ".json":
            return super().save(where, force=force)
        self.written(folder, force=force)
        return folder / self.FILE

    @classmethod
    def is_mine(cls, path: Path) -> bool:
        """Whether it is a manifest, or listed in the one beside it."""
        manifest = path.with_name(cls.FILE)
        if super().is_mine(path) or not super().is_mine(manifest):
            return super().is_mine(path)
        try:
            return any(kept.file == path.name for kept in cls.load(manifest).files)
        except FormatError:
            return False

    def written(self, folder: Path, *, force: bool = False) -> Self:
        """Write as `save` does; return the cut with the hashes of all files."""
        lines = self.lines
        if lines is None:
            raise UsageError(
                "a cut loaded from a file has no groups to write; cut again"
            )
        names = {*lines.chosen}
        if not force:
            _check_manifest(folder, names)
        read = [one for one in lines.inputs if isinstance(one, Path)]
        replacing = Replacing(
            mine=self.is_mine, inputs=[lines.source, *read], force=force
        )
        check_outputs(folder, [*names, self.FILE], replacing)
        with filling(folder, replacing) as aside:
            copy_lines(
                lines.source,
                {aside / name: chosen for name, chosen in lines.chosen.items()},
            )
            lines.check()
            made = self._hashed(lines, {name: sha256(aside / name) for name in names})
            text = json_text(made.to_dict())
            (aside / self.FILE).write_text(text, encoding="utf-8", newline="")
            made.record(aside, folder)
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
    """Refuse to replace the manifest of files that this cut would leave without one."""
    path = folder / Cut.FILE
    if not path.is_file():
        return
    try:
        listed = {kept.file for kept in Cut.load(path).files if kept.file is not None}
    except FormatError:
        what = "belongs to something else"
    else:
        left = sorted(name for name in listed - names if (folder / name).exists())
        if not left:
            return
        what = f"lists {left[0]}, which this cut does not write"
    raise UsageError(
        f"{path}: {what}; choose another folder, or replace it with `force`"
    )
