"""The command `inspect`: read files, examine and compare them, give verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal

from rankbound.commands.inspect.across import look_across
from rankbound.commands.inspect.cards import card_answers, sampling_cards
from rankbound.commands.inspect.examined import (
    Asked,
    Examined,
    examine,
    files_in,
    of_kind,
    read_all,
)
from rankbound.commands.inspect.readiness import (
    DEFAULTS,
    Settings,
    names_of,
    readiness,
)
from rankbound.commands.inspect.result import Inspection
from rankbound.commands.inspect.roles import Cast, cast
from rankbound.commands.measure.options import (
    Temperature,
    as_kind,
    by_name,
    check_answers,
)
from rankbound.commands.settings import check_numbers
from rankbound.commands.validate.folders import files_of
from rankbound.data.scores import Kind
from rankbound.errors import UsageError
from rankbound.memory import reading_within
from rankbound.progress import Progress, reported
from rankbound.read.scales import Answers, MissingValues, MixedScales, RunTags
from rankbound.results import Named

# Stages that `inspect_files` reports
N_STAGES = 4


def inspect_files(
    asked: Asked,
    settings: Settings = DEFAULTS,
    *,
    command: str = "",
    progress: Progress = str,
) -> Inspection:
    """Inspect files; one that cannot be read is a finding.

    Parameters
    ----------
    asked : Asked
        A folder of a data set stands for its files.
    settings : Settings
        What the commands will be told.
    command : str
        Recorded in the JSON.
    progress : callable
        Called with a few words before each stage.

    Raises
    ------
    UsageError
        Without a file, or for an unknown format.
    """
    return looked_at(asked, settings, command=command, progress=progress)[0]


def looked_at(
    asked: Asked,
    settings: Settings = DEFAULTS,
    *,
    command: str = "",
    progress: Progress = str,
) -> tuple[Inspection, Cast]:
    """The inspection, and the roles of the files with all that was read.

    Parameters and errors are those of `inspect_files`.
    """
    check_numbers("inspect", missing_value=asked.answers.missing_value)
    progress("reading")
    folder, asked = _unfolded(asked)
    asked = replace(asked, files=files_in(asked.files))
    given = read_all(asked)
    if not given:
        raise UsageError("inspect needs a file")
    progress("files")
    files = tuple(examine(one) for one in given)
    progress("across files")
    files, parts = _of_kinds(files, cast(files), asked)
    across = look_across(files, parts)
    progress("verdicts")
    carded = sampling_cards(parts, settings.temperature)
    made = Inspection(
        command=command,
        files=Named(one.record() for one in files),
        across=across,
        ready=readiness(parts, folder, settings),
        cards=Named(carded),
        answers=card_answers(carded, parts, command),
    )
    return made, parts


def _unfolded(asked: Asked) -> tuple[Path | None, Asked]:
    """The first folder of a data set, and its files in its place; what is said wins."""
    for path in asked.files:
        found = files_of(path)
        if found is None:
            continue
        vectors = found.vectors[:3:2]  # of documents and of queries, without the ids
        embeddings, ids = asked.embeddings, asked.ids
        if embeddings is None and vectors:
            embeddings, ids, vectors = vectors[0], found.vectors[1], vectors[1:]
        files = [one for one in asked.files if one != path]
        return path, replace(
            asked,
            files=[*files, *found.runs, *vectors],
            teacher=asked.teacher or found.teacher,
            rankings=[*asked.rankings, *found.others],
            groups=[*asked.groups, *found.groups],
            qrels=asked.qrels or found.qrels,
            embeddings=embeddings,
            ids=ids,
        )
    return None, asked


def _of_kinds(
    files: tuple[Examined, ...], parts: Cast, asked: Asked
) -> tuple[tuple[Examined, ...], Cast]:
    """Teacher and students with the kinds that the user named."""
    names = [name for name in asked.student_kinds if name]
    known = dict(
        zip(names_of([one.path for one in parts.students]), parts.students, strict=True)
    )
    paths = {str(one.path) for one in parts.students}
    for name in names:
        if name not in known and name not in paths:
            raise UsageError(
                f"`student_kind` names no student {name!r}; there are "
                f"{', '.join(known) or 'none'}"
            )
    new: dict[int, Examined] = {}
    if parts.teacher is not None:
        kind = asked.teacher_kind
        new[id(parts.teacher)] = of_kind(parts.teacher, kind, "teacher_kind")
    for name, one in known.items():
        kinds = asked.student_kinds
        keys = [key for key in (name, str(one.path), "") if key in kinds]
        kind = kinds[keys[0]] if keys else None
        new[id(one)] = of_kind(one, kind, "StudentSource.kind")
    teacher = parts.teacher
    parts = replace(
        parts,
        teacher=None if teacher is None else new[id(teacher)],
        students=tuple(new[id(one)] for one in parts.students),
    )
    return tuple(new.get(id(one), one) for one in files), parts


def inspect(  # noqa: PLR0913  each is an option of the command
    *paths: str | PathLike[str],
    teacher: str | PathLike[str] | None = None,
    groups: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    qrels: str | PathLike[str] | None = None,
    embeddings: str | PathLike[str] | None = None,
    ids: str | PathLike[str] | None = None,
    format: str | None = None,
    teacher_kind: Kind | str | None = None,
    student_kind: Kind | str | Mapping[str, Kind | str] | None = None,
    temperature: Temperature = None,
    depth: int | None = None,
    pairs: str = "all",
    clusters: str | PathLike[str] | None = None,
    missing: Literal["drop", "error"] | None = None,
    missing_value: MissingValues = None,
    mixed_scales: MixedScales = "error",
    run_tag: RunTags = None,
    memory: int | str | None = None,
    progress: bool | Progress = False,
) -> Inspection:
    """Say what files hold, whether their numbers can be trusted, and what to run next.

    Every file is read completely. A file that cannot be read is a finding, not an
    error.

    Parameters
    ----------
    *paths : path
        Files or folders of any format that `rankbound` reads; what they hold is
        detected. A folder of a data set, as `validate` reads it, stands for its files.
        At least one file is needed, here or below.
    teacher : path, optional
        The file that holds the teacher's scores; by default it is found out.
    groups : path or sequence of path, optional
        Files that are known to hold groups.
    qrels : path, optional
        A file that is known to hold relevance judgements.
    embeddings : path, optional
        A file that is known to hold vectors.
    ids : path, optional
        Ids of the rows of `embeddings`, one a line.
    format : str, optional
        The format of all files, instead of detection.
    teacher_kind : Kind or str, optional
        What the scores of the teacher are, such as "softmax"; `inspect` says which file
        it takes for the teacher.
    student_kind : Kind, str or mapping, optional
        The same of all students; a mapping has those of students by name or path.
    temperature, depth, pairs, clusters, missing : optional
        What `measure` and `compare` will be told, on which it depends whether they can
        run; see `measure`.
    missing_value : float, sequence of float or mapping, optional
        Scores that stand for missing ones, or "none"; a mapping has those of files by
        path.
    mixed_scales : {"error", "logit-sigmoid", "as-is"}, default "error"
        What `measure` will be told about queries on different scales.
    run_tag : str or mapping, optional
        The system to read of a run whose lines have several tags; "*" takes all lines
        for one system. A mapping has those of files by path.
    memory : int or str, optional
        The most memory that reading may take, in bytes or such as "2GiB"; by default
        three quarters of what the machine or its container gives.
    progress : bool or callable, default False
        True shows a bar on a terminal, and elsewhere a line every 30 seconds; a
        callable is called with a few words before each stage.

    Returns
    -------
    Inspection
        `files` say what each file holds and what was found in it, `across` how files
        fit together, and `ready` which commands can be run. ``print`` shows all of it,
        as the command line does.

    Raises
    ------
    UsageError
        Without a file, for an object instead of a path, or for an unknown format.

    See Also
    --------
    measure : What to run on files that are found ready.
    convert : The same content in another format.
    read_any : The content of one file.

    Examples
    --------
    >>> import json, tempfile
    >>> scores = {f"q{n}": {"a": n + 1.5, "b": -0.25} for n in range(8)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "teacher.json")
    ...     _ = path.write_text(json.dumps(scores))
    ...     found = inspect(path)
    >>> [(one.format, one.readable) for one in found.files]
    [('lookup', True)]
    """
    several = [groups] if isinstance(groups, str | PathLike) else list(groups)
    for one in (*paths, teacher, *several, qrels, embeddings, ids, clusters):
        if not isinstance(one, str | PathLike | None):
            raise UsageError(
                f"inspect looks at files; give paths, got {type(one).__name__}"
            )
    asked = Asked(
        files=[Path(path) for path in paths],
        teacher=None if teacher is None else Path(teacher),
        groups=[Path(path) for path in several],
        qrels=None if qrels is None else Path(qrels),
        embeddings=None if embeddings is None else Path(embeddings),
        ids=None if ids is None else Path(ids),
        format=format,
        answers=Answers(
            missing_value=by_name(missing_value),
            run_tag=by_name(run_tag),
            mixed_scales=mixed_scales,
        ),
        teacher_kind=as_kind(teacher_kind, "`teacher_kind`"),
        student_kinds=_kinds_by_name(student_kind),
    )
    check_answers(asked.answers, map(str, asked.files))
    settings = Settings(
        temperature=temperature,
        depth=depth,
        pairs=pairs,
        clusters=None if clusters is None else Path(clusters),
        missing=missing,
    )
    with reading_within(memory), reported(progress, total=N_STAGES) as advance:
        return inspect_files(asked, settings, progress=advance)


def _kinds_by_name(
    given: Kind | str | Mapping[str, Kind | str] | None,
) -> Mapping[str, Kind]:
    """The kinds of students by name; one for all stands under ""."""
    named = given if isinstance(given, Mapping) else {"": given}
    kinds = {name: as_kind(kind, "`student_kind`") for name, kind in named.items()}
    return {name: kind for name, kind in kinds.items() if kind is not None}
