"""Data sets as folders: which files of a folder are what.

    runs/NAME.run[.gz]                  rankings, one per system
    runs/teacher.run[.gz]               the teacher's ranking, if not by its scores
    qrels.trec[.gz] or qrels/test.tsv[.gz]
    teacher/*.json[.gz]                 the teacher's scores {qid: {docno: score}}
    train/SAMPLING.*.jsonl[.gz]         groups, one file per sampling
    embeddings/ENCODER.corpus.npy       document vectors, with ENCODER.corpus.ids.txt
    embeddings/ENCODER.queries.npy      with them, ENCODER is a student by dot product

Only runs/ and judgements are required: without teacher/ the teacher is a run that the
user names, without train/ the groups are the teacher's top documents. Every system in
runs/ but the teacher, and one called "random", is a student unless students are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from rankbound.commands.measure.inputs import DEFAULT_DEPTH
from rankbound.commands.measure.options import MeasureOptions, StudentSource
from rankbound.commands.validate.options import TEACHER, Case
from rankbound.errors import UsageError

RANDOM: Final = "random"
PACKED: Final = ("", ".gz")


@dataclass(frozen=True, slots=True)
class Folder:
    """A data set in a folder.

    Attributes
    ----------
    name : str
    path : Path
    teacher : str or None
        The run that is the teacher; None: the scores in teacher/.
    """

    name: str
    path: Path
    teacher: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which students and samplings of a folder; empty: all."""

    students: Sequence[str] = ()
    samplings: Sequence[str] = ()


def cases_of(
    folder: Folder, settings: MeasureOptions, wanted: Wanted | None = None
) -> tuple[Case, ...]:
    """The cases of a folder: one for each sampling.

    Parameters
    ----------
    folder : Folder
    settings : MeasureOptions
        Its files are ignored; temperature, kinds, depth and the like are taken over,
        students' kinds and temperatures by name, those of "*" by all others.
    wanted : Wanted, optional

    Raises
    ------
    UsageError
        When a file is missing, or it is not clear which one is meant.
    """
    wanted = wanted or Wanted()
    runs = _runs(folder)
    teacher, ranking = _teacher(folder, runs)
    encoders = _encoders(folder)
    students = _students(folder, (runs, encoders), wanted, settings)
    rankings = {s.name: runs[s.name] for s in students if s.queries and s.name in runs}
    if ranking is not None:
        rankings[TEACHER] = ranking
    vectors = next(iter(encoders.values()), None)
    common = replace(
        settings,
        teacher=teacher,
        students=students,
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


def _runs(folder: Folder) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted((folder.path / "runs").glob("*.run*")):
        name, _, ending = path.name.rpartition(".run")
        if ending in PACKED:
            _once(found, name, path)
    if not found:
        raise UsageError(f"{folder.path}: holds no runs/NAME.run[.gz]")
    return found


def _teacher(folder: Folder, runs: dict[str, Path]) -> tuple[Path, Path | None]:
    """The teacher's scores, and its ranking where that is another file."""
    if folder.teacher is not None:
        if folder.teacher not in runs:
            raise UsageError(
                f"--dataset-teacher: {folder.path}/runs has no {folder.teacher!r}; it "
                f"holds {', '.join(runs)}"
            )
        return runs[folder.teacher], None
    files = [
        p for end in PACKED for p in (folder.path / "teacher").glob(f"*.json{end}")
    ]
    if len(files) != 1:
        raise UsageError(
            f"{folder.path}: expected one teacher/*.json[.gz], found {len(files)}; say "
            f"--dataset-teacher {folder.name}=RUN with one of {', '.join(runs)}"
        )
    return files[0], runs.get(TEACHER)


def _qrels(folder: Folder) -> Path:
    for name in ("qrels.trec", "qrels/test.tsv"):
        for ending in PACKED:
            path = folder.path / f"{name}{ending}"
            if path.is_file():
                return path
    raise UsageError(f"{folder.path}: holds neither qrels.trec nor qrels/test.tsv")


def _samplings(
    folder: Folder, wanted: Wanted, depth: int | None
) -> dict[str, Path | None]:
    found: dict[str, Path] = {}
    for path in sorted((folder.path / "train").glob("*.jsonl*")):
        if path.name.endswith((".jsonl", ".jsonl.gz")):
            _once(found, path.name.split(".", 1)[0], path)
    _check_wanted("--dataset-sampling", wanted.samplings, found, folder)
    chosen = {n: p for n, p in found.items() if n in (wanted.samplings or found)}
    return dict(chosen) if chosen else {f"top {depth or DEFAULT_DEPTH}": None}


def _encoders(folder: Folder) -> dict[str, tuple[Path, ...]]:
    """Vectors by encoder: documents and their ids, then queries and theirs or nothing.

    Distances are those of one encoder, so there may be one.
    """
    home = folder.path / "embeddings"
    names = sorted(
        p.name.removesuffix(".corpus.npy") for p in home.glob("*.corpus.npy")
    )
    if len(names) > 1:
        raise UsageError(
            f"{home}: holds vectors of {', '.join(names)}; leave one encoder there"
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
    _check_wanted("--dataset-student", wanted.students, {*runs, *dense}, folder)
    given = {source.name: source for source in settings.students}
    found = []
    for name in wanted.students or names:
        how = given.get(name, given.get("*", StudentSource("*")))
        how = replace(how, name=name)
        if name in dense:
            queries, ids = encoders[name][2:]
            found.append(replace(how, queries=queries, query_ids=ids))
        else:
            found.append(replace(how, scores=runs[name]))
    if not found:
        raise UsageError(f"{folder.path}: has no student beside the teacher")
    return tuple(found)


def _check_wanted(
    option: str, names: Sequence[str], known: Iterable[str], folder: Folder
) -> None:
    held = set(known)
    for name in names:
        if name not in held:
            raise UsageError(
                f"{option} {name}: not in {folder.path}; it holds "
                f"{', '.join(sorted(held)) or 'none'}"
            )


def _once(found: dict[str, Path], name: str, path: Path) -> None:
    if name in found:
        raise UsageError(f"{path} and {found[name]} have one name; leave one of them")
    found[name] = path
