"""Data sets as folders, whose files are found by their names.

    runs/NAME.run[.gz]                  rankings, one per system
    runs/teacher.run[.gz]               the teacher's ranking, if not by its scores
    qrels.trec[.gz] or qrels/test.tsv[.gz]
    teacher/*.json[.gz]                 the teacher's scores {qid: {docno: score}}
    train/SAMPLING.*.jsonl[.gz]         groups, one file per sampling; or in groups/
    embeddings/ENCODER.corpus.npy       document vectors, with ENCODER.corpus.ids.txt
    embeddings/ENCODER.queries.npy      with them, ENCODER is a student by dot product

Only runs/ and judgements are required. Without teacher/, the user names a run as the
teacher; without groups, they are the teacher's top documents. Unless students are
named, every system in runs/ is one, except the teacher and a run called "random".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.options import (
    Held,
    MeasureOptions,
    StudentSource,
    by_name,
)
from rankbound.errors import UsageError
from rankbound.read.scales import TEACHER

if TYPE_CHECKING:
    from rankbound.commands.validate.options import Case

RANDOM: Final = "random"
EVERY: Final = "*"  # all students that are not named
PACKED: Final = ("", ".gz")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Folder:
    """A data set in a folder.

    Attributes
    ----------
    name : str
    path : Path
    teacher : str or None
        The run that is the teacher; the scores in teacher/ if None.

    Examples
    --------
    >>> Folder("dl19", Path("data", "dl19"), teacher="repllama").name
    'dl19'
    """

    name: str
    path: Path
    teacher: str | None = None


def named_folder(given: str | PathLike[str]) -> tuple[str, Path]:
    """The name of a data set and its folder, of NAME:DIR or of DIR alone.

    Examples
    --------
    >>> named_folder("dl19:trec/2019")
    ('dl19', PosixPath('trec/2019'))
    >>> named_folder("trec/2019")[0]
    '2019'
    """
    path = Path(given)
    if isinstance(given, str) and not path.exists():
        name, separator, rest = given.partition(":")
        if separator and name and rest:
            return name, Path(rest)
    return path.resolve().name, path


@dataclass(frozen=True, slots=True)
class Wanted:
    """The students and samplings to take from a folder; all if empty."""

    students: Sequence[str] = ()
    samplings: Sequence[str] = ()


def cases_of(
    folder: Folder, settings: MeasureOptions, wanted: Wanted | None = None
) -> tuple[Case, ...]:
    """Make the cases of a folder, one for each sampling.

    Parameters
    ----------
    folder : Folder
    settings : MeasureOptions
        How to measure; its files are ignored. Kinds, temperatures and stakes of
        students are found by name, and those of "*" apply to all other students.
    wanted : Wanted, optional
        The students and samplings to take; by default all.

    Returns
    -------
    tuple of Case

    Raises
    ------
    UsageError
        When a file is missing, or several files could be meant.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as home:
    ...     Path(home, "runs").mkdir()
    ...     for name in ("large", "small", "tiny"):
    ...         _ = Path(home, "runs", f"{name}.run").write_text("q Q0 d 1 0.5 x")
    ...     _ = Path(home, "qrels.trec").write_text("q 0 d 1")
    ...     folder = Folder("made", Path(home), teacher="large")
    ...     cases = cases_of(folder, MeasureOptions(teacher="of the folder"))
    >>> [(case.sampling, [s.name for s in case.measure.students]) for case in cases]
    [('top 16', ['small', 'tiny'])]
    """
    # Inspecting a folder needs neither statistics nor symbols
    from rankbound.commands.validate.options import Case

    wanted = wanted or Wanted()
    runs = _runs(folder)
    teacher, ranking = _teacher(folder, runs)
    encoders = _encoders(folder)
    students = _students(folder, (runs, encoders), wanted, settings)
    rankings = {s.name: runs[s.name] for s in students if s.queries and s.name in runs}
    if ranking is not None:
        rankings[TEACHER] = ranking
    vectors = next(iter(encoders.values()), None)
    known = {"", TEACHER, str(teacher), *(s.name for s in students)}
    common = replace(
        settings,
        missing_value=_of(settings.missing_value, known),
        run_tag=_of(settings.run_tag, known),
        teacher=teacher,
        students=students,
        stake=_stakes(settings, students),
        qrels=_qrels(folder),
        embeddings=None if vectors is None else vectors[0],
        ids=None if vectors is None else vectors[1],
        groups=None,
    )
    groups = _samplings(folder, wanted, settings.depth)
    return tuple(
        Case(
            dataset=folder.name,
            sampling=name,
            measure=replace(common, groups=file),
            rankings=rankings,
        )
        for name, file in groups.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files of a folder that the layout knows, as far as they are there.

    Attributes
    ----------
    teacher : Path or None
        The scores in teacher/, if that holds one file.
    runs : tuple of Path
        Rankings of the systems that are students, or a teacher for want of other
        scores.
    others : tuple of Path
        Rankings that are neither: the teacher's own, and a random one.
    groups : tuple of Path
    qrels : Path or None
    vectors : tuple of Path
        Of documents, with their ids, and of queries, with theirs; or none.
    """

    teacher: Path | None
    runs: tuple[Path, ...]
    others: tuple[Path, ...]
    groups: tuple[Path, ...]
    qrels: Path | None
    vectors: tuple[Path, ...]


