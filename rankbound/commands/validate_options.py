"""From parsed arguments of `rankbound validate` to options, naming any mistake."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankbound.commands.model_options import (
    kind_from,
    named,
    per_student,
    students_from,
    temperature_from,
)
from rankbound.errors import UsageError

if TYPE_CHECKING:
    from rankbound.measuring.options import MeasureOptions, StudentSource
    from rankbound.validating.options import Case, ValidateOptions

EVERY = "*"
# What a folder says itself
OF_FILES = (
    "teacher",
    "student",
    "bi_encoder",
    "query_ids",
    "qrels",
    "ranking",
    "groups",
    "embeddings",
    "ids",
)


def options_from(arguments: argparse.Namespace, command: str) -> ValidateOptions:
    """Turn parsed arguments into options, naming the option of any mistake."""
    from rankbound.validating.effectiveness import split_measures
    from rankbound.validating.options import ValidateOptions
    from validation.judging import Family

    measures = arguments.measures
    return ValidateOptions(
        cases=_folders(arguments) if arguments.datasets else _files(arguments),
        measures=None if measures is None else split_measures(measures),
        relevant=arguments.relevant,
        missing_queries=arguments.missing_queries,
        family=Family(
            delta=arguments.delta, correction=arguments.correction, band=arguments.band
        ),
        margin=arguments.margin,
        resamples=arguments.resamples,
        permutations=arguments.permutations,
        splits=arguments.splits,
        design=arguments.design,
        seed=arguments.seed,
        command=command,
    )


def _files(arguments: argparse.Namespace) -> tuple[Case, ...]:
    """One data set from single files: a case for each sampling."""
    from rankbound.measuring.inputs import DEFAULT_DEPTH
    from rankbound.validating.options import Case

    for option in ("dataset_teacher", "dataset_student", "dataset_sampling"):
        if getattr(arguments, option):
            raise UsageError(f"--{option.replace('_', '-')} goes with --datasets")
    if arguments.teacher is None or arguments.qrels is None:
        missing = "--teacher" if arguments.teacher is None else "--qrels"
        raise UsageError(f"give {missing} FILE, or --datasets NAME:DIR")
    students = students_from(arguments)
    rankings = {
        name: Path(file)
        for name, file in (named(text, "--ranking") for text in arguments.ranking)
    }
    samplings: list[tuple[str, Path | None]] = [_sampling(t) for t in arguments.groups]
    if not samplings:
        samplings = [(f"top {arguments.depth or DEFAULT_DEPTH}", None)]
    return tuple(
        Case(
            dataset=arguments.name,
            sampling=name,
            measure=_measure(arguments, students, groups=file),
            rankings=rankings,
        )
        for name, file in samplings
    )


def _sampling(text: str) -> tuple[str, Path | None]:
    """SAMPLING=FILE, or a file whose name says the sampling.

    Examples
    --------
    >>> _sampling("train/bm25.16.jsonl.gz")[0], _sampling("hard=train/x.jsonl")[0]
    ('bm25', 'hard')
    """
    if "=" in text:
        name, file = named(text, "--groups")
        return name, Path(file)
    return Path(text).name.split(".", 1)[0], Path(text)


def _measure(
    arguments: argparse.Namespace,
    students: tuple[StudentSource, ...],
    *,
    groups: Path | None,
) -> MeasureOptions:
    from rankbound.measuring.options import MeasureOptions

    return MeasureOptions(
        teacher=arguments.teacher,
        teacher_kind=kind_from(arguments.teacher_kind, "--teacher-kind"),
        temperature=temperature_from(arguments.temperature, "--temperature"),
        students=students,
        groups=groups,
        depth=arguments.depth,
        embeddings=arguments.embeddings,
        ids=arguments.ids,
        metric=arguments.metric,
        qrels=arguments.qrels,
        pairs=arguments.pairs,
        score_range=arguments.score_range,
        missing=arguments.missing,
        delta=arguments.delta,
        seed=arguments.seed,
        formats=_formats(arguments, groups),
    )


def _formats(arguments: argparse.Namespace, groups: Path | None) -> dict[str, str]:
    """The formats chosen, but for the groups of other samplings."""
    from rankbound.formats.choosing import chosen_formats

    others = {str(_sampling(text)[1]) for text in arguments.groups} - {str(groups)}
    chosen = chosen_formats(arguments.format)
    return {file: name for file, name in chosen.items() if file not in others}


def _folders(arguments: argparse.Namespace) -> tuple[Case, ...]:
    from rankbound.validating.folders import Folder, Wanted, cases_of

    for option in OF_FILES:
        if getattr(arguments, option):
            raise UsageError(
                f"--{option.replace('_', '-')} and --datasets exclude each other; a "
                "folder says its files itself"
            )
    folders = [_folder(text) for text in arguments.datasets]
    teachers = _teachers(arguments.dataset_teacher, [name for name, _ in folders])
    # Any judgements will do here: a folder has its own
    arguments.qrels = arguments.teacher = Path()
    settings = _measure(arguments, _named_students(arguments), groups=None)
    wanted = Wanted(arguments.dataset_student, arguments.dataset_sampling)
    return tuple(
        case
        for name, path in folders
        for case in cases_of(Folder(name, path, teachers.get(name)), settings, wanted)
    )


def _folder(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition(":")
    if not (name and separator and path):
        raise UsageError(f"--datasets needs NAME:DIR, got {text!r}")
    if not Path(path).is_dir():
        raise UsageError(f"--datasets {text}: {path} is no folder")
    return name, Path(path)


def _teachers(texts: list[str], names: list[str]) -> dict[str, Any]:
    return {} if not texts else per_student(texts, names, "--dataset-teacher", _same)


def _same(text: str, _: str) -> str:
    return text


def _named_students(arguments: argparse.Namespace) -> tuple[StudentSource, ...]:
    """Kinds and temperatures by system; "*" stands for those not named."""
    from rankbound.measuring.options import StudentSource

    texts = (arguments.student_kind, arguments.student_temperature)
    own = [text.rpartition("=")[0] for part in texts for text in part if "=" in text]
    names = list(dict.fromkeys([EVERY, *own]))
    kinds = per_student(texts[0], names, "--student-kind", kind_from)
    scales = per_student(texts[1], names, "--student-temperature", temperature_from)
    return tuple(
        StudentSource(name, kind=kinds.get(name), temperature=scales.get(name))
        for name in names
    )