def files_of(path: Path) -> Found | None:
    """The files of a data set in a folder; None if it is no such folder.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as home:
    ...     Path(home, "runs").mkdir()
    ...     _ = Path(home, "runs", "bm25.run").write_text("q Q0 d 1 0.5 x")
    ...     found = files_of(Path(home))
    >>> [run.name for run in found.runs], found.qrels
    (['bm25.run'], None)
    """
    if not (path / "runs").is_dir():
        return None
    folder = Folder(path.name, path)
    runs = _there(_runs, folder) or {}
    teacher, _ = _there(lambda one: _teacher(one, runs), folder) or (None, None)
    apart = {RANDOM, *([] if teacher is None else [TEACHER])}
    encoders = _there(_encoders, folder) or {}
    groups = _there(lambda one: _samplings(one, Wanted(), None), folder) or {}
    return Found(
        teacher=teacher,
        runs=tuple(run for name, run in runs.items() if name not in apart),
        others=tuple(run for name, run in runs.items() if name in apart),
        groups=tuple(one for one in groups.values() if one is not None),
        qrels=_there(_qrels, folder),
        vectors=next(iter(encoders.values()), ()),
    )


def _there(find: Callable[[Folder], Part], folder: Folder) -> Part | None:
    """What a folder holds; None where `validate` would refuse it."""
    try:
        return find(folder)
    except UsageError:
        return None


def _of(given: Held | Mapping[str, Held] | None, known: set[str]) -> dict[str, Held]:
    """What is said about this folder's systems; others have their own."""
    return {name: held for name, held in by_name(given).items() if name in known}


def run_name(path: Path) -> str:
    """The name of a system, by that of its ranking.

    Examples
    --------
    >>> run_name(Path("runs/bm25.run.gz"))
    'bm25'
    """
    return path.name.rpartition(".run")[0]


def system_name(path: Path) -> str:
    """The same of a file of any name.

    Examples
    --------
    >>> system_name(Path("t5.run.gz")), system_name(Path("scores/monot5.json.gz"))
    ('t5', 'monot5')
    """
    return run_name(path) or path.name.partition(".")[0] or path.name


def _in(home: Path, pattern: str) -> list[Path]:
    """Files of a folder by name, but hidden ones, such as ._NAME that macOS packs."""
    return sorted(path for path in home.glob(pattern) if path.name[0] != ".")


def _runs(folder: Folder) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in _in(folder.path / "runs", "*.run*"):
        if path.name.rpartition(".run")[2] in PACKED:
            _once(found, run_name(path), path)
    if not found:
        raise UsageError(
            f"{folder.path}: must hold rankings as runs/NAME.run[.gz], found none"
        )
    return found


def _teacher(folder: Folder, runs: dict[str, Path]) -> tuple[Path, Path | None]:
    """Return the teacher's scores, and its ranking if that is another file."""
    if folder.teacher is not None:
        if folder.teacher not in runs:
            raise UsageError(
                f"`Folder.teacher` must be a run in {folder.path}/runs "
                f"({', '.join(runs)}), got {folder.teacher!r}"
            )
        return runs[folder.teacher], None
    home = folder.path / "teacher"
    files = [path for end in PACKED for path in _in(home, f"*.json{end}")]
    if len(files) != 1:
        raise UsageError(
            f"{folder.path}: must hold one teacher/*.json[.gz], found {len(files)}; "
            f"choose a run as `Folder.teacher`: {', '.join(runs)}"
        )
    return files[0], runs.get(TEACHER)


def _qrels(folder: Folder) -> Path:
    for name in ("qrels.trec", "qrels/test.tsv"):
        for ending in PACKED:
            path = folder.path / f"{name}{ending}"
            if path.is_file():
                return path
    raise UsageError(
        f"{folder.path}: must hold judgements as qrels.trec[.gz] or "
        "qrels/test.tsv[.gz], found none"
    )


def _samplings(
    folder: Folder, wanted: Wanted, depth: int | None
) -> dict[str, Path | None]:
    found: dict[str, Path] = {}
    for home in ("train", "groups"):
        for path in _in(folder.path / home, "*.jsonl*"):
            if path.name.endswith((".jsonl", ".jsonl.gz")):
                _once(found, path.name.split(".", 1)[0], path)
    _check_wanted("samplings", wanted.samplings, found, folder)
    chosen = {n: p for n, p in found.items() if n in (wanted.samplings or found)}
    return dict(chosen) if chosen else {f"top {depth or DEFAULT_DEPTH}": None}


def _encoders(folder: Folder) -> dict[str, tuple[Path, ...]]:
    """Find the files of each encoder: documents, their ids, and queries if any.

    Distances come from one encoder, so only one may be there.
    """
    home = folder.path / "embeddings"
    names = [
        path.name.removesuffix(".corpus.npy") for path in _in(home, "*.corpus.npy")
    ]
    if len(names) > 1:
        raise UsageError(
            f"{home}: must hold vectors of one encoder, found {', '.join(names)}; "
            "remove the others"
        )
    found = {}
    for name in names:
        files = [home / f"{name}.corpus.npy", home / f"{name}.corpus.ids.txt"]
        if (home / f"{name}.queries.npy").is_file():
            files += [home / f"{name}.queries.npy", home / f"{name}.queries.ids.txt"]
        found[name] = tuple(files)
    return found


def _students(
    folder: Folder,
    systems: tuple[dict[str, Path], dict[str, tuple[Path, ...]]],
    wanted: Wanted,
    settings: MeasureOptions,
) -> tuple[StudentSource, ...]:
    runs, encoders = systems
    apart = {TEACHER, RANDOM, folder.teacher}
    dense = {name for name, files in encoders.items() if len(files) == 4}
    names = sorted({*runs, *dense} - {n for n in apart if n is not None})
    _check_wanted("students", wanted.students, {*runs, *dense}, folder)
    given = {source.name: source for source in settings.students}
    found = []
    for name in wanted.students or names:
        how = given.get(name, given.get(EVERY, StudentSource(EVERY)))
        how = replace(how, name=name)
        if name in dense:
            queries, ids = encoders[name][2:]
            found.append(replace(how, queries=queries, query_ids=ids))
        else:
            found.append(replace(how, scores=runs[name]))
    if not found:
        raise UsageError(
            f"{folder.path}: must hold a run of a student, found none but the teacher"
        )
    return tuple(found)


def _stakes(
    settings: MeasureOptions, students: Sequence[StudentSource]
) -> float | dict[str, float] | None:
    """The stakes that are given for students of the folder."""
    if not isinstance(settings.stake, Mapping):
        return settings.stake
    given, other = settings.stake, settings.stake.get(EVERY)
    stakes = {one.name: given.get(one.name, other) for one in students}
    return {name: stake for name, stake in stakes.items() if stake is not None} or None


def _check_wanted(
    part: str, names: Sequence[str], known: Iterable[str], folder: Folder
) -> None:
    held = set(known)
    for name in names:
        if name not in held:
            raise UsageError(
                f"`Wanted.{part}` must be in {folder.path} "
                f"({', '.join(sorted(held)) or 'which has none'}), got {name!r}"
            )


def _once(found: dict[str, Path], name: str, path: Path) -> None:
    if name in found:
        raise UsageError(
            f"{path} and {found[name]} have the same name; remove one of them"
        )
    found[name] = path
